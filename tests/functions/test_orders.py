"""Stored plans: made part by part, looked at page by page, and carried out exactly as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.stage import Stage, stage
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


def test_in_parts(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    for n in range(250):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    made = plan(s, user)
    assert (made["contacts"], made["counts"]) == (250, {"create": 250, "create google": 250})
    answers = carry(s, user, made["id"])
    assert [answer["plan"]["waiting"] for answer in answers] == [150, 50, 0]
    assert len(user.links()) == 250
