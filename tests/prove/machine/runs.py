"""One run of the engine, and what can be said of it by itself: its calls, the documents it touched, what it told."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from shared.names import SideName
from shared.store.port import Doc
from shared.sync.backlog import answer_of
from shared.sync.engine import Engine
from shared.sync.paths import record_of
from shared.sync.remedies import NEVER, RELEASED
from shared.sync.report import Report, Status
from shared.sync.settings import LeavesScope, Settings
from tests.prove.machine import told
from tests.prove.machine.fields import Json, tag_of
from tests.prove.machine.oracle.scene import in_scope
from tests.prove.machine.sent import Flight, Sent, is_token, writes
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim
from tests.sync.crashes import Crash
from tests.world import User


@dataclass
class Before:
    """How things stood when a run began."""

    number: int
    settings: Settings
    calls: dict[SideName, int]
    parked: dict[tuple[SideName, str], str]
    """Records that wait for a person as a whole, with their entry's class."""
    records: dict[SideName, dict[str, Json]] | None
    """All of both sides, where nobody but the run can change them."""
    rows: set[str]
    colleague: int
    """Changes in the colleague's Google contacts, but the colleague's own."""


def run(story: Story, engine: Engine | None = None, *, plan: str = "") -> Report | None:
    """One run; ``None`` if it crashed.

    Args:
        plan: the stored plan that it is to carry out.
    """
    before = look(story)
    crash: Crash | None = None
    report: Report | None = None
    with story.store.watch():
        try:
            report = (engine or story.user.engine).run(plan=plan)
        except Crash as gone:
            crash = gone
            TALLY.crashes += 1
        except Exception:  # noqa: BLE001 - the engine never raises; what it raises all the same is a violation
            story.claim(False, Claim.ESCAPED, traceback.format_exc())
    touched = set(story.store.touched)
    TALLY.runs += 1
    if crash is not None or story.store.failed:
        story.lost_sign_in = True
    if crash is not None:
        story.say("CRASH", crash)
    if report is not None:
        story.say("run", report.status, report.message, report.counts, f"{report.remaining} left")
        story.claim(report.contacts <= max(100, story.world.limits.batch), Claim.BATCH, f"{report.contacts} contacts")
    check_documents(story, story.user, touched)
    note_scope(story)
    check_calls(story, before, settled=report is not None and report.status is Status.DONE)
    if report is not None and before.records is not None and story.undisturbed:
        told.check_rows(story, before.records, before.rows, report)
    return report


def look(story: Story) -> Before:
    """Notes what a run will be held against."""
    user = story.user
    note_scope(story)
    for side, direction in ((SideName.SUGAR, user.settings.from_sugar), (SideName.GOOGLE, user.settings.from_google)):
        if direction.delete:
            story.deletes_allowed.add(side)
    return Before(
        number=story.number(),
        settings=user.settings,
        calls={side: len(story.wire(side).log) for side in SideName},
        parked={} if story.world.store.query(user.paths.inbox) else _parked(story),
        records={side: story.records(side) for side in SideName} if story.undisturbed else None,
        rows={doc.id for doc in history(user)},
        colleague=_changes_of_colleague(story),
    )


def note_scope(story: Story) -> None:
    """Who lies outside the scope now may be deleted on the other side, where the settings say so.

    Who is only out of the user's sight may not.
    """
    if story.user.settings.leaves_scope is not LeavesScope.DELETE:
        return
    for side in SideName:
        for record, native in story.records(side).items():
            seen = side is SideName.GOOGLE or record not in story.hidden
            if seen and not in_scope(story, side, record, native):
                story.memory.may_leave.add(tag_of(side, native))


def history(user: User) -> list[Doc]:
    return user.world.store.query(user.paths.collection("history"), order="at")


def check_documents(story: Story, user: User, touched: set[str]) -> None:
    """A run reads and writes its own user's documents, and what the instance shares."""
    mine = (user.paths.user, "instances/")
    strange = [path for path in touched if not path.startswith(mine)]
    story.claim(not strange, Claim.STRANGER, f"{user.uid}'s run touched {strange}")


def check_calls(story: Story, before: Before, *, settled: bool) -> None:
    """Every write of a run is one that the settings allow, about a contact that it may write."""
    links = {(side, link.id_on(side)) for link in story.user.links() for side in SideName}
    for side in SideName:
        for call in story.wire(side).log[before.calls[side] :]:
            if not story.account_for(call):
                continue
            for kind in call.fault.split(",") if call.fault else ():
                TALLY.faults[kind] += 1
            if call.fault and is_token(call.request):
                story.lost_sign_in = True
            asked = writes(side, call.request, story.world.sugar.switches)
            for write in asked:
                _check_write(story, before, write)
                if settled and side is SideName.SUGAR and write.record and not story.user.head().open:
                    # Who mends a contact without a link has named it; what a later run makes of it brings the link.
                    known = (side, write.record) in links
                    known = known or (write.op == "update" and (side, write.record) in story.memory.mended)
                    story.claim(known, Claim.STRANGER, f"wrote {write.record}, which is not linked")
            flight = Flight(call, asked, before.number)
            if "late" in call.fault and not call.effect:
                story.flights.append(flight)
            else:
                story.note_races(flight)
    if story.colleague is not None and not story.others_at_work:
        same = before.colleague == _changes_of_colleague(story)
        story.claim(same, Claim.STRANGER, "the colleague's Google contacts changed in the user's run")


def _check_write(story: Story, before: Before, write: Sent) -> None:
    source = before.settings.from_google if write.side is SideName.SUGAR else before.settings.from_sugar
    allowed = getattr(source, write.op) or (write.op == "delete" and _is_own_copy(story, write))
    # A person's decision about one contact goes beyond the switch.
    allowed = allowed or (write.op == "create" and write.tag in story.memory.wanted_again)
    allowed = allowed or (write.op, write.record) in story.memory.decided
    story.claim(allowed, Claim.SWITCH, f"{write.op} in {write.side} of {write.record or write.tag}")
    cls = before.parked.get((write.side, write.record))
    story.claim(cls is None, Claim.QUARANTINE, f"{write.op} in {write.side} of {write.record}: {cls}")


def _is_own_copy(story: Story, write: Sent) -> bool:
    """Second copies of our own making are cleaned up whatever the switches say: nobody has ever linked them."""
    book = story.user.account.book
    if write.side is not SideName.GOOGLE or write.record not in {**book.trash, **book.live}:
        return False
    return write.record not in story.memory.private and not story.linked(write.side, write.record)


def _parked(story: Story) -> dict[tuple[SideName, str], str]:
    links = {link.id: link for link in story.user.links()}
    answers = [answer_of(doc.data) for doc in story.user.backlog(RELEASED)]
    chosen = {record_of(name) for answer in answers if answer is not None for name in answer.remedy.candidates}
    found = {}
    for doc in (*story.user.backlog(), *story.user.backlog(NEVER)):
        if doc.data["whole"] or doc.data["state"] == NEVER:
            link = links.get(doc.data["link"] or "")
            for side in SideName:
                record = link.id_on(side) if link is not None else doc.data["ids"].get(side.value)
                # Who is not linked and takes a linked one in is that one from then on: its user has told who it is.
                if record and (link is not None or record not in story.memory.took_in):
                    found[side, record] = doc.data["class"]
    # Who was chosen in another one's entry waits no more: a preview may have taken that answer in already.
    return {place: cls for place, cls in found.items() if place not in chosen}


def _changes_of_colleague(story: Story) -> int:
    return len(story.colleague.account.book.log) - story.colleagues_own if story.colleague is not None else 0
