"""What the two sides are called, and what can be written to a contact there.

Apart from the sides' interface, because functions that only show what was done need no more than these.
"""

from __future__ import annotations

from enum import StrEnum


class SideName(StrEnum):
    """Which side."""

    SUGAR = "sugar"
    GOOGLE = "google"

    @property
    def other(self) -> SideName:
        return SideName.GOOGLE if self is SideName.SUGAR else SideName.SUGAR


class Op(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
