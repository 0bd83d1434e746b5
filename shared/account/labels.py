"""A user's Google labels, to choose from in the settings."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contact.normal import clean
from shared.errors import BadSettings
from shared.people import labels as api
from shared.people.client import PeopleClient

_ADDABLE = frozenset({"contactGroups/myContacts", "contactGroups/starred"})
"""The groups of the system that contacts can be put into."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label."""

    id: str
    """The resource name."""
    name: str
    system: bool


def choices(client: PeopleClient) -> list[Label]:
    """What can be chosen as scope or for written contacts: the user's own labels, and those of the system that take
    contacts; by name.

    Raises:
        FatalError, RetriableError: Google does not list them.
    """
    found = [
        Label(id, name, kind != "user")
        for id, name, kind in api.list_labels(client)
        if kind == "user" or id in _ADDABLE
    ]
    return sorted(found, key=lambda label: (label.system, label.name.casefold(), label.id))


def create(client: PeopleClient, name: str) -> tuple[Label, bool]:
    """The user's label of that name, and whether it was made for it.

    A call that may have made it can be repeated: it is looked for first.

    Raises:
        BadSettings: no label can have that name.
        SyncError: as :func:`shared.people.labels.create_label`.
    """
    wanted = " ".join(clean(name).split())
    if not wanted:
        raise BadSettings("name", "must have at least one visible character")
    for label in choices(client):
        if not label.system and " ".join(label.name.split()).casefold() == wanted.casefold():
            return label, False
    return Label(api.create_label(client, wanted), wanted, False), True
