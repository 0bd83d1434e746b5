"""Visits under the lease, and the time of the next run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GrantLost, LeaseLost, OutOfTime, Unavailable
from shared.store.port import Put, Remove
from shared.sync.head import Head
from shared.sync.inbox import Wish, post
from shared.sync.ledger import Ledger
from shared.sync.report import Status
from shared.sync.settings import Settings
from shared.sync.visit import SECONDS, attend, due_again, give_back, look_again, move, take, visit
from tests.world import User, World, world


def stored(w: World, user: User) -> Head:
    doc = w.store.get(user.paths.head)
    return Head.load(doc.data) if doc else Head()


def regularly(w: World, user: User, *, on: bool = True, minutes: int = 5, **more: Any) -> None:
    """The user's document as a browser leaves it, and no wish."""
    settings = {"sync_regularly": on, "interval_minutes": minutes}
    w.store.commit([Put(user.paths.user, {"settings": settings, "pair": user.paths.pair, **more})])


# -- visits ------------------------------------------------------------------------------------------


def test_a_visit_holds_the_lease_and_gives_it_back() -> None:
    with world() as w:
        user = w.user()
        with visit(w.store, user.paths, w.clock, w.ids) as ledger:
            ledger.gate(30)
            with pytest.raises(OutOfTime):
                ledger.gate(SECONDS + 1)
            with pytest.raises(LeaseLost), visit(w.store, user.paths, w.clock, w.ids):
                raise AssertionError("two at a time")
            assert user.run().status is Status.BUSY
        assert stored(w, user).lease is None
        assert user.run().status is Status.DONE


def test_what_a_visit_did_not_commit_is_void() -> None:
    with world() as w:
        user = w.user()
        user.run()
        with visit(w.store, user.paths, w.clock, w.ids) as ledger:
            ledger.head.links = 99
        assert stored(w, user).links == 0
        with visit(w.store, user.paths, w.clock, w.ids) as ledger:
            ledger.head.links = 99
            ledger.commit((), release=True)
            ledger.head.links = 100
        assert (stored(w, user).links, stored(w, user).lease) == (99, None)


def test_a_visit_that_fails_gives_the_lease_back() -> None:
    with world() as w:
        user = w.user()
        with pytest.raises(Unavailable), visit(w.store, user.paths, w.clock, w.ids):
            raise Unavailable("Sugar is down")
        assert stored(w, user).lease is None


def test_a_visit_that_sleeps_past_its_lease_commits_nothing() -> None:
    with world() as w:
        user = w.user()
        with visit(w.store, user.paths, w.clock, w.ids) as ledger:
            w.clock.advance(SECONDS + 1)
            assert user.run().status is Status.DONE
            ledger.head.links = 99
            with pytest.raises(LeaseLost):
                ledger.commit(())
        assert stored(w, user).links == 0


@pytest.mark.parametrize("how", ["gone", "erasing"])
def test_nothing_begins_for_an_account_that_is_deleted(how: str) -> None:
    """Somebody was let in before the account was deleted, and comes to the lease after it."""
    with world() as w:
        user = w.user()
        if how == "gone":
            w.store.commit([Remove(user.paths.user)])
        else:
            regularly(w, user, erasing=True)
        with pytest.raises(GrantLost):
            take(w.store, user.paths, w.clock, w.ids)
        report = user.run()
        assert (report.status, report.error) == (Status.BLOCKED, "GrantLost")
        assert attend_fails(w, user)
        assert w.store.get(user.paths.head) is None  # nothing is left of the attempts


def attend_fails(w: World, user: User) -> bool:
    try:
        attend(w.store, user.paths, w.clock, w.ids)
    except GrantLost:
        return True
    return False


# -- the time of the next run ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "due", "minutes", "connected", "expected"),
    [
        (True, None, 5, True, 0),
        (True, 3, 5, True, 3),
        (True, 90, 5, True, 5),
        (True, -7, 5, True, -7),
        (False, 3, 5, True, None),
        (False, None, 5, True, None),
        (True, 3, 5, False, None),
    ],
)
def test_when_a_pair_is_due(on: bool, due: int | None, minutes: int, connected: bool, expected: int | None) -> None:
    with world() as w:
        now = w.clock.now()
        head = Head(next_due_at=None if due is None else (now + timedelta(minutes=due)).isoformat())
        move(head, Settings(sync_regularly=on, interval_minutes=minutes), now, connected=connected)
        assert head.next_due_at == (None if expected is None else (now + timedelta(minutes=expected)).isoformat())


def test_attending_moves_the_time_and_nothing_else() -> None:
    with world() as w:
        user = w.user()
        user.run()
        regularly(w, user)
        before = stored(w, user)
        post(w.store, user.paths, w.ids, Wish(kind="settings", at=w.clock.now().isoformat()))
        assert user.engine.attend()
        after = stored(w, user)
        assert (after.next_due_at, after.lease) == (w.clock.now().isoformat(), None)
        assert (after.settings, after.queue, after.sides) == (before.settings, before.queue, before.sides)
        assert len(w.store.query(user.paths.inbox)) == 1  # the settings are for the next run to take over


@pytest.mark.parametrize("change", [{"pair": "another"}, {"erasing": True}])
def test_a_pair_that_is_not_connected_is_never_due(change: dict[str, Any]) -> None:
    with world() as w:
        user = w.user(sync_regularly=True)
        user.run()
        assert stored(w, user).next_due_at is not None
        regularly(w, user, **change)
        assert attend(w.store, user.paths, w.clock, w.ids)
        assert stored(w, user).next_due_at is None


def test_settings_that_change_while_they_are_attended_to() -> None:
    """Two windows switch on and off: the one that finds the lease taken leaves it to the other."""
    with world() as w:
        user = w.user()
        user.run()
        regularly(w, user)
        steps: list[str] = []

        def switch_off(step: str) -> None:
            steps.append(step)
            if steps == ["before commit", "after commit", "before commit"]:  # read, and not given back yet
                w.store.on_step = lambda _: None
                regularly(w, user, on=False)
                assert not attend(w.store, user.paths, w.clock, w.ids)

        w.store.on_step = switch_off
        assert attend(w.store, user.paths, w.clock, w.ids)
        assert stored(w, user).next_due_at is None


def test_a_holder_that_looks_again_leaves_what_comes_soon_to_the_run() -> None:
    with world() as w:
        user = w.user(sync_regularly=True)
        user.run()
        post(w.store, user.paths, w.ids, Wish(kind="settings", at=w.clock.now().isoformat()))
        commits = w.store.commits
        look_again(w.store, user.paths, w.clock, w.ids, stored(w, user))
        assert w.store.commits == commits
        head = stored(w, user)
        head.next_due_at = (w.clock.now() + timedelta(hours=3)).isoformat()
        look_again(w.store, user.paths, w.clock, w.ids, head)
        assert w.store.commits == commits + 2


def test_looking_again_never_spoils_what_was_done() -> None:
    with world() as w:
        user = w.user()
        w.store.commit([Put(user.paths.user, {"settings": {"interval_minutes": 0}})])
        post(w.store, user.paths, w.ids, Wish(kind="settings", at=w.clock.now().isoformat()))
        with visit(w.store, user.paths, w.clock, w.ids):
            pass
        assert stored(w, user).lease is None


def test_a_pair_that_is_connected_again_is_due_at_once() -> None:
    with world() as w:
        user = w.user()
        w.store.commit([due_again(w.store, user.paths, w.clock, w.ids)])
        assert stored(w, user).next_due_at == w.clock.now().isoformat()
        late = Ledger.take(w.store, user.paths.head, w.clock, w.ids, seconds=10)
        with pytest.raises(LeaseLost):
            due_again(w.store, user.paths, w.clock, w.ids)
        w.clock.advance(11)
        w.store.commit([due_again(w.store, user.paths, w.clock, w.ids)])
        with pytest.raises(LeaseLost):
            late.commit(())  # a later epoch
        give_back(late)
        assert stored(w, user).next_due_at == w.clock.now().isoformat()


def test_wishes_of_another_pair_are_removed_unheard() -> None:
    with world() as w:
        user = w.user()
        user.run()
        wish = Wish(kind="settings", at=w.clock.now().isoformat(), pair="another")
        w.store.commit([Put(f"{user.paths.inbox}/x", {"kind": "settings", "at": wish.at, "pair": "another"})])
        w.store.commit([Put(user.paths.user, {"settings": {"region": "DE"}})])
        user.run()
        assert w.store.query(user.paths.inbox) == []
        assert stored(w, user).settings["region"] == "US"
        post(w.store, user.paths, w.ids, wish)  # whoever leaves one leaves it for this pair
        user.run()
        assert stored(w, user).settings["region"] == "DE"
