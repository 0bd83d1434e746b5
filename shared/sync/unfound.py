"""Who may be the same person as somebody whom a read did not find, though nothing proves that they are gone.

One odd answer hides a contact for the length of a run. What depends on who else is there waits for it::

    new in Sugar ──▶ the index knows one in Google with that email ──▶ read: 404, once ──▶ made beside it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shared.contact.terms import terms
from shared.names import SideName
from shared.side import Absent, Record
from shared.sync.batch import Batch
from shared.sync.index import Index
from shared.sync.plan.model import Env, Presence


@dataclass
class _Known:
    """By what contacts are known: emails, names, and the names of those who have no email."""

    mails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)

    def add(self, told: Iterable[str]) -> None:
        mails, names = _parted(told)
        self.mails |= mails
        self.names |= names
        if not mails:
            self.bare |= names

    def has(self, told: Iterable[str]) -> bool:
        """Whether one of them may be who is known by these terms: by email, or by name where an email is missing."""
        mails, names = _parted(told)
        return not (self.mails.isdisjoint(mails) and (self.bare if mails else self.names).isdisjoint(names))


def mark_unfound(batch: Batch, read: Mapping[SideName, Mapping[str, Record | Absent]], index: Index, env: Env) -> None:
    """Marks subjects without link of which one that may be the same person, or may be their match, was not found.

    Args:
        batch: its candidates have been read.
        read: everything that was read, by side and id.
    """
    unfound = {side: _unfound(batch, side, read[side], index) for side in SideName}
    people = [
        (side, record) for s in batch.subjects if s.link is None for side in SideName if (record := s.half(side).there)
    ]
    people += [(candidate.side, candidate.record) for candidate in batch.candidates]
    for where, missing in unfound.items():
        if not missing:
            continue
        sought = _Known()
        for row in index.of(where, missing):
            sought.add(row.terms)
        told = {(side, record.id): _terms(env, side, record) for side, record in people}
        alike = {name for name, mine in told.items() if sought.has(mine)}
        # A match has rivals of its own: who is linked with it depends on them as well.
        matches = {side: _Known() for side in SideName}
        for side, record_id in alike:
            matches[side].add(told[side, record_id])
        for n, subject in enumerate(batch.subjects):
            own = [(side, subject.half(side).id) for side in SideName if subject.half(side).there]
            if subject.link is None and any(name in alike or matches[name[0].other].has(told[name]) for name in own):
                batch.subjects[n] = replace(subject, unfound=subject.unfound | {where})


def _unfound(batch: Batch, side: SideName, read: Mapping[str, Record | Absent], index: Index) -> set[str]:
    missing = {record for record, answer in read.items() if isinstance(answer, Absent) and not answer.proven}
    missing -= {s.half(side).id for s in batch.subjects if s.half(side).presence is Presence.GONE}
    return missing - index.gone(side) if missing else missing


def _terms(env: Env, side: SideName, record: Record) -> set[str]:
    return set(terms(env.fields[side].view(record.native, {}, None).contact, env.settings.region))


def _parted(told: Iterable[str]) -> tuple[set[str], set[str]]:
    told = set(told)
    return {term for term in told if term.startswith("e:")}, {term for term in told if term.startswith("n:")}
