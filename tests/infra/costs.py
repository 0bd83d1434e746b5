"""What an installation costs in a month: ``python -m tests.infra.costs`` prints the table of ``docs/operations.md``.

From counts that ``test_costs.py`` holds to what runs really do, Google's list prices, and a few assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Counts:
    """What one run does, in what is paid for."""

    reads: int
    """Documents, and queries that find none."""
    writes: int
    deletes: int
    calls: int
    """To both sides together."""


IDLE = Counts(reads=5, writes=2, deletes=0, calls=2)
"""A run by the queue that finds nothing to do."""
CHANGED = Counts(reads=8, writes=11, deletes=2, calls=5)
"""A run by the queue that carries one contact's change over."""
DISPATCHED = 1
"""Documents that the dispatcher reads for each task."""
LOOK = 2
"""Documents that a look of the dispatcher costs besides: its place, and the query."""
LINE = 700
"""Bytes of a run's line in the log, at most; the platform adds a line of its own of about as much."""
LINK, ROW = 2_000, 12_000
"""Bytes of a contact's link, and of a row of its history, with all their index entries, at most."""

# -- assumptions -------------------------------------------------------------------------------------

SECONDS = 1.2
"""Of an idle run; most of it is waiting for the two sides."""
CHANGES = 20
"""Changed contacts of a user in a day, each in a run of its own."""
CONTACTS = 2_000
"""Of a user."""
TOGETHER = 4.0
"""Runs that share an instance at most: half of those that it takes."""
KEPT_FOR = 12
"""Months of history: it is kept until a user's data are deleted."""
SENT = 3_000
"""Bytes that a run sends out."""
DAYS = 30

# -- list prices in US dollars, us-central1 -----------------------------------------------------------

GIB = 2**30
READ, WRITE, DELETE = 0.03 / 1e5, 0.09 / 1e5, 0.01 / 1e5
KEEPING = 0.15 + 0.15 + 14 * 0.03
"""A GiB-month of documents, of the same for point-in-time recovery, and of daily backups."""
CPU, MEMORY, REQUEST = 0.000024, 0.0000025, 0.4 / 1e6
"""A second of a vCPU, of a GiB, and a request, where instances are paid for while they work."""
TASK = 0.4 / 1e6
"""Making one, and carrying it out, are two."""
LOG = 0.5
EGRESS = 0.12
SECRET = 0.06
ACCESS = 0.03 / 1e4

FREE_READS, FREE_WRITES, FREE_DELETES = 50_000 * DAYS, 20_000 * DAYS, 20_000 * DAYS
FREE_CPU, FREE_MEMORY, FREE_REQUESTS = 180_000, 360_000, 2_000_000
FREE_TASKS, FREE_LOG, FREE_STORED = 1_000_000, 50 * GIB, GIB


@dataclass(frozen=True)
class Month:
    """Dollars, by what they are paid for."""

    runs: int
    firestore: float
    """Reading, writing, and keeping."""
    functions: float
    rest: float
    """Queue, log, egress, secrets."""

    @property
    def total(self) -> float:
        return self.firestore + self.functions + self.rest


def month(users: int, minutes: int) -> Month:
    """What so many users cost who sync every so many minutes, day and night."""
    runs = users * DAYS * 24 * 60 // minutes
    changed = min(runs, users * DAYS * CHANGES)
    idle, looks = runs - changed, DAYS * 24 * 60
    reads = idle * IDLE.reads + changed * CHANGED.reads + runs * DISPATCHED + looks * LOOK
    writes = idle * IDLE.writes + changed * CHANGED.writes
    deletes = idle * IDLE.deletes + changed * CHANGED.deletes
    stored = users * (CONTACTS * (LINK + ROW) + KEPT_FOR * DAYS * CHANGES * ROW)
    firestore = (
        max(0, reads - FREE_READS) * READ
        + max(0, writes - FREE_WRITES) * WRITE
        + max(0, deletes - FREE_DELETES) * DELETE
        + max(0, stored - FREE_STORED) / GIB * KEEPING
    )
    # A call takes as long as another: a run with more of them lasts longer.
    busy = SECONDS * (idle + changed * CHANGED.calls / IDLE.calls) + looks * 0.3
    at_once = users / (minutes * 60) * SECONDS
    paid = busy / min(TOGETHER, max(1.0, at_once))
    functions = (
        max(0.0, paid - FREE_CPU) * CPU
        + max(0.0, paid * 0.5 - FREE_MEMORY) * MEMORY
        + max(0, runs + looks - FREE_REQUESTS) * REQUEST
    )
    instances = ceil(max(1.0, at_once) / TOGETHER)
    rest = (
        max(0, 2 * runs - FREE_TASKS) * TASK
        + max(0, 2 * runs * LINE - FREE_LOG) / GIB * LOG
        + runs * SENT / GIB * EGRESS
        + 3 * SECRET
        + instances * 2 * 12 * 24 * DAYS * ACCESS
    )
    return Month(runs, firestore, functions, rest)


def table() -> list[list[str]]:
    """A row for each number of users and interval."""
    rows = []
    for users in (10, 1_000, 25_000):
        for minutes in (5, 60):
            cost = month(users, minutes)
            money = [dollars(value) for value in (cost.firestore, cost.functions, cost.rest, cost.total)]
            each = dollars(cost.total / users)
            rows.append([f"{users:,}", f"{minutes} minutes", f"{cost.runs:,}", *money, each])
    return rows


HEAD = ("users", "every", "runs", "Firestore", "functions", "queue, log, egress, secrets", "in all", "a user")


def dollars(value: float) -> str:
    """Two significant digits below ten dollars, whole ones above."""
    return f"${value:,.0f}" if value >= 10 else f"${value:.2f}"


if __name__ == "__main__":
    for line in (list(HEAD), *table()):
        print("  ".join(cell.rjust(12) for cell in line))
