"""Why isn't this contact syncing, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.sync.visit import take
from tests.functions.stage import Stage, stage
from tests.sync.stage import BOTH, linked


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def test_how_a_contact_stands(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    _, link = linked(s.world, user)
    assert s.ask(user, "why", q="Ada Byron").ok == {
        "items": [
            {
                "name": "Ada Byron",
                "contact": link.id,
                "sugar_id": link.sugar_id,
                "google_id": link.google_id,
                "decides": "in step",
                "sentence": "it is in step: both sides agree",
                "setting": None,
                "entry": None,
                "fields": [],
            }
        ],
        "more": False,
        "listed": True,
    }
    assert s.ask(user, "why", q="nobody@x.org").ok == {"items": [], "more": False, "listed": True}


def test_another_users_contacts_are_not_there(s: Stage) -> None:
    jane, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    _, link = linked(s.world, bob)
    s.ask(jane, "sync", json={})
    s.watched.reset()
    for text in ("people/c1", link.google_id, link.id):
        assert s.ask(jane, "why", q=text).ok["items"] == []
    (seen,) = s.ask(jane, "why", q="ada@x.org").ok["items"]  # Sugar shows it to her too, outside her scope
    assert (seen["decides"], seen["contact"], seen["google_id"]) == ("filter", None, "")
    assert not [path for path in s.watched.paths if bob.uid in path]


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "   "}, {"q": "x" * 301}])
def test_questions_that_cannot_be_taken(s: Stage, query: dict[str, Any]) -> None:
    assert s.ask(s.user(), "why", **query).wrong == ["query.q"]


@pytest.mark.parametrize("text", ["../../x", "people/", "people/../x", "#Contacts/", "\x00", "%", "*", "a" * 300, "🙂"])
def test_words_that_are_nobodys(s: Stage, text: str) -> None:
    user = s.user("jane", **BOTH)
    linked(s.world, user)
    assert s.ask(user, "why", q=text).ok["items"] == []


def test_not_while_a_run_is_under_way(s: Stage) -> None:
    user = s.user()
    take(s.store, user.paths, s.clock, s.world.ids)
    answer = s.ask(user, "why", q="ada@x.org")
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:busy")


def test_not_without_both_sides(s: Stage) -> None:
    user = s.user()
    s.change(user, pair="", instance="")
    assert s.ask(user, "why", q="ada@x.org").status == 409
    assert s.ask(None, "why", q="ada@x.org").status == 401
