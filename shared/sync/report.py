"""What a run says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.errors import BadPlan, FatalError, SyncError
from shared.sync.plan.batch import Plan
from shared.sync.words import OrderTold


class Status(StrEnum):
    DONE = "done"
    """It went through; ``remaining`` says whether more is waiting."""
    BUSY = "busy"
    """Another run of this user is under way; nothing was done."""
    LATER = "later"
    """It stopped cleanly at some trouble that passes; the next run goes on."""
    BLOCKED = "blocked"
    """It stopped cleanly; a person has to act first. ``message`` says what to do."""


@dataclass
class Report:
    """One run. Carries ids and counts, never a contact's values; the plan is for the preview alone."""

    run: str
    status: Status = Status.DONE
    message: str = ""
    error: str = ""
    """What it stopped at: the name of a class in ``shared.errors``; blank if it went through."""
    counts: dict[str, int] = field(default_factory=dict)
    """Decisions by action, and writes by ``create sugar`` and so on."""
    calls: int = 0
    """Calls to both sides, token refreshes included."""
    pages: int = 0
    contacts: int = 0
    """Contacts read."""
    remaining: int = 0
    backlog: int = 0
    commits: int = 0
    written: int = 0
    """Documents written."""
    seconds: float = 0.0
    next_due_at: str | None = None
    plan: Plan | None = None
    names: dict[str, str] = field(default_factory=dict)
    """With a preview: what the plan's contacts are called, by their keys."""
    bad_plan: BadPlan | None = None
    """The plan that was asked for cannot be used; nothing was done."""
    order: OrderTold | None = None
    """The stored plan that it made or carried out."""

    def stopped_by(self, error: SyncError) -> None:
        """It ended at this."""
        self.bad_plan = error if isinstance(error, BadPlan) else None
        self.status, self.message, self.error = status_of(error), error.message, type(error).__name__

    @property
    def writes(self) -> int:
        """Writes to both sides together."""
        return sum(count for name, count in self.counts.items() if " " in name)

    def summary(self) -> dict[str, Any]:
        """For the head and the run's record."""
        return {
            "run": self.run,
            "status": self.status.value,
            "message": self.message,
            "error": self.error,
            "counts": self.counts,
            "contacts": self.contacts,
            "calls": self.calls,
            "remaining": self.remaining,
            "backlog": self.backlog,
            "seconds": round(self.seconds, 3),
        }


def status_of(error: SyncError) -> Status:
    """How a run ends that met this."""
    return Status.BLOCKED if isinstance(error, FatalError) else Status.LATER
