"""How a call ends that does not end well: most often with HTTP 200 and an error in the body."""

from __future__ import annotations

from tests.simulators.wire import Reply

JSON = {"Content-Type": "application/json; charset=UTF-8"}
HTML = {"Content-Type": "text/html; charset=UTF-8"}

_ERRORS: dict[str, tuple[str, int | str, str]] = {
    "invalid_login": ("Invalid Login", 10, "Login attempt failed please check the username and password"),
    "invalid_session": ("Invalid Session ID", 11, "The session ID is invalid"),
    "no_module": ("Module Does Not Exist", 20, "This module is not available on this server"),
    "no_access": ("Access Denied", 40, "You do not have access"),
    "password_expired": ("Password Expired", 1008, "Your password has expired. Please provide a new password."),
    "lockout_reached": (
        "Password Expired",
        1009,
        "You have been locked out of the Sugar application and cannot log in using existing password."
        " Please contact your Administrator.",
    ),
    "invalid_call": (
        "An Undefined Error - invalid_call occurred",
        "-1",
        "There is no error definition for invalid_call",
    ),
}


class Failure(Exception):
    """Ends a call with its :attr:`reply`."""

    reply: Reply


class ServiceError(Failure):
    """HTTP 200 with ``{name, number, description}``."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        name, number, description = _ERRORS[label]
        self.reply = Reply(200, {"name": name, "number": number, "description": description}, dict(JSON))


class Nothing(Failure):
    """HTTP 200 with a bare ``null``."""

    def __init__(self) -> None:
        super().__init__("null")
        self.reply = Reply(200, None, dict(JSON))


class DatabaseFailure(Failure):
    """HTTP 500, in words: the database refused a statement; what was done before it stays done."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.reply = Reply(500, b"Database failure. Please refer to suitecrm.log for details.", dict(HTML))


class Fatal(Failure):
    """HTTP 500 without a word: PHP gave up."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.reply = Reply(500, b"", dict(HTML))


def error_reply(label: str) -> Reply:
    """For :meth:`Wire.fault`: ``wire.fault("status", reply=error_reply("invalid_session"))``."""
    return ServiceError(label).reply
