"""The ID token: what a good one may look like, and every one that must not be believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from shared.errors import GrantLost, ProtocolError
from shared.people import idtoken
from tests.people.world import World
from tests.simulators.people import keys

NONCE = "n-0S6_WzA2Mj"


def claims_of(world: World, **changed: Any) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": world.simulator.oauth.client_id,
        "azp": world.simulator.oauth.client_id,
        "sub": "1234",
        "email": "jane@example.com",
        "email_verified": True,
        "nonce": NONCE,
        "iat": now,
        "exp": now + 3600,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def judged(world: World, token: Any, certs: Any = None) -> idtoken.Identity:
    return idtoken.verified(
        token,
        keys.certificates() if certs is None else certs,
        audience=world.simulator.oauth.client_id,
        nonce=NONCE,
        now=world.clock.now(),
    )


def test_a_good_token_and_how_far_clocks_may_be_apart(world: World) -> None:
    token = keys.signed(claims_of(world))
    assert judged(world, token) == idtoken.Identity("1234", "jane@example.com")
    for seconds, good in ((-60, True), (-1, False), (61 + 3600 + 60, True), (1, False)):
        world.clock.advance(seconds)
        if good:
            assert judged(world, token).subject == "1234"
        else:
            with pytest.raises(ProtocolError, match="clock"):
                judged(world, token)


@pytest.mark.parametrize(
    ("changed", "email"),
    [
        ({"iss": "accounts.google.com"}, "jane@example.com"),
        ({"azp": None}, "jane@example.com"),
        ({"email_verified": "true"}, "jane@example.com"),
        ({"email_verified": False}, ""),
        ({"email_verified": None}, ""),
        ({"email": None}, ""),
        ({"email": ["jane@example.com"]}, ""),
    ],
)
def test_what_a_good_token_may_look_like(world: World, changed: dict[str, Any], email: str) -> None:
    assert judged(world, keys.signed(claims_of(world, **changed))) == idtoken.Identity("1234", email)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"iss": "https://accounts.google.com.evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another client"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["simulated-client.apps.googleusercontent.com"]}, "aud"),
        ({"azp": "another client"}, "aud"),
        ({"iat": None}, "iat"),
        ({"exp": None}, "exp"),
        ({"exp": "never"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 1234}, "sub"),
        ({"sub": "1" * 256}, "sub"),
        ({"sub": "ä"}, "sub"),
        ({"nonce": None}, "another sign-in"),
        ({"nonce": ""}, "another sign-in"),
        ({"nonce": "another"}, "another sign-in"),
        ({"nonce": [NONCE]}, "another sign-in"),
    ],
)
def test_claims_that_are_not_for_us(world: World, changed: dict[str, Any], says: str) -> None:
    with pytest.raises((ProtocolError, GrantLost), match=says):
        judged(world, keys.signed(claims_of(world, **changed)))


def test_a_blank_nonce_is_nobodys(world: World) -> None:
    token = keys.signed(claims_of(world, nonce=""))
    with pytest.raises(GrantLost):
        idtoken.verified(
            token, keys.certificates(), audience=world.simulator.oauth.client_id, nonce="", now=world.clock.now()
        )


def _b64(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


FORGERIES: dict[str, Callable[[str, str, str], Any]] = {
    "no signature": lambda head, body, _: f"{head}.{body}.",
    "alg none": lambda head, body, _: f"{_b64({'alg': 'none', 'kid': keys.KEY_ID})}.{body}.",
    "certificate as password": lambda head, body, _: _hmac_signed(body),
    "another alg": lambda head, body, sig: f"{_b64({'alg': 'RS512', 'kid': keys.KEY_ID})}.{body}.{sig}",
    "another alg, signed nevertheless": lambda head, body, _: _signed_as("HS256", body),
    "another key": lambda head, body, sig: f"{_b64({'alg': 'RS256', 'kid': 'x'})}.{body}.{sig}",
    "no key": lambda head, body, sig: f"{_b64({'alg': 'RS256'})}.{body}.{sig}",
    "a list for a key": lambda head, body, sig: f"{_b64({'alg': 'RS256', 'kid': []})}.{body}.{sig}",
    "another body": lambda head, body, sig: f"{head}.{_b64({'sub': '999'})}.{sig}",
    "a flipped bit": lambda head, body, sig: f"{head}.{body}.{'B' if sig[0] == 'A' else 'A'}{sig[1:]}",
    "two parts": lambda head, body, sig: f"{head}.{body}",
    "four parts": lambda head, body, sig: f"{head}.{body}.{sig}.{sig}",
    "head is no object": lambda head, body, sig: f"{_b64([])}.{body}.{sig}",
    "body is no object": lambda head, body, sig: f"{head}.{_b64([])}.{sig}",
    "body is no JSON": lambda head, body, sig: f"{head}.{_b64(b'{')}.{sig}",
    "body is too deep": lambda head, body, sig: f"{head}.{_b64(b'[' * 9000)}.{sig}",
    "half a character": lambda head, body, sig: f"{head}.{body}.\ud800",
    "bytes that are no text": lambda head, body, sig: f"{head}.{_b64(bytes([0xFF, 0xFE]))}.{sig}",
    "no base64": lambda head, body, sig: f"{head}.{body}.A",
    "not ASCII": lambda head, body, sig: f"{head}.{body}.ä",
    "too long": lambda head, body, sig: f"{head}.{body}.{'A' * 20_000}",
    "blank": lambda head, body, sig: "",
    "none": lambda head, body, sig: None,
    "a list": lambda head, body, sig: [head, body, sig],
}


def _hmac_signed(body: str) -> str:
    head = f"{_b64({'alg': 'HS256', 'kid': keys.KEY_ID})}.{body}"
    pem = keys.certificates()[keys.KEY_ID]
    return f"{head}.{_b64(hmac.new(pem.encode(), head.encode(), hashlib.sha256).digest())}"


def _signed_as(alg: str, body: str) -> str:
    head = f"{_b64({'alg': alg, 'kid': keys.KEY_ID})}.{body}"
    return f"{head}.{_b64(keys._key().sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries(world: World, name: str) -> None:
    head, body, signature = keys.signed(claims_of(world)).split(".")
    with pytest.raises(ProtocolError, match="ID token"):
        judged(world, FORGERIES[name](head, body, signature))


def test_certificates_that_cannot_check_anything(world: World) -> None:
    token = keys.signed(claims_of(world))
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    curve = public.public_bytes(serialization.Encoding.PEM, form).decode()
    for pem in ("", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", curve):
        with pytest.raises(ProtocolError, match="ID token"):
            judged(world, token, {keys.KEY_ID: pem})
