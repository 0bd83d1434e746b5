"""An account, and what its owner does on the phone or in the browser: used by tests and the demo, without HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from tests.simulators.people import schema
from tests.simulators.people.errors import Json
from tests.simulators.people.person import Version, changed, field_names, stored_fields
from tests.simulators.people.state import MY_CONTACTS, Book, Clock
from tests.simulators.people.switches import Switches

CONTACTS_SCOPE = "https://www.googleapis.com/auth/contacts"
EVERYTHING = frozenset(field_names()) | {"metadata"}


class Account:
    """A Google account with its own address book. Edits made here are the user's own."""

    def __init__(
        self,
        email: str,
        subject: str,
        clock: Clock,
        switches: Switches,
        random: Random,
        granter: Callable[[Account, Sequence[str]], str],
    ) -> None:
        self.email = email
        self.subject = subject
        self.name = email.partition("@")[0].replace(".", " ").title()
        self.switches = switches
        self.book = Book(clock, switches, random)
        self.overlapping_writes = 0
        """Mutate requests that arrived while another one of this user was not answered yet."""
        self.sync_generation = 0
        self.sessions: dict[str, Any] = {}
        """Listings under way, by the token in their page tokens."""
        self._granter = granter

    # -- contacts ------------------------------------------------------------------------------------

    def add(self, person: Json, group_names: Iterable[str] = ()) -> str:
        """The user enters a contact; its resource name. Labels that don't exist are made."""
        photos = copy.deepcopy(person.get("photos", []))
        fields = self._fields(person)
        if photos:
            fields["photos"] = photos
        groups = (MY_CONTACTS, *(self._group_id(name) for name in group_names))
        return self.book.put(fields, groups).resource_name

    def edit(self, resource_name: str, **fields: list[Json]) -> None:
        """Replaces whole fields: ``edit(name, phoneNumbers=[…], urls=[])``."""
        old = self._version(resource_name)
        given = self._fields({k: v for k, v in fields.items() if k != "photos"})
        parts = {name: given.get(name, []) for name in fields}
        if "photos" in fields:
            parts["photos"] = copy.deepcopy(fields["photos"])
        self.book.put(changed(old.fields, **parts), old.groups, old=old)

    def remove(self, resource_name: str) -> None:
        """Into the trash."""
        self.book.drop(self._version(resource_name))

    def restore(self, resource_name: str) -> str:
        """Out of the trash, with all it held, ``clientData`` too; its resource name, which a switch may make new."""
        old = self.book.trash.pop(resource_name)
        if self.switches.restore_keeps_name:
            return self.book.put(old.fields, old.groups, old=old).resource_name
        return self.book.put(old.fields, old.groups).resource_name

    def merge(self, keep: str, other: str) -> None:
        """Two contacts become one, as in the UI: ``keep`` gets what only ``other`` had; how it shows is a switch."""
        kept, gone = self._version(keep), self._version(other)
        parts: dict[str, list[Json]] = {}
        for name, items in gone.fields.items():
            own = kept.fields.get(name, [])
            if name in {"names", "biographies", "birthdays", "genders", "photos"}:
                parts[name] = own or items
            else:
                parts[name] = [*own, *(item for item in items if item not in own)]
        groups = tuple(dict.fromkeys((*kept.groups, *gone.groups)))
        shows = self.switches.merge_shows
        del self.book.live[gone.resource_name]
        if shows != "previous":
            self.book.tombstone(gone, gone.resource_name)
        previous, drops = kept.previous, ""
        if shows != "tombstone":
            previous = (*previous, *gone.previous, gone.resource_name)
            self._answers_for(gone.resource_name, kept.resource_name)
            drops = gone.resource_name if shows == "previous" else ""
        self.book.put(changed(kept.fields, **parts), groups, old=kept, previous=previous, drops=drops)

    def rename_resource(self, resource_name: str) -> str:
        """A field linked (or unlinked) a profile, and the contact goes by another name now; the former one answers."""
        old = self._version(resource_name)
        number = self.book.new_id()
        profile = old.profile
        name = f"people/c{number}"
        if self.switches.renamed_to == "profile":
            name, profile = f"people/1{number}", old.profile or {}
        if self.switches.rename_tombstone:
            self.book.tombstone(old, resource_name)
        self.book.put(
            old.fields,
            old.groups,
            old=old,
            resource_name=name,
            previous=(*old.previous, resource_name),
            profile=profile,
            profile_id=old.profile_id or f"1{number}",
            drops="" if self.switches.rename_tombstone else resource_name,
        )
        self._answers_for(resource_name, name)
        return name

    def link_profile(self, resource_name: str, **fields: list[Json]) -> None:
        """Shows these items of the other's Google account beside the contact's own."""
        old = self._version(resource_name)
        profile_id = old.profile_id or f"1{self.book.new_id()}"
        self.book.put(old.fields, old.groups, old=old, profile=copy.deepcopy(fields), profile_id=profile_id)

    def people(self) -> list[Json]:
        """All living contacts with everything they hold, oldest change first; copies."""
        return [v.render(EVERYTHING) for v in self.book.live.values()]

    def person(self, resource_name: str) -> Json:
        """One contact with everything it holds; a copy. ``KeyError`` if it does not live (any more)."""
        return self._version(resource_name).render(EVERYTHING)

    def lives(self, resource_name: str) -> bool:
        """Whether a contact answers to this name."""
        return self.book.find(resource_name) is not None

    @property
    def size(self) -> int:
        """How many contacts live."""
        return len(self.book.live)

    # -- labels --------------------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """The resource name of the user's label, made if there is none."""
        return f"contactGroups/{self._group_id(name)}"

    def labels(self, resource_name: str) -> set[str]:
        """Names of the user's labels (and ``starred``) that the contact carries."""
        groups = (self.book.groups[id_] for id_ in self._version(resource_name).groups)
        return {group.name if not group.system else group.id for group in groups} - {MY_CONTACTS}

    def set_labels(self, resource_name: str, names: Iterable[str]) -> None:
        """The contact carries exactly these labels of the user; system groups stay."""
        old = self._version(resource_name)
        system = tuple(g for g in old.groups if self.book.groups[g].system)
        self.book.put(old.fields, (*(system or (MY_CONTACTS,)), *(self._group_id(n) for n in names)), old=old)

    def remove_label(self, name: str, *, with_contacts: bool = False) -> None:
        """Deletes the label, and its members if asked to."""
        group = self.book.group_named(name)
        assert group is not None
        self.book.delete_group(group, with_contacts=with_contacts, by_api=False)

    # -- the change feed -----------------------------------------------------------------------------

    @property
    def feed_delay(self) -> float:
        """Seconds until sync requests see a write; from the switches, may be changed."""
        return self.book.feed_delay

    @feed_delay.setter
    def feed_delay(self, seconds: float) -> None:
        self.book.feed_delay = seconds

    def propagate(self) -> None:
        """Every write so far shows up in sync requests from now on, without moving the clock."""
        self.book.propagate()

    # -- grants and tokens ---------------------------------------------------------------------------

    def grant(self, scopes: Sequence[str] = (CONTACTS_SCOPE, "openid", "email")) -> str:
        """A refresh token, without the browser."""
        return self._granter(self, scopes)

    def expire_sync_tokens(self) -> None:
        """Every sync token given out so far is expired."""
        self.sync_generation += 1

    # -- inside --------------------------------------------------------------------------------------

    def _fields(self, person: Json) -> dict[str, list[Json]]:
        writable = {k: v for k, v in person.items() if k != "photos"}
        return stored_fields(schema.stripped(writable), self.switches)

    def _group_id(self, name: str) -> str:
        if name in self.book.groups and self.book.groups[name].system:
            return name
        return (self.book.group_named(name) or self.book.new_group(name)).id

    def _answers_for(self, former: str, name: str) -> None:
        """A former name, and all that were former to it, lead to this one."""
        for other, current in list(self.book.aliases.items()):
            if current == former:
                self.book.aliases[other] = name
        self.book.aliases[former] = name

    def _version(self, resource_name: str) -> Version:
        version = self.book.find(resource_name)
        if version is None:
            raise KeyError(resource_name)
        return version
