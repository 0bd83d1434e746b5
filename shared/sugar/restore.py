"""Before-images put to use: making a Sugar contact again, and telling two records apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.contact.normal import email_key
from shared.side import Native, Restored
from shared.sugar import emails
from shared.sugar.metadata import Schema, truthy
from shared.sugar.table import SECRET_TYPES

IDENTITY = "its id and its dates are new ones"
RELATED = "what was related to it in Sugar (activities, cases, opportunities)"
_FLAGS = ("my_favorite", "sync_contact")
_SPECIAL = ("email", "account_id", *_FLAGS)
"""Written though the database does not hold them in the contact itself."""
_NEVER = frozenset({"id", "deleted", "date_entered", "date_modified", "created_by", "modified_user_id", "sync_key"})


def writable(schema: Schema) -> tuple[str, ...]:
    """The native fields that a contact comes back with."""
    found = [
        name
        for name, field in schema.fields.items()
        if name not in _NEVER
        and (field.stored or name in _SPECIAL)
        and not field.readonly
        and field.can_read
        and field.can_write
        and field.type not in SECRET_TYPES
    ]
    return tuple(found)


def restore(schema: Schema, native: Native) -> Restored:
    """The payload that makes the contact again: all that can be written and is not blank."""
    payload: Native = {}
    lost = [IDENTITY, RELATED]
    for name in writable(schema):
        value = native.get(name)
        if name == "email":
            if read := emails.read(value):
                if isinstance(read, str):
                    lost.append("the emails: they cannot be read")
                else:
                    payload[name] = emails.write(read, value)
        elif name in _FLAGS:
            if truthy(value):
                payload[name] = True
        elif value is True or (value not in (None, "", False, []) and isinstance(value, str | int | float | list)):
            payload[name] = value
    if native.get("account_name") and not payload.get("account_id"):
        lost.append("the account")
    return Restored(payload, tuple(lost))


def rewritten(schema: Schema, native: Native, wanted: Native) -> Native:
    """The fields, of those that both records show, in which they differ, as ``wanted`` has them."""
    payload: Native = {}
    for name in writable(schema):
        if name not in native or name not in wanted or alike(name, native, wanted):
            continue
        value = wanted[name]
        read = emails.read(value) if name == "email" else ""
        payload[name] = emails.write(read, value) if not isinstance(read, str) else _blank(value)
    return payload


def alike(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether a field reads the same in both records."""
    mine, theirs = one.get(name), two.get(name)
    if name == "email":
        return bool(_addresses(mine) == _addresses(theirs))
    return _blank(mine) == _blank(theirs)


def all_alike(names: Iterable[str], one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """The same for several fields."""
    return all(alike(name, one, two) for name in names)


def _blank(value: object) -> object:
    """Sugar gives ``null`` and blank text for the same."""
    return "" if value is None else value


def _addresses(raw: Any) -> Any:
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        return _blank(raw) or []
    flags = ("primary_address", "opt_out", "invalid_email", "reply_to_address")
    return sorted(
        (email_key(str(entry.get("email_address") or "")), *(truthy(entry.get(flag)) for flag in flags))
        for entry in raw
    )
