"""The fields of the module Contacts, as the instance's metadata declares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field. ``source`` is ``"non-db"`` where the contact's own table does not hold it."""

    name: str
    type: str = "varchar"
    len: int | None = None
    required: bool = False
    readonly: bool = False
    source: str = ""
    options: str = ""

    @property
    def text(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def stored(self) -> bool:
        return self.source != "non-db"


TEXT_TYPES = frozenset({"varchar", "name", "text", "phone", "enum", "url", "id", "password", "relate"})

_ADDRESS = (("street", 150), ("city", 100), ("state", 100), ("postalcode", 20), ("country", 255))

STOCK: tuple[FieldDef, ...] = (
    FieldDef("id", "id", 36, required=True, readonly=True),
    FieldDef("name", "fullname", readonly=True, source="non-db"),
    FieldDef("full_name", "fullname", readonly=True, source="non-db"),
    FieldDef("date_entered", "datetime", readonly=True),
    FieldDef("date_modified", "datetime", readonly=True),
    FieldDef("modified_user_id", "id", 36, readonly=True),
    FieldDef("created_by", "id", 36, readonly=True),
    FieldDef("created_by_name", "relate", readonly=True, source="non-db"),
    FieldDef("deleted", "bool", readonly=True),
    FieldDef("assigned_user_id", "id", 36),
    FieldDef("assigned_user_name", "relate", readonly=True, source="non-db"),
    FieldDef("salutation", "enum", 255, options="salutation_dom"),
    FieldDef("first_name", "name", 100),
    FieldDef("last_name", "name", 100, required=True),
    FieldDef("title", "varchar", 100),
    FieldDef("department", "varchar", 255),
    FieldDef("description", "text"),
    FieldDef("birthdate", "date"),
    FieldDef("do_not_call", "bool"),
    FieldDef("lead_source", "enum", 255, options="lead_source_dom"),
    *(FieldDef(f"phone_{kind}", "phone", 100) for kind in ("work", "mobile", "home", "other", "fax")),
    FieldDef("assistant", "varchar", 75),
    FieldDef("assistant_phone", "phone", 100),
    *(FieldDef(f"{slot}_address_{part}", "varchar", size) for slot in ("primary", "alt") for part, size in _ADDRESS),
    FieldDef("email", "email", source="non-db"),
    FieldDef("email1", "varchar", 255, readonly=True, source="non-db"),
    FieldDef("account_id", "relate", 36, source="non-db"),
    FieldDef("account_name", "relate", 255, readonly=True, source="non-db"),
    FieldDef("my_favorite", "bool", source="non-db"),
    FieldDef("following", "bool", source="non-db"),
    FieldDef("sync_contact", "bool", source="non-db"),
    FieldDef("sync_key", "varchar", 100, readonly=True),
    FieldDef("portal_password", "password", 255),
)

OPTIONAL: dict[str, FieldDef] = {
    each.name: each
    for each in (
        FieldDef("middle_name", "varchar", 100),
        FieldDef("suffix", "varchar", 30),
        FieldDef("nickname", "varchar", 100),
        FieldDef("website", "url", 255),
    )
}
"""Fields that some instances have and others don't."""


def stock_fields(extra: Iterable[str] = ()) -> dict[str, FieldDef]:
    """The fields of an instance as delivered, and some of the optional ones."""
    return {each.name: each for each in (*STOCK, *(OPTIONAL[name] for name in extra))}
