"""What a sign-in leaves behind: two tokens, and since when and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GrantLost, ProtocolError

_LONGEST = 8000
"""Characters of a token; servers refuse longer headers."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One session of one user on one platform. Secret: neither ``repr`` nor any message shows the tokens."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime
    """When the access token dies by itself."""

    def as_json(self) -> dict[str, str]:
        """For the token vault."""
        return {
            "access": self.access,
            "refresh": self.refresh,
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, raw: Any) -> Tokens:
        """What :meth:`as_json` gave.

        Raises:
            GrantLost: it is something else; only a new sign-in helps.
        """
        try:
            issued, expires = (datetime.fromisoformat(raw[name]) for name in ("issued_at", "expires_at"))
            access, refresh = raw["access"], raw["refresh"]
        except (TypeError, KeyError, ValueError):
            raise GrantLost("The stored Sugar session cannot be read; sign in to Sugar again") from None
        if not (isinstance(access, str) and isinstance(refresh, str) and issued.tzinfo and expires.tzinfo):
            raise GrantLost("The stored Sugar session cannot be read; sign in to Sugar again")
        return cls(access, refresh, issued, expires)


def granted(call: str, body: Any, now: datetime, *, previous: Tokens | None = None) -> Tokens:
    """The tokens inside the answer to a sign-in or a refresh.

    An instance that does not rotate may leave the refresh token out: the previous one lives on.

    Raises:
        ProtocolError: the answer holds no tokens.
    """
    if not isinstance(body, dict):
        raise ProtocolError(call, "the answer is not a JSON object with tokens")
    access = _token(call, body, "access_token")
    refresh = previous.refresh if previous and not body.get("refresh_token") else _token(call, body, "refresh_token")
    return Tokens(access, refresh, now, now + timedelta(seconds=_seconds(body.get("expires_in"))))


def _token(call: str, body: dict[str, Any], name: str) -> str:
    token = body.get(name)
    # It becomes an HTTP header: nothing but visible ASCII may get there.
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST or not token.isascii() or not token.isprintable():
        raise ProtocolError(call, f"{name} is missing from the answer, or is no token")
    return token


def _seconds(value: Any) -> float:
    """``expires_in``; an hour, which is Sugar's default, where it is missing or nonsense."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 3600.0
    return seconds if 0 < seconds < 10**8 else 3600.0
