"""Stored plans: made part by part, looked at page by page, and carried out exactly as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.stage import Stage, stage
from tests.simulators.people.switches import Switches
from tests.simulators.wire import Reply, Request
from tests.sync.stage import BOTH, linked, many, person, watched
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def plan(s: Stage, user: User) -> Any:
    """A whole plan, made in as many parts as it takes; the answer to the last one."""
    with watched(s.world) as sent:
        answer = s.ask(user, "preview", json={}).ok
        for _ in range(10):
            if answer["plan"]["complete"]:
                break
            answer = s.ask(user, "preview", json={"plan": answer["plan"]["id"]}).ok
    assert (sent.sugar, sent.google) == (0, 0)
    assert answer["plan"]["complete"]
    return answer["plan"]


def carry(s: Stage, user: User, order: str, **more: Any) -> list[Any]:
    """Carries it out to its end; the answers."""
    answers = [s.ask(user, "sync", json={"plan": order, **more}).ok]
    while answers[-1]["plan"]["state"] != "done" and len(answers) < 10:
        answers.append(s.ask(user, "sync", json={"plan": order}).ok)
    assert answers[-1]["plan"]["state"] == "done"
    return answers


def test_exactly_the_plan(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 5)
    s.world.sugar.edit(links[0].sugar_id, title="Duchess")
    user.account.edit(links[1].google_id, organizations=[{"title": "Lady"}])
    s.world.sugar.remove(links[2].sugar_id)
    user.account.add(person("New", "One", "n@x.org"))
    s.clock.advance(300)
    made = plan(s, user)
    assert made["counts"] == {
        "update": 2,
        "update google": 1,
        "update sugar": 1,
        "delete": 1,
        "delete google": 1,
        "create": 1,
        "create sugar": 1,
    }
    s.world.sugar.edit(links[3].sugar_id, title="Not in the plan")
    s.clock.advance(300)
    (done,) = carry(s, user, made["id"])
    assert done["plan"]["done"] == 4
    assert {name: count for name, count in done["counts"].items() if " " in name} == {
        "update google": 1,
        "update sugar": 1,
        "delete google": 1,
        "create sugar": 1,
    }
    assert user.account.person(links[3].google_id).get("organizations") is None
    s.ask(user, "sync", json={})
    assert user.account.person(links[3].google_id)["organizations"][0]["title"] == "Not in the plan"


def test_what_changed_since_is_left_out(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    s.world.sugar.edit(link.sugar_id, title="Queen")
    s.clock.advance(300)
    with watched(s.world) as sent:
        (done,) = carry(s, user, made["id"])
    assert (sent.sugar, sent.google) == (0, 0)
    assert (done["plan"]["done"], done["plan"]["left_out"]) == (0, 1)
    s.ask(user, "sync", json={})
    assert user.account.person(link.google_id)["organizations"][0]["title"] == "Queen"


@pytest.mark.long
def test_in_parts(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(250):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    assert (made["contacts"], made["counts"]) == (250, {"create": 250, "create google": 250})
    answers = carry(s, user, made["id"])
    assert [answer["plan"]["waiting"] for answer in answers] == [150, 50, 0]
    assert len(user.links()) == 250


def pages(s: Stage, user: User, order: str, limit: int = 100, **query: Any) -> list[Any]:
    """All contacts of a plan."""
    found: list[Any] = []
    cursor = None
    while True:
        page = s.ask(user, "preview", f"/{order}", limit=limit, cursor=cursor, **query).ok
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def test_page_by_page(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(120):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    s.world.sugar.add(by=user.sugar_user, first_name="Two", last_name="Alike", email=["two@x.org"])
    for name in ("One", "Other"):
        user.account.add(person(name, "Alike", "two@x.org"))
    s.clock.advance(60)
    made = plan(s, user)
    everybody = pages(s, user, made["id"], limit=7)
    assert len(everybody) == len({item["key"] for item in everybody}) == made["contacts"] == 123
    assert {item["state"] for item in everybody} == {"waiting"}
    (asked,) = pages(s, user, made["id"], class_="ambiguous match", kind="park", state="waiting")[:1]
    assert asked["questions"][0]["class"] == "ambiguous match"
    created = pages(s, user, made["id"], kind="create google")
    assert len(created) == 120
    (field,) = [field for field in created[0]["fields"] if field["name"] == "emails"]
    number = created[0]["name"].partition(" ")[0].removeprefix("F")
    assert (field["to"], field["before"], field["after"]) == ("google", "", f"p{number}@x.org")
    assert pages(s, user, made["id"], state="done") == []
    s.ask(user, "sync", json={"plan": made["id"]})
    assert len(pages(s, user, made["id"], state="done")) == 100


def test_a_cursor_of_another_list(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(3):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    page = s.ask(user, "preview", f"/{made['id']}", limit=1).ok
    assert s.ask(user, "preview", f"/{made['id']}", cursor=page["next"], kind="update").wrong == ["query.cursor"]
    assert s.ask(user, "preview", f"/{plan(s, user)['id']}", cursor=page["next"]).wrong == ["query.cursor"]


def test_contacts_that_are_left_out(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 3)
    for link in links:
        s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    (done,) = carry(s, user, made["id"], leave_out=[links[1].id])
    assert (done["plan"]["done"], done["plan"]["left_out"]) == (2, 1)
    assert [bool(user.account.person(link.google_id).get("organizations")) for link in links] == [True, False, True]
    (left,) = pages(s, user, made["id"], state="left out")
    assert (left["key"], left["reason"]) == (links[1].id, "left out by you")
    s.ask(user, "sync", json={})
    assert user.account.person(links[1].google_id)["organizations"][0]["title"] == "Duchess"


def test_what_cannot_be_left_out(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(101):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    with watched(s.world) as sent:
        assert s.ask(user, "sync", json={"leave_out": ["x"]}).wrong == ["leave_out"]
        assert s.ask(user, "sync", json={"plan": made["id"], "leave_out": ["x"]}).wrong == ["leave_out.0"]
    assert (sent.sugar, sent.google) == (0, 0)
    assert s.ask(user, "preview", f"/{made['id']}").ok["plan"]["state"] == "ready"
    s.ask(user, "sync", json={"plan": made["id"]})
    (done, *_) = pages(s, user, made["id"], state="done")
    assert s.ask(user, "sync", json={"plan": made["id"], "leave_out": [done["key"]]}).wrong == ["leave_out.0"]


@pytest.mark.parametrize(("side", "told"), [("sugar", "changed in Sugar since"), ("google", "changed in Google since")])
def test_why_something_is_left_out(s: Stage, side: str, told: str) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    if side == "sugar":
        s.world.sugar.edit(link.sugar_id, department="Poetry")
    else:
        user.account.edit(link.google_id, biographies=[{"value": "Engines"}])
    s.clock.advance(300)
    carry(s, user, made["id"])
    (left,) = pages(s, user, made["id"])
    assert (left["state"], left["reason"]) == ("left out", told)


def test_reads_that_lag_some_seconds_behind() -> None:
    """What is read shows the old etag for a while (people-api.md): the plan's write waits that out."""
    with stage(people=Switches(etag_lag=5.0, feed_delay=0.0)) as s:
        user, link = linked(s.world, s.user("jane", **BOTH))
        s.world.sugar.edit(link.sugar_id, title="Duchess")
        user.account.edit(link.google_id, biographies=[{"value": "Engines"}])
        made = plan(s, user)
        for _ in range(5):
            assert s.ask(user, "sync", json={"plan": made["id"]}).ok["plan"]["state"] == "started"
        s.clock.advance(10)
        carry(s, user, made["id"])
        (item,) = pages(s, user, made["id"])
        assert (item["state"], item["reason"]) == ("done", "")
        assert s.world.sugar.get(link.sugar_id)["description"] == "Engines"
        assert user.account.person(link.google_id)["organizations"][0]["title"] == "Duchess"


def test_a_link_whose_write_is_stale_at_first() -> None:
    """The link is made, and what is left of it is an update: that is still what the plan has shown."""
    with stage(people=Switches(etag_lag=5.0, feed_delay=0.0)) as s:
        user = s.user("jane", **BOTH)
        user.sync()
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Duchess")
        made = plan(s, user)
        assert s.ask(user, "sync", json={"plan": made["id"]}).ok["plan"]["state"] == "started"
        (link,) = user.links()
        s.clock.advance(10)
        carry(s, user, made["id"])
        (item,) = pages(s, user, made["id"])
        assert (item["action"], item["state"], item["reason"]) == ("link", "done", "")
        assert user.account.person(link.google_id)["organizations"][0]["title"] == "Duchess"


@pytest.mark.parametrize("code", [429, 503])
def test_a_link_whose_write_meets_an_outage(s: Stage, code: int) -> None:
    """The link is made before its write has happened, and the rest of it is carried out later."""
    user = s.user("jane", **BOTH)
    user.sync()
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    s.world.people_wire.fault("status", path="updateContact", reply=Reply(code, {"error": {"code": code}}), times=9)
    s.ask(user, "sync", json={"plan": made["id"]})
    assert len(user.links()) == 1
    s.world.people_wire.heal()
    s.clock.advance(1300)
    carry(s, user, made["id"])
    (item,) = pages(s, user, made["id"])
    assert (item["action"], item["state"], item["reason"]) == ("link", "done", "")
    (link,) = user.links()
    assert user.account.person(link.google_id)["organizations"][0]["title"] == "Duchess"


def test_a_new_one_that_is_gone_holds_nobody_up(s: Stage) -> None:
    """Whether it was deleted nobody can tell yet: it is left out at once, and its own key waits."""
    user = s.user("jane", **BOTH)
    user.sync()
    google = user.account.add(person("Ada", "Byron", "ada@x.org"))
    s.clock.advance(300)
    made = plan(s, user)
    user.account.remove(google)
    (done,) = carry(s, user, made["id"])
    assert (done["plan"]["done"], done["plan"]["left_out"]) == (0, 1)
    (item,) = pages(s, user, made["id"])
    assert (item["state"], item["reason"]) == ("left out", "not in Google any more")


def test_deleted_since(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    user.account.remove(link.google_id)
    s.clock.advance(300)
    with watched(s.world) as sent:
        carry(s, user, made["id"])
    assert (sent.sugar, sent.google) == (0, 0)
    (left,) = pages(s, user, made["id"])
    assert (left["state"], left["reason"]) == ("left out", "not in Google any more")


def test_settings_that_changed_since(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 2)
    s.world.sugar.edit(links[0].sugar_id, title="Duchess")
    s.world.sugar.add(by=user.sugar_user, first_name="New", last_name="One", email=["n@x.org"])
    s.clock.advance(300)
    made = plan(s, user)
    s.ask(user, "settings", method="PATCH", json={"from_sugar": {"create": False}})
    (done,) = carry(s, user, made["id"])
    assert (done["plan"]["done"], done["plan"]["left_out"]) == (1, 1)
    (left,) = pages(s, user, made["id"], state="left out")
    assert left["reason"] == "it would be decided otherwise now: creating in Google is switched off"
    made = plan(s, user)
    s.world.sugar.edit(links[1].sugar_id, title="Duchess")
    s.clock.advance(300)
    made = plan(s, user)
    s.ask(user, "settings", method="PATCH", json={"fields_off": ["birthday"]})
    carry(s, user, made["id"])
    assert {item["reason"] for item in pages(s, user, made["id"], state="left out")} == {"the settings changed since"}


def test_stopped(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(101):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    assert s.ask(user, "sync", json={"plan": made["id"]}).ok["plan"]["waiting"] == 1
    assert s.ask(user, "status").ok["plan"]["waiting"] == 1
    answer = s.ask(user, "preview", f"/{made['id']}", method="DELETE").ok
    assert (answer["later"], answer["plan"]["state"]) == (False, "stopped")
    assert s.ask(user, "preview", f"/{made['id']}", method="DELETE").ok == answer
    assert s.ask(user, "status").ok["plan"] is None
    assert s.ask(user, "sync", json={"plan": made["id"]}).status == 409
    assert len(user.links()) == 100
    assert s.ask(user, "sync", json={}).ok["plan"] is None
    assert len(user.links()) == 101


def test_stopped_while_a_batch_is_under_way(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(101):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    told: list[Any] = []

    def click(request: Request, moment: str) -> None:
        if "createcontact" in request.path.lower() and moment == "before" and not told:
            told.append(s.ask(user, "preview", f"/{made['id']}", method="DELETE").ok)

    s.world.people_wire.on_call = click
    first = s.ask(user, "sync", json={"plan": made["id"]}).ok
    s.world.people_wire.on_call = None
    assert first["plan"]["done"] == 100
    assert told[0]["later"]
    assert s.ask(user, "sync", json={"plan": made["id"]}).status == 409
    assert s.ask(user, "preview", f"/{made['id']}").ok["plan"]["state"] == "stopped"
    assert len(user.links()) == 100


def test_plans_that_cannot_be_used(s: Stage) -> None:
    user, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    made = plan(s, user)["id"]
    s.watched.reset()
    for answer in (
        s.ask(bob, "sync", json={"plan": made}),
        s.ask(bob, "preview", json={"plan": made}),
        s.ask(bob, "preview", f"/{made}"),
        s.ask(bob, "preview", f"/{made}", method="DELETE"),
    ):
        assert (answer.status, answer.json["detail"]) == (404, "plan: there is no such plan")
    assert not [path for path in s.watched.paths if user.uid in path]
    assert s.ask(user, "sync", json={"plan": "../x"}).wrong == ["plan"]
    assert s.ask(user, "preview", json={"plan": "../x"}).wrong == ["plan"]
    s.clock.advance(3601)
    before = user.head()
    for answer in (s.ask(user, "sync", json={"plan": made}), s.ask(user, "preview", json={"plan": made})):
        assert (answer.status, answer.json["errors"][0]["field"]) == (409, "plan")
        assert "expired" in answer.json["detail"]
    assert s.store.get(user.paths.plan(made)) is not None  # nobody has cleared it away yet
    for path, method in (("", "GET"), ("/report", "GET"), ("/alike", "GET"), ("", "DELETE")):
        answer = s.ask(user, "preview", f"/{made}{path}", method=method)
        assert (answer.status, answer.json["detail"]) == (404, "plan: has expired: make a new one"), path
    assert (user.head().failures, user.head().last_run) == (before.failures, before.last_run)
    assert user.links() == []
    made = plan(s, user)["id"]
    carry(s, user, made)
    again = s.ask(user, "sync", json={"plan": made})
    assert (again.status, "carried out already" in again.json["detail"]) == (409, True)
    assert s.ask(user, "preview", f"/{made}", method="DELETE").status == 409


def test_one_plan_at_a_time(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(101):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    first, second = plan(s, user)["id"], plan(s, user)["id"]
    s.ask(user, "sync", json={"plan": first})
    answer = s.ask(user, "sync", json={"plan": second})
    assert (answer.status, "another plan" in answer.json["detail"]) == (409, True)
    assert s.ask(user, "preview", json={"plan": first}).status == 409
    s.clock.advance(7200)
    assert s.ask(user, "sync", json={}).ok["plan"]["state"] == "done"  # a started one does not expire
    assert len(user.links()) == 101


def test_a_plan_is_removed_when_it_has_served(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    made = plan(s, user)["id"]
    carry(s, user, made)
    s.clock.advance(23 * 3600)
    s.ask(user, "sync", json={})
    assert s.ask(user, "preview", f"/{made}").status == 200
    s.clock.advance(2 * 3600)
    s.ask(user, "sync", json={})
    assert s.ask(user, "preview", f"/{made}").status == 404
    assert not s.store.query(user.paths.collection("plans"))
    assert not s.store.query(user.paths.collection("parts"))
