"""The colleague on the same Sugar, whose sync touches nothing of the user's."""

from __future__ import annotations

from shared.names import SideName
from tests.prove.machine.runs import check_documents
from tests.prove.machine.story import Story
from tests.prove.machine.windows import Claim


def colleague_runs(story: Story) -> None:
    """One run of the colleague's."""
    colleague = story.colleague
    assert colleague is not None
    changes = len(story.user.account.book.log)
    begins = {side: len(story.wire(side).log) for side in SideName}
    touched, story.store.touched = story.store.touched, set()
    before, story.others_at_work = story.others_at_work, True
    report = colleague.run()
    check_documents(story, colleague, story.store.touched)
    story.store.touched = touched
    story.say("the colleague's run", report.status, report.message, report.counts)
    same = changes == len(story.user.account.book.log)
    story.claim(same, Claim.STRANGER, "the user's Google contacts changed in the colleague's run")
    for side in SideName:
        for call in story.wire(side).log[begins[side] :]:
            story.account_for(call)
    story.others_at_work = before
