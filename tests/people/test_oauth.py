"""Access tokens over HTTP: few, saved before use, and every way in which a grant dies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import (
    BadSettings,
    GrantLost,
    OutOfTime,
    ProtocolError,
    RateLimited,
    ScopeMissing,
    SyncError,
    Unavailable,
)
from shared.people.oauth import CONTACTS_SCOPE, Tokens, TokenSource
from tests.people.world import World
from tests.simulators.wire import Reply


def refreshes(world: World) -> int:
    return sum(1 for call in world.wire.log if call.request.path == "/token")


def test_one_refresh_an_hour_across_runs(world: World) -> None:
    for _ in range(11):
        world.connect()
        world.listing()
        world.clock.advance(300)
    assert refreshes(world) == 1
    world.clock.advance(300)
    world.connect()
    world.listing()
    assert refreshes(world) == 2


def test_tokens_are_saved_before_they_are_used(world: World) -> None:
    def fail(tokens: Tokens) -> None:
        raise Unavailable("the vault is down")

    world.source._save = fail
    with pytest.raises(Unavailable, match="vault"):
        world.listing()
    assert [call.request.path for call in world.wire.log] == ["/token"]


def test_the_gate_is_asked_before_a_refresh(world: World) -> None:
    def closed(timeout: float) -> None:
        assert timeout > 0
        raise OutOfTime("the lease ends")

    world.source._gate = closed
    with pytest.raises(OutOfTime):
        world.listing()
    assert world.wire.log == []


def test_tokens_survive_json_and_stay_out_of_reprs(world: World) -> None:
    world.listing()
    (saved,) = world.saved
    again = Tokens.from_json(json.loads(json.dumps(saved.to_json())))
    assert again == saved
    assert CONTACTS_SCOPE in saved.scopes
    for secret in (saved.refresh_token, saved.access_token):
        assert secret
        assert secret not in repr(saved) + str(saved) + repr(world.source)
    assert Tokens.from_json({"refresh_token": "r"}) == Tokens("r")


def test_a_revoked_grant_is_lost(world: World) -> None:
    world.simulator.revoke(world.tokens.refresh_token)
    with pytest.raises(GrantLost):
        world.listing()
    assert world.saved == []


def test_a_scope_that_was_not_granted(world: World) -> None:
    world.tokens = Tokens("r", scopes=("openid",))
    world.connect()
    with pytest.raises(ScopeMissing):
        world.listing()
    assert world.wire.log == []
    world.tokens = Tokens(world.account.grant(scopes=("openid",)))
    world.connect()
    with pytest.raises(ScopeMissing):
        world.listing()
    assert refreshes(world) == 1


def test_a_wrong_client_is_a_wrong_setting(world: World) -> None:
    source = TokenSource(
        world.tokens,
        client_id="someone else",
        client_secret="x",
        clock=world.clock,
        save=world.saved.append,
        token_url=f"{world.wire.url}/token",
    )
    with pytest.raises(BadSettings):
        source.token()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {}, RateLimited),
        (500, b"<html>", Unavailable),
        (503, {}, Unavailable),
        (400, {"error": "invalid_grant"}, GrantLost),
        (400, {"error": "admin_policy_enforced"}, GrantLost),
        (400, {"error": "invalid_scope"}, ScopeMissing),
        (401, {"error": "deleted_client"}, BadSettings),
        (400, {"error": "unheard of"}, ProtocolError),
        (400, [], ProtocolError),
        (302, b"", ProtocolError),
        (200, b"<html>", ProtocolError),
        (200, b"[" * 60_000, ProtocolError),
        (200, b"x" * 70_000, ProtocolError),
        (200, [], ProtocolError),
        (200, {}, ProtocolError),
        (200, {"access_token": ""}, ProtocolError),
        (200, {"access_token": "a\nb"}, ProtocolError),
        (200, {"access_token": "ä"}, ProtocolError),
        (200, {"access_token": "a", "expires_in": "soon"}, ProtocolError),
        (200, {"access_token": "a", "expires_in": -1}, ProtocolError),
        (200, {"access_token": "a", "scope": 5}, ProtocolError),
        (200, {"access_token": "a", "refresh_token": []}, ProtocolError),
    ],
)
def test_refusals_and_answers_that_are_none(world: World, status: int, body: Any, kind: type[SyncError]) -> None:
    world.wire.fault("status", path="/token", reply=Reply(status, body))
    with pytest.raises(kind) as caught:
        world.source.token()
    assert type(caught.value) is kind
    assert world.saved == []
    assert world.source.token()


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_cut_refresh_is_for_later(world: World, fault: str) -> None:
    world.wire.fault(fault, path="/token")
    with pytest.raises(Unavailable):
        world.source.token()
    assert world.source.token()


def test_a_new_refresh_token_is_kept(world: World) -> None:
    answer = {"access_token": "a", "refresh_token": "r2", "expires_in": 3599, "token_type": "Bearer"}
    world.wire.fault("status", path="/token", reply=Reply(200, answer))
    assert world.source.token() == "a"
    assert world.saved[-1].refresh_token == "r2"
    assert world.saved[-1].scopes == (CONTACTS_SCOPE,)


def test_a_token_that_somebody_else_refused_is_not_renewed_again(world: World) -> None:
    first = world.source.token()
    second = world.source.renewed(first)
    assert second != first
    assert world.source.renewed(first) == second
    assert refreshes(world) == 2
