"""Consent, tokens and the ways in which they die."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth.transport.requests
import pytest
import requests
from google.oauth2 import credentials, id_token

from tests.simulators.people import CONTACTS_SCOPE
from tests.simulators.people.caller import TIMEOUT, Caller
from tests.simulators.people.errors import Json

BACK = "http://127.0.0.1:9/back?x=1"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def consented(jane: Caller, **more: str) -> dict[str, str]:
    """The parameters that the browser brings back."""
    query = {
        "client_id": jane.sim.oauth.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"openid email {CONTACTS_SCOPE}",
        "state": "s & t",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "nonce": "n1",
    }
    url = f"{jane.wire.url}/o/oauth2/v2/auth"
    answer = requests.get(url, params={**query, **more}, allow_redirects=False, timeout=TIMEOUT)
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK)
    return {k: v[0] for k, v in parse_qs(location.query).items() if k != "x"}


def token(jane: Caller, **form: str) -> requests.Response:
    base = {"client_id": jane.sim.oauth.client_id, "client_secret": jane.sim.oauth.client_secret}
    return requests.post(f"{jane.wire.url}/token", data={**base, **form}, timeout=TIMEOUT)


def exchanged(jane: Caller, code: str, **form: str) -> requests.Response:
    base = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(jane, **{**base, **form})


def refreshed(jane: Caller, refresh_token: str) -> requests.Response:
    return token(jane, grant_type="refresh_token", refresh_token=refresh_token)


def error(answer: requests.Response) -> Any:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def test_the_whole_way_from_consent_to_a_call(jane: Caller) -> None:
    back = consented(jane)
    assert back["state"] == "s & t"
    answer: Json = exchanged(jane, back["code"]).json()
    assert answer["expires_in"] == 3599
    assert answer["token_type"] == "Bearer"
    assert CONTACTS_SCOPE in answer["scope"].split()
    jane.token = answer["access_token"]
    jane.list()
    jane.sim.expire_access_tokens()
    jane.refused(401, "GET", "people/me", personFields="names")
    again = refreshed(jane, answer["refresh_token"]).json()
    assert "refresh_token" not in again
    jane.token = again["access_token"]
    jane.list()


def test_id_tokens_are_really_signed(jane: Caller) -> None:
    jane.sim.oauth.id_token_now = lambda: datetime.now(UTC)
    signed = exchanged(jane, consented(jane)["code"]).json()["id_token"]
    request = google.auth.transport.requests.Request(session=jane.session)
    claims = id_token.verify_token(
        signed, request, audience=jane.sim.oauth.client_id, certs_url=f"{jane.wire.url}/certs"
    )
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["sub"], claims["email"], claims["nonce"]) == (jane.account.subject, "jane@example.com", "n1")
    assert claims["exp"] - claims["iat"] == 3600
    (key,) = requests.get(f"{jane.wire.url}/oauth2/v3/certs", timeout=TIMEOUT).json()["keys"]
    assert (key["alg"], key["e"]) == ("RS256", "AQAB")


def test_the_code_needs_its_verifier_and_works_once(jane: Caller) -> None:
    for form in ({"code_verifier": ""}, {"code_verifier": "other"}, {"redirect_uri": "http://127.0.0.1:9/"}):
        assert error(exchanged(jane, consented(jane)["code"], **form)) in {"invalid_grant", "redirect_uri_mismatch"}
    code = consented(jane)["code"]
    assert exchanged(jane, code).status_code == 200
    assert error(exchanged(jane, code)) == "invalid_grant"
    code = consented(jane)["code"]
    jane.clock.advance(601)
    assert error(exchanged(jane, code)) == "invalid_grant"


def test_the_user_may_untick_a_scope(jane: Caller) -> None:
    jane.sim.consent.untick = frozenset({CONTACTS_SCOPE})
    answer = exchanged(jane, consented(jane)["code"]).json()
    assert answer["scope"].split() == ["openid", "https://www.googleapis.com/auth/userinfo.email"]
    jane.token = answer["access_token"]
    jane.refused(403, "GET", "people/me/connections", personFields="names")


def test_the_user_may_deny(jane: Caller) -> None:
    jane.sim.consent.deny = True
    assert consented(jane) == {"error": "access_denied", "state": "s & t"}


def test_who_signs_in(jane: Caller) -> None:
    joe = jane.sim.account("joe@example.com")
    for more in ({"login_hint": "joe@example.com"}, {}):
        jane.sim.consent.email = "" if more else "joe@example.com"
        answer = exchanged(jane, consented(jane, **more)["code"]).json()
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        info = requests.get(f"{jane.wire.url}/v1/userinfo", headers=bearer, timeout=TIMEOUT).json()
        assert info == {"sub": joe.subject, "email": "joe@example.com", "email_verified": True}


def test_refresh_tokens_come_with_offline_access_and_consent(jane: Caller) -> None:
    for more in ({"access_type": "online"}, {"prompt": "select_account"}):
        assert "refresh_token" not in exchanged(jane, consented(jane, **more)["code"]).json()
    jane.sim.revoke(jane.refresh_token)
    assert "refresh_token" in exchanged(jane, consented(jane, prompt="none")["code"]).json()


def test_a_wrong_client_is_refused(jane: Caller) -> None:
    answer = token(jane, client_secret="wrong", grant_type="refresh_token", refresh_token=jane.refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert error(token(jane, grant_type="password")) == "unsupported_grant_type"
    jane.sim.oauth.redirect_uris.add("http://127.0.0.1:9/other")
    for query in ({"client_id": "x"}, {"client_id": jane.sim.oauth.client_id, "redirect_uri": BACK}):
        answer = requests.get(f"{jane.wire.url}/o/oauth2/v2/auth", params=query, timeout=TIMEOUT)
        assert answer.status_code == 400


def test_revoked_tokens_are_an_invalid_grant(jane: Caller) -> None:
    jane.sim.revoke(jane.refresh_token)
    answer = refreshed(jane, jane.refresh_token)
    assert answer.json() == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    assert answer.status_code == 400
    jane.refused(401, "GET", "people/me", personFields="names")


def test_the_revoke_call_ends_the_grant(jane: Caller) -> None:
    url = f"{jane.wire.url}/revoke"
    for _ in range(2):
        refresh = jane.account.grant()
        access = jane.sim.access_token(jane.account, refresh)
        assert requests.post(url, data={"token": access}, timeout=TIMEOUT).status_code == 200
        assert error(refreshed(jane, refresh)) == "invalid_grant"
    assert requests.post(url, params={"token": jane.refresh_token}, timeout=TIMEOUT).status_code == 200
    assert error(requests.post(url, data={"token": jane.refresh_token}, timeout=TIMEOUT)) == "invalid_token"


def test_refresh_tokens_die_unused_and_in_testing(jane: Caller) -> None:
    jane.clock.advance(181 * 86400)
    assert refreshed(jane, jane.refresh_token).status_code == 200
    jane.clock.advance(183 * 86400)
    assert error(refreshed(jane, jane.refresh_token)) == "invalid_grant"
    jane.sim.oauth.testing = True
    refresh = jane.account.grant()
    jane.clock.advance(7 * 86400)
    assert refreshed(jane, refresh).status_code == 200
    jane.clock.advance(1)
    assert error(refreshed(jane, refresh)) == "invalid_grant"


def test_the_101st_token_ends_the_oldest(jane: Caller) -> None:
    for _ in range(99):
        jane.account.grant()
    assert refreshed(jane, jane.refresh_token).status_code == 200
    jane.account.grant()
    assert error(refreshed(jane, jane.refresh_token)) == "invalid_grant"


def test_google_auth_refreshes_and_reports_a_lost_grant(jane: Caller) -> None:
    mine = credentials.Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=jane.refresh_token,
        token_uri=f"{jane.wire.url}/token",
        client_id=jane.sim.oauth.client_id,
        client_secret=jane.sim.oauth.client_secret,
    )
    request = google.auth.transport.requests.Request(session=jane.session)
    mine.refresh(request)  # type: ignore[no-untyped-call]
    jane.token = mine.token or ""
    jane.list()
    jane.sim.revoke(jane.refresh_token)
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant") as caught:
        mine.refresh(request)  # type: ignore[no-untyped-call]
    assert caught.value.retryable is False
