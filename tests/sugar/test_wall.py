"""Something in front of Sugar that refuses writes: one contact's text, everything, or from some moment on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from shared.errors import ProtocolError, Rejected
from shared.side import NotSent, Outcome, Refused, Write
from shared.sugar.side import SugarSide
from tests.simulators.wire import Reply, Request
from tests.sugar.outcomes import creates, error_of, kinds
from tests.sugar.world import World, contact, create, read, update

BLOCKED = b"<html>blocked</html>"


def wall(w: World, status: int, refuses: Callable[[Request], bool]) -> None:
    w.wire.fault("status", path="Contacts|bulk", times=None, reply=Reply(status, BLOCKED), matches=refuses)


def poisoned(request: Request) -> bool:
    return request.method != "GET" and b"UNION SELECT" in request.body


def batch(side: SugarSide, count: int, poison: Collection[int]) -> list[Write]:
    notes = {n: {"notes": "UNION SELECT"} for n in poison}
    return [create(side, contact("N", str(n), **notes.get(n, {})), f"i{n}") for n in range(count)]


def by_place(outcomes: list[Outcome], kind: type) -> list[int]:
    return [n for n, outcome in enumerate(outcomes) if isinstance(outcome, kind)]


@pytest.mark.parametrize("status", [403, 405, 406])
@pytest.mark.parametrize("poison", [[0], [1], [24], [49], [25, 26], [0, 1, 2, 30]], ids=str)
def test_one_contacts_text_is_its_own_trouble(w: World, status: int, poison: list[int]) -> None:
    side = w.side()
    writes = batch(side, 50, poison)
    wall(w, status, poisoned)
    with w.wire.counted() as calls:
        outcomes = side.apply(writes)
    assert by_place(outcomes, Refused) == poison
    for n in poison:
        assert isinstance(error_of(outcomes[n]), Rejected)
        assert "firewall" in error_of(outcomes[n]).message
        assert "SELECT" not in str(error_of(outcomes[n]))
    assert kinds(outcomes).count("Done") == len(w.sim.contacts()) == 50 - len(poison)
    assert len(calls) == 51, "creates go in one bulk, and then alone: nobody is sent more often than twice"
    assert side.bulk_size >= 50, "it says nothing about how much Sugar can take at once"


@pytest.mark.parametrize("count", [2, 9, 10, 60])
def test_a_wall_that_lets_nothing_through_is_nobodys_trouble(w: World, count: int) -> None:
    side = w.side()
    writes = creates(side, count)
    wall(w, 403, lambda request: request.method == "POST")
    with w.wire.counted() as calls:
        outcomes = side.apply(writes)
    assert kinds(outcomes) == ["NotSent"] * count
    for outcome in outcomes:
        assert isinstance(outcome, NotSent)
        assert isinstance(outcome.error, ProtocolError)
        assert outcome.suspect is None
    assert len(calls) <= 16
    assert not w.sim.contacts()


@pytest.mark.parametrize("good", [7, 50, 51])
def test_a_wall_that_closes_on_the_way_is_nobodys_trouble(w: World, good: int) -> None:
    side = w.side(bulk_size=5)
    writes = creates(side, 80)
    wall(w, 403, lambda request: request.method == "POST" and len(w.sim.contacts()) >= good)
    outcomes = side.apply(writes)
    done = len(w.sim.contacts())
    assert kinds(outcomes) == ["Done"] * done + ["NotSent"] * (80 - done)


def test_one_alone_is_named_and_given_up_only_if_it_goes_on(w: World) -> None:
    side = w.side()
    record = read(side, w.sim.add(last_name="X"))
    writes = [update(side, record, contact("N", "X", notes="UNION SELECT"), "notes")]
    wall(w, 403, poisoned)
    (outcome,) = side.apply(writes)
    assert isinstance(outcome, NotSent)
    assert record.id in outcome.error.message
    assert isinstance(outcome.suspect, Rejected)
    assert "SELECT" not in outcome.error.message + outcome.suspect.message


def test_trouble_that_comes_after_it_leaves_it_open(w: World) -> None:
    side = w.side(bulk_size=5)
    wall(w, 403, poisoned)
    writes = batch(side, 12, [0])
    w.wire.fault("status", path="Contacts|bulk", times=None, reply=Reply(429, b""), matches=lambda r: not poisoned(r))
    outcomes = side.apply(writes)
    assert kinds(outcomes) == ["NotSent"] * 12
    assert not w.sim.contacts()


def test_updates_are_taken_apart_in_halves(w: World) -> None:
    side = w.side()
    records = [read(side, w.sim.add(last_name=str(n))) for n in range(50)]
    notes = {24: {"notes": "UNION SELECT"}}
    writes = [
        update(side, record, contact("N", str(n), title="x", **notes.get(n, {})), "title", *notes.get(n, {}))
        for n, record in enumerate(records)
    ]
    wall(w, 403, poisoned)
    with w.wire.counted() as calls:
        outcomes = side.apply(writes)
    assert by_place(outcomes, Refused) == [24]
    assert len(calls) < 20


@pytest.mark.parametrize("good", [0, 1, 30])
def test_a_wall_that_closes_between_those_that_go_alone_is_nobodys_trouble(w: World, good: int) -> None:
    side = w.side()
    writes = [replace(write, tries=1) for write in creates(side, 60)]
    wall(w, 403, lambda request: request.method == "POST" and len(w.sim.contacts()) >= good)
    with w.wire.counted() as calls:
        outcomes = side.apply(writes)
    assert kinds(outcomes) == ["Done"] * good + ["NotSent"] * (60 - good)
    assert len(calls) == good + 10


def test_one_after_many_is_blamed_only_once_another_goes_through(w: World) -> None:
    side = w.side()
    wall(w, 403, poisoned)
    outcomes = side.apply(batch(side, 51, [50]))
    assert kinds(outcomes) == ["Done"] * 50 + ["NotSent"]
    outcomes = side.apply(batch(side, 50, [48, 49]))
    assert kinds(outcomes)[-2:] == ["Refused", "NotSent"]
    assert isinstance(outcomes[-1], NotSent)
    assert outcomes[-1].suspect is not None
