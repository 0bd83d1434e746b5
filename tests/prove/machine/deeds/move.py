"""What changes who takes part, or by which name, and no value."""

from __future__ import annotations

from dataclasses import dataclass

from shared.names import Op, SideName
from shared.sync.journal import Journal
from tests.prove.machine.deeds.edit import saved
from tests.prove.machine.fields import google_tag, sugar_tag
from tests.prove.machine.story import Story
from tests.prove.machine.windows import Window


@dataclass(frozen=True, slots=True)
class Relabel:
    nth: int = 0
    labels: tuple[str, ...] = ()

    def do(self, story: Story) -> None:
        found = story.pick(SideName.GOOGLE, self.nth)
        if found is None:
            return
        record, person = found
        story.user.account.set_labels(record, self.labels)
        story.acted(SideName.GOOGLE, record, google_tag(person))
        if record in story.memory.private:
            story.memory.private[record].labels = set(self.labels)
        story.say("labels", google_tag(person), self.labels)


@dataclass(frozen=True, slots=True)
class Reassign:
    """The contact changes hands in Sugar."""

    nth: int = 0

    def do(self, story: Story) -> None:
        story.world.clock.advance(1)
        found = story.pick(SideName.SUGAR, self.nth)
        if found is None:
            return
        record, native = found
        if not saved(story, SideName.SUGAR, record, "assigned_user_id", 0.0):
            return
        me = story.user.sugar_user
        to = me if native["assigned_user_id"] != me else story.other
        story.world.sugar.edit(record, assigned_user_id=to)
        story.acted(SideName.SUGAR, record, sugar_tag(native))
        story.memory.flags_moved = True
        story.say("owner", sugar_tag(native), "->", "me" if to == me else "somebody else")


@dataclass(frozen=True, slots=True)
class Favorite:
    """The user's star in Sugar goes on or off; that moves no date."""

    nth: int = 0

    def do(self, story: Story) -> None:
        found = story.pick(SideName.SUGAR, self.nth)
        if found is None:
            return
        story.world.sugar.favorites[story.user.sugar_user] ^= {found[0]}
        story.memory.flags_moved = True
        story.say("favourite", sugar_tag(found[1]))


@dataclass(frozen=True, slots=True)
class Rename:
    """Google gives the contact another ``resourceName``."""

    nth: int = 0

    def do(self, story: Story) -> None:
        found = story.pick(SideName.GOOGLE, self.nth)
        if found is None:
            return
        new = story.user.account.rename_resource(found[0])
        story.memory.renamed(found[0], new)
        story.say("rename", google_tag(found[1]), found[0], "->", new)


@dataclass(frozen=True, slots=True)
class Protect:
    """An administrator takes the user's right to write a contact away, or gives it back."""

    nth: int = 0

    def do(self, story: Story) -> None:
        found = story.pick(SideName.SUGAR, self.nth)
        if found is None:
            return
        me = story.user.sugar_user
        protected = story.world.sugar.state.protected[me]
        (story.world.sugar.unprotect if found[0] in protected else story.world.sugar.protect)(found[0], me)
        story.say("protect" if found[0] in protected else "unprotect", sugar_tag(found[1]))


@dataclass(frozen=True, slots=True)
class Hide:
    """The user loses sight of a linked contact in Sugar, as when it goes to another team; no date moves."""

    nth: int = 0

    def do(self, story: Story) -> None:
        found = story.pick(SideName.SUGAR, self.nth)
        if found is not None and story.linked(SideName.SUGAR, found[0]):
            story.world.sugar.hide(found[0], story.user.sugar_user)
            story.acted(SideName.SUGAR, found[0], sugar_tag(found[1]))
            story.memory.flags_moved = True
            story.say("hide", sugar_tag(found[1]), found[0])
            if _in_doubt(story, found[0]):
                story.open(sugar_tag(found[1]), Window.UNTOLD)


@dataclass(frozen=True, slots=True)
class Show:
    """And sees it again."""

    nth: int = 0

    def do(self, story: Story) -> None:
        hidden = sorted(story.hidden)
        if hidden:
            record = hidden[self.nth % len(hidden)]
            story.world.sugar.show(record, story.user.sugar_user)
            story.memory.flags_moved = True
            story.say("show", record)


def _in_doubt(story: Story, record: str) -> bool:
    """Whether an update of it has been sent, and nobody knows yet what became of it."""
    intents = Journal(story.world.store, story.user.paths, story.user.head()).load()
    return any(op.op is Op.UPDATE and op.record == record for op in intents)
