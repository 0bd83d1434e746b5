"""A sign-in on its way through Google: bound to one browser, and good for one use.

::

    start      cookie: nonce and verifier ◀── hashed ── state, signed ──▶ Google, with challenge and nonce
    callback   form, end, cookie (no key, no store) ─▶ signature ─▶ used once ─▶ the code is exchanged

Whoever sends a victim a link of his own sign-in has no cookie in the victim's browser; whoever steals a code has no
verifier.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import Conflict
from shared.people.consent import authorize_url, pkce
from shared.store.port import Create, Remove, Where
from shared.web.session import cookie_name, set_cookie

if TYPE_CHECKING:
    from shared.web.services import Services

PAGE = "/ui"
"""Where the page is, which every sign-in ends at."""
LASTS = 600
"""Seconds that a user may spend at Google."""
_COOKIE = "sign-in"
_CLEARED = 20
"""Used states that one sign-in removes once they have ended."""


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A sign-in that was begun here, in this browser."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
    then: str
    """Where in the UI it goes on."""
    consent: bool
    """Whether the user was asked for consent in any case."""


class SignIn:
    """Sign-ins of this installation."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._secure = services.config.secure
        self._name = cookie_name(_COOKIE, secure=self._secure)

    @property
    def redirect_uri(self) -> str:
        """Where Google sends the browser back to."""
        return self._services.config.address("oauth_callback")

    def start(self, *, then: str = PAGE, consent: bool = False, hint: str = "") -> tuple[str, str]:
        """Where to send the browser, and the ``Set-Cookie`` value that goes along."""
        services = self._services
        proof, nonce = pkce(), secrets.token_urlsafe(16)
        cookie = f"{nonce}.{proof.verifier}"
        state = services.states.sign({"bound": _bound(cookie), "then": then, "consent": consent}, LASTS)
        url = authorize_url(
            services.config.oauth_client_id,
            self.redirect_uri,
            state,
            proof.challenge,
            nonce,
            authorize_url=services.google.authorize,
            consent=consent,
            login_hint=hint,
        )
        return url, set_cookie(self._name, cookie, LASTS, secure=self._secure)

    def end(self) -> str:
        """Takes the cookie away."""
        return set_cookie(self._name, "", 0, secure=self._secure)

    def returned(self, state: str, cookies: Mapping[str, str]) -> OnItsWay | None:
        """The sign-in that a browser comes back from; ``None`` if it is not one that began here and lasts.

        Only what is bound to this browser's own cookie is worth the key.
        """
        cookie = cookies.get(self._name, "")
        claims = self._services.states.peek(state)
        if not cookie or claims is None or not _fits(claims, cookie):
            return None
        if self._services.states.read(state) is None:
            return None
        nonce, _, verifier = cookie.partition(".")
        return OnItsWay(state, nonce, verifier, str(claims.get("then")), claims.get("consent") is True)

    def use(self, sign_in: OnItsWay) -> bool:
        """Uses the sign-in up; ``False`` if that has happened before.

        Raises:
            RetriableError: it cannot be told.
        """
        store, now = self._services.store, self._services.clock.now()
        over = store.query("states", [Where("expires_at", "<", now.isoformat())], order="expires_at", limit=_CLEARED)
        name = hashlib.blake2b(sign_in.state.encode(), digest_size=16).hexdigest()
        # It outlives the state, which ends by itself.
        until = (now + timedelta(seconds=2 * LASTS)).isoformat()
        try:
            store.commit([Create(f"states/{name}", {"expires_at": until}), *(Remove(doc.path) for doc in over)])
        except Conflict:
            return False
        return True


def _bound(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _fits(claims: dict[str, Any], cookie: str) -> bool:
    bound = claims.get("bound")
    return isinstance(bound, str) and hmac.compare_digest(bound.encode(), _bound(cookie).encode())
