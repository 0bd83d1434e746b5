"""Signing in, rotation of tokens, and how sessions end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import (
    BadAddress,
    BadSettings,
    GrantLost,
    LeaseLost,
    OutOfTime,
    ProtocolError,
    RateLimited,
    SyncError,
    Unavailable,
)
from shared.sugar import metadata
from shared.sugar.reach import LOOPBACK
from shared.sugar.session import SugarSession, sign_in
from shared.sugar.tokens import Tokens
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply, Request, SimClock, Wire
from tests.sugar.world import PLATFORM, World, contact, create, world


def test_tokens_can_be_stored_and_are_never_shown(w: World) -> None:
    tokens = w.sign_in()
    assert Tokens.from_json(json.loads(json.dumps(tokens.as_json()))) == tokens
    assert tokens.access not in repr(tokens)
    assert tokens.refresh not in repr(tokens)
    assert tokens.expires_at == w.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("raw", [None, {}, {"access": "a"}, {"access": 1, "refresh": "r", "issued_at": "x"}])
def test_stored_tokens_that_are_none_ask_for_a_sign_in(raw: Any) -> None:
    with pytest.raises(GrantLost, match="sign in"):
        Tokens.from_json(raw)


def test_me(w: World) -> None:
    assert w.session.me()["id"] == w.me
    assert w.session.me()["user_name"] == "jane"


@pytest.mark.parametrize("variant", ["401 need_login", "401 invalid_grant", "400 invalid_grant"])
def test_a_wrong_password(variant: Any) -> None:
    with world(Switches(bad_password=variant)) as w, pytest.raises(GrantLost, match="user name or the password") as e:
        w.sign_in("wrong-password")
    assert "wrong-password" not in str(e.value) + repr(e.value) + e.value.detail


def test_a_platform_that_is_not_registered(w: World) -> None:
    w.sim.switches = Switches(unknown_platforms_refused=True)
    with pytest.raises(BadSettings, match="platform"):
        w.sign_in()


@pytest.mark.parametrize("platform", ["", "with blank", "ü", "x" * 128])
def test_a_platform_that_cannot_be(w: World, platform: str) -> None:
    with w.wire.counted() as calls, pytest.raises(BadSettings, match="platform"):
        sign_in(w.wire.url, "jane", "x", platform=platform, clock=w.clock, gate=w.gate)
    assert not calls


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(200, b"<html>hello</html>"), BadAddress),
        (Reply(200, b"[]"), BadAddress),
        (Reply(200, {"access_token": 5}), ProtocolError),
        (Reply(200, {"access_token": "a"}), ProtocolError),
        (Reply(200, {"access_token": "a\r\nX: y", "refresh_token": "b"}), ProtocolError),
        (Reply(301, {"error": "incorrect_version"}), BadAddress),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), BadAddress),
        (Reply(302, b"", {"Location": "http://["}), BadAddress),
        (Reply(404, b"not here"), BadAddress),
        (Reply(403, {"error": "client_not_allowed"}), GrantLost),
        (Reply(429, {"error": "x"}, {"Retry-After": "17"}), RateLimited),
        (Reply(500, {"error": "fatal_error"}), Unavailable),
        (Reply(503, {"error": "maintenance"}), Unavailable),
        (Reply(422, {"error": "missing_parameter", "error_message": "grant_type"}), ProtocolError),
        (Reply(422, {"error": "EXCEPTION_INVALID_PLATFORM"}), BadSettings),
        (Reply(401, b""), GrantLost),
    ],
)
def test_failures_of_the_sign_in(w: World, reply: Reply, error: type[SyncError]) -> None:
    w.wire.fault("status", path="oauth2/token", reply=reply)
    with pytest.raises(error) as caught:
        w.sign_in()
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 17


def test_an_address_without_a_server() -> None:
    clock = SimClock()
    for address, error in (("http://127.0.0.1:1", Unavailable), ("https://no-such-host.invalid", BadAddress)):
        with pytest.raises(error):
            sign_in(address, "jane", "x", platform=PLATFORM, clock=clock, gate=lambda seconds: None, policy=LOOPBACK)


def test_a_token_that_is_over_is_exchanged_once_and_saved_before_use(w: World) -> None:
    w.clock.advance(3600)
    order: list[str] = []
    w.wire.on_call = lambda request, when: order.append(request.path.rsplit("/", 1)[1]) if when == "before" else None
    session = SugarSession(
        w.wire.url,
        w.sign_in(),
        lambda tokens: order.append("saved"),
        w.clock,
        w.gate,
        platform=PLATFORM,
        policy=LOOPBACK,
    )
    order.clear()
    w.clock.advance(3600)
    session.me()
    session.me()
    session.close()
    assert order == ["token", "saved", "me", "me"]
    assert session.refreshes == 1


def test_a_refused_token_is_exchanged_and_the_call_repeated(w: World) -> None:
    w.sim.expire_access()
    with w.wire.counted() as calls:
        assert w.session.me()["id"] == w.me
    assert w.calls(calls) == ["GET /me", "POST /oauth2/token", "GET /me"]
    assert len(w.saved) == 1
    rotated = calls[1].request.json()["refresh_token"]
    assert w.saved[0].refresh != rotated
    # The new pair works on its own, as it would in the next run.
    again = w.new_session(Tokens.from_json(w.saved[0].as_json()))
    w.sim.expire_access()
    assert again.me()["id"] == w.me
    again.close()


def test_an_instance_that_answers_400_to_a_dead_token(w: World) -> None:
    w.wire.fault("status", path="/me", reply=Reply(400, {"error": "invalid_grant"}))
    assert w.session.me()["id"] == w.me


def test_a_pair_that_could_not_be_saved_is_saved_before_it_is_used(w: World) -> None:
    saves: list[Tokens] = []

    def save(tokens: Tokens) -> None:
        saves.append(tokens)
        if len(saves) == 1:
            raise LeaseLost("somebody else")

    session = SugarSession(w.wire.url, w.sign_in(), save, w.clock, w.gate, platform=PLATFORM, policy=LOOPBACK)
    w.sim.expire_access()
    with w.wire.counted() as calls, pytest.raises(LeaseLost):
        session.me()
    assert w.calls(calls) == ["GET /me", "POST /oauth2/token"], "the new token was used although it was not saved"
    assert session.me()["id"] == w.me
    session.close()
    assert saves[0] == saves[1]
    assert session.refreshes == 1


@pytest.mark.parametrize("variant", ["401 invalid_grant", "400 invalid_grant"])
def test_a_session_that_is_over(variant: Any) -> None:
    with world(Switches(expired_refresh=variant)) as w:
        w.clock.advance(3600 * 24 * 15)
        with pytest.raises(GrantLost, match="sign in") as caught:
            w.session.me()
        assert "Validate user IP" not in str(caught.value)


def test_a_session_capped_by_the_instance() -> None:
    with world(Switches(max_session_lifetime=7200)) as w:
        w.clock.advance(3600)
        w.session.me()
        w.clock.advance(3600)
        with pytest.raises(GrantLost):
            w.session.me()


def test_a_session_that_dies_at_once_names_the_setting() -> None:
    says = "Admin > System Settings > Validate user IP address"
    with world(Switches(ip_validation=True)) as w, pytest.raises(GrantLost, match=says):
        w.session.me()


def test_new_tokens_that_are_refused_at_once_name_the_setting(w: World) -> None:
    w.wire.fault("status", path="/me", times=None, reply=Reply(401, {"error": "invalid_grant"}))
    with w.wire.counted() as calls, pytest.raises(GrantLost, match="Validate user IP address"):
        w.session.me()
    assert w.calls(calls) == ["GET /me", "POST /oauth2/token", "GET /me"]


def test_a_second_sign_in_ends_the_first_session(w: World) -> None:
    w.clock.advance(1800)
    w.new_session(w.sign_in())
    with pytest.raises(GrantLost, match="before its time"):
        w.session.me()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(503, {"error": "maintenance"}), Unavailable),
        (Reply(429, {}), RateLimited),
        (Reply(200, b"<html>"), ProtocolError),
        (Reply(200, {"access_token": ""}), ProtocolError),
        (Reply(422, {"error": "invalid_parameter", "error_message": "EXCEPTION_INVALID_PLATFORM"}), BadSettings),
    ],
)
def test_failures_of_the_refresh(w: World, reply: Reply, error: type[SyncError]) -> None:
    w.sim.expire_access()
    w.wire.fault("status", path="oauth2/token", reply=reply)
    with pytest.raises(error):
        w.session.me()
    assert not w.saved
    assert w.session.me()["id"] == w.me, "the old pair still lives"


def test_a_refresh_whose_answer_was_lost_is_no_doubt_about_a_write(w: World) -> None:
    side = w.side()
    w.sim.expire_access()
    w.wire.fault("cut_after", path="oauth2/token")
    with w.wire.counted() as calls:
        (outcome,) = side.apply([create(side, contact())])
    assert type(outcome).__name__ == "NotSent"
    assert w.calls(calls) == ["POST /Contacts", "POST /oauth2/token"]
    assert not w.sim.contacts()
    with pytest.raises(GrantLost):
        w.session.me()


def test_an_instance_that_does_not_rotate(w: World) -> None:
    def keep(request: Request, reply: Reply) -> Reply:
        return replace(reply, body={k: v for k, v in reply.body.items() if k not in ("refresh_token", "expires_in")})

    w.sim.expire_access()
    w.wire.fault("garble", path="oauth2/token", garble=keep)
    w.session.me()
    assert w.saved[0].refresh
    assert w.saved[0].expires_at == w.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("body", [{}, {"current_user": []}, {"current_user": {"id": 5}}, {"current_user": {"id": "x"}}])
def test_a_me_that_names_nobody(w: World, body: Any) -> None:
    w.wire.fault("status", path="/me", reply=Reply(200, body))
    with pytest.raises(ProtocolError, match="GET me: current_user"):
        w.session.me()


def test_signing_out_ends_the_session(w: World) -> None:
    w.session.sign_out()
    with pytest.raises(GrantLost):
        w.session.me()
    w.session.sign_out()


def test_the_gate_is_asked_before_every_call_and_can_close(w: World) -> None:
    with w.wire.counted() as calls:
        w.gated.clear()
        w.session.me()
    assert len(w.gated) == len(calls) == 1
    assert w.gated[0] >= 30

    def closed(seconds: float) -> None:
        raise OutOfTime("no")

    shut = SugarSession(w.wire.url, w.sign_in(), w.saved.append, w.clock, closed, platform=PLATFORM, policy=LOOPBACK)
    with w.wire.counted() as calls, pytest.raises(OutOfTime):
        shut.me()
    assert not calls


def test_every_call_names_its_client(w: World) -> None:
    with w.wire.counted() as calls:
        w.session.me()
    assert calls[0].request.headers["user-agent"] == "sugar-contact-sync/1"
    assert "authorization" not in calls[0].request.headers


def test_the_environment_is_not_asked_for_proxies(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert w.session.me()["id"] == w.me


def test_metadata(w: World) -> None:
    w.sim.users[w.me].denied = {"phone_home": {"read", "write"}, "title": {"write"}}
    schema = metadata.fetch(w.session, w.session.me()["acl"])
    assert metadata.Schema.from_json(json.loads(json.dumps(schema.as_json()))) == schema
    assert schema.fields["last_name"].required
    assert schema.fields["last_name"].length == 100
    assert not schema.fields["sync_contact"].stored
    assert schema.fields["account_name"].readonly
    assert not schema.fields["phone_home"].can_read
    assert schema.fields["title"].can_read
    assert not schema.fields["title"].can_write


def test_lengths_may_be_text() -> None:
    with world(Switches(len_as_text=True)) as w:
        assert metadata.fetch(w.session).fields["title"].length == 100


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"modules": []},
        {"modules": {"Contacts": {}}},
        {"modules": {"Contacts": {"fields": []}}},
        {"modules": {"Contacts": {"fields": {"_hash": "x"}}}},
    ],
)
def test_metadata_that_is_none(body: Any) -> None:
    with pytest.raises(ProtocolError, match="metadata of Contacts: modules"):
        metadata.parse(body)


def test_a_stopped_server_is_unavailable() -> None:
    clock = SimClock()
    with world() as w:
        w.session.close()
        w.wire.stop()
        with pytest.raises(Unavailable):
            w.session.me()
    assert isinstance(Wire(w.sim, clock).url, str)
