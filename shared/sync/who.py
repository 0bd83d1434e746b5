"""Who the candidates of a question are, in few words: a person cannot choose between bare ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.contact.fields import EMAILS
from shared.contact.normal import clean
from shared.names import SideName
from shared.side import Record
from shared.sync.batch import Batch
from shared.sync.link import Link
from shared.sync.paths import subject_id
from shared.sync.plan.model import Decision, Entry, Env
from shared.sync.words import CandidateTold

_MOST = 20
"""Candidates of one question that are described; a crowd is looked at where it lives."""
_LONG = 100
"""Characters of each text."""

_Read = dict[str, tuple[SideName, Record, Link | None]]


def introduced(env: Env, batch: Batch, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions, their questions with what is known of the candidates named; of whom only the id is known, nothing.

    What the history is not to keep of a contact is kept here no more than there.
    """
    if not any(entry.candidates for decision in decisions for entry in decision.entries):
        return tuple(decisions)
    read = _read(batch, decisions)
    hidden = frozenset(env.settings.history_without)

    def told(entry: Entry) -> Entry:
        found = (_told(env, read, name, hidden) for name in entry.candidates[:_MOST])
        return replace(entry, people=tuple(one for one in found if one is not None))

    return tuple(
        replace(decision, entries=tuple(map(told, decision.entries))) if decision.entries else decision
        for decision in decisions
    )


def _read(batch: Batch, decisions: Iterable[Decision]) -> _Read:
    """All records of the batch, by subject id. What recovery has decided about is not among its subjects any more."""
    found: _Read = {subject_id(c.side, c.record.id): (c.side, c.record, c.link) for c in batch.candidates}
    for subject in (*batch.subjects, *(decision.subject for decision in decisions)):
        for side in SideName:
            if (record := subject.half(side).there) is not None:
                found[subject_id(side, record.id)] = side, record, subject.link
    return found


def _told(env: Env, read: _Read, name: str, hidden: frozenset[str]) -> CandidateTold | None:
    if name not in read:
        return None
    side, record, link = read[name]
    contact = env.fields[side].view(record.native, link.memo.get(side, {}) if link else {}, None).contact
    named = hidden.isdisjoint(("first_name", "last_name"))
    email = contact.emails[0].address if contact.emails and EMAILS not in hidden else ""
    return CandidateTold(
        id=name,
        name=_line(f"{contact.get('first_name')} {contact.get('last_name')}") if named else "",
        email=_line(email),
        company=_line(contact.get("company")) if "company" not in hidden else "",
    )


def _line(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"
