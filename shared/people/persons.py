"""What the sync needs of a person besides its fields: ids, versions, our keys, labels. Pure."""

from __future__ import annotations

import re
from typing import Any

from shared.errors import ProtocolError
from shared.people.fields import KEY_NAME, READ_FIELDS
from shared.people.scope import Scope
from shared.side import Native, Record

_NAME = re.compile(r"people/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,199}")
"""No dot at the front: ``people/..`` would be another address."""
_LONGEST_TOKEN = 500
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
    for entry in person.get("clientData") or ():
        if not all(isinstance(entry.get(member, ""), str) for member in ("key", "value")):
            raise ProtocolError(call, "clientData of a person must hold texts")
    metadata = person.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ProtocolError(call, "metadata of a person must be an object")
    sources, previous = metadata.get("sources", []), metadata.get("previousResourceNames", [])
    if not isinstance(sources, list) or not all(isinstance(entry, dict) for entry in sources):
        raise ProtocolError(call, "metadata.sources of a person must be a list of objects")
    if not isinstance(previous, list) or not all(isinstance(each, str) and _NAME.fullmatch(each) for each in previous):
        raise ProtocolError(call, "metadata.previousResourceNames of a person must be a list of names like people/c123")
    if not isinstance(metadata.get("deleted", False), bool):
        raise ProtocolError(call, "metadata.deleted of a person must be true or false")
    return person


def is_tombstone(person: Native) -> bool:
    """Whether it only says that the person is deleted: it has no fields, which is not the same as blank ones."""
    return person.get("metadata", {}).get("deleted") is True


def source(person: Native) -> dict[str, Any]:
    """The CONTACT source of the person, empty if there is none."""
    for each in person.get("metadata", {}).get("sources", ()):
        if each.get("type") == "CONTACT":
            return dict(each)
    return {}


def version(person: Native) -> str:
    """The CONTACT source's etag (``#...``), the same in every answer.

    The person's own (``%...``) depends on the mask; it stands in only where there is no source. Blank if there is
    none, or one that is none.
    """
    etag = source(person).get("etag") or person.get("etag")
    return etag if isinstance(etag, str) and _is_token(etag) else ""


def _is_token(text: str) -> bool:
    """Whether the text can be an etag or a key: it is stored, and compared."""
    return 0 < len(text) <= _LONGEST_TOKEN and text.isascii() and text.isprintable()


def planted(person: Native) -> tuple[str, ...]:
    """Our keys inside the person."""
    entries = person.get("clientData") or ()
    values = [entry.get("value") for entry in entries if entry.get("key") == KEY_NAME]
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and _is_token(value)))


def previous_names(person: Native) -> tuple[str, ...]:
    """Resource names that the person had before; filled only by sync-token requests."""
    return tuple(person.get("metadata", {}).get("previousResourceNames", ()))


def record(person: Native, scope: Scope, *, asked_for: str = "") -> Record:
    """The person as a record; ``asked_for`` is the name it was read by."""
    name = person["resourceName"]
    former = dict.fromkeys((*previous_names(person), asked_for))
    return Record(
        id=name,
        version=version(person),
        native=person,
        in_scope=scope.holds(person),
        barred=scope.bars(person),
        admitted=scope.admits(person),
        planted=planted(person),
        previous_ids=tuple(each for each in former if each and each != name),
    )
