"""What happens around the contacts: settings, answers, time, tokens, servers. Values, like deeds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.names import SideName
from shared.sync.paths import record_of
from shared.sync.plan.model import Trouble
from shared.sync.remedies import APART, NEVER, OPEN, actions, candidates, choices, kept
from shared.sync.settings import SugarScope
from shared.sync.words import KeepText
from tests.prove.machine.fields import digits, tag_of
from tests.prove.machine.story import Story


class Event(Protocol):
    def happen(self, story: Story) -> None:
        """Lets it happen."""
        ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: float = 1.0
    landing: bool = False
    """At the end, whatever is on its way lands."""

    def happen(self, story: Story) -> None:
        story.say("time", self.seconds)
        story.pass_time(self.seconds)
        if self.landing:
            story.land()


@dataclass(frozen=True, slots=True)
class Expire:
    """What would have lasted longer does not."""

    what: Literal["sync tokens", "Sugar's access", "Google's access", "Sugar's session", "tombstones"] = "sync tokens"

    def happen(self, story: Story) -> None:
        story.say("expired:", self.what)
        if self.what == "sync tokens":
            story.user.account.expire_sync_tokens()
        elif self.what == "Sugar's access":
            story.world.sugar.expire_access()
        elif self.what == "Google's access":
            story.world.people.oauth.expire_access_tokens()
        elif self.what == "tombstones":
            # What was deleted since the last look never shows in a listing of changes.
            story.memory.week_needed |= any(
                story.linked(SideName.SUGAR, one) for one, _ in story.memory.trash[SideName.SUGAR]
            )
            story.world.sugar.prune()
        else:
            story.world.sugar.revoke(story.user.sugar_user)
            story.signed_out = True


@dataclass(frozen=True, slots=True)
class Choose:
    """The user changes one setting; with a colleague about, who is in scope stays apart."""

    name: str
    value: Any

    def happen(self, story: Story) -> None:
        if self.name == "sugar_scope" and story.colleague is not None:
            return
        story.user.set(**{self.name: self.value})
        if self.name == "sugar_scope" and self.value is SugarScope.FAVORITES:
            records = sorted(story.records(SideName.SUGAR))
            story.world.sugar.favorites[story.user.sugar_user].update(records[::2])
            story.memory.flags_moved = True
        story.say("set", self.name, self.value)


_GOES_BEYOND = {"delete_both": "delete", "keep": "update", "mend": "update"}
"""What a person's decision does to this contact's records even where the direction's switch is off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The user has something done about entries of the backlog, also about those that were put aside."""

    nth: int = 0
    everything: bool = False
    action: int = 0
    """Which of the entry's own."""
    wins: KeepText = "sugar"

    def happen(self, story: Story) -> None:
        docs = [doc for state in (OPEN, NEVER, APART) for doc in story.user.backlog(state)]
        if not docs:
            return
        chosen = docs if self.everything else [docs[self.nth % len(docs)]]
        told = []
        for doc in chosen:
            remedy = self._remedy(doc.data)
            if _decides(remedy["action"], doc.data["class"]):
                _decided(story, doc.data)
            if remedy["action"] == "restore":
                story.memory.wanted_again.update(_tags(story, set(doc.data["ids"].values())))
            if (op := _GOES_BEYOND.get(remedy["action"])) is not None:
                story.memory.decided.update((op, record) for record in _ids(story, doc.data))
            if remedy["action"] == "mend":
                story.memory.mended.add((SideName(remedy["side"]), doc.data["ids"][remedy["side"]]))
            story.user.wish(kind="release", entries=[doc.id], **remedy)
            told.append((doc.id, doc.data["class"], remedy["action"]))
        story.say("answer", told)

    def _remedy(self, entry: dict[str, Any]) -> dict[str, Any]:
        had = actions(entry)
        action = had[self.action % len(had)]
        remedy: dict[str, Any] = {"action": action}
        if action == "keep":
            remedy["answers"] = dict.fromkeys(kept(entry), self.wins)
        elif action == "choose":
            remedy["candidates"] = (choices(entry)[self.nth % len(choices(entry))],)
        elif action == "mend":
            side = next(side for side in SideName if entry["ids"][side.value])
            named = [problem["field"] for question in entry["entries"] for problem in question["problems"]]
            remedy |= {"side": side.value, "values": {named[0] if named else "title": "Mended"}, "key": f"k{self.nth}"}
        return remedy


def _decides(action: str, cls: str) -> bool:
    """Whether the user decides what the oracle cannot know: who is who, what goes, what a value is to be."""
    if action in ("choose", "different", "mend", "delete_both", "restore", "never"):
        return True
    both = {Trouble.DOUBTFUL_CREATE.value} | ({Trouble.GONE_FROM_SUGAR.value} if action == "approve" else set())
    return cls in both or (action == "keep" and cls != Trouble.CONFLICT.value)


def _decided(story: Story, entry: dict[str, Any]) -> None:
    """Nothing is claimed any more about the contact itself, and about those that it may be."""
    story.memory.lose_track(_tags(story, _ids(story, entry)))


def _ids(story: Story, entry: dict[str, Any]) -> set[str]:
    """The records that the entry is about, and those that they may be."""
    ids = {*entry["ids"].values(), *(record_of(name)[1] for name in candidates(entry))} - {""}
    for link in story.user.links():
        if link.id == entry["link"] or ids & {link.sugar_id, link.google_id}:
            ids |= {link.sugar_id, link.google_id}
    return ids


def _tags(story: Story, ids: Collection[str]) -> list[str]:
    """Who these records are."""
    return [
        tag_of(side, native) for side in SideName for record, native in story.records(side).items() if record in ids
    ]


@dataclass(frozen=True, slots=True)
class Serve:
    """Sugar's own logic: what it makes of what is saved, and how long that takes."""

    how: Literal["as it comes", "in capitals", "phones formatted", "slowly", "very slowly"] = "as it comes"

    def happen(self, story: Story) -> None:
        hooks = story.world.sugar.hooks
        story.say("Sugar saves", self.how)
        if self.how == "in capitals":
            hooks.before_save[:] = [lambda c: {"first_name": (c.get("first_name") or "").upper()}]
        elif self.how == "phones formatted":
            hooks.before_save[:] = [lambda c: {"phone_work": _formatted(c.get("phone_work") or "")}]
        elif self.how == "as it comes":
            hooks.before_save.clear()
            hooks.slow_save = 0.0
        else:
            hooks.slow_save = 3.0 if self.how == "slowly" else 30.0


def _formatted(phone: str) -> str:
    number = digits(phone)
    return f"({number[:3]}) {number[3:6]}-{number[6:]}" if len(number) == 10 else phone
