"""What a run is sent for: the next batch, a plan, the next part of one, or to carry one out.

The steps of a run are always the same; an errand says which contacts it takes, and what of its plan is carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.names import SideName
from shared.store.port import Change
from shared.sync.batch import Batch
from shared.sync.plan.batch import Plan, plan_batch
from shared.sync.plan.model import Action, Decision, Env, Subject
from shared.sync.queue import READY, Dirty, Queue
from shared.sync.recovered import Recovered
from shared.sync.settle import Settled
from shared.sync.undo.ask import UndoAsk
from shared.sync.words import OrderTold

Wanted = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a run."""

    preview: bool = False
    """A plan only, stored; nothing is written to either side."""
    plan: str = ""
    """The stored plan that is meant; blank: a new one, or whatever is due."""
    leave_out: tuple[str, ...] = ()
    """Keys of the plan's contacts that are not to be carried out."""
    undo: UndoAsk | None = None
    """With ``preview``: the plan of an undo."""
    scheduled: bool = False
    """Nobody is there to look: it stops at a plan where the settings say so."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a batch has in any case."""

    links: Collection[str] = ()
    """By their ids."""
    records: Collection[tuple[SideName, str]] = ()
    """Of contacts without link, or with one that is not stored yet."""


class Errand(Protocol):
    """One run's."""

    dry: bool
    """Nothing at all is carried out, and nothing is settled."""
    fixed: bool
    """It takes the contacts that it names, also those of which nothing is known to have changed."""
    removes: Counter[str]
    """Deletes and clearings that count for the guard, besides those of the batch and of the day."""

    def work(self, queue: Queue) -> bool:
        """Whether it has contacts for this run, once both sides are listed."""
        ...

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        """What to look at, in this order.

        Args:
            begun: what is looked at in any case, because earlier runs have left it open.
            room: contacts besides.
        """
        ...

    def names(self) -> Mapping[tuple[SideName, str], str]:
        """The keys of subjects without link, by their record; others get new ones."""
        ...

    def judged(self, queue: Queue, batch: Batch) -> int:
        """Tombstones in the queue, besides the batch's, that the guard has judged with the plan already."""
        ...

    def plan(self, env: Env, batch: Batch) -> Plan:
        """The plan of the batch."""
        ...

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        """What of the plan is carried out now.

        Args:
            decisions: as the guard left them.
            wanted: what they would remove, held or not, by subject.
        """
        ...

    def note(self, out: Settled) -> None:
        """This is going to be committed, together with :meth:`changes`."""
        ...

    @property
    def more(self) -> bool:
        """Whether :meth:`changes` will have more than it gives at once."""
        ...

    def changes(self) -> list[Change]:
        """What the next commit has to take along."""
        ...

    def told(self) -> OrderTold | None:
        """Where its plan stands."""
        ...


class Plain:
    """The next batch, planned and carried out."""

    dry = False
    fixed = False
    more = False

    def __init__(self) -> None:
        self.removes: Counter[str] = Counter()

    def work(self, queue: Queue) -> bool:
        return queue.size(*READY) > 0

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        del begun, room  # whoever takes them knows when to stop
        return queue.ready()

    def names(self) -> Mapping[tuple[SideName, str], str]:
        return {}

    def judged(self, queue: Queue, batch: Batch) -> int:
        del queue, batch
        return 0

    def plan(self, env: Env, batch: Batch) -> Plan:
        return plan_batch(env, batch.subjects, batch.candidates)

    def divide(
        self, env: Env, batch: Batch, decisions: Sequence[Decision], recovered: Recovered, wanted: Wanted
    ) -> tuple[Decision, ...]:
        del env, batch, recovered, wanted
        return tuple(decisions)

    def note(self, out: Settled) -> None:
        del out

    def changes(self) -> list[Change]:
        return []

    def told(self) -> OrderTold | None:
        return None


def bare(decision: Decision, batch: Batch) -> Decision:
    """Nothing of a decision but what recovery has found out: the rest is for a later run, which looks again.

    Its keys stay where they are. That it waits tells whoever settles it that the contact's versions are not reflected:
    what is owed to them is not written.
    """
    subject = decision.subject
    for key in (subject.key, *decision.joined):
        batch.keys[key] = []
    why = "what an earlier run did is taken in; the rest is not part of this"
    return Decision(subject, Action.WAIT, why, link=subject.link, wait_seconds=0.0, joined=decision.joined)


def is_quiet(decision: Decision) -> bool:
    """Whether it comes to nothing but our own bookkeeping."""
    return not decision.steps and not decision.entries and decision.action in (Action.NOTHING, Action.WAIT)


def own_of_recovery(recovered: Recovered) -> set[str]:
    """Keys of subjects for which recovery goes on with what an earlier run began."""
    own = {decision.subject.key for decision in recovered.decisions}
    return own | {op.key for op in recovered.again.values()}


def records_of(subject: Subject) -> list[tuple[SideName, str]]:
    """The records of a subject."""
    return [(side, subject.half(side).id) for side in SideName if subject.half(side).id]


def names_of(key: Dirty) -> Iterable[tuple[SideName, str]]:
    """The records that a dirty key may mean: the same one has had other names."""
    return [(key.side, name) for name in (key.id, *key.previous)]
