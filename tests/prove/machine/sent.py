"""Which writes a call asks for, read off the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.names import SideName
from tests import older
from tests.prove.machine.fields import google_tag, sugar_tag
from tests.simulators.sugar import Switches
from tests.simulators.wire import Call, Request

_SUGAR = {"POST": "create", "PUT": "update", "DELETE": "delete"}
_GOOGLE = {
    "createContact": "create",
    "batchCreateContacts": "create",
    "updateContact": "update",
    "batchUpdateContacts": "update",
    "deleteContact": "delete",
    "batchDeleteContacts": "delete",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One write."""

    side: SideName
    op: str
    """``create``, ``update`` or ``delete``."""
    record: str = ""
    tag: str = ""
    """Of a create: the contact's."""
    guarded: bool = True
    """The server refuses it if the record has changed since it was read."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A call and the number of the run that made it."""

    call: Call
    writes: tuple[Sent, ...]
    began: int


def is_write(request: Request) -> bool:
    """Whether the call may change a contact."""
    if older.method_of(request):
        return older.writes(request)
    if request.path.startswith("/rest/"):
        return request.path.endswith("/bulk") or _is_sugar_write(request.method, request.path)
    return request.path.rpartition(":")[2] in _GOOGLE


def is_token(request: Request) -> bool:
    """Whether the call asks for fresh tokens."""
    return request.path.endswith("/oauth2/token") or request.path == "/token" or older.method_of(request) == "login"


def writes(side: SideName, request: Request, switches: Switches) -> tuple[Sent, ...]:
    """All of them, in order; a create's record is not known yet.

    Args:
        switches: of the Sugar simulator; they tell what is guarded.
    """
    if older.is_sugar(request) is not (side is SideName.SUGAR):
        return ()
    if older.method_of(request):
        return tuple(_older(request)) if older.writes(request) else ()
    return tuple(_sugar(request, switches) if side is SideName.SUGAR else _google(request))


def _sugar(request: Request, switches: Switches) -> Iterator[Sent]:
    compared = switches.timestamp_check != "ignored"
    if request.path.endswith("/bulk"):
        for item in (request.json() or {}).get("requests", ()):
            path = item["url"].partition("?")[0]
            if _is_sugar_write(item["method"], path):
                body = json.loads(item["data"]) if item.get("data") else {}
                asked = bool(item.get("headers")) and switches.bulk_item_headers
                yield _sugar_write(item["method"], path, body, compared and asked)
    elif _is_sugar_write(request.method, request.path):
        asked = "x-timestamp" in request.headers
        yield _sugar_write(request.method, request.path, request.json() or {}, compared and asked)


def _older(request: Request) -> Iterator[Sent]:
    """Nothing is guarded there."""
    for values in older.values_of(request):
        if values.get("new_with_id"):
            yield Sent(SideName.SUGAR, "create", tag=sugar_tag(values), guarded=False)
        else:
            yield Sent(SideName.SUGAR, "delete" if values.get("deleted") else "update", values["id"], guarded=False)


def _is_sugar_write(method: str, path: str) -> bool:
    record = "/Contacts/" in path and not path.endswith("/filter")
    return (method in ("PUT", "DELETE") and record) or (method == "POST" and path.endswith("/Contacts"))


def _sugar_write(method: str, path: str, body: dict[str, Any], compared: bool) -> Sent:
    op = _SUGAR[method]
    record = "" if op == "create" else path.rpartition("/")[2]
    return Sent(SideName.SUGAR, op, record, sugar_tag(body), guarded=compared and op == "update")


def _google(request: Request) -> Iterator[Sent]:
    name, _, method = request.path.rpartition(":")
    op = _GOOGLE.get(method)
    body = request.json() or {}
    if op is None:
        return
    if method == "batchCreateContacts":
        for item in body["contacts"]:
            yield Sent(SideName.GOOGLE, op, tag=google_tag(item["contactPerson"]))
    elif method == "batchUpdateContacts":
        for record in body["contacts"]:
            yield Sent(SideName.GOOGLE, op, record)
    elif method == "batchDeleteContacts":
        for record in body["resourceNames"]:
            yield Sent(SideName.GOOGLE, op, record, guarded=False)
    elif method == "createContact":
        yield Sent(SideName.GOOGLE, op, tag=google_tag(body))
    else:
        yield Sent(SideName.GOOGLE, op, name.removeprefix("/v1/"), guarded=op == "update")
