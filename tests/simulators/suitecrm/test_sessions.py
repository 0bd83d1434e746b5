"""Signing in, sessions, transport, and where the service is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.suitecrm import Switches
from tests.simulators.suitecrm.caller import PASSWORD, TIMEOUT, Caller, serving
from tests.simulators.suitecrm.simulator import Release


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


def _error(answer: Any) -> int | str:
    """The number of an error that came with HTTP 200."""
    assert set(answer) == {"name", "number", "description"}
    number: int | str = answer["number"]
    return number


def _dead(jane: Caller) -> bool:
    answer = jane.call("get_user_id", {"session": jane.session}).json()
    return isinstance(answer, dict) and _error(answer) == 11


def test_the_password_is_sent_as_its_md5_or_plain(jane: Caller) -> None:
    assert jane.login()["name_value_list"]["user_id"]["value"] == jane.sim.first_user.id
    auth = {"user_name": "jane", "password": PASSWORD, "encryption": "PLAIN"}
    assert len(jane.call("login", {"user_auth": auth}).json()["id"]) == 32
    assert _error(jane.call("login", {"user_auth": {**auth, "encryption": "MD5"}}).json()) == 10


def test_a_bad_password_an_unknown_user_and_one_who_signs_in_elsewhere_are_refused_alike(jane: Caller) -> None:
    jane.sim.add_user("kim", PASSWORD, sso=True)
    assert [_error(jane.login(*who)) for who in (("jane", "wrong"), ("nobody", "x"), ("kim", PASSWORD))] == [10] * 3


def test_an_expired_password_and_a_lockout_say_so(jane: Caller) -> None:
    me = jane.sim.first_user.id
    jane.sim.state.expired_passwords.add(me)
    assert _error(jane.login()) == 1008
    jane.sim.state.locked_out.add(me)
    assert _error(jane.login()) == 1009


def test_a_user_may_have_many_sessions_and_logout_ends_one(jane: Caller) -> None:
    first = jane.session
    jane.login()
    assert jane.call("logout", {"session": first}).text == "null"
    assert not _dead(jane)
    jane.session = first
    assert _dead(jane)


def test_sessions_end_when_they_are_not_used(jane: Caller) -> None:
    for _ in range(3):
        jane.wire.clock.advance(1439)
        assert not _dead(jane)
    jane.wire.clock.advance(1440)
    assert _dead(jane)
    jane.sim.switches = Switches(session_idle=300)
    jane.login()
    jane.wire.clock.advance(300)
    assert _dead(jane)


def test_sessions_are_bound_to_the_network_of_the_client(jane: Caller) -> None:
    jane.sim.move_network("203.0.113.99")
    assert not _dead(jane)
    jane.sim.move_network()
    assert _dead(jane)
    jane.sim.move_network("203.0.113.10")
    assert _dead(jane), "it does not come back"
    jane.sim.switches = Switches(verify_client_ip=False)
    jane.login()
    jane.sim.move_network()
    assert not _dead(jane)


def test_sessions_can_be_ended(jane: Caller) -> None:
    jane.sim.revoke()
    assert _dead(jane)
    assert jane.call("seamless_login", {"session": jane.session}).json() == 0
    jane.login()
    assert jane.call("seamless_login", {"session": jane.session}).json() == 1


def test_arguments_go_by_name_or_by_order(jane: Caller) -> None:
    swapped = {"module_name": "Contacts", "session": jane.session, "query": "", "deleted": 0}
    misnamed = {"session": jane.session, "module": "Contacts", "query": "", "deleted": 0}
    listed = [jane.session, "Contacts", "", 0]

    def outcomes() -> list[tuple[int, Any]]:
        answers = [jane.call("get_entries_count", each) for each in (swapped, misnamed, listed)]
        return [(each.status_code, each.json() if each.text else "") for each in answers]

    found = (200, {"result_count": "0"})
    assert outcomes() == [found, (500, ""), found]
    jane.sim.switches = Switches(arguments="by order")
    by_order = outcomes()
    assert _error(by_order[0][1]) == 11, "the module's name was taken for the session"
    assert by_order[1:] == [found, found]


def test_what_is_no_json_or_has_no_session_is_answered_null(jane: Caller) -> None:
    form = {"method": "get_entry_list", "input_type": "JSON", "response_type": "JSON", "rest_data": "{not json"}
    assert jane.form(form).text == "null"
    assert jane.call("set_entry", {"session": "", "module_name": "Contacts", "name_value_list": []}).text == "null"


def test_unknown_methods_and_modules(jane: Caller) -> None:
    assert _error(jane.call("_call", {}).json()) == "-1"
    assert _error(jane.ok("get_entries_count", module_name="NoSuch", query="", deleted=0)) == 20


@pytest.mark.parametrize(
    ("release", "path", "suite"),
    [
        ("SuiteCRM 7", "/crm/service/v4_1/rest.php", "7.14.6"),
        ("SuiteCRM 8", "/crm/legacy/service/v4_1/rest.php", "8.7.1"),
        ("Sugar 6.5 CE", "/crm/service/v4_1/rest.php", None),
    ],
)
def test_where_the_service_is_found_and_what_the_server_says_of_itself(
    release: Release, path: str, suite: str | None
) -> None:
    with serving(release=release, base="/crm") as jane:
        form = {"method": "get_server_info", "input_type": "JSON", "response_type": "JSON", "rest_data": "{}"}
        info = jane.form(form, path).json()
        assert (info["flavor"], info["version"][:3], info.get("suitecrm_version")) == ("CE", "6.5", suite)
        assert info["gmt_time"] == "2026-03-02 09:00:00"
        others = {"/service/v4_1/rest.php", "/crm/service/v4_1/rest.php", "/crm/legacy/service/v4_1/rest.php"} - {path}
        assert {jane.form(form, other).status_code for other in others} == {404}
        assert requests.get(f"{jane.wire.url}{path}", params=form, timeout=TIMEOUT).json() == info


@pytest.mark.parametrize("path", ["/rest/v11/oauth2/token", "/rest/v11_10/metadata", "/rest/v10/ping", "/", "/legacy/"])
def test_the_newer_dialects_addresses_are_not_found(jane: Caller, path: str) -> None:
    answer = requests.post(jane.wire.url + path, json={"grant_type": "password"}, timeout=TIMEOUT)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_json_api_refuses_who_has_no_token(jane: Caller) -> None:
    answer = requests.get(f"{jane.wire.url}/Api/V8/module/Contacts", timeout=TIMEOUT)
    assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")


def test_maintenance_is_503(jane: Caller) -> None:
    jane.sim.maintenance = True
    assert jane.call("get_server_info", {}).status_code == 503


def test_the_servers_clock_may_be_off() -> None:
    with serving(Switches(server_skew=90)) as jane:
        answer = jane.call("get_server_info", {})
        assert answer.json()["gmt_time"] == "2026-03-02 09:01:30"
        assert answer.headers["Date"] == "Mon, 02 Mar 2026 09:01:30 GMT"
        assert jane.get(jane.set(last_name="L"), "date_modified") == {"date_modified": "2026-03-02 09:01:30"}


def test_fields_and_modules(jane: Caller) -> None:
    jane.sim.add_field("nickname_c", len=30)
    fields = jane.ok("get_module_fields", module_name="Contacts", fields=[])
    known = fields["module_fields"]
    assert (known["last_name"]["len"], known["last_name"]["required"], known["nickname_c"]["len"]) == ("100", 1, "30")
    assert {"email1", "account_name", "assigned_user_id"} <= set(known)
    assert "middle_name" not in known
    assert "email_addresses" in fields["link_fields"]
    some = jane.ok("get_module_fields", module_name="Contacts", fields=["title"])
    assert (list(some["module_fields"]), some["link_fields"]) == (["title"], {})
    jane.sim.switches = Switches(len_as_text=False)
    assert jane.ok("get_module_fields", module_name="Contacts")["module_fields"]["last_name"]["len"] == 100
    modules = jane.ok("get_available_modules", filter="all")["modules"]
    contacts = next(each for each in modules if each["module_key"] == "Contacts")
    assert {"action": "edit", "access": True} in contacts["acls"]
    assert contacts["favorite_enabled"] is False
