"""The delete guard: what looks like a mass deletion waits for a person.

Deletes, and clearings of any one field, are counted over a rolling day and over everything pending, because a mass
delete trickles through batches. A hold stops deletes and clearings only; everything else goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from shared.contact.fields import EMAILS
from shared.names import Op, SideName
from shared.sync.link import Link
from shared.sync.plan.model import Action, Decision, Entry, Env, FieldChange, Step, Trouble
from shared.sync.plan.verdict import Verdict

DELETES = "delete"


def limit(links: int) -> int:
    """How many deletes (or clearings of one field) a day pass without asking: min(250, max(10, 10 % of the links))."""
    return min(250, max(10, links // 10))


@dataclass(frozen=True, slots=True)
class Weather:
    """What the guard knows besides the batch."""

    links: int
    done: Mapping[str, int]
    """Deletes (:data:`DELETES`) and clearings (by field) carried out or held within the last day."""
    pending: int
    """Tombstones still waiting in the queue, but for this batch's own and those that were judged with a plan."""
    alarm: bool = False
    """All contacts changed at once, or a side read empty though there are links."""


def guard(env: Env, decisions: Sequence[Decision], weather: Weather) -> tuple[tuple[Decision, ...], Counter[str]]:
    """Holds what has to be held.

    Returns:
        The decisions, with held deletes and clearings turned into backlog entries, and how many deletes and clearings
        the batch wants (held or not, approved ones left out).
    """
    wanted: Counter[str] = Counter()
    for decision in decisions:
        wanted.update(removes(decision) - decision.subject.held)
    most = limit(weather.links)
    held = {
        kind
        for kind, count in wanted.items()
        if count
        and (weather.alarm or count + weather.done.get(kind, 0) + (weather.pending if kind == DELETES else 0) > most)
    }
    return tuple(d if d.subject.exempt else _hold(env, d, held) for d in decisions), wanted


def removes(decision: Decision) -> frozenset[str]:
    """What counts for the rolling day: a delete (:data:`DELETES`), and the fields that are cleared, by name.

    What is held counts, too, once: with a plan that has held it, when that is carried out.
    """
    if decision.subject.exempt or not decision.steps:
        return frozenset()  # approved, or nothing of it is written
    cleared = {change.name for change in decision.fields if change.clears}
    wanted = cleared | ({DELETES} if decision.deletes else set())
    return frozenset(wanted - decision.subject.approved - _held_before(decision))


def _held_before(decision: Decision) -> frozenset[str]:
    """What of this contact was held already: that waits until a person approves, however quiet the day has become."""
    link, answer = decision.subject.link, decision.subject.answer
    deletes = answer is not None and answer.asked == Trouble.HELD_DELETE
    return frozenset(link.held if link is not None else ()).union([DELETES] if deletes else ())


def _hold(env: Env, decision: Decision, counted: Set[str]) -> Decision:
    held = (counted | decision.subject.held | _held_before(decision)) - decision.subject.approved
    if DELETES in held and decision.deletes:
        entry = Entry(Trouble.HELD_DELETE, f"{decision.why}; too many deletions at once, so a person has to approve")
        link = decision.subject.link
        return replace(decision, action=Action.PARK, why=entry.message, steps=(), link=link, entries=(entry,))
    cleared = [change for change in decision.fields if change.clears and change.name in held]
    if not cleared or not decision.steps:
        return decision
    names = {change.name for change in cleared}
    steps = tuple(s for step in decision.steps if (s := _without(env, decision, step, names)) is not None)
    kept = tuple(replace(c, verdict=Verdict.HELD, why=f"{c.why}; held") if c in cleared else c for c in decision.fields)
    entry = Entry(
        Trouble.HELD_CLEARING,
        "the same field would be cleared in too many contacts at once, so a person has to approve",
        fields=tuple(cleared),
        whole=False,
    )
    action = decision.action if steps or decision.action is not Action.UPDATE else Action.NOTHING
    return replace(decision, action=action, steps=steps, fields=kept, entries=(*decision.entries, entry))


def _without(env: Env, decision: Decision, step: Step, names: set[str]) -> Step | None:
    """The step with these fields left as they are."""
    if step.op is not Op.UPDATE or step.target is None or step.before is None or not names.intersection(step.changed):
        return step
    changed = tuple(name for name in step.changed if name not in names)
    if not changed:
        return None
    memo = _memo(decision, step.side)
    shown = env.fields[step.side].view(step.before, memo, None).contact
    target = step.target.with_values({n: shown.values[n] for n in names if n != EMAILS and n in shown.values})
    if EMAILS in names:
        target = replace(target, emails=shown.emails)
    key = decision.link.id if decision.link else decision.subject.key
    payload = env.fields[step.side].update(step.before, memo, target, changed, key)
    return replace(step, payload=payload, target=target, changed=changed) if payload else None


def _memo(decision: Decision, side: SideName) -> dict[str, object]:
    link: Link | None = decision.link
    return dict(link.memo.get(side, {})) if link else {}


__all__ = ["DELETES", "FieldChange", "Weather", "guard", "limit", "removes"]
