"""What both simulators share: a real HTTP server, a log of all calls, and faults on demand.

A simulator is an object with ``answer(request) -> Reply``. :class:`Wire` serves it on loopback, one call at a time,
and can be told to be slow, to refuse, to cut the connection before or after the effect, to garble answers, and to let
a request land late: the caller sees a cut connection, the effect comes when :meth:`Wire.land` is called or when the
clock has passed the given time.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


class SimClock:
    """A clock that tests move; satisfies ``shared.clock.Clock``. With ``running`` it follows the machine's clock."""

    def __init__(self, start: datetime | None = None, *, running: bool = False) -> None:
        self._now = start or datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
        self._running = running
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        if self._running:
            return self._now + timedelta(seconds=time.monotonic() - self._anchor)
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Waiting moves the clock, nothing else."""
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON; ``None`` if there is none or it is none."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def form(self) -> dict[str, str]:
        return {k: v[-1] for k, v in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def form_lists(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    def query_lists(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.headers.get("x-raw-target", "")).query, keep_blank_values=True)


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    """JSON, or bytes sent as they are."""
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None and self.status == 204 else json.dumps(self.body).encode()


@dataclass
class Call:
    """One line of the log."""

    n: int
    at: datetime
    request: Request
    status: int | None = None
    """``None``: the caller got no answer."""
    effect: bool = True
    """Whether the simulator has carried it out (a late one: not yet)."""
    fault: str = ""

    @property
    def name(self) -> str:
        return f"{self.request.method} {self.request.path}"


class Simulator(Protocol):
    def answer(self, request: Request) -> Reply: ...


@dataclass
class Fault:
    """Applies to the calls that match, after ``skip`` of them, ``times`` times (``None``: for ever)."""

    kind: str
    """``status``, ``latency``, ``cut_before``, ``cut_after``, ``late``, ``garble``."""
    method: str = ""
    path: str = ""
    """A regular expression, searched in the path."""
    matches: Callable[[Request], bool] | None = None
    skip: int = 0
    times: int | None = 1
    reply: Reply | None = None
    seconds: float = 0.0
    """Latency; or for ``late``: lands when the clock has passed so much (0: only by :meth:`Wire.land`)."""
    garble: Callable[[Request, Reply], Reply] | None = None

    def takes(self, request: Request) -> bool:
        if self.times == 0:
            return False
        if self.method and self.method != request.method:
            return False
        if self.path and not re.search(self.path, request.path):
            return False
        if self.matches and not self.matches(request):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class _Late:
    due: datetime | None
    request: Request
    call: Call


class Wire:
    """Serves one simulator on 127.0.0.1. Use as a context manager, or :meth:`start` and :meth:`stop`."""

    def __init__(self, simulator: Simulator, clock: SimClock, *, port: int = 0) -> None:
        self.simulator = simulator
        self.clock = clock
        self.log: list[Call] = []
        self.faults: list[Fault] = []
        self.on_call: Callable[[Request, str], None] | None = None
        """Asked before (``"before"``) and after (``"after"``) each effect, on the server's thread; for tests only."""
        self.lock = threading.RLock()
        self._late: list[_Late] = []
        self._port = port
        self._server: ThreadingHTTPServer | None = None
        self._open: set[socket.socket] = set()

    # -- serving -------------------------------------------------------------------------------------

    def start(self) -> Wire:
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire._open.add(self.request)

            def finish(self) -> None:
                wire._open.discard(self.request)
                try:
                    super().finish()
                except OSError:
                    return

            def log_message(self, format: str, *args: Any) -> None:
                return

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(wire.clock.now().timestamp() if timestamp is None else timestamp)

            def _any(self) -> None:
                wire._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _any

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                return

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            for connection in list(self._open):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
            self._server = None

    def __enter__(self) -> Wire:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    # -- controls ------------------------------------------------------------------------------------

    def fault(self, kind: str, **rule: Any) -> Fault:
        """Adds a fault; see :class:`Fault`."""
        fault = Fault(kind, **rule)
        self.faults.append(fault)
        return fault

    def heal(self) -> None:
        """No more faults (late requests still land)."""
        self.faults.clear()

    def land(self) -> int:
        """Carries out every request that is still on its way; how many."""
        with self.lock:
            late, self._late = self._late, []
            for item in late:
                self._effect(item.request)
                item.call.effect = True
            return len(late)

    def land_due(self) -> int:
        """Carries out those whose time has come."""
        with self.lock:
            now = self.clock.now()
            due = [item for item in self._late if item.due is not None and item.due <= now]
            self._late = [item for item in self._late if item not in due]
            for item in due:
                self._effect(item.request)
                item.call.effect = True
            return len(due)

    @property
    def waiting(self) -> int:
        """How many requests have not landed yet."""
        return len(self._late)

    @property
    def dues(self) -> list[datetime]:
        """When those land that do so by themselves."""
        return [item.due for item in self._late if item.due is not None]

    @contextmanager
    def counted(self) -> Iterator[list[Call]]:
        """The calls made inside the block, as a list that is filled when it ends."""
        start = len(self.log)
        calls: list[Call] = []
        yield calls
        calls.extend(self.log[start:])

    # -- one call ------------------------------------------------------------------------------------

    def _effect(self, request: Request) -> Reply:
        if self.on_call:
            self.on_call(request, "before")
        reply = self.simulator.answer(request)
        if self.on_call:
            self.on_call(request, "after")
        return reply

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        target = urlsplit(handler.path)
        headers = {k.lower(): v for k, v in handler.headers.items()}
        headers["x-raw-target"] = handler.path
        query = {k: v[-1] for k, v in parse_qs(target.query, keep_blank_values=True).items()}
        request = Request(handler.command or "", target.path, query, headers, body)
        self._tell("arrived", request)
        try:
            reply = self._outcome(request)
        finally:
            self._tell("departed", request)
        if reply is None:
            return self._cut(handler)
        payload = reply.encoded()
        if "Date" in reply.headers:
            handler.send_response_only(reply.status)
        else:
            handler.send_response(reply.status)  # its Date header follows the simulated clock
        headers_out = {"Content-Type": "application/json", **reply.headers}
        headers_out.setdefault("Content-Length", str(len(payload)))
        for name, value in headers_out.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(payload)

    def _outcome(self, request: Request) -> Reply | None:
        """What the caller gets; ``None``: a cut connection."""
        with self.lock:
            self.land_due()
            call = Call(len(self.log) + 1, self.clock.now(), request)
            self.log.append(call)
            taken = [f for f in self.faults if f.takes(request)]
            call.fault = ",".join(f.kind for f in taken)
            by_kind = {f.kind: f for f in taken}
            if late := by_kind.get("late"):
                due = self.clock.now() + timedelta(seconds=late.seconds) if late.seconds else None
                self._late.append(_Late(due, request, call))
                call.effect = False
                return None
            if "cut_before" in by_kind:
                call.effect = False
                return None
            if status := by_kind.get("status"):
                call.effect = False
                reply = status.reply or Reply(503, {"error": "maintenance"})
            else:
                reply = self._effect(request)
            if garble := by_kind.get("garble"):
                assert garble.garble is not None
                reply = garble.garble(request, reply)
            if "cut_after" in by_kind:
                return None
            call.status = reply.status
        if latency := by_kind.get("latency"):
            time.sleep(latency.seconds)
        return reply

    def _tell(self, what: str, request: Request) -> None:
        """A simulator may want to know which requests are under way at the same time: ``arrived``, ``departed``."""
        if told := getattr(self.simulator, what, None):
            told(request)

    def _cut(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            handler.request.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
