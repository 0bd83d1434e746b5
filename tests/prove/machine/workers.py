"""Two workers of one user: one that oversleeps its lease, and one that comes too early."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.account.connect import Connections
from shared.account.grants import GrantStore
from shared.names import SideName
from shared.people.endpoints import GoogleEndpoints, OAuthClient
from shared.side import Gate, Side
from shared.sugar.reach import LOOPBACK
from shared.sync.engine import Engine
from shared.sync.head import Head
from shared.sync.report import Status
from shared.sync.settings import Settings
from tests.prove.machine.mishaps import at_step
from tests.prove.machine.runs import run
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim


def second_worker(story: Story) -> tuple[Engine, Connections]:
    """Another process for the same user: the same store and clock, connections of its own (to be closed)."""
    world, user = story.world, story.user
    known = world.people.oauth
    client = OAuthClient(known.client_id, known.client_secret, GoogleEndpoints.all_at(world.people_wire.url))
    connections = Connections(GrantStore(world.store, user.uid, world.vault), world.clock, client, LOOPBACK)

    def connect(settings: Settings, gate: Gate, head: Head) -> Mapping[SideName, Side]:
        return connections(settings, gate, head)

    instance = world.sugar_wire.url.split("://", 1)[-1]
    engine = Engine(world.store, user.paths, connect, world.clock, world.ids, instance=instance, limits=world.limits)
    return engine, connections


def oversleep(story: Story, nth: int) -> None:
    """A run falls asleep at its n-th step, past its lease; a second worker runs to its end; the first one goes on.

    Whatever the first one does then, it writes nothing: neither to a side nor to what the lease guards. Tokens that it
    was given before it fell asleep it may still save: that document's own version guards them. And it may take a new
    lease, as anybody may, to attend to settings that wait: the head then shows a later epoch than the second one's.
    """
    left: list[tuple[dict[SideName, int], int, int]] = []

    def sleep(name: str) -> None:
        _stop_watching(story)
        story.say("asleep at", name)
        story.world.clock.advance(story.world.limits.lease + 1)
        story.lost_sign_in = True  # it may just have been given a new pair of tokens
        _second_run(story)
        left.append((_calls(story), len(story.store.committed), _epoch(story)))
        TALLY.stale += 1

    story.others_at_work = True
    with at_step(story, nth, sleep):
        run(story)
    story.others_at_work = False
    for calls, commits, epoch in left:
        head = story.user.paths.head
        mine = [path for path in story.store.committed[commits:] if path.startswith(head)]
        anew = set(mine) == {head} and _epoch(story) > epoch
        story.claim(not mine or anew, Claim.STALE, f"committed {mine}")
        story.claim(_calls(story) == calls, Claim.STALE, f"called a side: {_calls(story)} after {calls}")


def overtake(story: Story, nth: int) -> None:
    """A second worker comes while the first one holds its lease: it does nothing at all."""

    def meet(name: str) -> None:
        _stop_watching(story)
        head = story.user.head() if story.world.store.get(story.user.paths.head) else None
        now = story.world.clock.now()
        if head is None or head.lease is None or datetime.fromisoformat(head.lease.until) <= now:
            return  # the first one has not taken its lease yet (a crash may have left one), or has given it back
        calls, commits = _calls(story), len(story.store.committed)
        engine, connections = second_worker(story)
        report = engine.run()
        connections.close()
        story.say("a second worker at", name, report.status)
        story.claim(report.status is Status.BUSY, Claim.STALE, f"the second worker was let in: {report.status}")
        story.claim(_calls(story) == calls, Claim.STALE, "the second worker called a side")
        story.claim(len(story.store.committed) == commits, Claim.STALE, "the second worker committed")

    with at_step(story, nth, meet):
        run(story)


def _second_run(story: Story) -> None:
    engine, connections = second_worker(story)
    try:
        run(story, engine)
    finally:
        connections.close()


def _stop_watching(story: Story) -> None:
    """The steps of the second worker are not the first one's."""
    story.world.store.on_step = lambda _: None
    story.world.on_call = lambda _: None


def _epoch(story: Story) -> int:
    """Read past the store that is watched, and may fail."""
    doc = story.store.inner.get(story.user.paths.head)
    return int(doc.data["epoch"]) if doc is not None else 0


def _calls(story: Story) -> dict[SideName, int]:
    return {side: len(story.wire(side).log) for side in SideName}
