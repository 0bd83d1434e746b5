"""One batch: for the queue and for a browser."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.store.port import Put, Remove
from shared.sync.head import Head, Lease
from shared.sync.plain import plain
from shared.sync.settings import parse
from tests.functions.stage import Stage, stage
from tests.simulators.wire import Reply
from tests.sync.scenarios import BOTH
from tests.sync.test_counts import measured
from tests.world import User

REGULAR = {**BOTH, "sync_regularly": True}


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def due(s: Stage, name: str = "jane", **settings: Any) -> User:
    """A user whose time has come."""
    user = s.user(name, **{**REGULAR, **settings})
    assert user.engine.attend()
    assert head(s, user).next_due_at == s.clock.now().isoformat()
    return user


def head(s: Stage, user: User) -> Head:
    doc = s.store.get(user.paths.head)
    assert doc is not None
    return Head.load(doc.data)


def task(s: Stage, user: User, **more: str) -> Any:
    return s.task("sync", {"uid": user.uid, "pair": user.paths.pair, **more}).ok


def fill(s: Stage, user: User, count: int) -> None:
    for n in range(count):
        s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])


# -- for the queue -----------------------------------------------------------------------------------


def test_a_task_syncs_one_batch_and_the_next_time_is_set(s: Stage) -> None:
    user = due(s)
    fill(s, user, 150)
    first = task(s, user)
    assert (first["status"], first["message"], first["counts"]["create google"]) == ("done", "", 100)
    assert (first["contacts"], first["remaining"], first["backlog"]) == (100, 50, 0)
    assert first["next_due_at"] == head(s, user).next_due_at
    s.clock.advance(299)
    assert task(s, user)["status"] == "skipped"
    s.clock.advance(1)
    assert task(s, user)["counts"]["create google"] == 50


@pytest.mark.parametrize(("minutes", "waits"), [(1, 85.0), (5, 0.0), (5, 85.0), (1440, 100.0)])
def test_what_a_task_waits_for_its_turn_does_not_lengthen_the_interval(s: Stage, minutes: int, waits: float) -> None:
    user = due(s, interval_minutes=minutes)
    expected, interval = s.clock.now(), timedelta(minutes=minutes)
    s.clock.advance(waits)
    for _ in range(3):
        assert task(s, user)["status"] == "done"
        expected += interval
        assert head(s, user).next_due_at == expected.isoformat()
        s.clock.advance(interval.total_seconds())


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_after_a_long_delay_the_interval_counts_from_then(s: Stage, minutes: int) -> None:
    user = due(s, interval_minutes=minutes)
    s.clock.advance(3 * 86400)
    again = s.clock.now() + timedelta(minutes=minutes)
    assert task(s, user)["next_due_at"] == again.isoformat()


def test_a_run_by_hand_puts_the_next_one_off(s: Stage) -> None:
    user = due(s)
    task(s, user)
    s.clock.advance(120)
    answer = s.ask(user, "sync", json={}).ok
    assert answer["next_due_at"] == (s.clock.now() + timedelta(minutes=5)).isoformat()


@pytest.mark.parametrize("by", ["queue", "browser"])
def test_nothing_to_do_costs_what_it_costs_the_engine_and_one_look(s: Stage, by: str) -> None:
    user = due(s)
    fill(s, user, 30)
    user.sync(pause=30.0)
    s.clock.advance(900)
    user.sync(pause=400.0)
    with measured(s.world) as cost:
        assert user.run().writes == 0
    s.clock.advance(400)
    s.watched.reset()
    with measured(s.world) as whole:
        answer = task(s, user) if by == "queue" else s.ask(user, "sync", json={}).ok
    assert (answer["status"], answer["counts"], answer["remaining"]) == ("done", {}, 0)
    assert len(whole.calls) == len(cost.calls) == 2
    assert whole.written == cost.written == 2
    # The user; and whether the pair is due, or the session.
    check = [user.paths.user, user.paths.head] if by == "queue" else [user.paths.user]
    assert s.watched.paths[: len(check)] == check
    assert cost.read <= 4
    assert whole.read == cost.read + len(check) <= 6


@pytest.mark.parametrize(
    ("change", "pair", "message"),
    [
        ({"settings": {**REGULAR, "sync_regularly": False}}, None, "Sync regularly is off"),
        ({"settings": {}}, None, "Sync regularly is off"),
        ({"pair": "another"}, None, "other accounts are connected now"),
        ({"pair": "", "instance": ""}, None, "nothing is connected"),
        ({"erasing": True}, None, "nothing is connected"),
    ],
)
def test_what_is_over_is_skipped_and_not_due_any_more(
    s: Stage, change: dict[str, Any], pair: str | None, message: str
) -> None:
    user = due(s)
    fill(s, user, 3)
    user.wish(kind="release", entries=["x"])
    s.change(user, **change)
    wire = len(s.world.calls())
    answer = task(s, user)
    assert (answer["status"], answer["message"]) == ("skipped", message)
    assert head(s, user).next_due_at is None
    assert head(s, user).lease is None
    assert len(s.world.calls()) == wire
    # What the user wishes waits for the run that comes.
    assert len(s.store.query(user.paths.inbox)) == 1
    s.watched.reset()
    assert task(s, user)["status"] == "skipped"
    assert s.store.written == 0


def test_a_user_who_is_gone(s: Stage) -> None:
    user = due(s)
    s.store.commit([Remove(user.paths.user)])
    assert task(s, user)["message"] == "there is no such user"
    assert head(s, user).next_due_at is None
    s.store.commit([Remove(user.paths.head)])
    s.watched.reset()
    assert task(s, user)["message"] == "there is no such user"
    assert s.store.written == 0


def test_a_task_of_the_former_accounts_leaves_the_present_ones_alone(s: Stage) -> None:
    user = due(s)
    answer = s.task("sync", {"uid": user.uid, "pair": "former"}).ok
    assert answer["message"] == "other accounts are connected now"
    assert head(s, user).next_due_at is not None
    assert s.store.get(f"users/{user.uid}/pairs/former") is None


def test_a_task_without_a_pair_is_for_the_present_one(s: Stage) -> None:
    user = due(s)
    fill(s, user, 1)
    assert s.task("sync", {"uid": user.uid}).ok["counts"]["create google"] == 1


def test_a_second_task_of_the_same_time_makes_no_second_run(s: Stage) -> None:
    user = due(s)
    assert task(s, user)["status"] == "done"
    wire = len(s.world.calls())
    s.watched.reset()
    answer = task(s, user)
    assert (answer["status"], answer["message"]) == ("skipped", "not due: another task of this user was quicker")
    assert len(s.world.calls()) == wire
    assert (s.store.read, s.store.written) == (2, 0)


def test_another_run_is_under_way(s: Stage) -> None:
    user = due(s)
    found = head(s, user)
    found.lease = Lease(owner="other", until="2026-03-02T09:05:00+00:00")
    s.store.commit([Put(user.paths.head, found.data())])
    s.watched.reset()
    answer = task(s, user)
    assert (answer["status"], answer["message"]) == ("busy", "another run of this user is under way")
    assert s.store.written == 0
    assert s.ask(user, "sync", json={}).ok["status"] == "busy"


def _down(s: Stage) -> None:
    s.world.sugar_wire.fault("status", times=None, reply=Reply(503, {}))


def _revoked(s: Stage) -> None:
    s.world.people_wire.fault("status", path="^/token", times=None, reply=Reply(400, {"error": "invalid_grant"}))


@pytest.mark.parametrize(
    ("trouble", "status", "words"), [(_down, "later", "503"), (_revoked, "blocked", "sign in again")]
)
@pytest.mark.parametrize("by", ["queue", "browser"])
def test_trouble_is_an_answer_and_the_head_knows_when_again(
    s: Stage, trouble: Callable[[Stage], None], status: str, words: str, by: str
) -> None:
    user = due(s)
    trouble(s)
    answer = task(s, user) if by == "queue" else s.ask(user, "sync", json={}).ok
    assert answer["status"] == status
    assert words in answer["message"]
    assert answer["next_due_at"] == head(s, user).next_due_at == "2026-03-02T09:01:00+00:00"
    assert head(s, user).failures == 1


def test_what_was_switched_on_stays_on_when_the_run_that_learns_it_fails(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    assert s.ask(user, "sync", json={}).ok["next_due_at"] is None
    s.change(user, settings=plain(parse(REGULAR)))
    user.wish(kind="settings")
    user.engine.attend()
    _down(s)
    for minutes in (1, 2, 4):
        answer = task(s, user)
        again = (s.clock.now() + timedelta(minutes=minutes)).isoformat()
        assert (answer["status"], answer["next_due_at"], head(s, user).next_due_at) == ("later", again, again)
        s.clock.advance(60 * minutes)
    s.world.sugar_wire.heal()
    assert task(s, user)["status"] == "done"
    assert len(s.store.query(user.paths.inbox)) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "uid"),
        ({"uid": ""}, "uid"),
        ({"uid": None}, "uid"),
        ({"uid": "a/b"}, "uid"),
        ({"uid": ".."}, "uid"),
        ({"uid": "__x__"}, "uid"),
        ({"uid": "a\nb"}, "uid"),
        ({"uid": "x" * 301}, "uid"),
        ({"uid": 7}, "uid"),
        ({"uid": "u", "pair": "a/b"}, "pair"),
        ({"uid": "u", "pair": ["p"]}, "pair"),
        ({"uid": "u", "more": 1}, "more"),
    ],
)
def test_a_task_that_names_nobody(s: Stage, body: Any, field: str) -> None:
    assert s.task("sync", body).wrong == [field]
    assert s.watched.paths == []


# -- for a browser -----------------------------------------------------------------------------------


def test_sync_now_goes_on_batch_after_batch(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    fill(s, user, 120)
    s.clock.advance(30)  # a time of change is sure once its second is over
    first = s.ask(user, "sync", json={}).ok
    assert (first["remaining"], first["next_due_at"]) == (20, None)
    second = s.ask(user, "sync", json={}).ok
    assert (second["counts"]["create google"], second["remaining"]) == (20, 0)


def test_sync_now_needs_no_time_to_have_come(s: Stage) -> None:
    user = due(s)
    task(s, user)
    fill(s, user, 1)
    s.clock.advance(10)
    assert s.ask(user, "sync", json={}).ok["counts"]["create google"] == 1


def test_sync_now_while_nothing_is_connected(s: Stage) -> None:
    user = s.user()
    s.change(user, pair="", instance="")
    answer = s.ask(user, "sync", json={})
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:not-connected")


def test_a_browser_names_nobody_not_even_itself(s: Stage) -> None:
    jane, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    fill(s, bob, 1)
    s.watched.reset()
    assert s.ask(jane, "sync", json={"uid": bob.uid}).wrong == ["uid"]
    assert s.ask(jane, "sync", json={"uid": jane.uid}).wrong == ["uid"]
    assert s.ask(jane, "sync", json={"pair": bob.paths.pair}).wrong == ["pair"]
    assert not [path for path in s.watched.paths if bob.uid in path]
    # Nor does a token make a task out of what a browser sends.
    assert s.ask(jane, "sync", json={"uid": bob.uid}, headers={"Authorization": "Bearer mine"}).status == 403


def test_sync_now_touches_nobody_else(s: Stage) -> None:
    jane, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    fill(s, jane, 2)
    fill(s, bob, 2)
    s.watched.reset()
    assert s.ask(jane, "sync", json={}).ok["counts"]["create google"] == 2
    assert not [path for path in s.watched.paths if bob.uid in path]
    assert bob.account.people() == []


def test_sync_now_is_for_people(s: Stage) -> None:
    user = s.user()
    for _ in range(60):
        assert s.ask(user, "sync", json={}).status == 200
    answer = s.ask(user, "sync", json={})
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    bob = s.user("bob")
    assert s.ask(bob, "sync", json={}).status == 200
    s.clock.advance(61)
    assert s.ask(user, "sync", json={}).status == 200


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"method": "GET"}, 405),
        ({"method": "POST"}, 415),
        ({"json": {}, "headers": {"Origin": "https://evil.example"}}, 403),
        ({"json": {}, "headers": {"Origin": ""}}, 403),
        ({"json": []}, 422),
        ({"json": {"all": True}}, 422),
    ],
)
def test_what_a_browser_may_not_send(s: Stage, how: dict[str, Any], status: int) -> None:
    user = s.user()
    wire = len(s.world.calls())
    assert s.ask(user, "sync", **how).status == status
    assert len(s.world.calls()) == wire


def test_what_a_proxy_asked_the_browser_for_is_not_taken_for_a_token(s: Stage) -> None:
    user, basic = s.user(), {"Authorization": "Basic amFuZTpzZWNyZXQ="}
    assert s.ask(user, "sync", json={}, headers=basic).ok["status"] == "done"
    assert s.ask(None, "sync", json={}, headers=basic).status == 401
    assert s.ask(user, "sync", json={"uid": user.uid}, headers=basic).status == 422
    assert s.ask(user, "dispatch", json={}, headers=basic).status == 403


def test_nobody_is_signed_in(s: Stage) -> None:
    s.user()
    s.watched.reset()
    assert s.ask(None, "sync", json={}).status == 401
    assert s.watched.paths == []


# -- the log -----------------------------------------------------------------------------------------


def test_the_log_has_counts_and_no_names(s: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    user = due(s, region="DE")
    fill(s, user, 2)
    task(s, user)
    record = next(record for record in caplog.records if record.getMessage() == "request")
    told = {name: getattr(record, name) for name in ("function", "uid", "outcome", "counts", "contacts", "written")}
    assert told["function"] == "sync"
    assert (told["uid"], told["outcome"]) == (user.uid, "done")
    assert told["counts"] == {"create": 2, "create google": 2}
    assert told["contacts"] == 2
    everything = " ".join(str(vars(record)) for record in caplog.records)
    assert "p0@x.org" not in everything
    assert "jane@" not in everything


def test_settings_are_those_of_the_user(s: Stage) -> None:
    user = due(s)
    s.change(user, settings={**REGULAR, "from_sugar": {"create": False}})
    user.wish(kind="settings")
    fill(s, user, 1)
    assert "create google" not in task(s, user)["counts"]
    assert parse(head(s, user).settings).from_sugar.create is False
