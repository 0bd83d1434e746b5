"""Writes over HTTP: calls counted, nothing sent twice, nobody's fields wiped, refusals taken apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.contact.model import Contact
from shared.errors import (
    StaleVersion,
    Vanished,
)
from shared.names import Op
from shared.people.persons import version
from shared.side import Done, Outcome, Refused, Write
from tests.people.contacts import contact
from tests.people.world import World
from tests.simulators.wire import Reply, Request

CREATE, UPDATE, DELETE = "batchCreateContacts", "batchUpdateContacts", "batchDeleteContacts"
RICH: dict[str, Any] = {
    "names": [{"givenName": "Ann", "familyName": "Old", "phoneticFamilyName": "Ould"}],
    "nicknames": [{"value": "Nick"}],
    "emailAddresses": [{"value": "ann@example.com", "type": "Boat"}, {"value": "b@example.com", "displayName": "B"}],
    "phoneNumbers": [{"value": "202-555-0100", "type": "work"}, {"value": "202-555-0101", "type": "Boat"}],
    "addresses": [{"formattedValue": "Just a line", "type": "Boat"}, {"streetAddress": "1 Main St", "poBox": "7"}],
    "organizations": [{"name": "Acme", "title": "CEO", "jobDescription": "all"}, {"name": "Club", "type": "school"}],
    "birthdays": [{"date": {"year": 1980, "month": 2, "day": 3}}],
    "biographies": [{"value": "Notes", "contentType": "TEXT_PLAIN"}],
    "urls": [{"value": "https://example.com", "type": "blog"}],
    "relations": [{"person": "Bob", "type": "spouse"}],
    "userDefined": [{"key": "Shoe size", "value": "42"}],
    "clientData": [{"key": "another tool", "value": "7"}],
    "events": [{"date": {"month": 5, "day": 1}, "type": "anniversary"}],
    "imClients": [{"username": "ann", "protocol": "jabber"}],
}


def people(count: int) -> list[Contact]:
    return [contact(f"p{n}@example.com", first_name="P", last_name=str(n)) for n in range(count)]


def stocked(world: World, count: int) -> list[str]:
    return [world.account.add({"names": [{"familyName": f"P{n}"}]}) for n in range(count)]


def renames(world: World, names: Sequence[str]) -> list[Write]:
    return [world.update(name, contact(last_name="New"), ["last_name"]) for name in names]


def families(world: World) -> list[str]:
    return sorted(person["names"][0]["familyName"] for person in world.account.people())


def essence(person: dict[str, Any]) -> dict[str, Any]:
    """What the user entered: without what the server computes."""
    computed = {"metadata", "formattedType", "canonicalForm", "displayName", "displayNameLastFirst", "unstructuredName"}
    left = {k: v for k, v in person.items() if k not in ("etag", "metadata", "photos", "memberships")}
    return {
        name: [{k: v for k, v in item.items() if k not in computed or name == "emailAddresses"} for item in value]
        if isinstance(value, list)
        else value
        for name, value in json.loads(json.dumps(left)).items()
    }


def without_metadata(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in item.items() if k not in ("metadata", "formattedType")} for item in items]


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


# -- creates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_hundred_creates_are_one_call_and_answers_go_by_key(make: Callable[..., World], shuffled: bool) -> None:
    world = make(created_shuffled=shuffled)
    with world.calls() as calls:
        outcomes = world.create(*people(100))
    assert calls == [CREATE]
    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, Done)
        assert outcome.record is not None
        assert outcome.record.planted == (f"key{n}",)
        assert outcome.record.native["names"][0]["familyName"] == str(n)
        assert outcome.record.version == version(world.account.person(outcome.record.id))
        assert world.side.fields.view(outcome.record.native, {}, None).contact.get("last_name") == str(n)
    assert world.size == 100


def test_a_few_go_alone(world: World) -> None:
    with world.calls() as calls:
        assert kinds(world.create(*people(4))) == ["Done"] * 4
    assert len(calls) == 4
    assert world.side.apply([]) == []


def test_more_than_a_batch_holds(world: World) -> None:
    with world.calls() as calls:
        assert kinds(world.create(*people(230))) == ["Done"] * 230
    assert calls == [CREATE, CREATE]


def test_large_contacts_are_split_by_size(world: World) -> None:
    large = [contact(first_name="P", last_name=str(n), notes="n" * 99_000) for n in range(60)]
    with world.calls() as calls:
        assert kinds(world.create(*large)) == ["Done"] * 60
    assert calls == [CREATE, CREATE]


@pytest.mark.parametrize("count", [1, 10])
def test_creates_carry_scope_and_label(world: World, count: int) -> None:
    scope, label = world.account.label("CRM"), world.account.label("From Sugar")
    world.connect(scope=scope, label=label)
    for outcome in world.create(*people(count)):
        assert isinstance(outcome, Done)
        assert outcome.record is not None
        assert outcome.record.in_scope
        assert world.account.labels(outcome.record.id) == {"CRM", "From Sugar"}
    keys, _ = world.listing()
    assert all(key.in_scope for key in keys)


def test_a_create_with_every_field_reads_the_same(world: World) -> None:
    full = contact(
        "a@example.com",
        "b@example.com",
        **{name: f"{name} x" for name in world.side.fields.capabilities if name not in ("emails", "birthday")},
        birthday="1999-12-31",
    )
    (outcome,) = world.create(full)
    assert isinstance(outcome, Done)
    assert outcome.record is not None
    view = world.side.fields.view(outcome.record.native, {}, full)
    assert view.contact == full
    assert view.problems == ()
    assert world.side.fields.view(outcome.record.native, {}, None).contact == full


# -- updates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("rotated", [False, True])
def test_an_update_leaves_everything_else_alone(make: Callable[..., World], many: bool, rotated: bool) -> None:
    world = make(shuffled_fields=rotated)
    name = world.account.add(RICH)
    others = [world.account.add(RICH) for _ in range(6 if many else 0)]
    before = {each: essence(world.account.person(each)) for each in (name, *others)}
    fields = ["last_name", "phone_mobile", "notes", "birthday", "website", "assistant", "primary_city", "emails"]
    writes = []
    for n, each in enumerate((name, *others)):
        seen = world.side.fields.view(world.record(each).native, {}, None).contact
        target = seen.with_values({fields[n]: "1999-12-31"} if fields[n] == "birthday" else {fields[n]: "New"})
        writes.append(world.update(each, target, [fields[n]], key=f"k{n}"))
    with world.calls() as calls:
        outcomes = world.side.apply(writes)
    assert kinds(outcomes) == ["Done"] * len(writes)
    assert calls == ([UPDATE] if many else [calls[0]])
    touched = ["names", "phoneNumbers", "biographies", "birthdays", "urls", "relations", "addresses"]
    for n, (each, old) in enumerate(before.items()):
        new = essence(world.account.person(each))
        assert {"key": "sugar-contact-sync", "value": f"k{n}"} in new["clientData"]
        new["clientData"].remove({"key": "sugar-contact-sync", "value": f"k{n}"})
        for people_field in old:
            if people_field == touched[n]:
                continue
            assert ordered(new[people_field]) == ordered(old[people_field]), people_field
        for item in old.get(touched[n], []) if touched[n] in ("phoneNumbers", "urls", "relations") else []:
            assert item in new[touched[n]]


def ordered(items: Any) -> Any:
    return sorted(items, key=json.dumps) if isinstance(items, list) else items


def test_a_name_keeps_its_phonetic_parts(world: World) -> None:
    name = world.account.add(RICH)
    world.side.apply([world.update(name, contact(last_name="New"), ["last_name"])])
    found = world.account.person(name)["names"][0]
    assert (found["givenName"], found["familyName"], found["phoneticFamilyName"]) == ("Ann", "New", "Ould")
    assert found["displayName"] == "Ann New"


def test_a_union_mask_clears_nobody(world: World) -> None:
    """The public accident: one contact's name, another's phone, in one batch."""
    names = [world.account.add(RICH) for _ in range(10)]
    writes = []
    for n, name in enumerate(names):
        field = "last_name" if n % 2 else "phone_work"
        writes.append(world.update(name, contact(**{field: f"202-555-02{n:02}"}), [field]))
    with world.calls() as calls:
        assert kinds(world.side.apply(writes)) == ["Done"] * 10
    assert calls == [UPDATE]
    for n, name in enumerate(names):
        person = world.account.person(name)
        assert person["names"][0]["familyName"] == (f"202-555-02{n:02}" if n % 2 else "Old")
        assert "202-555-0101" in [item["value"] for item in person["phoneNumbers"]]
        assert ("202-555-0100" in [item["value"] for item in person["phoneNumbers"]]) is bool(n % 2)
        assert person["names"][0]["givenName"] == "Ann"


@pytest.mark.parametrize("named", [1, 7])
def test_what_a_contact_carries_for_the_batchs_sake_is_not_held_against_it(world: World, named: int) -> None:
    """Google does not take back what it has held for long: alone, with its own lists, the update goes through."""
    names = [world.account.add(RICH) for _ in range(8)]
    fields = {name: "birthday" if n == 7 else "last_name" for n, name in enumerate(names)}
    writes = [world.update(name, contact(birthday="1990-01-01", last_name="New"), [fields[name]]) for name in names]
    errors = {name: {"code": 3, "message": "Invalid birthday"} for name in names[:named]}
    refusal = {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"@type": "x", "contactErrors": errors}]}

    def carried(request: Request) -> bool:
        body = json.loads(request.body or b"{}")
        return "birthdays" in body.get("updateMask", "") and not body["contacts"].keys().isdisjoint(errors)

    world.wire.fault("status", path=UPDATE, times=None, matches=carried, reply=Reply(400, {"error": refusal}))
    with world.calls() as calls:
        assert kinds(world.side.apply(writes)) == ["Done"] * 8
    assert calls.count(UPDATE) == (2 if named == 1 else 1)
    assert families(world) == ["New"] * 7 + ["Old"]


def test_what_is_refused_alone_too_is_refused(make: Callable[..., World]) -> None:
    world = make()
    names = [world.account.add(RICH) for _ in range(8)]
    long = {names[0]: ("last_name", "x" * 2000), names[1]: ("title", "New")}
    writes = [
        world.update(name, contact(**{field: value}), [field])
        for name in names
        for field, value in [long.get(name, ("last_name", "New"))]
    ]
    with world.calls() as calls:
        assert kinds(world.side.apply(writes)) == ["Refused", *["Done"] * 7]
    assert calls.count(UPDATE) == 2
    assert len(calls) == 3


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("details", ["named", "first", "none"])
@pytest.mark.parametrize("status", ["invalid_argument", "first"])
def test_a_stale_etag_stops_only_its_contact(make: Callable[..., World], count: int, details: str, status: str) -> None:
    world = make(batch_error_details=details, batch_error_status=status)
    names = stocked(world, count)
    writes = renames(world, names)
    world.account.edit(names[0], nicknames=[{"value": "edited meanwhile"}])
    outcomes = world.side.apply(writes)
    assert isinstance(outcomes[0], Refused)
    assert isinstance(outcomes[0].error, StaleVersion)
    assert kinds(outcomes[1:]) == ["Done"] * (count - 1)
    assert families(world).count("New") == count - 1
    assert world.account.person(names[0])["nicknames"][0]["value"] == "edited meanwhile"


@pytest.mark.parametrize("count", [1, 8])
def test_a_vanished_contact_stops_only_itself(world: World, count: int) -> None:
    names = stocked(world, count)
    writes = renames(world, names)
    world.account.remove(names[-1])
    outcomes = world.side.apply(writes)
    assert isinstance(outcomes[-1], Refused)
    assert isinstance(outcomes[-1].error, Vanished)
    assert kinds(outcomes[:-1]) == ["Done"] * (count - 1)


def test_the_answers_etag_guards_the_next_update(world: World) -> None:
    (name,) = stocked(world, 1)
    (outcome,) = world.side.apply(renames(world, [name]))
    assert isinstance(outcome, Done)
    assert outcome.record
    record = outcome.record
    payload = world.side.fields.update(record.native, {}, contact(last_name="Newer"), ["last_name"], "k")
    write = Write("i", Op.UPDATE, payload, id=name, version=record.version, before=record.native)
    assert kinds(world.side.apply([write])) == ["Done"]
    assert families(world) == ["Newer"]


def test_without_sources_the_persons_own_etag_guards(make: Callable[..., World]) -> None:
    world = make(update_needs_sources=False)
    (name,) = stocked(world, 1)
    (write,) = renames(world, [name])
    assert write.before
    bare = replace(write, version=write.before["etag"], before={**write.before, "metadata": {}})
    assert kinds(world.side.apply([bare])) == ["Done"]
    (outcome,) = world.side.apply([bare])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, StaleVersion)


def test_two_updates_of_one_contact_never_share_a_batch(world: World) -> None:
    names = stocked(world, 6)
    writes = renames(world, names)
    twice = replace(writes[0], intent="twice")
    outcomes = world.side.apply([*writes, twice])
    assert kinds(outcomes[:6]) == ["Done"] * 6
    assert isinstance(outcomes[6], Refused)
    assert isinstance(outcomes[6].error, StaleVersion)


def test_an_update_with_nothing_in_it_is_refused_without_a_call(world: World) -> None:
    with world.calls() as calls:
        (outcome,) = world.side.apply([Write("i", Op.UPDATE, {}, id="people/c1", version="#x", before={})])
    assert isinstance(outcome, Refused)
    assert calls == []


# -- the label ---------------------------------------------------------------------------------------


def test_updates_get_the_label_by_one_call_and_keep_theirs(world: World) -> None:
    label = world.account.label("From Sugar")
    names = [world.account.add({"names": [{"familyName": f"P{n}"}]}, ["Pals", "VIP"]) for n in range(6)]
    world.connect(label=label)
    with world.calls() as calls:
        world.side.apply(renames(world, names))
    assert calls[-2:] == [UPDATE, "modify"]
    assert all(world.account.labels(name) == {"Pals", "VIP", "From Sugar"} for name in names)
    with world.calls() as calls:
        world.side.apply(renames(world, names))
    assert "modify" not in calls


def test_a_label_that_is_gone_fails_no_update(world: World) -> None:
    label = world.account.label("From Sugar")
    world.account.remove_label("From Sugar")
    (name,) = stocked(world, 1)
    world.connect(label=label)
    assert kinds(world.side.apply(renames(world, [name]))) == ["Done"]
    assert len(world.side.notes) == 1
    assert families(world) == ["New"]


# -- deletes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["refuse", "ignore"])
@pytest.mark.parametrize("count", [3, 40])
def test_deleting_what_is_gone_is_done(make: Callable[..., World], missing: str, count: int) -> None:
    world = make(batch_delete_missing=missing)
    names = stocked(world, count + 2)
    world.account.remove(names[1])
    outcomes = world.side.apply([world.delete(name) for name in names[:count]])
    assert outcomes == [Done(None)] * count
    assert world.size == 2


def test_many_deletes_are_one_call(world: World) -> None:
    names = stocked(world, 100)
    with world.calls() as calls:
        world.side.apply([world.delete(name) for name in names])
    assert calls == [DELETE]
    assert world.size == 0


def test_a_mixed_batch_is_three_calls_in_order(world: World) -> None:
    names = stocked(world, 20)
    updates = renames(world, names[:10])
    deletes = [world.delete(name) for name in names[10:]]
    creates = world.creates(*people(10))
    mixed = [write for trio in zip(creates, updates, deletes, strict=True) for write in trio]
    with world.calls() as calls:
        outcomes = world.side.apply(mixed)
    assert calls == [DELETE, UPDATE, CREATE]
    assert kinds(outcomes) == ["Done"] * 30
    assert world.account.overlapping_writes == 0
