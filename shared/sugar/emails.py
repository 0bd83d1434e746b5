"""Sugar's list of email addresses: reading it, and writing it without losing what only Sugar knows.

A written list replaces the whole old one, so each write carries every address that is to stay, with its own flags.
Source of fact: Sugar developer guide; older instances give flags as ``"1"`` and ``"0"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.contact.model import Email
from shared.contact.normal import email_key
from shared.sugar.metadata import truthy

_KEPT_FLAGS = ("invalid_email", "opt_out", "reply_to_address")


def read(raw: Any) -> tuple[Email, ...] | str:
    """The addresses, the primary first, else in Sugar's order; or what is wrong with the list."""
    if raw is None or raw == "":
        return ()
    if not isinstance(raw, list):
        return "Sugar gave something else than a list of email addresses"
    for entry in raw:
        if not isinstance(entry, dict) or not isinstance(entry.get("email_address"), str):
            return "Sugar gave an entry in the list of email addresses that is none"
        if not entry["email_address"].strip():
            return "Sugar gave an entry in the list of email addresses without an address"
    entries = sorted(raw, key=lambda entry: not truthy(entry.get("primary_address")))
    return tuple(
        Email(entry["email_address"], truthy(entry.get("opt_out")), truthy(entry.get("invalid_email")))
        for entry in entries
    )


def write(target: Sequence[Email], before: Any) -> list[dict[str, Any]]:
    """The list to send.

    Args:
        target: in order; the first becomes the primary.
        before: the record's own list. An address that stays keeps its spelling and its flags, in the form in which
            the instance gives flags.
    """
    entries = [entry for entry in before if isinstance(entry, dict)] if isinstance(before, list) else []
    known: dict[str, dict[str, Any]] = {}
    for entry in entries:
        known.setdefault(email_key(str(entry.get("email_address") or "")), entry)
    as_text = any(isinstance(entry.get("primary_address"), str) for entry in entries)
    written: dict[str, dict[str, Any]] = {}
    for email in target:
        key = email_key(email.address)
        if not key or key in written:
            continue
        old = known.get(key)
        new = {"invalid_email": email.invalid, "opt_out": email.opt_out, "reply_to_address": False}
        flags = {"primary_address": not written} | {
            flag: truthy(old.get(flag)) if old else new[flag] for flag in _KEPT_FLAGS
        }
        written[key] = {
            "email_address": old["email_address"] if old else email.address,
            **{flag: ("1" if on else "0") if as_text else on for flag, on in flags.items()},
        }
    return list(written.values())
