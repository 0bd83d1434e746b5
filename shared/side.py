"""The one small interface through which the sync knows the two sides.

A *side* is a CRM dialect or Google. It observes (which contacts may differ), reads by id (the truth),
and applies writes. Its :class:`FieldMap` is pure: it turns native records into canonical contacts and
canonical changes into native payloads, and knows what the side can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from shared.contact.model import Contact
from shared.errors import AmbiguousError, ContactError, SyncError
from shared.names import Op, SideName

Native = dict[str, Any]
"""A record exactly as the API gave it, JSON."""

Cursor = dict[str, Any]
"""Where a feed goes on; opaque to everybody but its side, JSON, stored in the head."""

Memo = dict[str, Any]
"""What a field map remembers of a linked record (which element stands for which slot), JSON, stored in the link."""

Gate = Callable[[float], None]
"""Asked before every call to the outside with the call's time-out in seconds; raises ``OutOfTime``."""


class Idempotency(StrEnum):
    """What keeps a repeated create from doubling a contact."""

    PLANTED_KEY = "planted key"
    """Our key is stored inside the record and shows up in the feed (Google)."""
    CHOSEN_ID = "chosen id"
    """The client chooses the id; where the first request arrived, a repeat fails (the older Sugar dialect)."""
    SEARCH = "search"
    """Nothing: candidates are searched by who created what since when (Sugar v11)."""


# -- observing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a feed: this contact may differ. It never carries the truth."""

    id: str
    version: str = ""
    """The record's version as listed, comparable with :attr:`Record.version` by equality only."""
    deleted: bool = False
    """The feed showed a tombstone."""
    in_scope: bool = True
    """As far as the listed row tells; a missing scope field means out."""
    terms: tuple[str, ...] = ()
    """Index terms (``contact.terms``) of the row as listed."""
    planted: tuple[str, ...] = ()
    """Our keys found inside the row."""
    previous_ids: tuple[str, ...] = ()
    """Ids under which the same record was known before."""


class Feed(StrEnum):
    """Which kind of listing a page belongs to."""

    FULL = "full"
    """Every contact in scope (Sugar) or every contact (Google), to the end."""
    DELTA = "delta"
    """What changed since the last complete delta or full listing."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed. Its keys and its cursor are saved in the same commit."""

    feed: Feed
    keys: tuple[Key, ...]
    last: bool
    """The listing ended with this page."""
    began_at: datetime
    """When the listing that this page belongs to asked for its first page."""
    cursor: Cursor | None
    """Where this listing goes on; ``None`` after its last page."""
    delta: Cursor | None
    """Set on a last page: from where the next delta starts. ``None`` there means: keep the one you have."""


# -- reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """One contact, read fresh."""

    id: str
    version: str
    """What the next write is guarded by, and what later listings are compared with."""
    native: Native
    in_scope: bool
    barred: bool = False
    """The user has put it aside: it is out of the scope, which has no further consequence for the other side."""
    admitted: bool = True
    """May be created on the other side, as far as this side's own rules tell."""
    settled: bool = True
    """No later edit can carry this version. False where versions are whole seconds and the read was too soon."""
    planted: tuple[str, ...] = ()
    previous_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A direct read did not find it. ``proven``: the side itself said that it was deleted."""

    proven: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """What a contact that is about to be created is looked up by."""

    emails: tuple[str, ...]
    first_name: str
    last_name: str


# -- writing -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """One write, frozen in the journal before it is sent."""

    intent: str
    op: Op
    payload: Native
    """From the field map; empty for a delete."""
    id: str = ""
    """The record; for a create the id that was chosen for it, blank where the server chooses."""
    version: str = ""
    """The version that the plan was made from; the write must fail if it moved, where the API can tell."""
    before: Native | None = None
    """The record as read for the plan."""
    key: str = ""
    """Our key; already inside the payload where the side plants keys."""
    tries: int = 0
    """How often it was sent before, with an outcome that stayed unknown: it may be what makes its call fail, so it goes
    last, and in a call of its own."""


@dataclass(frozen=True, slots=True)
class Done:
    """It happened. ``record`` is the write's own answer, or where the API gives none, a read right after; ``None`` for
    a delete."""

    record: Record | None
    edited: frozenset[str] = frozenset()
    """Fields in which that read shows what cannot have become of our write: somebody edited them since."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no; nothing was written."""

    error: ContactError


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have happened, or may yet."""

    error: AmbiguousError


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proven not to have happened; ``error`` is why (retriable or fatal)."""

    error: SyncError
    suspect: ContactError | None = None
    """The server failed at this very contact, and nothing else went through that would tell whether it fails with
    everything: what it comes to if that goes on."""


Outcome = Done | Refused | InDoubt | NotSent


# -- the pure half -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capability:
    """What a side can do with one field. A field that is missing from a map does not exist on that side."""

    readable: bool = True
    writable: bool = True
    max_length: int | None = None
    """Characters, of one value."""
    required: bool = False
    native: str = ""
    """The native field's name, for tables and messages."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that a side shows but that is none, or a value that a side cannot hold."""

    field: str
    message: str
    """Says what would be right; without the value."""


@dataclass(frozen=True, slots=True)
class View:
    """A native record as a canonical contact."""

    contact: Contact
    memo: Memo
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """How a record that is gone is made again from its before-image."""

    payload: Native
    lost: tuple[str, ...]
    """What does not come back, for a person: ``the photo``."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """A record in which a write of ours is taken back."""

    record: Native
    """As it is to read."""
    back: tuple[str, ...]
    """The fields that are put back."""
    edited: tuple[str, ...]
    """Those that do not show any more what was written: they stay."""


class FieldMap(Protocol):
    """Pure: no I/O, no clock. One instance per user and side, made from the settings and the instance's metadata."""

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """By canonical field name, ``emails`` included. Switched-off fields are missing."""
        ...

    def view(self, native: Native, memo: Memo, other: Contact | None) -> View:
        """The record as a contact.

        Args:
            memo: what :attr:`View.memo` of the link's last view said; ``{}`` for a contact not linked yet.
            other: the other side's contact (or the one just written), which tells the elements of a record that is
                not linked yet apart: an equal value pairs before an equal type does.
        """
        ...

    def check(self, target: Contact, fields: Collection[str]) -> tuple[Problem, ...]:
        """What of these fields the side cannot hold (too long, not valid there, required and blank)."""
        ...

    def unheld(self, field: str, value: str) -> bool:
        """Whether the side cannot show this one value, so that it is owed nothing (a birthday without a year)."""
        ...

    def renderings(self, contact: Contact) -> tuple[Mapping[str, str], ...]:
        """The listed lossy transformations: how this side may show parts of this contact.

        Each mapping is one rendering of a group of fields, and applies only if the side shows all of it, e.g.
        ``{"first_name": "", "last_name": "Cher"}`` in Sugar for a lone given name.
        """
        ...

    def without(self, native: Native, fields: Collection[str]) -> Native:
        """The record with nothing in it that tells the value of these fields; rather too little than too much."""
        ...

    def create(self, target: Contact, key: str) -> Native:
        """The payload that creates it, with what makes it lie inside the scope, and our key where keys are planted."""
        ...

    def update(self, native: Native, memo: Memo, target: Contact, changed: Collection[str], key: str) -> Native:
        """The payload that makes ``changed`` fields of the record read like ``target`` and leaves all else as it is.

        ``key`` is planted along where the side plants keys and it is not there yet. ``changed`` is never empty.
        """
        ...

    def restore(self, native: Native, key: str) -> Restored:
        """The payload that makes the record again with everything that the API lets be written, switched-off fields
        and such that are not synced included, and our key where keys are planted."""
        ...

    def put_back(
        self, native: Native, memo: Memo, before: Native, after: Native, names: Collection[str], *, exact: bool
    ) -> PutBack:
        """The record with these fields as they were ``before`` a write that left it reading like ``after``.

        Where what holds them still reads exactly like ``after``, it becomes exactly what it was; else each field goes
        back by its value, if it still shows that.

        Args:
            exact: ``after`` is the write's own answer; else it was read later, and may hold others' edits.
        """
        ...

    def rewrite(self, native: Native, wanted: Native) -> Native:
        """The payload that makes the record read like ``wanted`` in all that can be written; empty if it does."""
        ...


class Side(Protocol):
    """A side as the sync uses it. Every method may raise ``FatalError`` and ``RetriableError`` but ``apply``."""

    name: SideName
    idempotency: Idempotency
    fields: FieldMap
    bulk_size: int
    """How many writes go into one call; a side that adapts it is given the last value back in the next run."""

    def start_full(self) -> Cursor:
        """The cursor of a new full listing; no call is made."""
        ...

    def page(self, cursor: Cursor) -> Page:
        """The next page of the listing or delta that the cursor belongs to.

        Raises:
            CursorExpired: list everything again.
        """
        ...

    def read(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """All of these, fresh, every id answered."""
        ...

    def read_whole(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """The same, each record with everything that :meth:`FieldMap.restore` could make it again from; empty where
        every read shows that."""
        ...

    def find(self, probes: Sequence[Probe]) -> list[Record]:
        """Contacts among **all** that the user can see, in scope or not, with an email of a probe, or (for a probe
        without emails) the same first and last name. May return more; the caller compares. Empty where the index of
        a full listing knows all contacts already."""
        ...

    def choose_id(self, fresh: str) -> str:
        """The id for a record that is about to be created, made from a text that nobody has used yet; blank where the
        server chooses ids. No call is made."""
        ...

    def created_since(self, since: datetime, probes: Sequence[Probe]) -> list[Record]:
        """Contacts that this user created since then, with an email or the last name of a probe. Only where creates
        are recovered by search."""
        ...

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries the writes out, in as few calls as possible; one outcome each, in order. Never raises for what the
        other end did: after a fatal error the rest is ``NotSent``. Never sends a write twice, unless a definite
        answer proves that it did not happen."""
        ...

    def complete(self, records: Sequence[Record]) -> None:
        """Does what goes along with an update (a label), for updates that turned out to have happened. Never raises
        for what the other end did."""
        ...
