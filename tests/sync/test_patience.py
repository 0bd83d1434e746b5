"""A contact at which a server fails every time: the others go on, and in the end a person is asked about it."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.names import SideName
from tests.simulators.wire import Reply, Request, Wire
from tests.sync.crashes import fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import many
from tests.world import User, World, world

POISON = b"Poison"
HOURS = 12  # runs of five minutes
SIDES = [SideName.SUGAR, SideName.GOOGLE]


def broken(w: World, side: SideName, *, word: bytes = POISON) -> Wire:
    """The server of this side fails with every call that writes a contact with this word."""
    wire = w.sugar_wire if side is SideName.SUGAR else w.people_wire
    error = {"error": "fatal_error"} if side is SideName.SUGAR else {"error": {"code": 500, "status": "INTERNAL"}}

    wire.fault("status", times=None, matches=lambda request: _writes(request, word), reply=Reply(500, error))
    return wire


def _writes(request: Request, word: bytes) -> bool:
    return word in request.body and not request.path.endswith("/filter")


def new(w: World, user: User, side: SideName, *names: str) -> None:
    """Contacts that are to be created on this side."""
    for name in names:
        if side is SideName.SUGAR:
            user.account.add(person("Pat", name, f"{name.casefold()}@x.org"))
        else:
            w.sugar.add(first_name="Pat", last_name=name, email=[f"{name.casefold()}@x.org"])


def made(w: World, user: User, side: SideName) -> list[str]:
    """The last names there."""
    if side is SideName.SUGAR:
        return sorted(record["last_name"] for record in w.sugar.contacts().values())
    return sorted(one["names"][0]["familyName"] for one in user.account.people())


def run(user: User, hours: float) -> None:
    for _ in range(int(hours * HOURS)):
        user.world.clock.advance(300)
        user.run()


def titles(user: User) -> Counter[str]:
    return Counter(one["organizations"][0]["title"] for one in user.account.people() if one.get("organizations"))


def sent(wire: Wire) -> list[float]:
    """Minutes from the first to each call that was to create it."""
    calls = [call for call in wire.log if _writes(call.request, POISON)]
    return [(call.at - calls[0].at).total_seconds() // 60 for call in calls]


@pytest.mark.parametrize("side", SIDES)
def test_others_are_created_while_a_server_fails_at_one(side: SideName) -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        wire = broken(w, side)
        new(w, user, side, "Abel", "Baker", "Poison", "Dyer", "Eaton", "Fuller")
        run(user, 0.75)
        others = ["Abel", "Baker", "Dyer", "Eaton", "Fuller"]
        assert made(w, user, side) == others, "the first time with the whole batch, then each alone, that one last"
        new(w, user, side, "Glover")
        run(user, 1)
        assert made(w, user, side) == [*others, "Glover"], "between two of its tries"
        run(user, 3)
        (entry,) = user.backlog()
        assert (entry.data["class"], entry.data["ids"][side.value]) == ("rejected", "")
        assert "fails at it again and again" in entry.data["entries"][0]["message"]
        assert not user.head().open
        gaps = [after - before for before, after in zip(sent(wire), sent(wire)[1:], strict=False)]
        assert len(gaps) == 4
        assert all(low <= gap <= low + 10 for low, gap in zip((15, 30, 60, 120), gaps, strict=True)), gaps
        wire.heal()
        user.wish(kind="release", entries=[entry.id])
        rest(user)
        assert made(w, user, side) == [*others, "Glover", "Poison"]
        assert user.backlog() == []
        fixed_point(user)


@pytest.mark.parametrize("side", SIDES)
def test_nobody_is_asked_about_while_a_server_fails_at_all(side: SideName) -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        wire = broken(w, side, word=b"Pat")
        names = ["Abel", "Baker"]
        new(w, user, side, *names)
        run(user, 10)
        assert user.backlog() == []
        assert made(w, user, side) == []
        wire.heal()
        run(user, 3)
        assert made(w, user, side) == names
        rest(user)
        assert user.backlog() == []
        fixed_point(user)


@pytest.mark.parametrize("side", SIDES)
def test_what_a_failing_server_has_created_all_the_same_is_found(side: SideName) -> None:
    """It fails after the effect, each time it is asked: the first time is enough."""
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        wire = w.sugar_wire if side is SideName.SUGAR else w.people_wire
        wire.fault("cut_after", times=None, matches=lambda request: _writes(request, POISON))
        new(w, user, side, "Abel", "Poison", "Carter", "Dyer", "Eaton", "Fuller")
        run(user, 1)
        assert made(w, user, side) == ["Abel", "Carter", "Dyer", "Eaton", "Fuller", "Poison"]
        assert len(sent(wire)) == 1
        rest(user)
        fixed_point(user)


def test_others_are_updated_while_google_fails_at_one() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 8)
        broken(w, SideName.GOOGLE, word=b"Poisoner")
        for n, link in enumerate(links):
            w.sugar.edit(link.sugar_id, title="Poisoner" if n == 2 else "Baker")
        run(user, 1)
        assert titles(user) == {"Baker": 7}
        w.people_wire.heal()
        rest(user)
        assert titles(user) == {"Baker": 7, "Poisoner": 1}
        fixed_point(user)
