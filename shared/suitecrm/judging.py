"""What came of a write: from a read right after it, as no answer of this dialect says so.

The server answers 200 and the id also where it stored nothing: for a contact that is unknown or was deleted, for
emails in the wrong place, for a record that the user may not write.
"""

from __future__ import annotations

from typing import Any

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS
from shared.errors import AmbiguousError, Forbidden, Rejected, Vanished
from shared.names import Op
from shared.side import Absent, Done, InDoubt, Native, Outcome, Record, Refused, Write
from shared.sugar import emails
from shared.sugar.outcomes import CALLS
from shared.suitecrm.fieldmap import SuiteFieldMap


def happened(write: Write, found: Record | Absent, fields: SuiteFieldMap) -> bool:
    """Whether a write that was cut off in the middle has had its effect."""
    if write.op is Op.DELETE:
        return isinstance(found, Absent)
    if isinstance(found, Absent):
        return write.op is Op.CREATE and found.proven
    return write.op is Op.CREATE or not _not_taken(write, found.native, fields)


def judged(write: Write, found: Record | Absent, fields: SuiteFieldMap) -> Outcome:
    """What a write that was reported as done has come to.

    Args:
        found: the record as read after it.
    """
    call = CALLS[write.op]
    if write.op is Op.DELETE:
        if isinstance(found, Absent):
            return Done(None)
        return Refused(Forbidden(f"{call}: Sugar reports success, and the contact is still there"))
    if isinstance(found, Absent):
        if write.op is Op.UPDATE:
            return Refused(Vanished(f"{call}: not there any more, or not visible to the Sugar user"))
        if found.proven:
            return InDoubt(AmbiguousError(f"{call}: created, and deleted right after"))
        return Refused(Forbidden(f"{call}: Sugar reports success, and does not show the contact"))
    if write.op is Op.UPDATE:
        lost = _not_taken(write, found.native, fields)
        if lost:
            field = lost[0]
            return Refused(Rejected(f"{call}: Sugar reports success, and has not taken it", field=field))
    return Done(found, fields.edited(write.payload, found.native, created=write.op is Op.CREATE))


def _not_taken(write: Write, shown: Native, fields: SuiteFieldMap) -> list[str]:
    """The fields that still show what they showed before, and not what was sent."""
    before = write.before or {}
    lost = []
    stale = fields.edited(write.payload, shown, created=False)
    for native, sent in write.payload.items():
        name = fields.canonical_of(native)
        if name == EMAILS:
            if _keys(shown.get(native)) != _keys(sent) and _keys(shown.get(native)) == _keys(before.get(native)):
                lost.append(name)
        elif name in stale and shown.get(native) == before.get(native):
            lost.append(name)
    return lost


def _keys(raw: Any) -> frozenset[str]:
    read = emails.read(raw)
    return frozenset() if isinstance(read, str) else email_keys(read)
