"""What comes of answers: the next sync does what a person has said about entries of the backlog, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.store.port import Put, Remove
from shared.sync.link import Link
from tests.functions.stage import Stage, stage
from tests.functions.test_backlog import ids
from tests.sync.stage import BOTH, many, settle, troubles
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def conflict(s: Stage) -> tuple[User, Link, dict[str, Any]]:
    """A title that both sides changed, Senator and Mayor, and its entry as it is listed."""
    user = s.user("jane", **{**BOTH, "conflict": "ask"})
    link = many(s.world, user, 1, title="Rep")[0]
    s.world.sugar.edit(link.sugar_id, title="Senator")
    user.account.edit(link.google_id, organizations=[{"title": "Mayor"}])
    s.clock.advance(300)
    settle(user)
    (item,) = s.ask(user, "backlog").ok["items"]
    return user, link, item


def test_an_answered_conflict_is_settled_by_the_next_sync(s: Stage) -> None:
    user, link, item = conflict(s)
    s.ask(user, "backlog_release", json={"entries": [item["id"]], "action": "keep", "answers": {"title": "google"}})
    s.ask(user, "sync", json={})
    assert s.world.sugar.get(link.sugar_id)["title"] == "Mayor"
    assert s.ask(user, "backlog").ok["items"] == []
    assert s.ask(user, "status").ok["backlog"] == 0


def test_an_answer_is_for_what_was_asked_then(s: Stage) -> None:
    """Between the answer and the run that takes it up another one has asked anew::

    seen: Senator | Mayor ── keep Sugar's ──▶ a run that had read its inbox before finds Rector, asks ──▶ the next
    """
    user, link, item = conflict(s)
    keep = {"entries": [item["id"]], "action": "keep", "answers": {"title": "sugar"}}
    s.ask(user, "backlog_release", json={**keep, "asked": [item["asked"]]})
    (answered,) = s.store.query(user.paths.inbox)
    s.store.commit([Remove(answered.path)])
    user.account.edit(link.google_id, organizations=[{"title": "Rector"}])
    s.clock.advance(300)
    settle(user)
    s.store.commit([Put(answered.path, answered.data)])
    settle(user)
    (now,) = s.ask(user, "backlog").ok["items"]
    assert (now["state"], now["fields"][0]["google"]) == ("open", "Rector")
    assert user.account.person(link.google_id)["organizations"][0]["title"] == "Rector"
    assert s.store.query(user.paths.inbox) == []
    assert now["asked"] != item["asked"]
    s.ask(user, "backlog_release", json={**keep, "asked": [now["asked"]]})
    settle(user)
    assert user.account.person(link.google_id)["organizations"][0]["title"] == "Senator"


def test_what_was_held_goes_ahead_when_approved_and_only_that(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 30)
    for link in links[:12]:
        s.world.sugar.remove(link.sugar_id)
    s.clock.advance(300)
    settle(user)
    assert troubles(user) == ["held: mass deletion"] * 12
    some = ids(s, user, class_="held: mass deletion")[:5]
    s.ask(user, "backlog_release", json={"entries": some, "action": "approve"})
    settle(user)
    assert len(user.account.people()) == 25
    assert len(ids(s, user)) == 7
    s.ask(user, "backlog_release", json={"class": "held: mass deletion", "action": "approve"})
    settle(user)
    assert len(user.account.people()) == 18
    assert ids(s, user) == []
