"""A contact as its user sees it on either side: which values are watched, how they are read, how they are typed in.

Written from the two APIs' documentation; shares nothing with the product. Every contact carries its name in the story
(its *tag*, ``#p7#``) in its notes, so that it is known wherever it turns up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shared.names import SideName

Json = dict[str, Any]

FIELDS = ("first_name", "title", "department", "phone_work", "phone_mobile", "city")
"""Fields that are edited, by their names here."""

_COMPUTED = frozenset(
    {"metadata", "formattedType", "canonicalForm", "formattedValue", "countryCode"}
    | {"displayName", "displayNameLastFirst", "unstructuredName"}
)


def is_phone(field: str) -> bool:
    return field.startswith("phone_")


def digits(value: str) -> str:
    """The national number: what no formatting changes."""
    return "".join(c for c in value if c.isdigit())[-10:]


def same(field: str, value: str) -> str:
    """What two values have in common that say the same. A server may write first names in capitals."""
    if is_phone(field):
        return digits(value)
    text = " ".join(value.split())
    return text.casefold() if field == "first_name" else text


# -- Sugar -------------------------------------------------------------------------------------------


def sugar_name(field: str) -> str:
    """Sugar's own name of the field."""
    return "primary_address_city" if field == "city" else field


def sugar_value(record: Json, field: str) -> str:
    return record.get(sugar_name(field)) or ""


def sugar_tag(record: Json) -> str:
    return _tag(record.get("description") or "")


def sugar_emails(record: Json) -> set[str]:
    return {mail["email_address"].lower() for mail in record["email"]}


# -- Google ------------------------------------------------------------------------------------------


def google_tag(person: Json) -> str:
    return _tag((person.get("biographies") or [{}])[0].get("value", ""))


def google_emails(person: Json) -> set[str]:
    return {mail["value"].lower() for mail in person.get("emailAddresses", ())}


def google_values(person: Json, field: str) -> list[str]:
    """All that the person holds of this kind; the one that is synced first."""
    if field == "first_name":
        return [name.get("givenName", "") for name in person.get("names", ())]
    if field in ("title", "department"):
        return [org.get(field, "") for org in _sorted(person.get("organizations", ()), "work")]
    if is_phone(field):
        return [phone["value"] for phone in _sorted(person.get("phoneNumbers", ()), field[6:])]
    return [address.get("city", "") for address in _sorted(person.get("addresses", ()), "work")]


def google_value(person: Json, field: str) -> str:
    """What the person shows in the place that is synced with this field."""
    if is_phone(field):
        return next((p["value"] for p in person.get("phoneNumbers", ()) if p.get("type") == field[6:]), "")
    return next(iter(google_values(person, field)), "")


def one_place(person: Json, field: str) -> bool:
    """Whether there is just one place for the field."""
    if field in ("title", "department"):
        return len(person.get("organizations", ())) < 2
    if field == "city":
        return len(person.get("addresses", ())) < 2
    if is_phone(field):
        return len([phone for phone in person.get("phoneNumbers", ()) if phone.get("type") == field[6:]]) < 2
    return True


def typed_into_google(person: Json, field: str, value: str) -> dict[str, list[Json]]:
    """The arguments of ``Account.edit`` for a user who types this value in; blank takes the old one away."""
    if field == "first_name":
        names = _typed(person.get("names") or [{}])
        names[0]["givenName"] = value
        return {"names": names}
    if field in ("title", "department"):
        orgs = _typed(_sorted(person.get("organizations", ()), "work"))
        return {"organizations": _put(orgs, lambda _: True, field, value, {"type": "work"})}
    if is_phone(field):
        kind = field[6:]
        phones = _typed(person.get("phoneNumbers", ()))
        return {"phoneNumbers": _put(phones, lambda p: p.get("type") == kind, "value", value, {"type": kind})}
    places = _typed(_sorted(person.get("addresses", ()), "work"))
    return {"addresses": _put(places, lambda _: True, "city", value, {"type": "work"})}


def typed_emails(person: Json) -> list[Json]:
    """The emails as a user would type them in again."""
    return _typed(person.get("emailAddresses", ()))


def _put(items: list[Json], which: Callable[[Json], bool], key: str, value: str, new: Json) -> list[Json]:
    found = next((item for item in items if which(item)), None)
    if found is None:
        return [*items, {**new, key: value}] if value else items
    if value:
        found[key] = value
    else:
        found.pop(key, None)
    return [item for item in items if set(item) - {"type", "current"}]


def _sorted(items: Iterable[Json], kind: str) -> list[Json]:
    """Those of this kind, or of none, first."""
    return sorted(items, key=lambda item: item.get("type") not in (kind, "", None))


def _typed(items: Iterable[Json]) -> list[Json]:
    """Copies without what the server computes."""
    return [{key: value for key, value in item.items() if key not in _COMPUTED} for item in items]


# -- either ------------------------------------------------------------------------------------------


def tag_of(side: SideName, record: Json) -> str:
    return sugar_tag(record) if side is SideName.SUGAR else google_tag(record)


def emails_of(side: SideName, record: Json) -> set[str]:
    return sugar_emails(record) if side is SideName.SUGAR else google_emails(record)


def value_of(side: SideName, record: Json, field: str) -> str:
    return sugar_value(record, field) if side is SideName.SUGAR else google_value(record, field)


def _tag(notes: str) -> str:
    return notes if notes.startswith("#") else ""
