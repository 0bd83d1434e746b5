"""Edits of a field or an address. Each value is unique, so that a loss can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from shared.names import SideName
from tests.prove.machine.deeds.base import colleague_pending, meet, pending_match
from tests.prove.machine.deeds.make import new_value
from tests.prove.machine.fields import sugar_name, tag_of, typed_emails, typed_into_google
from tests.prove.machine.story import Story


@dataclass(frozen=True, slots=True)
class EditField:
    side: SideName = SideName.SUGAR
    nth: int = 0
    field: str = "title"
    clear: bool = False
    slow: float = 0.0
    """Seconds that Sugar takes to save it."""

    def do(self, story: Story) -> None:
        story.world.clock.advance(1)
        found = story.pick(self.side, self.nth)
        if found is None:
            return
        record, native = found
        tag = tag_of(self.side, native)
        if not saved(story, self.side, record, self.field, self.slow):
            return
        value = "" if self.clear and self.field != "first_name" else new_value(story, self.field)
        meet(story, self.side, record, tag)
        if self.side is SideName.SUGAR:
            change: dict[str, Any] = {sugar_name(self.field): value}
            story.world.sugar.edit(record, slow=self.slow, **change)
        else:
            story.user.account.edit(record, **typed_into_google(native, self.field, value))
        story.memory.typed(tag, self.field, self.side, value)
        story.say("edit", self.side, tag, self.field, repr(value), f"slow {self.slow}" if self.slow else "")


@dataclass(frozen=True, slots=True)
class EditEmail:
    side: SideName = SideName.SUGAR
    nth: int = 0
    what: Literal["add", "remove", "replace"] = "add"
    which: int = 0

    def do(self, story: Story) -> None:
        story.world.clock.advance(1)
        found = story.pick(self.side, self.nth)
        if found is None:
            return
        record, native = found
        tag = tag_of(self.side, native)
        if pending_match(story, self.side, record, tag) or colleague_pending(story, tag):
            return
        if not saved(story, self.side, record, "email", 0.0):
            return
        sugar = self.side is SideName.SUGAR
        items = [dict(mail) for mail in native["email"]] if sugar else typed_emails(native)
        key = "email_address" if sugar else "value"
        what = self.what if items else "add"
        new = "" if what == "remove" else f"e{story.serial()}@x.org"
        old = "" if what == "add" else str(items[self.which % len(items)][key]).lower()
        items = _changed(items, key, old, new, sugar=sugar)
        meet(story, self.side, record, tag)
        if sugar:
            story.world.sugar.edit(record, email=items)
            story.memory.opted_out.get(record, set()).discard(old)
        else:
            story.user.account.edit(record, emailAddresses=items)
        story.memory.mailed(tag, self.side, added=new, removed=old)
        story.say("email", self.side, tag, what, old, new)


def saved(story: Story, side: SideName, record: str, field: str, slow: float) -> bool:
    """Whether the last save of this field has ended, so that its user may begin another one, which takes as long.

    Of two of a user's own saves that overlap, whichever ends last wins: that is no business of the sync's. A hook that
    formats saves fields besides the one that was edited, as they were when the save began.
    """
    if side is not SideName.SUGAR:
        return True
    now, known, hooks = story.world.clock.now(), story.memory.saving, story.world.sugar.hooks
    if any(end > now and key[0] == record and (key[1] == field or hooks.before_save) for key, end in known.items()):
        return False
    known[record, field] = now + timedelta(seconds=slow + hooks.slow_save)
    return True


def _changed(items: list[dict[str, Any]], key: str, old: str, new: str, *, sugar: bool) -> list[dict[str, Any]]:
    if not old:
        flags = {"primary_address": not items, "invalid_email": False, "opt_out": False} if sugar else {}
        return [*items, {key: new, **flags}]
    if new:
        return [{**item, key: new} if item[key].lower() == old else item for item in items]
    left = [item for item in items if item[key].lower() != old]
    if sugar and left and not any(item.get("primary_address") in (True, "1", 1) for item in left):
        left[0]["primary_address"] = True
    return left
