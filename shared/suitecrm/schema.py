"""What an instance says about the fields of Contacts: ``get_module_fields``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import ProtocolError
from shared.sugar.metadata import NativeField, Schema, truthy
from shared.suitecrm.rows import ACCOUNT
from shared.suitecrm.session import SuiteSession

NEEDED = ("id", "first_name", "last_name", "email1", "date_modified")
_CALL = "fields of Contacts"
_NOT_STORED = ("relate", "link", "function", "parent")
"""Types of fields that stand for other records."""


def fetch(session: SuiteSession) -> Schema:
    """Asks the instance.

    Raises:
        ProtocolError: the answer does not describe the fields of Contacts.
    """
    reply = session.read("get_module_fields", {"module_name": "Contacts", "fields": []}, name=_CALL)
    return parse(reply.value)


def parse(body: Any) -> Schema:
    """The schema inside the answer, in the names of the other dialect: ``email`` stands for all addresses.

    Raises:
        ProtocolError: names what is missing.
    """
    fields = body.get("module_fields") if isinstance(body, dict) else None
    if not isinstance(fields, dict):
        raise ProtocolError(_CALL, "module_fields is missing from the answer, or not an object")
    found: dict[str, NativeField] = {}
    for name, raw in fields.items():
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            # Taken for a field that the instance does not have, it would not be synced any more.
            raise ProtocolError(_CALL, "a field must be an object with a type")
        found[name] = _field(raw)
    for name in NEEDED:
        if name not in found:
            raise ProtocolError(_CALL, f"module_fields.{name} is missing from the answer")
    found["email"] = NativeField("email")
    found.setdefault(ACCOUNT, NativeField("relate", stored=False))
    for name in ("email1", "email2"):
        found.pop(name, None)
    return Schema(found)


def _field(raw: Mapping[str, Any]) -> NativeField:
    kind = raw["type"]
    return NativeField(
        type=kind,
        length=_length(raw.get("len")),
        required=truthy(raw.get("required")),
        readonly=truthy(raw.get("calculated")),
        stored=kind not in _NOT_STORED,
    )


def _length(value: Any) -> int | None:
    """``len`` comes as text, blank for a text without bound, for decimals as ``"26,6"``."""
    try:
        length = 0 if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return length if length > 0 else None
