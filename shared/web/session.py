"""Who a browser is: a signed cookie, checked as far as possible before a key is needed.

What needs no key comes first (its form, its end), so that stale and garbled cookies cost nothing: reading a key may
load the Secret Manager's client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from itsdangerous import BadData, URLSafeSerializer

from shared.clock import Clock

IDLE = 2 * 3600
"""Seconds after which an unused session ends."""
LONGEST = 7 * 86400
"""Seconds after which even a used one ends."""
RENEW = 300
"""Seconds after which a used session gets a new cookie."""
_MOST = 2000
"""Characters of a signed text."""


class Keys(Protocol):
    """A ring of signing keys."""

    def current(self) -> tuple[str, bytes]:
        """The newest version, and its key."""
        ...

    def get(self, version: str) -> bytes | None:
        """That version's key; ``None`` if there is none."""
        ...


class Signer:
    """Signs small JSON objects that end at some time.

    Args:
        purpose: what is signed for one purpose is worth nothing for another.
    """

    def __init__(self, keys: Keys, purpose: str, clock: Clock) -> None:
        self._keys = keys
        self._purpose = purpose
        self._clock = clock

    def sign(self, claims: dict[str, Any], seconds: float) -> str:
        """The claims as text, good for so many seconds."""
        version, key = self._keys.current()
        end = int(self._clock.now().timestamp() + seconds)
        text = self._serializer(key).dumps({**claims, "end": end})
        return f"{version}.{text}"

    def read(self, text: str) -> dict[str, Any] | None:
        """The claims; ``None`` if it is not ours, or has ended."""
        if self.peek(text) is None:
            return None
        version, _, signed = text.partition(".")
        key = self._keys.get(version)
        if key is None:
            return None
        try:
            claims: Any = self._serializer(key).loads(signed)
        except BadData:
            return None
        return claims if isinstance(claims, dict) else None

    def peek(self, text: str) -> dict[str, Any] | None:
        """What it claims, its signature unseen; ``None`` if it cannot be ours, or has ended. Needs no key."""
        version, _, signed = text.partition(".")
        if len(text) > _MOST or not version.isalnum() or not text.isascii():
            return None
        _, claims = self._serializer(b"").loads_unsafe(signed)
        end = claims.get("end") if isinstance(claims, dict) else None
        return claims if isinstance(end, int) and end > self._clock.now().timestamp() else None

    def _serializer(self, key: bytes) -> URLSafeSerializer:
        return URLSafeSerializer(key, salt=f"contact-sync {self._purpose}")


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    uid: str
    began: float
    """When the user signed in, in seconds since the epoch."""
    renewed: float
    """When this cookie was made."""


class Sessions:
    """Session cookies of one origin.

    Args:
        secure: whether the origin is https. Browsers take ``__Host-`` cookies over https only, so on loopback the name
            is a plain one.
    """

    def __init__(self, keys: Keys, clock: Clock, *, secure: bool) -> None:
        self._signer = Signer(keys, "session", clock)
        self._clock = clock
        self._secure = secure
        self.name = cookie_name("session", secure=secure)

    def open(self, cookie: str) -> Session | None:
        """Who the cookie says it is; ``None`` if it is not ours, or has ended."""
        claims = self._signer.read(cookie)
        if claims is None:
            return None
        uid, began, renewed = claims.get("uid"), claims.get("began"), claims.get("renewed")
        if not isinstance(uid, str) or not isinstance(began, int | float) or not isinstance(renewed, int | float):
            return None
        if self._clock.now().timestamp() - began > LONGEST:
            return None
        return Session(uid, began, renewed)

    def begin(self, uid: str) -> str:
        """The ``Set-Cookie`` value of a new session."""
        return self._cookie(uid, self._clock.now().timestamp())

    def renew(self, session: Session) -> str | None:
        """A new one for a session in use, if it is time."""
        if self._clock.now().timestamp() - session.renewed < RENEW:
            return None
        return self._cookie(session.uid, session.began)

    def end(self) -> str:
        """Takes the cookie away."""
        return set_cookie(self.name, "", 0, secure=self._secure)

    def _cookie(self, uid: str, began: float) -> str:
        now = self._clock.now().timestamp()
        text = self._signer.sign({"uid": uid, "began": began, "renewed": now}, IDLE)
        return set_cookie(self.name, text, IDLE, secure=self._secure)


def cookie_name(name: str, *, secure: bool) -> str:
    """``__Host-`` binds a cookie to one host, path ``/`` and https."""
    return f"__Host-{name}" if secure else name


def set_cookie(name: str, value: str, seconds: int, *, secure: bool) -> str:
    """A ``Set-Cookie`` value: unreadable for scripts, not sent along by other sites' changes."""
    marks = "; Secure" if secure else ""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{marks}"
