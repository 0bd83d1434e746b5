"""Settings over HTTP: checked field by field, and never lost."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contact.fields import FIELDS
from shared.sync.plain import plain
from shared.sync.settings import DEFAULTS
from tests.functions.site import Browser, Site
from tests.functions.stage import ORIGIN, client
from tests.simulators.sugar.fields import FieldDef


def label(web: Site, browser: Browser, name: str = "Customers") -> str:
    """The resource name of a label that is made in Google's own pages."""
    return web.world.people.account(browser.email).label(name)


# -- reading -----------------------------------------------------------------------------------------


def test_what_a_new_user_sees(web: Site) -> None:
    shown = web.jane(connected=False).get("settings").ok
    assert shown["settings"] == shown["defaults"] == plain(DEFAULTS)
    bounds = shown["bounds"]
    assert bounds["interval_minutes"] == [1, 1440]
    assert bounds["conflict"] == ["sugar", "google", "newest", "ask"]
    assert bounds["sugar_scope"] == ["assigned", "favorites", "mail_client", "all"]
    assert bounds["fields"] == list(FIELDS)
    assert {"US", "DE"} <= set(bounds["region"])


def test_settings_that_cannot_be_read_can_be_mended(web: Site, jane: Browser) -> None:
    user = web.account(jane)
    user.settings = {"interval_minutes": 0, "region": "DE"}
    web.stage.services.users.save(user)
    assert jane.get("settings").wrong == ["interval_minutes"]
    assert jane.patch("settings", conflict="ask").wrong == ["interval_minutes"]
    mended = jane.patch("settings", interval_minutes=10).ok["settings"]
    assert (mended["interval_minutes"], mended["region"]) == (10, "DE")
    user = web.account(jane)
    user.settings = {"of": "another version"}
    web.stage.services.users.save(user)
    assert jane.delete("settings").ok["settings"] == plain(DEFAULTS)
    assert jane.get("settings").ok["settings"] == plain(DEFAULTS)


# -- changing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "patch",
    [
        {"sync_regularly": True},
        {"interval_minutes": 1},
        {"interval_minutes": 1440},
        {"from_sugar": {"update": False, "create": False, "delete": True}},
        {"from_google": {"update": True, "create": True, "delete": True}},
        {"conflict": "newest"},
        {"sugar_scope": "all"},
        {"leaves_scope": "delete"},
        {"region": "DE"},
        {"fields_off": ["notes", "emails"]},
        {"custom_fields": {"lead_source": "Source"}},
        {"region": "FR", "conflict": "google", "interval_minutes": 60},
    ],
)
def test_each_setting_can_be_changed(web: Site, jane: Browser, patch: dict[str, Any]) -> None:
    before = jane.get("settings").ok
    changed = jane.patch("settings", **patch).ok
    assert changed["settings"] == {**before["settings"], **patch}
    assert changed["version"] != before["version"]
    assert jane.get("settings").ok == changed
    assert web.account(jane).settings == changed["settings"]
    assert [doc.data["kind"] for doc in web.inbox(jane)] == ["settings"] * 2  # the first is that of connecting


def test_a_switch_is_changed_alone(jane: Browser) -> None:
    assert jane.patch("settings", from_google={"create": True}).ok["settings"]["from_google"] == {
        "update": True,
        "create": True,
        "delete": False,
    }
    assert jane.patch("settings", from_google={"delete": True}).ok["settings"]["from_google"] == {
        "update": True,
        "create": True,
        "delete": True,
    }


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"interval_minutes": 0}, "interval_minutes"),
    ({"interval_minutes": 1441}, "interval_minutes"),
    ({"interval_minutes": "5"}, "interval_minutes"),
    ({"interval_minutes": 5.5}, "interval_minutes"),
    ({"interval_minutes": None}, "interval_minutes"),
    ({"sync_regularly": "yes"}, "sync_regularly"),
    ({"from_sugar": {"update": 1}}, "from_sugar.update"),
    ({"from_sugar": {"drop": True}}, "from_sugar.drop"),
    ({"from_google": True}, "from_google"),
    ({"conflict": "oldest"}, "conflict"),
    ({"sugar_scope": "mine"}, "sugar_scope"),
    ({"leaves_scope": "hide"}, "leaves_scope"),
    ({"region": "XX"}, "region"),
    ({"region": "USA"}, "region"),
    ({"region": "u"}, "region"),
    ({"fields_off": ["last_name"]}, "fields_off"),
    ({"fields_off": ["shoe_size"]}, "fields_off"),
    ({"fields_off": ["x" * 65]}, "fields_off[0]"),
    ({"fields_off": "notes"}, "fields_off"),
    ({"fields_off": ["notes"] * 101}, "fields_off"),
    ({"google_scope": "Customers"}, "google_scope"),
    ({"google_scope": "contactGroups/gone"}, "google_scope"),
    ({"google_scope": "contactGroups/" + "x" * 200}, "google_scope"),
    ({"label": "contactGroups/gone"}, "label"),
    ({"label": "people/c1"}, "label"),
    ({"never_label": "contactGroups/gone"}, "never_label"),
    ({"opt_in_label": "contactGroups/gone"}, "opt_in_label"),
    ({"history_without": ["shoe_size"]}, "history_without"),
    ({"history_days": 3651}, "history_days"),
    ({"custom_fields": {"shoe_size_c": "Shoes"}}, "custom_fields"),
    ({"custom_fields": {"portal_password": "Password"}}, "custom_fields"),
    ({"custom_fields": {"first_name": "First"}}, "custom_fields"),
    ({"custom_fields": {"lead_source": ""}}, "custom_fields[...]"),
    ({"custom_fields": {"lead_source": " "}}, "custom_fields"),
    ({"custom_fields": {"lead_source": "Same", "do_not_call": "same"}}, "custom_fields"),
    ({"custom_fields": {f"f{n}_c": f"F{n}" for n in range(51)}}, "custom_fields"),
    ({"interval_minute": 5}, "interval_minute"),
    ({"version": 7}, "version"),
]


@pytest.mark.parametrize(("patch", "field"), WRONG)
def test_what_cannot_be_set_names_the_field(web: Site, jane: Browser, patch: dict[str, Any], field: str) -> None:
    assert jane.get("fields").ok  # Sugar's fields are known
    before = web.account(jane)
    waiting = len(web.inbox(jane))
    assert jane.patch("settings", **{"region": "DE", **patch}).wrong == [field]
    assert web.account(jane) == before  # nothing of it, nor of the good part
    assert len(web.inbox(jane)) == waiting


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"[]", 422), (b"7", 422), (b"\xff", 400), (b"[" * 60_000, 422)]
)
def test_a_body_that_is_none(jane: Browser, body: bytes, status: int) -> None:
    assert sent(jane, body) == status


def test_a_body_of_another_kind(jane: Browser) -> None:
    assert sent(jane, b"{}") == 200
    assert sent(jane, b"{}", "text/plain") == 415
    assert sent(jane, b"region=DE", "application/x-www-form-urlencoded") == 415
    assert sent(jane, b" " * 70_000 + b"{}") == 413


def sent(browser: Browser, body: bytes, kind: str = "application/json") -> int:
    """The status of a change with this body."""
    headers = {"Origin": ORIGIN, "Cookie": f"session={browser.cookies['session']}", "Content-Type": kind}
    return int(client("settings").open("/settings", method="PATCH", data=body, headers=headers).status_code)


def test_restoring_the_defaults(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", sync_regularly=True, region="DE", fields_off=["notes"]).ok
    assert jane.delete("settings").ok["settings"] == plain(DEFAULTS)
    assert web.head(web.paths(jane)).next_due_at is None
    waiting = len(web.inbox(jane))
    assert jane.delete("settings").ok["settings"] == plain(DEFAULTS)
    assert len(web.inbox(jane)) == waiting  # nothing was changed


def test_a_change_of_nothing_writes_nothing(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", region="DE").ok
    commits = web.world.store.commits
    assert jane.patch("settings", region="DE").ok
    assert jane.patch("settings").ok
    assert web.world.store.commits == commits


# -- labels ------------------------------------------------------------------------------------------


def test_a_label_is_looked_up_when_it_is_chosen_only(web: Site, jane: Browser) -> None:
    mine = label(web, jane)
    assert jane.patch("settings", google_scope=mine, label=mine).ok
    web.world.people.account(jane.email).remove_label("Customers")
    with web.world.people_wire.counted() as calls:
        assert jane.patch("settings", region="DE").ok
        assert jane.patch("settings", label="").ok
    assert not calls
    assert jane.patch("settings", label=mine).wrong == ["label"]


@pytest.mark.parametrize("name", ["google_scope", "label"])
def test_a_label_that_was_deleted_is_told_where_it_is_set_anew(web: Site, jane: Browser, name: str) -> None:
    mine = label(web, jane)
    assert jane.patch("settings", **{name: mine}).ok
    assert jane.patch("settings", **{name: mine}, region="DE").ok
    web.world.people.account(jane.email).remove_label("Customers")
    answer = jane.patch("settings", **{name: mine}, region="FR")
    assert answer.wrong == [name]
    assert "was deleted in Google" in answer.json["detail"]
    assert jane.get("settings").ok["settings"]["region"] == "DE"
    assert jane.patch("settings", **{name: ""}).ok


def test_what_is_written_carries_the_label_and_that_of_the_scope(web: Site, jane: Browser) -> None:
    scope, written = label(web, jane, "Customers"), label(web, jane, "From Sugar")
    assert jane.patch("settings", google_scope=scope, label=written).ok
    web.world.sugar.add(first_name="Ann", last_name="Lee", email=["ann@x.org"])
    for _ in range(3):
        web.clock.advance(61)
        assert jane.post("sync", "", {}).ok["status"] == "done"
    (ann,) = web.world.people.account(jane.email).people()
    carried = {one["contactGroupMembership"]["contactGroupResourceName"] for one in ann["memberships"]}
    assert {scope, written} <= carried


def test_without_google_no_label_can_be_chosen(web: Site, jane: Browser) -> None:
    mine = label(web, jane)
    for token in list(web.world.people.oauth.grants):
        web.world.people.oauth.kill(token)
    web.clock.advance(4000)
    answer = jane.patch("settings", label=mine)
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:not-connected")


def test_fields_of_a_sugar_that_nobody_has_asked_are_taken_as_they_are(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", custom_fields={"shoe_size_c": "Shoes"}).ok
    assert jane.get("fields").ok["missing"] == ["shoe_size_c"]
    web.world.sugar.fields["shoe_size_c"] = FieldDef("shoe_size_c", "varchar", 10)
    assert jane.get("fields", refresh=1).ok["missing"] == []
