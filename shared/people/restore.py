"""Before-images put to use: making a Google contact again, and putting single lists back as they were. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.people.elements import Entry, Malformed, entries, is_flagged, stripped
from shared.people.fields import KEY_NAME, LISTS, MY_CONTACTS
from shared.people.scope import labels_of, memberships
from shared.side import Native, PutBack, Restored

_SINGLE = frozenset({"names", "biographies", "birthdays", "genders"})
"""Lists of which a write may hold one element only."""
_CLOSED = frozenset({"friends", "family", "coworkers", "chatBuddies", "all", "blocked"})
"""Google's own groups that nothing can be added to."""
_BUILT = frozenset({"formattedValue", "unstructuredName", "text"})
"""Members that Google builds from the others where they are left out."""
_NOT_WRITABLE = {"photos": "the photo", "skills": "the skills"}
IDENTITY = "its id and its dates are new ones"


def restore(native: Native, key: str) -> Restored:
    """The payload that makes the contact again: every list that can be written, labels, and our key."""
    payload: Native = {}
    lost = [IDENTITY]
    for people in LISTS:
        if people in ("clientData", "memberships"):
            continue
        try:
            found = [stripped(people, entry) for entry in entries(native, people)]
        except Malformed:
            lost.append(f"{people}: they cannot be read")
            continue
        found = [_plain(people, entry) for entry in found if entry.keys() - {"metadata"}]
        if people in _SINGLE and len(found) > 1:
            found = sorted(found, key=lambda entry: not is_flagged(entry, "sourcePrimary"))[:1]
        if found:
            payload[people] = found
    labels = labels_of(native)
    closed = [label for label in labels if label.removeprefix("contactGroups/") in _CLOSED]
    lost += [f"the group {label.removeprefix('contactGroups/')}: Google lets nobody join it" for label in closed]
    joined = [label for label in labels if label not in closed] or [MY_CONTACTS]
    payload["memberships"] = memberships(joined)
    payload["clientData"] = [*_foreign_data(native), {"key": KEY_NAME, "value": key}]
    for people, what in _NOT_WRITABLE.items():
        if any(not entry.get("default") for entry in native.get(people) or ()):
            lost.append(what)
    return Restored(payload, tuple(lost))


def rewritten(native: Native, wanted: Native) -> Native:
    """The lists in which two records differ, as they stand in ``wanted`` and can be written; labels included, our key
    left aside. Empty: nobody could tell the two apart by what can be written."""
    payload: Native = {}
    for people in LISTS:
        try:
            if alike(people, native, wanted):
                continue
            payload[people] = [stripped(people, entry) for entry in entries(wanted, people)]
        except Malformed:
            payload[people] = []
    return payload


def alike(people: str, one: Native, two: Native) -> bool:
    """Whether a list reads the same in both, in whatever order.

    Raises:
        Malformed: it cannot be read.
    """
    return _form(people, one) == _form(people, two)


def _form(people: str, native: Native) -> list[str]:
    if people == "memberships":
        return sorted(labels_of(native)) or [MY_CONTACTS]  # where Google puts what comes without any
    found = _foreign_data(native) if people == "clientData" else entries(native, people)
    return sorted(json.dumps(_bare(people, entry), sort_keys=True) for entry in found)


def _bare(people: str, entry: Entry) -> Entry:
    kept = {member: value for member, value in stripped(people, entry).items() if member != "metadata"}
    return _plain(people, kept)


def _plain(people: str, entry: Entry) -> Entry:
    """Without what Google builds itself, unless there is nothing else."""
    built = _BUILT if people in ("names", "addresses", "birthdays") else frozenset()
    rest = {member: value for member, value in entry.items() if member not in built}
    return rest if rest.keys() - {"metadata", "type"} else entry


def _foreign_data(native: Native) -> list[dict[str, Any]]:
    """What other programs have planted."""
    return [stripped("clientData", e) for e in native.get("clientData") or () if e.get("key") != KEY_NAME]


def put_back(lists: Mapping[str, str], native: Native, before: Native, after: Native, *, exact: bool) -> PutBack:
    """The record with the lists as they were before a write, where they are untouched since.

    Args:
        lists: by field, the list that holds it.
        exact: see :meth:`shared.side.FieldMap.put_back`.
    """
    record = dict(native)
    back: list[str] = []
    other: list[str] = []
    for people in dict.fromkeys(lists.values()):
        mine = [name for name, each in lists.items() if each == people]
        try:
            untouched = exact and alike(people, native, after)
        except Malformed:
            untouched = False
        if not untouched:
            other += mine
            continue
        back += mine
        record.pop(people, None)
        if before.get(people):
            record[people] = before[people]
    return PutBack(record, tuple(back), tuple(other))
