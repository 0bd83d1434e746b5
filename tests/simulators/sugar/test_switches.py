"""Every open question has both answers; ``FACTS.md`` lists them."""

from __future__ import annotations

from dataclasses import fields, replace
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

import pytest

from tests.simulators.sugar import Switches
from tests.simulators.sugar.caller import serving


def _other(switches: Switches) -> str:
    names = [each.name for each in fields(Switches) if getattr(switches, each.name) != each.default]
    return " ".join(f"{name}={getattr(switches, name)}" for name in names) or "default"


def test_variants_cover_every_answer() -> None:
    variants = list(Switches.all_variants())
    assert variants[0] == Switches()
    for each in fields(Switches):
        assert each.metadata["answers"][0] == each.default
        assert len(each.metadata["answers"]) > 1
        assert {getattr(variant, each.name) for variant in variants} == set(each.metadata["answers"])


def test_drawn_switches_let_the_sync_run_unless_asked() -> None:
    stopping = {each.name for each in fields(Switches) if each.metadata["stops"]}
    random = Random(0)  # noqa: S311 - nothing secret is drawn
    drawn = [Switches.draw(random) for _ in range(50)]
    assert len(set(drawn)) > 40
    assert all(getattr(one, name) == getattr(Switches(), name) for one in drawn for name in stopping)
    assert any(Switches.draw(random, stopping=True).ip_validation for _ in range(20))


@pytest.mark.parametrize("switches", list(Switches.all_variants()), ids=_other)
def test_every_variant_serves_or_refuses_without_breaking(switches: Switches) -> None:
    with serving(switches, signed_in=False) as jane:
        contact = jane.sim.add(last_name="L", birthdate="0000-00-00", email=["not an address", "l@example.org"])
        jane.sim.remove(jane.sim.add(last_name="Gone"))
        grant = jane.token(grant_type="password", username="jane", password="secret").json()
        jane.http.headers["OAuth-Token"] = grant.get("access_token", "")
        jane.call("POST", "Contacts/filter", {"deleted": True})
        jane.call("PUT", f"Contacts/{contact}", {"birthdate": "soon", "title": "😀"})
        assert jane.call("GET", f"Contacts/{contact}").status_code in (200, 401)


@pytest.mark.parametrize("shape", ["401 need_login", "401 invalid_grant", "400 invalid_grant"])
def test_bad_password(shape: Any) -> None:
    with serving(Switches(bad_password=shape), signed_in=False) as jane:
        answer = jane.token(grant_type="password", username="jane", password="wrong")
        assert f"{answer.status_code} {answer.json()['error']}" == shape


@pytest.mark.parametrize("shape", ["401 invalid_grant", "400 invalid_grant"])
def test_expired_refresh(shape: Any) -> None:
    with serving(Switches(expired_refresh=shape)) as jane:
        grant = jane.sign_in()
        jane.sim.expire_refresh()
        answer = jane.token(grant_type="refresh_token", refresh_token=grant["refresh_token"])
        assert f"{answer.status_code} {answer.json()['error']}" == shape


def test_session_lifetime_caps_refreshing() -> None:
    with serving(Switches(max_session_lifetime=7200)) as jane:
        grant = jane.sign_in()
        statuses = []
        for _ in range(3):
            jane.wire.clock.advance(3000)
            answer = jane.token(grant_type="refresh_token", refresh_token=grant["refresh_token"])
            statuses.append(answer.status_code)
            grant = answer.json()
        assert statuses == [200, 200, 400]


@pytest.mark.parametrize("survives", [False, True])
def test_old_access_token_after_a_refresh(survives: bool) -> None:
    with serving(Switches(old_access_survives_refresh=survives)) as jane:
        grant = jane.sign_in()
        jane.token(grant_type="refresh_token", refresh_token=grant["refresh_token"])
        assert jane.call("GET", "ping").status_code == (200 if survives else 401)


def test_unregistered_platforms() -> None:
    with serving(Switches(unknown_platforms_refused=True), signed_in=False) as jane:
        answer = jane.token(grant_type="password", username="jane", password="secret")
        assert (answer.status_code, answer.json()["error_message"]) == (422, "EXCEPTION_INVALID_PLATFORM")
        jane.sim.auth.platforms.add(jane.platform)
        jane.sign_in()


@pytest.mark.parametrize("required", [True, False])
def test_user_agent(required: bool) -> None:
    with serving(Switches(user_agent_required=required)) as jane:
        status = jane.call("GET", "ping", User_Agent="").status_code
        assert status == (403 if required else 200)


def test_ip_validation_kills_the_session_at_its_first_use() -> None:
    with serving(Switches(ip_validation=True)) as jane:
        grant = jane.sign_in()
        jane.refused(401, "invalid_grant", "GET", "me")
        assert jane.token(grant_type="refresh_token", refresh_token=grant["refresh_token"]).status_code == 400
        jane.sign_in()
        jane.refused(401, "invalid_grant", "GET", "me")


@pytest.mark.parametrize("granted", [True, False])
def test_sso_users_and_the_password_grant(granted: bool) -> None:
    with serving(Switches(sso_password_grant=granted)) as jane:
        jane.sim.add_user("sso", "pw", sso=True)
        answer = jane.token(grant_type="password", username="sso", password="pw")
        assert answer.status_code == (200 if granted else 401)


def test_page_cap() -> None:
    with serving(Switches(max_num_cap=7)) as jane:
        for n in range(10):
            jane.sim.add(last_name=f"L{n}")
        page = jane.ok("POST", "Contacts/filter", {"max_num": 100})
        assert (len(page["records"]), page["next_offset"]) == (7, 7)


@pytest.mark.parametrize(
    ("shape", "with_name", "with_deleted"),
    [
        ("minimal", {"deleted"}, {"deleted"}),
        ("full", {"last_name", "deleted"}, {"deleted"}),
        ("as asked", {"last_name"}, {"deleted"}),
    ],
)
def test_tombstone_shapes(shape: Any, with_name: set[str], with_deleted: set[str]) -> None:
    always = {"id", "date_modified", "_acl", "_module"}
    with serving(Switches(tombstone=shape)) as jane:
        jane.sim.remove(jane.sim.add(last_name="L"))
        (row,) = jane.ok("POST", "Contacts/filter", {"deleted": "true", "fields": "last_name"})["records"]
        assert set(row) - always == with_name
        (row,) = jane.ok("POST", "Contacts/filter", {"deleted": "true", "fields": "deleted"})["records"]
        assert set(row) - always == with_deleted
        assert row["deleted"] is True


@pytest.mark.parametrize("name", ["email", "email1"])
@pytest.mark.parametrize("which", ["primary", "all"])
def test_email_filter(name: str, which: Any) -> None:
    with serving(Switches(email_filter=which)) as jane:
        contact = jane.sim.add(last_name="L", email=["a@example.org", "b@example.org"])
        assert jane.filter({name: "a@example.org"}) == [contact]
        assert jane.filter({name: {"$in": ["b@example.org"]}}) == ([contact] if which == "all" else [])


@pytest.mark.parametrize(("match", "expected"), [("exact", 1), ("prefix", 2)])
def test_email_match_may_be_inexact(match: Any, expected: int) -> None:
    with serving(Switches(email_match=match)) as jane:
        for address in ("a@example.org", "a@example.org.uk", "b@example.org"):
            jane.sim.add(last_name="L", email=[address])
        assert len(jane.filter({"email_addresses.email_address": {"$equals": "A@example.org"}})) == expected


@pytest.mark.parametrize(("folds", "found"), [(True, 3), (False, 1)])
def test_text_may_compare_without_case_and_accents(folds: bool, found: int) -> None:
    with serving(Switches(text_folds=folds)) as jane:
        for name in ("Müller", "MULLER", "muller"):
            jane.sim.add(last_name=name)
        assert len(jane.filter({"last_name": "Müller"})) == found


@pytest.mark.parametrize(
    ("check", "exact", "same_instant", "stale"),
    [("instant", 200, 200, 409), ("text", 200, 409, 409), ("ignored", 200, 200, 200), ("never", 409, 409, 409)],
)
def test_timestamp_check(check: Any, exact: int, same_instant: int, stale: int) -> None:
    with serving(Switches(timestamp_check=check)) as jane:
        contact = jane.sim.add(last_name="L")
        for stamp, expected in (
            ("2026-03-02T04:00:00-05:00", exact),
            ("2026-03-02T09:00:00+00:00", same_instant),
            ("2026-03-02T03:59:59-05:00", stale),
            ("nonsense", stale),
        ):
            answer = jane.call("PUT", f"Contacts/{contact}", {"title": "x"}, X_Timestamp=stamp)
            assert answer.status_code == expected, stamp


def test_flags_as_text() -> None:
    with serving(Switches(flags_as_text=True, email_ids=True)) as jane:
        written = [{"email_address": "a@example.org", "opt_out": "1", "invalid_email": "0"}]
        (email,) = jane.ok("POST", "Contacts", {"email": written})["email"]
        assert (email["opt_out"], email["invalid_email"], email["primary_address"]) == ("1", "0", "1")
        assert isinstance(email["email_address_id"], str)


@pytest.mark.parametrize(("rule", "left"), [("kept", 2), ("dropped", 1)])
def test_addresses_that_are_none(rule: Any, left: int) -> None:
    with serving(Switches(invalid_email=rule)) as jane:
        written = [{"email_address": "not an address"}, {"email_address": "a@example.org"}]
        emails = jane.ok("POST", "Contacts", {"email": written})["email"]
        assert len(emails) == left
        assert emails[0]["primary_address"] is True


@pytest.mark.parametrize("shared", [True, False])
def test_opt_out_may_belong_to_the_address(shared: bool) -> None:
    with serving(Switches(shared_addresses=shared)) as jane:
        other = jane.sim.add(last_name="Other", email=["x@example.org", "office@example.org"])
        before = jane.sim.get(other)
        jane.wire.clock.advance(5)
        jane.ok("POST", "Contacts", {"email": [{"email_address": "Office@example.org", "opt_out": True}]})
        after = jane.sim.get(other)
        assert [email["opt_out"] for email in after["email"]] == [False, shared]
        assert after["date_modified"] == before["date_modified"]


@pytest.mark.parametrize(("as_list", "expected"), [(True, []), (False, {})])
def test_acl_shape(as_list: bool, expected: Any) -> None:
    with serving(Switches(acl_as_list=as_list)) as jane:
        assert jane.ok("POST", "Contacts", {})["_acl"]["fields"] == expected


@pytest.mark.parametrize(("null", "expected"), [(True, None), (False, "")])
def test_blank_values(null: bool, expected: str | None) -> None:
    with serving(Switches(blank_as_null=null)) as jane:
        record = jane.ok("POST", "Contacts", {"title": None})
        assert (record["title"], record["department"]) == (expected, expected)


def test_bad_dates() -> None:
    for date in ("0000-00-00", "31.12.1999", "2026-02-30", 5):
        with serving() as jane:
            assert jane.ok("POST", "Contacts", {"birthdate": date})["birthdate"] == ""
        with serving(Switches(bad_date="refused")) as jane:
            jane.refused(422, "invalid_parameter", "POST", "Contacts", {"birthdate": date})
            assert jane.ok("POST", "Contacts", {"birthdate": "1815-12-10"})["birthdate"] == "1815-12-10"


@pytest.mark.parametrize(("rule", "shown"), [("kept", "Zoë 🎈"), ("?", "Zoë ?")])
def test_emoji(rule: Any, shown: str) -> None:
    with serving(Switches(emoji=rule)) as jane:
        assert jane.ok("POST", "Contacts", {"first_name": "Zoë 🎈"})["first_name"] == shown


@pytest.mark.parametrize("echoes", [True, False])
def test_answers_may_echo_what_was_sent(echoes: bool) -> None:
    with serving(Switches(answer_echoes=echoes)) as jane:
        record = jane.ok("POST", "Contacts", {"title": "x" * 150, "no_such_field": "y"})
        assert len(record["title"]) == (150 if echoes else 100)
        assert len(jane.ok("GET", f"Contacts/{record['id']}")["title"]) == 100
        assert "no_such_field" not in record


@pytest.mark.parametrize("moves", [True, False])
def test_writes_that_change_nothing(moves: bool) -> None:
    with serving(Switches(idle_write_moves_date=moves)) as jane:
        contact = jane.sim.add(last_name="L", email=["l@example.org"])
        before = jane.sim.get(contact)["date_modified"]
        jane.wire.clock.advance(5)
        body = {"last_name": "L", "email": [{"email_address": "l@example.org"}]}
        assert (jane.ok("PUT", f"Contacts/{contact}", body)["date_modified"] != before) == moves


@pytest.mark.parametrize("assigns", [True, False])
def test_who_a_new_contact_is_assigned_to(assigns: bool) -> None:
    with serving(Switches(create_assigns_creator=assigns)) as jane:
        me = jane.sim.first_user.id
        assert jane.ok("POST", "Contacts", {})["assigned_user_id"] == (me if assigns else "")
        assert jane.ok("POST", "Contacts", {"assigned_user_id": me})["assigned_user_id"] == me


def test_lengths_as_text() -> None:
    with serving(Switches(len_as_text=True)) as jane:
        assert jane.ok("GET", "metadata")["modules"]["Contacts"]["fields"]["title"]["len"] == "100"


def test_bulk_maximum() -> None:
    with serving(Switches(bulk_max=2)) as jane:
        items = [{"url": "/v11/Contacts", "method": "POST", "data": "{}"}] * 3
        jane.refused(413, "request_too_large", "POST", "bulk", {"requests": items})
        assert jane.sim.contacts() == {}
        assert len(jane.ok("POST", "bulk", {"requests": items[:2]})) == 2


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("headers", [{"X-Timestamp": "2001-01-01T00:00:00Z"}, ["X-Timestamp: 2001-01-01T00:00:00Z"]])
def test_headers_of_items(counted: bool, headers: Any) -> None:
    with serving(Switches(bulk_item_headers=counted)) as jane:
        contact = jane.sim.add(last_name="L")
        (answer,) = jane.bulk(("PUT", f"Contacts/{contact}", {"title": "x"}), headers=headers)
        assert answer["status"] == (409 if counted else 200)


@pytest.mark.parametrize(("as_list", "expected"), [(True, []), (False, {})])
def test_headers_in_answers(as_list: bool, expected: Any) -> None:
    with serving(Switches(bulk_headers_as_list=as_list)) as jane:
        assert jane.bulk(("GET", "ping", None)) == [{"contents": "pong", "headers": expected, "status": 200}]


def test_rate_limit() -> None:
    with serving(Switches(rate_limit=3)) as jane:
        assert [jane.call("GET", "ping").status_code for _ in range(3)] == [200, 200, 429]
        jane.wire.clock.advance(60)
        assert jane.call("GET", "ping").status_code == 200


@pytest.mark.parametrize("skew", [90, -90, 0])
def test_sugars_clock_may_be_off(skew: int) -> None:
    with serving(replace(Switches(), server_skew=skew)) as jane:
        answer = jane.call("POST", "Contacts", {"last_name": "L"})
        seconds = jane.wire.clock.now().timestamp() + skew
        assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == seconds
        (row,) = jane.sim.state.contacts.values()
        assert row["date_modified"] == seconds
