"""What an answer says when something is wrong: RFC 9457 problem details, naming the field where one is to blame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from shared.errors import (
    AmbiguousError,
    BadAddress,
    BadPlan,
    BadSettings,
    ContactError,
    GrantLost,
    LeaseLost,
    ProtocolError,
    RetriableError,
    ScopeMissing,
    SyncError,
)

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:contact-sync:"
_WAIT = 10
"""Seconds after which it is worth another try, where nobody said how long."""


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing wrong with what was sent."""

    field: str
    """Where: the name of a setting, a parameter, or a path like ``from_sugar.update``; blank for the whole."""
    message: str
    """What would be right."""


class Problem(msgspec.Struct, frozen=True):
    """The body of every answer from 400 on."""

    type: str
    """``urn:contact-sync:<code>``; the code never changes, the texts may."""
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()


class WebError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        retry_after: int | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        """
        Args:
            code: a stable name of what is wrong, lower case with hyphens.
            detail: for people; never holds a token or a contact's values.
            retry_after: seconds.
            allow: for 405, the methods that there are.
        """
        super().__init__(detail)
        self.problem = Problem(_TYPES + code, HTTPStatus(status).phrase, status, detail, tuple(errors))
        self.headers: dict[str, str] = {}
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, retry_after))
        if allow:
            self.headers["Allow"] = ", ".join(allow)

    @property
    def status(self) -> int:
        return self.problem.status


def bad_field(field: str, message: str) -> WebError:
    """422: one field's value cannot be taken."""
    return WebError(
        422, "bad-field", f"{field}: {message}" if field else message, errors=[FieldProblem(field, message)]
    )


def not_found(what: str) -> WebError:
    """404: also for what is there but somebody else's."""
    return WebError(404, "not-found", f"there is no such {what}")


def of_validation(error: msgspec.ValidationError, *, where: str = "") -> WebError:
    """422 for what does not fit the type that was asked for.

    Args:
        where: what the path begins with, like ``query``; blank for the body.
    """
    text = str(error)
    at = re.search(r" - at `\$\.?([^`]*)`", text)
    unknown = re.search(r"unknown field `([^`]*)`", text)
    missing = re.search(r"missing required field `([^`]*)`", text)
    parts = [where, at.group(1) if at else "", (unknown or missing or [None, ""])[1] or ""]
    path = ".".join(part for part in parts if part)
    # A value is not repeated: it may have been meant for another field, like a password.
    said = re.sub(r"(?s)Invalid enum value .*", "Must be one of the values that it can have", text)
    return bad_field(path[:200], re.sub(r" - at `[^`]*`", "", said)[:300])


def of_error(error: SyncError) -> WebError:
    """What each branch of the tree means to a browser."""
    if isinstance(error, BadSettings):
        return bad_field(error.field, error.message.removeprefix(f"{error.field}: "))
    if isinstance(error, BadPlan):
        return _bad_plan(error)
    if isinstance(error, BadAddress):
        return bad_field("address", error.message.removeprefix("address: "))
    if isinstance(error, GrantLost):
        return WebError(409, "not-connected", error.message)
    if isinstance(error, ScopeMissing):
        return WebError(409, "contacts-not-granted", error.message)
    if isinstance(error, LeaseLost):
        return WebError(409, "busy", "a sync of yours is under way: try again in a moment", retry_after=_WAIT)
    if isinstance(error, ProtocolError | AmbiguousError):
        return WebError(502, "odd-answer", error.message)
    if isinstance(error, RetriableError):
        wait = int(error.retry_after) if error.retry_after else _WAIT
        return WebError(503, "try-again", error.message, retry_after=wait)
    if isinstance(error, ContactError):
        return bad_field(error.field or "", error.message)
    return WebError(409, "blocked", error.message)


def _bad_plan(error: BadPlan) -> WebError:
    """404 for a plan that is not there, 422 for contacts that are not in it, 409 for one in no state for it."""
    errors = [FieldProblem(error.field, error.message)]
    if error.field != "plan":
        return WebError(422, "bad-field", f"{error.field}: {error.message}", errors=errors)
    return WebError(
        404 if error.unknown else 409,
        "no-such-plan" if error.unknown else "plan-over",
        f"plan: {error.message}",
        errors=errors,
    )
