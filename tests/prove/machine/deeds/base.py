"""What all deeds share."""

from __future__ import annotations

from typing import Protocol

from shared.names import SideName
from tests.prove.machine.fields import tag_of
from tests.prove.machine.story import Story
from tests.prove.machine.windows import Window


class Deed(Protocol):
    def do(self, story: Story) -> None:
        """Does it, and keeps a record of it in the story's memory."""
        ...


def meet(story: Story, side: SideName, record: str, tag: str) -> None:
    """A user lays hands on this record.

    Where a contact stands twice on a side (a duplicate that waits for its user), which one an edit means is nobody's;
    nor is it where it is the colleague's copy of a contact that both have.
    """
    story.acted(side, record, tag)
    if story.copies(side, tag) > 1 or (tag in story.memory.shared and not story.linked(side, record)):
        story.memory.lose_track([tag])


def pending_match(story: Story, side: SideName, record: str, tag: str) -> bool:
    """The user made the contact on both sides and they have not been matched yet.

    Who changes the email of one of them, or deletes it, says that they are two; the stories leave that alone.
    """
    return len(story.memory.made.get(tag, ())) > 1 and not story.linked(side, record)


def colleague_pending(story: Story, tag: str) -> bool:
    """The colleague has entered the contact as well, and the colleague's sync has not met Sugar's yet.

    By its email alone would it be known: who changes that says that they are two, as with a pending match.
    """
    if story.colleague is None or tag not in story.memory.shared:
        return False
    records = story.records(SideName.SUGAR)
    met = {link.sugar_id for link in story.colleague.links()}.intersection(records)
    return not any(tag_of(SideName.SUGAR, records[record]) == tag for record in met)


def unseen_copy(story: Story, side: SideName, record: str, tag: str) -> bool:
    """A copy of our making that no link knows yet: its create is in doubt."""
    return side not in story.memory.made.get(tag, ()) and not story.linked(side, record)


def hurt_unseen(story: Story, side: SideName, record: str, tag: str) -> None:
    """The user deletes such a copy."""
    if unseen_copy(story, side, record, tag):
        story.open(tag, Window.UNSEEN_COPY)
