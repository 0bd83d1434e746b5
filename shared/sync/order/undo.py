"""The orders of an undo: made part by part from history, and carried out like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from shared.errors import BadPlan
from shared.names import Op, SideName
from shared.store.port import Store
from shared.sync.batch import Batch
from shared.sync.head import Head
from shared.sync.link import Link
from shared.sync.naming import name_of
from shared.sync.order.book import Book
from shared.sync.order.build import Builder
from shared.sync.order.carry import Carrier
from shared.sync.order.errand import Begun, Wanted
from shared.sync.order.mark import marks
from shared.sync.order.model import Item, ItemState, OrderState, Progress, UndoItem
from shared.sync.paths import Paths
from shared.sync.plan.batch import Plan, plan_batch
from shared.sync.plan.model import Action, Decision, Env
from shared.sync.plan.pair import DOUBT
from shared.sync.plan.undo import Task, plan_undo
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.recovered import Recovered
from shared.sync.settle import Settled
from shared.sync.undo.ask import UndoAsk
from shared.sync.undo.choose import chosen, contacts, rows_of, task
from shared.sync.view import planned

_WHAT = ("row", "contact", "run", "created")


class UndoBuilder(Builder):
    """Adds the next part to the plan of an undo."""

    fixed = True

    def __init__(self, book: Book, head: Head, store: Store, paths: Paths, now: datetime) -> None:
        """
        Raises:
            BadPlan: what is to be undone is not there, or was undone already.
        """
        super().__init__(book, head)
        self._docs = store
        self._paths = paths
        self._now = now
        self._tasks: dict[str, tuple[UndoItem, Task, Link]] = {}
        self._page: list[Any] = []
        """Where this part begins."""
        self._ask = msgspec.convert(book.order.undo, UndoAsk)
        if book.order.state is OrderState.BUILDING:
            self._choose()

    def _choose(self) -> None:
        order, ask = self.book.order, self._ask
        self._page = list(order.after)
        links, after = contacts(self._docs, self._paths, ask, order.after or None)
        order.after = after or []
        over = False
        fresh = [link for link in links if not self.book.seen(_seen(link))]
        rows = {} if ask.created is not None else rows_of(self._docs, self._paths, fresh)
        stored = self._docs.get_all([self._paths.link(link) for link in fresh]) if fresh else {}
        for link in fresh:
            known = rows.get(link, [])
            data = {doc.id: doc.data for doc in known}
            names, passed = chosen([(doc.id, doc.data) for doc in known], ask.holds)
            over = over or passed
            doc = stored.get(self._paths.link(link))
            if doc is None or not (names or ask.created is not None):
                self.book.look([_seen(link)])
                continue
            item = UndoItem(rows=names, fields=list(ask.fields), made=ask.created)
            found = task(((name, data[name]) for name in names), ask.fields)
            self._tasks[link] = (item, replace(found, made=ask.created), Link.load(doc.data))
        if after is None:
            order.state = OrderState.READY
        if after is None and not self._tasks and self.book.empty:
            self._refuse(found=bool(links), over=over)
        self.book.touch()

    def _refuse(self, *, found: bool, over: bool) -> None:
        ask = self._ask
        field = next((name for name in _WHAT if getattr(ask, name)), "from")
        if over:
            raise BadPlan(field, "was undone already")
        if not found and ask.created is None and field != "from":
            raise BadPlan(field, "there is no such thing in your history", unknown=True)
        raise BadPlan(field, "there is nothing to undo")

    def work(self, queue: Queue) -> bool:
        del queue
        return bool(self._tasks)

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        del queue, begun, room
        return (_key(link, self._now) for _, _, link in self._tasks.values())

    def plan(self, env: Env, batch: Batch) -> Plan:
        return plan_orders(env, batch, {link: wanted for link, (_, wanted, _) in self._tasks.items()})

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        del batch, recovered, wanted
        planned_some = False
        for decision in decisions:
            found = self._tasks.pop(decision.subject.key, None)
            if found is None:
                continue
            planned_some = True
            subject = decision.subject
            item = Item(
                key=subject.key,
                linked=True,
                ids={side: subject.half(side).id for side in SideName if subject.half(side).id},
                versions={s: r.version for s in SideName if (r := subject.half(s).there) is not None},
                action=decision.action.value,
                ops=marks(decision),
                shown=planned(decision, name_of(env.fields, subject)),
                undo=found[0],
            )
            state = ItemState.WAITING if decision.steps else ItemState.LEFT_OUT
            why = "" if decision.steps else decision.why
            self.book.add(item, Progress(state, why=why), [_seen(subject.key)])
        if self._tasks and planned_some:
            # What recovery had to read took their room: they come with the next part.
            self.book.order.after, self.book.order.state = self._page, OrderState.BUILDING
        else:
            self.book.look([_seen(link) for link in self._tasks])
        return ()


class UndoCarrier(Carrier):
    """The next batch of a started undo. What waits in the queue about its contacts stays there."""

    def __init__(
        self, book: Book, head: Head, now: datetime, shape: str, quiet: float, store: Store, paths: Paths
    ) -> None:
        super().__init__(book, head, now, shape, quiet)
        self._docs = store
        self._paths = paths

    def _keys(self, queue: Queue) -> Iterator[Dirty]:
        del queue
        for _, item in self._taken.values():
            side = min(item.ids)
            yield Dirty(side, item.ids[side], self._now.isoformat(), lane=Lane.ECHO)

    def plan(self, env: Env, batch: Batch) -> Plan:
        return Plan(tuple(_in_turn(decision) for decision in plan_orders(env, batch, self._tasks()).decisions))

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        # Its keys only led here; whoever is to look again is told by the names that the records have then.
        batch.keys.update({name: [] for name in self._taken if name in batch.keys})
        return super().divide(env, batch, decisions, recovered, wanted)

    def _tasks(self) -> dict[str, Task]:
        undo = {name: item.undo for name, (_, item) in self._taken.items() if item.undo is not None}
        paths = {self._paths.history(row): row for each in undo.values() for row in each.rows}
        docs = {paths[doc.path]: doc.data for doc in self._docs.get_all(list(paths)).values()} if paths else {}
        return {
            name: replace(task(((row, docs[row]) for row in each.rows if row in docs), each.fields), made=each.made)
            for name, each in undo.items()
        }

    def note(self, out: Settled) -> None:
        fate = self._fates.get(out.decision.subject.key)
        super().note(out)
        if fate is None:
            return
        name, before, whole = fate
        number, _ = self._taken[name]
        done = [each for each in marks(out.decision) if each.partition(":")[0] in out.done]
        carried = sorted({*before, *done})
        if out.decision.action is Action.PARK:
            new = Progress(ItemState.LEFT_OUT, why=out.decision.why, carried=carried)
        elif out.doubt or (out.decision.action is Action.WAIT and not whole):
            return
        elif out.refused:
            new = Progress(ItemState.LEFT_OUT, why=out.refused[:500], carried=carried)
        elif whole or (done and len(done) == len(out.decision.steps)):
            new = Progress(ItemState.DONE, carried=carried)
        else:
            return
        self.book.set(name, number, new)


def plan_orders(env: Env, batch: Batch, tasks: Mapping[str, Task]) -> Plan:
    """The batch with these contacts taken back; the others are there because an earlier run left something open."""
    mine = [s for s in batch.subjects if s.key in tasks and s.link is not None]
    names = {subject.key for subject in mine}
    rest = plan_batch(env, [s for s in batch.subjects if s.key not in names], batch.candidates)
    return Plan((*(plan_undo(env, subject, tasks[subject.key]) for subject in mine), *rest.decisions))


def _in_turn(decision: Decision) -> Decision:
    """Nothing is made again on a side while another create there is in doubt: the search for that may find this."""
    busy = {step.side for step in decision.steps if step.op is Op.CREATE} & decision.subject.blocked
    if decision.action is not Action.UNDO or not busy:
        return decision
    why = "waits for an earlier create"
    return Decision(decision.subject, Action.WAIT, why, link=decision.subject.link, wait_seconds=DOUBT)


def _seen(link: str) -> tuple[SideName, str]:
    """A contact, among the records that an order has looked at."""
    return SideName.SUGAR, f"link:{link}"


def _key(link: Link, now: datetime) -> Dirty:
    side = next((side for side in SideName if link.id_on(side)), SideName.SUGAR)
    return Dirty(side, link.id_on(side), now.isoformat(), lane=Lane.ECHO)


__all__: Sequence[str] = ("UndoBuilder", "UndoCarrier", "plan_orders")
