"""What happens in the demo, act by act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.store.port import Doc
from shared.sync.plan.model import Decision, Trouble
from tests.demo import oracle
from tests.demo.cast import Json, Person
from tests.demo.screen import clean
from tests.demo.stage import SIDES, Edit, Stage, Stopped, writes

_CONFLICT = "Chair of the Committee on Rules"


class Story:
    """Seven acts; the check and the summary come after them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.screen = stage.screen
        self.user = stage.user
        self._heroes = _Heroes(stage.cast)
        self._planned: tuple[Decision, ...] = ()

    def play(self) -> None:
        """All acts in order.

        Raises:
            Stopped: the sync did not go on.
        """
        self.opening()
        self.preview()
        self.first_sync()
        self.edits()
        self.history()
        self.backlog()
        self.mending()

    # -- 1 -------------------------------------------------------------------------------------------

    def opening(self) -> None:
        stage = self.stage
        self.screen.act("Two address books that have never met")
        stage.enter()
        both = [p for p in stage.cast if p.sugar and p.google]
        details = sum(bool(p.lost) for p in both)
        private = sum(bool(p.private or p.labels) for p in stage.cast)
        rows = [
            ("in Sugar", sum(bool(p.sugar) for p in stage.cast), "members of state legislatures, all real"),
            ("in Google", sum(bool(p.google) for p in stage.cast), f"{private} with private phones, dates or labels"),
            ("in both", len(both), f"{details} with another title, all with phones written differently"),
        ]
        self.screen.table(("where", "people", "what"), rows, (10, -6, 0))
        shared, long, nameless, form, bold = (
            self._heroes.role(role) for role in ("shared email", "long name", "no name", "web form", "<b>")
        )
        self.screen.line(f"Among them: two people in Sugar with one office email ({shared.email}); a last name of 300")
        self.screen.line(f"characters ({long.row['given_name']} …); a contact with only an email ({nameless.email});")
        self.screen.line(f"one whose email is a web form ({form.name}); and {bold.name}.")

    # -- 2 -------------------------------------------------------------------------------------------

    def preview(self) -> None:
        stage = self.stage
        self.screen.act("The preview: what the first batch would do")
        self.user.set(from_google={"create": True})
        stage.world.clock.advance(120)
        sugar, google = stage.sugar(), stage.google()
        marks = {side: len(stage.log(side)) for side in SIDES}
        report = self.user.engine.preview()
        if report.plan is None:
            raise Stopped(f"no preview: {report.message}")
        decisions = report.plan.decisions
        some = _one_of_each(decisions)
        rows = [(d.action, self._name(d), ", ".join(f"{s.op} in {s.side}" for s in d.steps), _why(d)) for d in some]
        self.screen.table(("action", "contact", "writes", "why"), rows, (8, 26, 36, 0))
        counts = Counter(str(decision.action) for decision in decisions)
        self.screen.line(f"… of {len(decisions)}: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
        calls = [call for side in SIDES for call in stage.log(side)[marks[side] :]]
        wrong = writes(calls)
        if stage.sugar() != sugar or stage.google() != google:
            wrong.append("a contact changed")
        stage.promise("the preview wrote nothing to either side", f"{len(calls)} calls, none that writes", wrong)
        self._planned = decisions

    def _name(self, decision: Decision) -> str:
        subject = decision.subject
        for side, half in (("sugar", subject.sugar), ("google", subject.google)):
            if half.record is not None:
                return name(side, half.record.native)
        return ""

    # -- 3 -------------------------------------------------------------------------------------------

    def first_sync(self) -> None:
        stage = self.stage
        self.screen.act("The first sync, at most 100 contacts a run")
        batches = stage.sync()
        stage.meet()
        missing = [p.name for p in stage.cast if len(p.sides) == 2 and not p.role and not (p.sugar_id and p.google_id)]
        if missing:
            raise Stopped(f"{len(missing)} people did not reach the other side, {missing[0]} among them")
        self._as_shown(batches[0].report.run)
        most = max(batch.report.contacts for batch in batches)
        wrong = [f"a run took {most}"] if most > 100 else []
        stage.promise("no run takes more than 100 contacts", f"{len(batches)} runs, {most} at most", wrong)
        for person in (p for p in stage.cast if p.lost):
            stage.edits += [Edit(person, "google", value, lives=False) for value in person.lost]

    def _as_shown(self, run: str) -> None:
        """The first run did what the preview had shown, to the last value."""
        rows = [row for row in self.user.history() if row["run"] == run]
        planned = {(d.subject.sugar.id, d.subject.google.id, _shown(d)) for d in self._planned if d.steps}
        done = set()
        for row in rows:
            values = tuple(sorted((item["name"], item["to"], item["after"]) for item in row["fields"]))
            new = {kind.removeprefix("create ") for kind in row["kinds"]}
            sugar, google = ("" if side in new else str(row["ids"][side]) for side in SIDES)
            if row["native"]:
                done.add((sugar, google, values))
        wrong = [str(each)[:200] for each in planned ^ done]
        self.stage.promise("the sync then did what the preview had shown", f"{len(done)} contacts, all values", wrong)

    # -- 4 -------------------------------------------------------------------------------------------

    def edits(self) -> None:
        stage, sugar, heroes = self.stage, self.stage.world.sugar, self._heroes
        self.screen.act("A day passes: edits, conflicts and deletes on both sides")
        self.user.set(from_sugar={"delete": True}, from_google={"delete": True})
        for person in heroes.take(6):
            self._in_sugar(person, "title", f"Majority Leader, district {person.row['district']}")
        for person in heroes.take(4):
            self._in_sugar(person, "phone_mobile", f"+1 505-555-{person.id[:4].translate(_DIGITS)}")
        for person in heroes.take(3):
            self._in_sugar(person, "first_name", f"{person.row['given_name']} O’Brien-Müller")
        for person in heroes.take(6):
            self._in_google(person, "organizations", "title", f"Whip, district {person.row['district']}")
        for person in heroes.take(4):
            self._in_google(person, "addresses", "city", f"New {person.row['family_name']}ville")
        for person in heroes.take(3):
            found = stage.user.account.person(person.google_id)["emailAddresses"]
            added = f"press.{person.id[:8]}@example.org"
            stage.user.account.edit(person.google_id, emailAddresses=[*found, {"value": added}])
            stage.edits.append(Edit(person, "google", added, lives=True))
        for person in (heroes.rival, *heroes.take(4)):  # both sides, different fields: nobody loses
            self._in_sugar(person, "department", f"Office of {person.row['given_name']}")
            self._in_google(person, "biographies", "value", f"Met in May. {sugar.get(person.sugar_id)['description']}")
        for person in (heroes.rival, *heroes.take(3)):  # both sides, the same field
            self._in_sugar(person, "title", _CONFLICT)
            self._in_google(person, "organizations", "title", f"Treasurer {person.row['district']}", lives=False)
        for person in heroes.take(4):
            sugar.remove(person.sugar_id)
            self._delete(person)
        for person in heroes.take(4):
            stage.user.account.remove(person.google_id)
            self._delete(person)
        for person in heroes.take(1):  # deleted here, edited there
            stage.user.account.remove(person.google_id)
            sugar.edit(person.sugar_id, title="Speaker")
            person.sides = frozenset({"sugar"})
            stage.expected.append((Trouble.DELETED_AND_EDITED, person))
        self.screen.line("Edited: 21 contacts in Sugar and 21 in Google, of which 5 on both sides in different fields,")
        self.screen.line(
            "4 on both in the same one. Deleted: 4 in Sugar, 4 in Google, 1 in Google and edited in Sugar."
        )
        stage.world.clock.advance(90)
        stage.sync()

    def _in_sugar(self, person: Person, field: str, value: str) -> None:
        old = str(self.stage.world.sugar.get(person.sugar_id)[field])
        changes: Json = {field: value}
        self.stage.world.sugar.edit(person.sugar_id, **changes)
        self.stage.edits.append(Edit(person, "sugar", value, lives=True, instead_of=old))

    def _in_google(self, person: Person, field: str, member: str, value: str, *, lives: bool = True) -> None:
        entries = self.stage.user.account.person(person.google_id)[field]
        entries[0] = {**entries[0], member: value}
        for made_of_parts in ("formattedValue", "displayName", "displayNameLastFirst", "unstructuredName"):
            entries[0].pop(made_of_parts, None)
        self.stage.user.account.edit(person.google_id, **{field: entries})
        self.stage.edits.append(Edit(person, "google", value, lives=lives))

    def _delete(self, person: Person) -> None:
        person.deleted, person.sides = True, frozenset()

    # -- 5 -------------------------------------------------------------------------------------------

    def history(self) -> None:
        person = self._heroes.rival
        self.screen.act(f"The history of {clean(person.name)}, field by field")
        rows = []
        for row in self.stage.rows_of(person):
            for item in row["fields"]:
                why = item["why"] + (f"; lost: {item['loser']}" if item["loser"] else "")
                rows.append((row["at"][:16], item["name"], item["to"], item["before"], item["after"], why))
        self.screen.table(
            ("when", "field", "written to", "before", "after", "why"), rows[-14:], (16, 12, 10, 22, 22, 0)
        )

    # -- 6 -------------------------------------------------------------------------------------------

    def backlog(self) -> None:
        stage = self.stage
        self.screen.act("The backlog: what waits for a person, and why")
        for doc in sorted(self.user.backlog(), key=lambda doc: (str(doc.data["class"]), doc.id)):
            entry = doc.data["entries"][0]
            values = "; ".join(f"{p['field']}: {p['message']}" for p in entry["problems"])
            self.screen.line(f"{entry['class']}: {self._who(doc)}")
            self.screen.line(f"    {entry['message']}{' (' + values + ')' if values else ''}")
            self.screen.line(f"    -> {entry['remedy']}")
        long = self._heroes.role("long name")
        one, two = (person for person in stage.cast if person.role == "shared email")
        stage.expected += [
            (Trouble.CANNOT_HOLD, self._heroes.role("no name")),
            (Trouble.UNREADABLE, self._heroes.role("web form")),
            *((Trouble.AMBIGUOUS, person) for person in (one, one, two)),
        ]
        found = [doc for doc in self.user.backlog() if stage.about(doc) is long]
        wrong = [] if [doc.data["class"] for doc in found] == [Trouble.CANNOT_HOLD] else [f"{len(found)} entries"]
        stage.promise("the name of 300 characters waits in the backlog", "with the reason", wrong)

    def _who(self, doc: Doc) -> str:
        sugar, google = self.stage.sugar(), self.stage.google()
        ids = doc.data["ids"]
        for side, records in (("sugar", sugar), ("google", google)):
            if record := records.get(ids.get(side, "")):
                return f"{clean(name(side, record))[:60]} in {side.title()}"
        return "nobody"

    # -- 7 -------------------------------------------------------------------------------------------

    def mending(self) -> None:
        stage = self.stage
        long = self._heroes.role("long name")
        self.screen.act(f"Mending the long name, and releasing it: {clean(long.name)}")
        entry = next((doc for doc in self.user.backlog() if stage.about(doc) is long), None)
        if entry is None:
            raise Stopped("the long name is not in the backlog")
        self._in_google(long, "names", "familyName", long.row["family_name"])
        stage.world.clock.advance(90)
        before = len(stage.sugar())
        stage.sync()
        wrong = [] if len(stage.sugar()) == before else ["it was written before it was released"]
        self.user.wish(kind="release", entries=[entry.id])
        stage.sync()
        stage.meet()
        made = [stage.world.sugar.get(long.sugar_id)] if long.sugar_id else []
        wrong += [] if made and made[0]["last_name"] == long.row["family_name"] else ["it did not reach Sugar"]
        stage.promise("mended and released, it syncs; not before", "the one entry that was released", wrong)


_DIGITS = str.maketrans("abcdef", "123456")


def name(side: str, record: Json) -> str:
    """What a person would call this contact."""
    if side == "sugar":
        return oracle.line(f"{record.get('first_name') or ''} {record.get('last_name') or ''}")
    names = record.get("names") or [{}]
    found = f"{names[0].get('givenName', '')} {names[0].get('familyName', '')}"
    emails = record.get("emailAddresses") or [{}]
    return oracle.line(found) or str(emails[0].get("value", ""))


def _shown(decision: Decision) -> tuple[tuple[str, str, str], ...]:
    """Every value that the plan writes: field, side, value."""
    changes = [(change, change.verdict.target) for change in decision.fields]
    return tuple(
        sorted(
            (change.name, target.value, change.google if target.value == "sugar" else change.sugar)
            for change, target in changes
            if target is not None
        )
    )


def _why(decision: Decision) -> str:
    fields = [change.name for change in decision.fields if change.verdict.target is not None]
    return decision.why + (f": {', '.join(fields)}" if fields and decision.action == "link" else "")


def _one_of_each(decisions: tuple[Decision, ...]) -> list[Decision]:
    """Eight rows that show every action that there is."""
    kinds: dict[Any, list[Decision]] = {}
    for decision in decisions:
        kinds.setdefault((decision.action, tuple(step.side for step in decision.steps)), []).append(decision)
    ranks = [(rank, n, d) for n, found in enumerate(kinds.values()) for rank, d in enumerate(found)]
    return [d for _, _, d in sorted(ranks, key=lambda each: each[:2])[:8]]


class _Heroes:
    """Hands out people for the story: nobody twice, and by turns such as were in both, in Sugar, in Google alone."""

    def __init__(self, cast: list[Person]) -> None:
        self._cast = cast
        self.rival = next(p for p in cast if p.lost and p.private and p.google and len(p.google["emailAddresses"]) > 1)
        """Met in both books with other details, and the one that both sides edit most."""
        usual = [p for p in cast if not p.role and p is not self.rival]
        kinds = [
            [p for p in usual if p.sugar and p.google],
            [p for p in usual if p.sugar and not p.google],
            [p for p in usual if p.google and not p.sugar],
        ]
        self._next = _by_turns(kinds)

    def take(self, count: int) -> list[Person]:
        return [next(self._next) for _ in range(count)]

    def role(self, role: str) -> Person:
        return next(p for p in self._cast if p.role == role or (role in p.name and not p.role))


def _by_turns(kinds: list[list[Person]]) -> Iterator[Person]:
    for number in range(min(map(len, kinds))):
        for kind in kinds:
            yield kind[number]
