"""Writing contacts, many in one call where that goes.

``set_entries`` carries a bulk out in order and stops at the first one that the database refuses, without a word about
those before it. Emails of an existing contact go by form fields, which only a single ``set_entry`` takes. Nothing that
is answered proves a write: all that was sent is read back at the end, in one call for a hundred.

There is no optimistic lock: what is to be updated is looked at once more, right before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.contact.normal import email_key
from shared.errors import (
    AmbiguousError,
    ContactError,
    Forbidden,
    Rejected,
    ScopeMissing,
    StaleVersion,
    SyncError,
    Unavailable,
    Vanished,
)
from shared.names import Op
from shared.side import Absent, InDoubt, Native, NotSent, Outcome, Record, Refused, Write
from shared.sugar.bulk import FAST_SECONDS, FIRST_SIZE, LARGEST, SLOW_SECONDS, SMALLEST
from shared.sugar.http import BULK_SECONDS, WRITE_SECONDS
from shared.sugar.outcomes import CALLS
from shared.suitecrm import emails
from shared.suitecrm.fieldmap import SuiteFieldMap
from shared.suitecrm.judging import happened, judged
from shared.suitecrm.lookup import SuiteLookup
from shared.suitecrm.service import Failed
from shared.suitecrm.session import SuiteSession

MAX_BYTES = 1_500_000
"""Of the JSON of one bulk. PHP takes 8 MB by default, and a form can triple it."""
_BULK = "write contacts"
_FAILURES = 3
"""So many contacts, one after the other, before it is the server's own trouble."""
_REST = "not sent, because the outcome of the writes before is unknown"


class SuiteWriter:
    """Carries writes out for one user.

    Attributes:
        size: writes in one bulk; to be kept between runs.
    """

    def __init__(
        self, session: SuiteSession, lookup: SuiteLookup, fields: SuiteFieldMap, *, size: int = FIRST_SIZE
    ) -> None:
        self._session = session
        self._lookup = lookup
        self._fields = fields
        self.resize(size)

    def resize(self, size: int) -> None:
        """Sets the size of the next bulks, within the bounds."""
        self.size = min(LARGEST, max(SMALLEST, size))

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome each, in order; see :meth:`shared.side.Side.apply`."""
        job = _Job(self, list(writes))
        try:
            job.look_again()
            job.heed_flags()
        except SyncError as error:
            job.not_sent(error)
        else:
            job.send()
            job.blame()
        job.read_back()
        return [job.outcomes[write.intent] for write in writes]

    # -- calls, for a job ------------------------------------------------------------------------------

    def read(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        return self._lookup.read(ids)

    def flags(self, keys: set[str]) -> dict[str, Native]:
        """The flags that these addresses have already, wherever they stand."""
        known: dict[str, Native] = {}
        for record in self._lookup.with_addresses(keys):
            for entry in record.native["email"]:
                if (key := email_key(entry["email_address"])) in keys:
                    known[key] = entry
        return known

    def judge(self, write: Write, found: Record | Absent) -> Outcome:
        return judged(write, found, self._fields)

    def happened(self, write: Write, found: Record | Absent) -> bool:
        return happened(write, found, self._fields)

    def chunk(self, writes: Sequence[Write]) -> Sequence[Write]:
        """The first of these that go into one call, at least one."""
        if _alone(writes[0]):
            return writes[:1]
        total = 0
        for n, write in enumerate(writes[: self.size]):
            total += len(json.dumps(write.payload)) + 300
            if n and (total > MAX_BYTES or _alone(write)):
                return writes[:n]
        return writes[: self.size]

    def call(self, chunk: Sequence[Write]) -> None:
        """Sends these.

        Raises:
            AmbiguousError: some of it may have happened.
            SyncError: nothing of it did.
        """
        if len(chunk) == 1:
            self._single(chunk[0])
            return
        lists = [self._values(write) for write in chunk]
        arguments = {"module_name": "Contacts", "name_value_lists": lists}
        took = self._session.write("set_entries", arguments, name=_BULK, seconds=BULK_SECONDS).seconds
        if took > SLOW_SECONDS:
            self.shrink(len(chunk))
        elif took < FAST_SECONDS and len(chunk) >= self.size:
            self.size = min(LARGEST, self.size + self.size // 2)

    def _single(self, write: Write) -> None:
        call = CALLS[write.op]
        form = emails.form(write.payload["email"]) if _alone(write) else []
        arguments = {"module_name": "Contacts", "name_value_list": self._values(write)}
        try:
            self._session.write("set_entry", arguments, name=call, seconds=WRITE_SECONDS, form=form)
        except ScopeMissing:
            raise Forbidden(f"{call}: the Sugar user has no right to write this contact") from None

    def shrink(self, sent: int) -> None:
        """Half of what was too much."""
        if sent > 1:
            self.size = max(SMALLEST, min(self.size, sent // 2))

    def _values(self, write: Write) -> list[Native]:
        """The ``name_value_list``; account names are not in it, as they would make accounts."""
        values: dict[str, Any] = {"id": write.id}
        if write.op is Op.DELETE:
            values["deleted"] = 1
            return _pairs(values)
        if write.op is Op.CREATE:
            values["new_with_id"] = True
        for name, value in write.payload.items():
            if name == "email":
                values.update(emails.plain(value) or [] if not _alone(write) else [])
            else:
                values[name] = value
        return _pairs(values)


class _Job:
    """One :meth:`SuiteWriter.apply`."""

    def __init__(self, writer: SuiteWriter, writes: list[Write]) -> None:
        self._writer = writer
        self._todo = sorted(writes, key=_alone)
        self._sent: list[Write] = []
        self._aside: list[Write] = []
        """Those at which the server gave up though they were sent alone."""
        self._worked = False
        """The server has carried out something."""
        self.outcomes: dict[str, Outcome] = {}

    def look_again(self) -> None:
        """Leaves out what has changed since it was read for the plan."""
        updates = [write for write in self._todo if write.op is Op.UPDATE]
        fresh = self._writer.read([write.id for write in updates]) if updates else {}
        for write in updates:
            call, read = CALLS[write.op], fresh[write.id]
            if isinstance(read, Absent):
                self._settle(write, Refused(Vanished(f"{call}: not there any more, or not visible to the Sugar user")))
            elif read.version != write.version:
                self._settle(write, Refused(StaleVersion(f"{call}: changed in Sugar since it was read")))

    def heed_flags(self) -> None:
        """An address that is new to a contact may stand in others, opted out: so it stays, as they share its row."""
        new = {key for write in self._todo for key in _new_addresses(write)}
        known = self._writer.flags(new) if new else {}
        if not known:
            return
        self._todo = [_with_flags(write, known) for write in self._todo]

    def send(self) -> None:
        """Sends all, until nothing more can be said about what was sent."""
        waiting = list(self._todo)
        apart = ""
        while waiting:
            chunk = [waiting[0]] if waiting[0].intent == apart else list(self._writer.chunk(waiting))
            try:
                self._writer.call(chunk)
            except Failed as error:
                left = self._failed(chunk, error)
                if left is None:
                    return
                apart = left[0].intent if left else ""
                waiting = [*left, *waiting[len(chunk) :]]
                continue
            except AmbiguousError as error:
                self._writer.shrink(len(chunk))
                for write in chunk:
                    self._settle(write, InDoubt(error))
                self.not_sent(Unavailable(f"{_BULK}: {_REST}"))
                return
            except ContactError as error:
                if len(chunk) > 1:  # too much at once: the same again in smaller parts
                    self._writer.resize(len(chunk) // 2)
                    if len(chunk) <= SMALLEST:
                        apart = waiting[0].intent
                    continue
                self._settle(chunk[0], Refused(error))
            except SyncError as error:
                self.not_sent(error)
                return
            else:
                self._worked = True
                self._sent += chunk
            waiting = waiting[len(chunk) :]

    def _failed(self, chunk: Sequence[Write], error: Failed) -> list[Write] | None:
        """The server gave up in the middle of these: what of them it has done is read; the rest can be sent again, the
        first of them, which it stumbled over, alone. ``None``: nothing more can be sent."""
        self._writer.shrink(len(chunk))
        try:
            fresh = self._writer.read([write.id for write in chunk])
        except SyncError:
            for write in chunk:
                self._settle(write, InDoubt(error))
            self.not_sent(Unavailable(f"{_BULK}: {_REST}"))
            return None
        left = []
        for write in chunk:
            if self._writer.happened(write, fresh[write.id]):
                self._worked = True
                self._sent.append(write)
            else:
                left.append(write)
        if len(chunk) > 1 or not left:
            return left
        self._aside += left
        if not self._worked and len(self._aside) == _FAILURES:
            return None
        return []

    def blame(self) -> None:
        """Those that failed alone: it is their trouble only if others went through. Else Sugar fails with everything at
        the moment, and that is no reason to quarantine a contact; only if it goes on and on."""
        nothing = Unavailable(f"{_BULK}: Sugar fails to store anything (500)")
        for write in self._aside:
            refused = Rejected(f"{CALLS[write.op]}: Sugar fails to store this contact (500)")
            self._settle(write, Refused(refused) if self._worked else NotSent(nothing, suspect=refused))
        self.not_sent(nothing)

    def read_back(self) -> None:
        """What became of all that was reported as done."""
        if not self._sent:
            return
        try:
            fresh = self._writer.read([write.id for write in self._sent])
        except SyncError as error:
            doubt = AmbiguousError(f"{_BULK}: reported as done, and not to be read back: {error.message}")
            for write in self._sent:
                self.outcomes[write.intent] = InDoubt(doubt)
            return
        for write in self._sent:
            self.outcomes[write.intent] = self._writer.judge(write, fresh[write.id])

    def not_sent(self, error: SyncError) -> None:
        """What has no outcome yet was not sent."""
        sent = {write.intent for write in self._sent}
        for write in self._todo:
            if write.intent not in self.outcomes and write.intent not in sent:
                self.outcomes[write.intent] = NotSent(error)

    def _settle(self, write: Write, outcome: Outcome) -> None:
        self.outcomes[write.intent] = outcome
        self._todo = [each for each in self._todo if each.intent != write.intent]


def _alone(write: Write) -> bool:
    """Whether it takes form fields."""
    wanted = write.payload.get("email")
    if wanted is None or write.op is Op.DELETE:
        return False
    return write.op is Op.UPDATE or emails.plain(wanted) is None


def _new_addresses(write: Write) -> set[str]:
    if not _alone(write):
        return set()
    before = (write.before or {}).get("email")
    known = {email_key(entry["email_address"]) for entry in (before if isinstance(before, list) else ())}
    return {email_key(entry["email_address"]) for entry in write.payload["email"]} - known - {""}


def _with_flags(write: Write, known: dict[str, Native]) -> Write:
    new = _new_addresses(write)
    if not new & known.keys():
        return write
    wanted = []
    for entry in write.payload["email"]:
        key = email_key(entry["email_address"])
        flags = known.get(key, {}) if key in new else {}
        wanted.append({**entry, **{flag: True for flag in ("opt_out", "invalid_email") if flags.get(flag)}})
    return replace(write, payload={**write.payload, "email": wanted})


def _pairs(values: dict[str, Any]) -> list[Native]:
    return [{"name": name, "value": value} for name, value in values.items()]
