"""Whom a person is asked about is told by name, not by id alone; and no more of it than the history may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.sync.browse import entry as told
from shared.sync.plan.model import Trouble
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import BOTH, person, settle
from tests.sync.test_backlog import SCENES
from tests.world import User, World, world

LONG = "x" * 3000


def people(user: User, trouble: Trouble) -> list[dict[str, Any]]:
    """All that is stored about candidates in entries of the class."""
    docs = [doc for doc in user.backlog() if doc.data["class"] == trouble.value]
    return [one for doc in docs for question in doc.data["entries"] for one in question.get("people", ())]


def asked(w: World, **settings: Any) -> User:
    """Somebody in Sugar who may be one of two in Google."""
    user = w.user(**BOTH, **settings)
    w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    user.account.add(person("Ada", "Byron", "ada@x.org", organizations=[{"name": "Engines"}]))
    user.account.add(person("Augusta", "Byron", "ada@x.org"))
    return user


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.AMBIGUOUS,
        Trouble.SAME_NAME,
        Trouble.ALREADY_LINKED,
        Trouble.OUT_OF_SCOPE_MATCH,
        Trouble.DOUBTFUL_CREATE,
        Trouble.MERGED,
    ],
)
def test_candidates_have_names_in_every_class_that_has_candidates(trouble: Trouble) -> None:
    with world() as w:
        user = SCENES[trouble](w)
        if trouble is Trouble.DOUBTFUL_CREATE:
            for record in w.sugar.contacts():
                w.sugar.edit(record, assigned_user_id=user.sugar_user)
        rest(user)
        for doc in user.backlog():
            for question in doc.data["entries"]:
                assert [one["id"] for one in question["people"]] == question["candidates"]
        assert all(one["name"] for one in people(user, trouble))
        fixed_point(user)


def test_name_email_and_company_in_the_backlog_and_in_a_preview() -> None:
    with world() as w:
        user = asked(w)
        settle(user)
        doc = next(doc for doc in user.backlog() if doc.data["ids"]["sugar"])
        (question,) = told(doc).questions
        found = {one.name: (one.email, one.company) for one in question.people}
        assert found == {"Ada Byron": ("ada@x.org", "Engines"), "Augusta Byron": ("ada@x.org", "")}
        user.wish(kind="release", entries=[doc.id])
        planned = user.engine.preview().plan
        assert planned is not None
        again = [entry for decision in planned.decisions for entry in decision.entries]
        assert {one.name for entry in again for one in entry.people} == {"Ada Byron", "Augusta Byron"}


def test_an_entry_that_was_stored_without_names_is_shown_and_gets_them_when_it_is_asked_again() -> None:
    with world() as w:
        user = asked(w)
        settle(user)
        doc = next(doc for doc in user.backlog() if doc.data["ids"]["sugar"])
        data = json.loads(json.dumps(dict(doc.data)))
        for question in data["entries"]:
            del question["people"]
        assert told(type(doc)(doc.path, data, doc.version)).questions[0].people == []
        user.wish(kind="release", entries=[doc.id])
        rest(user)
        (again,) = [each for each in user.backlog() if each.id == doc.id]
        assert again.data["attempts"] == 2
        assert len(again.data["entries"][0]["people"]) == 2


@pytest.mark.parametrize(
    ("without", "left"),
    [(["last_name", "company"], {("", "ada@x.org", "")}), (["emails"], {("Ada Byron", "", "Engines")})],
    ids=["name and company", "emails"],
)
def test_what_history_is_not_to_keep_is_not_kept_of_candidates(
    without: list[str], left: set[tuple[str, str, str]]
) -> None:
    with world() as w:
        user = asked(w, history_without=without)
        settle(user)
        found = {(one["name"], one["email"], one["company"]) for one in people(user, Trouble.AMBIGUOUS)}
        assert left <= found
        assert not any("Byron" in name for name, _, _ in found) or "last_name" not in without
        assert not any(email for _, email, _ in found) or "emails" not in without


def test_long_texts_and_crowds_stay_small() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        for n in range(30):
            user.account.add(person(f"Ada {n}", LONG, "ada@x.org", organizations=[{"name": LONG}]))
        settle(user)
        (doc,) = [doc for doc in user.backlog() if doc.data["ids"]["sugar"]]
        (question,) = doc.data["entries"]
        assert (len(question["candidates"]), len(question["people"])) == (30, 20)
        assert {len(one["company"]) for one in question["people"]} == {100}
        assert len(json.dumps(question["people"])) < 10_000
