"""Quotas per minute and day, per user. Off unless a test or the demo sets figures: Google publishes none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.simulators.people.errors import ApiError
from tests.simulators.people.state import Clock
from tests.simulators.people.switches import Switches


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits; ``None``: none. 90 critical reads a minute is the most frequent report (C)."""

    critical_reads: int | None = None
    critical_writes: int | None = None
    daily_contact_writes: int | None = None
    full_sync_first_pages: int | None = None
    """The extra, fixed quota of a full sync's first page (D)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call uses up."""

    reads: int = 0
    writes: int = 0
    daily: int = 0
    first_pages: int = 0


READ = Cost(reads=1)
COSTS = {
    "people.people.createContact": Cost(1, 1, 1),
    "people.people.updateContact": Cost(1, 1, 1),
    "people.people.batchCreateContacts": Cost(6, 6, 200),
    "people.people.batchUpdateContacts": Cost(6, 6, 200),
    "people.people.deleteContact": Cost(writes=1),
    "people.people.batchDeleteContacts": Cost(writes=10),
    "people.people.updateContactPhoto": Cost(writes=1),
    "people.people.deleteContactPhoto": Cost(writes=1),
    "people.contactGroups.create": Cost(writes=1),
    "people.contactGroups.update": Cost(writes=1),
    "people.contactGroups.delete": Cost(writes=1),
    "people.contactGroups.members.modify": Cost(writes=1),
}
"""Reported costs (C); what is not listed is one critical read."""


class Meter:
    """Counts what each user has used in the running minute and day."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.quota = Quota()
        self._clock = clock
        self._switches = switches
        self._used: Counter[tuple[str, str, str]] = Counter()

    def charge(self, user: str, cost: Cost) -> None:
        """Books the call, or refuses it with the recorded 429 and books nothing."""
        now = self._clock.now()
        minute, day = now.strftime("%Y%m%d%H%M"), now.strftime("%Y%m%d")
        rows = (
            ("Critical read requests", "CriticalReads", minute, cost.reads, self.quota.critical_reads),
            ("Critical write requests", "CriticalWrites", minute, cost.writes, self.quota.critical_writes),
            ("Daily contact writes", "DailyContactWrites", day, cost.daily, self.quota.daily_contact_writes),
            ("Full sync requests", "FullSync", minute, cost.first_pages, self.quota.full_sync_first_pages),
        )
        for metric, short, window, amount, limit in rows:
            if limit is not None and amount and self._used[user, short, window] + amount > limit:
                raise self._refusal(metric, short, "minute" if window == minute else "day")
        for _, short, window, amount, _ in rows:
            self._used[user, short, window] += amount

    def _refusal(self, metric: str, short: str, per: str) -> ApiError:
        message = (
            f"Quota exceeded for quota metric '{metric}' and limit '{metric} per {per} per user' of service "
            "'people.googleapis.com' for consumer 'project_number:xxx'."
        )
        details = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "quota_limit": f"{short}Per{per.capitalize()}PerProjectPerUser",
                    "service": "people.googleapis.com",
                },
            }
        ]
        return ApiError(429, message, "RESOURCE_EXHAUSTED", details, retry_after=self._switches.retry_after)
