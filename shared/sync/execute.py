"""Carrying a plan out: every write on paper first, then the calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import FatalError, RetriableError, StaleVersion, Vanished
from shared.names import Op, SideName
from shared.side import Absent, Done, NotSent, Outcome, Record, Refused, Side
from shared.sync.journal import Intent
from shared.sync.plan.model import Decision, Step

Intents = Mapping[str, list[Intent]]
"""By subject: an intent for each step of its decision, in order."""


def execute(sides: Mapping[SideName, Side], decisions: Sequence[Decision], intents: Intents) -> dict[str, Outcome]:
    """The calls, one side after the other; an outcome for every intent, by its id."""
    answers: dict[str, Outcome] = {}
    steps = [
        (step, op)
        for decision in decisions
        for step, op in zip(decision.steps, intents[decision.subject.key], strict=True)
    ]
    for side in SideName:
        mine = [(step, op) for step, op in steps if step.side is side]
        mine = _still_there(sides[side], mine, answers)
        if not mine:
            continue
        outcomes = sides[side].apply([op.write() for _, op in mine])
        answers.update({op.id: outcome for (_, op), outcome in zip(mine, outcomes, strict=True)})
    return answers


def with_whole_images(sides: Mapping[SideName, Side], decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions, each delete with a before-image that holds all that its record could be made again from.

    What is read for a plan may hold only what is synced. A record that moved meanwhile keeps the image that it has: its
    delete is not going to happen.

    Raises:
        RetriableError, FatalError: nothing has been written.
    """
    wanted: dict[SideName, list[str]] = {}
    for decision in decisions:
        for step in decision.steps:
            if step.op is Op.DELETE:
                wanted.setdefault(step.side, []).append(step.id)
    if not wanted:
        return tuple(decisions)
    whole = {side: sides[side].read_whole(ids) for side, ids in wanted.items()}

    def imaged(step: Step) -> Step:
        read = whole[step.side].get(step.id) if step.op is Op.DELETE else None
        if not isinstance(read, Record) or read.version != step.version:
            return step
        return replace(step, before={**(step.before or {}), **read.native})

    return tuple(replace(d, steps=tuple(map(imaged, d.steps))) if d.deletes else d for d in decisions)


def _still_there(
    side: Side, steps: list[tuple[Step, Intent]], answers: dict[str, Outcome]
) -> list[tuple[Step, Intent]]:
    """Reads what is to be deleted once more, right before.

    A delete carries no version, so an edit that comes after the read for the plan would go with it. This read
    narrows the window to one call.
    """
    deletes = {op.record: op for step, op in steps if step.op is Op.DELETE}
    if not deletes:
        return steps
    try:
        fresh = side.read(sorted(deletes))
    except (RetriableError, FatalError) as error:
        answers.update({op.id: NotSent(error) for _, op in steps})
        return []
    for record, op in deletes.items():
        read = fresh[record]
        if isinstance(read, Absent):
            # Not found is not deleted yet: taken for done, it would be forgotten, and come back when its link is.
            gone = Vanished("it was not found right before it was to be deleted")
            answers[op.id] = Done(None) if read.proven else Refused(gone)
        elif read.version != op.version:
            answers[op.id] = Refused(StaleVersion("it changed right before it was to be deleted"))
    return [(step, op) for step, op in steps if op.id not in answers]
