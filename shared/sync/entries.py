"""The backlog's entries about the contacts of a batch: who is quarantined, and what people want done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.names import SideName
from shared.store.port import Doc, Store
from shared.sync.backlog import answer_of, backlog_id, different, moves_first, moving, quarantines
from shared.sync.batch import Batch, Moved
from shared.sync.paths import Paths, subject_id
from shared.sync.plan.guard import DELETES
from shared.sync.plan.model import Answer, Subject, Trouble
from shared.sync.remedies import NEVER


class Entries:
    """Reads them, and puts them to their contacts."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store = store
        self._paths = paths

    def answered(self, batch: Batch) -> None:
        """Fetches the entries of the subjects: who is quarantined, and what people want done."""
        mine = {
            self._paths.backlog(backlog_id(s))
            for s in batch.subjects
            if s.link is None or s.link.entry or s.link.parked
        }
        mine |= {self._paths.backlog(name) for s in batch.subjects for name in _taken_on(batch, s)}
        names = {s.key: _names_before(batch, s) for s in batch.subjects}
        mine.update(self._paths.backlog(name) for before in names.values() for name in before)
        docs = self._store.get_all(mine) if mine else {}
        batch.entries = {doc.id: doc for doc in docs.values()}
        moved = _moved(batch, names)
        for subject in batch.subjects:
            if former := moved.get(subject.key):
                if subject.link is not None or backlog_id(subject) in batch.entries:
                    batch.moved[subject.key] = Moved(None, None, tuple(former))
                else:
                    moves = moving(self._paths, former[0], subject)
                    batch.moved[subject.key] = Moved(former[0], moves, tuple(former[1:]))
                    batch.entries[backlog_id(subject)] = moves
        for n, subject in enumerate(batch.subjects):
            entry = batch.entries.get(backlog_id(subject))
            if entry is None:
                continue
            answer = answer_of(entry.data)
            key = subject.key
            if subject.link is None and answer is not None and answer.remedy.key:
                key = answer.remedy.key
                batch.keys[key] = batch.keys.pop(subject.key)
                if subject.key in batch.moved:
                    batch.moved[key] = batch.moved.pop(subject.key)
            batch.subjects[n] = replace(
                subject,
                key=key,
                parked=subject.link is None and quarantines(entry.data),
                released=answer is not None,
                answer=answer,
                approved=subject.approved | _approved(answer),
                never=entry.data["state"] == NEVER,
                different=different(entry.data),
            )

    def parked(self, batch: Batch, known: int = 0) -> None:
        """Marks which of the candidates are quarantined, and fetches their entries; all but the first ``known``."""
        living = _living(batch) | {(c.side, c.record.id) for c in batch.candidates}
        others = {
            self._paths.backlog(subject_id(c.side, name)): n
            for n, c in enumerate(batch.candidates)
            if n >= known and c.link is None
            for name in (c.record.id, *(name for name in c.record.previous_ids if (c.side, name) not in living))
        }
        docs = self._store.get_all(others) if others else {}
        batch.entries |= {doc.id: doc for doc in docs.values()}
        for path, doc in docs.items():
            one = batch.candidates[others[path]]
            batch.candidates[others[path]] = replace(
                one,
                parked=one.parked or quarantines(doc.data),
                never=one.never or doc.data["state"] == NEVER,
                different=one.different | different(doc.data),
            )


def _living(batch: Batch) -> set[tuple[SideName, str]]:
    return {(side, s.half(side).id) for s in batch.subjects for side in SideName if s.half(side).there}


def _approved(answer: Answer | None) -> frozenset[str]:
    """What the guard does not ask about again: just what was asked."""
    if answer is None or answer.remedy.action not in ("approve", "delete_both"):
        return frozenset()
    return frozenset(answer.shown) if answer.asked == Trouble.HELD_CLEARING else frozenset({DELETES})


def _taken_on(batch: Batch, subject: Subject) -> list[str]:
    """The ids under which a record that a link has taken on may still stand in the backlog."""
    return [subject_id(side, subject.half(side).id) for side in _new_sides(batch, subject)]


def _new_sides(batch: Batch, subject: Subject) -> list[SideName]:
    """Where a link holds another record than is stored."""
    if subject.link is None:
        return []
    stored = batch.stored.get(subject.link.id)
    halves = [(side, subject.half(side).id) for side in SideName]
    return [side for side, record in halves if record and (stored is None or record != stored.id_on(side))]


def _names_before(batch: Batch, subject: Subject) -> list[str]:
    """The ids under which a contact may stand in the backlog from before it was renamed or linked, or merged into one
    that is linked."""
    found: dict[str, None] = {}
    new = SideName if subject.link is None else _new_sides(batch, subject)
    for side in SideName:
        record = subject.half(side).there
        keys = [key for key in batch.keys.get(subject.key, ()) if key.side is side]
        names = [name for key in keys for name in (key.id, *key.previous)]
        names += record.previous_ids if record is not None and side in new else ()
        found.update({subject_id(side, name): None for name in names if name != subject.half(side).id})
    return list(found)


def _moved(batch: Batch, names: Mapping[str, Sequence[str]]) -> dict[str, list[Doc]]:
    """Whose an entry under a former name is now, by subject (by key): one contact's alone, and not that of somebody
    who lives under that name. Whoever vanished under it gives it up::

        A with an entry is renamed to B ──▶ the feed tells of both: A is gone, B is new; one moves it, two would clash
    """
    living = {subject_id(side, record) for side, record in _living(batch)}
    found: dict[str, list[Doc]] = {}
    for subject in batch.subjects:
        mine = [batch.entries.pop(name) for name in names[subject.key] if name in batch.entries and name not in living]
        if mine:
            found[subject.key] = sorted(mine, key=moves_first)
    return found
