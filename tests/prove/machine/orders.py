"""Stored plans: carried out, they write what was shown and nothing else; what has changed since is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shared.names import SideName
from shared.sync.order.book import Book
from shared.sync.order.model import Item, ItemState, OrderState, Progress
from shared.sync.report import Report, Status
from tests.prove.machine.fields import emails_of
from tests.prove.machine.mishaps import at_step, crash
from tests.prove.machine.runs import history, run
from tests.prove.machine.sent import writes
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim

_MOST = 40
_CHAIN = 10
"""More contacts than any story merges into one."""
_Place = tuple[SideName, str]


def plan_then_carry(
    story: Story, between: Callable[[], None], *, pause: float, quiet: bool = False, crash_at: int = 0
) -> None:
    """A plan in as many parts as it takes, what happens then, and the plan carried out.

    Args:
        pause: seconds between two batches.
        quiet: nothing happens in between: all of the plan is carried out, to the letter.
        crash_at: this step of carrying it out, from 1; 0 for none.
    """
    user = story.user
    if not story.undisturbed or (story.world.store.get(user.paths.head) is not None and user.head().order):
        between()
        run(story)  # another one is being carried out: this goes on with it
        return
    plan = _plan(story)
    if plan is None:
        between()
        return
    begun = bool(user.head().open)
    calls = {side: len(story.wire(side).log) for side in SideName}
    known = {doc.id for doc in history(user)}
    between()
    with at_step(story, crash_at, crash):
        last = _carry(story, plan, pause)
    book = Book.load(user.world.store, user.paths, plan)
    items = list(_items(book))
    TALLY.plans += 1
    if not begun:
        _nothing_else(story, items, calls)
    if quiet and not begun and last is not None and last.status is Status.DONE and book.order.state is OrderState.DONE:
        rows = [doc.data for doc in history(user) if doc.id not in known]
        _to_the_letter(story, items, rows)


def _plan(story: Story) -> str | None:
    """A whole plan; ``None`` where it does not come about for now."""
    report = story.user.engine.preview()
    for _ in range(_MOST):
        story.say("plan", report.status, report.message, report.order and (report.order.state, report.order.contacts))
        if report.status is not Status.DONE or report.order is None:
            return None
        if report.order.complete:
            return report.order.id
        story.pass_time(1)
        report = story.user.engine.preview(plan=report.order.id)
    return None


def _carry(story: Story, plan: str, pause: float) -> Report | None:
    """A few batches of it; rest carries on with what is left."""
    report = run(story, plan=plan)
    for _ in range(_MOST):
        if report is None or report.status is not Status.DONE or report.order is None:
            return report
        told = report.order
        story.say("carried out", told.id, told.state, told.waiting, "wait", told.left_out, "left out")
        if told.state != "started":
            return report
        story.pass_time(pause)
        report = run(story)
    return report


def _items(book: Book) -> Iterable[tuple[Item, Progress]]:
    for number in range(len(book.order.parts)):
        progress = book.progress(number)
        yield from ((item, progress[item.key]) for item in book.part(number))


def _nothing_else(story: Story, items: list[tuple[Item, Progress]], calls: dict[SideName, int]) -> None:
    """Every record that was written is one of the plan's, and of an item that plans such a write."""
    # One that is made again has an id, of the record that is gone.
    allowed = {
        (side, op, "" if op == "create" else item.ids.get(side, ""))
        for item, _ in items
        for side, op in map(_op, item.ops)
    }
    for side in SideName:
        for call in story.wire(side).log[calls[side] :]:
            for write in writes(side, call.request, story.world.sugar.switches):
                place = (side, write.op, "" if write.op == "create" else write.record)
                story.claim(place in allowed, Claim.PREVIEW, f"{write} is not in the plan: {allowed}")


def _op(fingerprint: str) -> tuple[SideName, str]:
    op, _, side = fingerprint.partition(":")[0].partition(" ")
    return SideName(side), op


def _to_the_letter(story: Story, items: list[tuple[Item, Progress]], rows: list[dict[str, Any]]) -> None:
    """Nothing happened in between: all is done but what Sugar refused, and history tells of exactly what was shown.

    That the user may not write this one record is known only once it was tried.
    """
    refused = story.world.sugar.state.protected[story.user.sugar_user]
    barred = {
        record
        for item, progress in items
        if progress.state is ItemState.LEFT_OUT and (record := item.ids.get(SideName.SUGAR, "")) in refused
    }
    items = [
        (item, progress)
        for item, progress in items
        if item.ids.get(SideName.SUGAR, "") not in barred
        and not _is_second(story, item, progress, items)
        and not _is_namesake_of_a_buried(story, item, progress, items)
        and not _is_taken_in(story, item, progress)
    ]
    rows = [row for row in rows if row["ids"][SideName.SUGAR.value] not in barred]
    left = [
        (item.action, item.ops, progress.why)
        for item, progress in items
        if progress.state is ItemState.LEFT_OUT and item.action != "wait"
    ]
    story.claim(not left, Claim.PREVIEW, f"left out: {left}")
    planned = sorted(_shown(item) for item, _ in items if item.ops)
    done = sorted(_together(_told(row) for row in rows if any(" " in kind for kind in row["kinds"])))
    story.claim(planned == done, Claim.PREVIEW, f"shown: {planned}, done: {done}")


def _is_second(story: Story, item: Item, progress: Progress, items: Iterable[tuple[Item, Progress]]) -> bool:
    """Whether it shares an email with one that the plan has made in an earlier batch: it looks like that one's
    duplicate by then, and is asked about."""
    if item.action != "create" or item.source is None or "linked already" not in progress.why:
        return False
    side, records = item.source, story.records(item.source)
    made = [
        emails_of(side, records[other.ids[side]])
        for other, state in items
        if other is not item and other.source is side and state.state is ItemState.DONE and other.action == "create"
    ]
    return any(emails_of(side, records[item.ids[side]]) & emails for emails in made)


def _is_namesake_of_a_buried(
    story: Story, item: Item, progress: Progress, items: Iterable[tuple[Item, Progress]]
) -> bool:
    """Whether it shares an email with one whose deletion the plan has noted in an earlier batch, and that lives on on
    the other side: it may be that one again, and is asked about."""
    if item.action != "create" or item.source is None or "was deleted on this side" not in progress.why:
        return False
    side, here, there = item.source, story.records(item.source), story.records(item.source.other)
    buried = [
        emails_of(side.other, there[other.ids[side.other]])
        for other, state in items
        if state.state is ItemState.DONE and other.action == "tombstone" and other.ids[side.other] in there
    ]
    return any(emails_of(side, here[item.ids[side]]) & emails for emails in buried)


def _is_taken_in(story: Story, item: Item, progress: Progress) -> bool:
    """Whether its contact was merged with more than one batch has room for: a later part knew that it is gone."""
    merged = item.ids.get(SideName.GOOGLE, "") in story.memory.took_in and story.world.limits.batch < _CHAIN
    return merged and progress.state is ItemState.LEFT_OUT and "not in Google any more" in progress.why


def _shown(item: Item) -> tuple[Any, ...]:
    fields = sorted((f.name, str(f.to), f.before, f.after) for f in item.shown.fields if f.to)
    writes = sorted(item.shown.writes)
    return (_named(_not_made(item.ids, writes)), writes, fields)


def _told(row: dict[str, Any]) -> tuple[Any, ...]:
    writes = sorted(kind for kind in row["kinds"] if " " in kind)
    ids = _not_made({SideName(side): record for side, record in row["ids"].items()}, writes)
    fields = sorted((f["name"], f["to"], f["before"], f["after"]) for f in row["fields"])
    return (_named(ids), writes, fields)


def _not_made(ids: dict[SideName, str], writes: Iterable[str]) -> dict[SideName, str]:
    """Without those of sides where the record is made (again): what the plan knows is at most the one that is gone."""
    made = {write.partition(" ")[2] for write in writes if write.startswith("create ")}
    return {side: record for side, record in ids.items() if side.value not in made}


def _together(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """What was told of one contact in several rows: a write that was refused as stale goes out with the next batch."""
    found: dict[str, tuple[Any, ...]] = {}
    for ids, kinds, fields in rows:
        before = found.get(str(ids), (ids, [], []))
        found[str(ids)] = (ids, sorted([*before[1], *kinds]), sorted([*before[2], *fields]))
    return found.values()


def _named(ids: dict[SideName, str]) -> list[_Place]:
    return sorted((side, record) for side, record in ids.items() if record)
