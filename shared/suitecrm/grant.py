"""What a sign-in leaves behind in the older dialect.

A session there dies after minutes without a call, by PHP's own rules, and nothing renews it but the password. So that
the product can go on by itself, what the login method takes is kept: the MD5 of the password. **It is as good as the
password in this API**, and is treated like one: sealed in the token vault, never in a log, gone with the connection.
The password itself is not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from shared.errors import GrantLost

_LONGEST = 200
"""Characters of a session's id; PHP's have up to 64."""


def login_hash(password: str) -> str:
    """What the login method takes instead of a password. Not our choice: it is the API's."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class SuiteTokens:
    """A user's login, and the session if one was begun. Secret: neither ``repr`` nor any message shows them."""

    user_name: str = field(repr=False)
    login: str = field(repr=False)
    """See :func:`login_hash`."""
    session: str = field(repr=False, default="")
    """Blank only until the first login has been answered."""

    def as_json(self) -> dict[str, str]:
        """For the token vault."""
        return {"user_name": self.user_name, "login": self.login, "session": self.session}

    @classmethod
    def from_json(cls, raw: Any) -> SuiteTokens:
        """What :meth:`as_json` gave.

        Raises:
            GrantLost: it is something else; only a new sign-in helps.
        """
        try:
            found = cls(raw["user_name"], raw["login"], raw["session"])
        except (TypeError, KeyError):
            raise GrantLost("The stored Sugar login cannot be read; sign in to Sugar again") from None
        if not all(isinstance(each, str) for each in (found.user_name, found.login, found.session)):
            raise GrantLost("The stored Sugar login cannot be read; sign in to Sugar again")
        return found


def session_id(value: Any) -> str | None:
    """The id of a session inside the answer to a login, ``None`` if it is none."""
    good = isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()
    return value if good else None
