"""Defects that the sweep found, each as a story of its own."""

from __future__ import annotations

import pytest

from shared.sync import parts
from tests.prove.sweep.stories.scopes import crowd
from tests.simulators.wire import Reply
from tests.sync.crashes import Crash, Steps, fixed_point, rest
from tests.sync.stage import BOTH, many, person, settle, troubles
from tests.world import User, World, world


def dies_before(w: World, user: User, what: str, nth: int = 1) -> None:
    """A run that crashes right before its n-th commit (``before commit``) or call (``before call``) from now on."""
    seen = 0

    def step(name: str) -> None:
        nonlocal seen
        seen += name == what
        if seen == nth:
            raise Crash(name)

    w.store.on_step = step
    w.on_call = lambda _: step("before call")
    with pytest.raises(Crash):
        user.run()
    Steps.off(w)
    w.clock.advance(310)


def eight_deleted(w: World) -> User:
    """In Google; as many as the guard lets pass, and not many more."""
    user = w.user(**BOTH)
    for link in many(w, user, 12)[:8]:
        user.account.remove(link.google_id)
    w.clock.advance(300)
    return user


def test_deletions_that_a_crash_has_planned_again_count_once() -> None:
    with world() as w:
        user = eight_deleted(w)
        dies_before(w, user, "before call", nth=6)
        assert user.head().open  # on paper, and not sent
        assert len(w.sugar.contacts()) == 12
        rest(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == 4
        assert sum(count for _, kind, count in user.head().removals if kind == "delete") == 8
        fixed_point(user)


def test_deletions_that_could_not_be_sent_count_once() -> None:
    with world() as w:
        user = eight_deleted(w)
        w.sugar_wire.fault("status", path="/bulk$", times=3, reply=Reply(429, {"error": "too_many_requests"}))
        rest(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == 4


def test_deletions_in_doubt_count_as_done() -> None:
    with world() as w:
        user = eight_deleted(w)
        w.sugar_wire.fault("late", path="/bulk$")
        user.run()
        for link in [link for link in user.links() if user.account.lives(link.google_id)]:
            user.account.remove(link.google_id)
        w.clock.advance(60)
        user.run()
        assert troubles(user) == ["held: mass deletion"] * 4


def test_the_heads_counts_survive_a_crash_between_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_ROOM", 5000)
    with world() as w:
        user = crowd(w)
        dies_before(w, user, "before commit", nth=8)
        stored = len(user.links())
        assert 0 < stored < 11
        assert user.head().links == stored
        rest(user)
        assert user.head().links == len(user.links()) == 11


@pytest.mark.parametrize("side", ["sugar", "google"])
def test_a_create_that_is_sent_again_is_told_field_by_field(side: str) -> None:
    with world() as w:
        user = w.user(**BOTH)
        if side == "google":
            w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        else:
            user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(300)
        wire = w.people_wire if side == "google" else w.sugar_wire
        wire.fault("cut_before", path="createContact$|/Contacts$")
        rest(user)
        (row,) = user.history()
        assert {(change["name"], change["to"], change["after"]) for change in row["fields"]} == {
            ("first_name", side, "Ada"),
            ("last_name", side, "Byron"),
            ("emails", side, "ada@x.org"),
        }


def test_a_crash_between_an_update_and_its_label_does_not_lose_the_label() -> None:
    with world() as w:
        label = w.people.account("jane@example.com").label("CRM")
        user = w.user(**BOTH, label=label)
        name = user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        (link,) = user.links()
        w.sugar.edit(link.sugar_id, title="Countess")
        w.clock.advance(300)
        dies_before(w, user, "before call", nth=6)
        assert user.account.person(name)["organizations"][0]["title"] == "Countess"
        assert user.account.labels(name) == set()
        rest(user)
        assert user.account.labels(name) == {"CRM"}
        fixed_point(user)


def test_a_copy_in_sugar_without_an_email_that_lands_after_it_was_sent_again_is_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Solo", "Google"))
        w.clock.advance(300)
        w.sugar_wire.fault("late", method="POST", path="/Contacts$")
        user.run()
        rest(user)
        assert w.sugar_wire.land() == 1
        rest(user)
        assert len(w.sugar.contacts()) == 2
        assert len(user.account.people()) == 1
        assert troubles(user) == ["already linked"]
        fixed_point(user)
        user.wish(kind="release")  # it is somebody else
        rest(user)
        assert len(user.account.people()) == 2
        assert user.backlog() == []
