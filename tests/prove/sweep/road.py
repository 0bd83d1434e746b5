"""The way of requests to the simulators, without sockets, and with a place to stop before and after every call.

Everything above the socket is what it always is: ``requests`` prepares the call and reads the answer, the wire applies
its faults and keeps its log. Only the server's thread and the connection are left out, which cost more than all else.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from tests import older
from tests.simulators.people import schema
from tests.simulators.wire import Reply, Request, Wire
from tests.world import World

_VERSION = re.compile(r"^(/rest)?/v[0-9_]+")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Sent:
    """One call to the outside."""

    side: str
    """``sugar`` or ``google``."""
    request: Request

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What was called, ids left out; of a bulk also what each kind of its items calls."""
        if self.side == "google":
            return (self._google(),)
        if method := older.method_of(self.request):
            return (f"sugar {method}",)
        kinds = [_normal(self.request.method, self.request.path)]
        if self.request.path.endswith("/bulk"):
            items = json.loads(self.request.body)["requests"]
            kinds += sorted({f"in a bulk {_normal(item['method'], item['url'])}" for item in items})
        return tuple(f"sugar {kind}" for kind in kinds)

    @cached_property
    def writes(self) -> bool:
        """Whether it changes what the other end holds."""
        if self.side == "google":
            verb = self.request.headers.get("x-http-method-override", self.request.method)
            return self.request.path.startswith("/v1/") and verb != "GET"
        if older.method_of(self.request):
            return older.writes(self.request)
        return self.request.method != "GET" and not self.request.path.endswith("/filter")

    def _google(self) -> str:
        if not self.request.path.startswith("/v1/"):
            return f"google {self.request.method} {self.request.path}"
        verb = self.request.headers.get("x-http-method-override", self.request.method)
        method, _ = schema.route(verb, self.request.path)
        return f"google {method.id.removeprefix('people.')}"


def _normal(method: str, path: str) -> str:
    return f"{method} {_GUID.sub('{}', _VERSION.sub('', path))}"


Told = Callable[[str, Sent], None]
"""Told ``before`` and ``after`` a call; raising there is a crash at that place."""


class Road:
    """Carries the calls of one world; made by :func:`road`."""

    def __init__(self, world: World) -> None:
        self._wires = {
            urlsplit(world.sugar_wire.url).netloc: ("sugar", world.sugar_wire),
            urlsplit(world.people_wire.url).netloc: ("google", world.people_wire),
        }
        self._clock = world.clock
        self.on_call: Told = lambda when, sent: None

    def send(self, adapter: HTTPAdapter, prepared: requests.PreparedRequest, **_: Any) -> requests.Response:
        """In place of ``HTTPAdapter.send``."""
        target = urlsplit(str(prepared.url))
        side, wire = self._wires[target.netloc]
        headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
        headers["x-raw-target"] = target.path + (f"?{target.query}" if target.query else "")
        query = {name: values[-1] for name, values in parse_qs(target.query, keep_blank_values=True).items()}
        body = prepared.body or b""
        request = Request(
            str(prepared.method), target.path, query, headers, body if isinstance(body, bytes) else str(body).encode()
        )
        sent = Sent(side, request)
        self.on_call("before", sent)
        reply = _outcome(wire, request)
        self.on_call("after", sent)
        if reply is None:
            cut = http.client.RemoteDisconnected("Remote end closed connection without response")
            raise requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", cut))
        payload = reply.encoded()
        shown = {
            "Content-Type": "application/json",
            "Date": format_datetime(self._clock.now(), usegmt=True),
            **reply.headers,
            "Content-Length": str(len(payload)),
        }
        raw = urllib3.HTTPResponse(io.BytesIO(payload), headers=shown, status=reply.status, preload_content=False)
        return adapter.build_response(prepared, raw)


def _outcome(wire: Wire, request: Request) -> Reply | None:
    """What the wire's server does with a request that has arrived."""
    wire._tell("arrived", request)
    try:
        return wire._outcome(request)
    finally:
        wire._tell("departed", request)


@contextmanager
def road(world: World) -> Iterator[Road]:
    """Inside the block all calls of this process go to this world's simulators directly."""
    made = Road(world)
    for wire in (world.sugar_wire, world.people_wire):
        wire.stop()

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        return made.send(adapter, request, **how)

    # Where the environment names proxies, requests reads all of it before every call.
    with patch.object(HTTPAdapter, "send", send), patch.dict(os.environ, {"NO_PROXY": "127.0.0.1"}):
        yield made
