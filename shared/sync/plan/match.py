"""Linking: who is the same person, over the batch as a whole.

Equal email, when it is the only match on both sides; everything less certain goes to the backlog with its candidates,
because a wrong link overwrites a contact and a missed one doubles it.

A match that is linked already counts when the names are equal or one is blank: it is a duplicate. With another name it
does not: two people may share an office's address. One whose pair was deleted on this side lives again under the same
name, and is asked about under another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from shared.contact.emails import email_keys
from shared.contact.fields import PHONE_SLOTS, Kind
from shared.contact.model import Contact
from shared.contact.normal import blank_name, name_key, normal, same_name
from shared.names import SideName
from shared.side import Record
from shared.sync.link import Link, LinkState
from shared.sync.paths import subject_id
from shared.sync.plan.model import Candidate, Entry, Env, Subject, Trouble


@dataclass(frozen=True, slots=True)
class Person:
    """One record on the table, as far as matching needs it."""

    side: SideName
    record: Record
    contact: Contact
    emails: frozenset[str]
    link: Link | None
    parked: bool = False
    different: frozenset[str] = frozenset()
    """Subject ids of those who are somebody else."""
    doubt: bool = False
    """A write of an earlier run may yet happen."""

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        return subject_id(self.side, self.record.id)

    @property
    def names(self) -> set[str]:
        """The subject ids of both records, if it is linked."""
        link = self.link
        linked = {subject_id(side, link.id_on(side)) for side in SideName} if link is not None else set()
        return {self.name, *linked}

    def is_not(self, other: Person) -> bool:
        """A person has said that these two are different people."""
        return not (self.different.isdisjoint(other.names) and other.different.isdisjoint(self.names))


@dataclass(frozen=True, slots=True)
class Matched:
    """The one certain match; ``link`` is a pair that lives again by it."""

    person: Person
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """Whoever is or might be this person the user has put aside on the other side."""


@dataclass(frozen=True, slots=True)
class Alone:
    """Nobody on the other side is or might be this person."""


Match = Matched | Entry | Aside | Alone


class Table:
    """All records of a batch and their candidates, by email and by name."""

    def __init__(self, env: Env, subjects: Iterable[Subject], candidates: Sequence[Candidate]) -> None:
        self._env = env
        self._people: dict[tuple[SideName, str], Person] = {}
        for candidate in candidates:
            self._put(candidate.side, candidate.record, candidate.link, candidate)
        for subject in subjects:
            for side in SideName:
                if record := subject.half(side).there:
                    self._put(side, record, subject.link, subject)
        self._by_email: dict[tuple[SideName, str], set[str]] = defaultdict(set)
        for (side, record_id), person in self._people.items():
            for email in person.emails:
                self._by_email[side, email].add(record_id)

    def _put(self, side: SideName, record: Record, link: Link | None, told: Subject | Candidate) -> None:
        view = self._env.fields[side].view(record.native, link.memo.get(side, {}) if link else {}, None)
        emails = email_keys(view.contact.emails or ())
        known = told.different | frozenset(link.different if link else ())
        aside = replace(record, barred=True) if told.never else record
        doubt = told.doubt or (isinstance(told, Subject) and told.untold)
        self._people[side, record.id] = Person(side, aside, view.contact, emails, link, told.parked, known, doubt)

    def person(self, side: SideName, record_id: str) -> Person:
        return self._people[side, record_id]

    def _sharing(self, side: SideName, emails: Iterable[str]) -> list[Person]:
        ids = sorted({record_id for email in emails for record_id in self._by_email.get((side, email), ())})
        return [self._people[side, record_id] for record_id in ids]

    def match(self, person: Person) -> Match:
        """What the other side has for a person without link."""
        other = person.side.other
        fresh: list[Person] = []
        linked: list[Person] = []
        revivable: list[tuple[Person, Link]] = []
        aside = False
        for found in self._sharing(other, person.emails):
            if person.is_not(found):
                continue
            if found.record.barred and found.link is None:
                aside = True  # so a label tells of two with the same email which one is meant
            elif found.link is None:
                fresh.append(found)
            elif found.link.state is LinkState.TOMBSTONE and found.link.deleted_on is person.side:
                revivable.append((found, found.link))
            elif _may_be(person.contact, found.contact):
                linked.append(found)
        if linked:
            return _entry(Trouble.ALREADY_LINKED, "the same email stands in a contact that is linked already", linked)
        if fresh:
            # As seen from there: somebody else's contact that was deleted here is no rival (see :meth:`_certain`).
            revivable = [(found, link) for found, link in revivable if _may_be(person.contact, found.contact)]
        if len(fresh) + len(revivable) > 1:
            everyone = [*fresh, *(found for found, _ in revivable)]
            return _entry(Trouble.AMBIGUOUS, "several contacts on the other side have the same email", everyone)
        if revivable:
            found, link = revivable[0]
            if not _may_be(person.contact, found.contact):
                # An office's address again, or the same person under a new name: only a person can tell.
                why = "the same email stands, under another name, in a contact that was deleted on this side"
                return _entry(Trouble.AMBIGUOUS, why, [found])
            return self._certain(person, found, link)
        if fresh:
            return self._certain(person, fresh[0])
        return Aside() if aside else self._by_name(person)

    def chosen(self, person: Person, name: str, asked: Trouble) -> Matched | Entry:
        """Whom a person has chosen on the other side, if that still can be.

        Args:
            name: the subject id.
            asked: the class of the entry that was answered.
        """
        found = next((each for each in self._people.values() if each.name == name), None)
        if found is None or found.side is person.side:
            return Entry(asked, "the contact that was chosen is not there any more")
        if found.link is not None and not (
            found.link.state is LinkState.TOMBSTONE and found.link.deleted_on is person.side
        ):
            return _entry(Trouble.ALREADY_LINKED, "the contact that was chosen is linked with another one", [found])
        if not found.record.in_scope:
            return _entry(Trouble.OUT_OF_SCOPE_MATCH, "the contact that was chosen lies outside the scope", [found])
        return Matched(found, found.link)

    def _certain(self, person: Person, found: Person, link: Link | None = None) -> Match:
        rivals = [
            rival
            for rival in self._sharing(person.side, found.emails)
            if rival.id != person.id
            and not rival.is_not(found)
            and not (rival.link is None and rival.record.barred)
            and (rival.link is None or _may_be(rival.contact, found.contact))
        ]
        if rivals:
            return _entry(
                Trouble.AMBIGUOUS,
                "several contacts on this side have the email of the same contact on the other",
                [found, *rivals],
            )
        if not found.record.in_scope:
            return _entry(Trouble.OUT_OF_SCOPE_MATCH, "the same email stands in a contact outside the scope", [found])
        return Matched(found, link)

    def _by_name(self, person: Person) -> Match:
        alike = [
            found
            for found in self._namesakes.get((person.side.other, _name(person.contact)), ())
            if not (found.emails and person.emails)
            and not person.is_not(found)
            and same_name(person.contact, found.contact)
            and self._phone_or_company(person.contact, found.contact)
        ]
        left = [found for found in alike if found.link is not None or not found.record.barred]
        if alike and not left:
            return Aside()
        if left:
            return _entry(Trouble.SAME_NAME, "no email, but the same name with the same phone or company", left)
        return Alone()

    @cached_property
    def _namesakes(self) -> dict[tuple[SideName, str], list[Person]]:
        found: dict[tuple[SideName, str], list[Person]] = defaultdict(list)
        for (side, _), person in sorted(self._people.items()):
            found[side, _name(person.contact)].append(person)
        return found

    def _phone_or_company(self, one: Contact, two: Contact) -> bool:
        region = self._env.settings.region
        phones = [
            {normal(Kind.PHONE, contact.get(slot), region) for slot in PHONE_SLOTS} - {""} for contact in (one, two)
        ]
        companies = [normal(Kind.LINE, contact.get("company"), region).casefold() for contact in (one, two)]
        return bool(phones[0] & phones[1]) or (companies[0] == companies[1] != "")


def _name(contact: Contact) -> str:
    return name_key(contact.get("first_name"), contact.get("last_name"))


def _may_be(one: Contact, two: Contact) -> bool:
    return blank_name(one) or blank_name(two) or same_name(one, two)


def _entry(trouble: Trouble, message: str, people: Sequence[Person]) -> Entry:
    return Entry(trouble, message, candidates=tuple(person.name for person in people))
