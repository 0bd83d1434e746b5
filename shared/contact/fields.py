"""The canonical fields: what a contact can have, on neither side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EMAILS = "emails"
"""The one field that is a set; all others are single texts."""

CUSTOM_PREFIX = "custom:"
"""A further Sugar field mapped by the user, e.g. ``custom:blood_type_c``."""


class Kind(StrEnum):
    """How a field's values are compared."""

    LINE = "line"
    TEXT = "text"
    PHONE = "phone"
    DATE = "date"
    URL = "url"
    EMAILS = "emails"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field; ``label`` is what a user reads."""

    name: str
    kind: Kind
    label: str


ADDRESS_PARTS = ("street", "city", "state", "postalcode", "country")
ADDRESS_SLOTS = ("primary", "alt")
PHONE_SLOTS = (
    "phone_work",
    "phone_mobile",
    "phone_home",
    "phone_other",
    "phone_fax",
    "phone_assistant",
)
NAME_FIELDS = ("prefix", "first_name", "middle_name", "last_name", "suffix")

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("prefix", Kind.LINE, "Salutation"),
        Field("first_name", Kind.LINE, "First name"),
        Field("middle_name", Kind.LINE, "Middle name"),
        Field("last_name", Kind.LINE, "Last name"),
        Field("suffix", Kind.LINE, "Suffix"),
        Field("nickname", Kind.LINE, "Nickname"),
        Field("company", Kind.LINE, "Company"),
        Field("title", Kind.LINE, "Title"),
        Field("department", Kind.LINE, "Department"),
        Field(EMAILS, Kind.EMAILS, "Emails"),
        Field("phone_work", Kind.PHONE, "Work phone"),
        Field("phone_mobile", Kind.PHONE, "Mobile phone"),
        Field("phone_home", Kind.PHONE, "Home phone"),
        Field("phone_other", Kind.PHONE, "Other phone"),
        Field("phone_fax", Kind.PHONE, "Fax"),
        Field("phone_assistant", Kind.PHONE, "Assistant's phone"),
        *(
            Field(f"{slot}_{part}", Kind.TEXT if part == "street" else Kind.LINE, f"{slot_label} {part_label}")
            for slot, slot_label in (("primary", "Primary address:"), ("alt", "Alternate address:"))
            for part, part_label in (
                ("street", "street"),
                ("city", "city"),
                ("state", "state"),
                ("postalcode", "postal code"),
                ("country", "country"),
            )
        ),
        Field("birthday", Kind.DATE, "Birthday"),
        Field("website", Kind.URL, "Website"),
        Field("notes", Kind.TEXT, "Notes"),
        Field("assistant", Kind.LINE, "Assistant"),
    )
}


def field(name: str) -> Field:
    """The field of that name; custom ones are single lines of text.

    Raises:
        KeyError: no such field.
    """
    if name.startswith(CUSTOM_PREFIX):
        return Field(name, Kind.LINE, name.removeprefix(CUSTOM_PREFIX))
    return FIELDS[name]
