"""Who may be the same person as somebody whom a read did not find, though nothing proves that they are gone.

One odd answer hides a contact for the length of a run. What depends on who else is there waits for it::

    new in Sugar ──▶ the index knows one in Google with that email ──▶ read: 404, once ──▶ made beside it

Of each of these records the head remembers when it was first not found, so nobody waits twice for the same one.
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
from shared.sync.index import Index
from shared.sync.paths import subject_id
from shared.sync.plan.batch import LOST_AFTER
from shared.sync.plan.model import Env, Subject

_KEPT_FOR = timedelta(days=7)
"""By then a full listing has told which of them are there."""
_MOST = 500

Name = tuple[SideName, str]
Missed = dict[str, str]
"""By subject id, when a record was first not found, ISO 8601."""


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


def mark_unfound(
    batch: Batch, read: Mapping[SideName, Mapping[str, Record | Absent]], index: Index, env: Env, missed: Missed
) -> None:
    """Marks subjects of which one that may be the same person, or may be their match, was not found.

    Of those that are linked only whose record has vanished on one side: another may stand in its place there.

    Args:
        batch: its candidates have been read.
        read: everything that was read, by side and id.
        missed: is brought up to date.
    """
    _forget(missed, read, env)
    asking = [(n, s) for n, s in enumerate(batch.subjects) if s.link is None or s.vanished is not None]
    unfound = {side: _unfound(batch, side, read[side], index) for side in SideName} if asking else {}
    if not any(unfound.values()):
        return
    people = [(side, record) for _, s in asking for side in SideName if (record := s.half(side).there)]
    people += [(candidate.side, candidate.record) for candidate in batch.candidates]
    known = {(side, record.id): _Known.by(_terms(env, side, record)) for side, record in people}
    for where, told in _told(unfound, index):
        # A match has rivals of its own: who is linked with it depends on them as well.
        alike = {name: each for name, each in known.items() if told.may_be(each)}
        for n, subject in asking:
            own = any(_concerns(name, known[name], alike) for name in _own(subject, known))
            if own or _stood_for(told, subject, env) or subject_id(*where) in _chosen(subject):
                first = missed.setdefault(subject_id(*where), env.now)
                if datetime.fromisoformat(env.now) - datetime.fromisoformat(first) < LOST_AFTER:
                    marked = batch.subjects[n]
                    batch.subjects[n] = replace(marked, unfound=marked.unfound | {where[0]})


def _concerns(name: Name, mine: _Known, alike: Mapping[Name, _Known]) -> bool:
    return name in alike or any(side is not name[0] and mine.may_be(match) for (side, _), match in alike.items())


def _stood_for(told: _Known, subject: Subject, env: Env) -> bool:
    """Whether what a linked contact last held there stands in this one now: a merge may have taken it in."""
    link = subject.link
    if link is None:
        return False
    phones = {phone_term(link.base.get(slot, ""), env.settings.region) for slot in PHONE_SLOTS}
    return not (told.mails.isdisjoint(map(email_term, link.base_emails or ())) and told.phones.isdisjoint(phones))


def _chosen(subject: Subject) -> tuple[str, ...]:
    """Whom a person has chosen as the same contact."""
    remedy = subject.answer.remedy if subject.answer is not None else None
    return tuple(remedy.candidates) if remedy is not None and remedy.action == "choose" else ()


def _own(subject: Subject, known: Mapping[Name, _Known]) -> list[Name]:
    return [name for side in SideName if (name := (side, subject.half(side).id)) in known]


def _told(unfound: Mapping[SideName, set[str]], index: Index) -> Iterator[tuple[Name, _Known]]:
    """What the index knows of them."""
    for side, missing in unfound.items():
        found: dict[str, set[str]] = {record: set() for record in missing}
        for row in index.of(side, missing) if missing else ():
            found.setdefault(row.id, set()).update(row.terms)
        yield from (((side, record), _Known.by(mine)) for record, mine in found.items())


def _unfound(batch: Batch, side: SideName, read: Mapping[str, Record | Absent], index: Index) -> set[str]:
    missing = {record for record, answer in read.items() if isinstance(answer, Absent) and not answer.proven}
    for subject in batch.subjects:
        if any(key.deleted for key in batch.keys.get(subject.key, ()) if key.side is side):
            missing.discard(subject.half(side).id)
    return missing - index.gone(side) if missing else missing


def _forget(missed: Missed, read: Mapping[SideName, Mapping[str, Record | Absent]], env: Env) -> None:
    """Those that were found after all, and those of long ago."""
    for side in SideName:
        for record, answer in read[side].items():
            if isinstance(answer, Record):
                missed.pop(subject_id(side, record), None)
    if missed:
        since = (datetime.fromisoformat(env.now) - _KEPT_FOR).isoformat()
        kept = sorted((name for name, first in missed.items() if first > since), key=lambda name: missed[name])[-_MOST:]
        for name in missed.keys() - set(kept):
            del missed[name]


def _terms(env: Env, side: SideName, record: Record) -> tuple[str, ...]:
    return terms(env.fields[side].view(record.native, {}, None).contact, env.settings.region)
