"""Crashing a run at a chosen step, coming back, and looking at what became of the contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.sync.report import Status
from tests.world import User, World


class Crash(BaseException):
    """The process is gone. No handler of ours may catch it."""


class Steps:
    """Counts the steps of a run (before and after each commit, before each call) and crashes at one of them."""

    def __init__(self, world: World, crash_at: int | None = None) -> None:
        self.seen: list[str] = []
        self._crash_at = crash_at
        world.store.on_step = self._step
        world.on_call = lambda _: self._step("before call")

    def _step(self, name: str) -> None:
        self.seen.append(name)
        if len(self.seen) == self._crash_at:
            raise Crash(name)

    @staticmethod
    def off(world: World) -> None:
        world.store.on_step = lambda _: None
        world.on_call = lambda _: None


def rest(user: User, *, most: int = 80, pause: float = 120.0) -> None:
    """Lets time pass and syncs until three runs in a row have nothing to do."""
    quiet = 0
    for _ in range(most):
        user.world.clock.advance(pause)
        report = user.run()
        assert report.status in (Status.DONE, Status.BUSY, Status.LATER), report
        busy = report.status is not Status.DONE or report.writes or report.remaining or user.head().open
        quiet = 0 if busy else quiet + 1
        if quiet == 3:
            return
    raise AssertionError(f"no rest after {most} runs: {report}, {user.head().queue}, {user.head().open}")


Picture = dict[str, list[Any]]


def picture(world: World, user: User) -> Picture:
    """Both sides' contacts without ids and times, in an order of their own."""
    sugar = []
    for record in world.sugar.contacts().values():
        sugar.append(
            (
                record["first_name"] or "",
                record["last_name"] or "",
                record["title"] or "",
                sorted(mail["email_address"].lower() for mail in record["email"]),
                record["phone_work"] or "",
                record["phone_mobile"] or "",
            )
        )
    google = []
    for person in user.account.people():
        name = (person.get("names") or [{}])[0]
        google.append(
            (
                name.get("givenName", ""),
                name.get("familyName", ""),
                sorted(org.get("title", "") for org in person.get("organizations", ())),
                sorted(mail["value"].lower() for mail in person.get("emailAddresses", ())),
                sorted((p.get("type", ""), p["value"]) for p in person.get("phoneNumbers", ())),
            )
        )
    backlog = sorted(doc.data["class"] for doc in user.backlog())
    return {"sugar": sorted(sugar), "google": sorted(google), "backlog": backlog}


def fixed_point(user: User) -> None:
    """Two more runs write nothing and tell nothing."""
    rows = len(user.history())
    for _ in range(2):
        user.world.clock.advance(400)
        report = user.run()
        assert report.status is Status.DONE
        assert report.writes == 0
    assert len(user.history()) == rows


Scenario = Callable[[World], User]
"""Brings a world to where one more run has something to do, and gives its user."""
