"""Sugar's errors: ``{"error": label, "error_message": text}`` and the status that belongs to the label."""

from __future__ import annotations

from tests.simulators.wire import Reply

STATUS = {
    "incorrect_version": 301,
    "need_login": 401,
    "invalid_grant": 401,
    "client_not_allowed": 403,
    "not_authorized": 403,
    "no_method": 404,
    "not_found": 404,
    "edit_conflict": 409,
    "metadata_out_of_date": 412,
    "request_too_large": 413,
    "invalid_parameter": 422,
    "missing_parameter": 422,
    "too_many_requests": 429,
    "fatal_error": 500,
    "maintenance": 503,
}
"""Facts, Errors. The labels of 413 and 429 are not known and made up."""

_TEXT = {
    "need_login": "You must login before you can perform this action.",
    "invalid_grant": "The access token provided is invalid.",
    "not_found": "Could not find record in module: Contacts",
    "no_method": "Could not find a route that matches the request.",
    "not_authorized": "You are not authorized to perform this action. Contact your administrator if you need access.",
    "client_not_allowed": "This client is not allowed.",
    "edit_conflict": "Edit conflict, please reload the record data.",
    "incorrect_version": "The version requested is not supported by this server.",
    "metadata_out_of_date": "Your metadata or user hash did not match the server. Please resync your metadata.",
    "request_too_large": "Request is too large.",
    "too_many_requests": "Too many requests.",
    "fatal_error": "An unknown exception happened.",
    "maintenance": "Sugar is in maintenance mode. Only administrators can log in.",
}


class SugarError(Exception):
    """Ends a call with this answer; hooks may raise it, too."""

    def __init__(self, label: str, message: str = "", status: int | None = None) -> None:
        super().__init__(f"{label}: {message}")
        self.label = label
        self.message = message or _TEXT.get(label, label)
        self.status = status or STATUS[label]

    def reply(self) -> Reply:
        return Reply(self.status, {"error": self.label, "error_message": self.message})


def error_reply(label: str, message: str = "", status: int | None = None) -> Reply:
    """For :meth:`Wire.fault`: ``wire.fault("status", reply=error_reply("maintenance"))``."""
    return SugarError(label, message, status).reply()
