"""Pairing, case by case: what the user sees and what is never touched."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contact.fields import PHONE_SLOTS
from shared.contact.model import Contact
from shared.side import Memo, Native
from tests.people.contacts import applied, contact, field_map, phones

MAP = field_map()
A, B, C, D = (f"+1 202-555-010{n}" for n in range(4))


def seen(native: Native, memo: Memo, other: Contact | None) -> tuple[dict[str, str], list[str]]:
    """Phones by slot without the prefix, and values of the private ones."""
    view = MAP.view(native, memo, other)
    shown = {slot.removeprefix("phone_"): view.contact.get(slot) for slot in PHONE_SLOTS if view.contact.get(slot)}
    return shown, [raw[0] for _, raw in view.memo["phones"]["private"]]


def listed(body: Native) -> list[tuple[str, str]]:
    return [(item["value"], item.get("type", "")) for item in body["phoneNumbers"]]


@pytest.mark.parametrize(
    ("elements", "other", "slots", "private"),
    [
        # Nobody on the other side yet: the first element of each type.
        ([(A, "work"), (B, "work"), (C, "mobile")], None, {"work": A, "mobile": C}, [B]),
        ([(A, "main"), (B, "work")], None, {"work": B}, [A]),
        ([(A, ""), (B, "pager"), (C, "Assistant")], None, {"other": A, "assistant": C}, [B]),
        ([(A, "homeFax"), (B, "workFax"), (C, "workMobile")], None, {"fax": B, "mobile": C}, [A]),
        # An equal value pairs before an equal type does, however it is spelled.
        ([(A, "work"), ("(202) 555-0101", "work")], {"phone_work": B}, {"work": "(202) 555-0101"}, [A]),
        ([(A, "home")], {"phone_work": A}, {"work": A}, []),
        ([(A, "home"), (A, "work")], {"phone_work": A}, {"work": A, "home": A}, []),
        ([(A, "Boat"), (B, "work")], {"phone_work": A}, {"work": A}, [B]),
        # Blank on the other side: filled from here.
        ([(A, "work"), (B, "home")], {"phone_work": A}, {"work": A, "home": B}, []),
        # Another value on the other side: shown, and fresh.
        ([(A, "work")], {"phone_work": B}, {"work": A}, []),
    ],
)
def test_not_linked_yet(
    elements: list[tuple[str, str]], other: dict[str, str] | None, slots: dict[str, str], private: list[str]
) -> None:
    assert seen(phones(*elements), {}, None if other is None else contact(**other)) == (slots, private)


def linked(*elements: tuple[str, str], **agreed: str) -> Memo:
    """What is remembered of a contact whose two sides agree."""
    return MAP.view(phones(*elements), {}, contact(**agreed)).memo


@pytest.mark.parametrize(
    ("elements", "slots", "private"),
    [
        ([(A, "work"), (B, "Boat")], {"work": A}, [B]),
        # Another order, another spelling, another type.
        ([(B, "Boat"), ("2025550100", "work")], {"work": "2025550100"}, [B]),
        ([(A, "home"), (B, "Boat")], {"work": A}, [B]),
        # The value was edited.
        ([(C, "work"), (B, "Boat")], {"work": C}, [B]),
        ([(C, "main"), (B, "Boat")], {"work": C}, [B]),
        # Deleted; the private one is not promoted, not even after it changed its type.
        ([(B, "Boat")], {}, [B]),
        ([(B, "work")], {}, [B]),
        # One more of a type: the remembered one stays, the new one is private, wherever it stands.
        ([(C, "work"), (A, "work"), (B, "Boat")], {"work": A}, [C, B]),
        # New ones fill slots that were blank.
        ([(A, "work"), (B, "Boat"), (C, "mobile"), (D, "mobile")], {"work": A, "mobile": C}, [B, D]),
        # The private one was edited, or deleted.
        ([(A, "work"), (C, "Boat")], {"work": A}, [C]),
        ([(A, "work")], {"work": A}, []),
        ([], {}, []),
    ],
)
def test_linked(elements: list[tuple[str, str]], slots: dict[str, str], private: list[str]) -> None:
    memo = linked((A, "work"), (B, "Boat"), phone_work=A)
    for other in (None, contact(phone_work=A)):
        assert seen(phones(*elements), memo, other) == (slots, private)


def test_an_edited_private_element_is_not_promoted_to_a_blank_slot() -> None:
    memo = linked((A, "work"), (B, "work"), phone_work=A)
    cleared = MAP.update(phones((A, "work"), (B, "work")), memo, contact(), ["phone_work"], "k")
    assert listed(cleared) == [(B, "work")]
    memo = MAP.view(cleared, memo, contact()).memo
    assert seen(phones((C, "work")), memo, contact()) == ({}, [C])


def test_both_sides_added_the_same_number() -> None:
    memo = linked(phone_work="")
    assert seen(phones((A, "home")), memo, contact(phone_work=A)) == ({"work": A}, [])
    assert seen(phones((A, "home")), memo, contact(phone_work=B)) == ({"home": A}, [])


def test_a_value_that_was_never_agreed_on_is_not_overwritten() -> None:
    native = phones((A, "work"))
    memo = MAP.view(native, {}, contact(phone_work=B)).memo
    assert memo["phones"]["slots"]["phone_work"]["fresh"]
    body = MAP.update(native, memo, contact(phone_work=B), ["phone_work"], "k")
    assert listed(body) == [(B, "work"), (A, "work")]
    assert seen(body, memo, contact(phone_work=B)) == ({"work": B}, [A])
    memo = MAP.view(body, memo, contact(phone_work=B)).memo
    assert listed(MAP.update(body, memo, contact(phone_work=C), ["phone_work"], "k")) == [(C, "work"), (A, "work")]


def test_a_value_that_was_agreed_on_is_overwritten_in_place() -> None:
    native = phones((A, "main"), (B, "Boat"))
    memo = MAP.view(native, {}, contact(phone_work=B)).memo  # paired by value, across types
    memo = MAP.view(native, memo, contact(phone_work=B)).memo
    body = MAP.update(native, memo, contact(phone_work=C), ["phone_work"], "k")
    assert listed(body) == [(A, "main"), (C, "Boat")]


def test_filled_from_here_becomes_agreed_once_the_other_side_has_it() -> None:
    native = phones((A, "work"))
    memo = MAP.view(native, {}, contact()).memo
    assert memo["phones"]["slots"]["phone_work"]["fresh"]
    memo = MAP.view(native, memo, contact(phone_work=A)).memo
    assert "fresh" not in memo["phones"]["slots"]["phone_work"]
    assert listed(MAP.update(native, memo, contact(phone_work=B), ["phone_work"], "k")) == [(B, "work")]


def test_swapped_numbers_read_swapped() -> None:
    native = phones((A, "work"), (B, "home"))
    target = contact(phone_work=B, phone_home=A)
    memo = MAP.view(native, {}, contact(phone_work=A, phone_home=B)).memo
    body = MAP.update(native, memo, target, ["phone_work", "phone_home"], "k")
    assert listed(body) == [(B, "work"), (A, "home")]
    assert seen(body, memo, target) == ({"work": B, "home": A}, [])


def test_an_update_keeps_what_is_not_named() -> None:
    native = {
        "phoneNumbers": [
            {"value": A, "type": "Boat", "formattedType": "Boat", "canonicalForm": "+12025550100"},
            {"value": B, "metadata": {"primary": True, "sourcePrimary": True, "source": {"type": "CONTACT"}}},
            {"value": C, "type": "work", "metadata": {"source": {"type": "PROFILE"}}},
        ]
    }
    memo = MAP.view(native, {}, None).memo
    body = MAP.update(native, memo, contact(phone_work=D), ["phone_work"], "k")
    assert body["phoneNumbers"] == [
        {"value": A, "type": "Boat"},
        {"value": B, "metadata": {"sourcePrimary": True}},
        {"value": D, "type": "work"},
    ]


# -- addresses, organizations and the others ---------------------------------------------------------


def address(kind: str, **parts: str) -> dict[str, str]:
    return {**({"type": kind} if kind else {}), **parts}


def addresses(*found: dict[str, str]) -> Native:
    return {"addresses": list(found)}


def test_addresses_pair_as_a_whole_and_merge_by_parts() -> None:
    native = addresses(
        address("home", streetAddress="1 Main St", city="Bonn"), address("work", streetAddress="2 Oak Ave", city="Ulm")
    )
    other = contact(primary_street="1 Main St", primary_postalcode="53111", primary_city="Bonn")
    view = MAP.view(native, {}, other)
    assert view.contact.get("primary_street") == "1 Main St"
    assert view.contact.get("primary_postalcode") == ""
    body = MAP.update(native, view.memo, other, ["primary_postalcode"], "k")
    assert body["addresses"][0] == address("home", streetAddress="1 Main St", city="Bonn", postalCode="53111")
    assert body["addresses"][1] == native["addresses"][1]
    assert MAP.view(body, view.memo, other).contact.get("primary_postalcode") == "53111"


def test_a_country_in_common_joins_no_address_across_types() -> None:
    native = addresses(address("home", streetAddress="1 Main St", country="Germany"))
    view = MAP.view(native, {}, contact(primary_country="Germany"))
    assert view.contact.get("primary_street") == ""
    assert view.contact.get("alt_street") == "1 Main St"


def test_an_address_that_was_never_agreed_on_stays() -> None:
    native = addresses(address("work", streetAddress="1 Main St", city="Bonn"))
    other = contact(primary_street="2 Oak Ave", primary_city="Ulm")
    memo = MAP.view(native, {}, other).memo
    body = MAP.update(native, memo, other, ["primary_street", "primary_city"], "k")
    assert body["addresses"] == [address("work", streetAddress="2 Oak Ave", city="Ulm"), *native["addresses"]]


def test_the_further_line_of_an_address() -> None:
    native = addresses(
        address(
            "work", streetAddress="1 Main St", extendedAddress="Apt 4", poBox="7", formattedValue="old", country="US"
        )
    )
    native["addresses"][0]["countryCode"] = "US"
    view = MAP.view(native, {}, None)
    assert view.contact.get("primary_street") == "1 Main St\nApt 4"

    def written(**changes: str) -> dict[str, str]:
        target = view.contact.with_values(changes)
        body = MAP.update(native, view.memo, target, list(changes), "k")
        shown = MAP.view(body, view.memo, target).contact
        assert shown == target.with_values({"primary_street": target.get("primary_street").replace("\r", "")})
        found: dict[str, str] = body["addresses"][0]
        return found

    kept = address(
        "work", streetAddress="2 Oak Ave", extendedAddress="Apt 4", poBox="7", country="US", countryCode="US"
    )
    assert written(primary_street="2 Oak Ave\nApt 4") == kept
    assert written(primary_street="2 Oak Ave\r\nApt 4")["streetAddress"] == "2 Oak Ave"
    assert written(primary_street="Apt 4") == address(
        "work", extendedAddress="Apt 4", poBox="7", country="US", countryCode="US"
    )
    assert "extendedAddress" not in written(primary_street="2 Oak Ave")
    assert "countryCode" not in written(primary_country="Canada")


def test_a_cleared_address_keeps_what_is_private_in_it() -> None:
    native = addresses(address("work", streetAddress="1 Main St", poBox="7"))
    memo = MAP.view(native, {}, None).memo
    body = MAP.update(native, memo, contact(), ["primary_street"], "k")
    assert body["addresses"] == [address("work", poBox="7")]
    assert MAP.view(body, memo, contact()).contact.get("primary_street") == ""
    plain = addresses(address("work", streetAddress="1 Main St", formattedValue="1 Main St"))
    memo = MAP.view(plain, {}, None).memo
    assert MAP.update(plain, memo, contact(), ["primary_street"], "k")["addresses"] == []


def test_an_address_of_one_line_is_private() -> None:
    native = addresses(address("work", formattedValue="Somewhere"))
    assert MAP.view(native, {}, None).contact.get("primary_street") == ""
    body = MAP.update(native, {}, contact(primary_city="Ulm"), ["primary_city"], "k")
    assert body["addresses"] == [address("work", formattedValue="Somewhere"), address("work", city="Ulm")]


def test_organizations_pair_by_company_or_title() -> None:
    native: Native = {
        "organizations": [
            {"name": "Club", "title": "Member"},
            {"name": "Acme", "title": "CEO", "jobDescription": "all", "startDate": {"year": 2001}},
        ]
    }
    for other in (contact(company="Acme"), contact(title="CEO", company="Acme Inc")):
        view = MAP.view(native, {}, other)
        assert view.contact.get("company") == "Acme"
    memo = MAP.view(native, {}, contact(company="Acme", title="CEO")).memo
    body = MAP.update(native, memo, contact(company="Acme", title="CFO"), ["title"], "k")
    assert body["organizations"] == [
        native["organizations"][0],
        {"name": "Acme", "title": "CFO", "jobDescription": "all", "startDate": {"year": 2001}},
    ]
    assert MAP.view(body, memo, contact(company="Acme", title="CFO")).contact.get("title") == "CFO"


def test_the_primary_organization_goes_first() -> None:
    native: Native = {"organizations": [{"name": "Club"}, {"name": "Acme", "metadata": {"primary": True}}]}
    assert MAP.view(native, {}, None).contact.get("company") == "Acme"


def test_only_the_assistant_among_relations() -> None:
    native: Native = {"relations": [{"person": "Ann", "type": "spouse"}, {"person": "Bob", "type": "manager"}]}
    view = MAP.view(native, {}, contact(assistant="Ann"))
    assert view.contact.get("assistant") == ""
    body = MAP.update(native, view.memo, contact(assistant="Ann"), ["assistant"], "k")
    assert body["relations"] == [*native["relations"], {"person": "Ann", "type": "assistant"}]


def test_custom_fields_go_by_their_label_also_when_mapped_later() -> None:
    native: Native = {"userDefined": [{"key": "Shoe size", "value": "42"}, {"key": "blood  TYPE", "value": "A"}]}
    before = field_map_without_custom().view(native, {}, contact()).memo
    view = MAP.view(native, before, contact())
    assert view.contact.get("custom:blood_type_c") == "A"
    body = MAP.update(native, view.memo, contact(**{"custom:blood_type_c": "B"}), ["custom:blood_type_c"], "k")
    assert body["userDefined"][0] == native["userDefined"][0]
    assert "B" in [item["value"] for item in body["userDefined"]]


def field_map_without_custom() -> Any:
    from shared.contact.fields import FIELDS
    from shared.people.fieldmap import PeopleFieldMap

    return PeopleFieldMap(FIELDS, custom={}, region="US")


def test_websites_and_nicknames() -> None:
    native: Native = {
        "urls": [{"value": "https://blog.example.com", "type": "blog"}, {"value": "example.com", "type": "homePage"}],
        "nicknames": [{"value": "Born", "type": "MAIDEN_NAME"}, {"value": "Nick"}],
    }
    view = MAP.view(native, {}, None)
    assert view.contact.get("website") == "example.com"
    assert view.contact.get("nickname") == "Nick"
    target = contact(website="new.example.com")
    body = MAP.update(native, view.memo, target, ["website", "nickname"], "k")
    assert body["urls"] == [native["urls"][0], {"value": "new.example.com", "type": "homePage"}]
    assert body["nicknames"] == [native["nicknames"][0]]
    assert applied(native, body)["urls"] == body["urls"]
