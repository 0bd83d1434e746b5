"""What the planner is given, and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from shared.contact.fields import EMAILS, Kind
from shared.contact.fields import field as canonical
from shared.contact.model import Contact
from shared.names import Op, SideName
from shared.side import FieldMap, Native, Problem, Record
from shared.sync.link import Link
from shared.sync.plan.verdict import Verdict
from shared.sync.remedies import Remedy
from shared.sync.settings import Direction, Settings
from shared.sync.words import CandidateTold, KeepText

BOTH = "both"
"""An answer that keeps each side's own value."""

# -- given -------------------------------------------------------------------------------------------


class Presence(StrEnum):
    NONE = "none"
    """This subject has no record there, as far as is known."""
    PRESENT = "present"
    GONE = "gone"
    """Deleted, with proof: a tombstone or absence from a complete list, and a direct read agrees."""
    MISSING = "missing"
    """A direct read did not find it; nothing proves that it was deleted."""


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a subject, freshly read."""

    presence: Presence = Presence.NONE
    id: str = ""
    record: Record | None = None
    seen_at: str = ""
    """When its change was first seen, ISO 8601; blank if no change of it is known."""
    merged_into: str = ""
    """Gone, because that side says that it is this other, linked record now."""
    missed_at: str | None = None
    """Missing: when a read first did not find it, ISO 8601; blank, if this is the first; ``None``: nothing waits."""

    @property
    def there(self) -> Record | None:
        return self.record if self.presence is Presence.PRESENT else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person wants done about the contact's entry in the backlog, and what they had before their eyes."""

    remedy: Remedy
    shown: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The fields whose value can be chosen, each as the entry showed it: Sugar's and Google's."""
    versions: Mapping[SideName, str] = field(default_factory=dict)
    """Of the records that the entry was about."""
    asked: str = ""
    """The entry's class."""
    whole: bool = True
    """The entry quarantined the whole contact."""

    def keeps(self, name: str, sugar: str, google: str) -> KeepText | None:
        """Whose value of this field is to be kept; ``None`` if nothing was said, or about other values."""
        return self.remedy.answers.get(name) if self.shown.get(name) == (sugar, google) else None


@dataclass(frozen=True, slots=True)
class Subject:
    """One contact of the batch."""

    key: str
    """The link's id; for a contact without link the id that its link would get."""
    sugar: Half
    google: Half
    link: Link | None = None
    parked: bool = False
    """An entry of the backlog quarantines it as a whole."""
    released: bool = False
    """A person let its entry go: a match that was asked about along with it is let go too."""
    answer: Answer | None = None
    """What that person wants done."""
    never: bool = False
    """A person wants it never synced."""
    different: frozenset[str] = frozenset()
    """Subject ids of contacts on the other side that a person says are somebody else."""
    blocked: frozenset[SideName] = frozenset()
    """A claim of a colleague, or a create in doubt, forbids creating there for now."""
    exempt: bool = False
    """The guard asks nothing about it."""
    approved: frozenset[str] = frozenset()
    """What the guard would hold and a person approved: fields that are cleared, by name, or that it is deleted."""
    held: frozenset[str] = frozenset()
    """What the guard held when the plan that is carried out was made, named like those: it stays held, and does not
    count against what the plan let pass."""
    untold: bool = False
    """It has no link, and a read has shown it by a name of which neither changes nor a listing have told yet."""
    unsure: str = ""
    """Why its match cannot be told, though there may be one; blank: it can."""
    unfound: frozenset[SideName] = frozenset()
    """Where somebody who may be the same person, or that one's match, was not found of late, though nothing proves that
    they are gone."""
    doubt: bool = False
    """A write of an earlier run may yet happen."""
    early: bool = False
    """It has no link, or one that does not know this name yet: not everybody who is gone has been looked at."""

    def half(self, side: SideName) -> Half:
        return self.sugar if side is SideName.SUGAR else self.google

    @property
    def vanished(self) -> SideName | None:
        """Where the record of a linked contact is gone, while the other one is there."""
        gone = (side for side in SideName if self.half(side).presence is Presence.GONE and self.half(side.other).there)
        return next(gone, None) if self.link is not None else None

    @property
    def lost(self) -> SideName | None:
        """Where a contact without link was not found, though nothing proves that it is gone."""
        missing = (side for side in SideName if self.half(side).presence is Presence.MISSING)
        return next(missing, None) if self.link is None else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be the same person as a subject without link, freshly read."""

    side: SideName
    record: Record
    link: Link | None
    parked: bool = False
    """An entry of the backlog quarantines it."""
    never: bool = False
    """A person wants it never synced."""
    different: frozenset[str] = frozenset()
    """As with subjects."""
    doubt: bool = False
    """A create of an earlier run was made from it, or may have made it, and may yet happen; or whose it is shows only
    once its name is told of."""


@dataclass(frozen=True)
class Env:
    """Everything else that the plan depends on."""

    settings: Settings
    fields: Mapping[SideName, FieldMap]
    names: tuple[str, ...]
    """The canonical fields that are switched on."""
    listed: Mapping[SideName, bool]
    """Whether a complete listing of that side has been seen."""
    now: str = ""
    """When the run began, ISO 8601; it decides only whether what our own writes tell is of the last day, and how long a
    contact without link has not been found."""

    def direction(self, source: SideName) -> Direction:
        """The switches of what this side may do to the other."""
        return self.settings.from_sugar if source is SideName.SUGAR else self.settings.from_google

    def kind(self, name: str) -> Kind:
        return Kind.EMAILS if name == EMAILS else canonical(name).kind


# -- answered ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What was decided for one field that differs, or was held."""

    name: str
    verdict: Verdict
    sugar: str
    google: str
    base: str | None
    why: str
    """``changed in Sugar``, ``blank in Google``, ``conflict: Sugar wins`` ...: for a person."""
    loser: str | None = None
    """The value that a conflict, or a person's decision, overwrites."""
    decided: bool = False
    """A person has decided just this: no guard asks again."""

    @property
    def clears(self) -> bool:
        """The write blanks a value that was there, and nobody has decided so."""
        target = self.verdict.target
        if target is None or self.decided:
            return False
        before, after = (self.sugar, self.google) if target is SideName.SUGAR else (self.google, self.sugar)
        return bool(before) and not after


class Undone(msgspec.Struct, kw_only=True):
    """What a write that takes something back leaves behind; frozen with it in the journal."""

    rows: list[str] = []
    """The history rows that are taken back."""
    apart: dict[str, tuple[str, str, str]] = {}
    """By single field: what the written side shows then, what the other one held when it was last agreed on, and what
    it holds once it has been written along."""
    emails: list[str] = []
    """Email keys that come or go on the written side."""
    own_emails: list[str] = []
    """All that it holds then."""
    other_emails: list[str] = []
    """All that the other side held when that was planned."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write that the plan wants."""

    side: SideName
    op: Op
    payload: Native
    id: str = ""
    version: str = ""
    before: Native | None = None
    target: Contact | None = None
    """The contact as that side should show it afterwards."""
    changed: tuple[str, ...] = ()
    own: bool = False
    """An edit made for a person on this side alone: the other one does not hold it, so the base stays."""
    undone: Undone | None = None
    """It takes something back: both sides need not hold the same afterwards."""
    tries: int = 0
    """How often it was sent before in vain, as far as can be told."""
    first_at: str = ""
    """When it was sent for the first time, if it was sent before."""


class Action(StrEnum):
    """What happens to a contact, as a noun that a user reads."""

    NOTHING = "nothing"
    LINK = "link"
    UPDATE = "update"
    CREATE = "create"
    DELETE = "delete"
    TOMBSTONE = "tombstone"
    REVIVE = "revive"
    FREEZE = "freeze"
    CLOSE = "close"
    PARK = "park"
    UNDO = "undo"
    WAIT = "wait"


class Trouble(StrEnum):
    """Classes of backlog entries; each has its own remedies."""

    CANNOT_HOLD = "cannot hold"
    UNREADABLE = "unreadable value"
    AMBIGUOUS = "ambiguous match"
    ALREADY_LINKED = "already linked"
    OUT_OF_SCOPE_MATCH = "match outside the scope"
    SAME_NAME = "same name"
    CONFLICT = "conflict"
    LOOP = "edit loop"
    GONE_FROM_SUGAR = "gone from Sugar"
    DELETED_AND_EDITED = "deleted and edited"
    MERGED = "merged"
    HELD_DELETE = "held: mass deletion"
    HELD_CLEARING = "held: mass clearing"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden"
    DOUBTFUL_CREATE = "doubtful create"


@dataclass(frozen=True, slots=True)
class Entry:
    """A backlog entry as planned; attempts and times are added when it is stored."""

    trouble: Trouble
    message: str
    fields: tuple[FieldChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    candidates: tuple[str, ...] = ()
    """Subject ids of the candidates (``s:...``, ``g:...``)."""
    people: tuple[CandidateTold, ...] = ()
    """Those of them that are known; see :mod:`shared.sync.who`."""
    whole: bool = True
    """The contact is quarantined; else only the fields named are parked."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen to one subject, and why."""

    subject: Subject
    action: Action
    why: str
    steps: tuple[Step, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    link: Link | None = None
    """The link as it will be if every step succeeds, apart from what the answers add; ``None``: no link."""
    entries: tuple[Entry, ...] = ()
    asleep: bool = False
    """A switch or a rule holds something back: a change of settings has to look again."""
    wait_seconds: float | None = None
    """With WAIT: look again after so long."""
    joined: tuple[str, ...] = ()
    """Other subjects of the batch, by key, that this decision has taken in."""
    frozen: bool = False
    """It carries out what an earlier run has frozen: what the records show beyond that is not settled by it."""
    lost: tuple[str, ...] = ()
    """What does not come back with a record that is made again."""
    undoes: tuple[str, ...] = ()
    """The history rows that it takes back."""

    @property
    def deletes(self) -> bool:
        return any(step.op is Op.DELETE for step in self.steps)
