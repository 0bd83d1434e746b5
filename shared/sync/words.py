"""What a plan, the history and the backlog look like to a person: the parts that their JSON has in common.

Light to import: who only reads needs neither planner nor engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from shared.contact.fields import CUSTOM_PREFIX, FIELDS, field

SideText = Literal["sugar", "google"]
KindText = Literal[
    "link",
    "update",
    "create",
    "delete",
    "tombstone",
    "revive",
    "freeze",
    "close",
    "park",
    "wait",
    "nothing",
    "undo",
    "recovered",
    "create sugar",
    "update sugar",
    "delete sugar",
    "create google",
    "update google",
    "delete google",
]
"""What history knows a change as: the action, and each write."""
ClassText = Literal[
    "cannot hold",
    "unreadable value",
    "ambiguous match",
    "already linked",
    "match outside the scope",
    "same name",
    "conflict",
    "edit loop",
    "gone from Sugar",
    "deleted and edited",
    "merged",
    "held: mass deletion",
    "held: mass clearing",
    "rejected",
    "forbidden",
    "doubtful create",
]
"""Classes of backlog entries."""
ActionText = Literal["release", "approve", "keep", "mend", "choose", "different", "delete_both", "restore", "never"]
"""What a person can have done about an entry; see :mod:`shared.sync.remedies`."""
KeepText = Literal["sugar", "google", "both"]
"""Whose value of a field is kept; ``both``: each side keeps its own, until one of them is edited."""
StatusText = Literal["done", "busy", "later", "blocked"]
"""How a run ended."""

OrderText = Literal["sync", "undo"]
"""Kinds of stored plans."""
OrderStateText = Literal["building", "ready", "started", "done", "stopped"]
"""How far a stored plan has come."""
ItemText = Literal["waiting", "done", "left out", "nothing"]
"""How far one contact of it has come."""

SHORT = 1000
"""Characters of one value in a list; the whole one stands in the row or entry itself."""


class Values(msgspec.Struct, kw_only=True):
    """One field, as both sides show it."""

    name: str
    label: str
    """What a person calls it."""
    sugar: str = ""
    google: str = ""
    base: str | None = None
    """What both sides last agreed on; ``null``: they never did."""


class ValueProblem(msgspec.Struct, kw_only=True):
    """One value that is in the way."""

    name: str
    label: str
    message: str
    """What would be right."""


class CandidateTold(msgspec.Struct, kw_only=True, frozen=True):
    """Who a candidate is, as it was when it was asked about. Long texts are cut."""

    id: str
    """As in ``candidates``."""
    name: str = ""
    email: str = ""
    """Its first one."""
    company: str = ""


class Question(msgspec.Struct, kw_only=True):
    """One thing that a person has to decide or to mend."""

    cls: str = msgspec.field(name="class")
    message: str
    remedy: str
    """What to do."""
    whole: bool
    """The contact waits as a whole; else only the fields named do, and the rest of it goes on."""
    detail: str = ""
    """The API's own words."""
    candidates: list[str] = []
    """Who it may be: ``s:`` and a Sugar id, or ``g:`` and a Google id."""
    people: list[CandidateTold] = []
    """Those of the candidates of whom more than the id is known."""
    fields: list[Values] = []
    problems: list[ValueProblem] = []


class OrderTold(msgspec.Struct, kw_only=True):
    """Where an order stands."""

    id: str
    kind: OrderText
    state: OrderStateText
    complete: bool
    """Whether it holds all that was waiting; else ask for its next part."""
    made_at: str
    expires_at: str | None
    """Past this it cannot be started any more; ``null``: it was started."""
    asked: bool
    """Whether a scheduled sync made it, because you are to be asked first."""
    contacts: int
    counts: dict[str, int]
    """Contacts by action, and writes by ``create google`` and so on."""
    waiting: int
    """Contacts still to be carried out."""
    done: int
    left_out: int


def label(name: str) -> str:
    """What a person calls the field."""
    try:
        return field(name).label
    except KeyError:
        return name


def is_field(name: str) -> bool:
    """Whether contacts can have a field of that name."""
    return name in FIELDS or name.startswith(CUSTOM_PREFIX)


def short(text: str) -> str:
    """The text, cut where it is too long for a list."""
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def questions(entries: Iterable[Mapping[str, Any]]) -> list[Question]:
    """The questions of a stored backlog document."""
    return [
        Question(
            cls=entry["class"],
            message=entry["message"],
            remedy=entry["remedy"],
            whole=entry["whole"],
            detail=entry.get("detail", ""),
            candidates=entry.get("candidates", []),
            people=msgspec.convert(entry.get("people", []), list[CandidateTold]),
            fields=[
                Values(name=c["name"], label=label(c["name"]), sugar=c["sugar"], google=c["google"], base=c["base"])
                for c in entry.get("fields", ())
            ],
            problems=[
                ValueProblem(name=p["field"], label=label(p["field"]), message=p["message"])
                for p in entry.get("problems", ())
            ],
        )
        for entry in entries
    ]
