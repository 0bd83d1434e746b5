"""How the sync stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.store.port import Put
from shared.sync.head import Head, Lease
from tests.functions.stage import Stage, stage
from tests.simulators.wire import Reply
from tests.sync.scenarios import person
from tests.sync.stage import BOTH, many, settle
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def status(s: Stage, user: User) -> Any:
    s.watched.reset()
    answer = s.ask(user, "status").ok
    assert s.store.read <= 3
    assert s.store.written == 0
    assert not [path for path in s.watched.paths if user.uid not in path]
    return answer


def change(s: Stage, user: User, what: Callable[[Head], None]) -> None:
    doc = s.store.get(user.paths.head)
    assert doc is not None
    head = Head.load(doc.data)
    what(head)
    s.store.commit([Put(user.paths.head, head.data())])


def test_before_anything_is_connected(s: Stage) -> None:
    user = s.user()
    s.change(user, pair="", instance="")
    s.store.commit(
        [Put(f"users/{user.uid}/grants/current", {"google": {"subject": "1", "tokens": "sealed"}, "sugar": None})]
    )
    answer = status(s, user)
    assert answer["google"] == {
        "connected": True,
        "email": "jane@example.com",
        "since": "2026-03-02T09:00:00+00:00",
        "lost": False,
    }
    nowhere = {"connected": False, "address": "", "user_name": "", "contact_page": "", "lost": False}
    assert answer["sugar"] == nowhere
    assert (answer["last_run"], answer["running"], answer["next_due_at"]) == (None, False, None)
    assert answer["sides"]["google"] == {
        "contacts": 0,
        "counted_at": None,
        "listed": False,
        "listing": False,
        "seen_at": None,
    }


def test_before_the_first_run(s: Stage) -> None:
    user = s.user()
    answer = status(s, user)
    assert answer["sugar"] == {
        "connected": True,
        "address": s.world.sugar_wire.url,
        "user_name": "jane",
        "contact_page": f"{s.world.sugar_wire.url}/#Contacts/",
        "lost": False,
    }
    assert (answer["sync_regularly"], answer["last_run"], answer["linked"], answer["remaining"]) == (False, None, 0, 0)


def test_after_a_run(s: Stage) -> None:
    user = s.user("jane", **BOTH, sync_regularly=True)
    for n in range(130):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    run = s.ask(user, "sync", json={}).ok
    answer = status(s, user)
    assert answer["last_run"] == {
        "run": run["run"],
        "at": s.clock.now().isoformat(),
        "status": "done",
        "message": "",
        "counts": run["counts"],
        "contacts": 100,
        "seconds": 0.0,
    }
    assert (answer["linked"], answer["remaining"], answer["backlog"], answer["failures"]) == (100, 30, 0, 0)
    assert answer["sides"]["sugar"] == {
        "contacts": 130,
        "counted_at": s.clock.now().isoformat(),
        "listed": True,
        "listing": False,
        "seen_at": s.clock.now().isoformat(),
    }
    assert (answer["sync_regularly"], answer["next_due_at"]) == (True, run["next_due_at"])
    assert "epoch" not in answer


def counts(answer: Any) -> tuple[int, int, int, int]:
    return answer["linked"], answer["in_sync"], answer["out_of_scope"], answer["backlog"]


def test_who_leaves_the_scope_waits_for_a_person_or_is_gone_is_not_in_sync(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 6)
    assert counts(status(s, user)) == (6, 6, 0, 0)
    for link in links[:2]:
        s.world.sugar.edit(link.sugar_id, assigned_user_id="other")
    user.account.remove(links[2].google_id)  # its deletion may not go on to Sugar
    user.account.remove(links[3].google_id)
    s.world.sugar.edit(links[3].sugar_id, title="Edited")  # deleted here, edited there: a person is asked
    settle(user)
    assert counts(status(s, user)) == (5, 2, 2, 1)
    s.world.sugar.edit(links[0].sugar_id, assigned_user_id=user.sugar_user)
    settle(user)
    assert counts(status(s, user)) == (5, 3, 1, 1)
    (entry,) = user.backlog()
    assert s.ask(user, "backlog_release", json={"entries": [entry.id], "action": "restore"}).status == 200
    settle(user)
    assert counts(status(s, user)) == (5, 4, 1, 0)


def test_a_sides_number_says_of_when_it_is_and_leaves_out_who_is_out_of_scope(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    label = {"google_scope": user.account.label("Work")}
    assert s.ask(user, "settings", method="PATCH", json=label).ok
    user.account.add(person("In", "Side", "in@x.org"), ["Work"])
    user.account.add(person("Out", "Side", "out@x.org"), ["Family"])
    s.clock.advance(600)
    assert s.ask(user, "sync", json={}).ok["status"] == "done"
    listed_at = s.clock.now().isoformat()
    many(s.world, user, 3)
    told = status(s, user)["sides"]["google"]
    assert (told["contacts"], told["counted_at"]) == (1, listed_at)
    assert told["seen_at"] > listed_at


def test_the_last_run_is_the_last_one_also_when_it_had_nothing_to_do(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    fault = s.world.sugar_wire.fault("status", times=None, reply=Reply(503, {}))
    s.ask(user, "sync", json={})
    answer = status(s, user)
    assert (answer["last_run"]["status"], answer["failures"]) == ("later", 1)
    assert "503" in answer["last_run"]["message"]
    assert (answer["google"]["lost"], answer["sugar"]["lost"]) == (False, False)
    fault.times = 0
    s.clock.advance(60)
    s.ask(user, "sync", json={})
    answer = status(s, user)
    assert (answer["last_run"]["status"], answer["last_run"]["message"], answer["failures"]) == ("done", "", 0)
    assert answer["last_run"]["at"] == s.clock.now().isoformat()


@pytest.mark.parametrize("side", ["google", "sugar"])
def test_a_lost_connection_is_told_until_a_run_is_let_in_again(s: Stage, side: str) -> None:
    user = s.user("jane", **BOTH)
    s.ask(user, "sync", json={})
    s.clock.advance(5000)  # both access tokens are dead by now
    if side == "google":
        refusal = Reply(400, {"error": "invalid_grant"})
        fault = s.world.people_wire.fault("status", path="^/token", times=None, reply=refusal)
    else:
        refusal = Reply(400, {"error": "invalid_grant", "error_message": "The refresh token is invalid"})
        fault = s.world.sugar_wire.fault("status", path="/oauth2/token", times=None, reply=refusal)
    assert s.ask(user, "sync", json={}).ok["status"] == "blocked"
    answer = status(s, user)
    assert {name: answer[name]["lost"] for name in ("google", "sugar")} == {"google": False, "sugar": False, side: True}
    assert answer[side]["connected"]
    assert "sign in" in answer["last_run"]["message"]
    fault.times = 0
    s.clock.advance(60)
    assert s.ask(user, "sync", json={}).ok["status"] == "done"
    assert not status(s, user)[side]["lost"]


def test_while_a_run_is_under_way(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    many(s.world, user, 3)
    until = (s.clock.now() + timedelta(seconds=100)).isoformat()
    change(s, user, lambda head: setattr(head, "lease", Lease(owner="o", until=until)))
    assert status(s, user)["running"]
    s.clock.advance(101)
    assert not status(s, user)["running"]  # it died


def test_an_alarm_is_told_while_it_lasts(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    many(s.world, user, 3)
    until = (s.clock.now() + timedelta(days=1)).isoformat()
    change(s, user, lambda head: setattr(head, "alarm_until", until))
    assert status(s, user)["alarm_until"] == until
    s.clock.advance(86_401)
    assert status(s, user)["alarm_until"] is None


def test_no_token_is_told_and_no_key_is_asked_for(s: Stage) -> None:
    user = s.user()
    s.services.sessions.begin(user.uid)
    asked = len(s.world.secrets.asked)  # type: ignore[attr-defined]
    answer = s.ask(user, "status")
    assert "token" not in str(answer.json)
    assert len(s.world.secrets.asked) == asked  # type: ignore[attr-defined]


def test_each_sees_their_own(s: Stage) -> None:
    jane, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    many(s.world, bob, 2)
    assert (status(s, jane)["linked"], status(s, bob)["linked"]) == (0, 2)
    assert status(s, bob)["google"]["email"] == "bob@example.com"


def test_who_may_not(s: Stage) -> None:
    user = s.user()
    s.watched.reset()
    assert s.ask(None, "status").status == 401
    assert s.ask(user, "status", json={}).status == 405
    assert s.ask(user, "status", "/x").status == 404
    assert s.watched.paths == []


def test_the_last_runs_are_told_where_they_are_asked_for(s: Stage) -> None:
    user = s.user(**BOTH)
    many(s.world, user, 3)
    assert s.ask(user, "status").ok["runs"] is None
    told = s.ask(user, "status", runs=48).ok["runs"]
    assert [run["written"] for run in told if run["written"]] == [3]
    assert s.ask(user, "status", runs=1).ok["runs"] == told[:1]
    assert s.ask(user, "status", runs=49).wrong == ["query.runs"]
    assert s.ask(user, "status", "?runs=1&runs=2").wrong == ["query.runs"]
