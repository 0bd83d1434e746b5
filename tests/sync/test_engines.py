"""The same stories on both store engines; two workers at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.store.firestore import FirestoreStore
from shared.store.port import Store
from shared.store.sqlite import SqliteStore
from shared.sync.engine import Engine
from shared.sync.ledger import Ledger
from shared.sync.report import Status
from tests.sync.crashes import Crash, Steps, fixed_point, picture, rest
from tests.sync.scenarios import SCENARIOS, first_sync
from tests.world import world

Open = Callable[[], Store]


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "firestore":
        made = FirestoreStore(request.getfixturevalue("firestore_project"))
    else:
        made = SqliteStore(tmp_path / "documents.sqlite")
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_story_ends_alike_on_both_engines(store: Store, scenario: str) -> None:
    with world() as reference:
        user = SCENARIOS[scenario](reference)
        rest(user)
        expected = picture(reference, user)
    with world(store=store) as w:
        user = SCENARIOS[scenario](w)
        rest(user)
        assert picture(w, user) == expected
        fixed_point(user)


def test_a_second_worker_is_turned_away_while_the_lease_is_held(store: Store) -> None:
    with world(store=store) as w:
        user = first_sync(w)
        Ledger.take(w.store, user.paths.head, w.clock, w.ids, seconds=300)
        assert user.run().status is Status.BUSY
        w.clock.advance(301)
        assert user.run().status is Status.DONE


def test_a_worker_that_wakes_up_late_commits_nothing(store: Store) -> None:
    """It falls asleep before its last commit; another one takes over, and does the work."""
    with world(store=store) as w:
        user = first_sync(w)

        late: list[Status] = []

        def before_commit(name: str) -> None:
            if name == "before commit" and user.account.size > 6 and not late:
                late.append(Status.BUSY)
                w.clock.advance(400)
                other = Engine(w.store, user.paths, user.connections, w.clock, w.ids, instance="other", limits=w.limits)
                late.append(other.run().status)

        w.store.on_step = before_commit
        report = user.run()
        w.store.on_step = lambda _: None
        assert late == [Status.BUSY, Status.DONE]
        assert report.status is Status.LATER
        rest(user)
        names = [person["names"][0]["displayName"] for person in user.account.people()]
        assert len(names) == len(set(names)) == 11
        assert len(w.sugar.contacts()) == 11
        fixed_point(user)


def test_a_crash_leaves_the_other_engine_no_worse(store: Store) -> None:
    with world(store=store) as w:
        user = first_sync(w)
        Steps(w, crash_at=22)
        with pytest.raises(Crash):
            user.run()
        Steps.off(w)
        rest(user)
        assert len(user.account.people()) == len(w.sugar.contacts()) == 11
        fixed_point(user)
