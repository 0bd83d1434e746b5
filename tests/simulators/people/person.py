"""What a contact is on Google's side: etags, sources, the values that the server computes, and how it is shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import phonenumbers

from tests.simulators.people.errors import Json, invalid
from tests.simulators.people.schema import document
from tests.simulators.people.switches import Switches

Fields = Mapping[str, list[Json]]
"""Items by field name, as stored: without metadata, without memberships."""

SINGLETONS = frozenset({"names", "biographies", "birthdays", "genders"})
"""At most one in a contact source (R)."""
CAPPED = frozenset({"emailAddresses", "phoneNumbers"})
"""Lists show at most 100 of these (D)."""
CAP = 100
FIELD_CHARACTERS = 1024
CONTACT_BYTES = 128 * 1024
CONTACT_FIELDS = 500
"""Account limits, notes excepted from the second (C)."""

DATES = {"birthdays": ("date",), "events": ("date",), "organizations": ("startDate", "endDate")}
UNWRITABLE = frozenset(
    {"resourceName", "etag", "metadata", "memberships", "photos", "coverPhotos", "ageRanges", "ageRange", "skills"}
    | {"fileAses", "residences", "taglines", "braggingRights", "relationshipInterests", "relationshipStatuses"}
)
"""Parts of ``Person`` that no write carries into the contact (memberships are written, but kept apart)."""

NAME_PARTS = ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix")
PREFIXES = frozenset({"dr.", "mr.", "mrs.", "ms.", "prof.", "rev.", "sen.", "rep."})


@lru_cache(maxsize=1)
def field_names() -> tuple[str, ...]:
    """All fields of ``Person`` that hold items; the place in it is the number in etags."""
    properties: Json = document()["schemas"]["Person"]["properties"]
    return tuple(sorted(name for name, spec in properties.items() if spec.get("type") == "array"))


@dataclass(eq=False, slots=True)
class Version:
    """One state of one contact; never changed after it was made, so that everybody may hold on to it."""

    contact_id: int
    resource_name: str
    number: int
    """The place in the account's history; orders by last modified."""
    updated_at: datetime
    fields: Fields
    groups: tuple[str, ...]
    """Ids: ``myContacts``, …"""
    previous: tuple[str, ...] = ()
    deleted: bool = False
    profile: Fields | None = None
    """Items of a linked Google account."""
    profile_id: str = ""
    rotate: bool = False
    """Items are shown in another order than stored."""
    source_etag: str = ""
    """Starts with ``#``, moves with every mutation (L, R)."""

    def __post_init__(self) -> None:
        self.source_etag = "#" + digest(f"{self.contact_id}:{self.number}")

    @property
    def hex_id(self) -> str:
        """``sources[].id``; ``people/c<decimal>`` is the same number (L)."""
        return format(self.contact_id, "x")

    def etag(self, mask: frozenset[str]) -> str:
        """Starts with ``%`` and depends on the mask (L)."""
        return person_etag(self.source_etag, mask)

    def items(self, name: str, *, contact: bool, profile: bool) -> list[Json]:
        """One field as shown. Each non-empty field has exactly one primary item (D)."""
        shown: list[Json] = []
        own = {"type": "CONTACT", "id": self.hex_id}
        if contact:
            stored = self.fields.get(name, [])
            if name == "memberships":
                stored = [_membership(group) for group in self.groups]
            elif name == "photos" and not stored:
                stored = [{"url": f"https://lh3.googleusercontent.com/cm/{self.hex_id}=s100", "default": True}]
            for i, item in enumerate(stored):
                top: Json = {"source": dict(own)}
                if i == 0:
                    top = {"primary": True, **top, "sourcePrimary": True}
                shown.append({"metadata": top, **_copied(item), **_computed(name, item)})
            if self.rotate and len(shown) > 1:
                turn = 1 + self.number % (len(shown) - 1)
                shown = shown[turn:] + shown[:turn]
        if profile and self.profile:
            for item in self.profile.get(name, []):
                source: Json = {"source": {"type": "PROFILE", "id": self.profile_id}}
                if not shown:
                    source["primary"] = True
                shown.append({"metadata": source, **_copied(item)})
        return shown

    def metadata(self, *, contact: bool = True, profile: bool = True, delta: bool = False) -> Json:
        """``person.metadata``; former names only on sync-token requests (D)."""
        sources: list[Json] = []
        if contact:
            when = stamp(self.updated_at) if not self.deleted else "1970-01-01T00:00:00Z"
            sources.append({"type": "CONTACT", "id": self.hex_id, "etag": self.source_etag, "updateTime": when})
        if profile and self.profile is not None:
            detail = {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]}
            etag = "#" + digest(self.profile_id)
            sources.append({"type": "PROFILE", "id": self.profile_id, "etag": etag, "profileMetadata": detail})
        shown: Json = {"sources": sources, "objectType": "PERSON"}
        if delta and self.previous:
            shown["previousResourceNames"] = list(self.previous)
        return shown

    def render(
        self,
        mask: frozenset[str],
        *,
        contact: bool = True,
        profile: bool = True,
        capped: bool = False,
        delta: bool = False,
    ) -> Json:
        """The person in an answer; nothing of it is shared with the book."""
        shown: Json = {"resourceName": self.resource_name, "etag": self.etag(mask)}
        if self.deleted:
            # The recorded shape of a tombstone (R).
            sources = self.metadata(profile=False)["sources"]
            shown["metadata"] = {"sources": sources, "deleted": True, "objectType": "PERSON"}
            return shown
        for name in sorted(mask):
            if name == "metadata":
                shown["metadata"] = self.metadata(contact=contact, profile=profile, delta=delta)
            elif items := self.items(name, contact=contact, profile=profile):
                shown[name] = items[:CAP] if capped and name in CAPPED else items
        return shown


# -- etags and times ---------------------------------------------------------------------------------


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


@lru_cache(maxsize=4096)
def _mask_bytes(mask: frozenset[str]) -> bytes:
    names = field_names()
    numbers = bytes(sorted(names.index(name) + 1 if name in names else 0 for name in mask))
    return b"\x12" + bytes([len(numbers)]) + numbers + b"\x1a\x04\x01\x02\x05\x07\x22\x0c"


def person_etag(source_etag: str, mask: frozenset[str]) -> str:
    """The person's etag: the mask, then the source's etag."""
    return "%" + base64.b64encode(_mask_bytes(mask) + source_etag[1:].encode()).decode()


def source_etag_in(etag: str) -> str | None:
    """The source's etag inside a person's etag; ``None`` if it is none."""
    if not etag.startswith("%"):
        return None
    try:
        return "#" + base64.b64decode(etag[1:], validate=True)[-12:].decode()
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def stamp(when: datetime) -> str:
    """RFC 3339 with microseconds, as the API writes times."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# -- what the server makes of what was sent ------------------------------------------------------------


def stored_fields(person: Json, switches: Switches, only: frozenset[str] | None = None) -> dict[str, list[Json]]:
    """The items of a checked request, as kept. Items of other sources than the contact are ignored (D)."""
    found: dict[str, list[Json]] = {}
    for name, items in person.items():
        if name in UNWRITABLE or (only is not None and name not in only):
            continue
        kept = [(i, _stored(name, i, switches)) for i in items if _of_contact(i)]
        if name in SINGLETONS and len(kept) > 1:
            raise invalid(f"Request must not set more than one person.{name}.")
        if switches.source_primary_counts:
            kept.sort(key=lambda pair: not pair[0].get("metadata", {}).get("sourcePrimary"))
        if wanted := [stored for _, stored in kept if stored]:
            found[name] = wanted
    return found


def _of_contact(item: Json) -> bool:
    source: Json = item.get("metadata", {}).get("source", {})
    return source.get("type", "CONTACT") in {"CONTACT", "SOURCE_TYPE_UNSPECIFIED"}


def _stored(name: str, item: Json, switches: Switches) -> Json:
    sent = {k: v for k, v in item.items() if k != "metadata"}
    item = _pruned(sent)
    for key in DATES.get(name, ()):
        _check_date(item.get(key, {}))
    if name == "names":
        return _name(item, switches) if item or not sent else {}
    if name == "addresses" and item and "formattedValue" not in item and (text := formatted_address(item)):
        return {"formattedValue": text, **item}
    if name == "biographies" and "value" in item:
        return {"contentType": "TEXT_PLAIN", **item}
    if name == "biographies":
        return {}
    return item


def _pruned(item: Json) -> Json:
    """Without empty values: the API never shows them."""
    kept: Json = {}
    for key, value in item.items():
        inner = _pruned(value) if isinstance(value, dict) else value
        if inner not in ("", 0, False, None, [], {}):
            kept[key] = inner
    return kept


def _check_date(value: Json) -> None:
    year, month, day = (int(value.get(k, 0)) for k in ("year", "month", "day"))
    if not (0 <= year <= 9999 and 0 <= month <= 12 and 0 <= day <= 31) or (day and not month):
        raise invalid()
    if month and day:
        try:
            date(year or 2000, month, day)
        except ValueError as error:
            raise invalid() from error


def _name(item: Json, switches: Switches) -> Json:
    parts = {k: v for k, v in item.items() if k not in {"unstructuredName", "displayName", "displayNameLastFirst"}}
    unstructured = item.get("unstructuredName", "")
    structured = any(k in parts for k in NAME_PARTS)
    if unstructured and (not structured or (switches.unstructured_name_wins and unstructured != full_name(parts))):
        parts = {k: v for k, v in parts.items() if k not in NAME_PARTS} | parse_name(unstructured)
    if not parts:
        # A displayName alone is output only: nothing is left to make a name of.
        raise invalid()
    shown = full_name(parts)
    return _pruned(
        {"displayName": shown, "displayNameLastFirst": last_first(parts), "unstructuredName": shown, **parts}
    )


def full_name(parts: Json) -> str:
    """``displayName``: all parts in order, the suffix after a comma."""
    text = " ".join(parts[k] for k in NAME_PARTS[:4] if parts.get(k))
    return ", ".join(x for x in (text, parts.get("honorificSuffix", "")) if x)


def last_first(parts: Json) -> str:
    """``displayNameLastFirst``."""
    rest = " ".join(parts[k] for k in NAME_PARTS[:3] if parts.get(k))
    return ", ".join(x for x in (parts.get("familyName", ""), rest, parts.get("honorificSuffix", "")) if x)


def parse_name(text: str) -> Json:
    """The server's reading of a free-form name."""
    text, _, suffix = text.partition(", ")
    words = text.split()
    prefix = words.pop(0) if len(words) > 1 and words[0].lower() in PREFIXES else ""
    found = {"honorificPrefix": prefix, "honorificSuffix": suffix}
    if len(words) > 1:
        return _pruned(found | {"givenName": words[0], "middleName": " ".join(words[1:-1]), "familyName": words[-1]})
    return _pruned(found | {"givenName": "".join(words)})


def formatted_address(item: Json) -> str:
    """``formattedValue``, built from the parts."""
    town = " ".join(item[k] for k in ("region", "postalCode") if item.get(k))
    town = ", ".join(x for x in (item.get("city", ""), town) if x)
    lines = [item.get("streetAddress", ""), item.get("extendedAddress", ""), item.get("poBox", ""), town]
    return "\n".join(x for x in (*lines, item.get("country", "") or item.get("countryCode", "")) if x)


def _copied(item: Json) -> Json:
    return {k: dict(v) if isinstance(v, dict) else v for k, v in item.items()}


def _membership(group: str) -> Json:
    name = f"contactGroups/{group}"
    return {"contactGroupMembership": {"contactGroupId": group, "contactGroupResourceName": name}}


def _computed(name: str, item: Json) -> Json:
    extra: Json = {}
    if name == "phoneNumbers" and (canonical := canonical_form(item.get("value", ""))):
        extra["canonicalForm"] = canonical
    kind = item.get("type")
    if isinstance(kind, str) and name not in {"nicknames", "miscKeywords", "locations"}:
        extra["formattedType"] = FORMATTED.get(kind, kind)
    if name == "genders" and "value" in item:
        extra["formattedValue"] = str(item["value"]).capitalize()
    return extra


FORMATTED: dict[str, str] = {
    kind: kind[0].upper() + "".join(f" {c}" if c.isupper() else c for c in kind[1:])
    for kind in (
        *("home", "work", "other", "mobile", "homeFax", "workFax", "otherFax", "pager", "workMobile", "workPager"),
        *("main", "googleVoice", "school", "blog", "profile", "homePage", "ftp", "anniversary", "spouse", "child"),
        *("mother", "father", "parent", "brother", "sister", "friend", "relative", "domesticPartner", "manager"),
        *("assistant", "referredBy", "partner", "account", "customer", "loginId", "network", "organization"),
    )
}


@lru_cache(maxsize=50_000)
def canonical_form(value: str) -> str:
    """E.164 where the server can tell: an international number, or one of the United States; else ``""``."""
    try:
        number = phonenumbers.parse(value, "US")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def check_limits(fields: Fields) -> None:
    """The published limits of one contact (C)."""
    if sum(len(items) for items in fields.values()) > CONTACT_FIELDS:
        raise invalid()
    for name, items in fields.items():
        computed = {"unstructuredName", "displayName", "displayNameLastFirst", "formattedValue"}
        for item in items:
            for key, value in item.items():
                if name == "biographies" or key in computed:
                    continue
                if isinstance(value, str) and len(value) > FIELD_CHARACTERS:
                    raise invalid()
    size = len(json.dumps(fields, ensure_ascii=False).encode())
    if size > CONTACT_BYTES:
        raise invalid()


def changed(fields: Fields, **parts: Any) -> dict[str, list[Json]]:
    """The fields with some replaced; an empty list takes one away."""
    merged = {**fields, **parts}
    return {name: items for name, items in merged.items() if items}
