"""The elements of a Google contact's lists: reading their parts, rewriting them, stripping them for a write. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contact.normal import clean
from shared.people.fields import LISTS, Family, fold_type
from shared.side import Native

Entry = dict[str, Any]

_NAME_PARTS = frozenset({"familyName", "givenName", "honorificPrefix", "honorificSuffix", "middleName"})
_NO_CONTENT = frozenset({"type", "key", "metadata", "formattedValue", "current"})
"""Members that say nothing without the others."""
_LABELS = frozenset({"type", "formattedType", "key", "metadata", "current"})
_VALUED = {
    "emailAddresses": "value",
    "phoneNumbers": "value",
    "urls": "value",
    "nicknames": "value",
    "biographies": "value",
    "relations": "person",
    "userDefined": "value",
    "names": "",
    "organizations": "",
    "addresses": "",
}
"""What an element cannot be without, by list; blank: anything but what stands in ``_LABELS``."""
_SOURCES = (
    "SOURCE_TYPE_UNSPECIFIED",
    "ACCOUNT",
    "PROFILE",
    "DOMAIN_PROFILE",
    "CONTACT",
    "OTHER_CONTACT",
    "DOMAIN_CONTACT",
)
"""What an element may belong to."""


class Malformed(Exception):
    """A value of a wrong type; the list it stands in cannot be read."""


def entries(native: Native, people: str) -> list[Entry]:
    """The list's elements that belong to the contact itself; those of a linked profile are not ours to show or write.

    Raises:
        Malformed: it is no list of objects, or one of them says nothing, or belongs to something unknown. Passed over,
            its value would look as if the user had taken it out.
    """
    found = native.get(people)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Malformed
    if people in _VALUED and not all(_says_something(entry, _VALUED[people]) for entry in found):
        raise Malformed
    return [entry for entry in found if _of_contact(entry)]


def _says_something(entry: Entry, member: str) -> bool:
    return entry.get(member) not in (None, "") if member else bool(entry.keys() - _LABELS)


def _of_contact(entry: Entry) -> bool:
    metadata = entry.get("metadata")
    source = metadata.get("source") if isinstance(metadata, dict) else None
    kind = source.get("type") if isinstance(source, dict) else None
    if kind is not None and kind not in _SOURCES:
        raise Malformed
    return kind is None or kind == "CONTACT"


def text(entry: Mapping[str, Any], member: str) -> str:
    """A member's text, blank where it is missing.

    Raises:
        Malformed: it is no text.
    """
    value = entry.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed
    return clean(value)


def is_flagged(entry: Entry, flag: str) -> bool:
    """Whether the element's metadata carry that flag (``primary``, ``sourcePrimary``)."""
    metadata = entry.get("metadata")
    return isinstance(metadata, dict) and metadata.get(flag) is True


def read_parts(family: Family, entry: Entry) -> tuple[str, ...]:
    """The element's raw parts, one per member of the family.

    Raises:
        Malformed: one of them is no text.
    """
    parts = [text(entry, member) for member in family.members]
    if family.people == "addresses":
        extended = text(entry, "extendedAddress")
        if extended:
            parts[0] = f"{parts[0]}\n{extended}" if parts[0] else extended
    return tuple(parts)


def type_of(family: Family, entry: Entry) -> str:
    """What the element is typed by, as it is compared.

    Raises:
        Malformed: it is no text.
    """
    return fold_type(text(entry, family.typed_by))


def new_entry(family: Family, kind: str, parts: Sequence[str]) -> Entry:
    """A new element of that type."""
    entry: Entry = {family.typed_by: kind} if kind else {}
    return _set(entry, family, parts)


def rewritten(family: Family, entry: Entry, parts: Sequence[str]) -> Entry | None:
    """The element with these parts and all else as it is; ``None`` if nothing would be left in it."""
    changed = stripped(family.people, entry)
    if family.people == "addresses":
        street, extended = _split_street(parts[0], text(entry, "extendedAddress"))
        if not extended:
            changed.pop("extendedAddress", None)
        # Built by the server from the parts when it is missing; the old one would contradict them.
        changed.pop("formattedValue", None)
        if parts[-1] != text(entry, "country"):
            changed.pop("countryCode", None)
        parts = (street, *parts[1:])
    _set(changed, family, parts)
    return changed if changed.keys() - _NO_CONTENT else None


def _split_street(street: str, extended: str) -> tuple[str, str]:
    """Keeps the further line where the new street still ends with it; else the whole street is one member."""
    if extended and (street == extended or street.endswith("\n" + extended)):
        return street.removesuffix(extended).removesuffix("\n").removesuffix("\r"), extended
    return street, ""


def _set(entry: Entry, family: Family, parts: Sequence[str]) -> Entry:
    for member, part in zip(family.members, parts, strict=True):
        if part:
            entry[member] = part
        else:
            entry.pop(member, None)
    return entry


def stripped(people: str, entry: Entry) -> Entry:
    """The element as it may be written back: without members that are output only or would be stale.

    ``sourcePrimary`` is the one flag of the metadata that can be written; without it the primary element may move.
    """
    kept = {member: value for member, value in entry.items() if member in LISTS[people]}
    if people == "names" and kept.keys() & _NAME_PARTS:
        kept.pop("unstructuredName", None)
    if is_flagged(entry, "sourcePrimary"):
        kept["metadata"] = {"sourcePrimary": True}
    return kept
