"""``get_entry_list``: one page of contacts, in the form in which the other dialect gives them.

A row's ``email`` is made of its linked addresses, its dates get the offset that they lack (they are UTC), and texts are
decoded: from here on both dialects look alike, so that field map, feed and scope are the same.

The date does not move with a contact's emails and account. So the version of a record is its date and a digest of both,
which tells a change wherever the record is looked at: in the listing of the scope, at least.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import ProtocolError
from shared.side import Native
from shared.sugar.listing import Rows
from shared.sugar.records import modified, row_id, stamp
from shared.suitecrm import emails
from shared.suitecrm.session import SuiteSession
from shared.suitecrm.text import decoded

PAGE = 200
ACCOUNT = "account_name"
_DATES = ("date_modified", "date_entered")


def page(
    session: SuiteSession,
    name: str,
    query: str,
    fields: Sequence[str],
    *,
    order: str = "id ASC",
    deleted: bool = False,
    size: int = PAGE,
) -> Rows:
    """Asks for one page.

    Args:
        name: how messages call the listing.
        query: SQL; see :mod:`shared.suitecrm.query`.
        fields: native names, ``email`` for the addresses.
        order: columns without their table, with which they would be ignored.
        deleted: tombstones, too.

    Raises:
        ProtocolError: the answer is no page of contacts.
    """
    arguments = {
        "module_name": "Contacts",
        "query": query,
        "order_by": order,
        "offset": 0,
        "select_fields": _asked(fields),
        "link_name_to_fields_array": [emails.LINK],
        "max_results": size,
        "deleted": int(deleted),
        "favorites": False,
    }
    reply = session.read("get_entry_list", arguments, name=name)
    found = reply.value if isinstance(reply.value, dict) else {}
    entries, related = found.get("entry_list"), found.get("relationship_list")
    if not isinstance(entries, list) or not isinstance(related, list):
        raise ProtocolError(name, "entry_list or relationship_list is missing from the answer, or not a list")
    if len(entries) != len(related):
        # Taken for contacts without addresses, they would lose theirs on the other side.
        raise ProtocolError(name, "relationship_list does not belong to entry_list")
    rows = tuple(_row(entry, linked, name) for entry, linked in zip(entries, related, strict=True))
    return Rows(rows, _is_last(len(rows), found.get("total_count"), size, name), reply.asked_at)


def version(row: Native, call: str) -> str:
    """The date, and a digest of what changes without it."""
    mail = row.get("email")
    known = [
        [email["email_address"], email["opt_out"], email["invalid_email"], email["primary_address"]]
        for email in (mail if isinstance(mail, list) else ())
    ]
    text = json.dumps([known, row.get(ACCOUNT) or ""])
    return f"{stamp(modified(row, call))}~{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def _asked(fields: Sequence[str]) -> list[str]:
    """As the server calls them. The account always comes along, as it is part of the version."""
    names = [name for name in fields if name != "email"]
    return list(dict.fromkeys((*names, "email1", ACCOUNT)))


def _row(entry: Any, linked: Any, call: str) -> Native:
    values = entry.get("name_value_list") if isinstance(entry, dict) else None
    if not isinstance(values, dict):
        raise ProtocolError(call, "name_value_list of a record is missing, or not an object")
    row: Native = {name: _value(each, call) for name, each in values.items()}
    row["id"] = entry.get("id", row.get("id"))
    row_id(row, call)
    for name in _DATES:
        if isinstance(row.get(name), str) and row[name]:
            row[name] = row[name].replace(" ", "T", 1) + "+00:00"
    # Where there is no account the server leaves it out.
    row.setdefault(ACCOUNT, "")
    row[ACCOUNT] = row[ACCOUNT] or ""
    primary = row.pop("email1", "")
    row["email"] = emails.listed(_linked(linked, call), primary)
    return row


def _value(raw: Any, call: str) -> Any:
    if not isinstance(raw, Mapping) or "value" not in raw:
        raise ProtocolError(call, "a field of a record has no value")
    value = raw["value"]
    return decoded(value) if isinstance(value, str) else value


def _linked(raw: Any, call: str) -> list[Native]:
    """The rows of the linked addresses; of a contact without any the whole link is left out."""
    links = raw.get("link_list") if isinstance(raw, dict) else None
    if not isinstance(links, list):
        raise ProtocolError(call, "link_list of a record is missing, or not a list")
    found: list[Native] = []
    for link in links:
        records = link.get("records") if isinstance(link, dict) else None
        if not isinstance(records, list):
            raise ProtocolError(call, "the linked records are missing, or not a list")
        for record in records:
            values = record.get("link_value") if isinstance(record, dict) else None
            if not isinstance(values, dict):
                raise ProtocolError(call, "a linked record is not an object")
            found.append({name: _value(each, call) for name, each in values.items()})
    return found


def _is_last(count: int, total: Any, size: int, call: str) -> bool:
    """``next_offset`` says nothing. ``total_count`` does, unless the instance does not count (-1)."""
    try:
        if isinstance(total, bool | float):
            raise TypeError
        known = int(total)
    except (TypeError, ValueError):
        raise ProtocolError(call, "total_count is missing from the answer, or not a number") from None
    return known <= count if known >= 0 else count < size
