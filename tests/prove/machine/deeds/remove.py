"""Deleting, bringing back, and merging in Google's pages."""

from __future__ import annotations

from dataclasses import dataclass

from shared.names import SideName
from tests.prove.machine.deeds.base import hurt_unseen, meet, pending_match
from tests.prove.machine.deeds.make import SHARED
from tests.prove.machine.fields import FIELDS, emails_of, google_tag, one_place, tag_of
from tests.prove.machine.story import Story


@dataclass(frozen=True, slots=True)
class Delete:
    """Whoever has an office's address stays: where the other side's is to stay too, the next one to get that address
    is taken for the same person come back, as an equal email alone tells."""

    side: SideName = SideName.SUGAR
    nth: int = 0

    def do(self, story: Story) -> None:
        found = story.pick(self.side, self.nth)
        if found is None:
            return
        record, native = found
        tag = tag_of(self.side, native)
        if pending_match(story, self.side, record, tag) or emails_of(self.side, native) & set(SHARED.values()):
            return
        meet(story, self.side, record, tag)
        hurt_unseen(story, self.side, record, tag)
        if tag in story.memory.shared:
            story.memory.lose_track([tag])  # the colleague's sync makes it anew
        if self.side is SideName.SUGAR:
            story.world.sugar.remove(record)
        else:
            story.user.account.remove(record)
            story.memory.vanished(record)
        story.memory.gone[tag].add(self.side)
        story.memory.trash[self.side].append((record, tag))
        story.say("delete", self.side, tag, record)


@dataclass(frozen=True, slots=True)
class Restore:
    """Out of Google's trash, or out of Sugar's database."""

    side: SideName = SideName.SUGAR
    nth: int = 0

    def do(self, story: Story) -> None:
        trash = story.memory.trash[self.side]
        if not trash:
            return
        record, tag = trash.pop(self.nth % len(trash))
        if self.side is SideName.SUGAR and record in story.world.sugar.state.contacts:
            story.world.sugar.undelete(record)
        elif self.side is SideName.GOOGLE and record in story.user.account.book.trash:
            new = story.user.account.restore(record)
            story.memory.renamed(record, new)
            if new != record and "clientData" not in story.user.account.person(new):
                story.memory.lose_track([tag])  # another name, and no key of ours: to everybody it is a new contact
            record = new
        else:
            return
        story.acted(self.side, record, tag)
        story.memory.brought_back(tag, self.side)
        story.say("restore", self.side, tag, record)


@dataclass(frozen=True, slots=True)
class Merge:
    """Two Google contacts become one. Which values the user wants then is nobody's, so nothing is claimed of them."""

    keep: int = 0
    other: int = 1

    def do(self, story: Story) -> None:
        kept, gone = story.pick(SideName.GOOGLE, self.keep), story.pick(SideName.GOOGLE, self.other)
        if kept is None or gone is None or kept[0] == gone[0]:
            return
        tags = [google_tag(person) for _, person in (kept, gone)]
        story.memory.lose_track(tags)
        for record, person in (kept, gone):
            story.acted(SideName.GOOGLE, record, google_tag(person))
            story.memory.private.pop(record, None)
        story.memory.vanished(gone[0])
        # Deleted before a look, it may take with it all that the feed would have shown of the other one.
        story.memory.new_names.add(kept[0])
        if story.linked(SideName.GOOGLE, gone[0]) or gone[0] in story.memory.took_in:
            story.memory.took_in.add(kept[0])
        story.user.account.merge(kept[0], gone[0])
        merged = story.user.account.person(kept[0])
        story.memory.several |= {(tags[0], name) for name in FIELDS if not one_place(merged, name)}
        story.say("merge", tags[0], kept[0], "with", tags[1], gone[0])
