"""Contacts and elements for the tests."""

from __future__ import annotations

from typing import Any

from shared.contact.fields import EMAILS, FIELDS
from shared.contact.model import Contact, Email
from shared.people.fieldmap import PeopleFieldMap
from shared.people.fields import FAMILIES

CUSTOM = {"blood_type_c": "Blood type"}
ALL = (*FIELDS, EMAILS, "custom:blood_type_c")


def field_map(*fields: str, memberships: tuple[str, ...] = (), region: str = "US") -> PeopleFieldMap:
    """A map of these fields, or of all."""
    return PeopleFieldMap(fields or ALL, custom=CUSTOM, region=region, memberships=memberships)


def contact(*emails: str, **values: str) -> Contact:
    """A contact in which every field is readable."""
    blank = {name: "" for name in ALL if name != EMAILS}
    return Contact({**blank, **values}, tuple(Email(address) for address in emails))


def phones(*elements: tuple[str, str]) -> dict[str, Any]:
    """A person with these (value, type) phones."""
    return {"phoneNumbers": [{"value": v, **({"type": t} if t else {})} for v, t in elements]}


def fields_of(family: str) -> list[str]:
    """The canonical fields of a family."""
    return [name for each in FAMILIES if each.name == family for slot in each.slots for name in slot.fields]


def applied(native: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """What Google makes of an update: masked lists are replaced whole."""
    return {name: value for name, value in {**native, **body}.items() if value}
