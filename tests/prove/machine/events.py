"""What happens around the contacts: settings, answers, time, tokens, servers. Values, like deeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.side import SideName
from shared.sync.plan.model import Trouble
from shared.sync.remedies import actions, kept
from shared.sync.settings import SugarScope
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


@dataclass(frozen=True, slots=True)
class Answer:
    """The user lets entries of the backlog go, with an answer for every field in conflict."""

    nth: int = 0
    everything: bool = False
    approve: bool = False
    wins: SideName = SideName.SUGAR

    def happen(self, story: Story) -> None:
        docs = story.user.backlog()
        if not docs:
            return
        chosen = docs if self.everything else [docs[self.nth % len(docs)]]
        decisive = {Trouble.DOUBTFUL_CREATE.value} | ({Trouble.GONE_FROM_SUGAR.value} if self.approve else set())
        for doc in chosen:
            if doc.data["class"] in decisive:
                _decided(story, doc.data)
            story.user.wish(kind="release", entries=[doc.id], **self._remedy(doc.data))
        story.say("release", [(doc.id, doc.data["class"]) for doc in chosen], "approved" if self.approve else "")

    def _remedy(self, entry: dict[str, Any]) -> dict[str, Any]:
        asked = kept(entry)
        if self.approve and "approve" in actions(entry):
            return {"action": "approve"}
        return {"action": "keep", "answers": dict.fromkeys(asked, self.wins.value)} if asked else {}


def _decided(story: Story, entry: dict[str, Any]) -> None:
    """The user says, without a look at the candidates, that a contact is to be made anew (or was deleted)."""
    ids = set(entry["ids"].values())
    for link in story.user.links():
        if link.id == entry["link"]:
            ids |= {link.sugar_id, link.google_id}
    for side in SideName:
        found = [native for record, native in story.records(side).items() if record in ids]
        story.memory.lose_track(tag_of(side, native) for native in found)


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
