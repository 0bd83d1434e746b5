"""Odd answers and lost requests, at every call of a run: nothing is lost or doubled."""

from __future__ import annotations

import os
from typing import Any

import pytest

from shared.sync.report import Status
from tests.simulators.wire import Fault, Reply, Request, Wire
from tests.sync.crashes import fixed_point, picture, rest
from tests.sync.scenarios import SCENARIOS
from tests.world import world

HTML = Reply(200, b"<html>maintenance</html>", {"Content-Type": "text/html"})


def html(_: Request, __: Reply) -> Reply:
    return HTML


def truncated(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, reply.encoded()[:-7], dict(reply.headers))


def empty(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, {}, {})


KINDS: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "late": {"kind": "late", "seconds": 200.0},
    "500": {"kind": "status", "reply": Reply(500, {"error": "fatal_error", "error_message": "x"})},
    "503": {"kind": "status", "reply": Reply(503, b"<html>down</html>")},
    "429": {"kind": "status", "reply": Reply(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}})},
    "html": {"kind": "garble", "garble": html},
    "truncated": {"kind": "garble", "garble": truncated},
    "empty object": {"kind": "garble", "garble": empty},
}


def calls_of(scenario: str) -> tuple[dict[str, int], object]:
    """How many calls the run makes to each side, and the undisturbed outcome."""
    with world() as w:
        user = SCENARIOS[scenario](w)
        before = {"sugar": len(w.sugar_wire.log), "people": len(w.people_wire.log)}
        user.run()
        counts = {
            "sugar": len(w.sugar_wire.log) - before["sugar"],
            "people": len(w.people_wire.log) - before["people"],
        }
        rest(user)
        return counts, picture(w, user)


CASES = [(scenario, kind) for scenario in SCENARIOS for kind in KINDS]
# Everywhere each kind of fault meets one scenario; in CI all of them.
CHOSEN = CASES if os.environ.get("CI") else [case for n, case in enumerate(CASES) if n % 4 == 0]


@pytest.mark.parametrize(("scenario", "kind"), CHOSEN)
def test_a_fault_at_any_call_changes_nothing_about_the_outcome(scenario: str, kind: str) -> None:
    counts, expected = calls_of(scenario)
    for side, count in counts.items():
        for n in range(count):
            with world() as w:
                user = SCENARIOS[scenario](w)
                wire: Wire = w.sugar_wire if side == "sugar" else w.people_wire
                wire.faults.append(Fault(**KINDS[kind], skip=n))
                report = user.run()
                wire.heal()
                assert any(call.fault for call in wire.log)
                assert report.status in (Status.DONE, Status.LATER, Status.BLOCKED), report
                rest(user)
                assert picture(w, user) == expected, f"{kind} at call {n} of {side}: {report}"
                fixed_point(user)
