"""Deleted contacts come back whole, and writes are taken back to the letter, against the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import Op
from shared.people import fields
from shared.people.fields import KEY_NAME
from shared.side import Done, Record, Write
from tests.people.contacts import applied, contact, field_map, phones
from tests.people.test_fieldmap import DOCUMENT
from tests.people.test_writing import RICH
from tests.people.world import World

ALSO: dict[str, Any] = {
    "calendarUrls": [{"url": "https://cal.example.com", "type": "home"}],
    "externalIds": [{"value": "E-1", "type": "account"}],
    "genders": [{"value": "female"}],
    "interests": [{"value": "Chess"}],
    "locations": [{"value": "Attic", "type": "desk", "current": True}],
    "miscKeywords": [{"value": "K", "type": "OUTLOOK_USER"}],
    "occupations": [{"value": "Baker"}],
    "sipAddresses": [{"value": "sip:ann@example.com", "type": "work"}],
}


def again(world: World, record: Record, key: str = "k1") -> Record:
    restored = world.side.fields.restore(record.native, key)
    [outcome] = world.side.apply([Write("r1", Op.CREATE, restored.payload, key=key)])
    assert isinstance(outcome, Done), outcome
    assert outcome.record is not None
    return world.record(outcome.record.id)


def labels(person: dict[str, Any]) -> set[str]:
    return {entry["contactGroupMembership"]["contactGroupResourceName"] for entry in person["memberships"]}


def test_all_lists_that_can_be_written_are_known() -> None:
    mask = DOCUMENT["resources"]["people"]["methods"]["updateContact"]["parameters"]["updatePersonFields"]
    assert set(fields.LISTS) == set(mask["description"].partition(" are: ")[2].replace("*", "").split())
    for people, members in fields.LISTS.items():
        schema = DOCUMENT["schemas"]["Person"]["properties"][people]["items"]["$ref"]
        known = DOCUMENT["schemas"][schema]["properties"]
        assert members == {m for m, spec in known.items() if not spec.get("readOnly")} - {"metadata"}, people


def test_a_deleted_contact_comes_back_with_everything(world: World) -> None:
    name = world.account.add({**RICH, **ALSO}, ("Friends of ours", "starred"))
    before = world.record(name)
    world.side.apply([World.delete(name)])
    after = again(world, before)
    assert after.id != name
    assert after.planted == ("k1",)
    assert labels(after.native) == labels(before.native)
    assert set(after.native) == set(before.native)
    assert set(RICH) | set(ALSO) <= set(after.native)
    for people in (*RICH, *ALSO):
        shown = [[{k: v for k, v in e.items() if k != "metadata"} for e in r.native[people]] for r in (before, after)]
        ours = {"key": KEY_NAME, "value": "k1"}
        assert shown[0] == [entry for entry in shown[1] if entry != ours], people
    assert world.side.fields.rewrite(after.native, before.native) == {}


def test_what_does_not_come_back_is_said() -> None:
    plain = {"names": [{"familyName": "Lee"}], "photos": [{"url": "x", "default": True}]}
    assert field_map().restore(plain, "k").lost == ("its id and its dates are new ones",)
    native = {
        **plain,
        "photos": [{"url": "x"}],
        "skills": [{"value": "Go"}],
        "memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/coworkers"}}],
    }
    restored = field_map().restore(native, "k")
    assert restored.lost[1:] == ("the group coworkers: Google lets nobody join it", "the photo", "the skills")
    assert labels(restored.payload) == {"contactGroups/myContacts"}


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, False),
        (
            {"phoneNumbers": [{"value": "202-555-0101", "type": "Boat"}, {"value": "202-555-0100", "type": "work"}]},
            False,
        ),
        ({"etag": "%other", "clientData": [{"key": "another tool", "value": "7"}]}, False),
        ({"interests": [{"value": "Chess"}]}, True),
        ({"nicknames": []}, True),
        ({"clientData": []}, True),
        ({"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/1a"}}]}, True),
    ],
)
def test_two_records_are_told_apart_by_all_that_can_be_written(changes: dict[str, Any], differs: bool) -> None:
    payload = field_map().rewrite({**RICH, **changes}, RICH)
    assert set(payload) == (set(changes) if differs else set())


def test_a_write_is_taken_back_to_the_letter() -> None:
    """Types, order, what stands beside the slots: all as it was, though the slots alone would not tell."""
    known = field_map()
    before = {**RICH, **phones(("202-555-0101", "Boat"), ("202-555-0100", "workMobile"), ("202-555-0102", "main"))}
    memo = known.view(before, {}, None).memo
    target = contact("ann@example.com", phone_mobile="", phone_work="202-555-0177", last_name="New", title="Chief")
    changed = ["phone_mobile", "phone_work", "last_name", "title", "notes", "emails"]
    after = applied(before, known.update(before, memo, target, changed, "k"))
    found = known.put_back(after, memo, before, after, changed, exact=True)
    assert (sorted(found.back), found.edited) == (sorted(changed), ())
    assert known.rewrite(found.record, before) == {}
    assert found.record["phoneNumbers"] == before["phoneNumbers"]


def test_only_the_fields_asked_for_go_back() -> None:
    known = field_map()
    before = dict(RICH)
    memo = known.view(before, {}, None).memo
    target = contact(nickname="New", notes="New")
    after = applied(before, known.update(before, memo, target, ["nickname", "notes"], "k"))
    found = known.put_back(after, memo, before, after, ["notes"], exact=True)
    assert (found.back, found.edited) == (("notes",), ())
    assert set(known.rewrite(found.record, before)) == {"nicknames"}


def test_a_list_that_was_edited_since_goes_back_field_by_field() -> None:
    known = field_map()
    before = {**RICH, **phones(("202-555-0100", "work"), ("202-555-0102", "home"))}
    memo = known.view(before, {}, None).memo
    target = contact(phone_work="202-555-0177", phone_home="202-555-0178", last_name="New", first_name="Nan")
    changed = ["phone_work", "phone_home", "last_name", "first_name"]
    after = applied(before, known.update(before, memo, target, changed, "k"))
    memo = known.view(after, memo, None).memo
    now = {
        **after,
        **phones(("202-555-0177", "work"), ("202-555-0199", "home"), ("202-555-0200", "yacht")),
        "names": [{"givenName": "Nan", "familyName": "Newer"}],
    }
    found = known.put_back(now, memo, before, after, changed, exact=True)
    assert (sorted(found.back), sorted(found.edited)) == (["first_name", "phone_work"], ["last_name", "phone_home"])
    shown = known.view(found.record, memo, None).contact
    assert [shown.get(name) for name in changed] == ["202-555-0100", "202-555-0199", "Newer", "Ann"]
    assert {"value": "202-555-0200", "type": "yacht"} in found.record["phoneNumbers"]


def test_emails_edited_since_go_back_address_by_address() -> None:
    known = field_map()
    before = {"emailAddresses": [{"value": "a@x.example"}, {"value": "b@x.example", "type": "Boat"}]}
    after = {"emailAddresses": [{"value": "a@x.example"}, {"value": "c@x.example"}]}
    now = {"emailAddresses": [*after["emailAddresses"], {"value": "mine@x.example"}]}
    found = known.put_back(now, {}, before, after, ["emails"], exact=True)
    addresses = sorted(entry["value"] for entry in found.record["emailAddresses"])
    assert (addresses, found.back, found.edited) == (["a@x.example", "b@x.example", "mine@x.example"], ("emails",), ())


def test_what_was_read_later_proves_nothing_of_the_rest_of_a_list() -> None:
    """The after-image of a recovered write may hold a user's edit: the list as a whole is not put back."""
    known = field_map()
    before = phones(("202-555-0100", "work"))
    memo = known.view(before, {}, None).memo
    later = phones(("202-555-0177", "work"), ("202-555-0200", "yacht"))
    found = known.put_back(later, memo, before, later, ["phone_work"], exact=False)
    assert found.back == ("phone_work",)
    assert found.record["phoneNumbers"] == phones(("202-555-0100", "work"), ("202-555-0200", "yacht"))["phoneNumbers"]
