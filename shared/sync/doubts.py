"""What earlier runs have left in doubt, sorted before the batch is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from shared.names import SideName
from shared.side import Record
from shared.sync.head import Sent
from shared.sync.journal import Intent
from shared.sync.link import Link
from shared.sync.plan.model import Half, Subject

Place = tuple[SideName, str]
"""A record: its side and its id there."""


@dataclass
class Doubts:
    """What recovery knows before the batch is read."""

    intents: list[Intent] = field(default_factory=list)
    """Of records that exist, as far as is known: a fresh read decides."""
    unlinked: list[Intent] = field(default_factory=list)
    """Updates that were to go along with a new link, which was not stored."""
    found: dict[str, Link] = field(default_factory=dict)
    """Creates that did happen, as links not stored yet."""
    waiting: list[Intent] = field(default_factory=list)
    resting: list[Intent] = field(default_factory=list)
    """Creates that never arrived, and have been sent so often that others go first (:mod:`shared.sync.patience`)."""
    resend: list[Intent] = field(default_factory=list)
    unclear: list[tuple[Intent, tuple[str, ...]]] = field(default_factory=list)
    """Creates that a person has to look at: with several or unlike candidates, as subject ids; or with none, where the
    server fails at them."""
    suspects: dict[Place, Intent] = field(default_factory=dict)
    """Records that may be what a create has made, though they do not read as it was sent (its user may have edited
    it): nothing is made of them either until that is clear, or the contact would stand twice where it came from."""
    remaking: list[Intent] = field(default_factory=list)
    """Records that an undo may yet make again."""
    given_up: list[Intent] = field(default_factory=list)
    """Those that it has not made, as far as can be told: whoever wants them still sends them anew."""
    unclear_again: dict[str, tuple[Intent, tuple[str, ...]]] = field(default_factory=dict)
    """By link: those that it may have made, with candidates as subject ids."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """By key: creates of which a copy may land yet."""
    closed: list[str] = field(default_factory=list)
    """Intents whose result is committed already."""
    removed: Counter[str] = field(default_factory=Counter)
    """What those count for the guard."""

    def wait_along(self) -> None:
        """Nobody sends anew what is made again while other creates on that side are in doubt: until somebody can, it
        may still land, and then it is known as ours."""
        busy = {op.side for op in (*self.waiting, *self.resend)}
        self.remaking += [op for op in self.given_up if op.side in busy]
        self.given_up = [op for op in self.given_up if op.side not in busy]

    @property
    def links(self) -> set[str]:
        """The links with writes in doubt."""
        return {op.key for op in self.intents} | set(self.unclear_again)

    @property
    def sources(self) -> dict[Place, Intent]:
        """The records that creates in doubt were made from."""
        return {source(op): op for op in (*self.going, *(op for op, _ in self.unclear))}

    @property
    def going(self) -> list[Intent]:
        """The creates in doubt that may still become what they were to be."""
        return [*self.waiting, *self.resting, *self.resend]

    @property
    def wanted(self) -> list[Place]:
        """What is to be read, whatever the queue holds."""
        unclear = [op for op, _ in self.unclear]
        return [
            *(source(op) for op in (*self.resend, *unclear)),
            *((op.side, op.record) for op in self.unlinked),
            *(place for place, op in self.suspects.items() if op in unclear),
        ]

    def blocked(self, sugar: Half, google: Half) -> frozenset[SideName]:
        """Where this contact is not to be created for now: sides with a create in doubt, unless it is its own one."""
        sides = frozenset(op.side for op in (*self.waiting, *self.resend, *self.remaking))
        halves = {SideName.SUGAR: sugar, SideName.GOOGLE: google}
        own = {op.side for op in self.resend if is_named(halves[op.side.other], source(op)[1])}
        return sides - own

    def made_from(self, subject: Subject) -> Intent | None:
        """The create in doubt whose source this is."""
        return self._of(subject, self.sources)

    def suspected(self, subject: Subject) -> Intent | None:
        """The create in doubt that may have made this."""
        return self._of(subject, self.suspects)

    def speaks_for(self, side: SideName, record: Record) -> bool:
        """Whether a create was made from this record, or may have made it, and nothing shows yet whether it happened:
        nobody else is to link it."""
        waiting = [source(op) for op in (*self.waiting, *self.resting)]
        waiting += [place for place, op in self.suspects.items() if op in self.waiting]
        return any((side, name) in waiting for name in (record.id, *record.previous_ids))

    @staticmethod
    def _of(subject: Subject, known: dict[Place, Intent]) -> Intent | None:
        if subject.link is not None:
            return None
        return next((op for (side, record), op in known.items() if is_named(subject.half(side), record)), None)


def source(op: Intent) -> Place:
    """The record that a create copies."""
    link = op.link or {}
    return op.side.other, str(link.get(f"{op.side.other.value}_id", ""))


def is_named(half: Half, record: str) -> bool:
    """Whether this is the record, by whatever name it went then."""
    return record in (half.id, *(half.record.previous_ids if half.record is not None else ()))
