"""Whether a call comes from our own Cloud Scheduler or Cloud Tasks."""

from __future__ import annotations

import hmac
import threading
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.errors import ProtocolError

_KEPT = timedelta(hours=1)
"""Google publishes a key a day before it signs with it, and takes it away after its last token has ended."""
_AGAIN = timedelta(minutes=1)
"""Between two looks for keys that are not known: anybody can name one."""
_LONGEST = 4096
"""Characters of a token; Google's have some 900."""


class Platform(Protocol):
    """Checks the bearer token of a call."""

    def admits(self, token: str) -> bool:
        """Whether it is the platform's own."""
        ...


class Nobody:
    """Where no service account is configured, no call is the platform's."""

    def admits(self, token: str) -> bool:
        return False


class OneToken:
    """On one machine: the queue in this process, which alone knows the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def admits(self, token: str) -> bool:
        return hmac.compare_digest(self._token.encode(), token.encode())


class Oidc:
    """Google's OIDC tokens: signature, audience, and the service account by its verified email.

    Args:
        account: email of the service account.
        audience: that the tokens must be made for.
        certs_url: where the signers' certificates are.
    """

    def __init__(self, account: str, audience: str, certs_url: str, clock: Clock) -> None:
        self._account = account
        self._audience = audience
        self._certs_url = certs_url
        self._clock = clock
        self._lock = threading.Lock()
        self._certs: dict[str, str] = {}
        self._fetched_at: datetime | None = None

    def admits(self, token: str) -> bool:
        """False for whatever is not.

        Raises:
            RetriableError, ProtocolError: the certificates cannot be read.
        """
        if token.count(".") != 2 or len(token) > _LONGEST or not token.isascii():
            return False
        # Imported late: browsers' functions never need it.
        from shared.people import idtoken

        certs = self._certs_with(idtoken.key_of(token))
        try:
            claims = idtoken.claims_of(token, certs, audience=self._audience, now=self._clock.now())
        except ProtocolError:
            return False
        return claims.get("email") == self._account and claims.get("email_verified") is True

    def _certs_with(self, key: str) -> dict[str, str]:
        """The certificates, kept for a while; looked for anew where this key is not among them."""
        from shared.people.signin import certificates

        with self._lock:
            now = self._clock.now()
            age = None if self._fetched_at is None else now - self._fetched_at
            if age is None or age > _KEPT or (key not in self._certs and age > _AGAIN):
                self._certs, self._fetched_at = certificates(self._certs_url), now
            return self._certs
