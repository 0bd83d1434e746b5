"""Anything of ours as the JSON that a store takes."""

from __future__ import annotations

from typing import Any

import msgspec


def plain(value: Any) -> Any:
    """The value as JSON: structs as objects, tuples as lists, enums as text.

    A record may hold text that is no Unicode (half of a surrogate pair); no store takes it, so it is stored with the
    replacement character. What is sent to a side never passes through here.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except UnicodeEncodeError:
        return msgspec.json.decode(msgspec.json.encode(_cleaned(msgspec.to_builtins(value, str_keys=True))))


def _cleaned(value: Any) -> Any:
    from shared.contact.normal import clean  # late: it is rare, and brings the library of all phone numbers

    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
