"""Who may be the same person though no email says so: for a person to see, never acted on by itself.

The index says where to look, by its terms; what is shown was read fresh, and still is alike.

- *Duplicates* within a side: the same email, or the same name with a phone in common.
- *Evidence* across the sides: a contact that would be created, though somebody on the other side has one of its phones,
  or its name and its company.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.contact.emails import email_keys
from shared.contact.fields import PHONE_SLOTS, Kind
from shared.contact.model import Contact
from shared.contact.normal import clean, normal, same_name
from shared.contact.terms import phone_term
from shared.names import SideName
from shared.side import Record, Side
from shared.sync.index import Index, Row
from shared.sync.links import Links
from shared.sync.naming import called
from shared.sync.order.book import Book
from shared.sync.order.shown import Alike, AlikeGroup
from shared.sync.plan.model import Env
from shared.sync.reading import Reader
from shared.sync.words import short

Place = tuple[SideName, str]
_MOST = 10
"""Records of one group that are read and shown."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Records that the index takes for alike, the first of them the one that the others are compared with."""

    records: tuple[Place, ...]

    @property
    def name(self) -> str:
        """Sorts them, and stands for them in a cursor."""
        side, record = self.records[0]
        return f"{side.value}:{record}"


def duplicates(index: Index, side: SideName) -> list[Suspects]:
    """Within a side."""
    rows = index.rows(side)
    by_term: dict[str, list[str]] = defaultdict(list)
    for row in rows.values():
        for term in _marks(row):
            by_term[term].append(row.id)
    boss = {record: record for record in rows}

    def find(record: str) -> str:
        while boss[record] != record:
            boss[record] = boss[boss[record]]
            record = boss[record]
        return record

    for records in by_term.values():
        for other in records[1:]:
            one, two = sorted((find(records[0]), find(other)))
            boss[two] = one
    groups: dict[str, list[str]] = defaultdict(list)
    for record in sorted(rows):
        groups[find(record)].append(record)
    found = [Suspects(tuple((side, record) for record in group)) for group in groups.values() if len(group) > 1]
    return sorted(found, key=lambda group: group.name)


def _marks(row: Row) -> Iterable[str]:
    """What is the same for two that may be one."""
    name = next((term for term in row.terms if term.startswith("n:")), "")
    for term in row.terms:
        if term.startswith("e:"):
            yield term
        elif term.startswith("p:") and name:
            yield name + term


def evidence(index: Index, book: Book) -> list[Suspects]:
    """Across the sides, for what would be created."""
    sources: dict[SideName, list[str]] = {side: [] for side in SideName}
    for number in range(len(book.order.parts)):
        for item in book.part(number):
            if item.source is not None and f"create {item.source.other}" in item.shown.writes:
                sources[item.source].append(item.ids[item.source])
    found = []
    for side, records in sources.items():
        if not records:
            continue
        own = index.rows(side)
        by_term: dict[str, list[str]] = defaultdict(list)
        for row in index.rows(side.other).values():
            for term in row.terms:
                if not term.startswith("e:"):
                    by_term[term].append(row.id)
        for record in records:
            terms = own[record].terms if record in own else ()
            others = sorted({other for term in terms for other in by_term.get(term, ())})
            if others:
                found.append(Suspects(((side, record), *((side.other, other) for other in others))))
    return sorted(found, key=lambda group: group.name)


def confirm(
    env: Env, sides: Mapping[SideName, Side], links: Links, groups: Sequence[Suspects], *, across: bool
) -> list[AlikeGroup]:
    """Those of the groups that read alike, with what they read.

    Args:
        across: about contacts that would be created; else duplicates within a side.
    """
    groups = [Suspects(group.records[: _MOST + 1]) for group in groups]
    reader = Reader(sides)
    reader.read({side: [r for g in groups for s, r in g.records if s is side] for side in SideName})
    linked = {
        (side, record)
        for side in SideName
        for record in links.of(side, [r for g in groups for s, r in g.records if s is side])
    }
    found = []
    for group in groups:
        people = [
            (place, env.fields[place[0]].view(record.native, {}, None).contact)
            for place in group.records
            if isinstance(record := reader.pool[place[0]].get(place[1]), Record)
        ]
        why: set[str] = set()
        kept: list[tuple[Place, Contact]] = []
        for n, (place, contact) in enumerate(people):
            others = [people[0][1]] if across else [other for m, (_, other) in enumerate(people) if m != n]
            reasons = {each for other in others for each in _reasons(env, contact, other, across=across)}
            first = across and place == group.records[0]
            if first or reasons:
                kept.append((place, contact))
                why |= set() if first else reasons
        if len(kept) > 1 and kept[0][0] == (group.records[0] if across else kept[0][0]):
            found.append(
                AlikeGroup(
                    why=sorted(why),
                    records=[_shown(place, contact, linked=place in linked) for place, contact in kept[:_MOST]],
                )
            )
    return found


def _reasons(env: Env, one: Contact, two: Contact, *, across: bool) -> Iterable[str]:
    """Why two contacts may be the same person."""
    region = env.settings.region
    phones = [{t for slot in PHONE_SLOTS if (t := phone_term(c.get(slot), region))} for c in (one, two)]
    phone = bool(phones[0] & phones[1])
    if not across:
        if email_keys(one.emails or ()) & email_keys(two.emails or ()):
            yield "email"
        if phone and same_name(one, two):
            yield from ("name", "phone")
        return
    if phone:
        yield "phone"
    companies = [normal(Kind.LINE, contact.get("company"), region).casefold() for contact in (one, two)]
    if same_name(one, two) and companies[0] and companies[0] == companies[1]:
        yield "name and company"


def _shown(place: Place, contact: Contact, *, linked: bool) -> Alike:
    def text(value: str) -> str:
        return short(clean(value))

    side, record = place
    return Alike(
        side=side.value,
        id=record,
        name=called(contact),
        company=text(contact.get("company")),
        emails=[text(email.address) for email in contact.emails or ()],
        phones=[text(phone) for slot in PHONE_SLOTS if (phone := contact.get(slot))],
        linked=linked,
    )
