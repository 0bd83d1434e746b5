"""Tasks: names, one by one, and very many; the real client against a server in this process."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import BadSettings, FatalError, RateLimited, SyncError, Unavailable
from shared.web.cloud_tasks import CloudTasks
from shared.web.tasks import Task, Tasks, enqueue_all, task_name
from tests.cloud.server import Code
from tests.cloud.tasks import QUEUE, CloudTasksServer
from tests.simulators.wire import SimClock

URL = "https://europe-west1-p.cloudfunctions.net/sync"
ACCOUNT = "tasks@p.iam.gserviceaccount.com"
WORDS = "what the service says may quote what it was sent"


@pytest.fixture
def server() -> Iterator[CloudTasksServer]:
    with CloudTasksServer() as running:
        yield running


@pytest.fixture
def tasks(server: CloudTasksServer) -> Iterator[CloudTasks]:
    with closing(CloudTasks(QUEUE, URL, ACCOUNT, endpoint=server.endpoint)) as made:
        yield made


# -- names -------------------------------------------------------------------------------------------


def test_a_name_is_the_same_every_time_and_another_for_other_parts() -> None:
    parts = [("u1", "slot"), ("u1", "slot2"), ("u2", "slot"), ("u1slot",), ("u1s", "lot"), ("u", "1:slot"), ("ü", "/")]
    names = [task_name(*each) for each in parts]
    assert names == [task_name(*each) for each in parts]
    assert len(set(names)) == len(parts)
    assert task_name("u1", "slot") == "30d172805041e570c6272dff3beb22462fd67146"


def test_names_are_spread_evenly() -> None:
    first = Counter(task_name(f"user-{n:06}", "2026-03-02T09:00")[0] for n in range(16_000))
    assert len(first) == 16
    assert max(first.values()) < 1200


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 501, "a.b", "ä", "a\n"])
def test_what_cannot_be_a_name(server: CloudTasksServer, tasks: CloudTasks, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        tasks.enqueue(name, {})
    assert server.calls == []


# -- one task ----------------------------------------------------------------------------------------


def test_a_task(server: CloudTasksServer, tasks: CloudTasks) -> None:
    clock = SimClock()
    at = clock.now() + timedelta(seconds=20, microseconds=5)
    assert tasks.enqueue("n1", {"uid": "u1", "slot": "ä"}, schedule_at=at)
    assert server.take(clock.now()) == []
    (task,) = server.take(at)
    http = task.http_request
    assert task.name == f"{QUEUE}/tasks/n1"
    assert (http.url, http.http_method.name, dict(http.headers)) == (URL, "POST", {"Content-Type": "application/json"})
    assert json.loads(http.body) == {"uid": "u1", "slot": "ä"}
    assert http.oidc_token.service_account_email == ACCOUNT
    assert http.oidc_token.audience == URL
    assert task.dispatch_deadline == timedelta(minutes=10)


def test_a_task_at_once_with_an_audience_of_its_own(server: CloudTasksServer) -> None:
    made = CloudTasks(
        QUEUE,
        URL,
        ACCOUNT,
        audience="https://p.example.com",
        answer_within=timedelta(seconds=330),
        endpoint=server.endpoint,
    )
    with closing(made):
        made.enqueue("n1", {})
    (task,) = server.take(SimClock().now())
    assert "schedule_time" not in task
    assert task.http_request.oidc_token.audience == "https://p.example.com"
    assert task.dispatch_deadline == timedelta(seconds=330)


def test_a_name_is_used_once(server: CloudTasksServer, tasks: CloudTasks) -> None:
    assert tasks.enqueue("n1", {})
    assert not tasks.enqueue("n1", {})
    assert len(server.take(SimClock().now())) == 1
    assert not tasks.enqueue("n1", {})  # nor after it has run
    assert tasks.enqueue("n2", {})
    assert len(server.calls) == 4


def test_one_failure_is_outlived(server: CloudTasksServer, tasks: CloudTasks) -> None:
    server.fault(Code.UNAVAILABLE)
    assert tasks.enqueue("n1", {})
    assert len(server.calls) == 2


def test_a_lost_answer_is_ours(server: CloudTasksServer, tasks: CloudTasks) -> None:
    server.fault(Code.UNAVAILABLE, after=True)
    assert tasks.enqueue("n1", {})
    assert len(server.waiting) == 1
    assert not tasks.enqueue("n1", {})


@pytest.mark.parametrize(
    ("code", "error", "says", "calls"),
    [
        (Code.UNAVAILABLE, Unavailable, "ServiceUnavailable", 2),
        (Code.INTERNAL, Unavailable, "InternalServerError", 1),
        (Code.UNKNOWN, Unavailable, "Unknown", 1),
        (Code.CANCELLED, Unavailable, "Cancelled", 1),
        (Code.ABORTED, Unavailable, "Aborted", 1),
        (Code.DEADLINE_EXCEEDED, Unavailable, "DeadlineExceeded", 1),
        (Code.RESOURCE_EXHAUSTED, RateLimited, "quota", 1),
        (Code.PERMISSION_DENIED, FatalError, "roles/cloudtasks.enqueuer", 1),
        (Code.UNAUTHENTICATED, FatalError, "roles/cloudtasks.enqueuer", 1),
        (Code.NOT_FOUND, FatalError, "terraform", 1),
        (Code.FAILED_PRECONDITION, FatalError, "FailedPrecondition", 1),
        (Code.INVALID_ARGUMENT, FatalError, "InvalidArgument", 1),
        (Code.UNIMPLEMENTED, FatalError, "MethodNotImplemented", 1),
    ],
)
def test_failures(
    server: CloudTasksServer, tasks: CloudTasks, code: Any, error: type[SyncError], says: str, calls: int
) -> None:
    server.fault(code, words=WORDS, times=None)
    with pytest.raises(SyncError, match=says) as raised:
        tasks.enqueue("n1", {})
    assert type(raised.value) is error
    assert WORDS not in raised.value.message
    assert len(server.calls) == calls


def test_no_answer(server: CloudTasksServer) -> None:
    with closing(CloudTasks(QUEUE, URL, ACCOUNT, endpoint=server.endpoint, timeout=60)) as tasks:
        tasks.enqueue("n0", {})  # what comes then finds an open channel
        server.fault(times=None)
        tasks._timeout = 1.0
        before = len(server.calls)
        with pytest.raises(Unavailable, match="DeadlineExceeded"):
            tasks.enqueue("n1", {})
        assert len(server.calls) == before + 1


def test_a_queue_that_is_not_there(server: CloudTasksServer) -> None:
    tasks = CloudTasks(f"{QUEUE}x", URL, ACCOUNT, endpoint=server.endpoint)
    with closing(tasks), pytest.raises(FatalError, match="no such queue"):
        tasks.enqueue("n1", {})


def test_nobody_listens() -> None:
    tasks = CloudTasks(QUEUE, URL, ACCOUNT, endpoint="127.0.0.1:1", timeout=0.3)
    with closing(tasks), pytest.raises(Unavailable):
        tasks.enqueue("n1", {})


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    with pytest.raises(BadSettings, match="endpoint"):
        CloudTasks(QUEUE, URL, ACCOUNT, endpoint="cloudtasks.googleapis.com:443").enqueue("n1", {})


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist.json")
    with pytest.raises(FatalError, match="no access to Cloud Tasks"):
        CloudTasks(QUEUE, URL, ACCOUNT).enqueue("n1", {})


# -- very many ---------------------------------------------------------------------------------------


def due(count: int, *, first: int = 0) -> list[Task]:
    return [Task(task_name(f"u{n}", "slot"), {"uid": f"u{n}"}) for n in range(first, first + count)]


def test_many_through_the_real_client(server: CloudTasksServer, tasks: CloudTasks) -> None:
    done = enqueue_all(tasks, due(300))
    assert (done.made, done.existed, done.failed, done.stopped, done.trouble) == (300, 0, 0, False, None)
    uids = Counter(json.loads(task.http_request.body)["uid"] for task in server.waiting.values())
    assert uids == Counter(f"u{n}" for n in range(300))
    done = enqueue_all(tasks, due(200, first=200))
    assert (done.made, done.existed, done.failed) == (100, 100, 0)


def test_a_failure_does_not_hold_up_the_others(server: CloudTasksServer, tasks: CloudTasks) -> None:
    server.fault(Code.INTERNAL, times=5)
    server.fault(Code.RESOURCE_EXHAUSTED, times=5)
    done = enqueue_all(tasks, due(100))
    assert (done.made, done.existed, done.failed, done.stopped) == (90, 0, 10, False)
    assert isinstance(done.trouble, Unavailable | RateLimited)
    again = enqueue_all(tasks, due(100))
    assert (again.made, again.existed, again.failed) == (10, 90, 0)


class Moody:
    """Fails every second time."""

    def __init__(self) -> None:
        self.calls = 0

    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: datetime | None = None) -> bool:
        self.calls += 1
        if self.calls % 2:
            raise Unavailable("every second time")
        return True


def test_a_queue_that_lets_some_through_is_not_down() -> None:
    done = enqueue_all(Moody(), due(400), workers=1)
    assert (done.made, done.failed, done.stopped) == (200, 200, False)


class Queue:
    """A queue that knows how many tasks it is given at a time; with ``meet``, each call waits for so many others."""

    def __init__(self, meet: int = 1) -> None:
        self.now = 0
        self.most = 0
        self.names: list[str] = []
        self.error: SyncError | None = None
        self._lock = threading.Lock()
        self._meeting = threading.Barrier(meet)

    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: datetime | None = None) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.names.append(name)
        self._meeting.wait(30)
        with self._lock:
            self.now -= 1
        if self.error is not None:
            raise self.error
        return True


def test_so_many_at_a_time_and_no_more() -> None:
    queue = Queue(meet=8)
    assert enqueue_all(queue, due(400), workers=8).made == 400
    assert queue.most == 8


def test_no_more_are_held_than_needed() -> None:
    """However many there are: what was read but not enqueued is bounded."""
    queue = Queue()
    ahead = 0

    def items() -> Iterator[Task]:
        nonlocal ahead
        for n, item in enumerate(due(5_000)):
            ahead = max(ahead, n - len(queue.names))
            yield item

    assert enqueue_all(queue, items(), workers=4).made == 5_000
    assert ahead <= 8
    assert len(set(queue.names)) == 5_000


def test_a_queue_that_is_down_ends_it_early() -> None:
    queue = Queue()
    queue.error = Unavailable("down")
    done = enqueue_all(queue, due(5_000))
    assert done.stopped
    assert done.trouble is queue.error
    assert done.made == 0
    assert 64 <= done.failed == len(queue.names) <= 64 + 3 * 16


def test_a_queue_that_may_not_be_used_ends_it_at_once() -> None:
    queue = Queue()
    queue.error = FatalError("no right")
    with pytest.raises(FatalError, match="no right"):
        enqueue_all(queue, due(5_000))
    assert len(queue.names) <= 3 * 16


def test_what_reading_raises_gets_through() -> None:
    queue: Tasks = Queue()

    def items() -> Iterator[Task]:
        yield from due(10)
        raise Unavailable("the store is down")

    with pytest.raises(Unavailable, match="the store is down"):
        enqueue_all(queue, items())


def test_none() -> None:
    assert enqueue_all(Queue(), []).made == 0
