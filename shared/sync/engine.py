"""The sync of one pair, run by run.

::

    take lease ─▶ drain inbox ─▶ observe ─▶ recover ─▶ read ≤ 100 ─▶ plan ─▶ guard ─▶ T1 ─▶ calls ─▶ T2 + release
        │                         │                                            │              │
        │                 keys and cursor in one commit              intents, claims     links, bases, history,
        │                                                                              backlog, cleared keys, and
        └── every commit asserts the epoch                                             the intents that are settled

Once a day it tidies before all that, see :mod:`shared.sync.tidy`.

A crash anywhere leaves either dirty keys (planned again) or open intents (recovered).
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.clock import Clock, Ids
from shared.errors import BadPlan, FatalError, LeaseLost, RetriableError
from shared.store.bucket import Bucket
from shared.store.port import Store
from shared.sync.limits import Limits
from shared.sync.order.errand import Asked
from shared.sync.order.first import groups
from shared.sync.order.shown import AlikeGroup, AlikeText
from shared.sync.paths import Paths
from shared.sync.report import Report, Status
from shared.sync.run import Connect, Run
from shared.sync.tidy import tidy
from shared.sync.undo.ask import UndoAsk
from shared.sync.visit import attend, give_back, look_again, take, visit
from shared.sync.why import Told, why


class Engine:
    """Holds nothing between runs: everything is in the store, and any process may make the next run."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        connect: Connect,
        clock: Clock,
        ids: Ids,
        *,
        instance: str,
        limits: Limits | None = None,
        bucket: Bucket | None = None,
    ) -> None:
        """
        Args:
            connect: makes both sides, under the lease.
            instance: the Sugar instance's host: colleagues' claims meet there.
            bucket: where history goes when its time has come; ``None``: nowhere.
        """
        self._store = store
        self._paths = paths
        self._connect = connect
        self._clock = clock
        self._ids = ids
        self._instance = instance
        self._limits = limits or Limits()
        self._bucket = bucket

    def run(self, *, plan: str = "", leave_out: Sequence[str] = (), scheduled: bool = False) -> Report:
        """One batch. Never raises for what a side or the store answers: the report says what happened.

        Args:
            plan: the stored plan that is to be carried out, or to be gone on with; blank: the one that was begun, or
                else whatever waits.
            leave_out: keys of the plan's contacts that are not to be carried out.
            scheduled: it may stop at a plan, where the user wants to be asked first.
        """
        return self._go(Asked(plan=plan, leave_out=tuple(leave_out), scheduled=scheduled))

    def preview(self, *, plan: str = "") -> Report:
        """The same up to the plan, which is in the report and stored: no write to either side, no key cleared.

        Args:
            plan: the stored plan that the next part is added to; blank: a new one.
        """
        return self._go(Asked(preview=True, plan=plan))

    def undo(self, ask: UndoAsk) -> Report:
        """The plan of an undo, its first part; the next ones are added by :meth:`preview`."""
        return self._go(Asked(preview=True, undo=ask))

    def attend(self) -> bool:
        """No run, only its time: moved to what the user's settings say; see :func:`shared.sync.visit.attend`."""
        return attend(self._store, self._paths, self._clock, self._ids)

    def why(self, text: str) -> Told:
        """How the contacts stand that this text may mean, and why; see :func:`shared.sync.why.why`.

        Raises:
            LeaseLost: a run is under way.
            FatalError, RetriableError: what a side or the store answers.
        """
        with visit(self._store, self._paths, self._clock, self._ids, seconds=self._limits.lease) as ledger:
            return why(self._store, self._paths, self._connect, self._clock, self._ids, self._instance, ledger, text)

    def alike(self, plan: str, wanted: AlikeText, *, after: str, limit: int) -> tuple[list[AlikeGroup], str]:
        """Who may be the same person; see :func:`shared.sync.order.first.groups`.

        Raises:
            BadPlan: there is no such plan.
            LeaseLost: a run is under way.
            FatalError, RetriableError: what a side or the store answers.
        """
        with visit(self._store, self._paths, self._clock, self._ids, seconds=self._limits.lease) as ledger:
            return groups(self._store, self._paths, self._connect, ledger, plan, wanted, after=after, limit=limit)

    def _go(self, asked: Asked) -> Report:
        report = Report(self._ids.new())
        began = self._clock.now()
        try:
            ledger = take(self._store, self._paths, self._clock, self._ids, seconds=self._limits.lease)
        except LeaseLost as error:
            report.status, report.message = Status.BUSY, error.message
            return report
        except (RetriableError, FatalError) as error:
            report.stopped_by(error)
            return report
        run = Run(
            self._store,
            self._paths,
            self._connect,
            self._clock,
            self._ids,
            self._instance,
            self._limits,
            ledger,
            report,
        )
        try:
            tidy(self._store, self._paths, self._bucket, self._clock, ledger, put_off=asked.preview)
            run.go(asked)
        except BadPlan as error:
            report.stopped_by(error)
            give_back(ledger)  # nothing was begun, and nothing is wrong with the sync
        except (RetriableError, FatalError) as error:
            report.stopped_by(error)
            run.give_up(error)
        look_again(self._store, self._paths, self._clock, self._ids, ledger.head)
        report.commits, report.written = ledger.commits, ledger.written
        report.seconds = (self._clock.now() - began).total_seconds()
        return report
