"""The times of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

TIDY_EVERY = timedelta(days=1)
"""How often a pair is looked through for what is past its time."""
TIDY_LATE = timedelta(hours=1)
"""So much later nobody waits for a run to do it any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds."""

    lease: float = 300.0
    """One run's; no call is begun that could outlive it."""
    observe: float = 60.0
    """Pulling the feeds; what is left goes on in the next run."""
    quiet: float = 900.0
    """Q: so long after a write was sent nothing can be said for sure. Longer than the lease and the feed's delay."""
    batch: int = 100
    """Contacts (not seconds) of one run."""
    backoff: float = 60.0
    """After a run in trouble; doubled by each further one."""
    most_backoff: float = 3600.0
