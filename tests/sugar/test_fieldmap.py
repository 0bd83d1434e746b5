"""The field map: native records and canonical contacts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact.fields import CUSTOM_PREFIX, EMAILS, FIELDS
from shared.contact.model import Contact, Email
from shared.side import FieldMap
from shared.sugar.fieldmap import MAX_TEXT, SugarFieldMap
from shared.sugar.metadata import NativeField, Schema
from shared.sugar.records import Scope
from shared.sugar.table import NATIVE, TABLE, row_of
from tests.simulators.sugar.fields import OPTIONAL, STOCK
from tests.sugar.world import contact

STOCK_SCHEMA = Schema(
    {
        each.name: NativeField(each.type, each.len, each.required, each.readonly, each.stored)
        for each in (*STOCK, *OPTIONAL.values())
    }
)
SYNCED = tuple(FIELDS)


def a_map(*synced: str, scope: str = "assigned", **fields: NativeField) -> SugarFieldMap:
    schema = Schema({**STOCK_SCHEMA.fields, **fields})
    return SugarFieldMap(schema, synced or SYNCED, Scope(scope, "me"))


def native(**values: Any) -> dict[str, Any]:
    """A record as an instance with all fields gives it."""
    blank: dict[str, Any] = {row.native: [] if row.canonical == EMAILS else "" for row in TABLE}
    return {"id": "1", "date_modified": "2026-03-02T04:00:00-05:00", "_acl": {"fields": []}, **blank, **values}


def entry(address: Any, **flags: Any) -> dict[str, Any]:
    base = {"primary_address": False, "invalid_email": False, "opt_out": False, "reply_to_address": False}
    return {"email_address": address, **base, **flags}


def test_it_is_a_field_map() -> None:
    field_map: FieldMap = a_map()
    assert set(field_map.capabilities) == set(FIELDS)


def test_the_table_has_every_field_once() -> None:
    assert [row.canonical for row in TABLE] == list(FIELDS)
    assert len({row.native for row in TABLE}) == len(TABLE)
    assert row_of("custom:blood_type_c").native == "blood_type_c"  # type: ignore[union-attr]
    assert row_of("nonsense") is None


# -- capabilities ------------------------------------------------------------------------------------


def test_a_field_that_the_instance_does_not_have_does_not_exist() -> None:
    schema = Schema({each.name: NativeField(each.type, each.len) for each in STOCK})
    found = SugarFieldMap(schema, SYNCED, Scope("all", "me")).capabilities
    assert not {"middle_name", "suffix", "nickname", "website"} & set(found)


def test_switched_off_and_unknown_fields_do_not_exist() -> None:
    assert set(a_map("last_name", "title", "custom:none_c", "nonsense").capabilities) == {"last_name", "title"}


def test_what_is_writable() -> None:
    found = a_map(
        *SYNCED,
        "custom:text_c",
        "custom:list_c",
        "custom:secret_c",
        title=NativeField("varchar", can_write=False),
        department=NativeField("varchar", readonly=True),
        assistant=NativeField("varchar", can_read=False),
        website=NativeField("url", stored=False),
        text_c=NativeField("varchar", 20),
        list_c=NativeField("enum"),
        secret_c=NativeField("encrypt"),
    ).capabilities
    assert "assistant" not in found
    assert "custom:secret_c" not in found
    one_way = {name for name, capability in found.items() if not capability.writable}
    assert one_way == {"company", "title", "department", "website", "custom:list_c"}
    assert found["custom:text_c"].max_length == 20
    assert found[EMAILS].writable


def test_lengths_come_from_the_instance_or_else_from_the_table() -> None:
    found = a_map(title=NativeField("varchar", 30), department=NativeField("varchar")).capabilities
    assert found["title"].max_length == 30
    assert found["department"].max_length == 255
    assert found["assistant"].max_length == 75
    assert found["notes"].max_length is None
    assert found["last_name"].required


# -- reading -----------------------------------------------------------------------------------------


def test_every_field_is_read_from_its_native_field() -> None:
    raw = native(**{row.native: f"<{row.native}>" for row in TABLE if row.canonical not in (EMAILS, "birthday")})
    raw["birthdate"] = "1970-12-31"
    raw["email"] = [entry("b@x.org"), entry("A@x.org", primary_address=True, opt_out=True), entry("c@x.org")]
    view = a_map().view(raw, {}, None)
    assert view.problems == ()
    assert view.contact.values == {
        **{row.canonical: f"<{row.native}>" for row in TABLE if row.canonical != EMAILS},
        "birthday": "1970-12-31",
    }
    assert view.contact.emails == (Email("A@x.org", opt_out=True), Email("b@x.org"), Email("c@x.org"))


def test_null_is_blank() -> None:
    view = a_map().view(native(title=None, birthdate=None, email=None), {}, None)
    assert view.problems == ()
    assert view.contact.get("title") == ""
    assert "birthday" in view.contact.values
    assert view.contact.emails == ()


@pytest.mark.parametrize("on", ["1", 1, True, "true"])
@pytest.mark.parametrize("off", ["0", 0, False, "", None, "false"])
def test_flags_in_every_form(on: Any, off: Any) -> None:
    raw = [entry("a@x", primary_address=off, opt_out=on), entry("b@x", primary_address=on, invalid_email=on)]
    raw[0]["invalid_email"] = raw[1]["opt_out"] = off
    assert a_map().view(native(email=raw), {}, None).contact.emails == (
        Email("b@x", invalid=True),
        Email("a@x", opt_out=True),
    )


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("title", 5),
        ("title", ["a"]),
        ("title", {"a": 1}),
        ("title", True),
        ("title", "Zebra \ud83d"),
        ("notes", "x" * (MAX_TEXT + 1)),
        ("birthday", "0000-00-00"),
        ("birthday", "1970-02-30"),
        ("birthday", "1970-12-31 00:00:00"),
        ("birthday", "yesterday"),
        (EMAILS, "a@x.org"),
        (EMAILS, {"email_address": "a@x.org"}),
        (EMAILS, ["a@x.org"]),
        (EMAILS, [entry("a@x.org"), entry(None)]),
        (EMAILS, [entry("\udc00@x.org")]),
        (f"{CUSTOM_PREFIX}extra_c", {"a": 1}),
        (f"{CUSTOM_PREFIX}extra_c", [1]),
    ],
)
def test_a_value_that_is_none_is_a_problem_and_absent(field: str, raw: Any) -> None:
    name = row_of(field).native  # type: ignore[union-attr]
    field_map = a_map(*SYNCED, f"{CUSTOM_PREFIX}extra_c", extra_c=NativeField("varchar"))
    view = field_map.view(native(extra_c="") | {name: raw}, {}, None)
    assert [problem.field for problem in view.problems] == [field]
    assert field not in view.contact.values
    assert (view.contact.emails is None) == (field == EMAILS)
    assert not any(str(value) in view.problems[0].message for value in ("a@x.org", "0-00-", "Zebra", "yesterday"))


def test_a_field_that_the_answer_lacks_is_a_problem() -> None:
    raw = native()
    del raw["title"], raw["email"]
    view = a_map().view(raw, {}, None)
    assert [problem.field for problem in view.problems] == ["title", EMAILS]
    assert view.contact.emails is None
    assert "title" not in view.contact.values


def test_a_field_that_the_user_may_not_read_in_this_record_is_absent() -> None:
    raw = native(title="x", _acl={"fields": {"title": {"read": "no"}, "email": {"read": "no"}, "phone_home": []}})
    view = a_map().view(raw, {}, None)
    assert view.problems == ()
    assert view.contact.emails is None
    assert "title" not in view.contact.values
    assert view.contact.get("phone_home") == ""


def test_custom_fields_of_any_type_can_be_shown() -> None:
    names = ("flag_c", "number_c", "list_c")
    schema = Schema({name: NativeField("enum") for name in names})
    field_map = SugarFieldMap(schema, [CUSTOM_PREFIX + name for name in names], Scope("all", "me"))
    view = field_map.view({"flag_c": True, "number_c": 5, "list_c": ["a", "b"]}, {}, None)
    assert view.contact.values == {"custom:flag_c": "1", "custom:number_c": "5", "custom:list_c": "a, b"}


# -- what Sugar can hold -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "fields", "says"),
    [
        (contact("Ann", "x" * 101), ("last_name",), {"last_name": "100 characters"}),
        (contact("x" * 101, ""), ("first_name",), {"first_name": "100 characters"}),
        (contact("", ""), ("last_name",), {"last_name": "requires a last name"}),
        (contact("", " "), ("first_name",), {"last_name": "requires a last name"}),
        (contact("", "", title="Boss"), ("title",), {}),
        (contact("Ann", ""), ("first_name", "last_name"), {}),
        (contact(notes="x" * 100_000), ("notes",), {}),
        (contact(birthday="--05-12"), ("birthday",), {"birthday": "full date"}),
        (contact(birthday="1970-02-30"), ("birthday",), {"birthday": "full date"}),
        (contact(birthday="1970-02-28"), ("birthday",), {}),
        (contact("Ann", "Smith", "no-address"), (EMAILS,), {EMAILS: "name@example.com"}),
        (contact("Ann", "Smith", "a@x.org", "x" * 260 + "@x.org"), (EMAILS,), {EMAILS: "email 2 of 2"}),
        (contact("Ann", "Smith", "a@x.org", ""), (EMAILS,), {}),
        (contact(title="\ud800"), ("title",), {"title": "Unicode"}),
        (contact(title="x" * 101, department="y" * 256), ("department",), {"department": "255 characters"}),
        (contact(company="x" * 1000), ("company",), {}),
    ],
)
def test_what_sugar_cannot_hold(target: Contact, fields: tuple[str, ...], says: dict[str, str]) -> None:
    problems = a_map().check(target, fields)
    assert {problem.field for problem in problems} == set(says)
    for problem in problems:
        assert says[problem.field] in problem.message


def test_what_the_instance_requires() -> None:
    field_map = a_map(title=NativeField("varchar", required=True), email=NativeField("email", required=True))
    assert {problem.field for problem in field_map.check(contact(), ("title", EMAILS))} == {"title", EMAILS}
    assert not field_map.check(contact(), ("last_name",))


@pytest.mark.parametrize("value", ["--05-12", "2001", "2001-05"])
def test_a_birthday_that_is_not_full_is_owed_nothing(value: str) -> None:
    assert a_map().unheld("birthday", value)
    assert not a_map().unheld("title", value)


@pytest.mark.parametrize("value", ["", "2001-05-12", "yesterday", "0000-00-00"])
def test_other_birthdays_are(value: str) -> None:
    assert not a_map().unheld("birthday", value)


@pytest.mark.parametrize(
    ("target", "renderings"),
    [
        (contact(), []),
        (contact("Cher", ""), [{"first_name": "", "last_name": "Cher"}]),
        (contact("", "Cher"), []),
        (contact(title="a 🎉 b"), [{"title": "a ? b"}, {"title": "a ???? b"}]),
        (
            contact("Cher🎉", ""),
            [
                {"first_name": "", "last_name": "Cher🎉"},
                {"first_name": "", "last_name": "Cher?"},
                {"first_name": "", "last_name": "Cher????"},
            ],
        ),
        (contact(title="é ü 漢"), []),
    ],
)
def test_renderings(target: Contact, renderings: list[dict[str, str]]) -> None:
    assert list(a_map().renderings(target)) == renderings


# -- writing -----------------------------------------------------------------------------------------


def test_a_new_contact_lies_inside_the_scope() -> None:
    assert a_map().create(contact("", "X"), "key") == {"assigned_user_id": "me", "last_name": "X"}
    assert a_map(scope="favorites").create(contact("", "X"), "")["my_favorite"] is True
    assert a_map(scope="mail_client").create(contact("", "X"), "")["sync_contact"] is True
    assert a_map(scope="all").create(contact("", "X"), "")["assigned_user_id"] == "me"


def test_a_new_contact_holds_what_is_not_blank_and_can_be_written() -> None:
    target = contact("Cher", "", "a@x.org", "b@x.org", company="ACME", birthday="--05-12", title="", notes="n\nm")
    assert a_map().create(target, "") == {
        "assigned_user_id": "me",
        "last_name": "Cher",
        "description": "n\nm",
        "email": [entry("a@x.org", primary_address=True), entry("b@x.org")],
    }


def changed(before: dict[str, Any], target: Contact, *fields: str) -> dict[str, Any]:
    return a_map().update(before, {}, target, fields, "")


def test_only_what_changed_is_written() -> None:
    target = contact(title="Boss", department="IT", birthday="")
    assert changed(native(title="x"), target, "title") == {"title": "Boss"}
    assert changed(native(birthdate="1970-01-01"), target, "birthday") == {"birthdate": ""}
    assert changed(native(), target, "company") == {}


@pytest.mark.parametrize(
    ("before", "after", "fields", "payload"),
    [
        (("Ann", "Smith"), ("Ann", "Jones"), ["last_name"], {"last_name": "Jones"}),
        (("Ann", "Smith"), ("Ann", ""), ["last_name"], {"first_name": "", "last_name": "Ann"}),
        (("", "Ann"), ("Ann", "Smith"), ["last_name"], {"first_name": "Ann", "last_name": "Smith"}),
        (("", "Ann"), ("Bea", ""), ["first_name"], {"first_name": "", "last_name": "Bea"}),
        (("Ann", "Smith"), ("", "Smith"), ["first_name"], {"first_name": ""}),
        ((None, "Smith"), ("", "Jones"), ["last_name"], {"last_name": "Jones"}),
    ],
)
def test_names_move_together(
    before: tuple[Any, str], after: tuple[str, str], fields: list[str], payload: dict[str, str]
) -> None:
    assert changed(native(first_name=before[0], last_name=before[1]), contact(*after), *fields) == payload


def test_a_written_list_of_emails_keeps_what_stays_as_it_was() -> None:
    before = native(
        email=[
            entry("Old@x.org", primary_address=True, opt_out=True, reply_to_address=True, email_address_id="e1"),
            entry("gone@x.org", invalid_email=True),
        ]
    )
    target = Contact({}, (Email("new@x.org", opt_out=True), Email("old@X.org"), Email("NEW@x.org"), Email(" ")))
    assert changed(before, target, EMAILS) == {
        "email": [
            entry("new@x.org", primary_address=True, opt_out=True),
            entry("Old@x.org", opt_out=True, reply_to_address=True),
        ]
    }
    assert changed(before, Contact({}, ()), EMAILS) == {"email": []}


def test_flags_are_written_in_the_form_in_which_they_were_read() -> None:
    off = {"primary_address": "0", "invalid_email": "0", "opt_out": "0", "reply_to_address": "0"}
    before = native(email=[entry("a@x.org", **off | {"primary_address": "1", "opt_out": "1"})])
    assert changed(before, contact("", "", "a@x.org", "b@x.org"), EMAILS) == {
        "email": [
            {"email_address": "a@x.org", **off, "primary_address": "1", "opt_out": "1"},
            {"email_address": "b@x.org", **off},
        ]
    }


SINGLE = [row for row in TABLE if row.canonical not in (EMAILS, "company", "birthday", "first_name", "last_name")]


@given(st.dictionaries(st.sampled_from([row.canonical for row in SINGLE]), st.text(st.characters(codec="utf-8"))))
def test_what_is_written_reads_back(values: dict[str, str]) -> None:
    field_map = a_map()
    target = contact("Ann", "Smith", "a@x.org", **values)
    payload = field_map.create(target, "")
    view = field_map.view(native(**payload), {}, None)
    assert view.problems == ()
    for name, value in target.values.items():
        assert view.contact.get(name) == value
    assert view.contact.emails == target.emails
    assert NATIVE["notes"] == "description"


def test_messages_hold_no_values() -> None:
    secret = "Zebra-secret"
    target = contact(secret * 50, secret * 50, secret, *(), title=secret * 50, birthday=secret)
    for problem in a_map().check(target, SYNCED):
        assert not re.search("zebra", problem.message, re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("phone_home", {"phone_home"}),
        ("first_name", {"first_name", "name", "full_name"}),
        (EMAILS, {"email", "email1"}),
        ("company", {"account_name"}),
        ("custom:shoe_size_c", {"shoe_size_c"}),
    ],
)
def test_nothing_tells_a_field_that_a_record_is_shown_without(name: str, gone: set[str]) -> None:
    names = (*NATIVE.values(), "name", "full_name", "email1", "shoe_size_c", "id")
    record = dict.fromkeys(names, "x")
    assert set(record) - set(a_map().without(record, [name])) == gone
