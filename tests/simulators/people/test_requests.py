"""What is refused before it reaches the address book: the discovery document, tokens, scopes, quotas."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.simulators.people import Quota
from tests.simulators.people.caller import Caller, ann, serving
from tests.simulators.people.errors import Json
from tests.simulators.wire import Request


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ({"nmaes": []}, "Unknown name \"nmaes\" at 'person': Cannot find field."),
        ({"names": [{"given": "x"}]}, "Unknown name \"given\" at 'person.names[0]': Cannot find field."),
        (
            {"birthdays": [{"date": {"yaer": 1}}]},
            "Unknown name \"yaer\" at 'person.birthdays[0].date': Cannot find field.",
        ),
        ({"names": [{"givenName": 5}]}, "Invalid value at 'person.names[0].given_name' (TYPE_STRING), 5"),
        ({"names": [{"givenName": ["x"]}]}, "Proto field is not repeating, cannot start list."),
        ({"names": {"givenName": "x"}}, "Invalid value at 'person.names'"),
        ({"names": ["x"]}, "Invalid value at 'person.names[0]'"),
        ({"birthdays": [{"date": {"year": "x"}}]}, "'person.birthdays[0].date.year' (TYPE_INT32), \"x\""),
        ({"birthdays": [{"date": {"year": True}}]}, "(TYPE_INT32), true"),
        ({"organizations": [{"current": "yes"}]}, "'person.organizations[0].current' (TYPE_BOOL)"),
        ({"biographies": [{"value": "x", "contentType": "HTML"}]}, 'google.people.v1.ContentType), "HTML"'),
    ],
)
def test_bodies_are_held_against_the_discovery_document(jane: Caller, person: Json, message: str) -> None:
    error = jane.refused(400, "POST", "people:createContact", person)
    assert message in error["message"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"][0]["fieldViolations"][0]["description"] == error["message"]
    batch = {"contacts": [{"contactPerson": person}], "readMask": "names"}
    assert "contacts[0].contact_person" in jane.refused(400, "POST", "people:batchCreateContacts", batch)["message"]


def test_a_body_has_to_be_a_json_object(jane: Caller) -> None:
    url = f"{jane.wire.url}/v1/people:createContact"
    for body in (b"{", b"[]", b'"x"', b"\xff"):
        answer = jane.session.post(url, data=body, headers={"Authorization": f"Bearer {jane.token}"}, timeout=10)
        assert answer.status_code == 400
    jane.refused(400, "POST", "people:batchCreateContacts", {"contacts": [{}], "readMask": "names"})
    jane.refused(400, "POST", "people:batchCreateContacts", {"people": []})
    jane.create(names=None)


def test_queries_are_held_against_the_discovery_document(jane: Caller) -> None:
    def message(**query: Any) -> str:
        error = jane.refused(400, "GET", "people/me/connections", **{"personFields": "names", **query})
        return str(error["message"])

    assert "Field 'parent' could not be found in request message." in message(parent="x")
    assert "'page_size' (TYPE_INT32), \"many\"" in message(pageSize="many")
    assert "'request_sync_token' (TYPE_BOOL)" in message(requestSyncToken="perhaps")
    assert "'sort_order'" in message(sortOrder="RANDOM")
    assert "'sources[1]'" in message(sources=["READ_SOURCE_TYPE_CONTACT", "x"])
    jane.list(alt="json", prettyPrint="false", quotaUser="x")


def test_unknown_paths_are_404(jane: Caller) -> None:
    jane.refused(404, "GET", "persons")
    jane.refused(404, "POST", "people/c1:updateContact", {})


def test_methods_that_are_not_simulated_say_so(jane: Caller) -> None:
    refresh = jane.account.grant(["https://www.googleapis.com/auth/directory.readonly"])
    jane.token = jane.sim.access_token(jane.account, refresh)
    error = jane.refused(501, "GET", "people:listDirectoryPeople", readMask="names")
    assert error["status"] == "UNIMPLEMENTED"


def test_tokens_and_scopes(jane: Caller) -> None:
    good = jane.token
    for token in ("nonsense", ""):
        jane.token = token
        error = jane.refused(401, "GET", "people/me", personFields="names")
        assert error["status"] == "UNAUTHENTICATED"
    refresh = jane.account.grant(["openid", "https://www.googleapis.com/auth/contacts.readonly"])
    jane.token = jane.sim.access_token(jane.account, refresh)
    jane.list()
    error = jane.refused(403, "POST", "people:createContact", ann())
    assert error["message"] == "Request had insufficient authentication scopes."
    assert error["status"] == "PERMISSION_DENIED"
    jane.token = good
    jane.clock.advance(3598)
    jane.list()
    jane.clock.advance(1)
    jane.refused(401, "GET", "people/me", personFields="names")


# -- quota ---------------------------------------------------------------------------------------------


def test_a_used_up_quota_is_the_recorded_429(jane: Caller) -> None:
    jane.sim.quota = Quota(critical_writes=2)
    jane.create(**ann())
    jane.create(**ann())
    answer = jane.raw("POST", "people:createContact", ann())
    assert answer.json()["error"] == {
        "code": 429,
        "message": "Quota exceeded for quota metric 'Critical write requests' and limit 'Critical write requests per "
        "minute per user' of service 'people.googleapis.com' for consumer 'project_number:xxx'.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "quota_limit": "CriticalWritesPerMinutePerProjectPerUser",
                    "service": "people.googleapis.com",
                },
            }
        ],
    }
    assert "Retry-After" not in answer.headers
    jane.list()
    jane.clock.advance(60)
    jane.create(**ann())
    assert jane.account.size == 3


def test_retry_after() -> None:
    with serving(retry_after=30) as jane:
        jane.sim.quota = Quota(critical_reads=0)
        assert jane.raw("GET", "people/me", personFields="names").headers["Retry-After"] == "30"


def test_what_calls_cost(jane: Caller) -> None:
    def left(quota: Quota, verb: str, path: str, body: Any = None, **query: Any) -> int:
        jane.clock.advance(60)
        jane.sim.quota = quota
        status = jane.raw(verb, path, body, **query).status_code
        jane.sim.quota = Quota()
        return status

    batch = {"contacts": [{"contactPerson": ann()}], "readMask": ""}
    assert left(Quota(critical_writes=5), "POST", "people:batchCreateContacts", batch) == 429
    assert left(Quota(critical_reads=5), "POST", "people:batchCreateContacts", batch) == 429
    assert left(Quota(daily_contact_writes=199), "POST", "people:batchCreateContacts", batch) == 429
    assert left(Quota(6, 6, 200), "POST", "people:batchCreateContacts", batch) == 200
    names = {"resourceNames": [p["resourceName"] for p in jane.account.people()]}
    assert left(Quota(critical_writes=9), "POST", "people:batchDeleteContacts", names) == 429
    assert left(Quota(critical_reads=0, critical_writes=10), "POST", "people:batchDeleteContacts", names) == 200
    name = jane.account.add(ann())
    assert left(Quota(critical_reads=0, critical_writes=1), "DELETE", f"{name}:deleteContact") == 200


def test_the_first_page_of_a_full_sync_has_its_own_quota(jane: Caller) -> None:
    for _ in range(3):
        jane.account.add(ann())
    token = jane.sync_token()
    jane.clock.advance(60)
    jane.sim.quota = Quota(full_sync_first_pages=1)
    page = jane.list(requestSyncToken="true", pageSize=2)
    jane.refused(429, "GET", "people/me/connections", personFields="names", requestSyncToken="true")
    jane.list(requestSyncToken="true", pageSize=2, pageToken=page["nextPageToken"])
    jane.delta(token)
    jane.list()


# -- at the same time ------------------------------------------------------------------------------------


def test_overlapping_writes_are_counted(jane: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    jane.create(**ann())
    jane.create(**ann())
    assert jane.account.overlapping_writes == 0
    under_way, both_here, go_on = threading.Event(), threading.Event(), threading.Event()
    arrived = jane.sim.arrived

    def told(request: Request) -> None:
        arrived(request)
        if under_way.is_set():
            both_here.set()

    def held(request: Request, when: str) -> None:
        under_way.set()
        assert go_on.wait(10)

    monkeypatch.setattr(jane.sim, "arrived", told)
    jane.wire.on_call = held
    first, second = (threading.Thread(target=jane.raw, args=("POST", "people:createContact", ann())) for _ in range(2))
    first.start()
    assert under_way.wait(10)
    second.start()
    assert both_here.wait(10)
    go_on.set()
    first.join()
    second.join()
    assert jane.account.overlapping_writes == 1
    assert jane.account.size == 4
