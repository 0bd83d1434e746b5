"""Batches: all or nothing, one mask for all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.people.caller import FIELDS, Caller, ann, serving
from tests.simulators.people.errors import Json

CREATE, UPDATE, DELETE = "people:batchCreateContacts", "people:batchUpdateContacts", "people:batchDeleteContacts"


def creates(*people: Json, mask: str = FIELDS) -> Json:
    return {"contacts": [{"contactPerson": person} for person in people], "readMask": mask}


def updates(*people: Json, update: str = "names", read: str = FIELDS) -> Json:
    return {"contacts": {p["resourceName"]: p for p in people}, "updateMask": update, "readMask": read}


def test_batch_create_answers_in_order_unless_shuffled() -> None:
    for shuffled in (False, True):
        with serving(created_shuffled=shuffled) as jane:
            people = [ann(nicknames=[{"value": str(i)}]) for i in range(20)]
            created = jane.ok("POST", CREATE, creates(*people, mask="nicknames"))["createdPeople"]
            order = [c["person"]["nicknames"][0]["value"] for c in created]
            assert (order == [str(i) for i in range(20)]) is not shuffled
            assert len(set(order)) == 20
            assert {c["httpStatusCode"] for c in created} == {200}


def test_batches_take_200_and_deletes_500(jane: Caller) -> None:
    assert len(jane.ok("POST", CREATE, creates(*[ann()] * 200))["createdPeople"]) == 200
    jane.refused(400, "POST", CREATE, creates(*[ann()] * 201))
    jane.refused(400, "POST", CREATE, creates())
    people = jane.account.people()
    assert len(jane.ok("POST", UPDATE, updates(*people))["updateResult"]) == 200
    more = jane.get(jane.account.add(ann()))
    jane.refused(400, "POST", UPDATE, updates(*jane.account.people()[:200], more))
    names = [p["resourceName"] for p in people]
    jane.refused(400, "POST", DELETE, {"resourceNames": [*names, *[f"people/c{i}" for i in range(301)]]})
    jane.refused(400, "POST", DELETE, {"resourceNames": []})
    assert jane.ok("POST", DELETE, {"resourceNames": names}) == {}
    assert jane.account.size == 1


def test_an_empty_read_mask_returns_nothing(jane: Caller) -> None:
    assert jane.ok("POST", CREATE, creates(ann(), mask="")) == {}
    (person,) = jane.account.people()
    assert jane.ok("POST", UPDATE, updates(person, read="")) == {}
    assert jane.account.person(person["resourceName"])["etag"] != person["etag"]


def test_one_mask_serves_every_body_and_clears_what_is_absent(jane: Caller) -> None:
    first, second = (jane.create(**ann(nicknames=[{"value": "n"}])) for _ in range(2))
    bodies = [{**first, "names": [{"givenName": "Bo"}]}, {**second, "nicknames": [{"value": "m"}]}]
    del bodies[1]["names"]
    result = jane.ok("POST", UPDATE, updates(*bodies, update="names,nicknames"))["updateResult"]
    assert result[first["resourceName"]]["person"]["names"][0]["displayName"] == "Bo"
    assert "names" not in result[second["resourceName"]]["person"]
    assert "nicknames" not in jane.account.person(first["resourceName"])
    jane.refused(400, "POST", UPDATE, updates(first, update=""))
    jane.refused(400, "POST", UPDATE, updates(first, update="photos"))


@pytest.mark.parametrize("details", ["named", "first", "none"])
def test_a_refused_batch_creates_nothing(details: str) -> None:
    with serving(batch_error_details=details) as jane:
        bad = {"names": [{"displayName": "x"}]}
        error = jane.refused(400, "POST", CREATE, creates(ann(), bad, ann(), bad))
        assert jane.account.size == 0
        assert (error["status"], error["message"]) == ("INVALID_ARGUMENT", "Request contains an invalid argument.")
        status = {"code": 3, "message": "Request contains an invalid argument."}
        named: dict[str, Any] = {"named": {"1": status, "3": status}, "first": {"1": status}}
        if details == "none":
            assert "details" not in error
        else:
            kind = "type.googleapis.com/google.people.v1.BatchCreateContactsErrorDetails"
            assert error["details"] == [{"@type": kind, "contactErrors": named[details]}]


@pytest.mark.parametrize("status", ["invalid_argument", "first"])
def test_a_refused_batch_updates_nothing(status: str) -> None:
    with serving(batch_error_status=status) as jane:
        good, stale, gone = (jane.create(**ann()) for _ in range(3))
        jane.account.edit(stale["resourceName"], nicknames=[{"value": "n"}])
        jane.account.remove(gone["resourceName"])
        error = jane.refused(400, "POST", UPDATE, updates(good, stale, gone))
        assert error["status"] == ("FAILED_PRECONDITION" if status == "first" else "INVALID_ARGUMENT")
        (detail,) = error["details"]
        assert detail["@type"] == "type.googleapis.com/google.people.v1.BatchUpdateContactsErrorDetails"
        codes = {name: e["code"] for name, e in detail["contactErrors"].items()}
        assert codes == {stale["resourceName"]: 9, gone["resourceName"]: 5}
        assert jane.account.person(good["resourceName"])["metadata"] == good["metadata"]


@pytest.mark.parametrize("missing", ["refuse", "ignore"])
def test_a_batch_delete_with_one_missing(missing: str) -> None:
    with serving(batch_delete_missing=missing) as jane:
        name = jane.account.add(ann())
        answer = jane.raw("POST", DELETE, {"resourceNames": [name, "people/c12"]})
        assert (answer.status_code, jane.account.lives(name)) == ((404, True) if missing == "refuse" else (200, False))


def test_the_contact_too_many_spoils_its_batch(jane: Caller) -> None:
    jane.account.book.max_contacts = 2
    error = jane.refused(400, "POST", CREATE, creates(ann(), ann(), ann()))
    assert list(error["details"][0]["contactErrors"]) == ["2"]
    assert "MY_CONTACTS_OVERFLOW_COUNT" in error["details"][0]["contactErrors"]["2"]["message"]
    assert jane.account.size == 0
