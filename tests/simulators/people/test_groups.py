"""Contact groups."""

from __future__ import annotations

from tests.simulators.people.caller import Caller, ann
from tests.simulators.people.errors import Json


def created(jane: Caller, name: str) -> str:
    found: str = jane.ok("POST", "contactGroups", {"contactGroup": {"name": name}})["resourceName"]
    return found


def test_system_groups_are_listed_first(jane: Caller) -> None:
    label = jane.account.label("Work")
    jane.account.add(ann(), ["Work", "starred"])
    groups = jane.ok("GET", "contactGroups")["contactGroups"]
    assert [g["name"] for g in groups] == [
        *("myContacts", "starred", "friends", "family", "coworkers", "chatBuddies", "all", "blocked"),
        "Work",
    ]
    assert [g["groupType"] for g in groups] == ["SYSTEM_CONTACT_GROUP"] * 8 + ["USER_CONTACT_GROUP"]
    assert {g["resourceName"]: g.get("memberCount") for g in groups if "memberCount" in g} == {
        "contactGroups/myContacts": 1,
        "contactGroups/starred": 1,
        label: 1,
    }
    assert "updateTime" in groups[-1]["metadata"]


def test_groups_come_in_pages_of_30(jane: Caller) -> None:
    for i in range(30):
        jane.account.label(f"L{i}")
    first = jane.ok("GET", "contactGroups")
    rest = jane.ok("GET", "contactGroups", pageToken=first["nextPageToken"])
    assert (len(first["contactGroups"]), len(rest["contactGroups"]), rest["totalItems"]) == (30, 8, 38)
    jane.refused(400, "GET", "contactGroups", pageSize=1001)
    jane.refused(400, "GET", "contactGroups", pageToken="x")


def test_deltas_of_groups_show_deleted_ones(jane: Caller) -> None:
    kept, gone = created(jane, "A"), created(jane, "B")
    token = jane.ok("GET", "contactGroups")["nextSyncToken"]
    assert set(jane.ok("GET", "contactGroups", syncToken=token)) == {"nextSyncToken"}
    jane.ok("PUT", kept, {"contactGroup": {"name": "C"}})
    jane.ok("DELETE", gone)
    first, second = jane.ok("GET", "contactGroups", syncToken=token)["contactGroups"]
    assert (first["name"], second["resourceName"], second["metadata"]["deleted"]) == ("C", gone, True)


def test_names_of_groups_are_unique(jane: Caller) -> None:
    name = created(jane, "Work")
    error = jane.refused(409, "POST", "contactGroups", {"contactGroup": {"name": "Work"}})
    assert error["status"] == "ALREADY_EXISTS"
    assert created(jane, "Friends") != "contactGroups/friends"
    jane.refused(400, "POST", "contactGroups", {"contactGroup": {}})
    created(jane, "Home")
    jane.refused(409, "PUT", name, {"contactGroup": {"name": "Home"}})
    jane.refused(400, "PUT", name, {"contactGroup": {}})
    jane.ok("PUT", name, {"contactGroup": {"name": "Work"}})
    data = [{"key": "k", "value": "v"}]
    change: Json = {
        "contactGroup": {"clientData": data},
        "updateGroupFields": "clientData",
        "readGroupFields": "clientData",
    }
    assert jane.ok("PUT", name, change)["clientData"] == data


def test_system_groups_cannot_be_renamed_or_deleted(jane: Caller) -> None:
    jane.refused(400, "PUT", "contactGroups/starred", {"contactGroup": {"name": "x"}})
    jane.refused(400, "DELETE", "contactGroups/starred")
    jane.refused(404, "DELETE", "contactGroups/nope")


def test_members_are_shown_on_demand(jane: Caller) -> None:
    label = jane.account.label("Work")
    names = [jane.account.add(ann(), ["Work"]) for _ in range(3)]
    assert "memberResourceNames" not in jane.ok("GET", label)
    assert jane.ok("GET", label, maxMembers=2)["memberResourceNames"] == names[:2]
    query = {"resourceNames": [label, "contactGroups/nope"], "maxMembers": 5}
    found, missing = jane.ok("GET", "contactGroups:batchGet", **query)["responses"]
    assert found["contactGroup"]["memberResourceNames"] == names
    assert missing["status"]["code"] == 5


def test_modify_adds_removes_and_says_what_it_could_not(jane: Caller) -> None:
    label = created(jane, "Work")
    one, two = jane.create(**ann()), jane.create(**ann())
    names = [one["resourceName"], two["resourceName"]]
    answer = jane.ok("POST", f"{label}/members:modify", {"resourceNamesToAdd": [*names, "people/c12"]})
    assert answer == {"notFoundResourceNames": ["people/c12"]}
    assert jane.account.labels(names[0]) == {"Work"}
    body = {"resourceNamesToRemove": names}
    assert jane.ok("POST", "contactGroups/myContacts/members:modify", body) == {}
    left = jane.ok("POST", f"{label}/members:modify", body)
    assert left == {"canNotRemoveLastContactGroupResourceNames": names}
    jane.refused(404, "POST", "contactGroups/nope/members:modify", body)


def test_adding_moves_the_etag_and_shows_in_the_feed(jane: Caller) -> None:
    person = jane.create(**ann())
    name, token = person["resourceName"], jane.sync_token()
    body = {"resourceNamesToAdd": [name]}
    jane.ok("POST", "contactGroups/starred/members:modify", body)
    after = jane.get(name)
    assert after["etag"] != person["etag"]
    jane.settle()
    assert [p["resourceName"] for p in jane.delta(token)["connections"]] == [name]
    jane.refused(400, "PATCH", f"{name}:updateContact", person, updatePersonFields="names")
    # Being in it already is no change.
    jane.ok("POST", "contactGroups/starred/members:modify", body)
    assert jane.get(name)["etag"] == after["etag"]


def test_modify_takes_1000_names_and_no_deprecated_group(jane: Caller) -> None:
    names = [f"people/c{i}" for i in range(1001)]
    jane.refused(400, "POST", "contactGroups/starred/members:modify", {"resourceNamesToAdd": names})
    half = {"resourceNamesToAdd": names[:500], "resourceNamesToRemove": names[500:1000]}
    answer = jane.ok("POST", "contactGroups/starred/members:modify", half)
    assert len(answer["notFoundResourceNames"]) == 1000
    jane.refused(400, "POST", "contactGroups/friends/members:modify", {"resourceNamesToAdd": names[:1]})
    jane.ok("POST", "contactGroups/friends/members:modify", {"resourceNamesToRemove": names[:1]})


def test_a_deleted_group_leaves_its_contacts_or_takes_them_along(jane: Caller) -> None:
    label, other = jane.account.label("Work"), jane.account.label("Home")
    name = jane.account.add(ann(), ["Work", "Home"])
    body = {"resourceNamesToRemove": [name]}
    jane.ok("POST", "contactGroups/myContacts/members:modify", body)
    jane.ok("DELETE", label)
    assert jane.account.labels(name) == {"Home"}
    jane.account.remove_label("Home")
    assert jane.get(name)["memberships"][0]["contactGroupMembership"]["contactGroupId"] == "myContacts"
    jane.refused(404, "GET", other)
    label = jane.account.label("Work")
    jane.account.set_labels(name, ["Work"])
    jane.ok("DELETE", label, deleteContacts="true")
    assert jane.account.size == 0
