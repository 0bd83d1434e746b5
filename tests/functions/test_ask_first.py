"""The setting "ask me first": a scheduled sync stops at a plan, and waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.stage import Stage, stage
from tests.functions.test_orders import carry, pages
from tests.sync.stage import BOTH, linked, many, person, settle, watched
from tests.world import User

ASK: dict[str, Any] = {**BOTH, "sync_regularly": True, "ask_first": True}


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def scheduled(s: Stage, user: User, seconds: float = 301) -> Any:
    """What the queue's task is answered when the user is due again."""
    s.clock.advance(seconds)
    answer = s.task("sync", {"uid": user.uid, "pair": user.paths.pair}).ok
    assert answer["status"] == "done", answer
    return answer


def asker(s: Stage, **settings: Any) -> User:
    """Somebody who wants to be asked, and whose sync is due."""
    user = s.user("jane", **{**ASK, **settings})
    assert user.engine.attend()
    return user


def waiting(s: Stage, user: User) -> Any:
    """The plan that waits for the user."""
    return s.ask(user, "status").ok["plan"]


def test_it_stops_at_a_plan_and_waits(s: Stage) -> None:
    user = asker(s)
    record = s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    user.account.add(person("Guest", "Star", "guest@x.org"))
    with watched(s.world) as sent:
        scheduled(s, user)
        made = waiting(s, user)
        assert (made["asked"], made["state"], made["complete"]) == (True, "ready", True)
        assert made["counts"] == {"link": 1, "create": 1, "create sugar": 1}
        for _ in range(5):
            scheduled(s, user)
        assert waiting(s, user)["id"] == made["id"]  # it is not made anew
    assert (sent.sugar, sent.google, user.links()) == (0, 0, [])
    (done,) = carry(s, user, made["id"])
    assert done["plan"]["done"] == 2
    assert waiting(s, user) is None
    assert record in {link.sugar_id for link in user.links()}
    for _ in range(3):
        scheduled(s, user)
        assert waiting(s, user) is None  # the echoes of what was written need no asking


def test_why_says_that_a_change_waits_for_approval(s: Stage) -> None:
    user = asker(s)
    record = s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    scheduled(s, user)
    (told,) = s.ask(user, "why", q="ada@x.org").ok["items"]
    assert (told["decides"], told["setting"]) == ("plan", "ask_first")
    assert told["sentence"].startswith("it waits for your approval: once you approve the plan that waits for you, ")
    assert "create it in Google" in told["sentence"]
    carry(s, user, waiting(s, user)["id"])
    settle(user)
    s.world.sugar.edit(record, title="Countess")
    (told,) = s.ask(user, "why", q="ada@x.org").ok["items"]
    assert (told["decides"], told["setting"]) == ("plan", "ask_first")
    assert "the plan that the next regular sync makes, a sync will update it in Google" in told["sentence"]
    s.ask(user, "settings", method="PATCH", json={"ask_first": False})
    (told,) = s.ask(user, "why", q="ada@x.org").ok["items"]
    assert (told["decides"], told["setting"]) == ("turn", None)


@pytest.mark.long
def test_many_over_several_runs(s: Stage) -> None:
    user = asker(s)
    for n in range(230):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    states = []
    for _ in range(3):
        scheduled(s, user)
        states.append((waiting(s, user)["contacts"], waiting(s, user)["complete"]))
    assert states == [(100, False), (200, False), (230, True)]
    assert user.links() == []
    assert sum(answer["counts"].get("create google", 0) for answer in carry(s, user, waiting(s, user)["id"])) == 230


def test_a_started_plan_goes_on_by_itself(s: Stage) -> None:
    user = asker(s)
    for n in range(130):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    scheduled(s, user)
    scheduled(s, user)
    order = waiting(s, user)["id"]
    s.ask(user, "sync", json={"plan": order})
    assert len(user.links()) == 100
    answer = scheduled(s, user)
    assert (answer["plan"]["id"], answer["plan"]["state"]) == (order, "done")
    assert len(user.links()) == 130


def test_one_that_nobody_answers_is_made_anew(s: Stage) -> None:
    user, link = linked(s.world, asker(s))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    scheduled(s, user)
    first = waiting(s, user)
    s.world.sugar.edit(link.sugar_id, title="Queen")
    scheduled(s, user)
    assert waiting(s, user) == first
    scheduled(s, user, 3700)
    second = waiting(s, user)
    assert second["id"] != first["id"]
    (item,) = pages(s, user, second["id"])
    assert [field["after"] for field in item["fields"]] == ["Queen"]


def test_a_click_on_sync_now_needs_no_asking(s: Stage) -> None:
    user, link = linked(s.world, asker(s))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(301)
    assert s.ask(user, "sync", json={}).ok["counts"]["update google"] == 1


def test_questions_are_asked_without_asking(s: Stage) -> None:
    user = asker(s, conflict="ask")
    links = many(s.world, user, 1, title="Rep")
    s.world.sugar.edit(links[0].sugar_id, title="Senator")
    user.account.edit(links[0].google_id, organizations=[{"title": "Mayor"}])
    scheduled(s, user)
    assert waiting(s, user) is None
    assert len(user.backlog()) == 1


def test_what_a_run_before_left_in_doubt_is_settled_while_a_plan_waits(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    settle(user)
    s.world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    s.world.people_wire.fault("cut_after", path="(?i)createcontact")
    s.clock.advance(301)
    s.ask(user, "sync", json={})
    assert user.head().open
    s.ask(user, "settings", method="PATCH", json={"sync_regularly": True, "ask_first": True})
    s.world.sugar.add(by=user.sugar_user, first_name="Eve", last_name="Adams", email=["eve@x.org"])
    for _ in range(5):
        scheduled(s, user)
    assert not user.head().open
    assert len(user.account.people()) == 1
    assert waiting(s, user)["counts"] == {"create": 1, "create google": 1}
