"""The table of failures."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
from shared.people.failures import (
    Answered,
    CallFailed,
    NoAnswer,
    NotDelivered,
    Status,
    Unreadable,
    named_failure,
    read_failure,
    write_failure,
)


def answered(status: int, code: str = "", message: str = "", *reasons: str, **more: Any) -> Answered:
    details = [{"reason": reason} for reason in reasons]
    body = {"error": {"code": status, "status": code, "message": message, "details": details, **more}}
    return Answered(status, json.dumps(body).encode())


STALE = answered(400, "FAILED_PRECONDITION", "Request person.etag is different than the current person.etag.")
EXPIRED = [answered(400, code, "", "EXPIRED_SYNC_TOKEN") for code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")]
INVALID = answered(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
QUOTA = [
    answered(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "RATE_LIMIT_EXCEEDED"),
    answered(403, "RESOURCE_EXHAUSTED", "Quota exceeded"),
    answered(403, "PERMISSION_DENIED", "Rate", errors=[{"reason": "userRateLimitExceeded"}]),
    Answered(429, b"<html>"),
]
SCOPE = [
    answered(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."),
    answered(403, "PERMISSION_DENIED", "no", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
]
FORBIDDEN = answered(403, "PERMISSION_DENIED", "The caller does not have permission")
DISABLED = answered(403, "PERMISSION_DENIED", "People API has not been used", "SERVICE_DISABLED")
FULL = [
    answered(status, code, "MY_CONTACTS_OVERFLOW_COUNT")
    for status, code in ((400, "FAILED_PRECONDITION"), (429, "RESOURCE_EXHAUSTED"))
]
GONE = answered(404, "NOT_FOUND", "Requested entity was not found.")

READS: list[tuple[CallFailed, type[SyncError]]] = [
    *((failure, CursorExpired) for failure in EXPIRED),
    *((failure, RateLimited) for failure in QUOTA),
    *((failure, ScopeMissing) for failure in SCOPE),
    (INVALID, ProtocolError),
    (FORBIDDEN, GrantLost),
    (DISABLED, BadSettings),
    (GONE, Vanished),
    (Answered(404, b"<html>"), ProtocolError),
    (Answered(403, b"<html>"), ProtocolError),
    (answered(401), GrantLost),
    (answered(500), Unavailable),
    (Answered(502, b"<html>"), Unavailable),
    (answered(409, "ABORTED"), Unavailable),
    (Answered(302, b""), ProtocolError),
    (NotDelivered("x"), Unavailable),
    (NoAnswer("x"), Unavailable),
    (Unreadable("x"), ProtocolError),
]
WRITES: list[tuple[CallFailed, type[SyncError]]] = [
    *((failure, RateLimited) for failure in QUOTA),
    *((failure, ScopeMissing) for failure in SCOPE),
    *((failure, Rejected) for failure in FULL),
    (STALE, StaleVersion),
    (INVALID, Rejected),
    (Answered(400, b"<html>"), Rejected),
    (Answered(413, b"<html>"), Rejected),
    (FORBIDDEN, Forbidden),
    (DISABLED, BadSettings),
    (GONE, Vanished),
    (Answered(404, b"<html>"), ProtocolError),
    (Answered(403, b"<html>"), ProtocolError),
    (Answered(405, b""), ProtocolError),
    (answered(401), GrantLost),
    (answered(409, "ABORTED"), Unavailable),
    (answered(408), AmbiguousError),
    (answered(499), AmbiguousError),
    (answered(500), AmbiguousError),
    (Answered(503, b"<html>"), AmbiguousError),
    (Answered(302, b""), AmbiguousError),
    (NotDelivered("x"), Unavailable),
    (NoAnswer("x"), AmbiguousError),
    (Unreadable("x"), AmbiguousError),
]


@pytest.mark.parametrize(("failure", "kind"), READS)
def test_reads(failure: CallFailed, kind: type[SyncError]) -> None:
    assert type(read_failure("call", failure)) is kind


@pytest.mark.parametrize(("failure", "kind"), WRITES)
def test_writes(failure: CallFailed, kind: type[SyncError]) -> None:
    assert type(write_failure("call", failure)) is kind


def test_an_invalid_argument_beside_a_token_is_the_token() -> None:
    assert type(read_failure("call", INVALID, cursor=True)) is CursorExpired
    assert type(read_failure("call", Answered(400, b"<html>"), cursor=True)) is ProtocolError


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (3, "bad", Rejected),
        (5, "", Vanished),
        (7, "", Forbidden),
        (9, "person.etag is different", StaleVersion),
        (3, "person.etag is different", StaleVersion),
        (9, "MY_CONTACTS_OVERFLOW_COUNT", Rejected),
        (8, "MY_CONTACTS_OVERFLOW_COUNT", Rejected),
        (8, "Quota", RateLimited),
        (14, "", Unavailable),
        (10, "", Unavailable),
        (99, "", Rejected),
    ],
)
def test_named_contacts(code: int, message: str, kind: type[SyncError]) -> None:
    assert type(named_failure("call", Status(code, message))) is kind


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({}, [], 5),
        ({"Retry-After": "2"}, [], 5),
        ({"retry-after": "40"}, [], 40),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, [], 5),
        ({"retry-after": "999999"}, [], 3600),
        ({}, [{"retryDelay": "12.5s"}], 12.5),
        ({}, [{"retryDelay": 5}], 5),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], details: list[Any], seconds: float) -> None:
    failure = Answered(429, json.dumps({"error": {"details": details}}).encode(), headers)
    error = write_failure("call", failure)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"5",
        b'{"error": 5}',
        b'{"error": {"details": 5, "message": [], "status": 7, "errors": {}}}',
        b'{"error": {"details": [5, {"contactErrors": 5}, {"contactErrors": {"0": 5, "1": {"code": "x"}}}]}}',
        b"\xff",
        b"[" * 100_000,
        b'[{"error": {"status": "NOT_FOUND"}}]',
    ],
)
def test_no_body_breaks_the_sorting(body: bytes) -> None:
    for status in (400, 403, 404, 429, 500):
        failure = Answered(status, body)
        assert read_failure("call", failure).message
        assert write_failure("call", failure).message
        assert isinstance(failure.contact_errors, dict)


def test_answers_never_show_in_text() -> None:
    failure = answered(400, "X", "Secret")
    assert "Secret" not in str(failure) + repr(failure) + str(write_failure("call", failure))
    assert write_failure("call", failure).detail == "Secret"
    assert len(write_failure("call", answered(400, "X", "x" * 5000)).detail) == 1000
