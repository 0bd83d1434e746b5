"""How the answers of Firestore become our errors: a real client against a server that answers what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from shared.errors import CommitUnknown, Conflict, FatalError, SyncError, Unavailable
from shared.store.firestore import FirestoreStore
from shared.store.port import Create, Put, Where
from tests.cloud.hurry import hurried
from tests.emulator import HOST_VARIABLE

SECRET = "what the API says may quote a contact"
Code = grpc.StatusCode


class Server:
    """Answers every call with ``code`` and ``words``, or not at all while ``code`` is ``None``; counts them."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = Code.UNKNOWN
        self.words = SECRET
        self.calls = 0
        self.released = Event()

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls += 1
            if self.code is None:
                self.released.wait(10)
            else:
                context.abort(self.code, self.words)
            return b""

        def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            yield answer(request, context)

        if details.method.endswith("/Commit"):
            return grpc.unary_unary_rpc_method_handler(answer)
        return grpc.unary_stream_rpc_method_handler(stream)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    running = grpc.server(ThreadPoolExecutor(4))
    running.add_generic_rpc_handlers([made])
    monkeypatch.setenv(HOST_VARIABLE, f"127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}")
    running.start()
    try:
        yield made
    finally:
        made.released.set()
        running.stop(None).wait()


@pytest.fixture
def store(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreStore]:
    hurried(monkeypatch)
    with closing(FirestoreStore("p")) as made:
        yield made


NO_DATABASE = "The database (default) does not exist for project p"


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        (Code.ALREADY_EXISTS, "Document already exists: projects/p/databases/(default)/documents/users/u", Conflict),
        (Code.FAILED_PRECONDITION, "the stored version does not match", Conflict),
        (Code.NOT_FOUND, "No document to update: projects/p/databases/(default)/documents/users/u", Conflict),
        (Code.ABORTED, "Too much contention on these documents", Conflict),
        (Code.DEADLINE_EXCEEDED, SECRET, CommitUnknown),
        (Code.UNAVAILABLE, SECRET, CommitUnknown),
        (Code.INTERNAL, SECRET, CommitUnknown),
        (Code.UNKNOWN, SECRET, CommitUnknown),
        (Code.CANCELLED, SECRET, CommitUnknown),
        (Code.DATA_LOSS, SECRET, CommitUnknown),
        (Code.RESOURCE_EXHAUSTED, SECRET, Unavailable),
        (Code.PERMISSION_DENIED, SECRET, FatalError),
        (Code.UNAUTHENTICATED, SECRET, FatalError),
        (Code.INVALID_ARGUMENT, SECRET, FatalError),
        (Code.NOT_FOUND, NO_DATABASE, FatalError),
        (Code.FAILED_PRECONDITION, "The database is in Datastore Mode", FatalError),
    ],
)
def test_a_commit_is_sent_once(
    store: FirestoreStore, server: Server, code: grpc.StatusCode, words: str, error: type[SyncError]
) -> None:
    server.code, server.words = code, words
    with pytest.raises(SyncError) as raised:
        store.commit([Create("users/u", {}), Create("users/u2", {})])
    assert type(raised.value) is error
    assert server.calls == 1
    assert SECRET not in raised.value.message
    if isinstance(raised.value, Conflict):
        assert raised.value.path == ("users/u" if words.endswith("/users/u") else None)


def test_without_precondition_nothing_can_be_in_conflict(store: FirestoreStore, server: Server) -> None:
    server.code = Code.NOT_FOUND
    with pytest.raises(FatalError):
        store.commit([Put("users/u", {})])


def test_a_commit_without_answer(store: FirestoreStore, server: Server) -> None:
    with pytest.raises(CommitUnknown):
        store.commit([Put("users/u", {})])
    server.code, server.calls, store._timeout = None, 0, 1.0
    with pytest.raises(CommitUnknown):
        store.commit([Put("users/u", {})])
    assert server.calls == 1


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.INTERNAL, Code.RESOURCE_EXHAUSTED, Code.UNKNOWN])
def test_a_read_is_repeated_for_a_while(store: FirestoreStore, server: Server, code: grpc.StatusCode) -> None:
    server.code = code
    with pytest.raises(Unavailable, match="Firestore did not answer") as raised:
        store.get("users/u")
    assert server.calls > 1
    assert SECRET not in raised.value.message


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (Code.PERMISSION_DENIED, "roles/datastore.user"),
        (Code.UNAUTHENTICATED, "roles/datastore.user"),
        (Code.FAILED_PRECONDITION, "index"),
        (Code.NOT_FOUND, "no such database"),
        (Code.INVALID_ARGUMENT, "detail"),
    ],
)
def test_a_read_that_cannot_succeed(store: FirestoreStore, server: Server, code: grpc.StatusCode, advice: str) -> None:
    server.code = code
    with pytest.raises(FatalError, match=advice) as raised:
        store.query("users", [Where("next_due_at", "==", 1)])
    assert server.calls == 1
    assert SECRET not in raised.value.message
    assert SECRET in raised.value.detail


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_VARIABLE, "127.0.0.1:1")
    with closing(FirestoreStore("p", timeout=0.3, patience=0.3)) as store:
        with pytest.raises(Unavailable):
            store.get("users/u")
        with pytest.raises(CommitUnknown):
            store.commit([Put("users/u", {})])


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOST_VARIABLE, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist.json")
    with closing(FirestoreStore("p")) as store, pytest.raises(FatalError, match="no access to Firestore"):
        store.get("users/u")
