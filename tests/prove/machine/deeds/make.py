"""A new contact, on either side or on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.names import SideName
from shared.sync.settings import SugarScope
from tests.prove.machine.fields import FIELDS, Json, is_phone, sugar_name
from tests.prove.machine.memory import Private
from tests.prove.machine.story import Story
from tests.prove.machine.windows import Window

SCOPE_LABEL, OWN_LABEL, USERS_LABEL = "Sync", "Mine", "Friends2"
"""The label that is the scope, one that written contacts get, one that only the user knows."""
SHARED = {SideName.SUGAR: "office@x.org", SideName.GOOGLE: "team@x.org"}
"""Addresses that several contacts have, by the side where they are made."""


@dataclass(frozen=True, slots=True)
class Create:
    sides: tuple[SideName, ...] = (SideName.SUGAR,)
    emails: int = 1
    """How many of its own."""
    shared_email: bool = False
    """Also an office's address, which others have too."""
    common_name: bool = False
    filled: tuple[str, ...] = ()
    """Fields that have a value."""
    only_sugar: tuple[str, ...] = ()
    """Of these: blank in Google, where the contact is made on both sides."""
    mine: bool = True
    """Assigned to the user, or to somebody else."""
    in_scope: bool = True
    """With the favourite's flag or the label that the scope asks for."""
    labelled: bool = False
    private: bool = False
    """With a pager and a keepsake in Google."""
    slow: float = 0.0
    at_once: bool = True
    """Made on both sides: Google's feed shows it at once."""
    for_colleague: bool = False
    """The colleague enters the same person in Google."""

    def do(self, story: Story) -> None:
        number = story.serial()
        tag = f"#p{number}#"
        memory = story.memory
        memory.made[tag] = set(self.sides)
        both = len(self.sides) > 1
        values = self._values(story, number)
        last = "Smith" if self.common_name else f"L{number}"
        # Entered twice it has an email: by a name alone nobody could tell that they are one.
        least = 1 if both or self.for_colleague else 0
        emails = [f"{'mnr'[n]}{number}@x.org" for n in range(max(self.emails, least))]
        for side in self.sides:
            held = dict(values)
            if both and side is SideName.GOOGLE:
                held.update({name: "" for name in self.only_sugar if name != "first_name"})
            mails = list(emails)
            if self.shared_email and not both:
                mails.append(SHARED[side])
            if side is SideName.SUGAR:
                record = self._in_sugar(story, tag, held, last, mails, slow=0.0 if both else self.slow)
            else:
                record = self._in_google(story, tag, held, last, mails, number)
            story.acted(side, record, tag)
            for name in FIELDS:
                memory.typed(tag, name, side, held[name])
        if both and self.at_once:
            story.user.account.propagate()
        seen = self.at_once or not story.user.account.feed_delay
        if both and (story.world.sugar.hooks.slow_save or not seen):
            story.open(tag, Window.BOTH_SIDES)
        if self.for_colleague and story.colleague is not None and SideName.GOOGLE in self.sides:
            before = len(story.colleague.account.book.log)
            story.colleague.account.add(_person(tag, values, last, emails))
            story.colleagues_own += len(story.colleague.account.book.log) - before
            memory.shared.add(tag)
        story.say("new in", *self.sides, tag, emails, last, {name: value for name, value in values.items() if value})

    def _values(self, story: Story, number: int) -> dict[str, str]:
        values = {name: new_value(story, name) if name in self.filled else "" for name in FIELDS}
        values["first_name"] = "Ann" if self.common_name else f"F{number}"
        return values

    def _in_sugar(
        self, story: Story, tag: str, values: dict[str, str], last: str, mails: list[str], *, slow: float
    ) -> str:
        sugar, me = story.world.sugar, story.user.sugar_user
        opted_out = set(mails[1:2]) if self.private else set()
        listed = [
            {"email_address": m, "primary_address": n == 0, "invalid_email": False, "opt_out": m in opted_out}
            for n, m in enumerate(mails)
        ]
        fields: dict[str, Any] = {sugar_name(name): value for name, value in values.items()}
        owner = me if self.mine else story.other
        record: str = sugar.add(
            by=me, slow=slow, last_name=last, description=tag, email=listed, assigned_user_id=owner, **fields
        )
        story.memory.opted_out[record] = {m for m in opted_out if m.startswith("n")}
        if story.user.settings.sugar_scope is SugarScope.FAVORITES and self.in_scope:
            sugar.favorites[me].add(record)
        return record

    def _in_google(
        self, story: Story, tag: str, values: dict[str, str], last: str, mails: list[str], number: int
    ) -> str:
        person = _person(tag, values, last, mails)
        private = Private()
        if self.private:
            private.pagers = [f"+1 212 555 {number:04d}"]
            private.keepsakes = [{"key": "Shoe size", "value": str(number)}]
            person.setdefault("phoneNumbers", []).append({"value": private.pagers[0], "type": "pager"})
            person["userDefined"] = [dict(item) for item in private.keepsakes]
        if story.user.settings.google_scope and self.in_scope:
            private.labels.add(SCOPE_LABEL)
        if self.labelled:
            private.labels.add(USERS_LABEL)
        record: str = story.user.account.add(person, sorted(private.labels))
        story.memory.private[record] = private
        return record


def _person(tag: str, values: dict[str, str], last: str, mails: list[str]) -> Json:
    person: Json = {
        "names": [{"givenName": values["first_name"], "familyName": last}],
        "biographies": [{"value": tag}],
        "emailAddresses": [{"value": mail} for mail in mails],
    }
    phones = [{"value": v, "type": name[6:]} for name, v in values.items() if is_phone(name) and v]
    if phones:
        person["phoneNumbers"] = phones
    if org := {name: values[name] for name in ("title", "department") if values[name]}:
        person["organizations"] = [{"type": "work", **org}]
    if values["city"]:
        person["addresses"] = [{"type": "work", "city": values["city"]}]
    return person


def new_value(story: Story, field: str) -> str:
    """A value that nobody has ever typed in before."""
    number = story.serial()
    return f"+1 650 253 {number:04d}" if is_phone(field) else f"T{number}x"
