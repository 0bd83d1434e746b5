"""What recovery found out about the writes that earlier runs left in doubt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from shared.names import Op, SideName
from shared.side import Record
from shared.sync.journal import Intent
from shared.sync.plan.model import Decision


@dataclass
class Recovered:
    """What recovery decided once the batch was read."""

    decisions: list[Decision] = field(default_factory=list)
    """Made here instead of by the planner: copies removed, doubtful creates."""
    facts: dict[str, list[tuple[Intent, Record | None]]] = field(default_factory=dict)
    """By link (or subject without one): writes that turned out to have happened, for the history."""
    closed: list[str] = field(default_factory=list)
    """Intents that are settled with this batch."""
    removed: Counter[str] = field(default_factory=Counter)
    """What turned out to have happened, for the guard's rolling day."""
    in_doubt: Counter[str] = field(default_factory=Counter)
    """What may yet."""
    again: dict[str, Intent] = field(default_factory=dict)
    """By subject: creates that never arrived, to be sent again if the plan still wants them."""
    replaced: list[str] = field(default_factory=list)
    """Intents of creates sent again: they go in the commit that writes the new ones, or both would be sent."""

    def updated(self, side: SideName) -> list[Record]:
        """The records of updates that turned out to have happened."""
        facts = [fact for facts in self.facts.values() for fact in facts]
        return [record for op, record in facts if op.side is side and op.op is Op.UPDATE and record is not None]

    def of(self, decision: Decision) -> list[tuple[Intent, Record | None]]:
        """The facts about all that a decision has taken in."""
        names = (decision.subject.key, *((decision.link.id,) if decision.link is not None else ()), *decision.joined)
        return [fact for name in dict.fromkeys(names) for fact in self.facts.get(name, ())]
