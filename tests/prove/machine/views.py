"""Preview: it shows what sync then does, and writes nothing itself."""

from __future__ import annotations

from typing import Any

from shared.names import SideName
from shared.sync.plan.model import Action, Decision
from shared.sync.report import Report, Status
from tests.prove.machine.runs import run
from tests.prove.machine.sent import is_write
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim

_KEPT = ("links", "history", "backlog", "intents", "runs")
"""Documents that a preview leaves alone."""


def preview_then_run(story: Story) -> None:
    """A preview and, with nothing in between, a run: the same decisions."""
    begun = story.world.store.get(story.user.paths.head) is not None and story.user.head().order
    if not story.undisturbed or begun:
        run(story)  # a plan that was begun comes before whatever a preview would show
        return
    asked = story.world.store.query(story.user.paths.inbox)  # a preview carries out what people asked of a run
    calls = {side: len(story.wire(side).log) for side in SideName}
    with story.store.watch():
        seen = story.user.engine.preview()
    story.say("preview", seen.status, seen.message, len(seen.plan.decisions) if seen.plan else 0, "decisions")
    TALLY.previews += 1
    written = [
        call.name
        for side in SideName
        for call in story.wire(side).log[calls[side] :]
        if story.account_for(call) and is_write(call.request)
    ]
    story.claim(not written, Claim.PREVIEW, f"it wrote: {written}")
    kept = [path for path in story.store.committed if path.startswith(tuple(map(story.user.paths.collection, _KEPT)))]
    story.claim(asked or not kept, Claim.PREVIEW, f"it kept: {kept}")
    done = run(story)
    if done is not None and seen.status is Status.DONE and done.status is Status.DONE:
        promised, kept_word = _outline(seen), _outline(done)
        story.claim(promised == kept_word, Claim.PREVIEW, f"shown: {promised}, done: {kept_word}")


def _outline(report: Report) -> list[Any]:
    """What a user reads in a plan. Contacts without a link have no lasting key; their records name them.

    Where nothing is done, or not yet, is left out: a feed may show a contact once more, and it is looked at once more.
    """
    decisions = report.plan.decisions if report.plan else ()
    return sorted(_shown(decision) for decision in decisions if decision.action not in (Action.NOTHING, Action.WAIT))


def _shown(decision: Decision) -> tuple[Any, ...]:
    subject = decision.subject
    return (
        subject.sugar.id,
        subject.google.id,
        decision.action.value,
        decision.why,
        tuple((step.side.value, step.op.value, step.id, tuple(sorted(step.changed))) for step in decision.steps),
        tuple((c.name, c.verdict.value, c.sugar, c.google, c.loser or "") for c in decision.fields),
        tuple(entry.trouble.value for entry in decision.entries),
    )
