"""History: page by page, filtered, and one row whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.store.firestore import FirestoreStore
from shared.store.port import Put, Store
from shared.store.sqlite import SqliteStore
from shared.sync.words import SHORT
from tests.emulator import firestore_emulator, firestore_project
from tests.functions.stage import Stage, stage
from tests.sync.stage import BOTH, linked
from tests.world import User

__all__ = ["firestore_emulator", "firestore_project"]

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KINDS = (["update", "update google"], ["update", "update sugar"], ["create", "create google"], ["link"])


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each engine."""
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "documents.sqlite")
    else:
        made = FirestoreStore(request.getfixturevalue("firestore_project"))
    with closing(made):
        yield made


def told(n: int, **more: Any) -> dict[str, Any]:
    """Row ``n``: three of each run at the same time, five contacts in turn, the kinds in turn."""
    field = {"name": "title", "to": "google", "before": "", "after": f"T{n}", "why": "new", "loser": None}
    return {
        "link": f"link{n % 5}",
        "run": f"run{n // 3:03d}",
        "at": (BEGIN + timedelta(minutes=n // 3)).isoformat(),
        "kinds": KINDS[n % 4],
        "why": "changed in Sugar",
        "name": f"Name {n % 5}",
        "epoch": n,
        "ids": {"sugar": f"s{n % 5}", "google": f"people/c{n % 5}"},
        "fields": [field],
        "native": {"google": {"before": {"etag": "1"}, "after": {"etag": "2", "n": n}}},
        **more,
    }


def row_id(n: int) -> str:
    return f"run{n // 3:03d}-link{n % 5}"


def write(s: Stage, user: User, count: int) -> list[str]:
    """So many rows; their ids, the newest first."""
    paths = [user.paths.history(row_id(n)) for n in range(count)]
    s.store.commit([Put(path, told(n)) for n, path in enumerate(paths)])
    return sorted((row_id(n) for n in range(count)), key=lambda name: (int(name[3:6]), name.encode()), reverse=True)


def pages(s: Stage, user: User, **query: Any) -> Iterator[list[str]]:
    """The ids of every page, to the last."""
    cursor = None
    for _ in range(200):
        answer = s.ask(user, "history", cursor=cursor, **query).ok
        yield [row["id"] for row in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            return
    raise AssertionError("it never ends")


def ids(s: Stage, user: User, **query: Any) -> list[str]:
    return [row for page in pages(s, user, **query) for row in page]


# -- lists -------------------------------------------------------------------------------------------


def test_all_of_it_newest_first_and_oldest_first(store: Store) -> None:
    with stage(store=store) as s:
        user = s.user()
        expected = write(s, user, 60)
        found = list(pages(s, user, limit=7))
        assert [len(page) for page in found] == [7] * 8 + [4]
        assert [row for page in found for row in page] == expected
        assert ids(s, user, limit=7, order="asc") == expected[::-1]
        assert list(pages(s, user, limit=60)) == [expected]
        assert [len(page) for page in pages(s, user)] == [50, 10]


def test_filters_hold_together(store: Store) -> None:
    with stage(store=store) as s:
        user = s.user()
        order = write(s, user, 60)
        by_id = {row_id(n): told(n) for n in range(60)}

        def fits(row: dict[str, Any], wanted: dict[str, str]) -> bool:
            return all(
                (
                    wanted.get("contact", row["link"]) == row["link"],
                    wanted.get("run", row["run"]) == row["run"],
                    wanted.get("kind", row["kinds"][0]) in row["kinds"],
                    wanted.get("from_", "") <= row["at"] < wanted.get("to_", "9"),
                )
            )

        minute = [(BEGIN + timedelta(minutes=n)).isoformat() for n in range(21)]
        questions: tuple[dict[str, str], ...] = (
            {"contact": "link2"},
            {"run": "run004"},
            {"kind": "update sugar"},
            {"kind": "link"},
            {"from_": minute[15]},
            {"to_": minute[3]},
            {"from_": minute[5], "to_": minute[9]},
            {"contact": "link2", "kind": "update"},
            {"contact": "link1", "run": "run002"},
            {"contact": "link3", "kind": "create google", "from_": minute[4], "to_": minute[18]},
            {"run": "run004", "kind": "link", "contact": "link2"},
            {"contact": "nobody"},
            {"from_": minute[9], "to_": minute[9]},
        )
        for wanted in questions:
            right = [name for name in order if fits(by_id[name], wanted)]
            assert ids(s, user, limit=2, **wanted) == right, wanted
            s.watched.reset()
            assert ids(s, user, order="asc", limit=100, **wanted) == right[::-1], wanted
            assert s.store.read == len(right) + 1, wanted  # and the user


def test_what_is_read_is_what_is_shown(s: Stage) -> None:
    user = s.user()
    write(s, user, 60)
    s.watched.reset()
    assert len(next(pages(s, user, limit=10))) == 10
    assert s.store.read == 1 + 10 + 1  # the user, the page, and one that tells that there is more
    assert (s.watched.queries, s.store.written) == (1, 0)
    assert s.watched.paths == [user.paths.user, user.paths.collection("history")]


def test_times_in_any_offset(s: Stage) -> None:
    user = s.user()
    order = write(s, user, 9)
    for begin in ("2026-03-01T08:01:00Z", "2026-03-01T10:01:00+02:00", "2026-03-01T08:00:59.999999Z"):
        assert ids(s, user, from_=begin) == order[:6]
    assert ids(s, user, to_="2026-03-01T03:01:00-05:00") == order[6:]


def test_a_row_of_a_list(s: Stage) -> None:
    user = s.user()
    write(s, user, 1)
    long = {
        "name": "custom:shoe_size_c",
        "to": "sugar",
        "before": "x" * 5000,
        "after": "",
        "why": "w",
        "loser": "y" * 5000,
    }
    s.store.commit([Put(user.paths.history("zz"), told(3, fields=[long]))])
    second, first = s.ask(user, "history").ok["items"]
    assert first == {
        "id": "run000-link0",
        "at": "2026-03-01T08:00:00+00:00",
        "run": "run000",
        "contact": "link0",
        "name": "Name 0",
        "sugar_id": "s0",
        "google_id": "people/c0",
        "kinds": ["update", "update google"],
        "why": "changed in Sugar",
        "fields": [
            {
                "name": "title",
                "label": "Title",
                "to": "google",
                "before": "",
                "after": "T0",
                "why": "new",
                "loser": None,
                "hidden": False,
            }
        ],
        "archived": False,
        "undoes": [],
    }
    (field,) = second["fields"]
    assert field["label"] == "shoe_size_c"
    assert field["before"] == "x" * (SHORT - 1) + "…"
    assert field["loser"] == "y" * (SHORT - 1) + "…"
    whole = s.ask(user, "history", "/zz").ok
    assert whole["fields"][0]["before"] == "x" * 5000


def test_rows_of_an_older_version_have_no_name(s: Stage) -> None:
    user = s.user()
    row = told(0)
    del row["name"], row["ids"]
    s.store.commit([Put(user.paths.history("r"), row)])
    (item,) = s.ask(user, "history").ok["items"]
    assert (item["name"], item["sugar_id"], item["google_id"]) == ("", "", "")


# -- one row -----------------------------------------------------------------------------------------


def test_a_row_whole(s: Stage) -> None:
    user = s.user()
    write(s, user, 4)
    s.watched.reset()
    row = s.ask(user, "history", "/run001-link3").ok
    assert row["native"] == {"google": {"before": {"etag": "1"}, "after": {"etag": "2", "n": 3}}}
    assert row["kinds"] == ["link"]
    assert s.store.read == 2


def test_what_a_sync_has_done(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess")
    s.clock.advance(300)
    run = s.ask(user, "sync", json={}).ok["run"]
    (item,) = s.ask(user, "history", run=run).ok["items"]
    assert (item["contact"], item["name"], item["kinds"]) == (link.id, "Ada Byron", ["update", "update google"])
    assert [(f["name"], f["to"], f["before"], f["after"]) for f in item["fields"]] == [
        ("title", "google", "Countess", "Duchess")
    ]
    native = s.ask(user, "history", f"/{item['id']}").ok["native"]["google"]
    assert native["before"]["organizations"][0]["title"] == "Countess"
    assert (
        native["after"] == user.account.person(link.google_id)
        or native["after"]["organizations"][0]["title"] == "Duchess"
    )
    assert ids(s, user, kind="create google") == ids(s, user, contact=link.id)[1:]
    s.world.sugar.remove(link.sugar_id)
    s.clock.advance(300)
    s.ask(user, "sync", json={})
    (gone,) = s.ask(user, "history", kind="delete google").ok["items"]
    native = s.ask(user, "history", f"/{gone['id']}").ok["native"]["google"]
    assert native["after"] is None
    assert native["before"]["organizations"][0]["title"] == "Duchess"
    assert gone["name"] == "Ada Byron"


@pytest.mark.parametrize("row", ["nothing", "..", ".", "__x__", "a%2Fb", "a%00b", "%0A", "x" * 301, "%ff"])
def test_rows_that_are_not_there(s: Stage, row: str) -> None:
    user = s.user()
    write(s, user, 3)
    assert s.ask(user, "history", f"/{row}").status == 404


# -- wrong questions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "query.limit"),
        ({"limit": 101}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"limit": ""}, "query.limit"),
        ({"order": "up"}, "query.order"),
        ({"contact": "a/b"}, "query.contact"),
        ({"contact": ""}, "query.contact"),
        ({"contact": "x" * 65}, "query.contact"),
        ({"run": "../.."}, "query.run"),
        ({"run": "\x00"}, "query.run"),
        ({"kind": "updates"}, "query.kind"),
        ({"kind": ""}, "query.kind"),
        ({"from_": "yesterday"}, "query.from"),
        ({"from_": "2026-03-01"}, "query.from"),
        ({"from_": "2026-03-01T08:00:00"}, "query.from"),
        ({"from_": "0001-01-01T00:00:00+14:00"}, "query.from"),
        ({"to_": "9999-12-31T23:59:59-12:00"}, "query.to"),
        ({"to_": "1"}, "query.to"),
        ({"since": "2026-03-01T08:00:00Z"}, "query.since"),
        ({"pair": "p"}, "query.pair"),
        ({"cursor": ""}, "query.cursor"),
        ({"cursor": "x"}, "query.cursor"),
        ({"cursor": "é"}, "query.cursor"),
        ({"cursor": "WyJhIl0"}, "query.cursor"),
        ({"cursor": "x" * 3001}, "query.cursor"),
        ({"cursor": "bnVsbA"}, "query.cursor"),
        ({"cursor": "W10"}, "query.cursor"),
        ({"cursor": "W1siXHVkODAwIiwieCJdXQ"}, "query.cursor"),
        ({"cursor": "WyJcdWQ4MDAiLCJ4Il0"}, "query.cursor"),
    ],
)
def test_questions_that_cannot_be_taken(s: Stage, query: dict[str, Any], field: str) -> None:
    user = s.user()
    s.watched.reset()
    assert s.ask(user, "history", **query).wrong == [field]
    assert s.watched.queries == 0


def test_a_question_twice_is_told(s: Stage) -> None:
    user = s.user()
    assert s.ask(user, "history", "?limit=1&limit=2").status == 422


def test_a_cursor_is_good_for_its_own_question_only(s: Stage) -> None:
    jane, bob = s.user("jane"), s.user("bob")
    order = write(s, jane, 30)
    write(s, bob, 30)
    cursor = s.ask(jane, "history", limit=10).ok["next"]
    # Another page size is no other question.
    assert s.ask(jane, "history", limit=1, cursor=cursor).ok["items"][0]["id"] == order[10]
    others: list[dict[str, Any]] = [{"order": "asc"}, {"contact": "link1"}, {"kind": "link"}, {"run": "run001"}]
    for query in (*others, {"from_": "2020-01-01T00:00:00Z"}):
        assert s.ask(jane, "history", cursor=cursor, **query).wrong == ["query.cursor"]
    assert s.ask(bob, "history", cursor=cursor).wrong == ["query.cursor"]
    assert s.ask(jane, "backlog", cursor=cursor).wrong == ["query.cursor"]
    for n in range(len(cursor)):
        forged = cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :]
        assert s.ask(jane, "history", cursor=forged).wrong == ["query.cursor"], n
    for forged in (cursor[:-1], cursor + "=", cursor + "A", cursor.swapcase(), " " + cursor):
        assert s.ask(jane, "history", cursor=forged).wrong == ["query.cursor"]


# -- whose it is -------------------------------------------------------------------------------------


def test_another_users_rows_are_not_there(s: Stage) -> None:
    jane, bob = s.user("jane"), s.user("bob")
    s.store.commit([Put(bob.paths.history("his"), told(0, link="his", run="his"))])
    s.watched.reset()
    assert s.ask(jane, "history", "/his").status == 404
    assert s.ask(jane, "history", contact="his").ok["items"] == []
    assert s.ask(jane, "history", run="his").ok["items"] == []
    assert s.ask(jane, "history").ok["items"] == []
    assert not [path for path in s.watched.paths if bob.uid in path]
    assert s.ask(bob, "history", "/his").status == 200


def test_rows_of_former_accounts_are_not_those_of_the_present_ones(s: Stage) -> None:
    user = s.user()
    write(s, user, 3)
    s.change(user, pair="another")
    assert s.ask(user, "history").ok["items"] == []
    assert s.ask(user, "history", "/run000-link0").status == 404
    s.change(user, pair="", instance="")
    assert s.ask(user, "history").status == 409


def test_who_may_not(s: Stage) -> None:
    user = s.user()
    s.watched.reset()
    assert s.ask(None, "history").status == 401
    assert s.ask(None, "history", "/x").status == 401
    assert s.ask(user, "history", json={}).status == 405
    assert s.ask(user, "history", "/a/b").status == 404
    assert s.watched.paths == []
