"""What goes wrong: at the servers, on the way, in the store, in our own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shared.names import SideName
from tests.prove.machine.sent import is_write, writes
from tests.prove.machine.story import Story
from tests.simulators.sugar import Switches
from tests.simulators.sugar.errors import error_reply
from tests.simulators.suitecrm.errors import DatabaseFailure, Fatal
from tests.simulators.suitecrm.errors import error_reply as older_reply
from tests.simulators.wire import Reply, Request
from tests.sync.crashes import Crash


def _html(_: Request, __: Reply) -> Reply:
    return Reply(200, b"<html>maintenance</html>", {"Content-Type": "text/html"})


def _truncated(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, reply.encoded()[:-7], dict(reply.headers))


def _empty(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, {}, {})


def _google_error(code: int, status: str) -> Reply:
    return Reply(code, {"error": {"code": code, "status": status, "message": status.lower()}})


_ALIKE: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "late": {"kind": "late", "seconds": 200.0},
    "very late": {"kind": "late", "seconds": 2000.0},
    "late, nobody knows when": {"kind": "late"},
    "down": {"kind": "status", "reply": Reply(503, b"<html>down</html>")},
    "html": {"kind": "garble", "garble": _html},
    "truncated": {"kind": "garble", "garble": _truncated},
    "empty object": {"kind": "garble", "garble": _empty},
}
_ERRORS = {
    "error": ("fatal_error", _google_error(500, "INTERNAL")),
    "too many": ("too_many_requests", _google_error(429, "RESOURCE_EXHAUSTED")),
    "token refused": ("invalid_grant", _google_error(401, "UNAUTHENTICATED")),
    "not found": ("not_found", _google_error(404, "NOT_FOUND")),
    "changed since": ("edit_conflict", _google_error(400, "FAILED_PRECONDITION")),
    "schema moved": ("metadata_out_of_date", _google_error(409, "ABORTED")),
    "too large": ("request_too_large", _google_error(413, "INVALID_ARGUMENT")),
}
_OLDER = {
    "error": DatabaseFailure().reply,
    "too many": Reply(429, b"", {"Retry-After": "30"}),
    "token refused": older_reply("invalid_session"),
    "not found": Reply(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}),
    "changed since": Fatal().reply,
    "schema moved": older_reply("invalid_call"),
    "too large": Reply(413, b"<h1>Request Entity Too Large</h1>", {"Content-Type": "text/html"}),
}
"""The same of a Sugar that speaks the older dialect, or what comes closest."""
FAULTS: dict[str, dict[SideName, dict[str, Any]]] = {
    **{name: {side: rule for side in SideName} for name, rule in _ALIKE.items()},
    **{
        name: {
            SideName.SUGAR: {"kind": "status", "reply": error_reply(sugar)},
            SideName.GOOGLE: {"kind": "status", "reply": google},
        }
        for name, (sugar, google) in _ERRORS.items()
    },
}
"""By name and side: the rule of the wire."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One call goes wrong."""

    name: str = "cut after"
    side: SideName = SideName.SUGAR
    at_writes: bool = True
    """Only calls that write are counted and hit."""
    skip: int = 0

    def arm(self, story: Story) -> None:
        rule = FAULTS[self.name][self.side]
        if story.world.older and self.side is SideName.SUGAR and self.name in _OLDER:
            rule = {**rule, "reply": _OLDER[self.name]}
        story.say("fault:", self.name, "in", self.side, "at writes" if self.at_writes else "", "after", self.skip)
        story.wire(self.side).fault(**rule, matches=self._takes, skip=self.skip)

    def _takes(self, request: Request) -> bool:
        if self.name == "not found" and _deletes(request):
            return False  # then it would be true: whoever says so of a delete has nothing left to delete
        return is_write(request) or not self.at_writes


def _deletes(request: Request) -> bool:
    return any(write.op == "delete" for side in SideName for write in writes(side, request, Switches()))


@contextmanager
def at_step(story: Story, nth: int, do: Callable[[str], None]) -> Iterator[None]:
    """Does something at the n-th step of the runs inside: before and after each commit, before each call."""
    world = story.world
    seen = 0

    def step(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            do(name)

    world.store.on_step = step
    world.on_call = lambda _: step("before call")
    try:
        yield
    finally:
        world.store.on_step = lambda _: None
        world.on_call = lambda _: None


def crash(name: str) -> None:
    raise Crash(name)


@contextmanager
def at_call(story: Story, side: SideName, nth: int, do: Callable[[Request], None]) -> Iterator[None]:
    """Does something right before the effect of the n-th call to a side, where only the server and its users act.

    Raises:
        Exception: what ``do`` raised; the server's thread cannot.
    """
    wire = story.wire(side)
    seen = 0
    raised: list[Exception] = []

    def called(request: Request, when: str) -> None:
        nonlocal seen
        if when != "before":
            return
        if seen == nth:
            try:
                do(request)
            except Exception as error:  # noqa: BLE001 - it is raised again where the story is told
                raised.append(error)
        seen += 1

    wire.on_call = called
    try:
        yield
    finally:
        wire.on_call = None
    if raised:
        raise raised[0]
