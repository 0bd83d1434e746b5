"""Access tokens from a refresh token, as few as possible: one an hour.

Facts: refresh tokens die (revoked, six months unused, the 101st of an account, a password change), which Google tells
by ``invalid_grant``; a user can untick the contacts scope, so the granted scopes count, not the requested ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from shared.clock import Clock
from shared.errors import BadSettings, GrantLost, ProtocolError, RateLimited, ScopeMissing, SyncError, Unavailable
from shared.people.endpoints import CONTACTS_SCOPE as CONTACTS_SCOPE
from shared.people.endpoints import GOOGLE
from shared.people.failures import Answered, CallFailed, Unreadable
from shared.people.transport import Session, fetch, open_gate
from shared.side import Gate

CALL = "POST token (Google)"

_EARLY = timedelta(seconds=90)
"""An access token is replaced this long before it ends, longer than a call takes."""
_LONGEST_LIFE = 24 * 3600
_MAX_ANSWER = 64 * 1024
_LONGEST_TOKEN = 8000
"""Characters; servers refuse longer headers."""
_DEAD = frozenset({"invalid_grant", "access_denied", "admin_policy_enforced", "org_internal", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Google granted. The tokens never show in a repr."""

    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    """When the access token ends; aware."""
    scopes: tuple[str, ...] = ()
    """As granted; empty where that was never told."""

    def to_json(self) -> dict[str, Any]:
        """For the vault; encrypted by the caller."""
        return {
            "refresh_token": self.refresh_token,
            "access_token": self.access_token,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "scopes": list(self.scopes),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Tokens:
        """The other way round."""
        expires_at = raw.get("expires_at")
        return cls(
            refresh_token=str(raw["refresh_token"]),
            access_token=str(raw.get("access_token") or ""),
            expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
            scopes=tuple(raw.get("scopes") or ()),
        )


class TokenSource:
    """The access token of one user; a :class:`~shared.people.transport.Bearer`.

    Args:
        tokens: as saved last.
        client_id: of the OAuth client.
        client_secret: of the OAuth client.
        clock: tells when the access token has ended.
        save: called with new tokens **before** they are used; what it raises goes to the caller.
        gate: asked before a refresh.
        token_url: where to refresh.
        timeout: seconds that a refresh may take.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        client_id: str,
        client_secret: str,
        clock: Clock,
        save: Callable[[Tokens], None],
        gate: Gate = open_gate,
        token_url: str = GOOGLE.token,
        timeout: float = 20.0,
    ) -> None:
        self._tokens = tokens
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._save = save
        self._gate = gate
        self._token_url = token_url
        self._timeout = timeout
        self.refreshes = 0
        """How often the token address was called."""

    def token(self) -> str:
        """An access token that is valid for longer than a call takes.

        Raises:
            GrantLost: the user must grant again.
            ScopeMissing: the user must grant again, with contacts ticked.
            BadSettings: Google does not know the OAuth client.
            RetriableError: Google cannot be reached, or the gate is closed.
            ProtocolError: the answer is none.
        """
        tokens = self._tokens
        if tokens.scopes and CONTACTS_SCOPE not in tokens.scopes:
            raise _scope_missing()
        if tokens.access_token and tokens.expires_at and self._clock.now() + _EARLY < tokens.expires_at:
            return tokens.access_token
        return self._refresh()

    def renewed(self, refused: str) -> str:
        """Another token after ``refused`` was refused; raises as :meth:`token` does."""
        if self._tokens.access_token not in ("", refused):
            return self.token()
        return self._refresh()

    def _refresh(self) -> str:
        self._gate(self._timeout)
        self.refreshes += 1
        asked_at = self._clock.now()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._tokens.refresh_token,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        try:
            # Once an hour: a connection is not worth keeping.
            with Session() as session:
                response, content = fetch(
                    session,
                    "POST",
                    self._token_url,
                    data=urlencode(form).encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                    auth=None,
                    timeout=self._timeout,
                    max_answer=_MAX_ANSWER,
                )
        except Unreadable as failure:
            raise ProtocolError(CALL, str(failure)) from None
        except CallFailed as failure:
            # A refresh that may have arrived is harmless: Google does not rotate refresh tokens.
            raise Unavailable(f"{CALL}: {failure}") from None
        if response.status != 200:
            raise _refused(response.status, content, response.headers)
        tokens = granted(CALL, self._tokens, _parsed(content), asked_at)
        if tokens.scopes and CONTACTS_SCOPE not in tokens.scopes:
            # Not saved: the next run asks again, instead of taking one answer for granted until somebody signs in.
            raise _scope_missing()
        self._save(tokens)
        self._tokens = tokens
        return tokens.access_token


def granted(call: str, previous: Tokens, answer: Any, asked_at: datetime) -> Tokens:
    """The tokens inside an answer of Google's token address; what it leaves out stays as it was.

    Raises:
        ProtocolError: the answer holds none.
    """
    if not isinstance(answer, dict):
        raise ProtocolError(call, "the answer must be a JSON object")
    access, life = answer.get("access_token"), answer.get("expires_in", 3600)
    scope, refresh = answer.get("scope", ""), answer.get("refresh_token", "")
    if not _is_token(access) or not access:
        raise ProtocolError(call, "access_token must be a text")
    if type(life) is not int or life < 0:
        raise ProtocolError(call, "expires_in must be a number of seconds")
    if not _is_token(scope) or not _is_token(refresh):
        raise ProtocolError(call, "scope and refresh_token must be texts")
    return replace(
        previous,
        access_token=access,
        expires_at=asked_at + timedelta(seconds=min(life, _LONGEST_LIFE)),
        scopes=tuple(scope.split()) or previous.scopes,
        refresh_token=refresh or previous.refresh_token,
    )


def _is_token(text: Any) -> bool:
    """Whether it can be sent as a header, and stored."""
    return isinstance(text, str) and len(text) <= _LONGEST_TOKEN and text.isascii() and (not text or text.isprintable())


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _scope_missing() -> ScopeMissing:
    return ScopeMissing("the Google grant does not cover contacts: grant again, with contacts ticked")


def _refused(status: int, content: bytes, headers: Mapping[str, str]) -> SyncError:
    answer = _parsed(content)
    told = answer.get("error") if isinstance(answer, dict) else None
    error = told if isinstance(told, str) else None
    if status == 429:
        wait = Answered(status, content, headers).retry_after
        return RateLimited(f"{CALL}: too many refreshes", retry_after=wait)
    if status >= 500:
        return Unavailable(f"{CALL}: HTTP {status}")
    if error in _DEAD:
        return GrantLost("Google does not accept the grant any more: sign in again")
    if error == "invalid_scope":
        return _scope_missing()
    if error in ("invalid_client", "deleted_client"):
        return BadSettings("google_client", "must be the id and secret of a living OAuth client")
    return ProtocolError(CALL, f"HTTP {status}")
