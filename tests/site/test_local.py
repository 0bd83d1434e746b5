"""One machine's queue, beat and port; and the whole as a process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.local.listener import Listener
from shared.local.queue import Beat, LocalQueue
from shared.local.site import Site, nothing
from shared.web.tasks import Task, enqueue_all
from tests.simulators.wire import SimClock
from tests.site.browser import Browser
from tests.site.running import answering, running
from tests.site.town import EMAIL, PASSWORD, USER, town

ROOT = Path(__file__).parent.parent.parent


# -- the queue ---------------------------------------------------------------------------------------


def test_a_name_makes_one_task() -> None:
    done: list[dict[str, Any]] = []
    queue = LocalQueue(done.append, SimClock())
    assert queue.enqueue("a", {"n": 1})
    assert not queue.enqueue("a", {"n": 2})
    result = enqueue_all(queue, [Task("a", {"n": 3}), Task("b", {"n": 4})])
    assert (result.made, result.existed, result.failed) == (1, 1, 0)
    assert queue.drain() == 2
    assert done == [{"n": 1}, {"n": 4}]
    assert not queue.enqueue("a", {"n": 5}), "not while it is remembered"
    with pytest.raises(ValueError, match="name"):
        queue.enqueue("a/b", {})


def test_tasks_wait_for_their_time_and_go_in_its_order() -> None:
    clock, done = SimClock(), []
    queue = LocalQueue(lambda body: done.append(body["n"]), clock)
    for n in (30, 10, 20):
        queue.enqueue(f"t{n}", {"n": n}, schedule_at=clock.now() + timedelta(seconds=n))
    assert queue.drain() == 0
    clock.advance(20)
    assert queue.drain() == 2
    clock.advance(10)
    assert queue.drain() == 1
    assert done == [10, 20, 30]


def test_workers_carry_tasks_out_and_outlive_failures(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def deliver(body: dict[str, Any]) -> None:
        if body["fails"]:
            raise RuntimeError("as told")
        done.set()

    queue = LocalQueue(deliver, SimClock(), workers=1)
    queue.start()
    queue.enqueue("a", {"fails": True})
    queue.enqueue("b", {"fails": False})
    assert done.wait(10)
    queue.stop(patience=10)
    queue.enqueue("c", {"fails": False})
    assert [record.message for record in caplog.records] == ["a task failed"]


def test_the_end_waits_for_what_is_under_way() -> None:
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def deliver(_: dict[str, Any]) -> None:
        began.set()
        go_on.wait(10)
        ended.set()

    queue = LocalQueue(deliver, SimClock(), workers=2)
    queue.start()
    queue.enqueue("a", {})
    assert began.wait(10)
    threading.Timer(0.05, go_on.set).start()
    queue.stop(patience=20)
    assert ended.is_set()


def test_a_beat_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    enough = threading.Event()

    def call() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("as told")
        enough.set()

    beat = Beat(call, 0.001)
    beat.start()
    assert enough.wait(10)
    beat.stop()
    assert [record.message for record in caplog.records][:1] == ["a beat failed"]


# -- the port ----------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_refused() -> None:
    with closing(Listener("127.0.0.1", 0)) as first, pytest.raises(OSError, match="in use"):
        Listener("127.0.0.1", int(first.url.rpartition(":")[2]))


def test_it_ends_while_connections_are_open() -> None:
    listener = Listener("127.0.0.1", 0)
    listener.serve(nothing)
    with closing(socket.socket()) as open_one:
        with answering(listener):
            open_one.connect(("127.0.0.1", int(listener.url.rpartition(":")[2])))
            open_one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert open_one.recv(100).startswith(b"HTTP/1.1 404 ")
        open_one.settimeout(10.0)
        while open_one.recv(10_000):  # the rest of the answer; then it is closed, or this fails
            pass


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.2"])
def test_only_a_front_on_this_machine_says_for_whom_it_asks(peer: str) -> None:
    seen: list[Any] = []

    def application(environ: Any, start_response: Any) -> Any:
        seen.append((environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR")))
        return nothing(environ, start_response)

    listener = Listener("127.0.0.1", 0)
    listener.serve(application)
    with answering(listener), closing(socket.socket()) as one:
        one.bind((peer, 0))
        one.connect(("127.0.0.1", int(listener.url.rpartition(":")[2])))
        one.sendall(b"GET / HTTP/1.0\r\nX-Forwarded-For: 10.1.1.1, 203.0.113.9\r\n\r\n")
        assert one.recv(100)
    assert seen == [("203.0.113.9", "203.0.113.9") if peer == "127.0.0.1" else (peer, None)]


# -- the functions -----------------------------------------------------------------------------------


def test_functions_are_found_by_their_names() -> None:
    asked: list[tuple[str, str]] = []
    site = Site(nothing)

    def app(environ: Any, start_response: Any) -> Any:
        asked.append((environ["SCRIPT_NAME"], environ["PATH_INFO"]))
        return []

    site._apps = {"sync": app}
    for path in ("/sync", "/sync/", "/sync/a/b", "/sync//a", "/syncs", "//sync", "", "/"):
        site({"PATH_INFO": path}, lambda *_: lambda _: None)
    assert asked == [("/sync", "/"), ("/sync", "/"), ("/sync", "/a/b"), ("/sync", "//a")]


def test_the_queues_token_opens_for_the_queue_alone() -> None:
    with running(each=1) as site:
        for token in ("", "guessed", "é", "." * 100):
            answer = site.browser().post("/dispatch") if not token else _with_token(site.browser(), token)
            assert answer.problem == (403, "not-the-platform")
        assert site.due() == 0


def _with_token(browser: Browser, token: str) -> Any:
    return browser.call("POST", "/dispatch", headers={"Authorization": f"Bearer {token}".encode()})


# -- the process -------------------------------------------------------------------------------------


@contextmanager
def process(folder: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """``python -m tests.serve`` with these variables and no others of the product's."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LISTEN": "127.0.0.1:0", **variables}
    made = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.serve"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield made
    finally:
        made.kill()
        made.communicate()


def test_it_says_where_to_go_serves_and_ends(tmp_path: Path) -> None:
    with process(tmp_path) as made:
        assert made.stdout is not None
        said = [made.stdout.readline() for _ in range(4)]
        found = re.search(r"(http://127\.0\.0\.1:\d+)/ ", said[0])
        assert found, said
        browser = Browser(found[1])
        with closing(browser):
            assert browser.sign_in() == "/ui"
            assert browser.get("/status").ok["google"]["email"] == EMAIL
            sugar = re.search(r"http://[0-9.:]+", said[2])
            assert sugar
            login = {"address": sugar[0].rstrip(":"), "user_name": USER, "password": PASSWORD}
            assert browser.put("/sugar", login).ok["connected"]
            assert browser.post("/sync", {}).ok["status"] == "done"
        made.send_signal(signal.SIGINT)
        out, error = made.communicate(timeout=120)
    assert (made.returncode, error) == (0, "")
    assert '"function":"sync"' in out
    assert all(text in "".join(said) for text in (EMAIL, USER, PASSWORD, "Ctrl-C"))
    assert list((tmp_path / "var").iterdir()) == [], "nothing simulated is kept"


def test_what_is_stored_outlives_it(tmp_path: Path) -> None:
    """With a Google and a Sugar of its own it is an installation: sessions, grants and settings are there again."""
    with town(each=1) as made, closing(Browser("")) as browser:
        variables = {"LISTEN": "127.0.0.1:0", **made.environment()}
        for first in (True, False):
            with process(tmp_path, **variables) as server:
                assert server.stdout is not None
                said = [server.stdout.readline() for _ in range(2)]
                browser.url = said[0].split()[1].removesuffix("/")
                if first:
                    assert browser.sign_in() == "/ui"
                    browser.put("/sugar", made.login)
                    browser.patch("/settings", interval_minutes=17)
                assert browser.post("/sync", {}).ok["status"] == "done"
                assert browser.get("/settings").ok["settings"]["interval_minutes"] == 17
                server.send_signal(signal.SIGTERM)
                server.communicate(timeout=120)
                assert server.returncode == 0
            # The same address again, as browsers know it.
            variables["LISTEN"] = browser.url.removeprefix("http://")
    assert {file.name for file in (tmp_path / "var").iterdir()} >= {"contacts.sqlite", "secrets"}


REAL = {"OAUTH_CLIENT_ID": "id", "OAUTH_CLIENT_SECRET": "s"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"PUBLIC_URL": "example.com"}, "PUBLIC_URL: must be an origin"),
        ({**REAL, "STORE": "nowhere"}, "STORE: must be "),
        ({"OAUTH_CLIENT_ID": "id"}, "OAUTH_CLIENT_SECRET: set it, or "),
        ({"LISTEN": "192.0.2.1:1"}, "LISTEN: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_without_a_traceback(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    with process(tmp_path, **variables) as made:
        out, error = made.communicate(timeout=60)
    assert (made.returncode, out) == (2, "")
    assert error.startswith(message)
    assert error.count("\n") == 1
