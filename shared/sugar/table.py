"""The field map, as one table: which native field of Contacts holds which canonical field."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contact.fields import ADDRESS_PARTS, ADDRESS_SLOTS, CUSTOM_PREFIX, EMAILS


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``length``: characters, where the instance's metadata does not tell; ``None``: not known."""

    canonical: str
    native: str
    length: int | None = None
    read_only: bool = False


_ADDRESS_LENGTHS = {"street": 150, "city": 100, "state": 100, "postalcode": 20}

TABLE: tuple[Row, ...] = (
    Row("prefix", "salutation"),
    Row("first_name", "first_name", 100),
    Row("middle_name", "middle_name"),
    Row("last_name", "last_name", 100),
    Row("suffix", "suffix"),
    Row("nickname", "nickname"),
    # The name of the linked account: to write it would rename or guess an account.
    Row("company", "account_name", read_only=True),
    Row("title", "title", 100),
    Row("department", "department", 255),
    Row(EMAILS, "email", 255),
    Row("phone_work", "phone_work", 100),
    Row("phone_mobile", "phone_mobile", 100),
    Row("phone_home", "phone_home", 100),
    Row("phone_other", "phone_other", 100),
    Row("phone_fax", "phone_fax", 100),
    Row("phone_assistant", "assistant_phone", 100),
    *(
        Row(f"{slot}_{part}", f"{slot}_address_{part}", _ADDRESS_LENGTHS.get(part))
        for slot in ADDRESS_SLOTS
        for part in ADDRESS_PARTS
    ),
    Row("birthday", "birthdate"),
    Row("website", "website", 255),
    Row("notes", "description"),
    Row("assistant", "assistant", 75),
)

NATIVE: dict[str, str] = {row.canonical: row.native for row in TABLE}

TEXT_TYPES = frozenset(
    {"varchar", "char", "name", "text", "textarea", "longtext", "phone", "url", "user_name", "link_text"}
)
"""Types of custom fields that any text may be written to. Others (lists of options, numbers, dates, flags) are shown on
the other side and never written: Sugar does not validate, so that a typo would stay as an option that is none."""

SECRET_TYPES = frozenset({"password", "encrypt"})
"""Types that are never asked for, whoever maps them."""


def row_of(canonical: str) -> Row | None:
    """The line of a canonical field; custom ones carry their native name; ``None`` if there is none."""
    if canonical.startswith(CUSTOM_PREFIX):
        return Row(canonical, canonical.removeprefix(CUSTOM_PREFIX))
    return _BY_NAME.get(canonical)


_BY_NAME = {row.canonical: row for row in TABLE}
