"""Reading people one by one and in batches, and what the server computes."""

from __future__ import annotations

import pytest

from tests.simulators.people.caller import Caller, ann, serving
from tests.simulators.people.person import canonical_form

# -- single people ---------------------------------------------------------------------------------------


def test_ids_etags_and_metadata(jane: Caller) -> None:
    name = jane.account.add(ann(emailAddresses=[{"value": "a@x.org", "type": "home"}, {"value": "b@x.org"}]))
    person = jane.get(name)
    (source,) = person["metadata"]["sources"]
    assert name == f"people/c{int(source['id'], 16)}"
    assert person["etag"].startswith("%")
    assert source["etag"].startswith("#")
    assert jane.get(name, "names")["etag"] != person["etag"]
    assert jane.get(name)["etag"] == person["etag"]
    assert source["updateTime"] == "2026-03-02T09:00:00.000000Z"
    assert person["metadata"]["objectType"] == "PERSON"
    first, second = person["emailAddresses"]
    assert first == {
        "metadata": {"primary": True, "sourcePrimary": True, "source": {"type": "CONTACT", "id": source["id"]}},
        "value": "a@x.org",
        "type": "home",
        "formattedType": "Home",
    }
    assert second["metadata"] == {"source": {"type": "CONTACT", "id": source["id"]}}
    assert set(jane.get(name, "phoneNumbers")) == {"resourceName", "etag"}


def test_the_order_of_items_is_not_guaranteed() -> None:
    with serving(shuffled_fields=True) as jane:
        values = [{"value": f"{i}@x.org"} for i in range(4)]
        emails = jane.get(jane.account.add(ann(emailAddresses=values)))["emailAddresses"]
        assert [e["value"] for e in emails] != [v["value"] for v in values]
        assert [e["value"] for e in emails if e["metadata"].get("primary")] == ["0@x.org"]


def test_missing_people_are_404(jane: Caller) -> None:
    error = jane.refused(404, "GET", "people/c12", personFields="names")
    assert error == {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}


@pytest.mark.parametrize("missing", ["status", "status_only", "left_out", "whole_call", "tombstone"])
def test_missing_people_in_a_batch_get(missing: str) -> None:
    with serving(missing_in_batch_get=missing) as jane:
        name = jane.account.add(ann())
        query = {"personFields": "names", "resourceNames": [name, "people/c12"]}
        if missing == "whole_call":
            jane.refused(404, "GET", "people:batchGet", **query)
            return
        found, *rest = jane.ok("GET", "people:batchGet", **query)["responses"]
        assert (found["httpStatusCode"], found["person"]["resourceName"]) == (200, name)
        status = {"code": 5, "message": "Requested entity was not found."}
        entry = {"requestedResourceName": "people/c12", "status": status}
        assert rest == {
            "status": [{**entry, "httpStatusCode": 404}],
            "status_only": [entry],
            "left_out": [],
            "tombstone": [{**entry, "httpStatusCode": 404}],
        }.get(missing)


def test_a_deleted_person_in_a_batch_get_may_be_a_tombstone() -> None:
    with serving(missing_in_batch_get="tombstone") as jane:
        name = jane.account.add(ann())
        jane.account.remove(name)
        (entry,) = jane.ok("GET", "people:batchGet", personFields="names,metadata", resourceNames=name)["responses"]
        assert (entry["httpStatusCode"], entry["person"]["metadata"]["deleted"]) == (200, True)
        assert "names" not in entry["person"]


def test_batch_get_takes_200_names(jane: Caller) -> None:
    names = [jane.account.add(ann()) for _ in range(201)]
    api = jane.client()
    # A URL this long is sent as POST with x-http-method-override and a form body.
    answer = api.people().getBatchGet(resourceNames=names[:200], personFields="names").execute()
    assert [r["requestedResourceName"] for r in answer["responses"]] == names[:200]
    assert jane.wire.log[-1].request.method == "POST"
    assert jane.wire.log[-1].request.headers["x-http-method-override"] == "GET"
    jane.refused(400, "GET", "people:batchGet", personFields="names", resourceNames=names)
    jane.refused(400, "GET", "people:batchGet", personFields="names")
    jane.refused(400, "GET", "people:batchGet", resourceNames=names[:2])
    api.close()


def test_the_order_of_a_batch_get() -> None:
    with serving(batch_get_shuffled=True) as jane:
        names = [jane.account.add(ann()) for _ in range(20)]
        found = jane.ok("GET", "people:batchGet", personFields="names", resourceNames=names)["responses"]
        assert [r["requestedResourceName"] for r in found] != names
        assert {r["requestedResourceName"] for r in found} == set(names)


def test_people_me_is_the_account(jane: Caller) -> None:
    me = jane.get("people/me", "names,emailAddresses,metadata")
    assert me["resourceName"] == f"people/{jane.account.subject}"
    assert me["emailAddresses"][0]["value"] == "jane@example.com"


def test_search_finds_beginnings_of_words(jane: Caller) -> None:
    name = jane.account.add(ann(emailAddresses=[{"value": "lee@example.com"}]))
    jane.settle()
    query = {"readMask": "names"}
    for text, found in (("an", 1), ("lee@", 1), ("nn", 0), ("", 0)):
        results = jane.ok("GET", "people:searchContacts", query=text, **query).get("results", [])
        assert [r["person"]["resourceName"] for r in results] == [name] * found


# -- what the server computes ------------------------------------------------------------------------------


def test_the_server_computes_canonical_phones_and_formatted_addresses(jane: Caller) -> None:
    parts = {"streetAddress": "1 Main St", "city": "Springfield", "region": "IL", "postalCode": "62701"}
    phones = [{"value": "(202) 224-3121", "type": "workFax"}, {"value": "+49 30 227 0"}, {"value": "ext. 5"}]
    person = jane.create(**ann(addresses=[parts, {**parts, "formattedValue": "there"}], phoneNumbers=phones))
    assert [a["formattedValue"] for a in person["addresses"]] == ["1 Main St\nSpringfield, IL 62701", "there"]
    assert [p["value"] for p in person["phoneNumbers"]] == [p["value"] for p in phones]
    assert [p.get("canonicalForm") for p in person["phoneNumbers"]] == ["+12022243121", "+49302270", None]
    assert person["phoneNumbers"][0]["formattedType"] == "Work Fax"
    assert canonical_form("020 7946 0958") == ""
