"""What came of one write: from the status and the body that Sugar answered, alone or inside a bulk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.errors import AmbiguousError, ContactError, ProtocolError, SyncError, Vanished
from shared.names import Op
from shared.side import Done, InDoubt, NotSent, Outcome, Refused, Write
from shared.sugar import failures
from shared.sugar.records import SCOPE_FIELDS, Scope, record

CALLS = {Op.CREATE: "create contact", Op.UPDATE: "update contact", Op.DELETE: "delete contact"}


def outcome(write: Write, status: int, body: Any, headers: Any, asked_at: datetime, scope: Scope) -> Outcome:
    """Judges one answer.

    Args:
        body: JSON, ``None`` if it was none.
        asked_at: server time at which the server began to answer.
    """
    if 200 <= status < 300:
        return _success(write, body, asked_at, scope)
    return _of_error(write, failures.of_write(status, body, call=CALLS[write.op], headers=headers, now=asked_at))


def _of_error(write: Write, error: SyncError) -> Outcome:
    """The outcome that an error stands for."""
    if isinstance(error, Vanished) and write.op is Op.DELETE:
        return Done(None)
    if isinstance(error, AmbiguousError):
        return InDoubt(error)
    return Refused(error) if isinstance(error, ContactError) else NotSent(error)


def _success(write: Write, body: Any, asked_at: datetime, scope: Scope) -> Outcome:
    call = CALLS[write.op]
    if not isinstance(body, dict) or "error" in body:
        return InDoubt(AmbiguousError(f"{call}: Sugar reports success, but its answer is not a record"))
    if write.op is Op.DELETE:
        if body.get("id", write.id) != write.id:
            return InDoubt(AmbiguousError(f"{call}: the answer is about another contact"))
        return Done(None)
    try:
        done = record(body, call, in_scope=_in_scope(write, body, scope), asked_at=asked_at)
    except ProtocolError as error:
        return InDoubt(AmbiguousError(error.message))
    if write.op is Op.UPDATE and done.id != write.id:
        return InDoubt(AmbiguousError(f"{call}: the answer is about another contact"))
    return Done(done)


def _in_scope(write: Write, body: Mapping[str, Any], scope: Scope) -> bool:
    """The answer to a write may leave out a field that nobody asked for. Then the contact lies where it lay."""
    field = SCOPE_FIELDS.get(scope.name)
    if field is None or field in body:
        return scope.holds(body)
    return scope.holds(write.payload if field in write.payload else write.before or {})
