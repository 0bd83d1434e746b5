"""Refusals, in the shape in which Google sends them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

NOT_FOUND = "Requested entity was not found."
INVALID = "Request contains an invalid argument."

CODES = {
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "UNIMPLEMENTED": 12,
    "UNAUTHENTICATED": 16,
}
"""``google.rpc.Code``, as used inside ``Status`` messages."""


class ApiError(Exception):
    """An answer other than 200; nothing was changed."""

    def __init__(
        self, code: int, message: str, status: str, details: list[Json] | None = None, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def body(self) -> Json:
        """The HTTP body."""
        error: Json = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def as_status(self) -> Json:
        """As ``google.rpc.Status``, for one contact of a batch."""
        return {"code": CODES[self.status], "message": self.message}


def invalid(message: str = INVALID) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, message, "INVALID_ARGUMENT")


def violations(descriptions: list[tuple[str, str]]) -> ApiError:
    """What the JSON layer refuses: ``(field, description)`` each."""
    found: list[Json] = []
    for field, description in descriptions:
        found.append({"field": field, "description": description} if field else {"description": description})
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": found}]
    return ApiError(400, "\n".join(d for _, d in descriptions), "INVALID_ARGUMENT", details)


def not_found() -> ApiError:
    """404, in the recorded words."""
    return ApiError(404, NOT_FOUND, "NOT_FOUND")


def stale(which: str) -> ApiError:
    """The recorded answer to an etag that has moved; ``which`` is ``person.etag`` or the sources' one."""
    message = f"Request {which} is different than the current {which}. Clear local cache and get the latest person."
    return ApiError(400, message, "FAILED_PRECONDITION")
