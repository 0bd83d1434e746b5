"""Carrying an order out: exactly its operations, a batch at a time.

The contacts are read fresh and planned again, like any others. Carried out is what comes to the very same operations
from the very same versions; the rest is left out, and told why. What became of an item goes into the commit that its
link goes into, so a crash leaves either both or neither::

    T1 intents ──▶ calls ──▶ T2 link, history, the item is done
                     │
                     └ crash: the item still waits; recovery finds out what happened, and what did counts as carried out
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import BadPlan
from shared.names import SideName
from shared.store.port import Change
from shared.sync.batch import Batch
from shared.sync.head import Head
from shared.sync.order.book import Book, Record, gone
from shared.sync.order.errand import Begun, Plain, Wanted, bare, is_quiet, own_of_recovery, records_of
from shared.sync.order.mark import kind_of, mark_of, marks, side_of
from shared.sync.order.model import Item, ItemState, OrderState, Progress, told
from shared.sync.patience import MOST_TRIES
from shared.sync.plan.batch import Plan
from shared.sync.plan.guard import DELETES
from shared.sync.plan.model import Action, Decision, Env, Presence, Subject, Trouble
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.recovered import Recovered
from shared.sync.settle import Settled
from shared.sync.words import OrderTold

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
_TRIES = 3
_PAUSE = 10.0
"""Seconds until a write that was refused as stale is tried again. What really changed is left out at the next read;
where that shows the same version once more, reads lag behind what is held, by some seconds (people-api.md)."""
CHANGED = "changed in {side} since"
GONE = "not in {side} any more"
SETTINGS = "the settings changed since"
UNTICKED = "left out by you"
_MOVING = "it changed again and again right before it was written"
_ELSEWHERE = "it is part of another contact now"


class Carrier(Plain):
    """The next batch of a started order."""

    fixed = True

    def __init__(self, book: Book, head: Head, now: datetime, shape: str, quiet: float) -> None:
        """
        Args:
            shape: of the settings in force; see :func:`shared.sync.order.mark.shape`.
            quiet: seconds after which what is in doubt is looked at again.
        """
        super().__init__()
        self.book = book
        self._head = head
        self._now = now
        self._shape = shape
        self._quiet = quiet
        self._taken: dict[str, tuple[int, Item]] = {}
        self._fates: dict[str, tuple[str, list[str], bool]] = {}
        """By subject: its item, what of it is known to have happened, and whether that is all of it."""

    # -- which contacts ------------------------------------------------------------------------------

    def work(self, queue: Queue) -> bool:
        del queue
        return next(self.book.waiting(self._now.isoformat()), None) is not None

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        self._take(begun, room)
        return self._keys(queue)

    def _take(self, begun: Begun, room: int) -> None:
        if begun.links or begun.records:
            # What became of these is found out now, so they are told apart now, whether they are due or not.
            for number, item in self.book.waiting():
                if item.key in begun.links or not set(begun.records).isdisjoint(item.ids.items()):
                    self._taken[item.key] = (number, item)
        for number, item in self.book.waiting(self._now.isoformat()):
            if item.key in self._taken:
                continue
            room -= 1 + len(item.along)
            if room < 0:
                break
            self._taken[item.key] = (number, item)

    def _keys(self, queue: Queue) -> Iterator[Dirty]:
        """The keys that the queue holds for the items; where it holds none, one that says nothing."""
        known: dict[Record, list[Dirty]] = {}
        wanted = {record for _, item in self._taken.values() for record in _records(item)}
        for key in queue.of(wanted):
            for name in (key.id, *key.previous):
                known.setdefault((key.side, name), []).append(key)
        given: set[int] = set()
        for _, item in self._taken.values():
            mine = [key for record in _records(item) for key in known.get(record, ()) if id(key) not in given]
            given.update(map(id, mine))
            yield from mine
            missing = [record for record in _needed(item) if record not in known]
            yield from (Dirty(side, name, self._now.isoformat(), lane=Lane.ECHO) for side, name in missing)

    def names(self) -> Mapping[Record, str]:
        return {
            (item.source, item.ids[item.source]): item.key
            for _, item in self._taken.values()
            if item.source is not None
        }

    # -- what of them --------------------------------------------------------------------------------

    def judged(self, queue: Queue, batch: Batch) -> int:
        """Those that were gone when the plan looked at them: the guard knew when it let pass what was shown.

        A plan leaves the keys in the queue of those of whom nothing is to be done: they are not pending.
        """
        mine = set(map(id, batch.all_keys))
        keys = [key for key in queue.ready() if key.deleted and id(key) not in mine]
        return sum(self.book.seen(gone((key.side, key.id))) for key in keys)

    def plan(self, env: Env, batch: Batch) -> Plan:
        by_record = self._by_record()
        for n, subject in enumerate(batch.subjects):
            items = [by_record[record] for record in records_of(subject) if record in by_record]
            if held := frozenset(kind for name in items for kind in _held(self._taken[name][1])):
                batch.subjects[n] = replace(subject, held=held)
        return super().plan(env, batch)

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        del env, wanted
        own = own_of_recovery(recovered)
        found = self._items(decisions)
        known = self._happened(decisions, recovered)
        going: list[Decision] = []
        for decision in decisions:
            key = decision.subject.key
            name = found.get(key)
            happened = known.get(name, ()) if name is not None else ()
            if key in own or (name is not None and self._goes(name, decision, happened)):
                going.append(decision)
            elif recovered.of(decision) or decision.subject.doubt:
                going.append(decision if is_quiet(decision) else bare(decision, batch))
            else:
                continue
            if name is not None:
                self._go(name, key, happened)
        self._lost(decisions, batch, set(found.values()))
        return tuple(going)

    def _by_record(self) -> dict[Record, str]:
        """The items that were taken, by the records that they are about."""
        return {record: name for name, (_, item) in self._taken.items() for record in item.ids.items()}

    def _items(self, decisions: Sequence[Decision]) -> dict[str, str]:
        """The item that each decision is about, by its subject; each item once."""
        by_record = self._by_record()
        found = {d.subject.key: d.subject.key for d in decisions if d.subject.key in self._taken}
        for decision in decisions:
            names = {by_record[record] for record in records_of(decision.subject) if record in by_record}
            free = sorted(names - set(found.values()))
            if decision.subject.key not in found and free:
                found[decision.subject.key] = free[0]
        return found

    def _happened(self, decisions: Sequence[Decision], recovered: Recovered) -> dict[str, set[str]]:
        """What of each item turns out to have happened; of two that were to become one, either may tell of it."""
        by_record = self._by_record()
        known: dict[str, set[str]] = {}
        for decision in decisions:
            subject = decision.subject
            names = {subject.key, *(by_record.get(record, "") for record in records_of(subject))}
            for name in names.intersection(self._taken):
                known.setdefault(name, set()).update(mark_of(op) for op, _ in recovered.of(decision))
        return known

    def _goes(self, name: str, decision: Decision, happened: Collection[str]) -> bool:
        """Whether the decision is what the item says; else the item is left out, unless it has happened."""
        number, item = self._taken[name]
        progress = self.book.progress(number)[name]
        carried = {*progress.carried, *happened} & set(item.ops)
        if item.ops and carried == set(item.ops):
            # What is left is the link itself; anything further came up since.
            return not decision.steps and {entry.trouble.value for entry in decision.entries} <= set(item.asks)
        if decision.action is Action.WAIT:
            subject = decision.subject
            missing = next((each for each in SideName if subject.half(each).presence is Presence.MISSING), None)
            if subject.doubt or carried or not (missing or subject.unfound):
                return True
            # Its keys wait; what the plan holds up does not, and the proof that it is gone may be one of these.
            self._leave_out(name, GONE.format(side=_WHO[missing]) if missing else decision.why)
            return False
        why = self._differs(item, decision, carried)
        if why and not happened:
            self._leave_out(name, why)
        elif why:
            self._leave_out(name, f"done in part; {why}", carried=carried)
        return not why

    def _differs(self, item: Item, decision: Decision, carried: Collection[str]) -> str:
        """Why this is not what was planned; blank if it is."""
        written = {side_of(name) for name in carried}
        for side in SideName:
            half = decision.subject.half(side)
            version = half.there.version if half.there is not None else None
            if side in written or (half.id, version) == (item.ids.get(side, ""), item.versions.get(side)):
                continue
            return (CHANGED if half.there is not None else GONE).format(side=_WHO[side])
        if self._shape != self.book.order.shape:
            return SETTINGS
        same = {*marks(decision), *carried} == set(item.ops)
        if same and not carried:
            asks = sorted({entry.trouble.value for entry in decision.entries})
            # Two are linked even where the write that goes with it did not happen; what is left of it is an update.
            rest = not item.linked and decision.subject.link is not None and decision.action is Action.UPDATE
            same = (rest or decision.action.value == item.action) and asks == item.asks
        return "" if same else f"it would be decided otherwise now: {decision.why}"

    def _go(self, name: str, key: str, happened: Collection[str]) -> None:
        number, item = self._taken[name]
        progress = self.book.progress(number)[name]
        if progress.state is ItemState.WAITING:
            carried = {*progress.carried, *happened} & set(item.ops)
            self._fates[key] = (name, sorted(carried), bool(item.ops) and carried == set(item.ops))

    def _lost(self, decisions: Sequence[Decision], batch: Batch, found: Collection[str]) -> None:
        """Items that were read, and about which nothing was decided any more.

        A key tells of more names than the record does that it led to: two renames, told of one after the other.
        """
        led = ((key.side, name) for key in batch.all_keys for name in (key.id, *key.previous))
        read = {record for subject in (*batch.subjects, *(d.subject for d in decisions)) for record in _all(subject)}
        read.update(led)
        for name, (_, item) in self._taken.items():
            if name not in found and read.intersection(item.ids.items()):
                self._leave_out(name, _ELSEWHERE)

    def _leave_out(self, name: str, why: str, *, carried: Collection[str] = ()) -> None:
        number, _ = self._taken[name]
        self.book.set(name, number, Progress(ItemState.LEFT_OUT, why=why, carried=sorted(carried)))

    def leave_out(self, keys: Collection[str]) -> None:
        """Takes these out of the order, if they still wait.

        Raises:
            BadPlan: one of them is not in the order, or was carried out already; nothing is taken out.
        """
        found = self.book.find(keys) if keys else {}
        for n, key in enumerate(keys):
            if key not in found:
                raise BadPlan(f"leave_out.{n}", "is no contact of this plan", unknown=True)
            if found[key][1].state is ItemState.DONE:
                raise BadPlan(f"leave_out.{n}", "was carried out already")
        for key, (number, progress) in found.items():
            if progress.state is ItemState.WAITING:
                self.book.set(key, number, Progress(ItemState.LEFT_OUT, why=UNTICKED, carried=progress.carried))

    # -- what became of them -------------------------------------------------------------------------

    def note(self, out: Settled) -> None:
        fate = self._fates.pop(out.decision.subject.key, None)
        if fate is None:
            return
        name, before, whole = fate
        number, _ = self._taken[name]
        old = self.book.progress(number)[name]
        if old.state is not ItemState.WAITING:
            return
        done = [name for name in marks(out.decision) if kind_of(name) in out.done]
        carried = sorted({*before, *done})
        refused = [entry for entry in out.entries if entry not in out.decision.entries]
        new = Progress(ItemState.DONE, carried=carried)
        if whole:
            pass
        elif out.doubt:
            due = (self._now + timedelta(seconds=self._quiet)).isoformat()
            new = Progress(ItemState.WAITING, due=due, carried=carried, tries=old.tries)
        elif out.again is not None:
            moved = out.again == 0 and out.trouble is None and bool(out.decision.steps)
            counts = moved or out.suspect is not None
            pause = _PAUSE if moved and not out.done else out.again
            due = (self._now + timedelta(seconds=pause)).isoformat() if pause else ""
            new = Progress(ItemState.WAITING, due=due, carried=carried, tries=old.tries + counts)
            if out.suspect is not None and new.tries >= MOST_TRIES:
                new = Progress(ItemState.LEFT_OUT, why=out.suspect.message, carried=carried)
            elif moved and new.tries >= _TRIES:
                new = Progress(ItemState.LEFT_OUT, why=_MOVING, carried=carried)
        elif refused:
            new = Progress(ItemState.LEFT_OUT, why=refused[0].message, carried=carried)
        self.book.set(name, number, new)

    @property
    def more(self) -> bool:  # type: ignore[override]
        return self.book.more

    def changes(self) -> list[Change]:
        self.settle()
        return self.book.changes()

    def settle(self) -> None:
        """An order of which nothing waits any more is done."""
        order = self.book.order
        if order.state is OrderState.STARTED and not order.waiting:
            order.state = OrderState.DONE
            self._head.order = ""
            self.book.touch()

    def told(self) -> OrderTold | None:
        return told(self.book.order)


def _held(item: Item) -> set[str]:
    """What of an item the guard held, as :class:`shared.sync.plan.model.Subject` names it."""
    questions = {question.cls: question for question in item.shown.questions}
    clearing = questions.get(Trouble.HELD_CLEARING.value)
    cleared = {value.name for value in clearing.fields} if clearing is not None else set()
    return cleared | ({DELETES} if Trouble.HELD_DELETE.value in questions else set())


def _records(item: Item) -> list[Record]:
    """All that its keys may name."""
    if item.source is None:
        return [*item.ids.items(), *item.along]
    return [(item.source, item.ids[item.source]), *item.along]


def _needed(item: Item) -> list[Record]:
    """What has to be read, whether anything is known to have changed or not: one record of each contact.

    A link is found by Sugar's: a record in Google may have been planned by a name that its link does not know yet.
    """
    first = item.source or (SideName.SUGAR if SideName.SUGAR in item.ids else SideName.GOOGLE)
    return [(first, item.ids[first]), *item.along]


def _all(subject: Subject) -> list[Record]:
    former = [
        (side, name)
        for side in SideName
        if (record := subject.half(side).there) is not None
        for name in record.previous_ids
    ]
    return [*records_of(subject), *former]
