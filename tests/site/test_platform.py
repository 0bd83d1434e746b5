"""Who may call as Cloud Scheduler and Cloud Tasks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import ProtocolError, Unavailable
from shared.web.platform import Nobody, Oidc, OneToken
from tests.simulators.people import PeopleSimulator, keys
from tests.simulators.wire import Reply, SimClock, Wire
from tests.site.cloud import ACCOUNT, oidc

URL = "https://contacts.example.com"


@pytest.fixture
def wire() -> Iterator[Wire]:
    clock = SimClock()
    with Wire(PeopleSimulator(clock), clock) as made:
        yield made


@pytest.fixture
def platform(wire: Wire) -> Oidc:
    return Oidc(ACCOUNT, URL, f"{wire.url}/certs", wire.clock)


def test_the_service_account_is_let_in_and_the_certificates_are_kept(platform: Oidc, wire: Wire) -> None:
    for _ in range(3):
        assert platform.admits(oidc(URL, wire.clock))
        wire.clock.advance(600)
    assert len(wire.log) == 1
    wire.clock.advance(3600)
    assert platform.admits(oidc(URL, wire.clock))
    assert len(wire.log) == 2


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com"},
        {"aud": f"{URL}/sync"},
        {"aud": [URL]},
        {"aud": None},
        {"email": "other@p.iam.gserviceaccount.com"},
        {"email": ACCOUNT.upper()},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"iss": "https://accounts.example.com"},
        {"iss": None},
        {"exp": 1},
        {"exp": "never"},
        {"iat": 4_000_000_000},
        {"iat": None},
    ],
    ids=str,
)
def test_other_tokens_of_googles_are_not(platform: Oidc, wire: Wire, claims: dict[str, Any]) -> None:
    assert not platform.admits(oidc(URL, wire.clock, **claims))


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def forged(wire: Wire) -> dict[str, str]:
    """Tokens that Google has not signed."""
    good = oidc(URL, wire.clock)
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    named = {"kid": keys.KEY_ID, "typ": "JWT"}
    certificate = keys.certificates()[keys.KEY_ID].encode()
    by_password = f"{part({**named, 'alg': 'HS256'})}.{body}"
    digest = hmac.new(certificate, by_password.encode(), hashlib.sha256).digest()
    return {
        "changed": f"{head}.{part({**claims, 'sub': '2'})}.{signature}",
        "unsigned": f"{part({**named, 'alg': 'none'})}.{body}.",
        "none": f"{part({**named, 'alg': 'none'})}.{body}.{signature}",
        "the certificate as a password": f"{by_password}.{base64.urlsafe_b64encode(digest).decode()}",
        "another key's": f"{part({**named, 'alg': 'RS256', 'kid': 'other'})}.{body}.{signature}",
        "no key's": f"{part({'alg': 'RS256'})}.{body}.{signature}",
        "a list": f"{part([1])}.{body}.{signature}",
        "cut": good[:-10],
        "longer": good + "x",
        "very long": good + "x" * 5000,
        "no dots": good.replace(".", ""),
        "dots": "..",
        "nothing": "",
        "not ascii": "é.é.é",
        "a token of a browser's": "1.abc.def",
    }


def test_forged_tokens_are_not(platform: Oidc, wire: Wire) -> None:
    let_in = [name for name, token in forged(wire).items() if platform.admits(token)]
    assert not let_in
    assert len(wire.log) == 1, "whoever names keys that there are not makes no calls"


def test_a_new_key_is_looked_for_once_a_minute(platform: Oidc, wire: Wire) -> None:
    wire.fault("garble", garble=lambda _, __: Reply(200, {"old": "PEM"}))
    assert not platform.admits(oidc(URL, wire.clock))
    assert not platform.admits(oidc(URL, wire.clock))
    assert len(wire.log) == 1
    wire.clock.advance(61)
    assert platform.admits(oidc(URL, wire.clock))
    assert len(wire.log) == 2


def test_without_certificates_nobody_is_judged(platform: Oidc, wire: Wire) -> None:
    wire.fault("status")
    with pytest.raises(Unavailable):
        platform.admits(oidc(URL, wire.clock))
    wire.fault("garble", garble=lambda _, __: Reply(200, b"<html>"))
    with pytest.raises(ProtocolError):
        platform.admits(oidc(URL, wire.clock))
    assert platform.admits(oidc(URL, wire.clock))


def test_without_an_account_no_call_is_the_platforms(wire: Wire) -> None:
    assert not Nobody().admits(oidc(URL, wire.clock))
    assert OneToken("abc").admits("abc")
    assert not OneToken("abc").admits("")
