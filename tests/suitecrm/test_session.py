"""Signing in to the older dialect, and sessions that end."""

from __future__ import annotations

import hashlib
import json

import pytest

from shared.account import dialects
from shared.account.dialects import Login
from shared.account.grants import SugarGrant
from shared.errors import BadAddress, GrantLost, ProtocolError, RetriableError
from shared.side import Absent
from shared.sugar.reach import LOOPBACK, PUBLIC
from shared.suitecrm.grant import SuiteTokens
from shared.suitecrm.session import find
from tests.older import method_of
from tests.simulators.suitecrm import SuiteSimulator, error_reply
from tests.simulators.suitecrm.simulator import Release
from tests.simulators.wire import Reply, Request, SimClock, Wire
from tests.suitecrm.world import PASSWORD, World

RELEASES: list[tuple[Release, str, str]] = [
    ("SuiteCRM 7", "", "SuiteCRM 7.14.6"),
    ("SuiteCRM 8", "/legacy", "SuiteCRM 8.7.1"),
    ("Sugar 6.5 CE", "", "Sugar CE 6.5.26"),
]


def sign_in(address: str, clock: SimClock, password: str = PASSWORD) -> SugarGrant:
    login = Login(address, "jane", password, "contact-sync")
    return dialects.sign_in(address, login, clock, lambda _: None, LOOPBACK)


@pytest.mark.parametrize(("release", "folder", "version"), RELEASES)
@pytest.mark.parametrize("base", ["", "/crm"])
def test_the_dialect_is_found_out(release: Release, folder: str, version: str, base: str) -> None:
    clock = SimClock()
    sim = SuiteSimulator(clock, release=release, base=base)
    sim.add_user("jane", PASSWORD)
    with Wire(sim, clock) as wire:
        grant = sign_in(wire.url + base, clock)
    assert (grant.address, grant.dialect, grant.version) == (wire.url + base + folder, "v4_1", version)
    assert PASSWORD not in json.dumps(grant.tokens)


def test_the_folder_of_suitecrm_8_may_be_typed_as_well() -> None:
    clock = SimClock()
    sim = SuiteSimulator(clock, release="SuiteCRM 8")
    with Wire(sim, clock) as wire:
        found = find(f"{wire.url}/legacy", clock, lambda _: None, LOOPBACK)
    assert found is not None
    assert found.address == f"{wire.url}/legacy"


def test_where_neither_answers_the_message_says_so(w: World) -> None:
    with pytest.raises(BadAddress, match=r"does not lead to a Sugar.*nor does SuiteCRM.*the browser shows"):
        sign_in(f"{w.wire.url}/elsewhere", w.clock)


def test_a_server_that_is_down_is_no_wrong_address(w: World) -> None:
    w.sim.maintenance = True
    with pytest.raises(RetriableError):
        sign_in(w.wire.url, w.clock)


def test_addresses_are_guarded(w: World) -> None:
    with pytest.raises(BadAddress, match="https"):
        find(w.wire.url, w.clock, lambda _: None, PUBLIC)


@pytest.mark.parametrize("number", ["invalid_login", "lockout_reached", "password_expired"])
def test_who_is_not_let_in(w: World, number: str) -> None:
    w.wire.fault("status", reply=error_reply(number), matches=lambda r: method_of(r) == "login")
    with pytest.raises(GrantLost, match="sign in to Sugar again") as caught:
        w.sign_in()
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_refused_and_not_kept(w: World) -> None:
    with pytest.raises(GrantLost):
        w.sign_in("wrong")


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'{"id": ""}', b'{"id": 7}', b"<html>", b'{"id": "a\\nb"}'])
def test_an_answer_without_a_session(w: World, body: bytes) -> None:
    w.wire.fault("status", reply=Reply(200, body, {}), matches=lambda r: method_of(r) == "login")
    with pytest.raises(ProtocolError):
        w.sign_in()


# -- sessions ----------------------------------------------------------------------------------------


def test_a_session_that_ended_is_begun_anew_and_kept(w: World) -> None:
    w.clock.advance(3600)
    assert w.session.me() == {"id": w.me, "user_name": "jane"}
    (fresh,) = w.saved
    again = w.new_session(fresh)
    begun = len(w.wire.log)
    again.me()
    again.close()
    assert w.calls(begun) == ["get_user_id"]


def test_a_changed_password_ends_it(w: World) -> None:
    w.sim.revoke()
    w.sim.first_user.password = "another"
    with pytest.raises(GrantLost, match="the user name or the password"):
        w.session.me()


def test_a_network_that_changes_all_the_time_is_told_apart(w: World) -> None:
    def moving(_: Request, when: str) -> None:
        if when == "before":
            w.sim.move_network(f"198.51.{len(w.wire.log)}.1")

    w.wire.on_call = moving
    with pytest.raises(GrantLost, match="Validate user IP address"):
        w.session.me()


def test_signing_out_ends_the_session(w: World) -> None:
    w.session.sign_out()
    w.session.sign_out()  # it has ended already
    assert not w.sim.state.logins


def test_no_cookie_comes_back(w: World) -> None:
    w.session.me()
    w.session.me()
    assert all("cookie" not in call.request.headers for call in w.wire.log)


def test_a_side_goes_on_behind_a_new_login(w: World) -> None:
    side = w.side()
    w.sim.revoke()
    assert side.read(["x"]) == {"x": Absent(proven=False)}


# -- what is kept ------------------------------------------------------------------------------------


def test_what_is_kept_shows_in_no_text(w: World) -> None:
    tokens = w.sign_in()
    hashed = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
    assert tokens.as_json()["login"] == hashed
    assert hashed not in repr(tokens)
    assert tokens.session not in repr(tokens)
    assert SuiteTokens.from_json(tokens.as_json()) == tokens


@pytest.mark.parametrize("raw", [None, {}, [], {"user_name": "j", "login": 7, "session": ""}])
def test_what_cannot_be_read_asks_for_a_new_sign_in(raw: object) -> None:
    with pytest.raises(GrantLost):
        SuiteTokens.from_json(raw)
