"""The People simulator keeps to the facts; ``people/FACTS.md`` says which test stands for which.

Here: listing. Single people, writing, groups, OAuth and the user's own edits are tested in ``people/test_*.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from tests.simulators.people import Switches
from tests.simulators.people.caller import Caller, ann, drawn, serving

HERE = Path(__file__).parent
EXPIRED = {
    "code": 400,
    "message": "Sync token is expired. Clear local cache and retry call without the sync token.",
    "status": "INVALID_ARGUMENT",
    "details": [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "EXPIRED_SYNC_TOKEN",
            "domain": "people.googleapis.com",
        }
    ],
}
INVALID = {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


# -- the list itself -----------------------------------------------------------------------------------


def test_every_fact_in_the_list_has_its_test_and_every_switch_is_listed() -> None:
    listed = (HERE / "people" / "FACTS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", listed))
    files = [HERE / "test_people_facts.py", *(HERE / "people").glob("test_*.py")]
    existing = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert named
    assert named <= existing, named - existing
    switches = {each.name for each in fields(Switches)}
    assert switches <= set(re.findall(r"`(\w+)`", listed)), switches - set(re.findall(r"`(\w+)`", listed))


def test_drawn_switches_reach_every_answer() -> None:
    seen = [drawn(seed) for seed in range(200)]
    for each in fields(Switches):
        assert {getattr(s, each.name) for s in seen} == set(each.metadata["choices"])
        assert getattr(Switches(), each.name) == each.metadata["choices"][0]


# -- listing -------------------------------------------------------------------------------------------


def test_person_fields_are_required(jane: Caller) -> None:
    assert jane.refused(400, "GET", "people/me/connections")["message"].startswith("personFields mask is required.")
    assert jane.refused(400, "GET", "people/me")["status"] == "INVALID_ARGUMENT"
    assert "bogus" in jane.refused(400, "GET", "people/me/connections", personFields="names,bogus")["message"]


def test_page_size_is_1_to_1000_and_100_if_unset(jane: Caller) -> None:
    for i in range(101):
        jane.account.add(ann(nicknames=[{"value": str(i)}]))
    jane.settle()
    assert len(jane.list()["connections"]) == 100
    assert len(jane.list(pageSize=1000)["connections"]) == 101
    for size in (-1, 1001):
        jane.refused(400, "GET", "people/me/connections", personFields="names", pageSize=size)


def test_only_people_me_has_connections(jane: Caller) -> None:
    jane.refused(400, "GET", "people/c1/connections", personFields="names")


def test_the_sync_token_comes_on_the_last_page_only(jane: Caller) -> None:
    for _ in range(5):
        jane.account.add(ann())
    jane.settle()
    pages = [jane.list(pageSize=2, requestSyncToken="true")]
    while token := pages[-1].get("nextPageToken"):
        pages.append(jane.list(pageSize=2, requestSyncToken="true", pageToken=token))
    assert [len(p["connections"]) for p in pages] == [2, 2, 1]
    assert ["nextSyncToken" in p for p in pages] == [False, False, True]
    assert {p["totalItems"] for p in pages} == {p["totalPeople"] for p in pages} == {5}
    assert "nextSyncToken" not in jane.list(pageSize=10)


def test_other_parameters_must_match_the_first_call(jane: Caller) -> None:
    for _ in range(3):
        jane.account.add(ann())
    jane.settle()
    page = jane.list(pageSize=2, requestSyncToken="true")["nextPageToken"]
    for other in (
        {"pageSize": 3, "requestSyncToken": "true"},
        {"pageSize": 2},
        {"pageSize": 2, "requestSyncToken": "true", "sortOrder": "FIRST_NAME_ASCENDING"},
        {"pageSize": 2, "requestSyncToken": "true", "sources": "READ_SOURCE_TYPE_CONTACT"},
        {"pageSize": 2, "requestSyncToken": "true", "personFields": "names"},
    ):
        query = {"personFields": "names,metadata", **other}
        assert jane.refused(400, "GET", "people/me/connections", pageToken=page, **query) == INVALID
    token = jane.sync_token()
    for query in ({"personFields": "names", "pageSize": 1000}, {"personFields": "names,metadata", "pageSize": 10}):
        assert jane.refused(400, "GET", "people/me/connections", syncToken=token, **query) == INVALID
    assert set(jane.delta(token)) == {"nextSyncToken"}


def test_sync_tokens_expire_seven_days_after_the_full_sync(jane: Caller) -> None:
    first = jane.sync_token()
    jane.clock.advance(7 * 86400 - 60)
    jane.renew()
    second = jane.delta(first)["nextSyncToken"]
    jane.clock.advance(120)
    query = {"personFields": "names,metadata", "pageSize": 1000}
    assert jane.refused(400, "GET", "people/me/connections", syncToken=first, **query) == EXPIRED
    assert jane.refused(400, "GET", "people/me/connections", syncToken=second, **query) == EXPIRED


def test_a_delta_may_renew_the_token() -> None:
    with serving(delta_renews_token=True) as jane:
        first = jane.sync_token()
        jane.clock.advance(7 * 86400 - 60)
        jane.renew()
        second = jane.delta(first)["nextSyncToken"]
        jane.clock.advance(120)
        assert set(jane.delta(second)) == {"nextSyncToken"}


def test_sync_tokens_can_be_expired() -> None:
    with serving(expired_token_status="FAILED_PRECONDITION") as jane:
        token = jane.sync_token()
        jane.account.expire_sync_tokens()
        query = {"personFields": "names,metadata", "pageSize": 1000}
        error = jane.refused(400, "GET", "people/me/connections", syncToken=token, **query)
        assert error == {**EXPIRED, "status": "FAILED_PRECONDITION"}
        assert "nextSyncToken" in jane.delta(jane.sync_token())


@pytest.mark.parametrize("token", ["x", "e30=", "bm8=", "ünï"])
def test_malformed_tokens_are_an_invalid_argument(jane: Caller, token: str) -> None:
    for name in ("syncToken", "pageToken"):
        assert jane.refused(400, "GET", "people/me/connections", personFields="names", **{name: token}) == INVALID


def test_a_token_of_another_account_is_malformed(jane: Caller) -> None:
    token = jane.sync_token()
    other = Caller(jane.sim, jane.clock, jane.wire)
    other.token = jane.sim.access_token(jane.sim.account("joe@example.com"))
    query = {"personFields": "names,metadata", "pageSize": 1000, "syncToken": token}
    assert other.refused(400, "GET", "people/me/connections", **query) == INVALID
    other.session.close()


def test_no_change_is_a_token_and_nothing_else(jane: Caller) -> None:
    assert set(jane.delta(jane.sync_token())) == {"nextSyncToken"}
    jane.account.add(ann())
    token = jane.sync_token()
    assert set(jane.delta(token)) == {"nextSyncToken"}


def test_deleted_people_are_tombstones_in_the_recorded_shape(jane: Caller) -> None:
    name = jane.account.add(ann(emailAddresses=[{"value": "ann@example.com"}]))
    token = jane.sync_token()
    before = jane.get(name)
    jane.account.remove(name)
    jane.settle()
    (shown,) = jane.delta(token)["connections"]
    (source,) = before["metadata"]["sources"]
    (tomb_source,) = shown["metadata"].pop("sources")
    assert shown.pop("etag") not in ("", before["etag"])
    assert tomb_source.pop("etag") != source["etag"]
    assert shown == {"resourceName": name, "metadata": {"deleted": True, "objectType": "PERSON"}}
    assert tomb_source == {"type": "CONTACT", "id": source["id"], "updateTime": "1970-01-01T00:00:00Z"}
    assert jane.list().get("connections") is None


def test_writes_reach_sync_requests_late_and_a_get_at_once(jane: Caller) -> None:
    token = jane.sync_token()
    name = jane.create(**ann())["resourceName"]
    assert jane.get(name)["names"][0]["displayName"] == "Ann Lee"
    jane.clock.advance(9)
    assert "connections" not in jane.delta(token)
    assert "connections" not in jane.list(requestSyncToken="true")
    assert len(jane.list()["connections"]) == 1
    late = jane.delta(token)["nextSyncToken"]
    jane.clock.advance(1)
    assert [p["resourceName"] for p in jane.delta(token)["connections"]] == [name]
    assert [p["resourceName"] for p in jane.delta(late)["connections"]] == [name]


def test_the_delay_of_the_feed_and_of_plain_lists() -> None:
    with serving(feed_delay=240.0, plain_list_lags=True) as jane:
        jane.create(**ann())
        jane.clock.advance(239)
        assert "connections" not in jane.list()
        jane.clock.advance(1)
        assert len(jane.list()["connections"]) == 1
    with serving(feed_delay=0.0) as jane:
        token = jane.sync_token()
        jane.create(**ann())
        assert len(jane.delta(token)["connections"]) == 1


def test_the_feed_shows_each_change_as_far_as_it_has_come(jane: Caller) -> None:
    name = jane.account.add(ann())
    jane.clock.advance(6)
    jane.account.edit(name, names=[{"givenName": "Anna"}])
    jane.clock.advance(5)
    page = jane.list(requestSyncToken="true", pageSize=1000)
    assert page["connections"][0]["names"][0]["displayName"] == "Ann Lee"
    jane.clock.advance(5)
    assert jane.delta(page["nextSyncToken"])["connections"][0]["names"][0]["displayName"] == "Anna"


@pytest.mark.parametrize(("paging", "shown"), [("snapshot", ["0", "1", "2", "3"]), ("live", ["0", "1", "3", "x"])])
def test_what_later_pages_show(paging: str, shown: list[str]) -> None:
    with serving(paging=paging, feed_delay=0.0) as jane:
        names = [jane.account.add({"names": [{"givenName": str(i)}]}) for i in range(4)]
        query = {"requestSyncToken": "true", "pageSize": 2}
        page = jane.list(**query)
        jane.account.remove(names[2])
        jane.account.edit(names[3], nicknames=[{"value": "x"}])
        rest = jane.list(**query, pageToken=page["nextPageToken"], personFields="names,metadata")
        found = [p["names"][0]["displayName"] for p in [*page["connections"], *rest["connections"]]]
        assert found == [x for x in shown if x != "x"]
        # Whatever happened under way is in the delta.
        delta = jane.list(syncToken=rest["nextSyncToken"], pageSize=2)
        assert [p["resourceName"] for p in delta["connections"]] == [names[2], names[3]]


def test_sort_order(jane: Caller) -> None:
    names = [jane.account.add({"names": [{"givenName": g, "familyName": f}]}) for g, f in ("ad", "bc", "cb", "da")]
    jane.account.edit(names[0], nicknames=[{"value": "n"}])

    def order(sort: str) -> str:
        return "".join(p["names"][0]["givenName"] for p in jane.list(sortOrder=sort)["connections"])

    assert order("LAST_MODIFIED_ASCENDING") == "bcda"
    assert order("LAST_MODIFIED_DESCENDING") == "adcb"
    assert order("FIRST_NAME_ASCENDING") == "abcd"
    assert order("LAST_NAME_ASCENDING") == "dcba"


def test_lists_cap_emails_and_phones_at_100(jane: Caller) -> None:
    many = [{"value": f"{i}@example.com"} for i in range(120)]
    name = jane.account.add(ann(emailAddresses=many, phoneNumbers=many, urls=many))
    (listed,) = jane.list(personFields="emailAddresses,phoneNumbers,urls")["connections"]
    got = jane.get(name, "emailAddresses,phoneNumbers,urls")
    assert {k: len(listed[k]) for k in ("emailAddresses", "phoneNumbers", "urls")} == {
        "emailAddresses": 100,
        "phoneNumbers": 100,
        "urls": 120,
    }
    assert len(got["emailAddresses"]) == len(got["phoneNumbers"]) == 120


def test_former_names_show_on_sync_token_requests_only(jane: Caller) -> None:
    old = jane.account.add(ann())
    token = jane.sync_token()
    new = jane.account.rename_resource(old)
    jane.settle()
    (listed,) = jane.list(requestSyncToken="true")["connections"]
    assert "previousResourceNames" not in listed["metadata"]
    (changed,) = jane.delta(token)["connections"]
    assert changed["resourceName"] == new
    assert changed["metadata"]["previousResourceNames"] == [old]
    answer = jane.ok("GET", "people:batchGet", personFields="metadata", resourceNames=[old])["responses"][0]
    assert (answer["requestedResourceName"], answer["person"]["resourceName"]) == (old, new)


def test_how_a_changed_name_shows() -> None:
    with serving(renamed_to="profile", rename_tombstone=True) as jane:
        old = jane.account.add(ann())
        token = jane.sync_token()
        new = jane.account.rename_resource(old)
        assert re.fullmatch(r"people/\d+", new)
        jane.settle()
        gone, came = jane.delta(token)["connections"]
        assert (gone["resourceName"], gone["metadata"]["deleted"]) == (old, True)
        assert [s["type"] for s in came["metadata"]["sources"]] == ["CONTACT", "PROFILE"]


def test_the_old_mask_parameter_is_understood(jane: Caller) -> None:
    jane.account.add(ann(emailAddresses=[{"value": "a@example.com"}]))
    query = {"requestMask.includeField": "person.email_addresses"}
    (shown,) = jane.ok("GET", "people/me/connections", **query)["connections"]
    assert set(shown) == {"resourceName", "etag", "emailAddresses"}


def test_sources_choose_contact_and_profile(jane: Caller) -> None:
    plain = jane.account.add(ann())
    linked = jane.account.add(ann())
    jane.account.link_profile(linked, names=[{"displayName": "Ann Profile"}])
    both = jane.get(linked, "names,metadata")
    assert [n["metadata"]["source"]["type"] for n in both["names"]] == ["CONTACT", "PROFILE"]
    assert [s["type"] for s in both["metadata"]["sources"]] == ["CONTACT", "PROFILE"]
    own = jane.get(linked, "names,metadata", sources="READ_SOURCE_TYPE_CONTACT")
    assert [n["metadata"]["source"]["type"] for n in own["names"]] == ["CONTACT"]
    listed = jane.list(sources="READ_SOURCE_TYPE_PROFILE")["connections"]
    assert [p["resourceName"] for p in listed] == [linked]
    assert plain != linked


# -- size ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_25000_contacts_are_listed_in_25_pages(jane: Caller) -> None:
    for i in range(25_000):
        jane.account.add({"emailAddresses": [{"value": f"{i}@example.com"}]})
    jane.settle()
    page, pages = jane.list(pageSize=1000, requestSyncToken="true", personFields="emailAddresses"), 1
    while token := page.get("nextPageToken"):
        query = {"pageSize": 1000, "requestSyncToken": "true", "personFields": "emailAddresses"}
        page, pages = jane.list(**query, pageToken=token), pages + 1
    assert (pages, page["totalItems"], len(page["connections"])) == (25, 25_000, 1000)
