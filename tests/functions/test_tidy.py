"""What is past its time goes, though no run succeeds: after a lost grant, without regular syncs, of who has left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.store.port import Put
from shared.sync.retention import ROWS
from shared.sync.visit import take
from shared.web.dispatch import TIDY
from tests.cloud.bucket import cloud
from tests.functions.site import Browser, Site, site
from tests.functions.test_archive import keeper, old, stored, told
from tests.functions.test_dispatch import Pile, dispatch
from tests.simulators.wire import Reply

DAY = 86_400.0


@pytest.fixture
def queue() -> Pile:
    return Pile()


@pytest.fixture
def web(queue: Pile) -> Iterator[Site]:
    with site(tasks=queue) as made:
        yield made


def planned(web: Site, jane: Browser) -> str:
    """A preview with a contact in it."""
    who = next(user.id for user in web.world.sugar.state.users.values() if user.user_name == "jane")
    web.world.sugar.add(by=who, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    made: str = jane.post("preview", "", {}).ok["plan"]["id"]
    return made


def plans(web: Site, jane: Browser) -> int:
    """Documents of stored plans."""
    paths, store = web.paths(jane), web.world.store.inner
    return sum(len(store.query(paths.collection(name))) for name in ("plans", "parts"))


def half_past(web: Site) -> None:
    """The time of the next look for those whom no run has tidied."""
    now = web.clock.now()
    wait = now.replace(minute=TIDY, second=0, microsecond=0) - now
    web.clock.advance((wait if wait > timedelta() else wait + timedelta(hours=1)).total_seconds())


def looked(web: Site, queue: Pile) -> list[Any]:
    """One look of the dispatcher, and what its tasks are answered."""
    queue.tasks.clear()
    half_past(web)
    assert dispatch(web.stage).failed == 0
    return [web.stage.task("sync", dict(body)).ok for body, _ in queue.tasks.values()]


def test_a_run_that_is_not_let_in_tidies_all_the_same(web: Site) -> None:
    jane = keeper(web)
    planned(web, jane)
    old(web, jane, 5)
    refusal = Reply(400, {"error": "invalid_grant", "error_message": "The refresh token is invalid"})
    web.world.sugar_wire.fault("status", path="/oauth2/token", times=None, reply=refusal)
    web.clock.advance(2 * DAY + 60)
    jane.sign_in(jane.email)
    assert jane.post("sync", "", {}).ok["status"] == "blocked"
    assert stored(web, jane) == []
    assert plans(web, jane) == 0


@pytest.mark.parametrize("how", ["by hand only", "disconnected", "another account"])
def test_whoever_has_no_runs_is_tidied_by_the_dispatcher(web: Site, queue: Pile, how: str) -> None:
    jane = keeper(web)
    paths, store = web.paths(jane), web.world.store.inner
    planned(web, jane)
    old(web, jane, ROWS + 5)
    assert plans(web, jane) > 0
    if how == "disconnected":
        assert jane.delete("sugar").status == 200
    elif how == "another account":
        account = web.account(jane)
        account.pair = "another"
        web.stage.services.users.save(account)
    web.clock.advance(DAY)
    assert looked(web, queue) == [], "it is not late yet"
    web.clock.advance(DAY)
    assert [answer["status"] for answer in looked(web, queue)] == ["done"]
    for name in ("history", "plans", "parts"):
        assert store.query(paths.collection(name)) == [], name
    head = store.get(paths.head)
    assert head is not None
    assert head.data["lease"] is None
    assert looked(web, queue) == []
    web.clock.advance(DAY + 3600)
    assert len(looked(web, queue)) == 1, "once a day"


def test_it_looks_once_an_hour(web: Site, queue: Pile) -> None:
    keeper(web)
    web.clock.advance(2 * DAY)
    half_past(web)
    found = []
    for _ in range(120):
        found.append(dispatch(web.stage).untidied)
        web.clock.advance(60)
    assert found == [1, *[0] * 59, 1, *[0] * 59]
    assert [dict(body)["tidy"] for body, _ in queue.tasks.values()] == [True, True]


def test_more_than_a_page_of_them(web: Site, queue: Pile) -> None:
    from shared.web.dispatch import Dispatcher

    since = (web.clock.now() - timedelta(days=3)).isoformat()
    store = web.world.store.inner
    store.commit([Put(f"users/u{n:02d}/pairs/p", {"retired_at": since}) for n in range(25)])
    half_past(web)
    done = Dispatcher(store, queue, web.clock, page=10).run()
    assert (done.untidied, done.queries) == (25, 1 + 3)
    assert sorted(queue.users) == [f"u{n:02d}" for n in range(25)]


def test_not_while_a_run_is_under_way_and_not_of_nobody(web: Site) -> None:
    jane = keeper(web)
    names = old(web, jane, 3)
    paths = web.paths(jane)
    body = {"uid": paths.uid, "pair": paths.pair, "tidy": True}
    web.clock.advance(2 * DAY)
    take(web.world.store.inner, paths, web.clock, web.world.ids)
    assert web.stage.task("sync", body).ok["status"] == "skipped"
    assert sorted(stored(web, jane)) == sorted(names)
    for other in ({"uid": "nobody"}, {"pair": "nothing"}):
        assert web.stage.task("sync", {**body, **other}).ok["status"] == "skipped"
    assert web.world.store.inner.get(f"users/{paths.uid}/pairs/nothing") is None
    assert web.stage.task("sync", {"uid": paths.uid, "tidy": True}).wrong == ["pair"]
    jane.sign_in(jane.email)
    assert jane.post("sync", "", {"tidy": True}).wrong == ["tidy"]


def test_history_that_is_kept_for_ever_stays_and_costs_a_look_a_day(web: Site, queue: Pile) -> None:
    jane = keeper(web, days=0)
    names = old(web, jane, 3)
    web.clock.advance(2 * DAY)
    assert len(looked(web, queue)) == 1
    assert sorted(stored(web, jane)) == sorted(names)
    assert looked(web, queue) == []


def test_a_plan_that_nobody_goes_on_with_goes_after_the_time_of_the_history(web: Site, queue: Pile) -> None:
    jane = keeper(web, days=30)
    made = planned(web, jane)
    web.world.people_wire.fault("status", path="createContact|batchCreate", times=None, reply=Reply(503, {}))
    assert jane.post("sync", "", {"plan": made}).ok["plan"]["state"] == "started"
    web.clock.advance(20 * DAY)
    looked(web, queue)
    kept = plans(web, jane)
    web.clock.advance(20 * DAY)
    looked(web, queue)
    assert (kept > 0, plans(web, jane)) == (True, 0)


def test_a_row_is_archived_before_it_goes(queue: Pile) -> None:
    with cloud() as bucket:
        bucket.make()
        with site(environment=bucket.environment, tasks=queue) as web:
            jane = keeper(web)
            names = old(web, jane, 5)
            bucket.drop()
            web.clock.advance(2 * DAY)
            looked(web, queue)
            assert sorted(stored(web, jane)) == sorted(names), "the bucket does not take them"
            bucket.make()
            web.clock.advance(2 * DAY)
            looked(web, queue)
            assert stored(web, jane) == []
            jane.sign_in(jane.email)
            assert told(jane) == names
