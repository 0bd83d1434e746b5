"""The Sugar simulator keeps to the facts; ``sugar/FACTS.md`` says which test stands for which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulators.sugar import SugarError, Switches, error_reply
from tests.simulators.sugar.caller import TIMEOUT, Caller, serving

HERE = Path(__file__).parent


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


@pytest.fixture
def stranger() -> Iterator[Caller]:
    with serving(signed_in=False) as caller:
        yield caller


# -- the list itself -----------------------------------------------------------------------------------


def test_every_fact_in_the_list_has_its_test_and_every_switch_is_listed() -> None:
    listed = (HERE / "sugar" / "FACTS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", listed))
    files = [HERE / "test_sugar_facts.py", *(HERE / "sugar").glob("test_*.py")]
    existing = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert named
    assert named <= existing, named - existing
    switches = {each.name for each in fields(Switches)}
    assert switches <= set(re.findall(r"`(\w+)`", listed)), switches


# -- sign-in -------------------------------------------------------------------------------------------


def test_password_grant_answers_all_that_the_guide_says(stranger: Caller) -> None:
    grant = stranger.sign_in()
    assert {k: grant[k] for k in ("expires_in", "token_type", "scope", "refresh_expires_in")} == {
        "expires_in": 3600,
        "token_type": "bearer",
        "scope": None,
        "refresh_expires_in": 1209600,
    }
    assert all(isinstance(grant[k], str) for k in ("access_token", "refresh_token", "download_token"))
    assert stranger.ok("GET", "ping") == "pong"


def test_bearer_is_accepted_too(stranger: Caller) -> None:
    token = stranger.sign_in()["access_token"]
    assert stranger.ok("GET", "ping", OAuth_Token=None, Authorization=f"Bearer {token}") == "pong"


def test_refresh_rotates_and_the_old_token_dies(stranger: Caller) -> None:
    first = stranger.sign_in()
    second = stranger.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert stranger.ok("GET", "ping", OAuth_Token=second["access_token"]) == "pong"
    again = stranger.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_second_sign_in_on_the_platform_kills_the_first_session(stranger: Caller) -> None:
    first = stranger.sign_in()
    stranger.sign_in()
    stranger.refused(401, "invalid_grant", "GET", "ping", OAuth_Token=first["access_token"])
    assert stranger.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 400


def test_sessions_on_other_platforms_live_side_by_side(stranger: Caller) -> None:
    first = stranger.sign_in()
    stranger.platform = "mobile"
    stranger.sign_in()
    assert stranger.ok("GET", "ping", OAuth_Token=first["access_token"]) == "pong"


@pytest.mark.parametrize("platform", ["with space", "ä", "x" * 128])
def test_a_platform_with_other_characters_or_too_long_is_422(stranger: Caller, platform: str) -> None:
    answer = stranger.token(grant_type="password", username="jane", password="secret", platform=platform)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")
    assert answer.json()["error_message"] == "EXCEPTION_INVALID_PLATFORM"


def test_access_tokens_expire_by_the_clock(jane: Caller) -> None:
    jane.wire.clock.advance(3599)
    assert jane.ok("GET", "ping") == "pong"
    jane.wire.clock.advance(1)
    answer = jane.call("GET", "ping")
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_grant", "error_message": "The access token provided is invalid."}


def test_refresh_tokens_expire_by_the_clock(stranger: Caller) -> None:
    grant = stranger.sign_in()
    stranger.wire.clock.advance(1209600)
    assert stranger.token(grant_type="refresh_token", refresh_token=grant["refresh_token"]).status_code == 400


def test_without_token_need_login(stranger: Caller) -> None:
    stranger.refused(401, "need_login", "GET", "Contacts")


def test_logout_ends_the_session(jane: Caller) -> None:
    assert jane.ok("POST", "oauth2/logout") == {"success": True}
    jane.refused(401, "invalid_grant", "GET", "ping")


def test_missing_arguments_of_the_sign_in_are_422(stranger: Caller) -> None:
    answer = stranger.token(grant_type="password", username="jane")
    assert (answer.status_code, answer.json()["error"]) == (422, "missing_parameter")


# -- listing -------------------------------------------------------------------------------------------


def test_pages_end_with_minus_one(jane: Caller) -> None:
    ids = sorted(jane.sim.add(last_name=f"L{n}") for n in range(25))
    first = jane.ok("POST", "Contacts/filter", {"order_by": "id:ASC"})
    assert (len(first["records"]), first["next_offset"]) == (20, 20)
    second = jane.ok("POST", "Contacts/filter", {"order_by": "id:ASC", "offset": 20})
    assert (len(second["records"]), second["next_offset"]) == (5, -1)
    assert [record["id"] for record in first["records"] + second["records"]] == ids
    exact = jane.ok("POST", "Contacts/filter", {"max_num": 25})
    assert (len(exact["records"]), exact["next_offset"]) == (25, -1)


def test_asked_fields_come_with_id_and_date_modified(jane: Caller) -> None:
    jane.sim.add(last_name="Lovelace")
    (record,) = jane.ok("POST", "Contacts/filter", {"fields": "last_name,no_such_field"})["records"]
    assert set(record) == {"id", "date_modified", "last_name", "_acl", "_module"}
    assert (record["_acl"], record["_module"]) == ({"fields": {}}, "Contacts")


def test_dates_carry_the_users_offset_in_whole_seconds(jane: Caller) -> None:
    jane.wire.clock.advance(0.75)
    contact = jane.sim.add(last_name="L")
    assert jane.ok("GET", f"Contacts/{contact}")["date_modified"] == "2026-03-02T04:00:00-05:00"
    jane.sim.first_user.utc_offset_minutes = 330
    assert jane.ok("GET", f"Contacts/{contact}")["date_modified"] == "2026-03-02T14:30:00+05:30"


def test_count_counts_what_the_filter_matches(jane: Caller) -> None:
    for n in range(30):
        jane.sim.add(last_name="Odd" if n % 2 else "Even")
    assert jane.ok("POST", "Contacts/filter/count", {"filter": [{"last_name": "Odd"}]}) == {"record_count": 15}


OPERATORS: list[tuple[Any, str]] = [
    ({"last_name": "Ba"}, "b"),
    ({"last_name": {"$equals": "Ba"}}, "b"),
    ({"last_name": {"$not_equals": "Ba"}}, "ac"),
    ({"last_name": {"$starts": "b"}}, "b"),
    ({"last_name": {"$ends": "a"}}, "abc"),
    ({"last_name": {"$contains": "CA"}}, "c"),
    ({"last_name": {"$in": ["Aa", "Ca"]}}, "ac"),
    ({"last_name": {"$not_in": ["Aa", "Ca"]}}, "b"),
    ({"last_name": {"$between": ["Aa", "Bz"]}}, "ab"),
    ({"date_modified": {"$dateBetween": ["2026-03-02T09:00:10Z", "2026-03-02T09:00:20Z"]}}, "bc"),
    ({"title": {"$is_null": ""}}, "ab"),
    ({"title": {"$not_null": ""}}, "c"),
    ({"title": {"$empty": ""}}, "ab"),
    ({"title": {"$not_empty": ""}}, "c"),
    ({"date_modified": {"$lt": "2026-03-02T09:00:10+00:00"}}, "a"),
    ({"date_modified": {"$lte": "2026-03-02T04:00:10-05:00"}}, "ab"),
    ({"date_modified": {"$gt": "2026-03-02T04:00:10-05:00"}}, "c"),
    ({"date_modified": {"$gte": "2026-03-02T09:00:10Z"}}, "bc"),
    ({"$or": [{"last_name": "Aa"}, {"$and": [{"last_name": "Ca"}, {"title": "Dr"}]}]}, "ac"),
    ({"$and": [{"last_name": {"$starts": "C"}}, {"title": {"$empty": ""}}]}, ""),
    ({"email_addresses.email_address": {"$in": ["SECOND@example.org", "none@example.org"]}}, "b"),
    ({"accounts.name": {"$equals": "ACME"}}, "c"),
]


@pytest.mark.parametrize(("clause", "expected"), OPERATORS, ids=lambda value: json.dumps(value)[:60])
def test_operators(jane: Caller, clause: Any, expected: str) -> None:
    ids = {"a": jane.sim.add(last_name="Aa")}
    jane.wire.clock.advance(10)
    ids["b"] = jane.sim.add(last_name="Ba", email=["first@example.org", "second@example.org"])
    jane.wire.clock.advance(10)
    ids["c"] = jane.sim.add(last_name="Ca", title="Dr", account_name="ACME")
    assert set(jane.filter(clause)) == {ids[letter] for letter in expected}


def test_keyset_paging_sees_every_contact_once(jane: Caller) -> None:
    made = set()
    for n in range(40):
        made.add(jane.sim.add(last_name=f"L{n}"))
        jane.wire.clock.advance(n % 4 == 0)
    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        body = {"filter": [after], "max_num": 7, "order_by": "date_modified:ASC,id:ASC", "fields": "id"}
        records = jane.ok("POST", "Contacts/filter", body)["records"]
        if not records:
            break
        seen += [record["id"] for record in records]
        date, last = records[-1]["date_modified"], records[-1]["id"]
        tie = {"$and": [{"date_modified": {"$equals": date}}, {"id": {"$gt": last}}]}
        after = {"$or": [{"date_modified": {"$gt": date}}, tie]}
    assert len(seen) == len(made)
    assert set(seen) == made


def test_macros(jane: Caller) -> None:
    me, other = jane.sim.first_user.id, jane.sim.add_user("joe", "pw")
    mine, theirs = jane.sim.add(last_name="Mine"), jane.sim.add(last_name="Theirs", by=other)
    given = jane.sim.add(last_name="Given", by=other, assigned_user_id=me)
    jane.sim.favorites[me].add(theirs)
    jane.ok("GET", f"Contacts/{given}")
    assert set(jane.filter({"$owner": ""})) == {mine, given}
    assert set(jane.filter({"$creator": ""})) == {mine}
    assert set(jane.filter({"$favorite": ""})) == {theirs}
    assert set(jane.filter({"$tracker": "-7 DAY"})) == {given}
    assert jane.filter({"$following": ""}) == []


@pytest.mark.parametrize(
    "clause",
    [{"no_such_field": "x"}, {"last_name": {"$like": "x"}}, {"$unknown": ""}, {"email_addresses.nothing": "x"}, "x"],
    ids=str,
)
def test_unknown_fields_and_operators_are_422(jane: Caller, clause: Any) -> None:
    jane.refused(422, "invalid_parameter", "POST", "Contacts/filter", {"filter": [clause]})


@pytest.mark.parametrize("name", ["sync_contact", "full_name", "account_name", "my_favorite"])
def test_a_filter_on_a_field_that_is_not_stored_is_dropped(jane: Caller, name: str) -> None:
    everyone = {jane.sim.add(last_name=f"L{n}") for n in range(3)}
    assert set(jane.filter({name: {"$equals": "true"}})) == everyone
    assert set(jane.filter({"$or": [{name: "x"}]})) == everyone
    assert jane.filter({"$and": [{name: "x"}, {"last_name": "nobody"}]}) == []


def test_deleted_true_adds_tombstones_with_the_deletions_date(jane: Caller) -> None:
    live, dead = jane.sim.add(last_name="Live"), jane.sim.add(last_name="Dead")
    jane.wire.clock.advance(60)
    jane.sim.remove(dead)
    assert jane.filter() == [live]
    body = {"deleted": True, "order_by": "date_modified:ASC,id:ASC", "fields": "last_name"}
    first, second = jane.ok("POST", "Contacts/filter", body)["records"]
    assert first["id"] == live
    assert (second["id"], second["deleted"]) == (dead, True)
    assert second["date_modified"] == "2026-03-02T04:01:00-05:00"


def test_get_takes_the_same_arguments(jane: Caller) -> None:
    wanted, _ = jane.sim.add(last_name="Ann"), jane.sim.add(last_name="Bob")
    in_json = requests.Request("GET", "http://x", params={"filter": '[{"last_name":"Ann"}]', "fields": "id"}).prepare()
    for query in (in_json.url, "?filter[0][last_name][$starts]=A&max_num=5", "?filter[][last_name]=Ann"):
        assert query is not None
        page = jane.ok("GET", f"Contacts?{query.partition('?')[2]}")
        assert [record["id"] for record in page["records"]] == [wanted]


def test_offset_paging_over_changing_data_skips_rows(jane: Caller) -> None:
    made = []
    for n in range(6):
        made.append(jane.sim.add(last_name=f"L{n}"))
        jane.wire.clock.advance(1)
    arguments: dict[str, Any] = {"max_num": 3, "order_by": "date_modified:ASC,id:ASC", "fields": "id"}
    first = jane.filter(**arguments)
    jane.sim.edit(made[0], title="moved to the end")
    second = jane.filter(**arguments, offset=3)
    assert made[3] not in first + second


# -- errors, metadata, hooks ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v11", "v11_1", "v11_26", "v10"])
def test_known_versions(jane: Caller, version: str) -> None:
    assert jane.call("GET", "ping", version=version).json() == "pong"


@pytest.mark.parametrize("version", ["v9", "v11_27", "v12", "latest"])
def test_an_unknown_version_is_301(jane: Caller, version: str) -> None:
    answer = jane.call("GET", "ping", version=version)
    assert (answer.status_code, answer.json()["error"]) == (301, "incorrect_version")
    assert "Location" not in answer.headers


def test_the_version_stands_in_the_url_or_in_accept_never_both(jane: Caller) -> None:
    accept = "application/vnd.sugarcrm.core+json; version=11.10"
    assert jane.call("GET", "ping", version=None, Accept=accept).json() == "pong"
    assert jane.call("GET", "ping", Accept=accept).status_code == 301


def test_unknown_routes_are_404_no_method(jane: Caller) -> None:
    jane.refused(404, "no_method", "GET", "Nonsense")
    jane.refused(404, "no_method", "PATCH", "Contacts/filter")


def test_outdated_metadata_is_412(jane: Caller) -> None:
    known = jane.ok("GET", "metadata?type_filter=server_info")["_hash"]
    assert jane.ok("GET", "ping", X_Metadata_Hash=known) == "pong"
    jane.sim.add_field("shoe_size_c", len=10)
    jane.refused(412, "metadata_out_of_date", "GET", "ping", X_Metadata_Hash=known)


def test_maintenance_is_503(jane: Caller) -> None:
    jane.sim.maintenance = True
    jane.refused(503, "maintenance", "GET", "ping")


@pytest.mark.parametrize(("label", "status"), [("too_many_requests", 429), ("fatal_error", 500)])
def test_other_errors_are_made_by_the_wire(jane: Caller, label: str, status: int) -> None:
    jane.wire.fault("status", reply=error_reply(label))
    jane.refused(status, label, "GET", "ping")


def test_a_body_that_is_no_json_is_422(jane: Caller) -> None:
    answer = jane.http.post(f"{jane.wire.url}/rest/v11/Contacts", data=b'{"last_name": ', timeout=TIMEOUT)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")


def test_other_paths_are_no_sugar(stranger: Caller) -> None:
    answer = stranger.http.get(f"{stranger.wire.url}/crm/rest", timeout=TIMEOUT)
    assert answer.status_code == 404
    assert answer.text.startswith("<html>")


def test_me(jane: Caller) -> None:
    user = jane.ok("GET", "me")["current_user"]
    assert (user["id"], user["user_name"]) == (jane.sim.first_user.id, "jane")


def test_server_info_and_fields(jane: Caller) -> None:
    info = jane.ok("GET", "metadata?type_filter=server_info")
    assert {"version", "flavor", "build"} <= set(info["server_info"])
    assert "modules" not in info
    jane.sim.add_field("nickname")
    jane.sim.add_field("blood_type_c", len=3)
    jane.sim.remove_field("assistant")
    fields = jane.ok("GET", "metadata?type_filter=modules&module_filter=Contacts")["modules"]["Contacts"]["fields"]
    assert fields["last_name"]["required"] is True
    assert fields["account_name"]["readonly"] is True
    assert fields["account_name"]["id_name"] == "account_id"
    assert fields["sync_contact"]["source"] == "non-db"
    assert (fields["nickname"]["len"], fields["blood_type_c"]["len"]) == (100, 3)
    assert not {"assistant", "middle_name", "website", "suffix"} & set(fields)
    record = jane.ok("POST", "Contacts", {"nickname": "Al", "blood_type_c": "AB+?", "assistant": "x"})
    assert (record["nickname"], record["blood_type_c"], "assistant" in record) == ("Al", "AB+", False)


def test_web_logic_hooks_are_delivered_by_cron(jane: Caller) -> None:
    hook = {"name": "n", "trigger_event": "after_save", "url": "https://x.example", "webhook_target_module": "Contacts"}
    jane.refused(403, "not_authorized", "POST", "WebLogicHooks", hook)
    jane.sim.add_user("admin", "pw", admin=True)
    jane.sign_in("admin", "pw")
    jane.ok("POST", "WebLogicHooks", hook)
    contact = jane.ok("POST", "Contacts", {"last_name": "L"})["id"]
    ((url, payload),) = jane.sim.cron()
    assert (url, payload["isUpdate"], payload["bean"], payload["data"]["id"]) == (
        "https://x.example",
        False,
        "Contact",
        contact,
    )
    assert jane.sim.cron() == []


def test_hooks_change_what_is_saved(jane: Caller) -> None:
    jane.sim.hooks.before_save.append(lambda contact: {"last_name": contact["last_name"].upper()})
    jane.sim.hooks.after_save.append(lambda contact: {"title": "seen"} if contact["title"] != "seen" else None)
    record = jane.ok("POST", "Contacts", {"last_name": "Lovelace"})
    assert (record["last_name"], record["title"]) == ("LOVELACE", "seen")


def test_hooks_may_refuse(jane: Caller) -> None:
    def refuse(contact: dict[str, Any]) -> None:
        raise SugarError("invalid_parameter", "not on Sundays")

    jane.sim.hooks.before_save.append(refuse)
    jane.refused(422, "invalid_parameter", "POST", "Contacts", {"last_name": "L"})
    assert jane.sim.contacts() == {}
