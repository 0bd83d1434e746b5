"""What every record of Sugar has, read with suspicion: its id, its date, whether it is deleted, whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.errors import ProtocolError
from shared.side import Native, Record
from shared.sugar.metadata import truthy

SCOPES = ("assigned", "favorites", "mail_client", "all")
SCOPE_FIELDS = {"assigned": "assigned_user_id", "favorites": "my_favorite", "mail_client": "sync_contact"}
"""The field that decides whether a contact takes part, by scope; ``all`` has none."""

MAX_ID = 200
"""Characters; Sugar's own ids have 36."""
ALWAYS = ("id", "date_modified", "deleted", *SCOPE_FIELDS.values())
"""Asked along with every listing and read."""

_SETTLED = timedelta(seconds=2)
"""Dates are whole seconds: an edit within the same second, or one that a slightly slow clock dates back, would carry
the same version."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts take part, for one Sugar user."""

    name: str
    me: str
    """The id of the user."""

    def __post_init__(self) -> None:
        if self.name not in SCOPES:
            raise ValueError(f"no such scope: {self.name}")
        if not self.me:
            raise ValueError("a scope needs the id of its user: contacts that belong to nobody must not match")

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether the row lies inside; a missing field means no."""
        if self.name == "all":
            return True
        value = row.get(SCOPE_FIELDS[self.name])
        return value == self.me if self.name == "assigned" else truthy(value)

    def filter(self, stored: Callable[[str], bool]) -> list[Any]:
        """Clauses that narrow a listing to the scope, as far as the server can: a clause on a field that the database
        does not hold would be dropped without a word, and is left to :meth:`holds`."""
        if self.name == "assigned":
            return [{"assigned_user_id": {"$equals": self.me}}]
        if self.name == "favorites":
            return [{"$favorite": ""}]
        if self.name == "mail_client" and stored("sync_contact"):
            return [{"sync_contact": {"$equals": 1}}]
        return []

    def mark(self) -> Native:
        """What a new contact is written with so that it lies inside (and belongs to its user in any case)."""
        flags: dict[str, Native] = {"favorites": {"my_favorite": True}, "mail_client": {"sync_contact": True}}
        return {"assigned_user_id": self.me, **flags.get(self.name, {})}


def instant(text: Any) -> datetime | None:
    """The moment that an ISO 8601 text with an offset means, in UTC; ``None`` if it is no such text."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def stamp(moment: datetime) -> str:
    """UTC, whole seconds: ``YYYY-MM-DDTHH:MM:SSZ``. Two stamps compare as text like the moments do."""
    return _whole(moment) + "Z"


def asked(moment: datetime) -> str:
    """A moment as filters are asked with: the form that Sugar's own answers have, an offset and no letter."""
    return _whole(moment) + "+00:00"


def _whole(moment: datetime) -> str:
    """UTC, whole seconds. Not by ``strftime``, whose years before 1000 have fewer digits on some systems."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def row_id(row: Any, call: str) -> str:
    """The id of a listed row.

    Raises:
        ProtocolError: it has none, or one that is none; skipping it could look as if the contact were not there.
    """
    found = row.get("id") if isinstance(row, dict) else None
    if not isinstance(found, str) or not found:
        raise ProtocolError(call, "id is missing from a record")
    if len(found) > MAX_ID or not found.isprintable():
        raise ProtocolError(call, f"the id of a record must have at most {MAX_ID} characters, all of them printable")
    return found


def modified(row: Mapping[str, Any], call: str) -> datetime:
    """When the record was last modified.

    Raises:
        ProtocolError: it does not say so in ISO 8601 with an offset.
    """
    moment = instant(row.get("date_modified"))
    if moment is None:
        raise ProtocolError(call, "date_modified of a record is missing, or not an ISO 8601 date with an offset")
    return moment.replace(microsecond=0)


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Whether the row is a tombstone."""
    return truthy(row.get("deleted"))


def record(row: Native, call: str, *, in_scope: bool, asked_at: datetime, version: str = "") -> Record:
    """A record as read, or as a write's answer holds it.

    Args:
        version: what tells its states apart, where that is more than the date.
        asked_at: server time at which the server began to answer.

    Raises:
        ProtocolError: it has no id or no date.
    """
    moment = modified(row, call)
    return Record(
        id=row_id(row, call),
        version=version or stamp(moment),
        native=row,
        in_scope=in_scope,
        settled=asked_at - _SETTLED >= moment,
    )
