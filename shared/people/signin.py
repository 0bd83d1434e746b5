"""The way back from Google's consent screen: a code becomes tokens and an identity, once.

::

    certificates ──▶ code + verifier ──▶ tokens ──▶ ID token checked ──▶ contacts ticked? ──▶ SignedIn
         │                 │                              │                    │ no
         │                 │ cut: the code may be         │ not Google's:      ▼
         │                 ▼ used up                      ▼ tokens forgotten   revoked, unless that would end a
         ▼ nothing used    sign in again                  ProtocolError        grant that lives; ScopeMissing
         later, the same code again

A code works once, so nothing here is ever repeated, and what can fail without it comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from shared.clock import Clock
from shared.errors import BadSettings, GrantLost, ProtocolError, RateLimited, ScopeMissing, SyncError, Unavailable
from shared.people import idtoken
from shared.people.endpoints import CONTACTS_SCOPE, GOOGLE, GoogleEndpoints, OAuthClient
from shared.people.failures import Answered, NoAnswer, NotDelivered, Unreadable
from shared.people.oauth import Tokens, granted
from shared.people.transport import Response, fetch

TIMEOUT = 20.0
"""Seconds for each of the calls."""
_MAX_ANSWER = 64 * 1024
_CODE = re.compile(r"[!-~]{1,2048}")
_CERTS = "GET certificates (Google)"
_EXCHANGE = "POST code (Google)"
_REVOKE = "POST revoke (Google)"
_FORBIDDEN = ("access_denied", "admin_policy_enforced", "org_internal")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who signed in and granted contacts."""

    subject: str
    """Google's stable id of the account."""
    email: str
    """Verified; blank if it is not. For showing only: who it is says :attr:`subject`."""
    tokens: Tokens

    @property
    def scopes(self) -> tuple[str, ...]:
        """As granted."""
        return self.tokens.scopes

    @property
    def lasting(self) -> bool:
        """Whether there is a refresh token. Without one the account has granted before: its stored token goes on; if
        none is stored, send the browser again, with ``consent=True``."""
        return bool(self.tokens.refresh_token)


def exchange(
    client: OAuthClient,
    code: str,
    verifier: str,
    *,
    redirect_uri: str,
    nonce: str,
    clock: Clock,
    connected: Callable[[str], bool] = lambda subject: False,
    timeout: float = TIMEOUT,
) -> SignedIn:
    """Turns the code that a browser brought back into tokens.

    Args:
        code: works once, for ten minutes.
        verifier: the other half of the challenge that the browser was sent off with.
        redirect_uri: the same as then.
        nonce: the same as then.
        connected: asked for an account that did not tick contacts: does it have a grant that lives? Google revokes all
            of an account's tokens together, so the new one is then left to die by itself.
        timeout: seconds for each call.

    Raises:
        GrantLost: the code is used up, too old, or of another browser, or the connection was cut: sign in again.
        ScopeMissing: contacts were not ticked; sign in again, with contacts ticked.
        BadSettings: Google does not know the OAuth client or where it wants the browser back.
        RetriableError: Google cannot be reached.
        ProtocolError: an answer that is none.
    """
    if not _CODE.fullmatch(code):
        raise GrantLost("this is no code of Google's: sign in again")
    certs = certificates(client.endpoints.certs, timeout=timeout)
    asked_at = clock.now()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    cut = GrantLost("the connection to Google was cut during the sign-in: sign in again")
    response, content = _send(_EXCHANGE, client.endpoints.token, form, timeout, cut=cut)
    answer = _parsed(content)
    if response.status != 200:
        raise _refused(response, content, answer)
    tokens = granted(_EXCHANGE, Tokens(""), answer, asked_at)
    if not tokens.scopes:
        raise ProtocolError(_EXCHANGE, "scope must say what was granted")
    who = idtoken.verified(answer.get("id_token"), certs, audience=client.client_id, nonce=nonce, now=clock.now())
    if CONTACTS_SCOPE not in tokens.scopes:
        if not connected(who.subject):
            with suppress(SyncError):
                # What stays is a token that can do nothing but tell the email.
                revoke(tokens.access_token, client.endpoints, timeout=timeout)
        raise ScopeMissing("Google was not allowed to share the contacts: sign in again, with contacts ticked")
    return SignedIn(who.subject, who.email, tokens)


def revoke(token: str, endpoints: GoogleEndpoints = GOOGLE, *, timeout: float = TIMEOUT) -> bool:
    """Ends the grant that a token belongs to, at Google; may be repeated. Google ends all grants of the same account to
    this project with it.

    Args:
        token: a refresh or access token.

    Returns:
        Whether it was alive.

    Raises:
        RetriableError: Google cannot be reached; it may have happened.
        ProtocolError: an answer that is none.
    """
    response, content = _send(_REVOKE, endpoints.revoke, {"token": token}, timeout)
    if response.status == 200:
        return True
    if _error_of(_parsed(content)) in ("invalid_token", "invalid_grant"):
        return False
    raise _general(_REVOKE, response, content) or ProtocolError(_REVOKE, f"HTTP {response.status}")


def certificates(url: str, *, timeout: float = TIMEOUT) -> dict[str, str]:
    """What Google signs ID tokens with, as ``{key id: PEM}``.

    Raises:
        RetriableError: Google cannot be reached.
        ProtocolError: an answer that is none.
    """
    response, content = _send(_CERTS, url, None, timeout)
    certs = _parsed(content)
    if response.status != 200:
        raise _general(_CERTS, response, content) or ProtocolError(_CERTS, f"HTTP {response.status}")
    if not isinstance(certs, dict) or not certs or not all(isinstance(pem, str) for pem in certs.values()):
        raise ProtocolError(_CERTS, "the answer must be certificates by key id")
    return certs


def _send(
    call: str, url: str, form: Mapping[str, str] | None, timeout: float, *, cut: SyncError | None = None
) -> tuple[Response, bytes]:
    """One call, a POST if there is a form. ``cut``: what it means if it may have arrived and nothing came back."""
    headers = {"Accept": "application/json"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        with requests.Session() as session:
            return fetch(
                session,
                "GET" if form is None else "POST",
                url,
                data=None if form is None else urlencode(form).encode(),
                headers=headers,
                auth=None,
                timeout=timeout,
                max_answer=_MAX_ANSWER,
            )
    except Unreadable as failure:
        raise ProtocolError(call, str(failure)) from None
    except (NotDelivered, NoAnswer) as failure:
        raise (cut if cut and failure.may_have_arrived else Unavailable(f"{call}: {failure}")) from None


def _refused(response: Response, content: bytes, answer: Any) -> SyncError:
    if general := _general(_EXCHANGE, response, content):
        return general
    error = _error_of(answer)
    if error == "invalid_grant":
        return GrantLost("this sign-in was used already, or took too long: sign in again")
    if error in _FORBIDDEN:
        return GrantLost("Google does not let this account sign in here; ask its administrator")
    if error == "redirect_uri_mismatch":
        return BadSettings("redirect_uri", "must be registered for the OAuth client")
    if error in ("invalid_client", "deleted_client", "unauthorized_client"):
        return BadSettings("google_client", "must be the id and secret of a living OAuth client")
    return ProtocolError(_EXCHANGE, f"HTTP {response.status}")


def _general(call: str, response: Response, content: bytes) -> SyncError | None:
    if response.status == 429:
        wait = Answered(response.status, content, response.headers).retry_after
        return RateLimited(f"{call}: too many sign-ins", retry_after=wait)
    if response.status >= 500:
        return Unavailable(f"{call}: HTTP {response.status}")
    return None


def _error_of(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) else ""


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
