"""The backlog: page by page, one entry whole, and letting entries go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from shared.store.port import Put
from shared.sync import backlog as stored
from shared.sync import report
from shared.sync.plain import plain
from shared.sync.plan.model import Trouble
from shared.sync.release import MOST
from shared.sync.remedies import ACTIONS, Remedy
from shared.sync.words import SHORT, ClassText, StatusText
from tests.functions.stage import Stage, stage
from tests.sync.stage import BOTH, many, person, settle
from tests.world import User

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ASIDE = ("never", "different")
CLASSES = ("rejected", "conflict", "same name")
ADA = {"id": "g:people:2", "name": "Ada Byron", "email": "ada@x.org", "company": "Engines"}


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def entry(n: int, **more: Any) -> dict[str, Any]:
    """Entry ``n``: the classes in turn, two at the same time."""
    cls = more.get("class", CLASSES[n % 3])
    value = {"name": f"phone_{('work', 'home')[n % 2]}", "sugar": "1", "google": "2", "base": None}
    question = {
        "class": cls,
        "message": f"message {n}",
        "remedy": "mend it",
        "whole": cls != "conflict",
        "detail": "the API's own words",
        "candidates": ["s:1", "g:people:2"],
        "fields": [value],
        "problems": [{"field": "title", "message": "is too long"}],
    }
    return {
        "class": cls,
        "state": "open",
        "at": (BEGIN + timedelta(minutes=n // 2)).isoformat(),
        "first_at": BEGIN.isoformat(),
        "attempts": n,
        "whole": cls != "conflict",
        "link": f"e{n:03d}",
        "ids": {"sugar": f"s{n}", "google": f"people/c{n}"},
        "name": f"Name {n}",
        "entries": [question],
        **more,
    }


def write(s: Stage, user: User, count: int, **more: Any) -> list[str]:
    """So many entries; their ids, the newest first."""
    s.store.commit([Put(user.paths.backlog(f"e{n:03d}"), entry(n, **more)) for n in range(count)])
    return [f"e{n:03d}" for n in reversed(range(count))]


def ids(s: Stage, user: User, **query: Any) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        answer = s.ask(user, "backlog", cursor=cursor, **query).ok
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            return found


def remedy(**told: Any) -> dict[str, Any]:
    """What a wish says is to be done."""
    found: dict[str, Any] = plain(Remedy(**told))
    return found


def wishes(s: Stage, user: User) -> list[dict[str, Any]]:
    return [doc.data for doc in s.store.query(user.paths.inbox, order="at")]


# -- looking -----------------------------------------------------------------------------------------


def test_lists(s: Stage) -> None:
    user = s.user()
    order = write(s, user, 30)
    assert ids(s, user, limit=7) == order
    assert ids(s, user, class_="conflict", limit=4) == [name for name in order if int(name[1:]) % 3 == 1]
    s.store.commit([Put(user.paths.backlog("e029"), entry(29, state="released"))])
    assert ids(s, user) == order[1:]
    assert ids(s, user, state="released") == order[:1]
    assert ids(s, user, state="released", class_="conflict") == []


def test_what_is_read_is_what_is_shown(s: Stage) -> None:
    user = s.user()
    write(s, user, 30)
    s.watched.reset()
    assert len(s.ask(user, "backlog", limit=10, class_="conflict").ok["items"]) == 10
    assert s.store.read == 1 + 10  # the user, and all that there are
    s.watched.reset()
    assert len(s.ask(user, "backlog", limit=10).ok["items"]) == 10
    assert (s.store.read, s.watched.queries, s.store.written) == (1 + 10 + 1, 1, 0)


def test_an_item_and_its_entry(s: Stage) -> None:
    user = s.user()
    long = {"name": "notes", "sugar": "x" * 5000, "google": "", "base": "y" * 5000}
    second = {**entry(1)["entries"][0], "fields": [long], "people": [ADA]}
    first = {**entry(0)["entries"][0], "class": "cannot hold", "fields": [], "problems": []}
    s.store.commit([Put(user.paths.backlog("s:1"), entry(1, entries=[first, second], link=None))])
    (item,) = s.ask(user, "backlog").ok["items"]
    assert re.fullmatch("[0-9a-f]{16}", item.pop("asked"))
    assert item == {
        "id": "s:1",
        "class": "conflict",
        "state": "open",
        "at": "2026-03-01T08:00:00+00:00",
        "first_at": "2026-03-01T08:00:00+00:00",
        "attempts": 1,
        "whole": False,
        "contact": None,
        "name": "Name 1",
        "sugar_id": "s1",
        "google_id": "people/c1",
        "message": "message 1",
        "actions": ["mend", "keep", "release", "never"],
        "keeps": {"notes": ["sugar", "google", "both"]},
        "fields": [
            {
                "name": "notes",
                "label": "Notes",
                "sugar": "x" * (SHORT - 1) + "…",
                "google": "",
                "base": "y" * (SHORT - 1) + "…",
            }
        ],
    }
    s.watched.reset()
    whole = s.ask(user, "backlog", "/s:1").ok
    assert s.store.read == 2
    assert {**item, "asked": whole["asked"], "questions": whole["questions"]} == whole
    one, two = whole["questions"]
    assert (one["class"], one["message"], one["remedy"], one["whole"]) == ("cannot hold", "message 0", "mend it", True)
    assert two["fields"][0]["sugar"] == "x" * 5000
    assert (two["detail"], two["candidates"]) == ("the API's own words", ["s:1", "g:people:2"])
    assert (one["people"], two["people"]) == ([], [ADA])
    assert two["problems"] == [{"name": "title", "label": "Title", "message": "is too long"}]


def test_entries_as_a_sync_leaves_them(s: Stage) -> None:
    user = s.user("jane", **{**BOTH, "conflict": "ask"})
    link = many(s.world, user, 2, title="Rep")[0]
    s.world.sugar.edit(link.sugar_id, title="Senator")
    user.account.edit(link.google_id, organizations=[{"title": "Mayor"}])
    s.world.sugar.add(by=user.sugar_user, first_name="Solo", last_name="Again", email=["solo@x.org"])
    for _ in range(2):
        user.account.add(person("Solo", "Again", "solo@x.org"))
    s.clock.advance(300)
    settle(user)
    items = s.ask(user, "backlog").ok["items"]
    (conflict,) = [item for item in items if item["class"] == "conflict"]
    assert (conflict["name"], conflict["contact"], conflict["fields"][0]["label"]) == ("F0 L0", link.id, "Title")
    assert {item["name"] for item in items if item is not conflict} == {"Solo Again"}
    for item in items:
        whole = s.ask(user, "backlog", f"/{item['id']}").ok
        assert whole["questions"][0]["remedy"] == stored.REMEDY[Trouble(item["class"])]


@pytest.mark.parametrize("name", ["nothing", "..", "__x__", "a%2Fb", "%00", "x" * 301])
def test_entries_that_are_not_there(s: Stage, name: str) -> None:
    user = s.user()
    assert s.ask(user, "backlog", f"/{name}").status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "closed"}, "query.state"),
        ({"class_": "any"}, "query.class"),
        ({"cls": "conflict"}, "query.cls"),
        ({"limit": 101}, "query.limit"),
        ({"limit": -1}, "query.limit"),
        ({"cursor": "x"}, "query.cursor"),
    ],
)
def test_questions_that_cannot_be_taken(s: Stage, query: dict[str, Any], field: str) -> None:
    assert s.ask(s.user(), "backlog", **query).wrong == [field]


def test_a_cursor_is_good_for_its_own_question_only(s: Stage) -> None:
    jane, bob = s.user("jane"), s.user("bob")
    write(s, jane, 30)
    write(s, bob, 30)
    cursor = s.ask(jane, "backlog", limit=10).ok["next"]
    others: list[dict[str, Any]] = [{"class_": "conflict"}, {"state": "released"}]
    for query in others:
        assert s.ask(jane, "backlog", cursor=cursor, **query).wrong == ["query.cursor"]
    assert s.ask(bob, "backlog", cursor=cursor).wrong == ["query.cursor"]
    assert s.ask(jane, "backlog_release", json={"all": True, "cursor": cursor}).wrong == ["cursor"]


def test_the_words_are_those_of_the_plan() -> None:
    assert set(get_args(ClassText)) == {trouble.value for trouble in Trouble} == set(ACTIONS)
    assert set(get_args(StatusText)) == {status.value for status in report.Status}


# -- letting go --------------------------------------------------------------------------------------


def test_release_by_name(s: Stage) -> None:
    user = s.user()
    write(s, user, 5)
    s.watched.reset()
    wanted = {"entries": ["e001", "e004"]}
    assert s.ask(user, "backlog_release", json=wanted).ok == {"releasing": 2, "next": None}
    assert (s.store.read, s.store.written, s.store.commits) == (3, 1, 1)
    (wish,) = wishes(s, user)
    assert (wish["kind"], wish["entries"], wish["remedy"]) == ("release", ["e001", "e004"], remedy())
    assert (wish["cls"], wish["pair"]) == (None, user.paths.pair)
    assert wish["asked"] == [s.ask(user, "backlog", f"/{one}").ok["asked"] for one in wish["entries"]]
    # It waits for the next run, and nothing else happens.
    assert ids(s, user) == ["e004", "e003", "e002", "e001", "e000"]


def test_release_of_a_class_and_of_all_names_each_entry(s: Stage) -> None:
    user = s.user()
    order = write(s, user, 9)
    assert s.ask(user, "backlog_release", json={"class": "conflict"}).ok["releasing"] == 3
    assert s.ask(user, "backlog_release", json={"all": True}).ok == {"releasing": 9, "next": None}
    one, two = wishes(s, user)
    assert (one["entries"], one["cls"], one["remedy"]) == (["e007", "e004", "e001"], None, remedy())
    assert (two["entries"], two["remedy"]) == (order, remedy())


def test_with_all_only_those_that_have_the_action_are_let_go(s: Stage) -> None:
    user = s.user()
    write(s, user, 9)
    s.store.commit([Put(user.paths.backlog(f"e{n:03d}"), entry(n, **{"class": "gone from Sugar"})) for n in (2, 5)])
    assert s.ask(user, "backlog_release", json={"all": True, "action": "approve"}).ok["releasing"] == 2
    (wish,) = wishes(s, user)
    assert (wish["entries"], wish["remedy"]) == (["e005", "e002"], remedy(action="approve"))


def test_every_entry_without_the_action_is_named(s: Stage) -> None:
    user = s.user()
    write(s, user, 3)
    wanted = {"entries": ["e000", "e001", "e002"], "action": "keep", "answers": {"phone_home": "google"}}
    answer = s.ask(user, "backlog_release", json=wanted)
    assert answer.wrong == ["entries[2]"]
    said = "keep is not for this one: it has different, release, never"
    assert answer.json["errors"][0]["message"] == said
    assert wishes(s, user) == []


def test_a_crowd_is_let_go_part_by_part(s: Stage) -> None:
    user = s.user()
    order = write(s, user, 2 * MOST + 50)
    body: dict[str, Any] = {"all": True}
    releasing = []
    while True:
        s.watched.reset()
        answer = s.ask(user, "backlog_release", json=body).ok
        assert s.store.read <= 1 + MOST + 1
        releasing.append(answer["releasing"])
        if answer["next"] is None:
            break
        body["cursor"] = answer["next"]
    assert releasing == [MOST, MOST, 50]
    assert [name for wish in wishes(s, user) for name in wish["entries"]] == order


def test_nothing_is_there_to_let_go(s: Stage) -> None:
    user = s.user()
    assert s.ask(user, "backlog_release", json={"all": True}).ok == {"releasing": 0, "next": None}
    assert wishes(s, user) == []


def test_answers_go_to_those_who_asked(s: Stage) -> None:
    user = s.user()
    write(s, user, 6, **{"class": "conflict"})
    answers = {"phone_work": "google", "phone_home": "sugar"}
    wanted = {"entries": [f"e{n:03d}" for n in range(6)], "action": "keep", "answers": answers}
    assert s.ask(user, "backlog_release", json=wanted).ok["releasing"] == 6
    told = {tuple(wish["entries"]): wish["remedy"]["answers"] for wish in wishes(s, user)}
    assert told == {
        ("e000", "e002", "e004"): {"phone_work": "google"},
        ("e001", "e003", "e005"): {"phone_home": "sugar"},
    }
    assert s.store.commits > 0


def test_a_value_that_was_refused_cannot_be_kept(s: Stage) -> None:
    user = s.user()
    write(s, user, 2, **{"class": "conflict"})
    value = {**entry(0)["entries"][0]["fields"][0], "refused": "sugar"}
    question = {**entry(0)["entries"][0], "class": "rejected", "fields": [value]}
    s.store.commit([Put(user.paths.backlog("e000"), entry(0, **{"class": "rejected"}, entries=[question]))])
    assert s.ask(user, "backlog", "/e000").ok["keeps"] == {"phone_work": ["sugar", "both"]}
    wanted = {"entries": ["e000"], "action": "keep", "answers": {"phone_work": "google"}}
    answer = s.ask(user, "backlog_release", json=wanted)
    assert answer.wrong == ["answers.phone_work"]
    assert "keep its own, or both" in answer.json["detail"]
    assert wishes(s, user) == []
    for whose in ("sugar", "both"):
        assert s.ask(user, "backlog_release", json={**wanted, "answers": {"phone_work": whose}}).ok["releasing"] == 1


def test_what_is_said_goes_along(s: Stage) -> None:
    user = s.user()
    write(s, user, 3)
    s.store.commit([Put(user.paths.backlog(f"e{n:03d}"), entry(n, ids={"sugar": "s1", "google": ""})) for n in (0, 2)])
    for body in (
        {"entries": ["e002"], "action": "choose", "candidates": ["g:people:2"]},
        {"entries": ["e002"], "action": "different"},
        {"entries": ["e000"], "action": "mend", "values": {"title": "x"}, "side": "sugar"},
    ):
        assert s.ask(user, "backlog_release", json=body).ok["releasing"] == 1
    choose, different, mend = [wish["remedy"] for wish in wishes(s, user)]
    assert choose == remedy(action="choose", candidates=("g:people:2",))
    assert different == remedy(action="different")
    assert mend["key"]
    assert mend == remedy(action="mend", values={"title": "x"}, side="sugar", key=mend["key"])


def test_what_was_put_aside_is_listed_and_let_go_again(s: Stage) -> None:
    user = s.user()
    write(s, user, 3)
    s.store.commit([Put(user.paths.backlog(f"e{n:03d}"), entry(n, state=state)) for n, state in enumerate(ASIDE)])
    for n, state in enumerate(ASIDE):
        (item,) = s.ask(user, "backlog", state=state).ok["items"]
        assert (item["id"], item["actions"]) == (f"e{n:03d}", ["release"])
    assert s.ask(user, "backlog_release", json={"entries": ["e000", "e001"]}).ok["releasing"] == 2
    assert s.ask(user, "backlog_release", json={"entries": ["e000"], "action": "never"}).wrong == ["entries[0]"]
    assert s.ask(user, "backlog_release", json={"all": True}).ok["releasing"] == 1, "of the open ones"


def test_every_entry_that_cannot_be_let_go_is_named(s: Stage) -> None:
    jane, bob = s.user("jane"), s.user("bob")
    write(s, jane, 5)
    s.store.commit(
        [
            Put(jane.paths.backlog("e003"), entry(3, state="released")),
            Put(bob.paths.backlog("his"), entry(1)),
        ]
    )
    s.watched.reset()
    wanted = ["e000", "nothing", "e001", "e003", "e001", "his", "a/b", "..", "__x__", "é\n"]
    answer = s.ask(jane, "backlog_release", json={"entries": wanted})
    assert answer.wrong == [f"entries[{n}]" for n in (1, 3, 4, 5, 6, 7, 8, 9)]
    messages = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert messages["entries[4]"] == "was given before"
    assert {messages[f"entries[{n}]"] for n in (1, 3, 5, 6)} == {"there is no such open entry"}
    assert s.store.written == 0
    assert not [path for path in s.watched.paths if bob.uid in path]
    assert wishes(s, jane) == wishes(s, bob) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"all": False}, ""),
        ({"entries": ["e000"], "all": True}, ""),
        ({"entries": ["e000"], "class": "conflict"}, ""),
        ({"class": "conflict", "all": True}, ""),
        ({"entries": []}, "entries"),
        ({"entries": "e000"}, "entries"),
        ({"entries": [""]}, "entries[0]"),
        ({"entries": ["e000", 7]}, "entries[1]"),
        ({"entries": ["e000"] * 101}, "entries"),
        ({"entries": ["x" * 301]}, "entries[0]"),
        ({"class": "any"}, "class"),
        ({"all": "yes"}, "all"),
        ({"all": True, "action": "yes"}, "action"),
        ({"class": "conflict", "action": "approve"}, "action"),
        ({"all": True, "answers": {"title": "sugar"}}, "answers"),
        ({"all": True, "action": "keep"}, "answers"),
        ({"entries": ["e000"], "asked": ["x", "y"]}, "asked"),
        ({"all": True, "asked": ["x"]}, "asked"),
        ({"entries": ["e000"], "cursor": "x"}, "cursor"),
        ({"all": True, "cursor": "x"}, "cursor"),
        ({"entries": ["e001"], "action": "keep", "answers": {"phone_home": "mine"}}, "answers[...]"),
        ({"entries": ["e001"], "action": "keep", "answers": {"title": "sugar"}}, "answers.title"),
        ({"entries": ["e002"], "action": "keep", "answers": {"phone_work": "sugar"}}, "entries[0]"),
        ({"class": "conflict", "action": "keep", "answers": {"shoes": "sugar"}}, "answers.shoes"),
        ({"entries": ["e001"], "action": "keep", "answers": []}, "answers"),
        ({"entries": ["e002"], "action": "choose"}, "candidates"),
        ({"entries": ["e002"], "action": "choose", "candidates": ["g:people:9"]}, "candidates[0]"),
        ({"entries": ["e002"], "action": "choose", "candidates": ["s:1", "g:people:2"]}, "candidates"),
        ({"class": "same name", "action": "choose", "candidates": ["g:people:2"]}, "entries"),
        ({"entries": ["e002"], "action": "different", "candidates": ["g:people:9"]}, "candidates[0]"),
        ({"entries": ["e002"], "candidates": ["g:people:2"]}, "candidates"),
        ({"entries": ["e000"], "action": "mend", "side": "sugar"}, "values"),
        ({"entries": ["e000"], "action": "mend", "values": {"title": "x"}}, "side"),
        ({"entries": ["e000"], "action": "mend", "values": {"shoes": "x"}, "side": "sugar"}, "values.shoes"),
        ({"entries": ["e000"], "action": "mend", "values": {"title": "x"}, "side": "google"}, "side"),
        ({"entries": ["e000"], "action": "mend", "values": {"title": "x" * 30_001}, "side": "sugar"}, "values[...]"),
        ({"class": "rejected", "action": "mend", "values": {"title": "x"}, "side": "sugar"}, "entries"),
        ({"entries": ["e000"], "values": {"title": "x"}}, "values"),
        ({"entries": ["e001"], "pair": "p"}, "pair"),
    ],
)
def test_wishes_that_cannot_be_taken(s: Stage, body: Any, field: str) -> None:
    user = s.user()
    write(s, user, 3)
    s.store.commit([Put(user.paths.backlog(f"e{n:03d}"), entry(n, ids={"sugar": "s1", "google": ""})) for n in (0, 2)])
    assert s.ask(user, "backlog_release", json=body).wrong == [field]
    assert wishes(s, user) == []


def test_what_asks_something_else_by_now_is_to_be_looked_at_again(s: Stage) -> None:
    user = s.user()
    write(s, user, 3)
    seen = {item["id"]: item["asked"] for item in s.ask(user, "backlog").ok["items"]}
    other = entry(1)
    other["entries"][0]["fields"][0]["google"] = "3"
    s.store.commit([Put(user.paths.backlog("e001"), other)])
    wanted = {"entries": list(seen), "asked": list(seen.values())}
    answer = s.ask(user, "backlog_release", json=wanted)
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:changed-meanwhile")
    assert [error["field"] for error in answer.json["errors"]] == [f"entries[{list(seen).index('e001')}]"]
    assert wishes(s, user) == []
    seen["e001"] = s.ask(user, "backlog", "/e001").ok["asked"]
    assert s.ask(user, "backlog_release", json={**wanted, "asked": list(seen.values())}).ok["releasing"] == 3


def test_who_may_not(s: Stage) -> None:
    user = s.user()
    s.watched.reset()
    assert s.ask(None, "backlog").status == 401
    assert s.ask(None, "backlog", "/x").status == 401
    assert s.ask(None, "backlog_release", json={"all": True}).status == 401
    assert s.ask(user, "backlog_release", json={"all": True}, headers={"Origin": "http://127.0.0.1:9"}).status == 403
    assert s.ask(user, "backlog_release").status == 405
    assert s.ask(user, "backlog", json={}).status == 405
    assert s.watched.paths == []
    s.change(user, pair="", instance="")
    assert s.ask(user, "backlog").status == 409
    assert s.ask(user, "backlog", "/x").status == 409
    assert s.ask(user, "backlog_release", json={"all": True}).status == 409


def test_another_users_entries_are_not_there(s: Stage) -> None:
    jane, bob = s.user("jane"), s.user("bob")
    write(s, bob, 3)
    s.watched.reset()
    assert s.ask(jane, "backlog").ok["items"] == []
    assert s.ask(jane, "backlog", "/e001").status == 404
    assert s.ask(jane, "backlog_release", json={"all": True}).ok["releasing"] == 0
    assert s.ask(jane, "backlog_release", json={"entries": ["e001"]}).wrong == ["entries[0]"]
    assert not [path for path in s.watched.paths if bob.uid in path]


def test_only_so_often(s: Stage) -> None:
    user = s.user()
    answers = [s.ask(user, "backlog_release", json={"all": True}).status for _ in range(61)]
    assert answers == [200] * 60 + [429]
