"""The steps of one run under a lease."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from shared.clock import Clock, Ids
from shared.errors import BadPlan, FatalError, RetriableError
from shared.names import Op, SideName
from shared.side import Gate, Side
from shared.store.port import Change, Data, Put, Store
from shared.sync.batch import Batch
from shared.sync.claims import Claims
from shared.sync.due import schedule
from shared.sync.execute import execute, with_whole_images
from shared.sync.gather import Gatherer
from shared.sync.head import Head
from shared.sync.housekeeping import dead_links, drop_claims
from shared.sync.inbox import drain
from shared.sync.index import Index
from shared.sync.journal import Intent, Journal, intent
from shared.sync.keep import Answered, Keeper
from shared.sync.ledger import Ledger
from shared.sync.limits import Limits
from shared.sync.links import Links
from shared.sync.naming import name_of
from shared.sync.observe import Observer
from shared.sync.order.choose import Chooser
from shared.sync.order.drop import drop_orders
from shared.sync.order.errand import Asked, Errand, Plain
from shared.sync.order.stop import stopped
from shared.sync.paths import Paths
from shared.sync.plan.batch import Plan
from shared.sync.plan.guard import guard, removes
from shared.sync.plan.model import Decision, Env, Step
from shared.sync.queue import Queue
from shared.sync.recents import Recents
from shared.sync.recover import Recovery
from shared.sync.recovered import Recovered
from shared.sync.removals import Removals
from shared.sync.report import Report
from shared.sync.settings import Settings, parse, synced_fields
from shared.sync.settle import Settled
from shared.sync.who import introduced

Connect = Callable[[Settings, Gate, Head], Mapping[SideName, Side]]
"""Makes both sides for one run. Called under the lease: whoever refreshes a token in there is the only one."""


class Run:
    """One run. Its steps are called in order by :meth:`go`; nothing of it outlives the run."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        connect: Connect,
        clock: Clock,
        ids: Ids,
        instance: str,
        limits: Limits,
        ledger: Ledger,
        report: Report,
    ) -> None:
        self._store = store
        self._paths = paths
        self._connect = connect
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._ledger = ledger
        self._report = report
        self._began = clock.now()
        head = ledger.head
        self._queue = Queue(store, paths, head)
        self._index = Index(store, paths, head)
        self._journal = Journal(store, paths, head)
        self._recents = Recents(store, paths)
        self._links = Links(store, paths)
        self._removals = Removals(head, self._links, self._queue, clock)
        self._instance = instance
        self._claims = Claims(store, paths, instance)
        self._pending: list[Change] = []
        """Changes that wait for the next commit."""
        self._settings: Settings | None = None
        """Those of this run, once they are known."""
        self._errand: Errand = Plain()

    def go(self, asked: Asked) -> None:
        """The whole run, lease given back at the end.

        Raises:
            BadPlan: the plan that was asked for cannot be used; nothing was begun.
            RetriableError, FatalError: it stopped between two commits; see :meth:`give_up`.
        """
        head = self._ledger.head
        drained = drain(self._store, self._paths, head, self._queue)
        self._pending += drained.changes
        head.relist = head.relist or drained.relist
        self._queue.wake(self._clock.now().isoformat())
        settings = self._settings = drained.settings
        self._stop(drained.stops)
        chooser = Chooser(self._store, self._paths, head, self._ids, self._began, self._limits)
        self._errand = chooser.choose(asked, settings)
        sides = self._connect(settings, self._ledger.gate, head)
        observer = self._observe(sides)
        env = Env(
            settings=settings,
            fields={side: sides[side].fields for side in SideName} if self._work() else {},
            names=synced_fields(settings),
            listed={side: head.side(side).listed for side in SideName},
            now=self._began.isoformat(),
        )
        results: list[Settled] = []
        if self._work():
            results = self._batch(env, sides)
        self._finish(results, observer)

    def _stop(self, orders: Iterable[str]) -> None:
        """Committed at once: a run that was sent for one of these ends here, and the wish must not come back."""
        changes: list[Change] = []
        for order in orders:
            with suppress(BadPlan):  # it is gone, and stopped for good
                changes += stopped(self._store, self._paths, self._ledger.head, order)[0]
        if changes:
            self._commit(changes)

    def _work(self) -> bool:
        """Whether there is anything to read; not before both sides have been listed once: nothing could be decided."""
        head = self._ledger.head
        listed = all(head.side(side).listed for side in SideName)
        return bool(head.open) or (listed and self._errand.work(self._queue))

    # -- observe -------------------------------------------------------------------------------------

    def _observe(self, sides: Mapping[SideName, Side]) -> Observer:
        observer = Observer(
            self._store,
            self._paths,
            sides,
            self._ledger,
            self._queue,
            self._index,
            self._journal,
            self._recents,
            self._links,
            self._clock,
        )
        head = self._ledger.head
        if head.relist:
            head.relist = False
            for side in SideName:
                observer.start_full(side, everything=True)
        if self._pending:
            self._commit([*observer.changes()])
        observer.run(self._began + timedelta(seconds=self._limits.observe))
        self._removals.watch(observer)
        return observer

    def _commit(self, changes: Sequence[Change], *, release: bool = False) -> None:
        """What was pending goes along; the queue and the index are saved with the head that describes them."""
        pending, self._pending = self._pending, []
        more = [*self._queue.changes(), *self._index.changes(), *self._recents.changes(), *self._errand.changes()]
        self._ledger.commit([*pending, *changes, *more], release=release)

    # -- one batch -----------------------------------------------------------------------------------

    def _batch(self, env: Env, sides: Mapping[SideName, Side]) -> list[Settled]:
        head = self._ledger.head
        recovery = Recovery(sides, head, self._links, env, self._clock, timedelta(seconds=self._limits.quiet))
        doubts = recovery.prepare(self._journal.load())
        gatherer = Gatherer(
            self._store,
            self._paths,
            sides,
            self._queue,
            self._index,
            self._links,
            self._ids,
            env,
            self._limits.batch,
            self._errand,
            head,
        )
        batch = gatherer.run(doubts, backlog=head.backlog + head.answered > 0)
        recovered = recovery.resolve(doubts, batch)
        plan = self._errand.plan(env, batch)
        planned = self._claims.check([*recovered.decisions, *plan.decisions], self._clock.now())
        planned = recovery.send_again(planned, recovered)
        judged, _ = guard(env, planned, self._removals.weather(batch, recovered, self._errand))
        judged = introduced(env, batch, judged)
        wanted = {decision.subject.key: removes(decision) for decision in planned}
        decisions = self._errand.divide(env, batch, judged, recovered, wanted)
        self._report.contacts = len(batch.subjects) + len(recovered.decisions)
        self._report.plan = Plan(judged)
        if self._errand.dry:
            self._report.names = {d.subject.key: name_of(env.fields, d.subject) for d in judged}
            return []
        whole = set(map(id, decisions)) & set(map(id, judged))
        wanted = {d.subject.key: wanted[d.subject.key] if id(d) in whole else frozenset() for d in decisions}
        decisions = with_whole_images(sides, decisions)
        intents = self._journal_first(sides, decisions, recovered, wanted, batch)
        answers = execute(sides, decisions, intents)
        for name, side in sides.items():
            side.complete(recovered.updated(name))
        self._ledger.head.bulk_size = {side: sides[side].bulk_size for side in SideName}
        keeper = Keeper(
            self._paths,
            self._clock,
            self._limits,
            self._ledger,
            self._queue,
            self._index,
            self._recents,
            self._journal,
            self._errand,
        )
        done = Answered(env, batch, decisions, intents, answers, recovered)
        settled = keeper.settle(done)
        self._pending += keeper.store(done, settled, self._report)
        self._removals.count(settled, wanted, recovered)
        recovery.forget()
        return settled

    def _journal_first(
        self,
        sides: Mapping[SideName, Side],
        decisions: Sequence[Decision],
        recovered: Recovered,
        wanted: Mapping[str, Collection[str]],
        batch: Batch,
    ) -> dict[str, list[Intent]]:
        """T1: every write is on paper before the first one is sent."""
        now = self._clock.now()
        intents = {
            decision.subject.key: [
                intent(
                    decision,
                    step,
                    self._ids.new(),
                    now,
                    tries=batch.doubts(decision.subject.key) if step.op is Op.UPDATE else 0,
                    removes=wanted[decision.subject.key],
                    chosen=sides[step.side].choose_id(self._seed(decision, step)) if step.op is Op.CREATE else "",
                )
                for step in decision.steps
            ]
            for decision in decisions
        }
        flat = [op for ops in intents.values() for op in ops]
        # A colleague's claim that came in between is a Conflict: nothing has been sent, the next run looks again.
        more = [*self._claims.changes(now)] if flat else []
        for n, part in enumerate(self._journal.write(flat)):
            self._commit([*part, *more, *(self._journal.close(recovered.replaced) if n == 0 else ())])
            more = []
        return intents

    def _seed(self, decision: Decision, step: Step) -> str:
        """What the id of a new record is made from, where the client chooses it.

        A create that recovery sends again is sent as it was frozen. What an undo makes again is planned anew, so for
        the same link and the same record gone it must be the same id: whatever lands late lands on itself.
        """
        if step.undone is None or decision.link is None:
            return self._ids.new()
        return " ".join((decision.link.id, decision.link.id_on(step.side), *step.undone.rows))

    # -- the end -------------------------------------------------------------------------------------

    def _finish(self, settled: Sequence[Settled], observer: Observer) -> None:
        """The last commit: what is left of T2, the run's record, and the lease given back."""
        head, report = self._ledger.head, self._report
        trouble = next((out.trouble for out in settled if out.trouble is not None), None)
        if trouble is not None:
            report.stopped_by(trouble)
        report.pages = observer.pages
        report.calls = self._ledger.calls
        report.seconds = (self._clock.now() - self._began).total_seconds()
        changes = [*observer.changes()]
        if observer.swept and not self._errand.dry:
            written = {change.path for change in self._pending}
            dead = dead_links(self._store, self._paths, self._clock.now())
            changes += [change for change in dead if change.path not in written]
            drop_claims(self._store, self._instance, self._clock.now())
        while self._errand.more:
            self._commit(())
        changes += drop_orders(self._store, self._paths, head, self._clock.now())
        if not self._errand.dry:
            self._schedule(trouble)
            head.last_run = self._summary()
            if report.writes or settled_something(settled) or trouble is not None:
                changes.append(Put(self._paths.run(report.run), head.last_run))
        self._commit(changes, release=True)
        report.order = self._errand.told()
        report.remaining = head.remaining
        report.backlog = head.backlog
        report.next_due_at = head.next_due_at

    def _summary(self) -> Data:
        return {"at": self._clock.now().isoformat(), **self._report.summary()}

    def _schedule(self, trouble: RetriableError | FatalError | None) -> None:
        regularly = parse(self._ledger.head.settings).sync_regularly
        schedule(self._ledger.head, self._clock.now(), self._limits, trouble, regularly=regularly)

    def give_up(self, error: RetriableError | FatalError) -> None:
        """Gives the lease back after trouble: the head as it was last committed, and why.

        What this run holds in memory is void: a cursor in there may be ahead of the keys that were saved.
        """
        self._ledger.rewind()
        head = self._ledger.head
        # The head as it was may not know yet what the user has set; what cannot be read stays as it is.
        known = self._settings
        regularly = known.sync_regularly if known is not None else head.next_due_at is not None
        schedule(head, self._clock.now(), self._limits, error, regularly=regularly)
        head.last_run = self._summary()
        try:
            self._ledger.commit((), release=True)
        except (RetriableError, FatalError):
            return  # the lease runs out by itself
        self._report.remaining, self._report.backlog = head.remaining, head.backlog
        self._report.next_due_at = head.next_due_at


def settled_something(settled: Iterable[Settled]) -> bool:
    """Whether a run is worth a record: anything but contacts that agree already."""
    return any(out.row is not None or out.entries for out in settled)
