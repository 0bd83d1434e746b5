"""Odd answers and lost requests, at every call of a run: nothing is lost or doubled."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.prove.sweep.outcome import Differences, differences, outcome
from tests.prove.sweep.play import Played, fixed_point, play, rest
from tests.prove.sweep.stories import STORIES
from tests.prove.sweep.story import Stage, stage
from tests.prove.sweep.sweep import Undisturbed, undisturbed
from tests.simulators.wire import Reply, Request

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

IN_CI = bool(os.environ.get("CI"))
THOROUGH = ("first sync", "edits", "deletes", "refused in bulk")
"""Meet every kind of fault; the others every third, each another third."""


def chosen() -> Iterator[tuple[str, str]]:
    for n, story in enumerate(STORIES):
        for m, kind in enumerate(KINDS):
            if story in THOROUGH or (n + m) % 3 == 0:
                yield story, kind


CASES = list(chosen())
STRIDE = 1 if IN_CI else 17
"""Of the calls of all cases together, every so many meet a fault."""


@pytest.mark.parametrize("story", STORIES)
def test_a_fault_at_any_call_changes_nothing_about_the_outcome(
    story: str, record_property: Callable[[str, object], None]
) -> None:
    faults = 0
    with stage(STORIES[story]) as made:
        expected = undisturbed(made)
        for n, (kind, side, call) in enumerate(calls(story, expected)):
            if n % STRIDE == list(STORIES).index(story) % STRIDE:
                meet(made, expected, kind, side, call)
                faults += 1
    record_property("total faults survived", faults)


def calls(story: str, expected: Undisturbed) -> Iterator[tuple[str, str, int]]:
    """Every call of the story, by side and number, with every kind of fault that it is to meet."""
    counts = Counter(step.what.split()[0] for step in expected.steps if step.when == "before")
    for name, kind in CASES:
        if name == story:
            yield from ((kind, side, n) for side in ("sugar", "google") for n in range(counts[side]))


def meet(made: Stage, expected: Undisturbed, kind: str, side: str, call: int) -> None:
    """Plays the story with this fault at this call."""
    what = f"{kind} at call {call} to {side}"
    made.restore()
    wire = made.world.sugar_wire if side == "sugar" else made.world.people_wire
    fault = wire.fault(**KINDS[kind], skip=call)
    play(made, [], 0.0, patient=True)
    assert fault.times == 0, f"{what}: not met"
    wire.faults.remove(fault)
    played = Played()
    rest(made, played)
    found = outcome(made)
    differs = differences(expected.outcome, found)
    hit = wire.log[call]
    assert fault.kind in hit.fault
    assert not differs or (hit.request.path.endswith("/members:modify") and only_labels(differs)), f"{what}: {differs}"
    if played.signed_in_again:
        # The one call that no read can make good: the pair of tokens went with its answer.
        assert hit.request.path.endswith("/oauth2/token"), what
    fixed_point(made)
    assert outcome(made) == found, what


def only_labels(differs: Differences) -> bool:
    """Whether nothing is missing but labels, which are tried again with the contact's next write."""
    lacking, having = (sorted(_unlabelled(line) for line in part) for part in differs.get("google", ([], [])))
    return set(differs) == {"google"} and lacking == having


def _unlabelled(line: str) -> str:
    return json.dumps({**json.loads(line), "memberships": []}, sort_keys=True)
