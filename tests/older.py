"""Calls of the older dialect, as tests see them on the wire."""

from __future__ import annotations

import json
from typing import Any

from tests.simulators.wire import Request

SERVICE = "/service/v4_1/rest.php"


def method_of(request: Request) -> str:
    """The method of a call, blank for one that is not of this dialect."""
    return request.form_lists().get("method", [""])[0] if request.path.endswith(SERVICE) else ""


def arguments_of(request: Request) -> dict[str, Any]:
    """Its arguments by name."""
    found: dict[str, Any] = json.loads(request.form_lists()["rest_data"][0])
    return found


def is_sugar(request: Request) -> bool:
    """Whether a request is for the Sugar, in whatever dialect."""
    return request.path.startswith("/rest/") or request.path.endswith(SERVICE)


def writes(request: Request) -> bool:
    """Whether it can change a contact."""
    return method_of(request) in ("set_entry", "set_entries")


def values_of(request: Request) -> list[dict[str, Any]]:
    """The contacts that a write carries, each by field."""
    arguments = arguments_of(request)
    lists = arguments.get("name_value_lists") or [arguments.get("name_value_list") or []]
    return [{each["name"]: each["value"] for each in values} for values in lists]
