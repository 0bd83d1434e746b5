"""Conditions in SQL, as ``get_entry_list`` takes them: every column with its table, every value quoted.

The server lets only tables of email addresses into sub-selects. Characters beyond the BMP are never asked for: what
became of them, and whether it can compare them, depends on the database's character set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_WILD = re.compile(r"[\\%_]")
_WITH_ADDRESS = (
    "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr "
    "JOIN email_addresses ea ON ea.id=eabr.email_address_id "
    "WHERE eabr.deleted=0 AND eabr.bean_module='Contacts' AND ea.email_address_caps IN (%s))"
)


def quoted(value: str) -> str:
    """A text as a literal. The database takes a backslash for an escape."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """A time as a literal: UTC, whole seconds."""
    return quoted(at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"))


def ids(wanted: Sequence[str]) -> str:
    """One of these."""
    return f"contacts.id IN ({', '.join(map(quoted, wanted))})"


def since(at: datetime, after: str) -> str:
    """What was modified since; of those of the very second, only what lies behind the id."""
    begins = f"contacts.date_modified >= {moment(at)}"
    if not after:
        return begins
    return f"{begins} AND (contacts.date_modified > {moment(at)} OR contacts.id > {quoted(after)})"


def addresses(wanted: Iterable[str]) -> str:
    """Contacts with one of these email addresses, whatever their case."""
    caps = ", ".join(quoted(each) for each in sorted({address.upper() for address in wanted}))
    return _WITH_ADDRESS % caps


def names(first: str, last: str) -> list[str]:
    """Conditions of which a contact of this name meets one, that with a lone name in the wrong field included."""
    first, last = first.strip(), last.strip()
    if first and last:
        return [_both(first, last)]
    lone = first or last
    return [_both("", lone), _both(lone, "")] if lone else []


def _both(first: str, last: str) -> str:
    return f"({_is('first_name', first)} AND {_is('last_name', last)})"


def _is(column: str, value: str) -> str:
    if not value:
        return f"(contacts.{column} IS NULL OR contacts.{column} = '')"
    if _BEYOND_BMP.search(value):
        pattern = _BEYOND_BMP.sub("%", _WILD.sub(r"\\\g<0>", value))
        return f"contacts.{column} LIKE {quoted(pattern)}"
    return f"contacts.{column} = {quoted(value)}"
