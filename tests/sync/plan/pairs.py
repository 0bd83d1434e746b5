"""Contacts drawn at random, and one of them on both sides: users edit it, plans are carried out on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from shared.contact.fields import EMAILS, FIELDS, Kind
from shared.contact.normal import normal
from shared.errors import StaleVersion, Unavailable
from shared.names import SideName
from shared.side import Done, NotSent, Outcome, Record, Refused
from shared.sync.link import Link
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.merge import Pair as Views
from shared.sync.plan.merge import look
from shared.sync.plan.model import Decision, Env, Step
from shared.sync.settings import ConflictRule, Direction
from shared.sync.settle import settle
from tests.sync.plan.make import GOOGLE, SUGAR, entry, env, google, link, shown, subject, sugar, written

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

VALUES: dict[Kind, list[str]] = {
    Kind.LINE: ["", "a", "B", "Ünal  x", "Ünal x", "🎉"],
    Kind.TEXT: ["", "a", "a\r\nb", "a\nb", "b\nc"],
    Kind.PHONE: ["", "202-555-0100", "(202) 555-0100", "+1 202 555 0111", "ext 5"],
    Kind.DATE: ["", "1970-12-31", "1980-01-01"],
    Kind.URL: ["", "https://a.example", "a.example/", "b.example/x"],
}
NAMES = [
    *("first_name", "last_name", "title", "company", "department", "nickname", "birthday", "website", "notes"),
    *("phone_work", "phone_mobile", "phone_home", "primary_street", "primary_city", "alt_city", "assistant"),
]
MAILS = ["a@x.example", "B@x.example", "b@X.example", "c@x.example"]

PRIVATE: dict[str, list[dict[str, Any]]] = {
    "phoneNumbers": [{"value": "+1 202 555 0199", "type": "pager"}, {"value": "+1 202 555 0188", "type": "yacht"}],
    "relations": [{"person": "Bob", "type": "brother"}],
    "userDefined": [{"key": "Shoe size", "value": "44"}],
    "addresses": [{"city": "Atlantis", "type": "yacht"}],
    "urls": [{"value": "https://private.example", "type": "yacht"}],
}
"""What users keep in Google and Sugar has no place for."""

Drawn = dict[str, Any]
"""``values`` by canonical name, and ``emails``."""


@st.composite
def contacts(draw: st.DrawFn) -> Drawn:
    """Some values and emails; everybody has a last name."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))
    values = {name: draw(st.sampled_from(VALUES[FIELDS[name].kind])) for name in chosen}
    if not values.get("last_name"):
        values["last_name"] = "Lee"
    return {"values": values, "emails": draw(st.lists(st.sampled_from(MAILS), max_size=3))}


@dataclass(frozen=True)
class Case:
    """A base, perturbed twice."""

    base: Drawn
    mine: Drawn
    """As the user has edited it in Sugar."""
    theirs: Drawn
    """In Google."""
    private: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few fields are edited, and often by both users, so that conflicts are no rarity."""
    base = draw(contacts())
    edits = {side: {"values": dict(base["values"]), "emails": base["emails"]} for side in SideName}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4)):
        for side in draw(st.sampled_from([(SUGAR,), (GOOGLE,), (SUGAR, GOOGLE), (SUGAR, GOOGLE)])):
            others = [value for value in VALUES[FIELDS[name].kind] if value != base["values"].get(name, "")]
            edits[side]["values"][name] = draw(st.sampled_from(others))
    for side in draw(st.sampled_from([(), (SUGAR,), (GOOGLE,), (SUGAR, GOOGLE)])):
        edits[side]["emails"] = draw(st.lists(st.sampled_from(MAILS), max_size=3))
    for edit in edits.values():
        edit["values"]["last_name"] = edit["values"]["last_name"] or "Lee"
    return Case(base, edits[SUGAR], edits[GOOGLE], draw(st.booleans()))


switches = st.builds(
    lambda to_google, to_sugar, rule: {
        "from_sugar": Direction(update=to_google),
        "from_google": Direction(update=to_sugar),
        "conflict": rule,
    },
    st.sampled_from([True, True, True, False]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from(ConflictRule),
)
"""Settings: which directions are open, and who wins."""


def in_sugar(contact: Drawn, version: str = "s-new") -> Record:
    mails = dict.fromkeys(contact["emails"])
    listed = [entry(mail, primary=n == 0, opt_out=n == 1) for n, mail in enumerate(mails)]
    return sugar("s1", *listed, version=version, **contact["values"])


def in_google(contact: Drawn, private: bool, version: str = "g-new") -> Record:
    record = google("people/g1", *contact["emails"], version=version, **contact["values"])
    if private:
        for people, entries in PRIVATE.items():
            record.native[people] = [*record.native.get(people, []), *entries]
    return record


def private_of(record: Record) -> dict[str, list[dict[str, Any]]]:
    """What of the private elements is there."""
    return {
        people: [each for each in record.native.get(people, []) if each in entries]
        for people, entries in PRIVATE.items()
    }


def respelled(contact: Drawn) -> Drawn:
    """The same contact, every value in another spelling where there is one."""
    values = dict(contact["values"])
    for name, value in values.items():
        kind = FIELDS[name].kind
        others = [
            each for each in VALUES[kind] if each != value and normal(kind, each, "US") == normal(kind, value, "US")
        ]
        values[name] = others[0] if others else value
    return {"values": values, "emails": [mail.swapcase() for mail in contact["emails"]]}


@dataclass
class Pair:
    """One linked contact."""

    where: Env
    records: dict[SideName, Record]
    link: Link
    losers: list[tuple[str, str]] = field(default_factory=list)
    """Field and value, of every conflict that history tells."""
    writes: int = 0
    """Steps that were carried out."""

    @classmethod
    def agreed(cls, case: Case, where: Env) -> Pair:
        """Both sides hold the base, and know it of each other."""
        pair = cls(env(), {SUGAR: in_sugar(case.base), GOOGLE: in_google(case.base, case.private)}, link())
        pair.carry_out(pair.plan())
        pair.where = where
        pair.writes = 0
        return pair

    @classmethod
    def perturbed(cls, case: Case, where: Env) -> Pair:
        """Both users have edited it."""
        pair = cls.agreed(case, where)
        pair.records = {SUGAR: in_sugar(case.mine, "s-mine"), GOOGLE: in_google(case.theirs, case.private, "g-theirs")}
        return pair

    def copy(self) -> Pair:
        """Another one that is the same."""
        return replace(self, records=dict(self.records), link=self.link.copy(), losers=list(self.losers))

    def plan(self) -> Decision:
        """What is to be done by now."""
        [decision] = plan_batch(
            self.where, [subject(self.records[SUGAR], self.records[GOOGLE], self.link)], []
        ).decisions
        return decision

    def carry_out(self, decision: Decision, sides: Iterable[SideName] = (SUGAR, GOOGLE)) -> list[Outcome]:
        """Writes to these sides, in this order; the others are not reached. A record that has moved refuses."""
        results: list[tuple[Step, Outcome]] = []
        reached = list(sides)
        for step in sorted(decision.steps, key=lambda s: reached.index(s.side) if s.side in reached else len(reached)):
            if step.side not in reached:
                results.append((step, NotSent(Unavailable("not reached"))))
            elif step.version != self.records[step.side].version:
                results.append((step, Refused(StaleVersion("it has moved"))))
            else:
                results.append((step, Done(self._write(step))))
        self.settle(decision, results)
        return [outcome for _, outcome in results]

    def lost(self, decision: Decision, sides: Iterable[SideName]) -> None:
        """Writes to these sides, and crashes: nothing of it is known afterwards."""
        for step in decision.steps:
            if step.side in set(sides):
                self._write(step)

    def _write(self, step: Step) -> Record:
        record = written(step)
        assert record is not None
        self.records[step.side] = record
        self.writes += 1
        return record

    def settle(self, decision: Decision, results: list[tuple[Step, Outcome]]) -> None:
        out = settle(self.where, decision, results, NOW, self.link)
        self.link = out.link or self.link
        if out.row is not None:
            self.losers += [(each["name"], each["loser"]) for each in out.row["fields"] if each["loser"] is not None]

    def rest(self, most: int = 3) -> Decision:
        """Plans and carries out until there is nothing to write; the last plan."""
        for _ in range(most):
            decision = self.plan()
            self.carry_out(decision)
            if not decision.steps:
                return decision
        raise AssertionError(f"no rest after {most} plans: {decision.why}")

    def edit(self, side: SideName, values: Mapping[str, str]) -> None:
        """The user edits these fields, and leaves all else."""
        record = self.records[side]
        contact = shown(self.where, record, self.link.memo.get(side))
        drawn = {"values": {**contact.values, **values}, "emails": [each.address for each in contact.emails or ()]}
        version = f"{record.version}e"
        kept = any(private_of(record).values())
        self.records[side] = in_sugar(drawn, version) if side is SUGAR else in_google(drawn, kept, version)

    def views(self) -> Views:
        """Both sides as contacts."""
        return look(self.where, self.link, self.records[SUGAR], self.records[GOOGLE])

    def normal(self, name: str, value: str) -> str:
        return normal(self.where.kind(name), value, self.where.settings.region)

    def held(self) -> dict[SideName, dict[str, str]]:
        """The normal forms of all single fields."""
        views = self.views()
        return {
            side: {
                name: self.normal(name, value)
                for name, value in views.contact(side).values.items()
                if name in self.where.names and name != EMAILS
            }
            for side in SideName
        }
