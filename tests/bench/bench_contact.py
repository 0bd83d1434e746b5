"""How fast contacts are compared. Run it with ``python -m tests.bench.bench_contact``; it only prints numbers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from time import perf_counter

from shared.contact.emails import email_keys, merge_emails
from shared.contact.fields import EMAILS, FIELDS, Kind
from shared.contact.merge import Drift, three_way
from shared.contact.model import Contact, Email
from shared.contact.normal import normal
from shared.contact.terms import terms

CONTACTS = 5_000
REGION = "US"
FIRST = ("Alyse", "Andi", "José", "Renée", "O'Shea", "Mary Ann", "Łukasz", "Jørgen")
LAST = ("Galvin", "Story", "Núñez", "Fields", "Cronk", "Himschoot", "St. John", "Mc Kay")
SINGLES = tuple(field for field in FIELDS.values() if field.name != EMAILS)

Row = tuple[Contact, ...]
"""Base, Sugar, Google."""


def row(number: int, chance: random.Random) -> Row:
    """A legislator: as both sides last had it, and as each has it now, phones spelled in each side's own way."""
    first, last = chance.choice(FIRST), f"{chance.choice(LAST)} {number}"
    voice, mobile = f"907465{number % 10_000:04}", f"907{number % 10_000:04}123"
    base = Contact(
        {
            "prefix": "Rep.",
            "first_name": first,
            "middle_name": "B.",
            "last_name": last,
            "suffix": "",
            "nickname": "",
            "company": "AK House of Representatives",
            "title": "Representative",
            "department": f"District {number % 40}",
            "phone_work": f"{voice[:3]}-{voice[3:6]}-{voice[6:]}",
            "phone_mobile": f"({mobile[:3]}) {mobile[3:6]}-{mobile[6:]}",
            "phone_home": "",
            "phone_other": "",
            "phone_fax": "",
            "phone_assistant": "",
            "primary_street": f"State Capitol Room {number % 600}\n120 4th St.",
            "primary_city": "Juneau",
            "primary_state": "AK",
            "primary_postalcode": "99801",
            "primary_country": "USA",
            "alt_street": "1500 W. Benson Blvd.",
            "alt_city": "Anchorage",
            "alt_state": "AK",
            "alt_postalcode": "99503",
            "alt_country": "USA",
            "birthday": f"19{number % 90 + 10}-07-18",
            "website": f"https://akhouse.org/rep-{number}/",
            "notes": f"Party: Independent\nMet {number % 9} times.\nLikes fishing, réunions and long meetings.",
            "assistant": "",
        },
        (Email(f"representative.{number}@akleg.gov"), Email(f"Office{number % 50}@akleg.gov")),
    )
    google = base.with_values({"phone_work": f"+1 {voice[:3]} {voice[3:6]} {voice[6:]}"})
    sugar = base
    if number % 5 == 0:
        sugar = sugar.with_values({"title": "Senator"})
    if number % 7 == 0:
        google = google.with_values({"notes": base.get("notes") + "\r\nCall back.", "title": "Speaker"})
    return base, sugar, google


def german(contact: Contact) -> Contact:
    """The same contact with its phones in Berlin."""
    phones = {slot: contact.get(slot).removeprefix("+1 ") for slot in ("phone_work", "phone_mobile")}
    return contact.with_values({slot: f"+49 30 {phone}" for slot, phone in phones.items()})


def compare(row: Row) -> Iterable[Drift]:
    """All fields of one contact, as a plan compares them."""
    base, sugar, google = row
    for field in SINGLES:
        yield three_way(
            normal(field.kind, base.get(field.name), REGION),
            normal(field.kind, sugar.get(field.name), REGION),
            normal(field.kind, google.get(field.name), REGION),
        )
    merge_emails(email_keys(base.emails or ()), sugar.emails or (), google.emails or (), to_sugar=True, to_google=True)


def timed(what: str, work: Callable[[Row], object], rows: list[Row]) -> None:
    began = perf_counter()
    for each in rows:
        work(each)
    seconds = perf_counter() - began
    print(f"{what:<50}{len(rows) / seconds:>10,.0f} contacts/s{seconds / len(rows) * 1e6:>10.0f} µs each")


def main() -> None:
    chance = random.Random(1)  # noqa: S311 - the same contacts each time
    rows = [row(number, chance) for number in range(CONTACTS)]
    normal(Kind.PHONE, "+14155552671", REGION)  # loads the metadata
    drifts: Counter[Drift] = Counter()
    timed("normalise + three-way, phones never seen", lambda each: drifts.update(compare(each)), rows)
    print(" ", ", ".join(f"{drift.value} {count:,}" for drift, count in drifts.items()))
    timed("normalise + three-way, phones remembered", lambda each: list(compare(each)), rows[:2_000] * 2)
    # Nowhere else do phones have a shortcut past the library.
    abroad = [tuple(map(german, each)) for each in rows]
    timed("normalise + three-way, German phones never seen", lambda each: list(compare(each)), abroad)
    timed("index terms, phones remembered", lambda each: terms(each[1], REGION), rows[:2_000])


if __name__ == "__main__":
    main()
