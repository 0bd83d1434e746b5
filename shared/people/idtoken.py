"""Google's ID tokens: who signed in, or which service account calls; checked as OpenID Connect Core 3.1.3.7 demands.

Signature and form are ``google-auth``'s work; the claims are checked here, as its own check goes by the machine's clock
and leaves the nonce out.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import GrantLost, ProtocolError

SKEW_SECONDS = 60
"""How far Google's clock and ours may be apart."""

_CALL = "the ID token (Google)"
_ISSUERS = ("https://accounts.google.com", "accounts.google.com")


@dataclass(frozen=True, slots=True)
class Identity:
    """A Google account."""

    subject: str
    """Google's stable id of it; emails move from one account to another."""
    email: str
    """Verified by Google; blank if it is not."""


def verified(token: Any, certs: Mapping[str, str], *, audience: str, nonce: str, now: datetime) -> Identity:
    """Whom the token names.

    Args:
        certs: what Google signs with, as ``{key id: PEM}``.
        audience: the id of our client.
        nonce: what was sent along when the browser was sent off.

    Raises:
        ProtocolError: it is none of Google's for us, or not of this hour.
        GrantLost: it belongs to another sign-in.
    """
    claims = claims_of(token, certs, audience=audience, now=now)
    if claims.get("azp", audience) != audience:
        raise ProtocolError(_CALL, "aud and azp must be this OAuth client")
    if not nonce or claims.get("nonce") != nonce:
        raise GrantLost("Google answered another sign-in than this one: sign in again")
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isascii():
        raise ProtocolError(_CALL, "sub must be the id of an account")
    verified_email = claims.get("email_verified") in (True, "true") and isinstance(email, str)
    return Identity(subject, str(email) if verified_email else "")


def claims_of(token: Any, certs: Mapping[str, str], *, audience: str, now: datetime) -> Mapping[str, Any]:
    """What a token of Google's says that was made for ``audience`` and is good now.

    Raises:
        ProtocolError: it is none.
    """
    claims = _signed(token, certs)
    if claims.get("iss") not in _ISSUERS:
        raise ProtocolError(_CALL, "iss must be Google")
    if claims.get("aud") != audience:
        raise ProtocolError(_CALL, "aud must be this installation")
    issued, expires, at = _seconds(claims, "iat"), _seconds(claims, "exp"), now.timestamp()
    if not issued - SKEW_SECONDS <= at <= expires + SKEW_SECONDS:
        raise ProtocolError(_CALL, "it must be valid now: is this machine's clock right?")
    return claims


def key_of(token: str) -> str:
    """The id of the key that the token says it is signed with; blank if it is no token."""
    from google.auth import jwt

    reader: Any = jwt
    try:
        key = reader.decode_header(token).get("kid")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return key if isinstance(key, str) else ""


def _signed(token: Any, certs: Mapping[str, str]) -> Mapping[str, Any]:
    """The claims, if one of Google's keys signed them."""
    if not isinstance(token, str):
        raise ProtocolError(_CALL, "it is missing from the answer, or is none")
    # Imported late: only one function of many signs people in.
    from google.auth import crypt, jwt

    reader: Any = jwt
    checker: Any = crypt
    try:
        header, claims = reader.decode_header(token), reader.decode(token, verify=False)
        message, _, signature = token.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (ValueError, RecursionError):
        raise ProtocolError(_CALL, "it cannot be read") from None
    key = header.get("kid")
    # The kind of signature is ours to choose, not the token's: "none" and keys used as passwords are no signatures.
    if header.get("alg") != "RS256" or not isinstance(key, str) or key not in certs:
        raise ProtocolError(_CALL, "it must be signed with one of Google's keys, by RS256")
    try:
        valid = checker.verify_signature(message.encode(), raw, [certs[key]])
    except (ValueError, TypeError, AttributeError):
        raise ProtocolError(_CALL, "Google's certificates cannot be read") from None
    if not valid:
        raise ProtocolError(_CALL, "its signature must be Google's")
    return dict(claims)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        raise ProtocolError(_CALL, f"{name} must be a time")
    return value
