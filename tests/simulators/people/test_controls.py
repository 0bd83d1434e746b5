"""The user's own edits, as tests and the demo make them."""

from __future__ import annotations

import pytest

from tests.simulators.__main__ import EMAIL, PASSWORD, USER, seed, synthetic
from tests.simulators.people import PeopleSimulator
from tests.simulators.people.caller import Caller, ann, serving
from tests.simulators.sugar.simulator import SugarSimulator
from tests.simulators.wire import SimClock


def test_accounts_have_their_own_books(jane: Caller) -> None:
    joe = jane.sim.account("joe@example.com")
    name = joe.add(ann())
    assert jane.account.subject != joe.subject
    assert jane.sim.account("joe@example.com") is joe
    jane.refused(404, "GET", name, personFields="names")
    assert "connections" not in jane.list()


def test_adding_editing_and_removing(jane: Caller) -> None:
    name = jane.account.add(ann(urls=[{"value": "u"}]), ["Work", "Home"])
    token = jane.sync_token()
    jane.account.edit(name, names=[{"givenName": "Bo"}], urls=[])
    assert jane.account.person(name)["names"][0]["displayName"] == "Bo"
    assert "urls" not in jane.account.person(name)
    jane.account.set_labels(name, ["Work"])
    assert jane.account.labels(name) == {"Work"}
    jane.settle()
    assert [p["resourceName"] for p in jane.delta(token)["connections"]] == [name]
    jane.account.remove(name)
    assert not jane.account.lives(name)
    assert jane.account.people() == []
    with pytest.raises(KeyError):
        jane.account.person(name)


def test_copies_are_copies(jane: Caller) -> None:
    name = jane.account.add(ann(birthdays=[{"date": {"year": 1990}}]))
    copy = jane.account.person(name)
    copy["birthdays"][0]["date"]["year"] = 1
    copy["names"].clear()
    assert jane.account.people()[0]["birthdays"][0]["date"] == {"year": 1990}
    assert jane.account.people()[0]["names"]


@pytest.mark.parametrize("same", [True, False])
def test_restoring_from_the_trash_brings_everything_back(same: bool) -> None:
    with serving(restore_keeps_name=same) as jane:
        name = jane.account.add(ann(clientData=[{"key": "k", "value": "v"}]), ["Work"])
        token = jane.sync_token()
        jane.account.remove(name)
        new = jane.account.restore(name)
        assert (new == name) is same
        person = jane.account.person(new)
        assert person["clientData"][0]["value"] == "v"
        assert jane.account.labels(new) == {"Work"}
        jane.settle()
        shown = {p["resourceName"]: p["metadata"].get("deleted", False) for p in jane.delta(token)["connections"]}
        assert shown == ({name: False} if same else {name: True, new: False})


@pytest.mark.parametrize("shows", ["tombstone", "previous", "both"])
def test_how_a_merge_shows(shows: str) -> None:
    with serving(merge_shows=shows) as jane:
        keep = jane.account.add(ann(emailAddresses=[{"value": "a@x.org"}], clientData=[{"key": "k", "value": "1"}]))
        more = {"emailAddresses": [{"value": "a@x.org"}, {"value": "b@x.org"}], "biographies": [{"value": "n"}]}
        other = jane.account.add({**more, "clientData": [{"key": "k", "value": "2"}]}, ["Work"])
        token = jane.sync_token()
        jane.account.merge(keep, other)
        person = jane.account.person(keep)
        assert [e["value"] for e in person["emailAddresses"]] == ["a@x.org", "b@x.org"]
        assert [d["value"] for d in person["clientData"]] == ["1", "2"]
        assert person["names"][0]["displayName"] == "Ann Lee"
        assert jane.account.labels(keep) == {"Work"}
        jane.settle()
        shown = {p["resourceName"]: p["metadata"] for p in jane.delta(token)["connections"]}
        assert shown.get(other, {}).get("deleted", False) is (shows != "previous")
        assert shown[keep].get("previousResourceNames") == (None if shows == "tombstone" else [other])
        assert len(jane.list()["connections"]) == 1
        answer = jane.raw("GET", other, personFields="names")
        assert answer.status_code == (404 if shows == "tombstone" else 200)


def test_a_former_name_lives_on_through_a_second_change(jane: Caller) -> None:
    first = jane.account.add(ann())
    second = jane.account.rename_resource(first)
    third = jane.account.rename_resource(second)
    assert {jane.get(name)["resourceName"] for name in (first, second, third)} == {third}
    jane.account.remove(third)
    assert not jane.account.lives(first)


def test_photos_of_the_user(jane: Caller) -> None:
    name = jane.account.add(ann(photos=[{"url": "https://example.com/p"}]))
    jane.update(jane.get(name), "names", names=[{"givenName": "Bo"}])
    assert jane.get(name, "photos")["photos"][0]["url"] == "https://example.com/p"


def test_the_feed_can_be_hurried_along(jane: Caller) -> None:
    jane.account.add(ann())
    token = jane.list(requestSyncToken="true", pageSize=1000)["nextSyncToken"]
    assert "connections" not in jane.delta(token)
    jane.account.propagate()
    assert len(jane.delta(token)["connections"]) == 1
    jane.account.feed_delay = 0
    jane.account.add(ann())
    assert len(jane.delta(token)["connections"]) == 2


def test_a_body_that_names_somebody_else_is_refused(jane: Caller) -> None:
    one, two = jane.create(**ann()), jane.create(**ann())
    path = f"{one['resourceName']}:updateContact"
    body = {**one, "resourceName": two["resourceName"]}
    jane.refused(400, "PATCH", path, body, updatePersonFields="names")
    new = jane.account.rename_resource(one["resourceName"])
    jane.ok("PATCH", path, jane.get(new), updatePersonFields="names")


def test_the_standalone_server_seeds_both_sides() -> None:
    clock = SimClock()
    people, sugar = PeopleSimulator(clock), SugarSimulator(clock)
    sugar.add_user(USER, PASSWORD)
    seed(sugar, people, 40)
    assert people.account(EMAIL).size == 22
    assert len(sugar.contacts()) == 22
    emails = {p["emailAddresses"][0]["value"] for p in people.account(EMAIL).people()}
    assert len(emails & {synthetic(n)["email"] for n in range(22)}) == 4
