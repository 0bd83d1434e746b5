"""One HTTP call: bounds, connections, certificates."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.errors import AmbiguousError, BadAddress, ProtocolError, SyncError, Unavailable
from shared.sugar import http
from shared.sugar.http import HostUnknown, HttpClient, TooLarge
from shared.sugar.reach import LOOPBACK
from tests.simulators.wire import Reply, SimClock
from tests.sugar.servers import certificate, server
from tests.sugar.world import World

JSON = b'{"a": 1}'


@contextmanager
def client(address: str) -> Iterator[HttpClient]:
    found = HttpClient(address, SimClock(), lambda seconds: None, policy=LOOPBACK)
    try:
        yield found
    finally:
        found.close()


def both(http_client: HttpClient) -> tuple[type[SyncError], type[SyncError]]:
    """How the next two calls fail: one that reads and one that writes."""
    found = []
    for writes in (False, True):
        with pytest.raises(SyncError) as caught:
            http_client.call("POST", "/x", name="some call", writes=writes, body={}, seconds=0.3)
        assert caught.value.message.startswith(("some call: ", "address: "))
        found.append(type(caught.value))
    return found[0], found[1]


def test_a_good_answer(w: World) -> None:
    w.wire.fault("status", path="/x", reply=Reply(200, JSON))
    with client(w.wire.url) as c:
        answer = c.call("GET", "/x", name="x", query={"a": "b c"})
        assert answer.json() == {"a": 1}
        assert c.calls == 1
        assert c.clock_offset is not None
    assert w.wire.log[-1].request.query == {"a": "b c"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_answers(w: World, encoding: str) -> None:
    text = b'{"a": "' + b"x" * 300_000 + b'"}'
    packed = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    w.wire.fault("status", path="/x", reply=Reply(200, packed, {"Content-Encoding": encoding}))
    with client(w.wire.url) as c:
        assert c.call("GET", "/x", name="x").body == text


def test_a_bomb_is_not_unpacked(w: World) -> None:
    packed = gzip.compress(b"0" * 200 * 2**20)
    w.wire.fault("status", path="/x", times=2, reply=Reply(200, packed, {"Content-Encoding": "gzip"}))
    with client(w.wire.url) as c:
        assert both(c) == (TooLarge, AmbiguousError)


def test_what_cannot_be_unpacked(w: World) -> None:
    w.wire.fault("status", path="/x", times=2, reply=Reply(200, JSON, {"Content-Encoding": "gzip"}))
    with client(w.wire.url) as c:
        assert both(c) == (ProtocolError, AmbiguousError)


def test_large_answers_are_cut_off(w: World) -> None:
    w.wire.fault("status", path="/x", times=2, reply=Reply(200, b"0" * (http.MAX_ANSWER_BYTES + 1)))
    with client(w.wire.url) as c:
        assert both(c) == (TooLarge, AmbiguousError)


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "http://[", "//", "https://user:pw@x/"])
def test_redirects_are_not_followed_nor_looked_at(w: World, location: str) -> None:
    w.wire.fault("status", path="/x", reply=Reply(301, JSON, {"Location": location}))
    with client(w.wire.url) as c:
        answer = c.call("GET", "/x", name="x")
    assert (answer.status, answer.json()) == (301, {"a": 1})


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 02 Mar 2026 09:00:00 -0000"])
def test_dates_of_the_server_that_are_none(w: World, date: str) -> None:
    w.wire.fault("status", path="/x", reply=Reply(200, JSON, {"Date": date}))
    with client(w.wire.url) as c:
        answer = c.call("GET", "/x", name="x")
        assert c.clock_offset is None
    assert answer.asked_at == w.clock.now()


def test_nobody_listens() -> None:
    with client("http://127.0.0.1:1") as c:
        assert both(c) == (Unavailable, Unavailable)


def test_an_unknown_host() -> None:
    with client("https://no-such-host.invalid") as c:
        assert both(c) == (HostUnknown, HostUnknown)


def test_an_address_that_cannot_be_called() -> None:
    with client("https://" + "x" * 70 + ".example") as c:
        assert both(c) == (BadAddress, BadAddress)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{",
        b"what?\r\n\r\n",
    ],
)
def test_answers_that_break_off(said: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with server(talk) as address, client(f"http://{address}") as c:
        assert both(c) == (Unavailable, AmbiguousError)


def test_an_answer_that_trickles_meets_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_SECONDS", 2.0)
    stop = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.05):
            connection.sendall(b"0")

    with server(talk) as address, client(f"http://{address}") as c:
        assert both(c) == (Unavailable, AmbiguousError)
        stop.set()


def test_a_silent_server(w: World) -> None:
    def talk(connection: socket.socket) -> None:
        while connection.recv(65536):
            continue

    with server(talk) as address, client(f"http://{address}") as c:
        assert both(c) == (Unavailable, AmbiguousError)


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            seen.append(secure.recv(65536))

    with server(talk) as address, client(f"https://{address}") as c:
        assert both(c) == (BadAddress, BadAddress)
    assert not any(seen)
