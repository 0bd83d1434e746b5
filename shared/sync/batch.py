"""What a plan is made from, and what it answers for."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.store.port import Doc
from shared.sync.link import Link
from shared.sync.plan.model import Candidate, Subject
from shared.sync.queue import Dirty


@dataclass(frozen=True, slots=True)
class Moved:
    """Backlog documents under names that a contact without link went by before."""

    along: Doc | None
    """The one that moves to the present name, as it is stored."""
    to: Doc | None
    """The same under that name."""
    rest: tuple[Doc, ...]
    """Those that have served."""


@dataclass
class Batch:
    """At most so many contacts, read fresh from both sides."""

    subjects: list[Subject] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    keys: dict[str, list[Dirty]] = field(default_factory=dict)
    """The dirty keys that each subject (by key) answers for."""
    reflected: list[Dirty] = field(default_factory=list)
    """Keys whose version a link already reflects: nothing to read, to be cleared."""
    entries: dict[str, Doc] = field(default_factory=dict)
    """Backlog documents of the subjects, by backlog id."""
    moved: dict[str, Moved] = field(default_factory=dict)
    """By subject (by key): entries of contacts without link that were renamed."""
    orphans: set[str] = field(default_factory=set)
    """Records in Google that read as one of ours was sent, while that contact's own record is gone."""
    beside: dict[str, Link] = field(default_factory=dict)
    """Records in Google without link that carry our key, by id, with the link of that key, whose own record lives."""
    stored: dict[str, Link] = field(default_factory=dict)
    """The links as they are stored, by id: only what differs is written."""
    early: bool = False
    """There was no room for everybody who is gone."""
    looked_up: int = 0

    @property
    def all_keys(self) -> list[Dirty]:
        """Those that it answers for, and those that are reflected."""
        return [*(key for keys in self.keys.values() for key in keys), *self.reflected]

    def doubts(self, key: str) -> int:
        """How many writes of this subject (by key) came to no known end."""
        return max((each.doubts for each in self.keys.get(key, ())), default=0)
