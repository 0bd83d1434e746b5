"""What an instance's own metadata says about the fields of Contacts.

Source of fact: ``GET /metadata?type_filter=modules&module_filter=Contacts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import ProtocolError
from shared.sugar.session import SugarSession
from shared.sugar.table import NATIVE

NEEDED = ("id", "first_name", "last_name", "email", "date_modified")
"""Every Sugar has them. Without names and emails nobody could tell who is there already."""
_CALL = "GET metadata of Contacts"
_NATIVE = frozenset(NATIVE.values())


@dataclass(frozen=True, slots=True)
class NativeField:
    """One field as this instance has it."""

    type: str
    length: int | None = None
    """Characters; ``None`` where the instance does not tell."""
    required: bool = False
    readonly: bool = False
    """Computed, or marked read-only."""
    stored: bool = True
    """A column of the database. A filter on a field that is none is silently dropped and returns every contact."""
    can_read: bool = True
    can_write: bool = True
    """By the access rules for this user, as far as the metadata tells them."""


@dataclass(frozen=True, slots=True)
class Schema:
    """All fields of Contacts by their native names."""

    fields: Mapping[str, NativeField]

    def as_json(self) -> dict[str, Any]:
        """Compact: what equals its default is left out."""
        return {
            name: {
                "type": field.type,
                **({"length": field.length} if field.length is not None else {}),
                **{flag: True for flag in ("required", "readonly") if getattr(field, flag)},
                **{flag: False for flag in ("stored", "can_read", "can_write") if not getattr(field, flag)},
            }
            for name, field in self.fields.items()
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Schema:
        """What :meth:`as_json` gave."""
        known = NativeField.__dataclass_fields__
        return cls(
            {
                name: NativeField(**{key: value for key, value in field.items() if key in known})
                for name, field in raw.items()
            }
        )


def fetch(session: SugarSession, acl: Any = None) -> Schema:
    """Asks the instance.

    Args:
        acl: the ``acl`` of :meth:`SugarSession.me`, which names what is denied by module.

    Raises:
        ProtocolError: the answer is no metadata of Contacts.
    """
    query = {"type_filter": "modules", "module_filter": "Contacts"}
    return parse(session.get_json("/metadata", name=_CALL, query=query), acl)


def parse(body: Any, acl: Any = None) -> Schema:
    """The schema inside the answer to the metadata call.

    Raises:
        ProtocolError: names what is missing.
    """
    modules = body.get("modules") if isinstance(body, dict) else None
    module = modules.get("Contacts") if isinstance(modules, dict) else None
    fields = module.get("fields") if isinstance(module, dict) else None
    if not isinstance(module, dict) or not isinstance(fields, dict):
        raise ProtocolError(_CALL, "modules.Contacts.fields is missing from the answer")
    denied = [_denied(source) for source in (module.get("acl"), module.get("acls"), module.get("_acl"))]
    for by_module in (acl, body.get("acl")):
        if isinstance(by_module, dict):
            denied.append(_denied(by_module.get("Contacts")))
    found = {
        name: _field(raw, {right for source in denied for right in source.get(name, ())})
        for name, raw in fields.items()
        # Beside the fields stand entries like "_hash".
        if isinstance(raw, dict) and "type" in raw
    }
    for name in NEEDED:
        if name not in fields:
            raise ProtocolError(_CALL, f"modules.Contacts.fields.{name} is missing from the answer")
    for name in (*NEEDED, *_NATIVE):
        if name in fields and name not in found:
            # Taken for a field that the instance does not have, it would not be synced any more.
            raise ProtocolError(_CALL, f"modules.Contacts.fields.{name} must be an object with a type")
    return Schema(found)


def truthy(value: Any) -> bool:
    """Sugar's flags: ``true``, ``1``, ``"1"``, ``"true"``, ``"yes"``, ``"on"``."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("1", "true", "yes", "on"))


def _field(raw: Mapping[str, Any], denied: set[str]) -> NativeField:
    kind = str(raw["type"])
    return NativeField(
        type=kind,
        length=_length(raw.get("len")),
        required=truthy(raw.get("required")),
        readonly=truthy(raw.get("readonly")) or truthy(raw.get("calculated")) or raw.get("formula") not in (None, ""),
        stored=raw.get("source") != "non-db",
        can_read="read" not in denied,
        can_write=not denied & {"write", "edit"},
    )


def _length(value: Any) -> int | None:
    """``len`` comes as a number or as text, for decimals as ``"26,6"``."""
    try:
        length = 0 if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return length if length > 0 else None


def _denied(acl: Any) -> dict[str, set[str]]:
    """By field, the rights that are denied. Only what is denied is named, as ``"no"``; ``[]`` stands for nothing."""
    fields = acl.get("fields") if isinstance(acl, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {
        name: {right for right, value in rights.items() if value == "no"}
        for name, rights in fields.items()
        if isinstance(rights, dict)
    }
