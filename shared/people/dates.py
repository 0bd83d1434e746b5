"""Birthdays: ``google.type.Date`` as text and back. Pure."""

from __future__ import annotations

import re
from datetime import date

from shared.people.elements import Entry, Malformed, text

_DATE = re.compile(r"(?:([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?|--([0-9]{2})-([0-9]{2}))")


def read_date(birthday: Entry) -> str:
    """The birthday as ``YYYY-MM-DD``; where parts are missing as ``--MM-DD``, ``YYYY-MM`` or ``YYYY``.

    Raises:
        Malformed: no possible date, or only a free text.
    """
    when = birthday.get("date")
    if when is None or when == {}:
        if text(birthday, "text").strip():
            raise Malformed
        return ""
    if not isinstance(when, dict):
        raise Malformed
    year, month, day = (when.get(part, 0) for part in ("year", "month", "day"))
    if not all(type(part) is int for part in (year, month, day)):
        raise Malformed
    value = _as_text(year, month, day)
    if value is None:
        raise Malformed
    return value


def write_date(value: str) -> dict[str, int] | None:
    """The ``date`` that :func:`read_date` reads as that text; ``None`` if there is none."""
    found = _DATE.fullmatch(value.strip())
    if not found:
        return None
    year, month, day, lone_month, lone_day = (int(part or 0) for part in found.groups())
    month, day = month or lone_month, day or lone_day
    if _as_text(year, month, day) != value.strip():
        return None
    return {"year": year, "month": month, "day": day}


def _as_text(year: int, month: int, day: int) -> str | None:
    """By the rules of ``google.type.Date``: a year, a year and month, a month and day, or all three."""
    if (day and not month) or (not year and not (month and day)):
        return None
    try:
        date(year or 2000, month or 1, day or 1)
    except (ValueError, OverflowError):
        return None
    if not year:
        return f"--{month:02}-{day:02}"
    if not month:
        return f"{year:04}"
    return f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}"
