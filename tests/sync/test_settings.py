"""Settings out of range name the field and say what would be right."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.contact.fields import FIELDS
from shared.errors import BadSettings
from shared.store.port import Put
from shared.sugar.table import TABLE, Row
from shared.sync.plain import plain
from shared.sync.report import Status
from shared.sync.settings import DEFAULTS, ConflictRule, LeavesScope, SugarScope, parse, synced_fields
from tests.sync.stage import BOTH, linked, settle, watched
from tests.world import world


def test_the_defaults_are_those_that_users_know() -> None:
    settings = parse({})
    assert settings == DEFAULTS
    assert settings.sync_regularly is False
    assert settings.interval_minutes == 5
    assert (settings.from_sugar.update, settings.from_sugar.create, settings.from_sugar.delete) == (True, True, False)
    assert (settings.from_google.update, settings.from_google.create, settings.from_google.delete) == (
        True,
        False,
        False,
    )
    assert settings.conflict is ConflictRule.SUGAR
    assert settings.sugar_scope is SugarScope.ASSIGNED
    assert settings.leaves_scope is LeavesScope.KEEP
    assert settings.google_scope == settings.label == ""


@pytest.mark.parametrize("minutes", [1, 5, 1440])
def test_intervals_within_the_range(minutes: int) -> None:
    assert parse({"interval_minutes": minutes}).interval_minutes == minutes


BAD: list[tuple[str, Any]] = [
    ("interval_minutes", 0),
    ("interval_minutes", -5),
    ("interval_minutes", 1441),
    ("interval_minutes", 10**30),
    ("interval_minutes", 5.5),
    ("interval_minutes", "5"),
    ("interval_minutes", None),
    ("interval_minutes", True),
    ("sync_regularly", "yes"),
    ("sync_regularly", 1),
    ("from_sugar", None),
    ("from_sugar", {"update": "on"}),
    ("from_sugar", {"upsert": True}),
    ("from_google", []),
    ("from_google", {"delete": 0}),
    ("conflict", "coin"),
    ("conflict", "Sugar"),
    ("conflict", None),
    ("sugar_scope", "mine"),
    ("sugar_scope", ""),
    ("google_scope", "Friends"),
    ("google_scope", "contactGroups/"),
    ("google_scope", "contactGroups/a/b"),
    ("google_scope", "contactGroups/a b"),
    ("google_scope", "contactGroups/abc\n"),
    ("google_scope", 7),
    ("label", "people/c1"),
    ("label", "contactGroups/" + "x" * 129),
    ("label", None),
    ("leaves_scope", "ask"),
    ("region", ""),
    ("region", "us"),
    ("region", "USA"),
    ("region", "XX"),
    ("region", "001"),
    ("region", None),
    ("fields_off", ["shoe_size"]),
    ("fields_off", ["last_name"]),
    ("fields_off", "title"),
    ("fields_off", [1]),
    ("custom_fields", {"Bad Name": "Label"}),
    ("custom_fields", {"id": "Label"}),
    ("custom_fields", {"email1": "Label"}),
    ("custom_fields", {"ok_c\n": "Label"}),
    ("custom_fields", {"ok_c": ""}),
    ("custom_fields", {"ok_c": "   "}),
    ("custom_fields", {"ok_c": "x" * 101}),
    *(("custom_fields", {"ok_c": f"Tier{char}1"}) for char in "\0\x1b\t\n\x7f\x85\u2028"),
    ("custom_fields", {"ok_c": None}),
    ("custom_fields", {"one_c": "Same", "two_c": " same "}),
    ("custom_fields", ["ok_c"]),
    ("no_such_setting", 1),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda value: str(value)[:20])
def test_what_is_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(BadSettings) as caught:
        parse({name: value})
    assert re.split(r"[.\[]", caught.value.field)[0] in (name, "upsert")
    assert caught.value.message.startswith(caught.value.field)
    assert len(caught.value.message) > len(caught.value.field) + 10, "it says what would be right"


@pytest.mark.parametrize("raw", [None, [], "settings", 5])
def test_settings_that_are_no_object(raw: Any) -> None:
    with pytest.raises(BadSettings, match="settings"):
        parse(raw)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.native)
def test_a_field_with_a_place_of_its_own_cannot_be_mapped_a_second_time(row: Row) -> None:
    with pytest.raises(BadSettings, match="custom_fields"):
        parse({"custom_fields": {row.native: "Label"}})


def test_synced_fields_are_those_not_switched_off_and_the_custom_ones() -> None:
    settings = parse({"fields_off": ["title", "notes"], "custom_fields": {"b_c": "B", "a_c": "A"}})
    names = synced_fields(settings)
    assert set(FIELDS) - set(names) == {"title", "notes"}
    assert names[-2:] == ("custom:a_c", "custom:b_c")


def test_bad_settings_in_the_store_stop_the_run_and_the_next_one_goes_on_when_they_are_mended() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, title="Mathematician")
        good = plain(user.settings)
        w.store.commit([Put(user.paths.user, {"settings": {**good, "interval_minutes": 0}})])
        user.wish(kind="settings")
        w.clock.advance(60)
        with watched(w) as sent:
            report = user.run()
        assert report.status is Status.BLOCKED
        assert "interval_minutes" in report.message
        assert sent.sugar == sent.google == 0
        w.store.commit([Put(user.paths.user, {"settings": good})])
        user.sync()
        (google,) = user.account.people()
        assert google["organizations"][0]["title"] == "Mathematician"


def test_a_change_is_carried_out_also_where_a_plan_is_stopped_along_with_it() -> None:
    """The run that was sent for the plan ends there, with the change in the books."""
    with world() as w:
        user = w.user(**BOTH)
        user.set(fields_off=["title"])
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        settle(user)
        order = user.engine.preview().order
        assert order is not None
        user.wish(kind="stop", plan=order.id)
        user.set(fields_off=[])
        w.clock.advance(60)
        assert user.engine.run(plan=order.id).status is Status.BLOCKED
        settle(user)
        (ada,) = user.account.people()
        assert ada["organizations"][0]["title"] == "Countess"
