"""What a user can set, with the defaults that users of such products know."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Any

import msgspec
import phonenumbers

from shared.contact.fields import ADDRESS_PARTS, ADDRESS_SLOTS, CUSTOM_PREFIX, EMAILS, FIELDS
from shared.errors import BadSettings


class ConflictRule(StrEnum):
    """Who wins when both sides changed the same field."""

    SUGAR = "sugar"
    GOOGLE = "google"
    NEWEST = "newest"
    ASK = "ask"


class SugarScope(StrEnum):
    """Which Sugar contacts take part."""

    ASSIGNED = "assigned"
    FAVORITES = "favorites"
    MAIL_CLIENT = "mail_client"
    ALL = "all"


class LeavesScope(StrEnum):
    """What happens to the other side's contact when one leaves its scope (reassigned, unflagged, label removed)."""

    KEEP = "keep"
    DELETE = "delete"


class Direction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The switches of one direction: what its source may do to the other side."""

    update: bool = True
    create: bool = True
    delete: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of one user. Made by :func:`parse`, which says what is wrong by field."""

    sync_regularly: bool = False
    interval_minutes: int = 5
    """1 to 1440. Short intervals load the Sugar server."""
    ask_first: bool = False
    """A scheduled sync stops at a plan, which waits for the user."""
    from_sugar: Direction = Direction(update=True, create=True, delete=False)
    from_google: Direction = Direction(update=True, create=False, delete=False)
    conflict: ConflictRule = ConflictRule.SUGAR
    sugar_scope: SugarScope = SugarScope.ASSIGNED
    google_scope: str = ""
    """Blank: all contacts; else the resource name of one label (``contactGroups/...``)."""
    label: str = ""
    """The label that written contacts get (``contactGroups/...``), blank for none."""
    never_label: str = ""
    """Google contacts that carry this label (``contactGroups/...``) never take part; blank for none."""
    opt_in_label: str = ""
    """Only Google contacts that carry this label are created in Sugar; blank: all in the scope."""
    leaves_scope: LeavesScope = LeavesScope.KEEP
    region: str = "US"
    """Two-letter region in which phone numbers without country code are read."""
    fields_off: tuple[str, ...] = ()
    """Canonical fields that are not synced at all."""
    history_without: tuple[str, ...] = ()
    """Canonical fields whose values are never kept in the history; an undo cannot bring them back."""
    history_days: int = 365
    """How long history is kept, in days, 0 to 3650; 0: for ever."""
    custom_fields: dict[str, str] = {}
    """Further Sugar fields (``*_c`` too) by name, each with the label of its Google custom field."""


DEFAULTS = Settings()
LABELS = ("google_scope", "label", "never_label", "opt_in_label")
"""The settings that name a label of Google."""
_NATIVE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, halves of characters, and line breaks."""
_GROUP = re.compile(r"contactGroups/[^/\s]{1,128}")
RESERVED = frozenset({"id", "deleted", "portal_password", "date_modified", "date_entered", "email1"})
"""Sugar fields that are never mapped."""
TAKEN = frozenset(
    [
        "salutation",
        "first_name",
        "middle_name",
        "last_name",
        "suffix",
        "nickname",
        "account_name",
        "title",
        "department",
        "email",
        "phone_work",
        "phone_mobile",
        "phone_home",
        "phone_other",
        "phone_fax",
        "assistant_phone",
        "birthdate",
        "website",
        "description",
        "assistant",
    ]
) | {f"{slot}_address_{part}" for slot in ADDRESS_SLOTS for part in ADDRESS_PARTS}
"""Sugar fields with a place of their own: mapped once more, two Google fields would fight for one."""


def parse(raw: Any) -> Settings:
    """Settings from JSON, every value checked; what is missing takes its default.

    Raises:
        BadSettings: names the field and says what would be right.
    """
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        text = str(error)
        found = re.search(r"`\$\.?([^`]*)`", text)
        unknown = re.search(r"unknown field `([^`]*)`", text)
        name = (unknown.group(1) if unknown else found.group(1) if found else "") or "settings"
        raise BadSettings(name, re.sub(r" - at `[^`]*`", "", text)) from None
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """The rules that types don't express.

    Raises:
        BadSettings: names the field and says what would be right.
    """
    if not 1 <= settings.interval_minutes <= 1440:
        raise BadSettings("interval_minutes", "must be from 1 to 1440 minutes")
    if settings.region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadSettings("region", "must be a two-letter region code like US or DE")
    if not 0 <= settings.history_days <= 3650:
        raise BadSettings("history_days", "must be from 1 to 3650 days, or 0 to keep history for ever")
    for name in LABELS:
        value = getattr(settings, name)
        if value and not _GROUP.fullmatch(value):
            raise BadSettings(name, "must be blank or a label's resource name like contactGroups/1a2b3c")
    for name in LABELS:
        if name != "never_label" and settings.never_label and getattr(settings, name) == settings.never_label:
            raise BadSettings("never_label", f"must not be the label chosen as {name}: nothing would be synced")
    for name in ("fields_off", "history_without"):
        for field in getattr(settings, name):
            if field not in FIELDS and not (name == "history_without" and _is_custom(settings, field)):
                raise BadSettings(name, f"knows no field {field[:64]!r}; the fields are {', '.join(FIELDS)}")
    if "last_name" in settings.fields_off:
        raise BadSettings("fields_off", "last_name cannot be switched off: Sugar requires it")
    labels: set[str] = set()
    for native, label in settings.custom_fields.items():
        if not _NATIVE.fullmatch(native) or native in RESERVED:
            raise BadSettings("custom_fields", f"{native[:64]!r} is not the name of a Sugar field that can be mapped")
        if native in TAKEN:
            raise BadSettings("custom_fields", f"{native} is synced already; only further Sugar fields can be mapped")
        if not label.strip() or len(label) > 100:
            raise BadSettings("custom_fields", f"the label of {native} must have 1 to 100 characters")
        if any(unicodedata.category(char) in _UNSEEN for char in label):
            raise BadSettings("custom_fields", f"the label of {native} must not hold control characters or line breaks")
        if label.strip().casefold() in labels:
            raise BadSettings("custom_fields", f"the label of {native} is used twice")
        labels.add(label.strip().casefold())


def _is_custom(settings: Settings, field: str) -> bool:
    return field.startswith(CUSTOM_PREFIX) and field.removeprefix(CUSTOM_PREFIX) in settings.custom_fields


def synced_fields(settings: Settings) -> tuple[str, ...]:
    """The canonical fields that are switched on, ``emails`` and custom ones included."""
    on = [name for name in FIELDS if name not in settings.fields_off]
    return (*on, *(CUSTOM_PREFIX + native for native in sorted(settings.custom_fields)))


__all__ = [
    "DEFAULTS",
    "EMAILS",
    "LABELS",
    "ConflictRule",
    "Direction",
    "LeavesScope",
    "Settings",
    "SugarScope",
    "check",
    "parse",
    "synced_fields",
]
