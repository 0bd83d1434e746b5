"""A contact's list of email addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.switches import Switches

Email = dict[str, Any]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FLAGS = ("primary_address", "invalid_email", "opt_out", "reply_to_address")


def truthy(value: Any) -> bool:
    """How Sugar reads a flag: ``true``, ``1``, ``"1"``, ``"true"``."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("1", "true", "on", "yes"))


def written(raw: Any, switches: Switches) -> list[Email]:
    """What of a list sent by a client is stored: it replaces the old one.

    One address is primary, the first if none is marked; a second entry of the same address is dropped.

    Raises:
        SugarError: it is no list.
    """
    if raw in (None, ""):
        return []
    if not isinstance(raw, list):
        raise SugarError("invalid_parameter", "Invalid parameter: email")
    entries = [entry for entry in raw if isinstance(entry, Mapping) and str(entry.get("email_address") or "").strip()]
    if switches.invalid_email == "dropped":
        entries = [entry for entry in entries if _ADDRESS.fullmatch(str(entry["email_address"]).strip())]
    return listed(entries)


def listed(entries: Iterable[str | Mapping[str, Any]]) -> list[Email]:
    """Entries as stored; a plain text is an address without flags."""
    emails: list[Email] = []
    for entry in entries:
        given: Mapping[str, Any] = {"email_address": entry} if isinstance(entry, str) else entry
        address = str(given["email_address"]).strip()
        if any(each["email_address"].lower() == address.lower() for each in emails):
            continue
        emails.append({"email_address": address, **{flag: truthy(given.get(flag)) for flag in _FLAGS}})
    primaries = [each for each in emails if each["primary_address"]]
    chosen = primaries[0] if primaries else emails[0] if emails else None
    for each in emails:
        each["primary_address"] = each is chosen
    return emails


def shown(emails: list[Email], switches: Switches) -> list[Email]:
    """The list as the API shows it."""
    result = []
    for each in emails:
        row = {"email_address": each["email_address"]}
        for flag in _FLAGS:
            row[flag] = ("1" if each[flag] else "0") if switches.flags_as_text else each[flag]
        if switches.email_ids:
            row["email_address_id"] = f"e-{each['email_address'].lower().encode().hex()[:32]}"
        result.append(row)
    return result


def primary(emails: list[Email]) -> str:
    """The primary address, or nothing."""
    return next((str(each["email_address"]) for each in emails if each["primary_address"]), "")
