"""What has happened in all the stories: the figures that a runner prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Counts; adding another one sums them up."""

    examples: int = 0
    """Stories, those that hypothesis repeats while it looks for a smaller one included."""
    steps: int = 0
    runs: int = 0
    previews: int = 0
    plans: int = 0
    """Stored plans that were carried out, to their end or as far as it went."""
    undone: int = 0
    """Rows that were undone, and done again."""
    rests: int = 0
    """Times that the world came to rest and everything was checked."""
    claims: int = 0
    """Single statements that were checked."""
    crashes: int = 0
    stale: int = 0
    """Workers that woke up after another one had taken their lease."""
    landed_late: int = 0
    """Requests that took effect after the caller had lost patience."""
    landed_beyond: int = 0
    """Of these: later than the quiet period."""
    deeds: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """Calls that met a fault, by kind."""
    windows: Counter[str] = field(default_factory=Counter)
    """Claims that were given up, by window."""

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def as_json(self) -> dict[str, Any]:
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tally:
        tally = cls()
        for name, value in data.items():
            setattr(tally, name, Counter(value) if isinstance(value, dict) else value)
        return tally

    def lines(self) -> list[str]:
        """For a person."""
        plain = {name: value for name, value in vars(self).items() if not isinstance(value, Counter)}
        lines = [f"{name.replace('_', ' ')}: {value:,}" for name, value in plain.items()]
        for name in ("deeds", "events", "faults", "windows"):
            counts: Counter[str] = getattr(self, name)
            text = ", ".join(f"{what} {count:,}" for what, count in counts.most_common())
            lines.append(f"{name}: {counts.total():,}" + (f" ({text})" if text else ""))
        return lines


TALLY = Tally()
"""Of this process."""
