"""The link: what makes two records one contact, and the state that both sides last agreed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from shared.names import SideName
from shared.side import Memo
from shared.sync.plain import plain


class LinkState(StrEnum):
    LIVE = "live"
    FROZEN = "frozen"
    """One of them lies outside the scope; its base waits for it to come back."""
    TOMBSTONE = "tombstone"
    """One of them was deleted and the other stays: the pair never comes back by itself."""


class Link(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One contact on both sides.

    ``base`` is B of the design: per field, the raw value that both sides last held. A field that is
    missing was never agreed on, which is not the same as blank. ``base_emails`` holds email keys; ``None`` was never
    agreed on.
    """

    id: str
    """Also the key that is planted in Google."""
    sugar_id: str
    google_id: str
    state: LinkState = LinkState.LIVE
    base: dict[str, str] = {}
    base_emails: list[str] | None = None
    renderings: dict[SideName, dict[str, str]] = {}
    """How a side's own answer to our write showed a value of the base."""
    dropped_emails: dict[SideName, list[str]] = {}
    """Email keys that a side's own answer to our write left out."""
    memo: dict[SideName, Memo] = {}
    versions: dict[SideName, str] = {}
    """The version of each side that this link reflects."""
    deleted_on: SideName | None = None
    """With a tombstone: where the user deleted it."""
    undone: bool = False
    """With a tombstone: it was an undo that deleted it there, not its user."""
    both_gone_at: str | None = None
    epoch: int = 0
    """Of the run that last read both sides and settled what it found: what was observed by then is reflected."""
    gone: list[SideName] = []
    """Where its deletion has been proven, or was carried out; kept, because a proof is shown only once."""
    parked: bool = False
    """Quarantined as a whole: an entry in the backlog waits for a person."""
    held: list[str] = []
    """Fields whose clearing the guard holds, until a person releases them."""
    apart: dict[str, dict[SideName, str]] = {}
    """Single fields that a person wants different: by field, the raw value that each side held when that was decided.
    Each side is compared with its own; the base says nothing of them."""
    apart_emails: dict[SideName, list[str]] = {}
    """Email keys that a person wants on this side alone; never in the base."""
    writes: dict[str, list[tuple[str, SideName, str]]] = {}
    """Our own last writes of the day, by single field: when, to which side, and a hash of the value."""
    looping: list[str] = []
    """Fields that went back and forth, until a person decides."""
    different: list[str] = []
    """Subject ids of contacts that a person says are somebody else, though they look alike."""
    created: list[SideName] = []
    """Where its record was created by a sync: known also when history has forgotten."""
    entry: bool = False
    """The backlog has an entry about it, of the whole contact or of some fields."""
    intents: list[str] = []
    """Ids of the last intents whose result is in here: a recovery does not take them in twice."""

    def id_on(self, side: SideName) -> str:
        return self.sugar_id if side is SideName.SUGAR else self.google_id

    def on(self, side: SideName, record: str) -> None:
        if side is SideName.SUGAR:
            self.sugar_id = record
        else:
            self.google_id = record

    def keep_apart(self, field: str, sugar: str, google: str) -> None:
        """From now on this single field is different on purpose; for whoever carries out what a person decided."""
        self.apart[field] = {SideName.SUGAR: sugar, SideName.GOOGLE: google}

    def keep_emails_apart(self, side: SideName, keys: Iterable[str]) -> None:
        """From now on these email keys belong to that side alone."""
        private = {*keys}
        if not private:
            return
        self.apart_emails[side] = sorted({*self.apart_emails.get(side, ()), *private})
        self.base_emails = [key for key in self.base_emails or () if key not in private]

    def data(self) -> dict[str, Any]:
        built: dict[str, Any] = plain(self)
        return built

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Link:
        return msgspec.convert(dict(data), cls)

    def copy(self) -> Link:
        """Deep: what is planned on never changes what was read."""
        try:
            return msgspec.json.decode(msgspec.json.encode(self), type=Link)
        except UnicodeEncodeError:
            return Link.load(self.data())


def lives(link: Link | None) -> int:
    """1 for a link that counts, 0 for a tombstone or none."""
    return 0 if link is None or link.state is LinkState.TOMBSTONE else 1


def frozen(link: Link | None) -> int:
    """1 for a link that counts and lies outside the scope."""
    return 0 if link is None or link.state is not LinkState.FROZEN else 1


def in_sync(link: Link | None) -> int:
    """1 for a link that counts, lies in the scope, and does not wait for a person as a whole."""
    return 0 if link is None or link.state is not LinkState.LIVE or link.parked else 1
