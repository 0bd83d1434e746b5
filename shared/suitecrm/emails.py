"""Email addresses: reading them, and the form fields by which a list is written.

Reading: the linked rows tell the addresses and their flags; which one is the primary only ``email1`` tells.

Writing: ``email1`` and ``email2`` count in a create only; in an update they are ignored without a word. What works is
the list that Sugar's own page sends, as form fields beside ``rest_data`` of a single ``set_entry``. It replaces the old
one, and **clears the flags that it does not name**, on rows that all contacts with the address share: so every flag
goes along. A row itself is never written.

Source of fact: recordings of a SuiteCRM 7.14.6, and for the flags SuiteCRM's own form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.contact.normal import email_key
from shared.side import Native
from shared.sugar.metadata import truthy
from shared.suitecrm.text import decoded

LINK = {"name": "email_addresses", "value": ["id", "email_address", "opt_out", "invalid_email", "primary_address"]}
NAMES = ("email1", "email2")
"""The native fields that a create takes."""
_PREFIX = "Contacts0emailAddress"


def listed(rows: Any, primary: Any) -> list[Native] | str:
    """The list in the form of the other dialect; a text, which is no list, says what is wrong.

    Args:
        rows: the linked rows, by field.
        primary: ``email1``.
    """
    first = email_key(decoded(primary)) if isinstance(primary, str) else ""
    found: list[Native] = []
    for row in rows:
        address = row.get("email_address")
        if not isinstance(address, str):
            return "an email address is missing from its row"
        address = decoded(address)
        found.append(
            {
                "email_address": address,
                "primary_address": bool(first) and email_key(address) == first,
                "opt_out": truthy(row.get("opt_out")),
                "invalid_email": truthy(row.get("invalid_email")),
            }
        )
    if first and not any(entry["primary_address"] for entry in found):
        return "the primary address is not among the linked ones"
    # The order of the rows means nothing, and may change.
    return sorted(found, key=lambda entry: (not entry["primary_address"], email_key(entry["email_address"])))


def plain(wanted: Sequence[Native]) -> list[tuple[str, str]] | None:
    """A new contact's list as its own fields, ``None`` if they cannot say it."""
    flags = any(entry.get("opt_out") or entry.get("invalid_email") for entry in wanted)
    if len(wanted) > len(NAMES) or flags:
        return None
    return [(name, entry["email_address"]) for name, entry in zip(NAMES, wanted, strict=False)]


def form(wanted: Sequence[Native]) -> list[tuple[str, str]]:
    """The form fields that make this the contact's list, the first one its primary."""
    fields = [("Contacts_email_widget_id", "0"), ("emailAddressWidget", "1"), ("useEmailWidget", "true")]
    fields += [(f"{_PREFIX}{n}", entry["email_address"]) for n, entry in enumerate(wanted)]
    if wanted:
        fields.append((f"{_PREFIX}PrimaryFlag", f"{_PREFIX}0"))
    for flag, name in (("opt_out", "OptOutFlag"), ("invalid_email", "InvalidFlag")):
        fields += [(f"{_PREFIX}{name}[]", f"{_PREFIX}{n}") for n, entry in enumerate(wanted) if entry.get(flag)]
    return fields
