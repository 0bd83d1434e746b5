"""Sending a browser to Google's consent screen: sign-in and the contacts grant in one (OpenID Connect, RFC 7636).

Nothing of this calls anything, and it needs nothing but the standard library, so a function that only redirects starts
fast. The way back is in :mod:`shared.people.signin`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

from shared.people.endpoints import CONTACTS_SCOPE, GOOGLE

SCOPES = ("openid", "email", CONTACTS_SCOPE)
"""All that is ever asked for, each time: who it is, and the contacts."""


class Pkce(NamedTuple):
    """Binds a code to the one who asked for it."""

    verifier: str
    """Secret until the code is exchanged."""
    challenge: str
    """Its SHA-256; goes through the browser."""


def pkce(random: Callable[[int], bytes] = secrets.token_bytes) -> Pkce:
    """A new pair, by the method S256.

    Args:
        random: gives so many bytes that nobody can guess.
    """
    verifier = _base64url(random(32))
    return Pkce(verifier, _base64url(hashlib.sha256(verifier.encode()).digest()))


def authorize_url(
    client_id: str,
    redirect_uri: str,
    state: str,
    challenge: str,
    nonce: str,
    *,
    authorize_url: str = GOOGLE.authorize,
    consent: bool = True,
    login_hint: str = "",
) -> str:
    """Where to send the browser.

    Args:
        redirect_uri: where Google sends it back to; must be registered for the client.
        state: comes back with it; binds the answer to this browser.
        challenge: from :func:`pkce`.
        nonce: comes back inside the ID token.
        consent: ask for consent even if it was given before. Only then Google is sure to give a refresh token; without,
            somebody who is known signs in with a click.
        login_hint: the email of the account that is meant.
    """
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent" if consent else "select_account",
    }
    if login_hint:
        query["login_hint"] = login_hint
    return f"{authorize_url}{'&' if '?' in authorize_url else '?'}{urlencode(query)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
