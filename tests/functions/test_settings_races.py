"""Settings that change while other things go on: nothing is lost, and times are moved at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import Unavailable
from tests.functions.site import Browser, Site
from tests.simulators.wire import Request


def other_window(web: Site, browser: Browser) -> Browser:
    made = web.browser()
    made.cookies, made.email = dict(browser.cookies), browser.email
    return made


def test_a_change_from_old_settings_is_refused(jane: Browser) -> None:
    old = jane.get("settings").ok["version"]
    new = jane.patch("settings", region="DE", version=old).ok["version"]
    answer = jane.patch("settings", region="FR", version=old)
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:changed-meanwhile")
    assert jane.delete("settings", version=old).status == 409
    assert jane.get("settings").ok["settings"]["region"] == "DE"
    assert jane.patch("settings", region="FR", version=new).ok
    assert jane.patch("settings", region="DE", version="").status == 409


@pytest.mark.parametrize("version", [False, True])
def test_two_windows_that_change_at_once(web: Site, jane: Browser, version: bool) -> None:
    """The second one commits between the first one's reading and its writing."""
    other = other_window(web, jane)
    known = {"version": jane.get("settings").ok["version"]} if version else {}

    def second(step: str) -> None:
        web.world.store.on_step = lambda _: None
        assert other.patch("settings", conflict="ask").ok

    web.world.store.on_step = second
    assert jane.patch("settings", region="DE", **known).status == (409 if version else 200)
    settings = web.account(jane).settings
    assert (settings["conflict"], settings["region"]) == ("ask", "US" if version else "DE")


def in_the_middle(web: Site, act: Callable[[], None]) -> None:
    """Acts while a run waits for Sugar, at its first call of contacts."""

    def reached(request: Request, when: str) -> None:
        if when == "before" and "/Contacts" in request.path:
            web.world.sugar_wire.on_call = None
            act()

    web.world.sugar_wire.on_call = reached


def test_a_change_during_a_run_is_lost_by_neither(web: Site, jane: Browser) -> None:
    web.world.sugar.add(last_name="Alpha", email=[{"email_address": "a@x.org", "primary_address": True}])
    other = other_window(web, jane)

    def both() -> None:
        assert jane.patch("settings", region="DE").ok
        assert other.patch("settings", fields_off=["notes"]).ok

    in_the_middle(web, both)
    assert jane.post("sync", "", {}).ok["status"] == "done"
    paths = web.paths(jane)
    assert web.head(paths).settings["region"] == "US"  # it went on with what it began with
    people = web.world.people.account(jane.email).people
    for _ in range(6):
        web.clock.advance(60)
        assert jane.post("sync", "", {}).ok["status"] == "done"
    assert [person["names"][0]["familyName"] for person in people()] == ["Alpha"]
    kept = web.head(paths).settings
    assert (kept["region"], kept["fields_off"]) == ("DE", ["notes"])
    assert web.inbox(jane) == []


def test_switching_on_and_off_takes_effect_at_once(web: Site, jane: Browser) -> None:
    paths = web.paths(jane)
    assert jane.patch("settings", sync_regularly=True).ok
    assert web.head(paths).next_due_at == web.clock.now().isoformat()
    assert web.head(paths).lease is None
    assert jane.patch("settings", sync_regularly=False).ok
    assert web.head(paths).next_due_at is None


def test_a_shorter_interval_takes_effect_at_once(web: Site, jane: Browser) -> None:
    paths = web.paths(jane)
    assert jane.patch("settings", sync_regularly=True, interval_minutes=1440).ok
    assert jane.post("sync", "", {}).ok["status"] == "done"
    due = web.head(paths).next_due_at
    assert due is not None
    assert datetime.fromisoformat(due) - web.clock.now() == timedelta(days=1)
    assert jane.patch("settings", interval_minutes=10).ok
    due = web.head(paths).next_due_at
    assert due is not None
    assert datetime.fromisoformat(due) - web.clock.now() == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("before", "change", "minutes"),
    [
        ({}, {"sync_regularly": True}, 0),
        ({"sync_regularly": True, "interval_minutes": 1440}, {"interval_minutes": 20}, 20),
        ({"sync_regularly": True, "interval_minutes": 60}, {"sync_regularly": False}, None),
    ],
)
def test_what_the_lease_kept_waiting_takes_effect_after_the_run(
    web: Site, jane: Browser, before: dict[str, Any], change: dict[str, Any], minutes: int | None
) -> None:
    paths = web.paths(jane)
    assert jane.patch("settings", **before).ok

    def meanwhile() -> None:
        assert jane.patch("settings", **change).ok
        assert web.head(paths).lease is not None

    in_the_middle(web, meanwhile)
    assert jane.post("sync", "", {}).ok["status"] == "done"
    due = web.head(paths).next_due_at
    expected = None if minutes is None else (web.clock.now() + timedelta(minutes=minutes)).isoformat()
    assert due == expected
    assert web.head(paths).lease is None


def test_a_store_that_fails_between_the_two_writes_is_made_up_for(web: Site, jane: Browser) -> None:
    """The settings are stored, and their time is not: the same change, sent again, goes on there."""
    steps: list[str] = []

    def fail(step: str) -> None:
        steps.append(step)
        if steps.count("after commit") == 1 and step == "before commit":
            raise Unavailable("the store is down")

    web.world.store.on_step = fail
    assert jane.patch("settings", sync_regularly=True).status == 503
    web.world.store.on_step = lambda _: None
    assert web.account(jane).settings["sync_regularly"] is True
    assert web.head(web.paths(jane)).next_due_at is None
    assert jane.patch("settings", sync_regularly=True).ok
    assert web.head(web.paths(jane)).next_due_at is not None


def test_without_a_pair_no_wish_is_left(web: Site) -> None:
    jane = web.jane(connected=False)
    assert jane.patch("settings", sync_regularly=True, region="DE").ok
    assert web.inbox(jane) == []
    assert jane.connect().ok
    head = web.head(web.paths(jane))
    assert head.next_due_at == web.clock.now().isoformat()  # it was switched on before
    assert jane.post("sync", "", {}).ok["status"] == "done"
    assert web.head(web.paths(jane)).settings["region"] == "DE"


def test_nobody_sets_anothers_settings(web: Site, jane: Browser) -> None:
    joe = web.jane(email="joe@example.com")
    assert joe.patch("settings", region="DE").ok
    assert jane.get("settings").ok["settings"]["region"] == "US"
    assert web.account(joe).settings["region"] == "DE"


def test_changing_often_is_slowed_down(web: Site, jane: Browser) -> None:
    statuses = [jane.patch("settings").status for _ in range(62)]
    assert statuses == [200] * 60 + [429] * 2
