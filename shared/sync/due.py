"""When a pair is due again."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.errors import FatalError, RetriableError
from shared.sync.head import Head
from shared.sync.limits import Limits
from shared.sync.settings import parse

_USUAL_DELAY = timedelta(minutes=2)
"""Until a pair that is due is looked for, has its turn in the queue, and is through."""


def schedule(
    head: Head, now: datetime, limits: Limits, trouble: RetriableError | FatalError | None, *, regularly: bool
) -> None:
    """When this pair is due again: after the interval, or later after trouble; never, if it is not to run by itself.

    The interval counts from when it was due, or what each run waits for its turn would be added to every interval::

        due 09:00:05   looked for 09:01:00   its turn 09:01:30   due again 09:05:05, not 09:06:30

    After a longer delay, or a run at another time, it counts from now.
    """
    since = now
    if trouble is None:
        head.failures = 0
        wait = parse(head.settings).interval_minutes * 60.0
        due = datetime.fromisoformat(head.next_due_at) if head.next_due_at else now
        if timedelta() < now - due < timedelta(seconds=wait) + _USUAL_DELAY:
            since = due
    else:
        head.failures += 1
        wait = min(limits.most_backoff, limits.backoff * 2 ** min(head.failures - 1, 10))
        if isinstance(trouble, RetriableError) and trouble.retry_after:
            wait = max(wait, trouble.retry_after)
    head.next_due_at = (since + timedelta(seconds=wait)).isoformat() if regularly else None
