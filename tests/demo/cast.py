"""The people of the demo: real legislators as they stand in Sugar, in Google, or in both with differing details."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

DATA = Path(__file__).parent / "data" / "legislators.jsonl"
BOTH, SUGAR_ONLY, GOOGLE_ONLY = 120, 380, 180
LONG_NAME = "Featherstonehaugh-" * 17
_ADDRESS = re.compile(r"(.+), ([^,]+), ([A-Z]{2}) ([0-9]{5}(?:-[0-9]{4})?)")
_MARKUP = "<b>Bold</b>"


@dataclass
class Person:
    """One person, and what was entered about them before the product came."""

    row: Json
    sugar: Json | None = None
    """As entered in Sugar; ``None``: not there."""
    google: Json | None = None
    """As entered in Google; ``None``: not there."""
    labels: tuple[str, ...] = ()
    private: dict[str, list[Json]] = field(default_factory=dict)
    """By list of the Google contact: entries that Sugar has no place for. Nobody may touch them."""
    lost: list[str] = field(default_factory=list)
    """Details in Google that contradict Sugar's from the start."""
    sugar_id: str = ""
    google_id: str = ""
    role: str = ""
    """``shared email``, ``long name``, ``no name``, ``web form``, or blank."""
    deleted: bool = False
    """By the story, on purpose, on both sides in the end."""
    sides: frozenset[str] = frozenset({"sugar", "google"})
    """Where this person must live when all is done."""

    @property
    def id(self) -> str:
        """Stands in the notes on either side, so that the final check can tell who is who without the product."""
        return str(self.row["id"])

    @property
    def name(self) -> str:
        return str(self.row["name"])

    @property
    def email(self) -> str:
        return str(self.row["email"])


def load() -> list[Person]:
    """The cast: 500 people in Sugar and 300 in Google, of whom 120 are the same.

    The first two share an office's email; only the first of them stands in Google too. The last one's "email" is the
    address of a web form.
    """
    with DATA.open(encoding="utf-8") as lines:
        people = [Person(json.loads(line)) for line in lines]
    if len(people) != BOTH + SUGAR_ONLY + GOOGLE_ONLY:
        raise ValueError(f"{DATA.name} has {len(people)} rows")
    first, second, *others = people
    both = [first, *others[: BOTH - 1]]
    sugar_only = [second, *others[BOTH - 1 : BOTH + SUGAR_ONLY - 2]]
    google_only = others[BOTH + SUGAR_ONLY - 2 :]
    for each in (first, second):
        each.role = "shared email"
    first.sides, second.sides = frozenset({"sugar", "google"}), frozenset({"sugar"})
    for number, person in enumerate(both):
        person.sugar, person.google = _in_sugar(person.row), _in_google(person.row)
        if not person.role:
            _differ(person, number)
    for number, person in enumerate(sugar_only):
        person.sugar = _in_sugar(person.row)
        person.sugar["lead_source"] = "Conference" if number % 9 == 0 else ""
        if number % 11 == 0:
            person.sugar["email"][0]["opt_out"] = True
    for number, person in enumerate(google_only):
        person.google = _in_google(person.row)
        _private(person, number)
    _odd_ones(sugar_only, google_only)
    return people


def _odd_ones(sugar_only: list[Person], google_only: list[Person]) -> None:
    for person in (sugar_only[5], google_only[5]):
        person.row["given_name"] += f" {_MARKUP}"
        person.row["name"] = f"{person.row['given_name']} {person.row['family_name']}"
        if person.sugar is not None:
            person.sugar["first_name"] = person.row["given_name"]
        if person.google is not None:
            person.google["names"] = [_name(person.row)]
    long, nameless, form = google_only[10], google_only[11], google_only[-1]
    assert long.google is not None
    long.role, long.google["names"][0]["familyName"] = "long name", LONG_NAME[:300]
    form.role, form.sides = "web form", frozenset({"google"})
    nameless.role, nameless.sides = "no name", frozenset({"google"})
    nameless.private, nameless.labels = {}, ()
    nameless.google = {"emailAddresses": [{"value": nameless.email, "type": "work"}]}


def note(row: Json) -> str:
    """What stands in the notes."""
    return f"{row['party']}, district {row['district']}. openstates.org/person/{row['id']}"


# -- as entered --------------------------------------------------------------------------------------


def _in_sugar(row: Json) -> Json:
    capitol, district = _offices(row)
    fields: Json = {
        "first_name": row["given_name"],
        "last_name": row["family_name"],
        "title": row["title"],
        "account_name": row["organization"],
        "email": [{"email_address": row["email"], "primary_address": True, "opt_out": False}],
        "phone_work": capitol.get("voice", ""),
        "phone_fax": capitol.get("fax", ""),
        "phone_other": district.get("voice", ""),
        "birthdate": row.get("birth_date", ""),
        "website": row["links"][0],
        "description": note(row),
    }
    for slot, office in (("primary", capitol), ("alt", district)):
        if found := _ADDRESS.fullmatch(office.get("address", "")):
            for part, value in zip(("street", "city", "state", "postalcode"), found.groups(), strict=True):
                fields[f"{slot}_address_{part}"] = value
    return fields


def _in_google(row: Json) -> Json:
    capitol, district = _offices(row)
    phones = [(capitol.get("voice"), "work"), (capitol.get("fax"), "workFax"), (district.get("voice"), "other")]
    addresses = []
    for kind, office in (("work", capitol), ("other", district)):
        if found := _ADDRESS.fullmatch(office.get("address", "")):
            parts = zip(("streetAddress", "city", "region", "postalCode"), found.groups(), strict=True)
            addresses.append({"type": kind, **dict(parts)})
    person: Json = {
        "names": [_name(row)],
        "organizations": [{"name": row["organization"], "title": row["title"], "type": "work"}],
        "emailAddresses": [{"value": row["email"], "type": "work"}],
        "phoneNumbers": [{"value": value, "type": kind} for value, kind in phones if value],
        "addresses": addresses,
        "urls": [{"value": row["links"][0], "type": "work"}],
        "biographies": [{"value": note(row)}],
    }
    if born := row.get("birth_date"):
        year, month, day = map(int, born.split("-"))
        person["birthdays"] = [{"date": {"year": year, "month": month, "day": day}}]
    return person


def _name(row: Json) -> Json:
    return {"givenName": row["given_name"], "familyName": row["family_name"]}


def _offices(row: Json) -> tuple[Json, Json]:
    """The first office and another one that has an address or a phone of its own."""
    first, *more = row["offices"]
    other: Json = next(
        (o for o in more if o.get("voice") != first.get("voice") and o["address"] != first["address"]), {}
    )
    return first, other


# -- what differs ------------------------------------------------------------------------------------


def _differ(person: Person, number: int) -> None:
    """The same person, as two people would have entered them."""
    sugar, google = person.sugar, person.google
    assert sugar is not None
    assert google is not None
    digits = re.sub("[^0-9]", "", google["phoneNumbers"][0]["value"])[-10:]
    shapes = ("({0}) {1}-{2}", "+1 {0} {1} {2}", "{0}.{1}.{2}", "1-{0}-{1}-{2}")
    google["phoneNumbers"][0]["value"] = shapes[number % 4].format(digits[:3], digits[3:6], digits[6:])
    if number % 3 == 0:
        title = f"State {person.row['title']}, District {person.row['district']}"
        google["organizations"][0]["title"] = title
        person.lost.append(title)
    extra = f"contact.{number}@example.org"
    if number % 5 == 0:
        google["emailAddresses"].append({"value": extra, "type": "home"})
    elif number % 5 == 1:
        sugar["email"].append({"email_address": extra, "primary_address": False, "opt_out": True})
    if number % 4 == 1:
        google.pop("birthdays", None)
    if number % 4 == 2:
        sugar["birthdate"] = ""
    if number % 6 == 2:
        sugar["website"] = ""
    if number % 6 == 4:
        google["addresses"] = google["addresses"][:1]
    google["emailAddresses"][0]["value"] = person.email.title() if number % 8 == 3 else person.email
    _private(person, number)


def _private(person: Person, number: int) -> None:
    """What the user keeps in Google alone: further phones, dates, custom fields, labels."""
    google = person.google
    assert google is not None
    if number % 2 == 0:
        mobile = {"value": f"+1 202-555-{number:04}", "type": "mobile"}
        second = {"value": f"+1 303-555-{number:04}", "type": "mobile"}
        google["phoneNumbers"] += [mobile, second]
        person.private["phoneNumbers"] = [second]
    if number % 3 == 1:
        cabin = {"value": f"+1 404-555-{number:04}", "type": "Cabin"}
        google["phoneNumbers"].append(cabin)
        person.private.setdefault("phoneNumbers", []).append(cabin)
        person.labels = ("Friends", "Christmas cards") if number % 2 else ("Fishing",)
    if number % 4 == 3:
        google["userDefined"] = [{"key": "Coffee", "value": f"{number} sugars"}]
        google["events"] = [{"date": {"month": 6, "day": 1 + number % 28}, "type": "anniversary"}]
        google["imClients"] = [{"username": f"user{number}", "protocol": "jabber"}]
        google["relations"] = [{"person": "Pat", "type": "spouse"}]
        for name in ("userDefined", "events", "imClients", "relations"):
            person.private[name] = copy.deepcopy(google[name])
