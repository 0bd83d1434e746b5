"""Writing contacts, many in one call.

A bulk is carried out in order, item by item, without rollback; its size adapts so that one call takes seconds, not
minutes. After trouble with a call as a whole nothing more is sent: what may have happened is for the journal to find
out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.errors import AmbiguousError, ContactError, SyncError, Unavailable
from shared.names import Op
from shared.side import InDoubt, Native, NotSent, Outcome, Write
from shared.sugar import failures, unmoved
from shared.sugar.http import BULK_SECONDS, WRITE_SECONDS, Answer
from shared.sugar.lookup import SugarLookup
from shared.sugar.outcomes import CALLS, outcome
from shared.sugar.records import Scope
from shared.sugar.session import SugarSession
from shared.sugar.wall import Wall

FIRST_SIZE = 50
SMALLEST = 5
LARGEST = 100
SLOW_SECONDS = 20.0
"""A bulk that takes longer halves the size of the next ones."""
FAST_SECONDS = 5.0
"""A full bulk that takes less lets it grow by half."""
MAX_BYTES = 4_000_000
"""Of the items of one bulk. PHP takes 8 MB by default, and a larger body arrives empty."""

_BULK = "write contacts"
_METHODS = {Op.CREATE: "POST", Op.UPDATE: "PUT", Op.DELETE: "DELETE"}
_TOO_MUCH = (400, 413, 422)


class SugarWriter:
    """Carries writes out for one user.

    Attributes:
        size: writes in one bulk; to be kept between runs.
    """

    def __init__(self, session: SugarSession, scope: Scope, lookup: SugarLookup, *, size: int = FIRST_SIZE) -> None:
        self._session = session
        self._scope = scope
        self._lookup = lookup
        self.resize(size)

    def resize(self, size: int) -> None:
        """Sets the size of the next bulks, within the bounds."""
        self.size = min(LARGEST, max(SMALLEST, size))

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome each, in order; see :meth:`shared.side.Side.apply`."""
        order = sorted(range(len(writes)), key=lambda n: writes[n].tries)
        ordered = [writes[n] for n in order]
        outcomes = self._send(ordered, lock=True)
        stale = unmoved.stale(ordered, outcomes)
        if stale:
            self._without_lock(ordered, outcomes, stale)
        found = dict(zip(order, outcomes, strict=True))
        return [found[n] for n in range(len(writes))]

    def _without_lock(self, writes: Sequence[Write], outcomes: list[Outcome], stale: Sequence[int]) -> None:
        """Sends the updates at these places once more, if their contacts have not changed after all."""
        try:
            fresh = self._lookup.read([writes[n].id for n in stale])
        except SyncError:
            return
        again = [n for n in stale if unmoved.is_unmoved(writes[n], fresh[writes[n].id])]
        for n, outcome_again in zip(again, self._send([writes[n] for n in again], lock=False), strict=True):
            outcomes[n] = unmoved.at_last(outcome_again)

    def _send(self, writes: Sequence[Write], *, lock: bool) -> list[Outcome]:
        """One outcome each.

        Args:
            lock: updates are to fail if their contact has changed.
        """
        outcomes: list[Outcome] = []
        limit = LARGEST
        wall = Wall(writes, LARGEST)
        while len(outcomes) < len(writes):
            rest = writes[len(outcomes) :]
            chunk = _chunk(rest, min(self.size, limit, wall.reach(len(outcomes))))
            # In doubt before, so it goes alone and tells nothing about the others. (Not without the lock: the look that
            # stands for it grows old.)
            apart = lock and chunk[0].tries > 0
            try:
                found = self._single(chunk[0], lock=lock) if len(chunk) == 1 else self._bulk(chunk, lock=lock)
            except AmbiguousError as error:
                self._shrink(len(chunk))
                outcomes += [InDoubt(error)] * len(chunk)
                if apart:
                    continue
                outcomes += _unsent(len(rest) - len(chunk))
                break
            except failures.Walled as error:
                outcomes += wall.refused(len(outcomes), len(chunk), error) or ()
                if wall.closed:
                    outcomes += [NotSent(error)] * (len(rest) - 1)
                continue
            except SyncError as error:
                outcomes += [NotSent(error)] * len(rest)
                break
            if found is None:
                # Refused as a whole, which proves that nothing was done: the same again in smaller parts.
                limit = len(chunk) // 2
                self._shrink(len(chunk))
                continue
            outcomes += found
            wall.passed(found)
            self.size = max(SMALLEST, min(self.size, limit))
            if stop := _reason_to_stop(found, apart=apart):
                outcomes += [NotSent(stop)] * (len(writes) - len(outcomes))
        return wall.judged(outcomes)

    def _single(self, write: Write, *, lock: bool) -> list[Outcome]:
        """Its outcome.

        Raises:
            Walled: Sugar never saw it.
            AmbiguousError, SyncError: as for a bulk.
        """
        call = CALLS[write.op]
        answer = self._session.write(
            _METHODS[write.op],
            _path(write),
            name=call,
            seconds=WRITE_SECONDS,
            body=None if write.op is Op.DELETE else write.payload,
            headers=_headers(write) if lock else {},
        )
        body = answer.json_or_none()
        found = outcome(write, answer.status, body, answer.headers, answer.asked_at, self._scope)
        if isinstance(found, NotSent) and isinstance(found.error, failures.Walled):
            raise found.error
        return [found]

    def _bulk(self, chunk: Sequence[Write], *, lock: bool) -> list[Outcome] | None:
        """The outcomes, or ``None`` if the bulk was refused for its size.

        Raises:
            AmbiguousError: no item of it is known.
            Walled: nothing was done, and it may be for one item's sake.
            SyncError: nothing was done.
        """
        prefix = f"/{self._session.http.version}"
        items = [_item(prefix, write, lock=lock) for write in chunk]
        answer = self._session.write("POST", "/bulk", name=_BULK, seconds=BULK_SECONDS, body={"requests": items})
        if answer.status in _TOO_MUCH:
            return None
        if not 200 <= answer.status < 300:
            raise _refused(answer)
        self._adapt(len(chunk), answer.seconds)
        results = answer.json_or_none()
        if not isinstance(results, list):
            raise AmbiguousError(f"{_BULK}: Sugar reports success, but its answer is not a list")
        if len(results) > len(chunk):
            raise AmbiguousError(f"{_BULK}: Sugar answered more items than were sent")
        padded = results + [None] * (len(chunk) - len(results))
        return [self._judged(write, result, answer.asked_at) for write, result in zip(chunk, padded, strict=True)]

    def _judged(self, write: Write, result: Any, asked_at: datetime) -> Outcome:
        status = _status(result)
        if status is None:
            return InDoubt(AmbiguousError(f"{CALLS[write.op]}: Sugar's answer to this item of the bulk is missing"))
        contents = result.get("contents")
        if isinstance(contents, str):
            contents = _json_or_none(contents)
        return outcome(write, status, contents, result.get("headers"), asked_at, self._scope)

    def _adapt(self, sent: int, seconds: float) -> None:
        if seconds > SLOW_SECONDS:
            self._shrink(sent)
        elif seconds < FAST_SECONDS and sent >= self.size:
            self.size = min(LARGEST, self.size + self.size // 2)

    def _shrink(self, sent: int) -> None:
        """Half of what was too much (a short last bulk tells nothing about the size of full ones beyond that)."""
        if sent > 1:
            self.size = max(SMALLEST, min(self.size, sent // 2))


def _chunk(writes: Sequence[Write], size: int) -> Sequence[Write]:
    """The first writes that fit into one bulk, at least one; what may make its bulk fail stands alone."""
    if writes[0].tries:
        return writes[:1]
    total = 0
    for n, write in enumerate(writes[: max(1, size)]):
        total += len(json.dumps(write.payload)) + 300
        if n and (total > MAX_BYTES or write.tries):
            return writes[:n]
    return writes[: max(1, size)]


def _path(write: Write) -> str:
    return "/Contacts" if write.op is Op.CREATE else f"/Contacts/{quote(write.id, safe='')}"


def _headers(write: Write) -> dict[str, str]:
    """The optimistic lock: the record's own date, in the very form in which Sugar gave it."""
    dated = (write.before or {}).get("date_modified") or write.version
    if write.op is not Op.UPDATE or not isinstance(dated, str):
        return {}
    return {"X-Timestamp": dated} if dated and dated.isascii() and dated.isprintable() else {}


def _item(prefix: str, write: Write, *, lock: bool) -> Native:
    item: Native = {"url": prefix + _path(write), "method": _METHODS[write.op]}
    if write.op is not Op.DELETE:
        item["data"] = json.dumps(write.payload)
    if lock and (headers := _headers(write)):
        item["headers"] = headers
    return item


def _refused(answer: Answer) -> SyncError:
    """A bulk that was not answered 2xx: about no contact in particular, so what would be one contact's trouble is the
    call's."""
    error = failures.of_write(
        answer.status, answer.json_or_none(), call=_BULK, headers=answer.headers, now=answer.asked_at
    )
    return failures.of_read(answer) if isinstance(error, ContactError) else error


def _reason_to_stop(found: Sequence[Outcome], *, apart: bool) -> SyncError | None:
    """One contact's trouble does not stop others; a session that ended, a quota that is used up, or a server that did
    nothing but fail does."""
    for each in found:
        if isinstance(each, NotSent):
            return each.error
    if all(isinstance(each, InDoubt) for each in found) and not apart:
        return Unavailable(f"{_BULK}: not sent, because the outcome of the writes before is unknown")
    return None


def _unsent(writes: int) -> list[Outcome]:
    return [NotSent(Unavailable(f"{_BULK}: not sent, because the outcome of the writes before is unknown"))] * writes


def _status(result: Any) -> int | None:
    status = result.get("status") if isinstance(result, dict) else None
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status[:4])
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
