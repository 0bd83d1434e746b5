"""Do two native records say the same? Written from the two APIs' documentation, sharing nothing with the product.

Deliberately simple: it knows just the shapes that occur in the demo, and compares every value that both sides can hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

_PHONES = {
    "phone_work": ("work", "main"),
    "phone_mobile": ("mobile", "workMobile"),
    "phone_home": ("home",),
    "phone_other": ("other", None),
    "phone_fax": ("workFax", "homeFax", "otherFax"),
    "assistant_phone": ("assistant",),
}
_NAMES = {
    "salutation": "honorificPrefix",
    "first_name": "givenName",
    "middle_name": "middleName",
    "last_name": "familyName",
}
_PARTS = (
    ("street", "streetAddress"),
    ("city", "city"),
    ("state", "region"),
    ("postalcode", "postalCode"),
    ("country", "country"),
)


def differences(sugar: Json, google: Json, private: dict[str, list[Json]]) -> list[str]:
    """What the two records do not agree on; entries that are the user's private ones have no counterpart."""
    return [
        *_names(sugar, google),
        *_organization(sugar, google),
        *_phones(sugar, _own(google, "phoneNumbers", private)),
        *_emails(sugar, google),
        *_addresses(sugar, _own(google, "addresses", private)),
        *_single("birthday", sugar.get("birthdate"), _date(_first(google, "birthdays").get("date"))),
        *_single("website", sugar.get("website"), _first(google, "urls").get("value")),
        *_single("notes", sugar.get("description"), _first(google, "biographies").get("value")),
    ]


def holds(found: Json, wanted: Json) -> bool:
    """Whether an entry still reads as it was entered; the API adds members of its own."""
    return all(found.get(key) == value for key, value in wanted.items())


def leaves(record: Any) -> Iterator[str]:
    """Every text in a record."""
    if isinstance(record, dict):
        for value in record.values():
            yield from leaves(value)
    elif isinstance(record, list):
        for value in record:
            yield from leaves(value)
    elif isinstance(record, str):
        yield record


def shows(record: Any, value: str) -> bool:
    """Whether this very value stands somewhere in the record."""
    wanted = line(value)
    return any(line(text) == wanted for text in leaves(record))


def line(text: Any) -> str:
    return " ".join(unicodedata.normalize("NFC", str(text or "")).split())


def _names(sugar: Json, google: Json) -> Iterator[str]:
    name = _first(google, "names")
    for native, member in _NAMES.items():
        yield from _single(native, sugar.get(native), name.get(member))


def _organization(sugar: Json, google: Json) -> Iterator[str]:
    organization = _first(google, "organizations")
    yield from _single("title", sugar.get("title"), organization.get("title"))
    yield from _single("department", sugar.get("department"), organization.get("department"))
    # Sugar's company is that of its account and cannot be written: Google's own may differ where Sugar has none.
    if sugar.get("account_name"):
        yield from _single("company", sugar["account_name"], organization.get("name"))


def _phones(sugar: Json, phones: Sequence[Json]) -> Iterator[str]:
    here = {(slot, _digits(sugar.get(slot))) for slot in _PHONES if _digits(sugar.get(slot))}
    there = {(_slot(entry.get("type")), _digits(entry.get("value"))) for entry in phones}
    for slot, digits in sorted(here ^ there):
        yield f"{slot} {digits} only in {'Sugar' if (slot, digits) in here else 'Google'}"
    if len(phones) != len(there):
        yield "a phone stands in Google twice"


def _slot(kind: Any) -> str:
    return next((slot for slot, kinds in _PHONES.items() if kind in kinds), f"phone of type {kind}")


def _digits(text: Any) -> str:
    digits = re.sub("[^0-9]", "", str(text or ""))
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _emails(sugar: Json, google: Json) -> Iterator[str]:
    here = [str(entry["email_address"]).lower() for entry in sugar.get("email") or ()]
    there = [str(entry["value"]).lower() for entry in google.get("emailAddresses") or ()]
    if sorted(here) != sorted(there):
        yield f"emails {sorted(here)} and {sorted(there)}"


def _addresses(sugar: Json, addresses: Sequence[Json]) -> Iterator[str]:
    here = [tuple(line(sugar.get(f"{slot}_address_{part}")) for part, _ in _PARTS) for slot in ("primary", "alt")]
    there = [tuple(line(entry.get(member)) for _, member in _PARTS) for entry in addresses]
    if sorted(each for each in here if any(each)) != sorted(there):
        yield f"addresses {here} and {there}"


def _single(name: str, sugar: Any, google: Any) -> Iterator[str]:
    if line(sugar) != line(google):
        yield f"{name} {line(sugar)!r} and {line(google)!r}"


def _date(date: Json | None) -> str:
    return f"{date['year']:04}-{date['month']:02}-{date['day']:02}" if date else ""


def _first(person: Json, name: str) -> Json:
    found = person.get(name) or [{}]
    first: Json = found[0]
    return first


def _own(person: Json, name: str, private: dict[str, list[Json]]) -> list[Json]:
    """The entries of a list that are not private."""
    hidden = private.get(name, [])
    return [entry for entry in person.get(name) or () if not any(holds(entry, each) for each in hidden)]
