"""What a request asks for, read off the wire: for counting calls, and for faults that meet some methods only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.suitecrm.arguments import decoded
from tests.simulators.suitecrm.form import widget_emails
from tests.simulators.suitecrm.writing import name_values, set_
from tests.simulators.wire import Request

WRITES = frozenset({"set_entry", "set_entries", "set_relationship", "set_relationships"})


@dataclass(frozen=True)
class Sent:
    """One contact's write."""

    op: str
    """``create``, ``update`` or ``delete``."""
    record: str
    """The id; blank where the server chooses it."""
    values: Mapping[str, Any]
    emails: tuple[str, ...] | None
    """The list that the form replaces the old one with, if there is a form."""


def method(request: Request) -> str:
    """The method's name; blank if the request is none of this dialect."""
    return request.form().get("method", "") if request.path.endswith("/service/v4_1/rest.php") else ""


def asks(*methods: str) -> Callable[[Request], bool]:
    """For :meth:`Wire.fault`: ``wire.fault("cut_after", matches=asks("set_entries"))``."""
    return lambda request: method(request) in methods


def is_write(request: Request) -> bool:
    """Whether the call may change a contact."""
    return method(request) in WRITES


def writes(request: Request) -> list[Sent]:
    """The contacts that the call writes, in order."""
    name = method(request)
    if name not in ("set_entry", "set_entries"):
        return []
    data = decoded(request.form().get("rest_data", ""))
    if isinstance(data, list):
        _, module, sent = (*data, None, None, None)[:3]
    else:
        module, sent = data.get("module_name"), data.get("name_value_list", data.get("name_value_lists"))
    if module != "Contacts":
        return []
    widget = widget_emails(request.form_lists())
    emails = None if widget is None else tuple(str(each["email_address"]) for each in widget)
    return [_sent(name_values(each), emails) for each in (sent or [] if name == "set_entries" else [sent])]


def _sent(values: dict[str, Any], emails: tuple[str, ...] | None) -> Sent:
    record = str(values.get("id") or "")
    if set_(values.get("deleted")):
        op = "delete"
    else:
        op = "create" if not record or set_(values.get("new_with_id")) else "update"
    return Sent(op, record, values, emails)
