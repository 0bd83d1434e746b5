"""Who may be the same person as somebody whom a read did not find, though nothing proves that they are gone.

One odd answer hides a contact for the length of a run. What depends on who else is there waits for it::

    new in Sugar ──▶ the index knows one in Google with that email ──▶ read: 404, once ──▶ made beside it

Of each of these records the head remembers when it was first not found, so nobody waits twice for the same one. It is
taken for gone where at least so many runs did not find it, over an hour, with no longer pause between two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.contact.fields import PHONE_SLOTS
from shared.contact.terms import email_term, phone_term, terms
from shared.names import SideName
from shared.side import Absent, Record
from shared.sync.batch import Batch
from shared.sync.head import Missed
from shared.sync.index import Index
from shared.sync.paths import subject_id
from shared.sync.plan.batch import LOST_AFTER
from shared.sync.plan.model import Env, Presence, Subject

_RUNS = 3
_PAUSE = timedelta(days=2)
"""A miss longer after the one before says nothing about the time between; users may have a day between two runs."""
_MOST = 500
"""Remembered at a time; those beyond wait until there is room, or a full listing has told."""

Name = tuple[SideName, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """By what one contact is known."""

    mails: frozenset[str]
    names: frozenset[str]
    phones: frozenset[str]

    @classmethod
    def by(cls, told: Iterable[str]) -> _Known:
        kinds = {kind: frozenset(term for term in told if term.startswith(kind)) for kind in ("e:", "n:", "p:")}
        return cls(kinds["e:"], kinds["n:"], kinds["p:"])

    def may_be(self, other: _Known) -> bool:
        """By email, or by name where an email is missing."""
        bare = not (self.mails and other.mails)
        return bool(self.mails & other.mails) or (bare and bool(self.names & other.names))


class Unfound:
    """Those whom one batch did not find.

    Args:
        missed: of the head; is brought up to date.
        now: when the run began, ISO 8601.
    """

    def __init__(self, missed: dict[str, Missed], index: Index, now: str) -> None:
        self._missed = missed
        self._index = index
        self._now = now

    def may_show(self, side: SideName, record: str) -> bool:
        """Whether one that this run did not find, without proof, may be there all the same; the miss is noted."""
        name = subject_id(side, record)
        known = self._missed.get(name)
        now = datetime.fromisoformat(self._now)
        if known is None and len(self._missed) >= _MOST:
            return True
        if known is None or now - datetime.fromisoformat(known.last) > _PAUSE:
            known = self._missed[name] = Missed(self._now, self._now, 1)
        elif known.last != self._now:
            known.last, known.runs = self._now, known.runs + 1
        return known.runs < _RUNS or now - datetime.fromisoformat(known.first) < LOST_AFTER

    def gone(self, side: SideName, record: str) -> bool:
        """Whether a feed showed that it is gone."""
        return record in self._index.gone(side)

    def mark(self, batch: Batch, read: Mapping[SideName, Mapping[str, Record | Absent]], env: Env) -> None:
        """Marks subjects of which one that may be the same person, or may be their match, was not found.

        Of those that are linked only whose record has vanished on one side: another may stand in its place there, or
        the other half may show again.

        Args:
            batch: its candidates have been read.
            read: everything that was read, by side and id.
        """
        self._forget(read)
        asking = [(n, s) for n, s in enumerate(batch.subjects) if s.link is None or _half_gone(s)]
        unfound = {side: self._unproven(batch, side, read[side]) for side in SideName} if asking else {}
        if not any(unfound.values()):
            return
        people = [(side, record) for _, s in asking for side in SideName if (record := s.half(side).there)]
        people += [(candidate.side, candidate.record) for candidate in batch.candidates]
        known = {(side, record.id): _Known.by(_terms(env, side, record)) for side, record in people}
        for where, told in self._told(unfound):
            # A match has rivals of its own: who is linked with it depends on them as well.
            alike = {name: each for name, each in known.items() if told.may_be(each)}
            for n, subject in asking:
                own = any(_concerns(name, known[name], alike) for name in _own(subject, known))
                if own or _stood_for(told, subject, env) or subject_id(*where) in _named(subject):
                    if not self.may_show(*where):
                        break
                    marked = batch.subjects[n]
                    batch.subjects[n] = replace(marked, unfound=marked.unfound | {where[0]})

    def _told(self, unfound: Mapping[SideName, set[str]]) -> Iterator[tuple[Name, _Known]]:
        """What the index knows of them."""
        for side, missing in unfound.items():
            found: dict[str, set[str]] = {record: set() for record in sorted(missing)}
            for row in self._index.of(side, missing) if missing else ():
                found[row.id].update(row.terms)
            yield from (((side, record), _Known.by(mine)) for record, mine in found.items())

    def _unproven(self, batch: Batch, side: SideName, read: Mapping[str, Record | Absent]) -> set[str]:
        missing = {record for record, answer in read.items() if isinstance(answer, Absent) and not answer.proven}
        for subject in batch.subjects:
            if any(key.deleted for key in batch.keys.get(subject.key, ()) if key.side is side):
                missing.discard(subject.half(side).id)
        return missing - self._index.gone(side) if missing else missing

    def _forget(self, read: Mapping[SideName, Mapping[str, Record | Absent]]) -> None:
        """Those that were found after all, and those that nobody has looked for any more."""
        if not self._missed:
            return
        there = {subject_id(s, name) for s in SideName for name, each in read[s].items() if isinstance(each, Record)}
        since = datetime.fromisoformat(self._now) - _PAUSE
        for name, known in list(self._missed.items()):
            if name in there or datetime.fromisoformat(known.last) < since:
                del self._missed[name]


def _concerns(name: Name, mine: _Known, alike: Mapping[Name, _Known]) -> bool:
    return name in alike or any(side is not name[0] and mine.may_be(match) for (side, _), match in alike.items())


def _stood_for(told: _Known, subject: Subject, env: Env) -> bool:
    """Whether what a linked contact last held there stands in this one now: a merge may have taken it in."""
    link = subject.link
    if link is None:
        return False
    phones = {phone_term(link.base.get(slot, ""), env.settings.region) for slot in PHONE_SLOTS}
    return not (told.mails.isdisjoint(map(email_term, link.base_emails or ())) and told.phones.isdisjoint(phones))


def _half_gone(subject: Subject) -> bool:
    """Whether a linked contact is gone on one side: not on the other as well, as far as is proved."""
    halves = {subject.half(side).presence for side in SideName}
    return Presence.GONE in halves and halves != {Presence.GONE}


def _named(subject: Subject) -> list[str]:
    """Whom a person has chosen as the same contact, and the missing half of a linked one."""
    remedy = subject.answer.remedy if subject.answer is not None else None
    chosen = list(remedy.candidates) if remedy is not None and remedy.action == "choose" else []
    halves = [(side, subject.half(side)) for side in SideName if subject.link is not None]
    return chosen + [subject_id(side, half.id) for side, half in halves if half.presence is Presence.MISSING]


def _own(subject: Subject, known: Mapping[Name, _Known]) -> list[Name]:
    return [name for side in SideName if (name := (side, subject.half(side).id)) in known]


def _terms(env: Env, side: SideName, record: Record) -> tuple[str, ...]:
    return terms(env.fields[side].view(record.native, {}, None).contact, env.settings.region)
