"""T2: what a batch came to, contact by contact, into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from shared.clock import Clock
from shared.names import Op, SideName
from shared.side import InDoubt, Outcome
from shared.store.port import Change, Put, Remove
from shared.sync import backlog, history
from shared.sync.backlog import backlog_id
from shared.sync.batch import Batch
from shared.sync.execute import Intents
from shared.sync.index import UNTOLD, Index, Row
from shared.sync.journal import Journal
from shared.sync.ledger import Ledger
from shared.sync.limits import Limits
from shared.sync.link import frozen, in_sync, lives
from shared.sync.naming import name_of
from shared.sync.order.errand import Errand
from shared.sync.parts import Group, in_parts
from shared.sync.paths import Paths, subject_id
from shared.sync.patience import at_last
from shared.sync.plain import plain
from shared.sync.plan.model import Action, Decision, Env, Subject
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.recents import Recents
from shared.sync.recovered import Recovered
from shared.sync.report import Report
from shared.sync.settle import Settled, row_of, settle
from shared.sync.undo.settle import settle_undo


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch after its calls."""

    env: Env
    batch: Batch
    decisions: Sequence[Decision]
    intents: Intents
    answers: Mapping[str, Outcome]
    recovered: Recovered


class Keeper:
    """Stores the results of one batch."""

    def __init__(
        self,
        paths: Paths,
        clock: Clock,
        limits: Limits,
        ledger: Ledger,
        queue: Queue,
        index: Index,
        recents: Recents,
        journal: Journal,
        errand: Errand,
    ) -> None:
        self._paths = paths
        self._clock = clock
        self._limits = limits
        self._ledger = ledger
        self._queue = queue
        self._index = index
        self._recents = recents
        self._journal = journal
        self._errand = errand

    def settle(self, done: Answered) -> list[Settled]:
        """What the answers come to, contact by contact."""
        now = self._clock.now()
        settled = []
        for decision in done.decisions:
            ops = done.intents[decision.subject.key]
            answers = [at_last(done.answers[op.id], _tries(done.batch, decision)) for op in ops]
            results = list(zip(decision.steps, answers, strict=True))
            name = decision.link.id if decision.link else ""
            settling = settle_undo if _takes_back(decision) else settle
            out = settling(done.env, decision, results, now, done.batch.stored.get(name))
            if out.link is not None:
                out.link.intents = [op.id for op in ops if not isinstance(done.answers[op.id], InDoubt)]
                out.link.intents += [op.id for op, _ in done.recovered.of(decision)]
                if out.again is None and not out.doubt and not decision.frozen:
                    out.link.epoch = self._ledger.epoch
            settled.append(out)
        return settled

    def store(self, done: Answered, settled: Sequence[Settled], report: Report) -> list[Change]:
        """Commits all but the last part, and returns that one for the commit that gives the lease back."""
        counts: Counter[str] = Counter(report.counts)
        groups: list[Group] = []
        for out in settled:
            counts[out.decision.action.value] += 1
            counts.update(out.done)
            groups.append(self._contact(done, out, report.run))
        report.counts = dict(counts)
        *early, last = in_parts(group for group in groups if group.changes)
        left = {out.decision.subject.key: out for out in settled}
        for part in early:
            self._note(left, [group.key for group in part])
            # The head's cursors go along, so what they stand for must.
            ahead = [*self._queue.changes(), *self._index.changes()]
            self._ledger.commit([*ahead, *self._counted(part), *self._errand.changes()])
        self._note(left, list(left))
        # Only now: a head committed with an early part must still name every intent and every key.
        keys = {out.decision.subject.key: _keys(done.batch, out) for out in settled}
        self._queue.clear([*(key for mine in keys.values() for key in mine), *done.batch.reflected])
        self._queue.add(Lane.FEED, self._shared(done.batch, {name for out in settled for name in _decided(out)}))
        for out in settled:
            self._requeue(out, keys[out.decision.subject.key])
            for side, record, version, final in out.versions:
                self._recents.note(side, record, version, settled=final)
            for op in done.intents[out.decision.subject.key]:
                if op.op is Op.CREATE and op.side in out.after:
                    self._ledger.head.side(op.side).created_at = op.sent_at
            for side, row in (*out.index, *_untold(self._index, done, out, keys[out.decision.subject.key])):
                self._index.append(side, [row])
        changes = self._counted(last)
        sent = [op for ops in done.intents.values() for op in ops]
        closed = [op.id for op in sent if not isinstance(done.answers[op.id], InDoubt)]
        return [*changes, *self._journal.close([*closed, *done.recovered.closed])]

    def _note(self, left: dict[str, Settled], keys: Iterable[str]) -> None:
        """Tells the errand what the next commit holds."""
        for key in keys:
            self._errand.note(left.pop(key))

    def _counted(self, part: Sequence[Group]) -> list[Change]:
        """The writes of a part; the head counts what it commits, and nothing of a later part."""
        head = self._ledger.head
        head.links += sum(group.links for group in part)
        head.in_sync = max(0, head.in_sync + sum(group.in_sync for group in part))
        head.frozen = max(0, head.frozen + sum(group.frozen for group in part))
        head.backlog = max(0, head.backlog + sum(group.backlog for group in part))
        head.answered = max(0, head.answered + sum(group.answered for group in part))
        return [change for group in part for change in group.changes]

    def _contact(self, done: Answered, out: Settled, run: str) -> Group:
        """Everything of one contact, to be committed together."""
        head = self._ledger.head
        now = self._clock.now()
        changes: list[Change] = []
        subject = out.decision.subject
        before = done.batch.stored.get(out.link.id) if out.link is not None else None
        if out.link is not None:
            changes.append(Put(self._paths.link(out.link.id), out.link.data()))
        key = out.link.id if out.link else subject.key
        row = history.told(out.row, done.recovered.of(out.decision))
        name = name_of(done.env.fields, subject) if row is not None or out.entries else ""
        if row is not None:
            row = {**row, "link": key, "run": run, "at": now.isoformat(), "epoch": head.epoch, "name": name}
            row["ids"] = {
                side.value: out.link.id_on(side) if out.link is not None else subject.half(side).id for side in SideName
            }
            row = history.private(row, done.env.settings.history_without, done.env.fields)
            changes.append(Put(self._paths.history(f"{run}-{key}"), plain(row)))
        if out.link is not None:
            subject = replace(subject, link=out.link)  # also what was asked while linking is about the link
        old = done.batch.entries.get(backlog_id(subject))
        written: list[backlog.Written] = []
        if out.entries:
            written.append(backlog.ask(self._paths, subject, out.entries, old, now, name=name))
        elif out.closes and old is not None:
            alive = out.link is None and out.decision.action is not Action.CLOSE
            written.append(backlog.close(self._paths, old, different=subject.different if alive else ()))
        if out.link is not None:
            for side in SideName:
                former = done.batch.entries.get(subject_id(side, out.link.id_on(side)))
                if former is not None and former is not old:
                    written.append(backlog.close(self._paths, former))
        written += self._moved(done, out, {change.path for each in written for change in each.changes})
        changes += [change for each in written for change in each.changes]
        return Group(
            changes,
            links=lives(out.link) - lives(before),
            in_sync=in_sync(out.link) - in_sync(before),
            frozen=frozen(out.link) - frozen(before),
            backlog=sum(each.open for each in written),
            answered=sum(each.answered for each in written),
            key=out.decision.subject.key,
        )

    def _moved(self, done: Answered, out: Settled, touched: Collection[str]) -> list[backlog.Written]:
        """The entry goes where its contact goes, by whatever name, so that nobody is asked twice, and what a person
        has said stands."""
        written: list[backlog.Written] = []
        for key in (out.decision.subject.key, *out.taken):
            moved = done.batch.moved.get(key)
            if moved is None:
                continue
            written += [backlog.close(self._paths, doc) for doc in moved.rest]
            if moved.along is None or moved.to is None:
                continue
            more: list[Change] = [Remove(moved.along.path)]
            if out.link is None and moved.to.path not in touched:
                more.append(Put(moved.to.path, moved.to.data))
            written.append(backlog.Written(more))
        return written

    def _requeue(self, out: Settled, keys: Sequence[Dirty]) -> None:
        """Puts the contact's keys, which have been cleared, where they have to wait."""
        now = self._clock.now()
        if out.doubt:
            due = (now + timedelta(seconds=self._limits.quiet)).isoformat()
            later = [_later(key, due) for key in keys or self._own(out, now)]
            self._queue.add(Lane.LATER, [msgspec.structs.replace(key, doubts=key.doubts + 1) for key in later])
        elif out.again is not None:
            if out.again > 0:
                due = (now + timedelta(seconds=out.again)).isoformat()
                missed = now.isoformat() if out.decision.subject.lost else ""
                subject = out.decision.subject
                waits = out.decision.action is Action.WAIT and (
                    subject.early or subject.untold or bool(subject.unfound)
                )
                # What a read has found is not gone, whatever a listing that lags has shown: nobody is to wait for it.
                mine = [_alive(key, subject) for key in keys or self._own(out, now)]
                self._queue.add(Lane.LATER, [_later(key, due, missed, tried=not (missed or waits)) for key in mine])
            else:
                again = [
                    msgspec.structs.replace(key, tries=key.tries + 1, missed_at="")
                    for key in keys or self._own(out, now)
                ]
                for key in again:
                    self._queue.add(key.lane, [key])
        elif out.asleep:
            self._queue.add(Lane.ASLEEP, [msgspec.structs.replace(key, lane=Lane.FEED) for key in self._own(out, now)])

    def _shared(self, batch: Batch, decided: Collection[str]) -> Iterator[Dirty]:
        """Keys of those that were merged into others, or that others were merged into and that go by a new name, and
        about whom nothing was decided: only the other one's key told of them, and it is cleared with that one (a plan
        that is carried out knows none but its own contacts)."""
        now = self._clock.now().isoformat()
        for subject in batch.subjects:
            if subject.key in decided or batch.keys.get(subject.key):
                continue
            stored = batch.stored.get(subject.key)
            for side in SideName:
                half = subject.half(side)
                former = stored.id_on(side) if stored is not None else half.id
                if half.merged_into or former != half.id:
                    previous = [former] if former not in ("", half.id) else []
                    yield Dirty(side=side, id=half.id, seen_at=now, previous=previous, lane=Lane.FEED, tries=1)

    @staticmethod
    def _own(out: Settled, now: datetime) -> list[Dirty]:
        """A key of the contact itself, where no feed's key stands for it."""
        subject = out.decision.subject
        for side in SideName:
            # A record that was made again has another name now.
            if record := out.link.id_on(side) if out.link is not None else subject.half(side).id:
                return [Dirty(side=side, id=record, seen_at=now.isoformat(), lane=Lane.FEED, tries=1)]
        return []


def _takes_back(decision: Decision) -> bool:
    return decision.action is Action.UNDO or any(step.undone is not None for step in decision.steps)


def _tries(batch: Batch, decision: Decision) -> int:
    return max((key.tries for key in batch.keys.get(decision.subject.key, ())), default=0)


def _keys(batch: Batch, out: Settled) -> list[Dirty]:
    """The keys that a decision answers for.

    A create that is sent again as it was frozen does not answer for its own: its source may have changed since.
    """
    names = out.taken if out.decision.frozen else _decided(out)
    return [key for name in names for key in batch.keys.get(name, ())]


def _decided(out: Settled) -> tuple[str, ...]:
    """The subjects (by key) that it speaks of."""
    return (out.decision.subject.key, *out.taken)


def _untold(index: Index, done: Answered, out: Settled, keys: Sequence[Dirty]) -> Iterator[tuple[SideName, Row]]:
    """What the index has to know of records that were read before the feed told of them.

    Their versions need no second look, so the feed's own row will be dropped, and an email in it with it::

        the user adds an email in Google ──▶ read because of Sugar's edit ──▶ the feed tells of it: dealt with already
        a new contact in Sugar with that email ──▶ nobody known by it ──▶ made in Google a second time
    """
    subject = out.decision.subject
    stored = done.batch.stored.get(subject.link.id) if subject.link is not None else None
    for side in SideName:
        record = subject.half(side).there
        if record is None:
            continue
        noted = any(each is side for each, *_ in out.versions)
        mine = [key for key in keys if key.side is side]
        told = any(key.version == record.version for key in mine)
        known = stored is not None and stored.versions.get(side) == record.version
        # The feed may never get to tell of a new name; then only a listing without it shows that it was deleted.
        renamed = stored is not None and stored.id_on(side) not in ("", record.id)
        # Nor which name an entry in the backlog has moved to.
        another = bool(mine and all(key.id != record.id for key in mine))
        # A listing that lags may not have shown it, and has made the index anew.
        missed = any(key.deleted for key in mine)
        if (noted and not told and not known) or renamed or another or missed:
            row = row_of(done.env, side, out.after.get(side, record))
            if subject.untold:
                if index.of(side, {record.id}):
                    continue
                row.version = UNTOLD
            yield side, row


def _alive(key: Dirty, subject: Subject) -> Dirty:
    there = subject.link is None and subject.half(key.side).there is not None
    return msgspec.structs.replace(key, deleted=False) if there else key


def _later(key: Dirty, due: str, missed: str = "", *, tried: bool = True) -> Dirty:
    """
    Args:
        missed: when its record was not found.
        tried: whether anything was to be written.
    """
    missed_at = (key.missed_at or missed) if missed else ""
    return msgspec.structs.replace(key, due=due, tries=key.tries + tried, missed_at=missed_at)
