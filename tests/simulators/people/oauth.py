"""Google's OAuth: consent, codes with PKCE, tokens and the ways in which they die."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlencode, urlsplit

from tests.simulators.people import keys, screen
from tests.simulators.people.account import CONTACTS_SCOPE, Account
from tests.simulators.people.errors import Json
from tests.simulators.people.state import Clock
from tests.simulators.wire import Reply, Request

EXPIRES_IN = 3599
CODE_LIFE = timedelta(minutes=10)
UNUSED_LIFE = timedelta(days=182)
TESTING_LIFE = timedelta(days=7)
TOKENS_PER_ACCOUNT = 100
ISSUER = "https://accounts.google.com"
LONG_NAMES = {
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}


@dataclass(slots=True)
class Consent:
    """What the user does on the consent screen, from now on; change it in place or replace it."""

    email: str = ""
    """Who signs in; empty: ``login_hint``, or the first account."""
    untick: frozenset[str] = frozenset()
    """Scopes that the user does not grant."""
    deny: bool = False
    """The user cancels."""
    ask: bool = False
    """Browsers are shown a screen to be answered by hand; all else is answered as if it had been."""


@dataclass(slots=True)
class Grant:
    """A refresh token."""

    token: str
    account: Account
    scopes: tuple[str, ...]
    given_at: datetime
    used_at: datetime


@dataclass(slots=True)
class Access:
    """An access token."""

    account: Account
    scopes: frozenset[str]
    expires_at: datetime
    grant: str


@dataclass(slots=True)
class _Code:
    account: Account
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    method: str
    nonce: str
    offline: bool
    at: datetime


@dataclass(slots=True)
class OAuth:
    """The authorization server of one client."""

    clock: Clock
    random: Random
    accounts: dict[str, Account]
    client_id: str = "simulated-client.apps.googleusercontent.com"
    client_secret: str = "simulated-secret"
    redirect_uris: set[str] = field(default_factory=set)
    """Registered ones; empty: any."""
    testing: bool = False
    """The consent screen is "in testing": refresh tokens live 7 days (G)."""
    consent: Consent = field(default_factory=Consent)
    grants: dict[str, Grant] = field(default_factory=dict)
    access: dict[str, Access] = field(default_factory=dict)
    id_token_now: Callable[[], datetime] | None = None
    """The time inside id_tokens; set it to the machine's where they are verified by the machine's clock."""
    _codes: dict[str, _Code] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply | None:
        """The answer to an OAuth call; ``None`` if it is none."""
        path = request.path
        if path in {"/o/oauth2/v2/auth", "/o/oauth2/auth"}:
            return self._authorize(request)
        if path in {"/token", "/oauth2/v4/token"}:
            return self._token(request)
        if path in {"/revoke", "/o/oauth2/revoke"}:
            form = {**request.query, **request.form()}
            return self._revoke(form.get("token", ""))
        if path in {"/certs", "/oauth2/v1/certs"}:
            return Reply(200, keys.certificates())
        if path == "/oauth2/v3/certs":
            return Reply(200, keys.key_set())
        if path in {"/v1/userinfo", "/oauth2/v3/userinfo"}:
            return self._userinfo(request)
        return None

    # -- for the simulator and its controls ------------------------------------------------------------

    def grant(self, account: Account, scopes: Sequence[str]) -> str:
        """A new refresh token; the account's 101st makes the oldest one die (G)."""
        now = self.clock.now()
        token = f"1//0{self.random.getrandbits(160):040x}"
        own = [g for g in self.grants.values() if g.account is account]
        if len(own) >= TOKENS_PER_ACCOUNT:
            self.kill(own[0].token)
        self.grants[token] = Grant(token, account, tuple(scopes), now, now)
        return token

    def kill(self, refresh_token: str) -> None:
        """Revokes it and every access token made from it."""
        self.grants.pop(refresh_token, None)
        self.access = {t: a for t, a in self.access.items() if a.grant != refresh_token}

    def new_access(self, account: Account, scopes: Sequence[str], grant: str) -> str:
        """An access token that lives 3,599 seconds."""
        now = self.clock.now()
        token = f"ya29.{self.random.getrandbits(160):040x}"
        self.access[token] = Access(account, frozenset(scopes), now + timedelta(seconds=EXPIRES_IN), grant)
        return token

    def holder(self, request: Request) -> Access | None:
        """Whom the call's access token stands for; ``None`` if it is missing, unknown or expired."""
        header = request.headers.get("authorization", "")
        token = header[7:] if header.lower().startswith("bearer ") else request.query.get("access_token", "")
        access = self.access.get(token)
        return access if access and access.expires_at > self.clock.now() else None

    def expire_access_tokens(self) -> None:
        """None of them is good any more; refresh tokens live on."""
        self.access.clear()

    # -- the consent screen ----------------------------------------------------------------------------

    def _authorize(self, request: Request) -> Reply:
        query = request.query
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id:
            return _page("Error 401: invalid_client")
        if not urlsplit(redirect).scheme or (self.redirect_uris and redirect not in self.redirect_uris):
            return _page("Error 400: redirect_uri_mismatch")
        if query.get("response_type") != "code" or not query.get("scope"):
            return _page("Error 400: invalid_request")
        state = {"state": query["state"]} if "state" in query else {}
        answered = query.get("answer", "")
        if self.consent.ask and not answered and "text/html" in request.headers.get("accept", ""):
            return screen.page(query, self.consent.email or query.get("login_hint", ""))
        if self.consent.deny or answered == "cancel":
            return _redirect(redirect, {"error": "access_denied", **state})
        email = self.consent.email or query.get("login_hint", "")
        account = self.accounts.get(email) or next(iter(self.accounts.values()), None)
        if account is None:
            return _page("Error 400: no account has been made")
        asked = [LONG_NAMES.get(s, s) for s in query["scope"].split()]
        untick = {LONG_NAMES.get(s, s) for s in self.consent.untick}
        if answered and "contacts" not in query:
            untick.add(CONTACTS_SCOPE)
        scopes = tuple(s for s in asked if s not in untick)
        again = any(g.account is account for g in self.grants.values())
        offline = query.get("access_type") == "offline" and ("consent" in query.get("prompt", "") or not again)
        code = f"4/0A{self.random.getrandbits(160):040x}"
        self._codes[code] = _Code(
            account,
            scopes,
            redirect,
            query.get("code_challenge", ""),
            query.get("code_challenge_method", "plain"),
            query.get("nonce", ""),
            offline,
            self.clock.now(),
        )
        return _redirect(redirect, {**state, "code": code, "scope": " ".join(scopes), "authuser": "0"})

    # -- tokens ----------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Reply:
        form = request.form()
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        header = request.headers.get("authorization", "")
        if header.lower().startswith("basic "):
            client, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        if (client, secret) != (self.client_id, self.client_secret):
            return _error(401, "invalid_client", "The OAuth client was not found.")
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._by_code(form)
        if kind == "refresh_token":
            return self._by_refresh(form.get("refresh_token", ""))
        return _error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _by_code(self, form: dict[str, str]) -> Reply:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self.clock.now() - code.at > CODE_LIFE:
            return _error(400, "invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect_uri:
            return _error(400, "redirect_uri_mismatch", "Bad Request")
        verifier = form.get("code_verifier", "")
        if code.challenge:
            made = verifier
            if code.method == "S256":
                made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if not verifier:
                return _error(400, "invalid_grant", "Missing code verifier.")
            if made != code.challenge:
                return _error(400, "invalid_grant", "Invalid code verifier.")
        refresh = self.grant(code.account, code.scopes) if code.offline else ""
        answer = self._answer(code.account, code.scopes, refresh, code.nonce)
        if refresh:
            answer["refresh_token"] = refresh
        return Reply(200, answer)

    def _by_refresh(self, token: str) -> Reply:
        now = self.clock.now()
        grant = self.grants.get(token)
        if grant and (now - grant.used_at > UNUSED_LIFE or (self.testing and now - grant.given_at > TESTING_LIFE)):
            self.kill(token)
            grant = None
        if grant is None:
            return _error(400, "invalid_grant", "Token has been expired or revoked.")
        grant.used_at = now
        return Reply(200, self._answer(grant.account, grant.scopes, token, ""))

    def _answer(self, account: Account, scopes: Sequence[str], grant: str, nonce: str) -> Json:
        answer: Json = {
            "access_token": self.new_access(account, scopes, grant),
            "expires_in": EXPIRES_IN,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }
        if "openid" in scopes:
            answer["id_token"] = self.id_token(account, scopes, nonce)
        return answer

    def id_token(self, account: Account, scopes: Sequence[str], nonce: str = "") -> str:
        """Says who signed in; signed with the key at ``/certs``."""
        now = int((self.id_token_now or self.clock.now)().timestamp())
        claims: Json = {
            "iss": ISSUER,
            "azp": self.client_id,
            "aud": self.client_id,
            "sub": account.subject,
            "iat": now,
            "exp": now + EXPIRES_IN + 1,
        }
        if {"email", LONG_NAMES["email"]} & set(scopes):
            claims |= {"email": account.email, "email_verified": True}
        if {"profile", LONG_NAMES["profile"]} & set(scopes):
            claims["name"] = account.name
        if nonce:
            claims["nonce"] = nonce
        return keys.signed(claims)

    def _revoke(self, token: str) -> Reply:
        if token in self.grants:
            self.kill(token)
        elif access := self.access.pop(token, None):
            if access.grant:
                self.kill(access.grant)
        else:
            return _error(400, "invalid_token", "Token expired or revoked")
        return Reply(200, {})

    def _userinfo(self, request: Request) -> Reply:
        access = self.holder(request)
        if access is None:
            return _error(401, "invalid_request", "Invalid Credentials")
        account = access.account
        return Reply(200, {"sub": account.subject, "email": account.email, "email_verified": True})


def _redirect(uri: str, parameters: dict[str, str]) -> Reply:
    joint = "&" if urlsplit(uri).query else "?"
    return Reply(302, b"", {"Location": uri + joint + urlencode(parameters), "Content-Type": "text/html"})


def _page(text: str) -> Reply:
    return Reply(400, f"<html><body>{text}</body></html>".encode(), {"Content-Type": "text/html; charset=utf-8"})


def _error(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})


__all__ = ["CONTACTS_SCOPE", "Access", "Consent", "Grant", "OAuth"]
