"""From an HTTP answer that is no success to our tree of errors, keyed on Sugar's label.

Sugar answers failures with ``{"error": label, "error_message": words}``; the words are localised, so only the label
decides, and the status where a gateway in front of Sugar answered without one. Reads and writes are sorted apart: for a
write the question is first of all whether it may have happened.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.errors import (
    AmbiguousError,
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
from shared.sugar.http import Answer

LONGEST_WAIT = 3600.0
"""Seconds; a header that asks for more (or a clock that is off) does not stop the sync for days."""
_MAX_WORDS = 500
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOWHERE = (404, 407, 410)
"""Without a label: the way to Sugar itself is wrong, whatever is sent."""
_AUTH_LABELS = frozenset({"need_login", "invalid_grant"})


class Refusal(ProtocolError):
    """A definite 400, 409, 413 or 422 with Sugar's own label, to a question that should have been all right."""

    def __init__(self, call: str, status: int, label: str) -> None:
        super().__init__(call, f"Sugar refused the request with {status} {label or '(no label)'}")
        self.status = status
        self.label = label


class Walled(ProtocolError):
    """A write was refused by something in front of Sugar, which never saw it: a definite no without Sugar's label."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(call, f"something in front of Sugar refused it with {status}")
        self.status = status


def label_of(body: Any) -> str:
    """Sugar's label of a failure, blank if the body holds none. It goes into messages, so free text is no label."""
    label = body.get("error") if isinstance(body, dict) else None
    return label if isinstance(label, str) and _LABEL.fullmatch(label) else ""


def words_of(body: Any) -> str:
    """What the API says about a failure, for the user's eyes only."""
    if not isinstance(body, dict):
        return ""
    parts = [body.get("error"), body.get("error_message")]
    return ": ".join(part for part in parts if isinstance(part, str) and part)[:_MAX_WORDS]


def token_refused(status: int, label: str) -> bool:
    """Whether the access token was not accepted, which proves that nothing was done.

    Reports differ between 401 and 400 for the same labels.
    """
    return status == 401 or (status in (400, 403) and label in _AUTH_LABELS)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a ``Retry-After`` header in either of its forms; never more than :data:`LONGEST_WAIT`."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
        wait = (until.astimezone(UTC) - now).total_seconds() if until.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return None if wait is None else min(max(0.0, wait), LONGEST_WAIT)


def of_read(answer: Answer) -> SyncError:
    """What an answer outside 2xx to a read means; a refused token is the session's business."""
    label = label_of(answer.json_or_none())
    status, call = answer.status, answer.call
    said = f"{status} {label}".strip()
    if status == 429:
        wait = retry_after(answer.headers.get("Retry-After"), answer.asked_at)
        return RateLimited(f"{call}: Sugar wants fewer calls ({said})", retry_after=wait)
    if status >= 500 or status in (408, 412, 425):
        wait = retry_after(answer.headers.get("Retry-After"), answer.asked_at)
        return Unavailable(f"{call}: Sugar is not available ({said})", retry_after=wait)
    if label == "incorrect_version":
        return ProtocolError(call, f"this Sugar does not speak the REST version that was asked for ({said})")
    if 300 <= status < 400:
        return ProtocolError(call, f"Sugar answered with a redirect ({status}) instead of data")
    if status == 403 and label == "not_authorized":
        return ScopeMissing(f"{call}: the Sugar user has no access to contacts ({said})")
    if status == 403 and label:
        return GrantLost(f"{call}: Sugar does not let this user or client in ({said})")
    if status in (400, 409, 413, 422):
        return Refusal(call, status, label)
    return ProtocolError(call, f"an answer that no Sugar gives ({said})")


def of_write(status: int, body: Any, *, call: str, headers: Any = None, now: datetime | None = None) -> SyncError:
    """What an answer outside 2xx to one write, or to one item of a bulk, means.

    ``AmbiguousError``: it may have happened. ``ContactError``: a definite no about this contact. All others: definitely
    not done, for a reason that lies not in the contact.
    """
    label = label_of(body)
    said = f"{status} {label}".strip()
    words = words_of(body)
    if token_refused(status, label):
        return Unavailable(f"{call}: Sugar ended the session before this write ({said})")
    if status == 429:
        header = headers.get("Retry-After") if hasattr(headers, "get") else None
        wait = retry_after(header, now) if isinstance(header, str) and now else None
        return RateLimited(f"{call}: Sugar wants fewer calls ({said})", retry_after=wait)
    if status == 412:
        return Unavailable(f"{call}: Sugar's metadata changed meanwhile ({said})")
    if not 400 <= status < 500 or status in (408, 425, 499):
        # A 5xx can come after the effect; a redirect or a status from beyond the standard proves nothing.
        return AmbiguousError(f"{call}: Sugar answered {said}", detail=words)
    if status == 409 and label == "edit_conflict":
        return StaleVersion(f"{call}: changed in Sugar since it was read")
    if status == 404 and label and label != "no_method":
        return Vanished(f"{call}: not there any more, or not visible to the Sugar user", detail=words)
    if status == 403 and label == "not_authorized":
        return Forbidden(f"{call}: the Sugar user has no right to write this contact", detail=words)
    if status == 403 and label:
        return GrantLost(f"{call}: Sugar does not let this user or client in ({said})")
    if status in (400, 409, 413, 422):
        return Rejected(f"{call}: Sugar refused the contact ({said})", detail=words)
    if not label and status not in _NOWHERE:
        return Walled(call, status)
    return ProtocolError(call, f"an answer that no Sugar gives to a write ({said})")
