"""What the next run would do: told contact by contact, and nothing of it done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from shared.names import Op, SideName
from shared.sync.plan.model import Action
from shared.sync.words import SHORT, KindText
from tests.functions.stage import Stage, stage
from tests.simulators.wire import Reply
from tests.sync.stage import BOTH, link_of, linked, many, person, settle, watched
from tests.sync.test_bad_values import show
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def preview(s: Stage, user: User) -> Any:
    """The preview; fails if it wrote to a side."""
    s.clock.advance(61)  # the rate is somebody else's test
    with watched(s.world) as sent:
        answer = s.ask(user, "preview", json={}).ok
    assert (sent.sugar, sent.google) == (0, 0)
    return answer


def only(answer: Any) -> Any:
    (contact,) = answer["contacts"]
    return contact


def test_a_new_contact(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    record = s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    answer = preview(s, user)
    assert (answer["status"], answer["counts"]) == ("done", {"create": 1, "create google": 1})
    contact = only(answer)
    assert (contact["name"], contact["action"], contact["writes"]) == ("Ada Byron", "create", ["create google"])
    assert (contact["sugar_id"], contact["google_id"], contact["linked"]) == (record, "", False)
    assert contact["why"] == "new in Sugar"
    assert {field["name"]: (field["to"], field["before"], field["after"]) for field in contact["fields"]} == {
        "first_name": ("google", "", "Ada"),
        "last_name": ("google", "", "Byron"),
        "emails": ("google", "", "ada@x.org"),
    }


def test_fields_from_either_side_with_their_reasons(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **{**BOTH, "conflict": "google"}), department="Poetry")
    s.world.sugar.edit(link.sugar_id, title="Duchess", department="Mathematics")
    fields = [{"title": "Lady", "department": "Poetry", "name": ""}]
    user.account.edit(link.google_id, organizations=fields, biographies=[{"value": "Engines"}])
    answer = preview(s, user)
    contact = only(answer)
    assert (contact["key"], contact["linked"], contact["action"]) == (link.id, True, "update")
    assert contact["writes"] == ["update google", "update sugar"]
    told = {field["name"]: field for field in contact["fields"]}
    assert told["title"] == {
        "name": "title",
        "label": "Title",
        "sugar": "Duchess",
        "google": "Lady",
        "base": "Countess",
        "to": "sugar",
        "before": "Duchess",
        "after": "Lady",
        "why": "conflict: Google wins",
        "loser": "Duchess",
    }
    assert (told["department"]["to"], told["department"]["after"]) == ("google", "Mathematics")
    assert (told["notes"]["to"], told["notes"]["why"]) == ("sugar", "changed in Google")
    assert answer["counts"] == {"update": 1, "update google": 1, "update sugar": 1}


def test_the_sync_that_follows_does_what_was_told(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 40)
    for n in range(5):
        s.world.sugar.edit(links[n].sugar_id, title=f"T{n}")
        user.account.edit(links[5 + n].google_id, organizations=[{"title": f"T{n}"}])
    for n in range(3):
        s.world.sugar.remove(links[10 + n].sugar_id)
        s.world.sugar.add(by=user.sugar_user, first_name=f"N{n}", last_name="New", email=[f"n{n}@x.org"])
        user.account.add(person(f"M{n}", "New", f"m{n}@x.org"))
    s.clock.advance(300)
    told = preview(s, user)
    assert preview(s, user)["counts"] == told["counts"]
    done = s.ask(user, "sync", json={}).ok
    assert done["counts"] == told["counts"]
    assert done["counts"]["delete google"] == 3
    rows = {(row["name"], *row["kinds"]) for row in user.history()[40:]}
    assert rows == {(c["name"], c["action"], *c["writes"]) for c in told["contacts"] if c["writes"]}


def test_what_would_be_held_and_what_would_be_asked(s: Stage) -> None:
    user = s.user("jane", **{**BOTH, "conflict": "ask"})
    links = many(s.world, user, 30, title="Rep")
    for link in links[:12]:
        s.world.sugar.remove(link.sugar_id)
    s.world.sugar.edit(links[20].sugar_id, title="Senator")
    user.account.edit(links[20].google_id, organizations=[{"title": "Mayor"}])
    s.clock.advance(300)
    answer = preview(s, user)
    assert Counter(c["action"] for c in answer["contacts"]) == {"park": 12, "nothing": 1} or answer["counts"]["park"]
    held = [c for c in answer["contacts"] if c["action"] == "park"]
    assert {c["questions"][0]["class"] for c in held} == {"held: mass deletion"}
    assert all(c["questions"][0]["whole"] and c["questions"][0]["remedy"] and not c["writes"] for c in held)
    assert all(c["name"].startswith("F") for c in held)
    (asked,) = [c for c in answer["contacts"] if c["key"] == links[20].id]
    (question,) = asked["questions"]
    assert (question["class"], question["whole"]) == ("conflict", False)
    values = {"name": "title", "label": "Title", "sugar": "Senator", "google": "Mayor", "base": "Rep"}
    assert question["fields"] == [values]
    assert [(f["to"], f["before"], f["after"]) for f in asked["fields"]] == [(None, "", "")]
    assert user.backlog() == []
    s.ask(user, "sync", json={})
    assert len(user.backlog()) == 13


def test_switches_say_what_they_hold_back(s: Stage) -> None:
    user = s.user("jane", from_google={"create": False})
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    s.clock.advance(60)
    contact = only(preview(s, user))
    assert (contact["name"], contact["action"], contact["writes"]) == ("Ada Byron", "nothing", [])
    assert contact["why"] == "creating in Sugar is switched off"


def test_one_batch_at_most(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(130):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    answer = preview(s, user)
    assert len(answer["contacts"]) == 100
    assert answer["remaining"] == 130


def test_long_values_are_cut(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    notes = "é" * 50_000
    s.world.sugar.add(by=user.sugar_user, first_name="A", last_name="B", email=["a@x.org"], description=notes)
    (field,) = [field for field in only(preview(s, user))["fields"] if field["name"] == "notes"]
    assert field["after"] == field["sugar"] == "é" * (SHORT - 1) + "…"


def test_what_is_no_unicode_is_shown_all_the_same(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    s.world.sugar.add(by=user.sugar_user, first_name="Half", last_name="Byron", email=["h@x.org"])
    show(s.world.sugar_wire, "/Contacts|/bulk", "first_name", {"Half": ("title", "half \ud83d of it")})
    contact = only(preview(s, user))
    assert contact["name"] == "Half Byron"
    assert "\ud83d" not in str(contact)


def test_names_where_there_is_no_name(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    user.account.add({"emailAddresses": [{"value": "nameless@x.org"}]})
    user.account.add({"phoneNumbers": [{"value": "+1 650 253 0000", "type": "mobile"}]})
    s.clock.advance(60)
    assert {contact["name"] for contact in preview(s, user)["contacts"]} == {"nameless@x.org", "+1 650 253 0000"}


def test_a_contact_that_is_gone_has_its_name_from_the_link(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.remove(link.sugar_id)
    user.account.remove(link.google_id)
    s.clock.advance(300)
    contact = only(preview(s, user))
    assert (contact["name"], contact["action"]) == ("Ada Byron", "close")


def test_nothing_to_do(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    settle(user)
    answer = preview(s, user)
    assert (answer["contacts"], answer["counts"], answer["remaining"], answer["message"]) == ([], {}, 0, "")


def test_trouble_is_told(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    s.world.sugar_wire.fault("status", times=None, reply=Reply(503, {}))
    answer = preview(s, user)
    assert (answer["status"], answer["contacts"]) == ("later", [])
    assert "503" in answer["message"]


def test_nothing_is_connected(s: Stage) -> None:
    user = s.user()
    s.change(user, pair="", instance="")
    assert s.ask(user, "preview", json={}).status == 409


@pytest.mark.long
def test_only_so_often(s: Stage) -> None:
    user = s.user()
    assert [s.ask(user, "preview", json={}).status for _ in range(61)] == [200] * 60 + [429]


def test_the_plan_is_the_callers_own(s: Stage) -> None:
    jane, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    s.world.sugar.add(by=bob.sugar_user, first_name="Bob's", last_name="Own", email=["own@x.org"])
    s.watched.reset()
    assert preview(s, jane)["contacts"] == []
    assert not [path for path in s.watched.paths if bob.uid in path]


def test_get_writes_nothing_and_is_not_taken(s: Stage) -> None:
    assert s.ask(s.user(), "preview").status == 405


def test_who_may_not(s: Stage) -> None:
    user = s.user()
    s.watched.reset()
    assert s.ask(None, "preview", json={}).status == 401
    assert s.ask(user, "preview", json={}, headers={"Origin": "https://evil.example"}).status == 403
    assert s.watched.paths == []


def test_every_kind_of_change_has_its_word() -> None:
    words = {action.value for action in Action} | {f"{op} {side}" for op in Op for side in SideName} | {"recovered"}
    assert set(get_args(KindText)) == words


def test_it_goes_by_the_settings_that_are_stored(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.change(user, settings={**BOTH, "from_sugar": {"update": False}})
    user.wish(kind="settings")
    s.clock.advance(300)
    contact = only(preview(s, user))
    assert contact["writes"] == []
    assert contact["fields"][0]["why"] == "changed in Sugar; held back"
    assert link_of(user, link.sugar_id).base["title"] == "Countess"
