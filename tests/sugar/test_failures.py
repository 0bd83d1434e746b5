"""How every answer of the facts page is sorted into the tree of errors, for reads and for writes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
from shared.sugar import failures
from shared.sugar.failures import Refusal, Walled
from shared.sugar.http import Answer
from tests.simulators.wire import Reply

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

TABLE: list[tuple[int, str, type[SyncError], type[SyncError]]] = [
    # status, label, as a read, as a write
    (301, "incorrect_version", ProtocolError, AmbiguousError),
    (302, "", ProtocolError, AmbiguousError),
    (400, "", Refusal, Rejected),
    (403, "not_authorized", ScopeMissing, Forbidden),
    (403, "client_not_allowed", GrantLost, GrantLost),
    (403, "", ProtocolError, Walled),
    (404, "not_found", ProtocolError, Vanished),
    (404, "no_method", ProtocolError, ProtocolError),
    (404, "", ProtocolError, ProtocolError),
    (405, "", ProtocolError, Walled),
    (406, "", ProtocolError, Walled),
    (407, "", ProtocolError, ProtocolError),
    (410, "", ProtocolError, ProtocolError),
    (418, "teapot", ProtocolError, ProtocolError),
    (408, "", Unavailable, AmbiguousError),
    (409, "edit_conflict", Refusal, StaleVersion),
    (409, "other", Refusal, Rejected),
    (412, "metadata_out_of_date", Unavailable, Unavailable),
    (413, "", Refusal, Rejected),
    (422, "missing_parameter", Refusal, Rejected),
    (422, "invalid_parameter", Refusal, Rejected),
    (429, "", RateLimited, RateLimited),
    (499, "", ProtocolError, AmbiguousError),
    (500, "fatal_error", Unavailable, AmbiguousError),
    (502, "", Unavailable, AmbiguousError),
    (503, "maintenance", Unavailable, AmbiguousError),
    (504, "", Unavailable, AmbiguousError),
    (700, "", Unavailable, AmbiguousError),
]


def answer(status: int, label: str, **headers: str) -> Answer:
    body = Reply(status, {"error": label, "error_message": "words"} if label else b"<html>").encoded()
    return Answer("some call", status, headers, body, NOW, 0.1)


@pytest.mark.parametrize(("status", "label", "read", "write"), TABLE)
def test_the_table(status: int, label: str, read: type[SyncError], write: type[SyncError]) -> None:
    got = answer(status, label)
    as_read = failures.of_read(got)
    as_write = failures.of_write(status, got.json_or_none(), call="some call")
    assert (type(as_read), type(as_write)) == (read, write)
    for error in (as_read, as_write):
        assert error.message.startswith("some call")
        assert "words" not in error.message
    if isinstance(as_write, Rejected) and label:
        assert as_write.detail == f"{label}: words"


@pytest.mark.parametrize(
    ("status", "label", "refused"),
    [
        (401, "need_login", True),
        (401, "invalid_grant", True),
        (401, "", True),
        (400, "invalid_grant", True),
        (400, "", False),
        (403, "need_login", True),
        (403, "not_authorized", False),
        (500, "invalid_grant", False),
    ],
)
def test_refused_tokens(status: int, label: str, refused: bool) -> None:
    assert failures.token_refused(status, label) is refused


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("Mon, 02 Mar 2026 09:01:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-5", None),
        ("²", None),
    ],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    assert failures.retry_after(header, NOW) == seconds


def test_waiting_is_passed_on() -> None:
    got = answer(429, "", **{"Retry-After": "30"})
    errors = (failures.of_read(got), failures.of_write(429, None, call="x", headers=got.headers, now=NOW))
    assert [error.retry_after for error in errors if isinstance(error, RateLimited)] == [30.0, 30.0]


@pytest.mark.parametrize("body", [None, [], "x", {}, {"error": 5}, {"error": {"a": 1}, "error_message": 7}])
def test_bodies_without_a_label(body: object) -> None:
    assert failures.label_of(body) == ""
    assert failures.words_of(body) == ""


def test_words_are_bounded() -> None:
    assert len(failures.words_of({"error": "x", "error_message": "y" * 10_000})) == 500
