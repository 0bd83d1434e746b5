"""``POST /Contacts/filter``: one page of a listing, checked, and the keyset walk over all of them.

Pages are never asked for by offset: rows that move while the listing goes on would be skipped. Every page asks for what
lies behind the last row of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import ProtocolError
from shared.side import Native
from shared.sugar.records import row_id
from shared.sugar.session import SugarSession

PAGE = 200
"""Rows asked for; the instance may give fewer."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Rows:
    """One page."""

    rows: tuple[Native, ...]
    """Each with an id."""
    last: bool
    """Nothing lies behind it."""
    asked_at: datetime
    """Server time at which the server began to answer."""


def page(
    session: SugarSession,
    name: str,
    clauses: Sequence[Any],
    fields: Sequence[str],
    order: str,
    *,
    deleted: bool = False,
    size: int = PAGE,
) -> Rows:
    """Asks for one page.

    Args:
        name: how messages call the listing.
        deleted: tombstones, too.

    Raises:
        ProtocolError: the answer is no page of records.
    """
    body: dict[str, Any] = {"filter": list(clauses), "fields": ",".join(fields), "order_by": order, "max_num": size}
    if deleted:
        body["deleted"] = True
    answer = session.read("POST", "/Contacts/filter", name=name, body=body)
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        raise ProtocolError(name, "the answer is not JSON") from None
    rows = found.get("records") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise ProtocolError(name, "records is missing from the answer, or not a list")
    for row in rows:
        row_id(row, name)
    return Rows(tuple(rows), _is_last(found.get("next_offset"), name), answer.asked_at)


def walk(
    session: SugarSession, name: str, clauses: Sequence[Any], fields: Sequence[str], *, most_pages: int
) -> Iterator[Rows]:
    """All pages of a listing in the order of ids.

    Raises:
        ProtocolError: it does not come to an end.
    """
    after = ""
    for _ in range(most_pages):
        found = page(session, name, [*clauses, *behind(after)], fields, "id:ASC")
        check_ids(found, after, name)
        yield found
        if found.last:
            return
        after = str(found.rows[-1]["id"])
    raise ProtocolError(name, f"the listing did not end after {most_pages} pages")


def behind(after: str) -> list[Any]:
    """The clause for what lies behind an id."""
    return [{"id": {"$gt": after}}] if after else []


def check_ids(found: Rows, after: str, name: str) -> None:
    """That the page goes on behind ``after``, in order.

    Order can only be judged between ids of Sugar's own form: others sort as the database's collation says.

    Raises:
        ProtocolError: it does not, so that rows would be missed or come for ever.
    """
    previous = after
    for row in found.rows:
        current = row["id"]
        if current == after or not in_order(previous, current):
            raise ProtocolError(name, "the rows do not come in the order that was asked for")
        previous = current
    if not found.rows and not found.last:
        raise ProtocolError(name, "an empty page that is not the last one")


def in_order(previous: str, current: str) -> bool:
    """Whether one id may follow the other."""
    if _GUID.fullmatch(previous) and _GUID.fullmatch(current):
        return previous < current
    return previous != current


def _is_last(next_offset: Any, name: str) -> bool:
    """``next_offset`` is -1 at the end; older instances may give numbers as text."""
    try:
        if isinstance(next_offset, bool | float):
            raise TypeError
        return int(next_offset) < 0
    except (TypeError, ValueError):
        raise ProtocolError(name, "next_offset is missing from the answer, or not a number") from None
