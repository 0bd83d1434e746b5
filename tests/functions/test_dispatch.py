"""The dispatcher: who is due gets one task, page by page, and nobody is passed over for good."""

from __future__ import annotations

import math
import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.local.queue import LocalQueue
from shared.store.firestore import FirestoreStore
from shared.store.port import Put, Store
from shared.store.sqlite import SqliteStore
from shared.sync.head import Head
from shared.web.cloud_tasks import CloudTasks
from shared.web.dispatch import MOST, PAGE, PLACE, SPREAD, Dispatched, Dispatcher
from shared.web.tasks import task_name
from tests.cloud.server import Code
from tests.cloud.tasks import QUEUE, CloudTasksServer
from tests.emulator import firestore_emulator, firestore_project
from tests.functions.stage import ORIGIN, Stage, stage
from tests.simulators.wire import SimClock

__all__ = ["firestore_emulator", "firestore_project"]

BOTH = {"sync_regularly": True}


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each engine."""
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "documents.sqlite")
    else:
        made = FirestoreStore(request.getfixturevalue("firestore_project"))
    with closing(made):
        yield made


class Pile:
    """A queue that keeps what is put on it, in order."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[Mapping[str, Any], datetime | None]] = {}

    def enqueue(self, name: str, body: Mapping[str, Any], *, schedule_at: datetime | None = None) -> bool:
        if name in self.tasks:
            return False
        self.tasks[name] = (body, schedule_at)
        return True

    @property
    def users(self) -> list[str]:
        return [body["uid"] for body, _ in self.tasks.values()]


class Sieve:
    """A queue that keeps nothing."""

    def enqueue(self, name: str, body: Mapping[str, Any], *, schedule_at: datetime | None = None) -> bool:
        return True


def fill(store: Store, dues: Mapping[str, datetime | None], *, pair: str = "p") -> None:
    """A head for each of these users."""
    changes = [
        Put(f"users/{uid}/pairs/{pair}", Head(next_due_at=due.isoformat() if due else None).data())
        for uid, due in dues.items()
    ]
    for start in range(0, len(changes), 400):
        store.commit(changes[start : start + 400])


def crowd(count: int, now: datetime, *, ties: int = 7) -> dict[str, datetime | None]:
    """So many users who are due, some of them at the very same time."""
    return {f"u{n:05d}": now - timedelta(seconds=n * 37 % 1000 // ties) for n in range(count)}


def dispatch(stage: Stage) -> Dispatched:
    return Dispatched(**stage.task("dispatch", {}).ok)


@pytest.mark.long
def test_two_thousand_none_missed_none_twice(store: Store) -> None:
    queue = Pile()
    with stage(store=store, tasks=queue) as s:
        fill(s.store, crowd(2000, s.clock.now()))
        s.watched.reset()
        done = dispatch(s)
        assert sorted(queue.users) == sorted(crowd(2000, s.clock.now()))
        assert (done.due, done.enqueued, done.existed, done.failed, done.more) == (2000, 2000, 0, 0, False)
        assert s.watched.queries == done.queries <= 2000 / 300
        assert s.store.read == 2000 + 1  # and the place
        assert s.store.written == 0


@pytest.mark.long
def test_memory_stays_flat(tmp_path: Path) -> None:
    clock = SimClock()
    peaks = {}
    for count in (3 * PAGE, 12 * PAGE):
        with closing(SqliteStore(tmp_path / f"{count}.sqlite")) as store:
            fill(store, crowd(count, clock.now()))
            tracemalloc.start()
            assert Dispatcher(store, Sieve(), clock).run().due == count
            peaks[count] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert peaks[12 * PAGE] < 1.3 * peaks[3 * PAGE], peaks


def test_who_is_due(store: Store) -> None:
    queue = Pile()
    with stage(store=store, tasks=queue) as s:
        now = s.clock.now()
        second = timedelta(microseconds=1)
        fill(s.store, {"past": now - timedelta(days=40), "now": now, "soon": now + second, "never": None})
        done = dispatch(s)
        assert queue.users == ["past", "now"]
        assert next(iter(queue.tasks.values()))[0] == {"uid": "past", "pair": "p"}
        assert done.late_seconds == 40 * 86400


def test_nobody_is_due() -> None:
    with stage(tasks=Pile()) as s:
        fill(s.store, {"u": s.clock.now() + timedelta(minutes=1)})
        s.watched.reset()
        done = dispatch(s)
        assert (done.due, done.queries, done.more) == (0, 1, False)
        assert (s.store.read, s.store.written) == (1, 0)  # the place


def test_the_same_minute_makes_nothing_twice_and_the_next_one_asks_again() -> None:
    queue = Pile()
    with stage(tasks=queue) as s:
        fill(s.store, crowd(20, s.clock.now()))
        s.clock.advance(1)
        assert dispatch(s).enqueued == 20
        s.clock.advance(58)
        again = dispatch(s)
        assert (again.enqueued, again.existed, again.failed) == (0, 20, 0)
        s.clock.advance(1)
        # Whatever became of the first tasks: a name that is blocked in the queue blocks nobody.
        assert dispatch(s).enqueued == 20
        assert Counter(queue.users) == {uid: 2 for uid in crowd(20, s.clock.now())}


def test_two_dispatches_at_once_do_no_harm() -> None:
    queue = Pile()
    with stage(tasks=queue) as s:
        fill(s.store, crowd(700, s.clock.now()))
        done: list[Dispatched] = []
        threads = [threading.Thread(target=lambda: done.append(dispatch(s))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(queue.users) == sorted(crowd(700, s.clock.now()))
        assert sum(each.enqueued for each in done) == 700
        assert sum(each.existed for each in done) == 700


def test_tasks_begin_spread_over_the_minute_each_user_at_the_same_second_of_it() -> None:
    queue = Pile()
    clock = SimClock()
    with stage(tasks=queue) as s:
        now = s.clock.now()
        fill(s.store, crowd(1000, now))
        dispatch(s)
        first = {body["uid"]: at - now for body, at in queue.tasks.values() if at is not None}
        assert len(first) == 1000
        assert min(first.values()) >= timedelta(0)
        assert max(first.values()) < timedelta(seconds=SPREAD) < timedelta(minutes=1)
        tenths = Counter(int(offset.total_seconds() / SPREAD * 10) for offset in first.values())
        assert all(60 < tenths[n] < 140 for n in range(10)), tenths
        queue.tasks.clear()
        s.clock.advance(60)
        dispatch(s)
        assert {body["uid"]: at - s.clock.now() for body, at in queue.tasks.values() if at is not None} == first
    assert clock.now() == now


def test_each_pair_of_a_user_has_a_task_of_its_own() -> None:
    queue = Pile()
    with stage(tasks=queue) as s:
        now = s.clock.now()
        fill(s.store, {"u1": now}, pair="old")
        fill(s.store, {"u1": now}, pair="new")
        assert dispatch(s).enqueued == 2
        assert {body["pair"] for body, _ in queue.tasks.values()} == {"old", "new"}


# -- more than one run takes -------------------------------------------------------------------------


def run(store: Store, clock: SimClock, queue: Pile, *, most: int, page: int = 3) -> tuple[Dispatched, list[str]]:
    before = len(queue.tasks)
    done = Dispatcher(store, queue, clock, page=page, most=most).run()
    clock.advance(60)
    return done, queue.users[before:]


def test_the_next_run_goes_on_where_this_one_ended(tmp_path: Path) -> None:
    """The timeline of the module: room for four, ``b`` always fails."""
    clock, queue = SimClock(), Pile()
    with closing(SqliteStore(tmp_path / "s")) as store:
        now = clock.now()
        fill(store, {uid: now + timedelta(seconds=n) for n, uid in enumerate("abcdefghi")})
        clock.advance(60)
        done, taken = run(store, clock, queue, most=4)
        assert (taken, done.more) == (list("abcd"), True)
        fill(store, {**dict.fromkeys("acd"), "j": clock.now(), "k": clock.now()})
        done, taken = run(store, clock, queue, most=4)
        assert (taken, done.more) == (list("efgh"), True)
        fill(store, dict.fromkeys("efgh"))
        done, taken = run(store, clock, queue, most=4)
        assert taken == list("ibjk")
        fill(store, dict.fromkeys("ik"))
        done, taken = run(store, clock, queue, most=4)
        assert (taken, done.more) == (list("bj"), False)
        assert store.get(PLACE) is None


@pytest.mark.parametrize("seed", range(12))
def test_whoever_fails_starves_nobody(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same story each time
    clock, queue = SimClock(), Pile()
    with closing(SqliteStore(tmp_path / "s")) as store:
        count, most, page = chance.randint(5, 60), chance.randint(3, 12), chance.randint(1, 7)
        users = [f"u{n:02d}" for n in range(count)]
        dues = {uid: clock.now() - timedelta(seconds=chance.randint(0, 4)) for uid in users}
        fill(store, dues)
        stuck = set(chance.sample(users, count // 2))
        waiting = dict.fromkeys(users, 0)
        for _ in range(30):
            done, taken = run(store, clock, queue, most=most, page=page)
            assert len(taken) == len(set(taken)) == done.due <= most
            assert set(taken) <= set(waiting)
            for uid in list(waiting):
                waiting[uid] = 0 if uid in taken else waiting[uid] + 1
                # The rest of the lap that was under way, and a whole one.
                assert waiting[uid] <= math.ceil(2 * count / most), (uid, waiting[uid])
            synced = [uid for uid in taken if uid not in stuck]
            later = {uid: clock.now() + timedelta(seconds=chance.choice([-30, 20, 200])) for uid in synced}
            fill(store, later)
            for uid in synced:
                del waiting[uid]
            soon = clock.now().isoformat()
            for doc in store.query_group("pairs", order="next_due_at"):
                if doc.data["next_due_at"] <= soon:
                    waiting.setdefault(doc.path.split("/")[1], 0)


def test_no_query_finds_less_than_a_page_but_the_last_ones(tmp_path: Path) -> None:
    clock, queue = SimClock(), Pile()
    with closing(SqliteStore(tmp_path / "s")) as store:
        fill(store, dict.fromkeys((f"u{n:03d}" for n in range(100)), clock.now()))
        assert run(store, clock, queue, most=60, page=30)[0].queries == 2
        # From the place to the end, and all due at the same time: then up to the place, and no further.
        done, taken = run(store, clock, queue, most=60, page=30)
        assert (done.queries, done.due, len(set(taken))) == (3, 60, 60)
        assert taken[:40] == [f"u{n:03d}" for n in range(60, 100)]


def test_a_place_that_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    clock, queue = SimClock(), Pile()
    with closing(SqliteStore(tmp_path / "s")) as store:
        fill(store, {"a": clock.now(), "b": clock.now()})
        store.commit([Put(PLACE, {"due": 7})])
        assert run(store, clock, queue, most=1)[1] == ["a"]
        assert run(store, clock, queue, most=1)[1] == ["b"]


# -- the queue is in trouble -------------------------------------------------------------------------


@pytest.fixture
def cloud() -> Iterator[CloudTasksServer]:
    with CloudTasksServer() as running:
        yield running


@pytest.fixture
def real(cloud: CloudTasksServer) -> Iterator[Stage]:
    """An installation with the real client of Cloud Tasks."""
    tasks = CloudTasks(QUEUE, f"{ORIGIN}/sync", "tasks@p.iam.gserviceaccount.com", endpoint=cloud.endpoint)
    with closing(tasks), stage(tasks=tasks) as s:
        yield s


def enqueued(cloud: CloudTasksServer) -> set[str]:
    return {name.rpartition("/")[2] for name in cloud.used}


def names(users: Sequence[str], now: datetime) -> set[str]:
    return {task_name("sync", uid, "p", now.strftime("%Y-%m-%dT%H:%M")) for uid in users}


def test_what_could_not_be_enqueued_stays_due_and_is_told(real: Stage, cloud: CloudTasksServer) -> None:
    users = crowd(40, real.clock.now())
    fill(real.store, users)
    cloud.fault(Code.RESOURCE_EXHAUSTED, times=15)
    done = dispatch(real)
    assert (done.due, done.enqueued, done.failed) == (40, 25, 15)
    again = dispatch(real)
    assert (again.enqueued, again.existed, again.failed) == (15, 25, 0)
    assert enqueued(cloud) == names(list(users), real.clock.now())


def test_an_answer_that_was_lost_is_not_a_second_task(real: Stage, cloud: CloudTasksServer) -> None:
    fill(real.store, crowd(5, real.clock.now()))
    cloud.fault(Code.UNAVAILABLE, times=5, after=True)
    done = dispatch(real)
    assert (done.enqueued + done.existed, done.failed) == (5, 0)
    assert len(cloud.used) == 5


def test_a_queue_that_is_down_is_503_and_nobody_is_lost(real: Stage, cloud: CloudTasksServer) -> None:
    fill(real.store, crowd(400, real.clock.now()))
    cloud.fault(Code.RESOURCE_EXHAUSTED, times=None)
    answer = real.task("dispatch", {})
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert real.store.written == 400
    assert len(cloud.calls) < PAGE  # it gives up soon
    cloud.heal()
    assert dispatch(real).enqueued == 400


@pytest.mark.long
def test_a_queue_that_goes_down_on_the_way_is_told_and_the_next_run_goes_on_there(
    real: Stage, cloud: CloudTasksServer
) -> None:
    now = real.clock.now()
    users = {f"u{n:04d}": now - timedelta(seconds=1000 - n) for n in range(2 * PAGE + 100)}
    fill(real.store, users)
    real.services.__dict__["tasks"] = tasks = _Fragile(real.services.tasks, PAGE, cloud)
    done = dispatch(real)
    assert (done.due, done.enqueued, done.failed, done.more) == (2 * PAGE, PAGE, PAGE, True)
    tasks.left = 10_000
    cloud.heal()
    real.clock.advance(60)
    done = dispatch(real)
    assert (done.due, done.enqueued, done.more) == (2 * PAGE + 100, 2 * PAGE + 100, False)
    assert real.store.get(PLACE) is None


class _Fragile:
    """Switches the service off after so many tasks."""

    def __init__(self, inner: Any, left: int, cloud: CloudTasksServer) -> None:
        self._inner = inner
        self._cloud = cloud
        self.left = left

    def enqueue(self, name: str, body: Mapping[str, Any], *, schedule_at: datetime | None = None) -> bool:
        if self.left == 0:
            self._cloud.fault(Code.RESOURCE_EXHAUSTED, times=None)
        self.left -= 1
        return bool(self._inner.enqueue(name, body, schedule_at=schedule_at))


def test_a_missing_queue_is_told_by_name(real: Stage, cloud: CloudTasksServer) -> None:
    fill(real.store, crowd(3, real.clock.now()))
    cloud.fault(Code.NOT_FOUND, times=None)
    answer = real.task("dispatch", {})
    assert answer.status == 409
    assert "terraform creates it" in answer.json["detail"]


# -- who may call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 403),
        ("POST", {"Authorization": "Bearer "}, 403),
        ("POST", {"Authorization": "Bearer another"}, 403),
        ("POST", {"Authorization": "the-token-of-the-queue x"}, 403),
        ("GET", {"Authorization": "Bearer the-token-of-the-queue"}, 405),
    ],
)
def test_nobody_else_may_call(method: str, headers: dict[str, str], status: int) -> None:
    queue = Pile()
    with stage(tasks=queue) as s:
        user = s.user(**BOTH)
        fill(s.store, {"u": s.clock.now()})
        s.watched.reset()
        assert s.ask(user, "dispatch", method=method, headers=headers).status == status
        assert s.watched.paths == []
        assert queue.tasks == {}


# -- all of it together ------------------------------------------------------------------------------


def test_from_the_clock_to_the_contact() -> None:
    bodies: list[dict[str, Any]] = []
    deliver: Callable[[dict[str, Any]], None] = bodies.append
    clock = SimClock()
    queue = LocalQueue(deliver, clock)
    with stage(tasks=queue) as s:
        jane, bob = s.user("jane", **BOTH), s.user("bob")
        for user in (jane, bob):
            s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name=user.uid, email=[f"{user.uid}@x.org"])
            user.engine.attend()
        assert dispatch(s).enqueued == 1
        clock.advance(60)
        queue.drain()
        assert bodies == [{"uid": jane.uid, "pair": jane.paths.pair}]
        assert s.task("sync", bodies[0]).ok["counts"]["create google"] == 1
        assert dispatch(s).due == 0
        s.clock.advance(300)
        assert dispatch(s).enqueued == 1


def test_the_most_of_one_run_is_what_a_minute_takes() -> None:
    assert (math.ceil(MOST / PAGE) + 2) <= MOST / 300
    assert MOST / SPREAD <= 500  # tasks a second that a queue lets through
