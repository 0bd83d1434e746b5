"""One account's address book: the truth, its history, and the lagging copy that sync requests see."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from tests.simulators.people.person import Fields, Version
from tests.simulators.people.switches import Switches

MY_CONTACTS = "myContacts"
SYSTEM_GROUPS = {
    "myContacts": "My Contacts",
    "starred": "Starred",
    "friends": "Friends",
    "family": "Family",
    "coworkers": "Coworkers",
    "chatBuddies": "Chat contacts",
    "all": "All Contacts",
    "blocked": "Blocked",
}
"""Id and formatted name."""
ADDABLE = frozenset({"myContacts", "starred"})
"""System groups that members can be added to (D)."""
MAX_CONTACTS = 25_000


class Clock(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the history."""

    version: Version
    drops: str = ""
    """A resource name that this change took away without a tombstone."""


@dataclass(slots=True)
class Group:
    """A contact group; a deleted one is kept for deltas."""

    id: str
    name: str
    system: bool
    number: int
    updated_at: datetime
    client_data: list[dict[str, str]] = field(default_factory=list)
    deleted: bool = False

    @property
    def resource_name(self) -> str:
        return f"contactGroups/{self.id}"


class Book:
    """The contacts and groups of one account."""

    def __init__(self, clock: Clock, switches: Switches, random: Random) -> None:
        self.clock = clock
        self.switches = switches
        self.random = random
        self.feed_delay = switches.feed_delay
        """Seconds until sync requests see a write; tests may change it, earlier writes are never overtaken."""
        self.max_contacts = MAX_CONTACTS
        self.live: dict[str, Version] = {}
        """The truth; last modified comes last."""
        self.trash: dict[str, Version] = {}
        self.aliases: dict[str, str] = {}
        """Former resource names that still answer."""
        self.log: list[Change] = []
        self.groups: dict[str, Group] = {}
        self.group_number = 0
        self._number = 0
        self._visible: list[datetime] = []
        """From when sync requests see each change; never falls."""
        self._replica: dict[str, Version] = {}
        self._applied = 0
        self._settles: dict[str, datetime] = {}
        for id_, name in SYSTEM_GROUPS.items():
            self.groups[id_] = Group(id_, name, True, 0, clock.now())

    # -- contacts ------------------------------------------------------------------------------------

    def new_id(self) -> int:
        """An id never given before."""
        return self.random.randrange(1 << 60, 1 << 63)

    def find(self, resource_name: str) -> Version | None:
        """The living contact of this name, or of this former name."""
        return self.live.get(self.aliases.get(resource_name, resource_name))

    def put(
        self,
        fields: Fields,
        groups: tuple[str, ...],
        *,
        old: Version | None = None,
        resource_name: str = "",
        previous: tuple[str, ...] | None = None,
        profile: Fields | None = None,
        profile_id: str = "",
        drops: str = "",
        by_api: bool = False,
    ) -> Version:
        """Writes a new version of ``old``, or a new contact. Every mutation moves the etag (R)."""
        self._number += 1
        now = self.clock.now()
        contact_id = old.contact_id if old else self.new_id()
        name = resource_name or (old.resource_name if old else f"people/c{contact_id}")
        version = Version(
            contact_id,
            name,
            self._number,
            now,
            fields,
            groups,
            previous=previous if previous is not None else (old.previous if old else ()),
            profile=profile if profile is not None else (old.profile if old else None),
            profile_id=profile_id or (old.profile_id if old else ""),
            rotate=self.switches.shuffled_fields,
        )
        if old:
            self.live.pop(old.resource_name, None)
        self.live[name] = version
        self._settles.pop(name, None)
        if not by_api and self.switches.etag_lag:
            self._settles[name] = now + timedelta(seconds=self.switches.etag_lag)
        self._record(version, drops)
        return version

    def drop(self, version: Version) -> None:
        """Deletes it: a tombstone with a new etag (R); the contents go to the trash."""
        del self.live[version.resource_name]
        self.trash[version.resource_name] = version
        self.tombstone(version, version.resource_name)

    def tombstone(self, version: Version, resource_name: str) -> None:
        """Lets the feed say that this name is deleted."""
        self._number += 1
        now = self.clock.now()
        self._record(Version(version.contact_id, resource_name, self._number, now, {}, (), deleted=True))

    def deleted(self, resource_name: str) -> Version | None:
        """The tombstone of this name, if there is one."""
        found = (change.version for change in reversed(self.log) if change.version.resource_name == resource_name)
        return next((version for version in found if version.deleted), None)

    def settled(self, version: Version) -> bool:
        """Whether an update with the current etag is accepted already."""
        until = self._settles.get(version.resource_name)
        return until is None or until <= self.clock.now()

    def _record(self, version: Version, drops: str = "") -> None:
        visible = self.clock.now() + timedelta(seconds=self.feed_delay)
        if self._visible:
            visible = max(visible, self._visible[-1])
        self._visible.append(visible)
        self.log.append(Change(version, drops))

    # -- what sync requests see ------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """How much of the history sync requests see by now."""
        return bisect_right(self._visible, self.clock.now())

    def propagate(self) -> None:
        """Lets every write so far reach sync requests now."""
        now, upto = self.clock.now(), self.position
        self._visible[upto:] = [now] * (len(self._visible) - upto)

    def replica(self) -> dict[str, Version]:
        """The contacts as sync requests see them; last modified comes last. Not to be changed or kept."""
        upto = self.position
        for change in self.log[self._applied : upto]:
            self._replica.pop(change.version.resource_name, None)
            self._replica.pop(change.drops, None)
            if not change.version.deleted:
                self._replica[change.version.resource_name] = change.version
        self._applied = max(self._applied, upto)
        return self._replica

    def changes(self, since: int, upto: int) -> list[Version]:
        """The last state of everything that changed between two positions, tombstones included."""
        found: dict[str, Version] = {}
        for change in self.log[since:upto]:
            found.pop(change.version.resource_name, None)
            found.pop(change.drops, None)
            found[change.version.resource_name] = change.version
        return list(found.values())

    # -- groups --------------------------------------------------------------------------------------

    def new_group(self, name: str) -> Group:
        """A user's label; the caller has seen to it that the name is free."""
        self.group_number += 1
        id_ = format(self.random.randrange(1 << 48, 1 << 60), "x")
        group = Group(id_, name, False, self.group_number, self.clock.now())
        self.groups[id_] = group
        return group

    def touch_group(self, group: Group) -> None:
        """It changed: deltas show it."""
        self.group_number += 1
        group.number = self.group_number
        group.updated_at = self.clock.now()

    def group_named(self, name: str) -> Group | None:
        """The user's living group of this name; the system's take no name away (D)."""
        return next((g for g in self.groups.values() if g.name == name and not g.deleted and not g.system), None)

    def group(self, resource_name: str) -> Group | None:
        """The living group of this resource name."""
        group = self.groups.get(resource_name.removeprefix("contactGroups/"))
        return group if group and not group.deleted else None

    def member_counts(self) -> Counter[str]:
        """Members by group id."""
        return Counter(group for version in self.live.values() for group in version.groups)

    def delete_group(self, group: Group, *, with_contacts: bool, by_api: bool) -> None:
        """Takes it from its members (a contact keeps at least one group), or deletes them too."""
        for version in [v for v in self.live.values() if group.id in v.groups]:
            if with_contacts:
                self.drop(version)
            else:
                left = tuple(g for g in version.groups if g != group.id) or (MY_CONTACTS,)
                self.put(version.fields, left, old=version, by_api=by_api)
        group.deleted = True
        self.touch_group(group)
