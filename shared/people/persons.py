"""What the sync needs of a person besides its fields: ids, versions, our keys, labels. Pure."""

from __future__ import annotations

import re
from typing import Any

from shared.errors import ProtocolError
from shared.people.fields import KEY_NAME, READ_FIELDS
from shared.side import Native, Record

_NAME = re.compile(r"people/[A-Za-z0-9_.~-]{1,200}")
_LISTS = tuple(name for name in READ_FIELDS.split(",") if name != "metadata")


def checked(person: Any, call: str) -> Native:
    """The person, if it is one: named, and every list a list of objects.

    Raises:
        ProtocolError: names the call and the member that is wrong.
    """
    if not isinstance(person, dict):
        raise ProtocolError(call, "a person must be an object")
    name = person.get("resourceName")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ProtocolError(call, "a person must have a resourceName like people/c123")
    for member in _LISTS:
        found = person.get(member)
        if found is not None and not (isinstance(found, list) and all(isinstance(entry, dict) for entry in found)):
            raise ProtocolError(call, f"{member} of a person must be a list of objects")
    metadata = person.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ProtocolError(call, "metadata of a person must be an object")
    for member, kind in (("sources", dict), ("previousResourceNames", str)):
        found = metadata.get(member, [])
        if not isinstance(found, list) or not all(isinstance(entry, kind) for entry in found):
            raise ProtocolError(call, f"metadata.{member} of a person must be a list")
    if not isinstance(metadata.get("deleted", False), bool):
        raise ProtocolError(call, "metadata.deleted of a person must be true or false")
    return person


def source(person: Native) -> dict[str, Any]:
    """The CONTACT source of the person, empty if there is none."""
    for each in person.get("metadata", {}).get("sources", ()):
        if each.get("type") == "CONTACT":
            return dict(each)
    return {}


def version(person: Native) -> str:
    """The CONTACT source's etag (``#...``), the same in every answer.

    The person's own (``%...``) depends on the mask; it stands in only where there is no source.
    """
    for etag in (source(person).get("etag"), person.get("etag")):
        if isinstance(etag, str) and etag:
            return etag
    return ""


def planted(person: Native) -> tuple[str, ...]:
    """Our keys inside the person."""
    entries = person.get("clientData") or ()
    values = [entry.get("value") for entry in entries if entry.get("key") == KEY_NAME]
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def has_label(person: Native, label: str) -> bool:
    """Whether the person carries that label (a resource name)."""
    for entry in person.get("memberships") or ():
        membership = entry.get("contactGroupMembership")
        if isinstance(membership, dict) and membership.get("contactGroupResourceName") == label:
            return True
    return False


def in_scope(person: Native, scope: str) -> bool:
    """Whether it takes part; without a scope every contact does, and with one, missing memberships mean out."""
    return not scope or has_label(person, scope)


def previous_names(person: Native) -> tuple[str, ...]:
    """Resource names that the person had before; filled only by sync-token requests."""
    return tuple(person.get("metadata", {}).get("previousResourceNames", ()))


def record(person: Native, scope: str, *, asked_for: str = "") -> Record:
    """The person as a record; ``asked_for`` is the name it was read by."""
    name = person["resourceName"]
    former = dict.fromkeys((*previous_names(person), asked_for))
    return Record(
        id=name,
        version=version(person),
        native=person,
        in_scope=in_scope(person, scope),
        planted=planted(person),
        previous_ids=tuple(each for each in former if each and each != name),
    )
