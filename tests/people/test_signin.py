"""Signing in over HTTP: the whole way, what a user can leave out, and every answer that must not be believed."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from shared.errors import (
    BadSettings,
    GrantLost,
    ProtocolError,
    RateLimited,
    ScopeMissing,
    SyncError,
    Unavailable,
)
from shared.people.consent import SCOPES, authorize_url, pkce
from shared.people.endpoints import CONTACTS_SCOPE, GOOGLE, GoogleEndpoints, OAuthClient
from shared.people.oauth import TokenSource
from shared.people.signin import SignedIn, exchange, revoke
from tests.people.world import World
from tests.simulators.people import keys
from tests.simulators.wire import Reply

BACK = "http://127.0.0.1:9/oauth_callback"
NONCE = "n-0S6_WzA2Mj"
VERIFIER, CHALLENGE = pkce(lambda size: bytes(range(size)))


def client_of(world: World) -> OAuthClient:
    known = world.simulator.oauth
    return OAuthClient(known.client_id, known.client_secret, GoogleEndpoints.all_at(world.wire.url))


def consented(world: World, **more: Any) -> dict[str, str]:
    """What the browser brings back."""
    client = client_of(world)
    url = authorize_url(
        client.client_id, BACK, "s & t", CHALLENGE, NONCE, authorize_url=client.endpoints.authorize, **more
    )
    answer = requests.get(url, allow_redirects=False, timeout=60)
    assert answer.headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchanged(world: World, code: str, **more: Any) -> SignedIn:
    given = {"redirect_uri": BACK, "nonce": NONCE, "clock": world.clock, "timeout": 60.0, **more}
    verifier = given.pop("verifier", VERIFIER)
    return exchange(client_of(world), code, verifier, **given)


def signed_in(world: World, **more: Any) -> SignedIn:
    return exchanged(world, consented(world)["code"], **more)


def paths(world: World) -> list[str]:
    return [call.request.path for call in world.wire.log]


# -- the way there ----------------------------------------------------------------------------------------


def test_what_google_is_asked_for() -> None:
    url = authorize_url("me", BACK, "s & t", CHALLENGE, NONCE, login_hint="jane+x@example.com")
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()} == {
        "client_id": "me",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"openid email {CONTACTS_SCOPE}",
        "state": "s & t",
        "nonce": NONCE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": "jane+x@example.com",
    }
    again = authorize_url("me", BACK, "s", CHALLENGE, NONCE, consent=False, authorize_url="https://x.example/?a=b")
    assert again.startswith("https://x.example/?a=b&client_id=me&")
    assert "prompt=select_account" in again
    assert "login_hint" not in again


def test_pkce_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    octets = [116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186]
    octets += [22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121]
    made = pkce(lambda size: bytes(octets[:size]))
    assert made.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert made.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pkce() != pkce()
    assert 43 <= len(pkce().verifier) <= 128


# -- the way back -----------------------------------------------------------------------------------------


def test_the_whole_way_from_consent_to_a_call(world: World) -> None:
    back = consented(world)
    assert back["state"] == "s & t"
    with world.wire.counted() as calls:
        who = exchanged(world, back["code"])
    assert [call.request.path for call in calls] == ["/certs", "/token"]
    assert (who.subject, who.email) == (world.account.subject, world.account.email)
    assert who.lasting
    assert CONTACTS_SCOPE in who.scopes
    assert who.tokens.expires_at == world.clock.now() + timedelta(seconds=3599)
    world.tokens = who.tokens
    world.connect()
    world.listing()
    world.clock.advance(3600)
    world.listing()


def test_secrets_stay_out_of_reprs(world: World) -> None:
    who = signed_in(world)
    shown = repr(who) + repr(client_of(world))
    for secret in (who.tokens.access_token, who.tokens.refresh_token, world.simulator.oauth.client_secret):
        assert secret
        assert secret not in shown


def test_a_code_works_once_and_with_its_own_verifier_only(world: World) -> None:
    code = consented(world)["code"]
    exchanged(world, code)
    with pytest.raises(GrantLost, match="sign in again"):
        exchanged(world, code)
    with pytest.raises(GrantLost, match="sign in again"):
        signed_in(world, verifier=pkce().verifier)
    code = consented(world)["code"]
    world.clock.advance(601)
    with pytest.raises(GrantLost, match="sign in again"):
        exchanged(world, code)


@pytest.mark.parametrize("code", ["", "a b", "a\nb", "ä", "\ud800", "x" * 3000])
def test_what_cannot_be_a_code_is_not_sent(world: World, code: str) -> None:
    with pytest.raises(GrantLost, match="sign in again"):
        exchanged(world, code)
    assert paths(world) == []


def test_a_known_account_gets_no_refresh_token_unless_consent_is_asked_for(world: World) -> None:
    """The account has granted before: the fixture's refresh token."""
    who = exchanged(world, consented(world, consent=False)["code"])
    assert not who.lasting
    assert who.tokens.access_token
    assert exchanged(world, consented(world)["code"]).lasting


def test_who_signs_in_is_who_consents(world: World) -> None:
    joe = world.simulator.account("joe@example.com")
    who = exchanged(world, consented(world, login_hint="joe@example.com")["code"])
    assert (who.subject, who.email) == (joe.subject, "joe@example.com")


# -- contacts unticked ------------------------------------------------------------------------------------


def test_contacts_unticked_is_said_and_the_grant_given_back(world: World) -> None:
    for token in list(world.simulator.oauth.grants):
        world.simulator.revoke(token)
    world.simulator.consent.untick = frozenset({CONTACTS_SCOPE})
    with pytest.raises(ScopeMissing, match="with contacts ticked"):
        signed_in(world)
    assert paths(world)[-3:] == ["/certs", "/token", "/revoke"]
    assert world.simulator.oauth.grants == {}
    assert world.simulator.oauth.access == {}
    world.simulator.consent.untick = frozenset()
    assert signed_in(world).lasting


def test_contacts_unticked_does_not_end_a_grant_that_lives(world: World) -> None:
    asked: list[str] = []

    def connected(subject: str) -> bool:
        asked.append(subject)
        return True

    world.simulator.consent.untick = frozenset({CONTACTS_SCOPE})
    with pytest.raises(ScopeMissing):
        signed_in(world, connected=connected)
    assert asked == [world.account.subject]
    assert "/revoke" not in paths(world)
    world.listing()


@pytest.mark.parametrize("fault", [{"kind": "cut_before"}, {"kind": "status", "reply": Reply(400, {"error": "x"})}])
def test_contacts_unticked_is_said_even_if_nothing_can_be_given_back(world: World, fault: dict[str, Any]) -> None:
    world.wire.fault(path="/revoke", **fault)
    world.simulator.consent.untick = frozenset({CONTACTS_SCOPE})
    with pytest.raises(ScopeMissing):
        signed_in(world)


# -- trouble on the way -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_cut_exchange_is_not_repeated(world: World, fault: str) -> None:
    code = consented(world)["code"]
    world.wire.fault(fault, path="/token")
    with world.wire.counted() as calls, pytest.raises(GrantLost, match="cut during the sign-in: sign in again"):
        exchanged(world, code)
    assert [call.request.path for call in calls] == ["/certs", "/token"]


def test_a_silent_google(world: World) -> None:
    code = consented(world)["code"]
    world.wire.fault("latency", path="/token", seconds=2.0)
    with pytest.raises(GrantLost, match="sign in again"):
        exchanged(world, code, timeout=3.0)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503, b""), Unavailable),
        (Reply(429, {}), RateLimited),
        (Reply(404, b"<html>"), ProtocolError),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), ProtocolError),
        (Reply(200, b"<html>"), ProtocolError),
        (Reply(200, []), ProtocolError),
        (Reply(200, {}), ProtocolError),
        (Reply(200, {keys.KEY_ID: 5}), ProtocolError),
        (Reply(200, b"x" * 70_000), ProtocolError),
    ],
)
def test_without_certificates_the_code_is_not_used_up(world: World, reply: Reply, kind: type[SyncError]) -> None:
    code = consented(world)["code"]
    world.wire.fault("status", path="/certs", reply=reply)
    with pytest.raises(kind) as caught:
        exchanged(world, code)
    assert type(caught.value) is kind
    world.wire.fault("cut_before", path="/certs")
    with pytest.raises(Unavailable):
        exchanged(world, code)
    assert exchanged(world, code).lasting


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (429, {}, RateLimited, "too many"),
        (500, b"<html>", Unavailable, "HTTP 500"),
        (503, {"error": "temporarily_unavailable"}, Unavailable, "HTTP 503"),
        (400, {"error": "invalid_grant"}, GrantLost, "sign in again"),
        (400, {"error": "admin_policy_enforced"}, GrantLost, "administrator"),
        (403, {"error": "org_internal"}, GrantLost, "administrator"),
        (401, {"error": "invalid_client"}, BadSettings, "google_client"),
        (401, {"error": "deleted_client"}, BadSettings, "google_client"),
        (400, {"error": "redirect_uri_mismatch"}, BadSettings, "redirect_uri"),
        (400, {"error": "unheard of"}, ProtocolError, "HTTP 400"),
        (400, {"error": ["invalid_grant"]}, ProtocolError, "HTTP 400"),
        (400, [], ProtocolError, "HTTP 400"),
        (302, b"", ProtocolError, "HTTP 302"),
        (200, b"<html>", ProtocolError, "JSON object"),
        (200, b"[" * 60_000, ProtocolError, "JSON object"),
        (200, b"x" * 70_000, ProtocolError, "larger"),
        (200, {}, ProtocolError, "access_token"),
        (200, {"access_token": "a\nb", "scope": "openid"}, ProtocolError, "access_token"),
        (200, {"access_token": "a"}, ProtocolError, "scope"),
        (200, {"access_token": "a", "scope": " ".join(SCOPES)}, ProtocolError, "missing"),
        (200, {"access_token": "a", "scope": " ".join(SCOPES), "id_token": 5}, ProtocolError, "missing"),
    ],
)
def test_refusals_and_answers_that_are_none(
    world: World, status: int, body: Any, kind: type[SyncError], says: str
) -> None:
    code = consented(world)["code"]
    world.wire.fault("status", path="/token", reply=Reply(status, body))
    with pytest.raises(kind, match=says) as caught:
        exchanged(world, code)
    assert type(caught.value) is kind
    for secret in (code, VERIFIER, world.simulator.oauth.client_secret):
        assert secret not in caught.value.message + caught.value.detail


def test_nobody_is_there() -> None:
    client = OAuthClient("me", "secret", GoogleEndpoints.all_at("http://127.0.0.1:1"))
    world_clock = World().clock
    with pytest.raises(Unavailable):
        exchange(client, "code", VERIFIER, redirect_uri=BACK, nonce=NONCE, clock=world_clock)
    with pytest.raises(Unavailable):
        revoke("token", client.endpoints)


def test_a_token_address_that_nobody_answers_keeps_the_code(world: World) -> None:
    """No connection proves that the code was not sent."""
    code = consented(world)["code"]
    at = GoogleEndpoints.all_at(world.wire.url)
    known = client_of(world)
    away = OAuthClient(
        known.client_id, known.client_secret, GoogleEndpoints(token="http://127.0.0.1:1/", certs=at.certs)
    )
    with pytest.raises(Unavailable):
        exchange(away, code, VERIFIER, redirect_uri=BACK, nonce=NONCE, clock=world.clock)
    assert exchanged(world, code).lasting


def test_a_wrong_client_or_way_back_is_a_wrong_setting(world: World) -> None:
    client = OAuthClient("someone else", "x", GoogleEndpoints.all_at(world.wire.url))
    with pytest.raises(BadSettings, match="google_client"):
        exchange(client, consented(world)["code"], VERIFIER, redirect_uri=BACK, nonce=NONCE, clock=world.clock)
    with pytest.raises(BadSettings, match="redirect_uri"):
        signed_in(world, redirect_uri="http://127.0.0.1:9/elsewhere")


# -- whose sign-in it is ---------------------------------------------------------------------------------


def test_a_forged_token_inside_a_real_answer_signs_nobody_in(world: World) -> None:
    def forge(request: Any, reply: Reply) -> Reply:
        head, _, signature = reply.body["id_token"].split(".")
        _, others, _ = keys.signed({"sub": "victim", "nonce": NONCE}).split(".")
        return Reply(200, {**reply.body, "id_token": f"{head}.{others}.{signature}"})

    code = consented(world)["code"]
    world.wire.fault("garble", path="/token", garble=forge)
    with pytest.raises(ProtocolError, match="signature"):
        exchanged(world, code)


def test_a_code_of_another_sign_in_is_refused(world: World) -> None:
    with pytest.raises(GrantLost, match="another sign-in"):
        signed_in(world, nonce="of another browser")


# -- giving back ------------------------------------------------------------------------------------------


def test_revoked_tokens_are_dead(world: World) -> None:
    who = signed_in(world)
    at = GoogleEndpoints.all_at(world.wire.url)
    assert revoke(who.tokens.refresh_token, at) is True
    assert revoke(who.tokens.refresh_token, at) is False
    source = TokenSource(
        who.tokens,
        client_id=world.simulator.oauth.client_id,
        client_secret=world.simulator.oauth.client_secret,
        clock=world.clock,
        save=world.saved.append,
        token_url=at.token,
    )
    with pytest.raises(GrantLost):
        source.renewed(who.tokens.access_token)
    assert who.tokens.refresh_token not in [value for call in world.wire.log for value in call.request.query.values()]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "cut_before"}, Unavailable),
        ({"kind": "cut_after"}, Unavailable),
        ({"kind": "status", "reply": Reply(503, b"")}, Unavailable),
        ({"kind": "status", "reply": Reply(429, b"")}, RateLimited),
        ({"kind": "status", "reply": Reply(404, b"<html>")}, ProtocolError),
        ({"kind": "status", "reply": Reply(400, {"error": "invalid_request"})}, ProtocolError),
        ({"kind": "status", "reply": Reply(200, b"x" * 70_000)}, ProtocolError),
    ],
)
def test_revoking_can_be_repeated(world: World, fault: dict[str, Any], kind: type[SyncError]) -> None:
    at = GoogleEndpoints.all_at(world.wire.url)
    world.wire.fault(path="/revoke", **fault)
    with pytest.raises(kind) as caught:
        revoke(world.tokens.refresh_token, at)
    assert world.tokens.refresh_token not in caught.value.message
    assert revoke(world.tokens.refresh_token, at) is (fault["kind"] != "cut_after")


# -- what it costs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("shared.people.consent", {"requests", "google.auth", "googleapiclient", "cryptography"}),
        ("shared.people.signin", {"google.auth", "googleapiclient", "cryptography"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert module in found.stdout.split()
    assert absent.isdisjoint(found.stdout.split())


def test_addresses_are_googles_unless_told_otherwise() -> None:
    for url in (GOOGLE.authorize, GOOGLE.token, GOOGLE.certs, GOOGLE.revoke, GOOGLE.people):
        parts = urlsplit(url)
        assert (parts.scheme, (parts.hostname or "").rpartition(".google")[2]) in {
            ("https", ".com"),
            ("https", "apis.com"),
        }
    at = GoogleEndpoints.all_at("http://127.0.0.1:5/")
    assert at.people == "http://127.0.0.1:5/"
    assert at.token == "http://127.0.0.1:5/token"
