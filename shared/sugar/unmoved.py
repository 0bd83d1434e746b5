"""Updates that Sugar refuses as changed since they were read, though nothing has changed.

The form of ``X-Timestamp`` is not documented. On an instance that wants another one no date equals, and every update
would be refused, read, planned and refused again, for ever. A read right after the refusal tells::

    refused ──▶ read: another version ──▶ it did change, and is planned again
                  │
                  └─ the same version ──▶ sent once more without the header: that read was the comparison
                                             └─ refused again ──▶ nothing compared; somebody is asked about it
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Rejected, StaleVersion
from shared.names import Op
from shared.side import Absent, InDoubt, NotSent, Outcome, Record, Refused, Write
from shared.sugar.outcomes import CALLS


def stale(writes: Sequence[Write], outcomes: Sequence[Outcome]) -> list[int]:
    """The places of the updates to look at; none after trouble with the call, as nothing more is sent then."""
    if any(isinstance(each, InDoubt | NotSent) for each in outcomes):
        return []
    pairs = enumerate(zip(writes, outcomes, strict=True))
    return [n for n, (write, each) in pairs if write.op is Op.UPDATE and _is_stale(each)]


def is_unmoved(write: Write, read: Record | Absent) -> bool:
    """Whether the contact is still what the update was planned from."""
    return isinstance(read, Record) and read.version == write.version


def at_last(outcome: Outcome) -> Outcome:
    """What came of an update that was sent without the header."""
    if not _is_stale(outcome):
        return outcome
    return Refused(Rejected(f"{CALLS[Op.UPDATE]}: Sugar says that it changed since it was read (409), and it did not"))


def _is_stale(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and isinstance(outcome.error, StaleVersion)
