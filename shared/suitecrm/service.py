"""One call of ``service/v4_1/rest.php``, and what its answer means.

A call is a form: ``method``, and ``rest_data`` with the arguments as JSON. PHP 8 takes them by name, older PHP by
order, so that both have to be right. The method always stands first, as the server takes the email fields of a form
(see :mod:`shared.suitecrm.emails`) only behind another one.

Answers come with HTTP 200 even if they are refusals: ``{name, number, description}``, or a bare ``null``.

===============================  =====================  ===========================================================
what came                        a read                 a write
===============================  =====================  ===========================================================
11, the session has ended        ``SessionOver``        ``SessionOver`` (proves that nothing was done)
20 or 40, no access              ``ScopeMissing``       ``ScopeMissing`` (nothing was done)
another number, ``null``         ``ProtocolError``      ``AmbiguousError``
500 in the server's own form     ``Unavailable``        ``Failed``: it has ended, and what it did is to be read
no JSON                          ``ProtocolError``      ``AmbiguousError``
===============================  =====================  ===========================================================

Source of fact: recordings of a SuiteCRM 7.14.6.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import AmbiguousError, ContactError, ProtocolError, ScopeMissing, SyncError
from shared.sugar import failures
from shared.sugar.http import READ_SECONDS, Answer, HttpClient

PATH = "/service/v4_1/rest.php"

INVALID_LOGIN = 10
_INVALID_SESSION = 11
_NO_ACCESS = (20, 40)
INVALID_CALL = -1

Form = Sequence[tuple[str, str]]


class SessionOver(SyncError):
    """The session does not live any more; nothing was done."""


class Failed(AmbiguousError):
    """The server gave up in the middle of a write (500). Nothing of it is done any later: a read shows what was."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal in the server's own form."""

    number: int
    words: str
    """For the user's eyes only."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back with HTTP 200."""

    value: Any
    asked_at: datetime
    """Server time at which the server began to answer."""
    seconds: float


def call(
    http: HttpClient,
    method: str,
    arguments: Mapping[str, Any],
    *,
    name: str,
    writes: bool = False,
    form: Form = (),
    seconds: float = READ_SECONDS,
) -> Reply:
    """Sends one call.

    Args:
        arguments: all of them, in the server's order.
        name: how messages call it.
        form: further fields, behind these.

    Raises:
        SessionOver, Failed: see the module.
        SyncError: as reads and writes do.
    """
    fields = [*encoded(method, arguments), *form]
    answer = http.call("POST", "", name=name, writes=writes, form=fields, seconds=seconds)
    value = value_of(answer, writes=writes)
    fault = fault_in(value)
    if fault is not None:
        raise _of_fault(fault, name, writes)
    return Reply(value, answer.asked_at, answer.seconds)


def encoded(method: str, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The form of a call."""
    data = json.dumps(arguments)
    return [("method", method), ("input_type", "JSON"), ("response_type", "JSON"), ("rest_data", data)]


def value_of(answer: Answer, *, writes: bool = False) -> Any:
    """The JSON of an answer, which may still be a refusal.

    Raises:
        SyncError: it is none; see the module.
    """
    if answer.status != 200:
        raise _of_status(answer, writes)
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise _odd(answer.call, "the answer is not JSON", writes) from None


def fault_in(value: Any) -> Fault | None:
    """The refusal that an answer is, if it is one; number 0 means that there was no error."""
    if not isinstance(value, dict) or not {"name", "number", "description"} <= value.keys():
        return None
    number = value["number"]
    if isinstance(number, str) and number.lstrip("-").isascii() and number.lstrip("-").isdigit():
        number = int(number[:9])
    if not isinstance(number, int) or isinstance(number, bool) or number == 0:
        return None
    words = [each for each in (value["name"], value["description"]) if isinstance(each, str)]
    return Fault(number, ": ".join(words)[:500])


def _of_fault(fault: Fault, name: str, writes: bool) -> SyncError:
    if fault.number == _INVALID_SESSION:
        return SessionOver(f"{name}: the session has ended")
    if fault.number in _NO_ACCESS:
        return ScopeMissing(f"{name}: the Sugar user has no access to contacts ({fault.number})")
    return _odd(name, f"Sugar refused the call ({fault.number})", writes)


def _of_status(answer: Answer, writes: bool) -> SyncError:
    if not writes:
        return failures.of_read(answer)
    if answer.status == 500 and _own_failure(answer.body):
        return Failed(f"{answer.call}: Sugar failed in the middle of it (500)")
    error = failures.of_write(answer.status, None, call=answer.call, headers=answer.headers, now=answer.asked_at)
    return failures.of_read(answer) if isinstance(error, ContactError) and answer.status != 413 else error


def _own_failure(body: bytes) -> bool:
    """Whether a 500 is the server's own last word, and not that of a gateway behind which it may still be at work: a
    refusal by the database, or PHP that gave up, which says nothing at all."""
    return not body.strip() or body.lstrip().startswith(b"Database failure")


def _odd(name: str, what: str, writes: bool) -> SyncError:
    return AmbiguousError(f"{name}: {what}") if writes else ProtocolError(name, what)
