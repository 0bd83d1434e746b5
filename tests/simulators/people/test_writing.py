"""Writing people one by one."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.simulators.people.caller import FIELDS, Caller, ann, serving
from tests.simulators.people.errors import Json

STALE = {
    "code": 400,
    "message": "Request person.etag is different than the current person.etag. "
    "Clear local cache and get the latest person.",
    "status": "FAILED_PRECONDITION",
}


def refused(jane: Caller, person: Json, mask: str, **fields: Any) -> Json:
    """An ``updateContact`` that has to be a 400."""
    path = f"{person['resourceName']}:updateContact"
    return jane.refused(400, "PATCH", path, {**person, **fields}, updatePersonFields=mask)


def names_of(person: Json) -> list[str]:
    return [n["displayName"] for n in person.get("names", [])]


def groups_of(person: Json) -> set[str]:
    return {m["contactGroupMembership"]["contactGroupId"] for m in person["memberships"]}


# -- creating ------------------------------------------------------------------------------------------


def test_a_contact_without_memberships_lands_in_my_contacts(jane: Caller) -> None:
    assert groups_of(jane.create(**ann())) == {"myContacts"}
    label = jane.account.label("Work")
    person = jane.create(**ann(memberships=[{"contactGroupMembership": {"contactGroupResourceName": label}}]))
    assert groups_of(person) == {label.removeprefix("contactGroups/")}


def test_the_same_create_again_makes_another_contact(jane: Caller) -> None:
    body = ann(clientData=[{"key": "k", "value": "v"}])
    assert jane.create(**body)["resourceName"] != jane.create(**body)["resourceName"]
    assert jane.account.size == 2


@pytest.mark.parametrize(
    "field", [{"names": {"givenName": "A"}}, {"biographies": {"value": "b"}}, {"genders": {"value": "male"}}]
)
def test_singletons_are_refused_twice(jane: Caller, field: dict[str, Json]) -> None:
    ((name, item),) = field.items()
    jane.refused(400, "POST", "people:createContact", {name: [item, item]})
    person = jane.create(**ann())
    refused(jane, person, name, **{name: [item, item]})
    assert jane.account.size == 1


def test_two_birthdays_are_refused(jane: Caller) -> None:
    date = {"date": {"year": 1990, "month": 1, "day": 2}}
    jane.refused(400, "POST", "people:createContact", {"birthdays": [date, date]})


def test_all_fields_come_back_without_a_mask(jane: Caller) -> None:
    person = jane.ok("POST", "people:createContact", ann(biographies=[{"value": "n"}]))
    assert {"names", "biographies", "memberships", "metadata", "photos"} <= set(person)
    assert person["biographies"][0]["contentType"] == "TEXT_PLAIN"


def test_client_data_is_kept_with_duplicates(jane: Caller) -> None:
    data = [{"key": "k", "value": "v"}, {"key": "k", "value": "v"}, {"key": "k", "value": "w"}]
    person = jane.create(**ann(clientData=data))
    assert [{"key": d["key"], "value": d["value"]} for d in person["clientData"]] == data


def test_all_of_unicode_is_kept(jane: Caller) -> None:
    name = "Zoë 🦄 O’Neill <b>&amp; 名前 \u200d"
    assert jane.create(names=[{"givenName": name}])["names"][0]["givenName"] == name
    answer = jane.raw("POST", "people:createContact", {"names": [{"givenName": "\ud800"}]})
    assert answer.status_code == 400


def test_birthdays_may_lack_parts(jane: Caller) -> None:
    for date in ({"month": 2, "day": 29}, {"year": 1990}, {"year": 1990, "month": 5}):
        whole = {"year": 0, "month": 0, "day": 0, **date}
        assert jane.ok("POST", "people:createContact", {"birthdays": [{"date": whole}]})["birthdays"][0]["date"] == date
    for bad in ({"month": 13, "day": 1}, {"month": 2, "day": 30}, {"day": 5}, {"year": 2023, "month": 2, "day": 29}):
        jane.refused(400, "POST", "people:createContact", {"birthdays": [{"date": bad}]})


# -- names ---------------------------------------------------------------------------------------------


def test_the_server_computes_the_shown_names(jane: Caller) -> None:
    parts = {"honorificPrefix": "Dr.", "givenName": "Ann", "middleName": "M.", "familyName": "Lee"}
    sent = {**parts, "honorificSuffix": "Jr.", "displayName": "ignored"}
    (name,) = jane.create(names=[sent])["names"]
    assert name["displayName"] == name["unstructuredName"] == "Dr. Ann M. Lee, Jr."
    assert name["displayNameLastFirst"] == "Lee, Dr. Ann M., Jr."
    assert {k: name[k] for k in parts} == parts


def test_a_display_name_alone_is_refused(jane: Caller) -> None:
    error = jane.refused(400, "POST", "people:createContact", {"names": [{"displayName": "Ann Lee"}]})
    assert error["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(("wins", "shown"), [(True, "Ann Lee"), (False, "Anna Lee")])
def test_a_stale_unstructured_name(wins: bool, shown: str) -> None:
    with serving(unstructured_name_wins=wins) as jane:
        person = jane.create(**ann())
        name = {**person["names"][0], "givenName": "Anna"}
        assert names_of(jane.update(person, "names", names=[name])) == [shown]
        del name["unstructuredName"]
        assert names_of(jane.update(jane.get(person["resourceName"]), "names", names=[name])) == ["Anna Lee"]
        assert jane.create(names=[{"unstructuredName": "Dr. Bo Li"}])["names"][0]["familyName"] == "Li"


# -- updating ------------------------------------------------------------------------------------------


def test_masked_fields_are_replaced_whole(jane: Caller) -> None:
    person = jane.ok("POST", "people:createContact", ann(organizations=[{"name": "A", "department": "D"}]))
    fields = {"organizations": [{"name": "B"}], "names": [{"givenName": "Not masked"}]}
    jane.update(person, "organizations", **fields)
    shown = jane.get(person["resourceName"], "organizations,names")
    assert [(o["name"], "department" in o) for o in shown["organizations"]] == [("B", False)]
    assert names_of(shown) == ["Ann Lee"]
    jane.update(jane.get(person["resourceName"]), "organizations,nicknames", nicknames=[{"value": "x"}])
    assert "organizations" not in jane.get(person["resourceName"], "organizations")


def test_stale_etags_are_the_recorded_400(jane: Caller) -> None:
    person = jane.create(**ann())
    jane.account.edit(person["resourceName"], names=[{"givenName": "Bo"}])
    assert refused(jane, person, "names") == STALE
    del person["etag"]
    message = STALE["message"].replace("person.etag", "person.metadata.sources.etag")  # type: ignore[attr-defined]
    assert refused(jane, person, "names") == {**STALE, "message": message}
    assert names_of(jane.account.person(person["resourceName"])) == ["Bo"]


def test_an_update_needs_an_etag_and_the_contact_source(jane: Caller) -> None:
    person = jane.create(**ann())
    (source,) = person["metadata"]["sources"]
    jane.update(person, "names", etag="")
    person = jane.get(person["resourceName"])
    bare = {"sources": [{k: v for k, v in source.items() if k != "etag"}]}
    message = refused(jane, person, "names", etag="", metadata=bare)["message"]
    assert message.startswith("Request must set person.etag or person.metadata.sources.etag")
    refused(jane, person, "names", metadata={"sources": []})
    refused(jane, person, "names", metadata={"sources": [{**source, "id": "ff", "etag": ""}]})
    jane.update(person, "names", metadata=bare)


def test_an_etag_may_do_without_sources() -> None:
    with serving(update_needs_sources=False) as jane:
        person = jane.create(**ann())
        del person["metadata"]
        jane.update(person, "names")
        assert "person.etag" in refused(jane, person, "names", etag="")["message"]


def test_the_two_etags_are_not_interchangeable(jane: Caller) -> None:
    person = jane.create(**ann())
    (source,) = person["metadata"]["sources"]
    assert refused(jane, person, "names", etag=source["etag"]) == STALE
    refused(jane, person, "names", metadata={"sources": [{**source, "etag": person["etag"]}]})
    # An etag of another mask is as good.
    jane.update({**person, "etag": jane.get(person["resourceName"], "photos")["etag"]}, "names")


def test_the_etag_of_the_answer_is_good_for_the_next_update(jane: Caller) -> None:
    person = jane.create(**ann())
    for i in range(3):
        new = jane.update(person, "names", names=[{"givenName": str(i)}])
        assert new["etag"] != person["etag"]
        person = new


def test_a_fresh_read_may_still_meet_a_stale_etag() -> None:
    with serving(etag_lag=5.0) as jane:
        person = jane.update(jane.create(**ann()), "names", names=[{"givenName": "own"}])
        name = person["resourceName"]
        jane.account.edit(name, names=[{"givenName": "theirs"}])
        assert refused(jane, jane.get(name), "names") == STALE
        jane.clock.advance(5)
        jane.update(jane.get(name), "names", names=[{"givenName": "own"}])


@pytest.mark.parametrize("mask", ["photos", "metadata", "skills", "coverPhotos", "ageRanges", "fileAses", "bogus", ""])
def test_what_cannot_be_updated(jane: Caller, mask: str) -> None:
    refused(jane, jane.create(**ann()), mask)


def test_memberships_sent_along_replace_the_set(jane: Caller) -> None:
    name = jane.account.add(ann(), ["Work", "Home"])
    person = jane.get(name)
    keep = [m for m in person["memberships"] if m["contactGroupMembership"]["contactGroupId"] != "myContacts"][:1]
    keep[0]["contactGroupMembership"].pop("contactGroupId")
    assert len(groups_of(jane.update(person, "memberships", memberships=keep))) == 1
    for bad in ([], [{"contactGroupMembership": {"contactGroupId": "myContacts"}}], [_member("contactGroups/nope")]):
        refused(jane, jane.get(name), "memberships", memberships=bad)
    refused(jane, jane.get(name), "memberships", memberships=[_member("contactGroups/friends")])


@pytest.mark.parametrize(("status", "code"), [("INVALID_ARGUMENT", 400), ("NOT_FOUND", 404)])
def test_a_label_that_does_not_exist(status: str, code: int) -> None:
    with serving(unknown_label=status) as jane:
        label = jane.account.label("Work")
        jane.account.remove_label("Work")
        error = jane.refused(code, "POST", "people:createContact", ann(memberships=[_member(label)]))
        assert error["status"] == status
        assert jane.account.size == 0


def _member(group: str) -> Json:
    return {"contactGroupMembership": {"contactGroupResourceName": group}}


def test_items_of_a_profile_are_ignored_in_an_update(jane: Caller) -> None:
    name = jane.account.add(ann())
    jane.account.link_profile(name, emailAddresses=[{"value": "p@example.com"}])
    person = jane.get(name)
    jane.update(person, "emailAddresses")
    assert not jane.account.book.live[name].fields.get("emailAddresses")


def test_output_only_fields_are_ignored(jane: Caller) -> None:
    person = jane.create(**ann(phoneNumbers=[{"value": "1", "canonicalForm": "+12"}]), photos=[{"url": "u"}])
    assert "canonicalForm" not in person["phoneNumbers"][0]
    assert jane.get(person["resourceName"], "photos")["photos"][0]["default"] is True


@pytest.mark.parametrize(("counts", "first"), [(True, "b@x.org"), (False, "a@x.org")])
def test_the_source_primary_flag(counts: bool, first: str) -> None:
    with serving(source_primary_counts=counts) as jane:
        emails: list[Json] = [{"value": "a@x.org"}, {"value": "b@x.org", "metadata": {"sourcePrimary": True}}]
        shown = jane.create(**ann(emailAddresses=emails))["emailAddresses"]
        assert [e["value"] for e in shown if e["metadata"].get("primary")] == [first]


# -- deleting and limits ---------------------------------------------------------------------------------


def test_delete_takes_no_etag_and_a_missing_one_is_404(jane: Caller) -> None:
    name = jane.create(**ann())["resourceName"]
    assert jane.ok("DELETE", f"{name}:deleteContact") == {}
    jane.refused(404, "DELETE", f"{name}:deleteContact")
    jane.refused(404, "PATCH", f"{name}:updateContact", {"etag": "%"}, updatePersonFields="names")


def test_the_limits_of_a_contact() -> None:
    long, notes = "x" * 1025, [{"value": "x" * 100_000}]
    cases = [{"nicknames": [{"value": long}]}, {"biographies": [{"value": "é" * 70_000}]}]
    cases.append({"urls": [{"value": str(i)} for i in range(501)]})
    for enforced in (True, False):
        with serving(enforces_limits=enforced) as jane:
            jane.create(nicknames=[{"value": "x" * 1024}], biographies=notes)
            for case in cases:
                answer = jane.raw("POST", "people:createContact", case)
                assert answer.status_code == (400 if enforced else 200)


@pytest.mark.parametrize(("status", "code"), [("FAILED_PRECONDITION", 400), ("RESOURCE_EXHAUSTED", 429)])
def test_the_contact_too_many(status: str, code: int) -> None:
    with serving(overflow_status=status) as jane:
        assert jane.account.book.max_contacts == 25_000
        jane.account.book.max_contacts = 1
        jane.create(**ann())
        error = jane.refused(code, "POST", "people:createContact", ann())
        assert "MY_CONTACTS_OVERFLOW_COUNT" in error["message"]
        assert error["status"] == status


def test_photos_are_set_and_dropped(jane: Caller) -> None:
    person = jane.create(**ann())
    name = person["resourceName"]
    body = {"photoBytes": "AAAA", "personFields": "photos"}
    shown = jane.ok("PATCH", f"{name}:updateContactPhoto", body)["person"]
    assert "default" not in shown["photos"][0]
    assert jane.ok("DELETE", f"{name}:deleteContactPhoto") == {}
    assert jane.get(name, "photos")["photos"][0]["default"] is True


def test_googleapiclient_reads_the_refusals(jane: Caller) -> None:
    api = jane.client()
    person = api.people().createContact(body=ann(), personFields=FIELDS).execute()
    jane.account.edit(person["resourceName"], names=[{"givenName": "Bo"}])
    call = api.people().updateContact(resourceName=person["resourceName"], body=person, updatePersonFields="names")
    with pytest.raises(HttpError) as caught:
        call.execute()
    assert (caught.value.status_code, caught.value.reason) == (400, STALE["message"])
    api.close()
