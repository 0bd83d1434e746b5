"""What the answers to an undo's writes come to. Pure.

The base does not advance: it is what both sides agreed on, and an undo makes them different. What it leaves different
is kept apart. The contact is looked at again by the next run, for edits that wait beside what was undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.names import Op, SideName
from shared.side import Done, InDoubt, NotSent, Record
from shared.sync.link import Link, LinkState
from shared.sync.plan.model import Decision, Entry, Env, Presence, Step, Subject, Trouble
from shared.sync.plan.undo import keep_apart
from shared.sync.settle import Results, Settled, history_row, index_rows, not_sent, overtaken


def settle_undo(env: Env, decision: Decision, results: Results, now: datetime, stored: Link | None) -> Settled:
    """Takes the answers in; see :func:`shared.sync.settle.settle`."""
    out = Settled(decision, taken=decision.joined, again=0.0)
    link = decision.link.copy() if decision.link is not None else None
    there = _there(decision.subject)
    native: dict[str, Any] = {}
    for step, outcome in results:
        if isinstance(outcome, Done):
            record = outcome.record
            there[step.side] = record is not None
            if link is not None:
                read = decision.subject.half(step.side).there
                reflected = read is not None and link.versions.get(step.side) == read.version
                take_back(env, link, step, record, there, now)
                if record is not None and (reflected or step.op is Op.CREATE):
                    link.versions[step.side] = record.version
            native[step.side.value] = {"before": step.before, "after": record.native if record is not None else None}
            kind = f"{step.op} {step.side}"
            out.done[kind] = out.done.get(kind, 0) + 1
            if record is not None:
                out.index += index_rows(env, step, record)
                out.versions.append((step.side, record.id, record.version, False))
        elif isinstance(outcome, InDoubt):
            out.doubt = True
        elif isinstance(outcome, NotSent):
            not_sent(out, outcome)
        elif not overtaken(step, outcome):
            out.refused = outcome.error.detail or outcome.error.message
    if out.refused and decision.subject.answer is not None and link is not None:
        # No undo, but what a person decided about an entry: that is where it is told.
        out.entries, out.again = (Entry(Trouble.REJECTED, "it was refused", detail=out.refused),), None
        link.parked = link.entry = True
    out.link = link if link is not None and (stored is None or link.data() != stored.data()) else None
    if native:
        out.row = {**history_row(decision, native, results), "undoes": list(decision.undoes)}
    return out


def take_back(
    env: Env, link: Link, step: Step, record: Record | None, there: Mapping[SideName, bool], now: datetime
) -> None:
    """The link after a write that took something back, whether it was answered or found out by a later read.

    Args:
        record: as it is now; ``None`` after a delete.
        there: which of the two records exist now.
    """
    side = step.side
    link.versions.pop(side, None)  # what waits beside it has not been looked at
    if record is not None:
        link.on(side, record.id)
        memo = env.fields[side].view(record.native, link.memo.get(side, {}), step.target).memo
        link.memo = {**{s: m for s, m in link.memo.items() if s is not side}, **({side: memo} if memo else {})}
    if step.op is Op.UPDATE:
        if step.undone is not None:
            keep_apart(env, link, side, step.undone)
        return
    link.gone = [each for each in link.gone if not there[each]]
    gone = [each for each in SideName if not there[each]]
    link.both_gone_at = now.isoformat() if len(gone) == len(SideName) else None
    if gone:
        link.state = LinkState.TOMBSTONE
        link.deleted_on = gone[0] if len(gone) == 1 else link.deleted_on
        link.undone = step.op is Op.DELETE and link.deleted_on is side
    elif link.state is LinkState.TOMBSTONE:
        link.state, link.deleted_on, link.undone = LinkState.LIVE, None, False


def there_after(subject: Subject, step: Step, record: Record | None) -> dict[SideName, bool]:
    """Which records exist, once a write of an earlier run is known to have happened."""
    return {**_there(subject), step.side: record is not None}


def _there(subject: Subject) -> dict[SideName, bool]:
    """What cannot be proven gone is taken to be there: nothing is buried by mistake."""
    return {side: subject.half(side).presence in (Presence.PRESENT, Presence.MISSING) for side in SideName}
