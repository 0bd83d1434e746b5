"""The way to the API: each call once, bounded in time and size."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from shared.people.failures import CallFailed, NoAnswer, NotDelivered, Unreadable
from shared.people.transport import Transport
from tests.people.world import World
from tests.simulators.wire import Reply


class Static:
    """A token that never changes."""

    def token(self) -> str:
        return "token"

    def renewed(self, refused: str) -> str:
        return "token"


@contextmanager
def served(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one connection after the other that answers with raw bytes; what it was sent."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    received.append(connection.recv(65536))
                    try:
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", received
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(Static(), timeout=60, max_answer=1000)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Transport]:
    """Waits some seconds: enough for a busy machine to accept a connection."""
    made = Transport(Static(), timeout=6)
    yield made
    made.close()


def ask(transport: Transport, answer: Callable[[socket.socket], None]) -> tuple[bytes, list[bytes]]:
    with served(answer) as (url, received):
        return transport.request(url, "POST", body="{}", headers={"content-length": "2"})[1], received


def test_an_answer_in_chunks(transport: Transport) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    content, received = ask(transport, lambda s: s.sendall(head + b"4\r\nwiki\r\n5\r\npedia\r\n0\r\n\r\n"))
    assert content == b"wikipedia"
    assert b"Authorization: Bearer token\r\n" in received[0]
    assert len(received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTT",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_broken_answer_may_have_had_an_effect_and_is_asked_for_once(transport: Transport, answer: bytes) -> None:
    with served(lambda s: s.sendall(answer)) as (url, received):
        with pytest.raises(NoAnswer):
            transport.request(url, "POST", body="{}")
        assert len(received) == 1
    assert transport.calls == 1


def test_a_silent_server_is_left(hasty: Transport) -> None:
    silence = threading.Event()

    def wait(connection: socket.socket) -> None:
        silence.wait(60)

    with served(wait) as (url, received):
        with pytest.raises(NoAnswer):
            hasty.request(url, "POST", body="{}")
        silence.set()
        assert len(received) == 1


def test_a_dripping_server_is_left(hasty: Transport) -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        while not stop.wait(0.05):
            connection.sendall(b" ")

    with served(drip) as (url, _):
        with pytest.raises(NoAnswer, match="in time"):
            hasty.request(url)
        stop.set()


@pytest.mark.parametrize("length", [b"Content-Length: 100000\r\n", b""])
def test_an_answer_that_is_too_large(transport: Transport, length: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + length + b"Connection: close\r\n\r\n"
    with pytest.raises(Unreadable):
        ask(transport, lambda s: s.sendall(head + b"x" * 100_000))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://does-not-exist.invalid/", "nonsense", "ftp://x/", "http://"]
)
def test_no_connection_proves_that_nothing_was_sent(transport: Transport, url: str) -> None:
    with pytest.raises(NotDelivered):
        transport.request(url, "POST", body="{}")


def test_no_tls_is_not_taken_for_proof(transport: Transport) -> None:
    with served(lambda s: s.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as (url, _), pytest.raises(CallFailed):
        transport.request(url.replace("http:", "https:"), "POST", body="{}")


def test_redirects_are_not_followed(world: World) -> None:
    world.wire.fault("status", path="/v1/", reply=Reply(307, b"", {"Location": f"{world.wire.url}/v1/people:batchGet"}))
    with world.calls() as calls, pytest.raises(CallFailed):
        world.client.attempt(lambda service: service.people().createContact(body={}))
    assert len(calls) == 1


def test_credentials_of_the_machine_are_not_sent(
    transport: Transport, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    _, received = ask(transport, lambda s: s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    assert received[0].count(b"Authorization: ") == 1
    assert b"Bearer token" in received[0]


def test_the_gate_hears_every_calls_time(world: World) -> None:
    world.listing()
    assert world.gates == [20.0, 60.0]
    assert world.client.calls == 1
