"""Making a plan, part by part: each run takes the next contacts that the plan does not hold yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shared.names import SideName
from shared.store.port import Change
from shared.sync.batch import Batch
from shared.sync.head import Head
from shared.sync.naming import name_of
from shared.sync.order.book import Book, Record, gone
from shared.sync.order.errand import Begun, Plain, Wanted, bare, is_quiet, own_of_recovery, records_of
from shared.sync.order.mark import marks
from shared.sync.order.model import Item, ItemState, OrderState, Progress, told
from shared.sync.plan.model import Action, Decision, Env, Presence, Subject
from shared.sync.queue import Dirty, Queue
from shared.sync.recovered import Recovered
from shared.sync.view import planned
from shared.sync.words import OrderTold


class Builder(Plain):
    """Adds the next part to a plan. No write to either side; the queue stays as it is."""

    dry = True

    def __init__(self, book: Book, head: Head) -> None:
        super().__init__()
        self.book = book
        self._head = head
        self.removes = Counter(book.order.removes)
        self._queue: Queue | None = None

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        del begun, room
        self._queue = queue
        return (key for key in queue.ready() if not self._has(key))

    def work(self, queue: Queue) -> bool:
        if self.book.order.state is not OrderState.BUILDING:
            return False
        if next(self.keys(queue, Begun(), 0), None) is not None:
            return True
        if not self._head.is_listing:
            self._complete()
        return False

    def judged(self, queue: Queue, batch: Batch) -> int:
        del queue, batch
        return self.book.order.tombstones

    def _has(self, key: Dirty) -> bool:
        return self.book.seen((key.side, key.id))

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        self._store(env, batch, decisions, wanted)
        return ()

    def _store(self, env: Env, batch: Batch, decisions: Sequence[Decision], wanted: Wanted) -> None:
        """Takes these into the plan, but for what it holds already: what is in doubt comes with every batch."""
        order = self.book.order
        subjects = {subject.key: subject for subject in batch.subjects}
        removes = Counter(order.removes)
        later: set[str] = set()
        for decision in decisions:
            names = [decision.subject.key, *decision.joined]
            keys = [key for name in names for key in batch.keys.get(name, ())]
            if any(map(self.book.seen, records_of(decision.subject))):
                # By another name perhaps: its keys would come again with every part, and the plan never end.
                self.book.look(_looked_at(keys, decision.subject, counted=False))
                continue
            if _is_early(decision, batch):
                # What it comes to is told by a later part. Nobody is to wait for its keys that say gone.
                self.book.look(_looked_at([key for key in keys if key.deleted], decision.subject))
                later.update(names)
                continue
            along = [record for name in decision.joined if name in subjects for record in records_of(subjects[name])]
            # Of whom a name is shown that is not told of yet, that name may be another contact's of this plan.
            own = () if decision.subject.untold else records_of(decision.subject)
            records = {*own, *along, *_looked_at(keys, decision.subject)}
            self.book.add(_item(env, decision, subjects, along), _begin(decision), sorted(records))
            order.tombstones += sum(key.deleted for key in keys)
            removes.update(wanted.get(decision.subject.key, ()))
        order.removes = dict(removes)
        if self.dry:
            self.book.look((key.side, key.id) for key in batch.reflected)
        mine = {id(key) for name, keys in batch.keys.items() if name not in later for key in keys}
        ended = not self._head.is_listing
        if ended and self._queue is not None and all(self._has(key) or id(key) in mine for key in self._queue.ready()):
            self._complete()
        self.book.touch()

    def _complete(self) -> None:
        self.book.order.state = OrderState.READY
        self.book.touch()

    @property
    def more(self) -> bool:  # type: ignore[override]
        return self.book.more

    def changes(self) -> list[Change]:
        return self.book.changes()

    def told(self) -> OrderTold | None:
        return told(self.book.order)


class Asker(Builder):
    """The same for a scheduled run: what needs no asking is settled at once, so that nobody is asked about nothing.

    That is all that writes to neither side, but for links: who is whom is worth a look.
    """

    dry = False

    def __init__(self, book: Book, head: Head, kept_until: str) -> None:
        super().__init__(book, head)
        self._kept_until = kept_until

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        own = own_of_recovery(recovered)
        done: list[Decision] = []
        asked: list[Decision] = []
        for decision in decisions:
            early = _is_early(decision, batch) and not recovered.of(decision)
            if decision.subject.key in own or not (_is_asked(decision) or early):
                done.append(decision)
                continue
            asked.append(decision)
            if recovered.of(decision):
                done.append(bare(decision, batch))
        self._store(env, batch, asked, wanted)
        return tuple(done)

    def changes(self) -> list[Change]:
        if self.book.empty:
            return []  # there is nothing to ask: no plan
        order = self.book.order
        self._head.asking = order.id
        self._head.plans.setdefault(order.id, self._kept_until)
        return super().changes()

    def told(self) -> OrderTold | None:
        return None if self.book.empty else super().told()


def _is_asked(decision: Decision) -> bool:
    return bool(decision.steps) or decision.action in (Action.LINK, Action.REVIVE)


def _is_early(decision: Decision, batch: Batch) -> bool:
    """Whether it waits for those that are gone, or for the end of a listing, so that nothing is known of it yet; and it
    will come again, by a name that is not called gone."""
    subject = decision.subject
    keys = batch.keys.get(subject.key, ())
    names = {(key.side, key.id) for key in keys}
    coming = names.union(records_of(subject)) if names else names
    return decision.action is Action.WAIT and subject.early and coming > _gone(keys)


def _gone(keys: Sequence[Dirty]) -> set[Record]:
    """The names that are told of as gone."""
    return {(key.side, key.id) for key in keys if key.deleted}


def _looked_at(keys: Iterable[Dirty], subject: Subject, *, counted: bool = True) -> Iterator[Record]:
    """The records that these are about, and which of these names are gone.

    One that a read has found by that very name is not, whatever its key says.

    Args:
        counted: whether the guard was told of this contact with the plan.
    """
    for key in keys:
        yield key.side, key.id
        there = subject.half(key.side).there
        if key.deleted and (counted if there is None else there.id != key.id):
            yield gone((key.side, key.id))


def _item(env: Env, decision: Decision, subjects: Mapping[str, Subject], along: Sequence[tuple[SideName, str]]) -> Item:
    subject = decision.subject
    read = subjects.get(subject.key, subject)  # before another one joined it
    sources = [side for side in SideName if read.half(side).presence is not Presence.NONE]
    there = {side: record for side in SideName if (record := subject.half(side).there) is not None}
    return Item(
        key=subject.key,
        linked=subject.link is not None,
        source=sources[0] if subject.link is None else None,
        ids=dict(records_of(subject)),
        versions={side: record.version for side, record in there.items()},
        along=list(along),
        action=decision.action.value,
        asks=sorted({entry.trouble.value for entry in decision.entries}),
        ops=marks(decision),
        shown=planned(decision, name_of(env.fields, subject)),
    )


def _begin(decision: Decision) -> Progress:
    if decision.action is Action.WAIT:
        return Progress(ItemState.LEFT_OUT, why=decision.why)
    return Progress(ItemState.NOTHING if is_quiet(decision) else ItemState.WAITING)


class Waiter(Plain):
    """A plan waits for a person: only what earlier runs have left open is settled."""

    fixed = True

    def work(self, queue: Queue) -> bool:
        del queue
        return False

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        del queue, begun, room
        return iter(())

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        del env, wanted
        own = own_of_recovery(recovered)
        return tuple(
            decision if decision.subject.key in own or is_quiet(decision) else bare(decision, batch)
            for decision in decisions
            if decision.subject.key in own or is_quiet(decision) or recovered.of(decision)
        )
