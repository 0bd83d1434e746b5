"""Every way in which a call can fail, sorted into our tree.

A read that fails is retried later or stops the run. A write that fails has to answer one question first: can it have
happened? Definite 4xx answers and connections that never came about prove that it has not; everything else is
ambiguous.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import (
    AmbiguousError,
    BadSettings,
    CursorExpired,
    Forbidden,
    GrantLost,
    ProtocolError,
    RateLimited,
    Rejected,
    ScopeMissing,
    StaleVersion,
    SyncError,
    Unavailable,
    Vanished,
)

SHORTEST_WAIT = 5.0
"""Seconds; the quota's window is a minute, and less is useless."""
LONGEST_WAIT = 3600.0
MAX_DETAIL = 1000
"""Characters of the API's words that are kept."""

_FULL = "the Google account is full: it holds at most 25,000 contacts"
_OVERFLOW = "MY_CONTACTS_OVERFLOW_COUNT"
_QUOTA = frozenset({"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
_SCOPE = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"})
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})

_PASSING = frozenset({1, 4, 10, 13, 14})
"""``google.rpc.Code``: cancelled, deadline exceeded, aborted, internal, unavailable."""


class CallFailed(Exception):
    """A call that brought no usable answer. Never carries what was sent or received in its text."""

    may_have_arrived = True


class NotDelivered(CallFailed):
    """No connection came about: proven that nothing was sent."""

    may_have_arrived = False


class NoAnswer(CallFailed):
    """The connection broke, or time ran out, after something may have been sent."""


class Unreadable(CallFailed):
    """An answer of success that cannot be read: no JSON, not an object, too large."""


@dataclass(frozen=True, slots=True)
class Status:
    """A ``google.rpc.Status`` inside an answer."""

    code: int
    message: str


@dataclass(eq=False)
class Answered(CallFailed):
    """The API answered with an error."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"HTTP {self.status}"

    def __post_init__(self) -> None:
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list) and parsed:
            parsed = parsed[0]
        error = parsed.get("error") if isinstance(parsed, dict) else None
        self._error: dict[str, Any] = error if isinstance(error, dict) else {}

    @property
    def is_api(self) -> bool:
        """Whether the API itself speaks, not a proxy or a maintenance page in front of it."""
        return bool(self._error)

    @property
    def message(self) -> str:
        """The API's own words, for the user."""
        return str(self._error.get("message", ""))[:MAX_DETAIL]

    @property
    def code(self) -> str:
        """The canonical code, e.g. ``FAILED_PRECONDITION``."""
        return str(self._error.get("status", ""))

    @property
    def details(self) -> list[dict[str, Any]]:
        found = self._error.get("details")
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

    @property
    def reasons(self) -> frozenset[str]:
        """``details[].reason``, and ``errors[].reason`` of the older form."""
        older = self._error.get("errors")
        entries = [*self.details, *(older if isinstance(older, list) else ())]
        return frozenset(str(entry["reason"]) for entry in entries if isinstance(entry, dict) and "reason" in entry)

    @property
    def overflow(self) -> bool:
        """The account is full."""
        return _OVERFLOW in self.message or _OVERFLOW in json.dumps(self.details)

    @property
    def contact_errors(self) -> dict[str, Status]:
        """Which contacts of a batch are to blame, by index (creates) or resource name (updates)."""
        found: dict[str, Status] = {}
        for detail in self.details:
            errors = detail.get("contactErrors")
            for name, status in errors.items() if isinstance(errors, dict) else ():
                code = status.get("code") if isinstance(status, dict) else None
                message = status.get("message") if isinstance(status, dict) else None
                found[name] = Status(code if isinstance(code, int) else 3, str(message or "")[:MAX_DETAIL])
        return found

    @property
    def retry_after(self) -> float:
        """Seconds, from ``Retry-After`` or a ``RetryInfo``, at least :data:`SHORTEST_WAIT`."""
        waits = [SHORTEST_WAIT]
        header = {name.lower(): value for name, value in self.headers.items()}.get("retry-after", "")
        if re.fullmatch(r"[0-9]{1,6}", header):
            waits.append(float(header))
        for detail in self.details:
            told = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,9})?)s", str(detail.get("retryDelay", "")))
            if told:
                waits.append(float(told[1]))
        return min(max(waits), LONGEST_WAIT)


def read_failure(call: str, failure: CallFailed, *, cursor: bool = False) -> SyncError:
    """What a failed read means.

    Args:
        call: what the messages name.
        failure: what happened.
        cursor: the call carried a sync or page token, so an invalid argument is that token.
    """
    if isinstance(failure, Unreadable):
        return ProtocolError(call, str(failure))
    if not isinstance(failure, Answered):
        return Unavailable(f"{call}: {failure}")
    general = _general(call, failure)
    if general is not None:
        return general
    if failure.status == 400 and ("EXPIRED_SYNC_TOKEN" in failure.reasons or (cursor and failure.is_api)):
        return CursorExpired(f"{call}: Google no longer accepts the sync token", detail=failure.message)
    if failure.status == 404 and failure.is_api:
        return Vanished(f"{call}: not there any more", detail=failure.message)
    if failure.status == 403 and failure.is_api:
        return _with_detail(GrantLost(f"{call}: Google does not let us read the contacts"), failure.message)
    if failure.status >= 500 or failure.status in (408, 409, 499):
        return Unavailable(f"{call}: HTTP {failure.status}", retry_after=_told(failure))
    return _with_detail(ProtocolError(call, f"HTTP {failure.status}"), failure.message)


def write_failure(call: str, failure: CallFailed) -> SyncError:
    """What a failed write means: ``AmbiguousError`` unless it is proven that nothing was done."""
    if isinstance(failure, NotDelivered):
        return Unavailable(f"{call}: {failure}")
    if not isinstance(failure, Answered) or failure.status < 400 or failure.status >= 500:
        return AmbiguousError(f"{call}: {failure}")
    if failure.overflow:
        # Some reports have it as a 429, but waiting does not help.
        return Rejected(_FULL, detail=_words(failure))
    general = _general(call, failure)
    if general is not None:
        return general
    if failure.status in (408, 499):
        return AmbiguousError(f"{call}: {failure}")
    if failure.status == 409:
        return Unavailable(f"{call}: another write was under way", retry_after=SHORTEST_WAIT)
    if failure.status in (400, 412) and failure.code == "FAILED_PRECONDITION":
        return StaleVersion(f"{call}: changed in Google since it was read", detail=failure.message)
    if failure.status == 404 and failure.is_api:
        return Vanished(f"{call}: not there any more", detail=failure.message)
    if failure.status == 403 and failure.is_api:
        return Forbidden("Google does not let you write this contact", detail=_words(failure))
    if failure.status in (400, 413, 422):
        return Rejected("Google refused the contact", detail=_words(failure))
    return _with_detail(ProtocolError(call, f"HTTP {failure.status}"), failure.message)


def named_failure(call: str, status: Status) -> SyncError:
    """What the status of one contact of a batch means; nothing of the batch was done."""
    detail = status.message or f"code {status.code}"
    if _OVERFLOW in status.message:
        return Rejected(_FULL, detail=detail)
    if status.code == 8:
        return RateLimited(f"{call}: Google's quota is used up for now", retry_after=SHORTEST_WAIT)
    if status.code in _PASSING:
        return Unavailable(f"{call}: code {status.code}")
    if status.code == 5:
        return Vanished(f"{call}: not there any more", detail=detail)
    if status.code == 9 or "etag" in status.message:
        return StaleVersion(f"{call}: changed in Google since it was read", detail=detail)
    if status.code == 7:
        return Forbidden("Google does not let you write this contact", detail=detail)
    return Rejected("Google refused the contact", detail=detail)


def _general(call: str, failure: Answered) -> SyncError | None:
    """Failures that have nothing to do with what was asked."""
    quota = failure.status == 403 and (failure.reasons & _QUOTA or failure.code == "RESOURCE_EXHAUSTED")
    if failure.status == 429 or quota:
        return RateLimited(f"{call}: Google's quota is used up for now", retry_after=failure.retry_after)
    if failure.status == 401:
        return _with_detail(GrantLost("Google does not accept the grant any more: sign in again"), failure.message)
    if failure.status == 403:
        if failure.reasons & _DISABLED:
            return BadSettings("google_project", "the People API must be enabled in the Google Cloud project")
        if failure.reasons & _SCOPE or "authentication scopes" in failure.message:
            return ScopeMissing("the Google grant does not cover contacts: grant again, with contacts ticked")
    return None


def _told(failure: Answered) -> float | None:
    return failure.retry_after if failure.retry_after > SHORTEST_WAIT else None


def _words(failure: Answered) -> str:
    return failure.message or f"HTTP {failure.status}"


def _with_detail(error: SyncError, detail: str) -> SyncError:
    error.detail = detail
    return error
