"""The field map: the table against the discovery document, single fields, emails, and values that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contact.fields import EMAILS, FIELDS
from shared.contact.model import Contact, Email
from shared.people import fields
from shared.people.dates import read_date, write_date
from shared.people.elements import Malformed
from shared.people.fieldmap import PeopleFieldMap
from shared.side import FieldMap, Native
from tests.people.contacts import ALL, CUSTOM, contact, field_map

MAP = field_map()
DOCUMENT = json.loads(
    (Path(googleapiclient.__file__).parent / "discovery_cache/documents/people.v1.json").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["schemas"]


# -- the table ---------------------------------------------------------------------------------------


def test_writable_members_are_those_of_the_discovery_document() -> None:
    for people, members in fields.WRITABLE.items():
        schema = SCHEMAS[SCHEMAS["Person"]["properties"][people]["items"]["$ref"]]["properties"]
        writable = {name for name, spec in schema.items() if not spec.get("readOnly")}
        assert members == writable - {"metadata"}, people


def test_masks_are_those_of_the_discovery_document() -> None:
    people = DOCUMENT["resources"]["people"]["methods"]
    for mask in (people["get"], people["getBatchGet"], people["createContact"]):
        valid = mask["parameters"]["personFields"]["description"]
        assert all(f"* {name}" in valid for name in fields.READ_FIELDS.split(","))
    assert set(fields.LIST_FIELDS.split(",")) <= set(fields.READ_FIELDS.split(","))
    updatable = SCHEMAS["BatchUpdateContactsRequest"]["properties"]["updateMask"]["description"]
    assert all(f"* {name}" in updatable for name in fields.WRITABLE)


def test_every_canonical_field_has_a_place() -> None:
    assert set(fields.native_names(CUSTOM)) == set(ALL) | set(FIELDS) | {EMAILS}
    assert set(MAP.capabilities) == set(fields.native_names(CUSTOM))
    assert MAP.capabilities["last_name"].native == "names.familyName"
    assert MAP.capabilities["notes"].max_length == fields.MAX_NOTES
    a_map: FieldMap = MAP
    assert not a_map.unheld("birthday", "--12-31")
    assert a_map.renderings(contact(last_name="Cher")) == ()


def test_switched_off_fields_do_not_exist() -> None:
    few = field_map("last_name", "phone_work")
    assert set(few.capabilities) == {"last_name", "phone_work"}
    native: Native = {"names": [{"givenName": "A", "familyName": "B"}], "emailAddresses": [{"value": "a@b.c"}]}
    view = few.view(native, {}, None)
    assert view.contact == Contact({"last_name": "B", "phone_work": ""}, None)
    created = few.create(contact("a@b.c", first_name="A", last_name="B", phone_home="1"), "k")
    assert set(created) == {"names", "clientData"}
    assert created["names"] == [{"familyName": "B"}]


# -- names, notes, birthdays -------------------------------------------------------------------------


def test_names() -> None:
    native: Native = {
        "names": [
            {"givenName": "Linked", "metadata": {"source": {"type": "PROFILE"}}},
            {
                "givenName": "Ann",
                "familyName": "Old",
                "displayName": "Ann Old",
                "unstructuredName": "Ann Old",
                "phoneticGivenName": "En",
                "metadata": {"primary": True, "source": {"type": "CONTACT"}},
            },
        ]
    }
    assert MAP.view(native, {}, None).contact.get("first_name") == "Ann"
    body = MAP.update(native, {}, contact(first_name="Eve"), ["first_name", "last_name"], "k")
    assert body["names"] == [{"givenName": "Eve", "phoneticGivenName": "En"}]
    assert MAP.update({}, {}, contact(), ["last_name"], "k")["names"] == []


@pytest.mark.parametrize(
    ("when", "value"),
    [
        ({"year": 1999, "month": 12, "day": 31}, "1999-12-31"),
        ({"month": 12, "day": 31}, "--12-31"),
        ({"year": 0, "month": 2, "day": 29}, "--02-29"),
        ({"year": 1999}, "1999"),
        ({"year": 1999, "month": 7}, "1999-07"),
        ({"year": 33, "month": 1, "day": 1}, "0033-01-01"),
    ],
)
def test_birthdays(when: dict[str, int], value: str) -> None:
    assert read_date({"date": when}) == value
    assert write_date(value) == {"year": 0, "month": 0, "day": 0, **when}
    assert MAP.check(contact(birthday=value), ["birthday"]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {"date": {"year": 1999, "month": 2, "day": 30}},
        {"date": {"year": 1999, "day": 3}},
        {"date": {"month": 5}},
        {"date": {"day": 5}},
        {"date": {"year": 10000, "month": 1, "day": 1}},
        {"date": {"year": -1, "month": 1, "day": 1}},
        {"date": {"year": True, "month": 1, "day": 1}},
        {"date": {"year": "1999"}},
        {"date": {"year": 10**30}},
        {"date": "1999-12-31"},
        {"text": "in May"},
    ],
)
def test_birthdays_that_are_none(entry: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_date(entry)
    view = MAP.view({"birthdays": [entry]}, {}, None)
    assert [problem.field for problem in view.problems] == ["birthday"]
    assert "birthday" not in view.contact.values


@pytest.mark.parametrize("value", ["0000-00-00", "1999-00-00", "1999-02-30", "31.12.1999", "--13-01", "x", "１９９９"])
def test_texts_that_are_no_birthday(value: str) -> None:
    assert write_date(value) is None
    assert [problem.field for problem in MAP.check(contact(birthday=value), ["birthday"])] == ["birthday"]


def test_notes_are_plain_text_and_a_blank_one_goes() -> None:
    native: Native = {
        "biographies": [{"value": "<b>old</b>", "contentType": "TEXT_HTML"}],
        "birthdays": [{"text": "x"}],
    }
    assert MAP.view(native, {}, None).contact.get("notes") == "<b>old</b>"
    body = MAP.update(native, {}, contact(notes="new"), ["notes"], "k")
    assert body["biographies"] == [{"value": "new", "contentType": "TEXT_PLAIN"}]
    assert MAP.update(native, {}, contact(), ["notes", "birthday"], "k")["biographies"] == []


# -- emails ------------------------------------------------------------------------------------------


def emails(*values: tuple[str, str]) -> Native:
    return {"emailAddresses": [{"value": v, **({"type": t} if t else {})} for v, t in values]}


def written(native: Native, *targets: str) -> list[tuple[str, str]]:
    body = MAP.update(native, {}, contact(*targets), [EMAILS], "k")
    return [(item["value"], item.get("type", "")) for item in body["emailAddresses"]]


def test_emails_primary_first_each_once() -> None:
    native = emails(("a@x.com", "home"), ("B@x.com", ""), ("b@X.com", "work"), (" ", ""))
    native["emailAddresses"][1]["metadata"] = {"primary": True}
    view = MAP.view(native, {}, None)
    assert view.contact.emails == (Email("B@x.com"), Email("a@x.com"))
    assert view.problems == ()


def test_what_is_no_address_is_told_and_goes_where_it_is_mended() -> None:
    native = emails(("nonsense", "work"), ("a@x.com", ""))
    view = MAP.view(native, {}, None)
    assert view.contact.emails == (Email("a@x.com"),)
    assert [problem.field for problem in view.problems] == [EMAILS]
    assert "nonsense" not in view.problems[0].message
    assert written(native, "b@x.com") == [("b@x.com", "work")], "mended: what is no address goes"


def pairs(text: str) -> list[tuple[str, str]]:
    """``a Boat, b`` is a@x.com of type Boat, and b@x.com of none."""
    found = [word.split() for word in text.split(",") if word]
    return [(f"{name}@x.com", *(kind or [""])) for name, *kind in found]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "target", "new"),
    [
        ("", "a b c d", "a work, b home, c other, d other"),
        ("a Boat", "A b", "a Boat, b work"),
        ("a work", "b a", "a work, b home"),
        # Replaced: the label stays.
        ("a Boat, b work", "c b", "c Boat, b work"),
        ("a Boat, b work", "b", "b work"),
        ("a Boat", "", ""),
        # The same address twice stays twice.
        ("a Boat, A home", "a", "a Boat, A home"),
    ],
)
def test_emails_merge_as_a_set(old: str, target: str, new: str) -> None:
    assert written(emails(*pairs(old)), *(f"{name}@x.com" for name in target.split())) == pairs(new)


# -- our key -----------------------------------------------------------------------------------------


def test_the_key_is_planted_once_beside_others() -> None:
    other = {"key": "another tool", "value": "1", "metadata": {"source": {"type": "CONTACT"}}}
    native: Native = {"clientData": [other]}
    planted = MAP.update(native, {}, contact(notes="x"), ["notes"], "k")
    assert planted["clientData"] == [
        {"key": "another tool", "value": "1"},
        {"key": "sugar-contact-sync", "value": "k"},
    ]
    assert "clientData" not in MAP.update(planted, {}, contact(notes="x"), ["notes"], "k")


def test_labels_of_a_new_contact() -> None:
    assert "memberships" not in field_map().create(contact(last_name="A"), "k")
    created = field_map(memberships=("contactGroups/a", "", "contactGroups/a", "contactGroups/b")).create(
        contact(), "k"
    )
    names = [each["contactGroupMembership"]["contactGroupResourceName"] for each in created["memberships"]]
    assert names == ["contactGroups/myContacts", "contactGroups/a", "contactGroups/b"]


# -- what it cannot hold, and what it cannot read ----------------------------------------------------


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (contact(title="x" * 1025), "title"),
        (contact(notes="x" * 100_001), "notes"),
        (contact(first_name="\ud800"), "first_name"),
        (contact(first_name="a\0b"), "first_name"),
        (contact("x" * 1030 + "@x.com"), EMAILS),
        (contact("nonsense"), EMAILS),
        (contact(*(f"p{n}@x.com" for n in range(401))), EMAILS),
        (contact(notes="ä" * 80_000), "notes"),
    ],
)
def test_what_google_cannot_hold(target: Contact, field: str) -> None:
    (problem,) = MAP.check(target, ALL)
    assert problem.field == field
    assert MAP.check(target, ["middle_name"] if field != "notes" else []) == () or field == "notes"


def test_what_google_can_hold() -> None:
    assert MAP.check(contact("a@x.com", title="x" * 1024, notes="x" * 100_000, first_name="Zoë 🎉"), ALL) == ()


@pytest.mark.parametrize(
    ("native", "lost"),
    [
        ({"phoneNumbers": "x"}, "phone_work"),
        ({"phoneNumbers": [5]}, "phone_work"),
        ({"phoneNumbers": [{"value": 5, "type": "Boat"}]}, "phone_work"),
        ({"phoneNumbers": [{"value": "1", "type": []}]}, "phone_work"),
        ({"addresses": [{"city": {}}]}, "primary_street"),
        ({"names": [{"givenName": 5}]}, "last_name"),
        ({"names": {}}, "last_name"),
        ({"biographies": [{"value": 5}]}, "notes"),
        ({"birthdays": 5}, "birthday"),
        ({"userDefined": [{"key": 5}]}, "custom:blood_type_c"),
        ({"emailAddresses": [{"value": 5}]}, EMAILS),
    ],
)
def test_what_cannot_be_read_never_reads_as_deleted(native: Native, lost: str) -> None:
    good: Native = {"phoneNumbers": [{"value": "202-555-0100", "type": "work"}], "addresses": [{"city": "Ulm"}]}
    memo = MAP.view(good, {}, None).memo
    view = MAP.view({**good, **native}, memo, None)
    assert lost in [problem.field for problem in view.problems]
    assert lost not in view.contact.values
    assert view.contact.emails is None if lost == EMAILS else view.contact.emails == ()
    assert view.memo["phones"] == memo["phones"]
    broken = next(iter(native))
    target = contact("a@x.com", last_name="X", phone_work="1", primary_city="Y", **{"custom:blood_type_c": "A"})
    changed = [lost] if broken not in ("biographies", "birthdays") else ["title"]
    assert broken not in MAP.update({**good, **native}, memo, target, changed, "k")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "date"]), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*fields.WRITABLE]), json_values, max_size=4))
def test_no_record_breaks_the_view(native: Native) -> None:
    view = MAP.view(native, {}, contact("a@x.com", phone_work="1"))
    json.dumps(view.memo)
    MAP.update(native, view.memo, contact("a@x.com", phone_work="1", last_name="A"), ALL, "k")


texts = st.text(max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([name for name in FIELDS if name != EMAILS and name != "birthday"]), texts))
def test_what_was_created_reads_the_same(values: dict[str, str]) -> None:
    from shared.contact.fields import field
    from shared.contact.normal import normal

    target = contact(**values)
    if MAP.check(target, ALL):
        return
    shown = MAP.view(MAP.create(target, "k"), {}, target).contact
    for name in values:
        kind = field(name).kind
        assert normal(kind, shown.get(name), "US") == normal(kind, target.get(name), "US")


def test_a_map_is_made_from_the_settings() -> None:
    made = PeopleFieldMap(ALL, custom=CUSTOM, region="DE", memberships=())
    view = made.view({"phoneNumbers": [{"value": "030 901820"}]}, {}, contact(phone_work="+49 30 901820"))
    assert view.contact.get("phone_work") == "030 901820"


@pytest.mark.parametrize("name", sorted(set(FIELDS)))
def test_nothing_tells_a_field_that_a_record_is_shown_without(name: str) -> None:
    native: Native = {
        "resourceName": "people/c1",
        "names": [{"displayName": "Ada B", "unstructuredName": "Ada B", "givenName": "Ada", "familyName": "B"}],
        **{people: [{"value": "x"}] for people in fields.WRITABLE if people != "names"},
    }
    shown = MAP.without(native, [name])
    assert native["names"][0]["displayName"] == "Ada B"
    if name in fields.NAMES:
        assert set(shown["names"][0]) == {"givenName", "familyName"} - {fields.NAMES[name].member}
        assert len(shown) == len(native)
    else:
        assert set(native) - set(shown) == {fields.NATIVE_LISTS[name]}
