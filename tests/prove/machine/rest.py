"""Letting the world come to rest: nobody acts any more, what is on its way lands, runs follow one another."""

from __future__ import annotations

from collections import Counter

from shared.names import SideName
from shared.sync.queue import Lane
from shared.sync.report import Report, Status
from tests.prove.machine.oracle.books import check_books
from tests.prove.machine.oracle.edits import check_edits
from tests.prove.machine.oracle.past import check_history
from tests.prove.machine.oracle.presence import check_presence
from tests.prove.machine.oracle.private import check_private
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.runs import run
from tests.prove.machine.sent import writes
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim, Window

MOST_RUNS = 250
CALM = 330.0
"""Seconds between runs that have nothing to do: beyond the feeds' delay and Sugar's overlap."""
CALM_RUNS = 3
_DAY, _WEEK = 90_000.0, 7 * 90_000.0
MOST_WRITES = 4
"""To one record on its way to rest."""


def rest(story: Story, *, pause: float, landing: int) -> None:
    """Comes to rest and checks everything.

    Args:
        pause: seconds between runs while there is something to do.
        landing: before this run, whatever is on its way lands.

    Raises:
        Violation: an invariant does not hold.
    """
    story.say("--- rest")
    heal(story)
    if story.memory.week_needed:
        story.pass_time(_WEEK)
    elif story.memory.flags_moved:
        story.pass_time(_DAY)
    story.memory.week_needed = story.memory.flags_moved = False
    begins = {side: len(story.wire(side).log) for side in SideName}
    _settle(story, pause, landing)
    if story.world.sugar.state.dated_alike:
        story.say("two saves in one second:", len(story.world.sugar.state.dated_alike))
        story.world.sugar.state.dated_alike.clear()
        story.pass_time(_WEEK)
        _settle(story, pause, landing)
    _no_ping_pong(story, begins)
    _fixed_point(story)
    check(story)
    story.memory.at_rest()
    TALLY.rests += 1


def heal(story: Story) -> None:
    story.store.heal()
    for wire in story.wires:
        wire.heal()


def check(story: Story) -> None:
    """All invariants, with the world at rest."""
    scene = Scene.of(story)
    check_books(scene)
    check_presence(scene)
    check_edits(scene)
    check_history(scene)
    check_private(scene)


def calm_run(story: Story) -> Report:
    """One run without any mishap; the user signs in again where that is called for."""
    report = run(story)
    assert report is not None
    lost = story.lost_sign_in or story.signed_out
    if report.status is Status.BLOCKED and lost and "sign in" in report.message:
        TALLY.windows[Window.SIGN_IN.name] += not story.signed_out
        story.lost_sign_in = story.signed_out = False
        story.user.sign_in_again()
    else:
        story.claim(report.status is not Status.BLOCKED, Claim.NO_REST, f"blocked: {report.message}")
    return report


def _settle(story: Story, pause: float, landing: int) -> None:
    calm = 0
    for n in range(MOST_RUNS):
        story.pass_time(CALM if calm else pause)
        if n == landing:
            story.land()
        report = calm_run(story)
        busy = (
            report.status is not Status.DONE
            or report.writes
            or _waiting(story)
            or story.user.head().open
            or story.user.head().order
            or n < landing
            or story.world.sugar.saving
        )
        calm = 0 if busy else calm + 1
        if calm == CALM_RUNS:
            return
    head = story.user.head()
    story.claim(False, Claim.NO_REST, f"after {MOST_RUNS} runs: {report}, queue {head.queue}, open {head.open}")


def _waiting(story: Story) -> int:
    queue = story.user.head().queue
    return sum(info.count for lane, chunks in queue.items() if lane != Lane.ASLEEP.value for info in chunks)


def _no_ping_pong(story: Story, begins: dict[SideName, int]) -> None:
    """Nobody acted, so few writes bring a contact home."""
    switches = story.world.sugar.switches
    for side in SideName:
        calls = [call for call in story.wire(side).log[begins[side] :] if call.status is not None]
        counts = Counter(
            write.record for call in calls for write in writes(side, call.request, switches) if write.op == "update"
        )
        for record, count in counts.items():
            story.claim(count <= MOST_WRITES, Claim.PING_PONG, f"{side} {record} was written {count} times")


def _fixed_point(story: Story) -> None:
    """Two more runs write nothing and tell nothing."""
    rows = len(story.user.history())
    for _ in range(2):
        story.pass_time(410)
        report = calm_run(story)
        holds = report.status is Status.DONE and not report.writes
        last = [(row["kinds"], row["why"], row["ids"]) for row in story.user.history()[-3:]]
        story.claim(holds, Claim.NOT_FIXED, f"{report.status} {report.message} {report.counts}, last rows {last}")
    more = [(row["kinds"], row["why"], row["ids"]) for row in story.user.history()[rows:]]
    story.claim(not more, Claim.NOT_FIXED, f"history grows by {more}")
