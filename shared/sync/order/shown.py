"""What a plan comes to before a first sync, as a screen shows it. Light to import: who only asks needs no planner."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.sync.words import ClassText, OrderTold, SideText

AlikeText = Literal["duplicates sugar", "duplicates google", "evidence"]
"""The lists of who may be the same person."""


class Alike(msgspec.Struct, kw_only=True):
    """One record that is shown."""

    side: SideText
    id: str
    name: str
    company: str
    emails: list[str]
    phones: list[str]
    linked: bool
    """Whether it is one contact on both sides already."""


class AlikeGroup(msgspec.Struct, kw_only=True):
    """Records that may be one person."""

    why: list[str]
    """``email``, ``phone`` and ``name`` within a side; ``phone`` or ``name and company`` across."""
    records: list[Alike]
    """The first is the one that would be created on the other side, where it is about that. Ten at most."""


class FirstSync(msgspec.Struct, kw_only=True):
    """What a plan comes to, in counts. The lists are those of the plan itself, by kind and class."""

    plan: OrderTold
    first: bool
    """Whether nothing was linked yet when it was made."""
    matches: int
    """Contacts with the same email on both sides, which become one: kind `link`."""
    ambiguous: int
    """Contacts whose match nobody can tell for sure: they are asked about, by class."""
    creates: dict[SideText, int]
    """Contacts that would be created, by the side where: kinds `create sugar` and `create google`."""
    unheld: int
    """Contacts with a value that the other side cannot hold, or that is none."""
    asks: dict[ClassText, int]
    """Contacts that would be asked about, by class."""
    duplicates: dict[SideText, int]
    """Groups within a side that may be one person: the same email, or name and phone."""
    evidence: int
    """Contacts that would be created, though somebody on the other side has the same phone or name."""
