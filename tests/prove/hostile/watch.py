"""What our writes did to both sides' data: watched at the wire, by the simulators' own state before and after each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.prove.hostile.calls import WRITES, kind_of
from tests.simulators.wire import Request
from tests.world import User, World

SECONDS_A_CALL = 1.0
"""Every call takes time; what would go on for ever meets the run's own limits."""

_IGNORED = frozenset({"id", "date_modified", "date_entered", "modified_user_id", "deleted", "created_by"})
_NO_VALUE = frozenset({"metadata", "type", "contentType", "key", "current", "resourceName", "etag"})

State = dict[str, Counter[tuple[str, str]]]
"""By record: every (field, value) that is not blank, as often as it stands there."""


class Loss(NamedTuple):
    """A value that stood in a contact before one of our writes and not after."""

    side: str
    what: str
    """``deleted``, ``cleared`` or ``overwritten``."""
    who: str
    """The contact's family name, which tells contacts apart in all scenes."""
    field: str
    value: str


class Watch:
    """Attached to both wires of a world."""

    def __init__(self, world: World, user: User) -> None:
        self.losses: list[Loss] = []
        self.kinds: list[str] = []
        """Every call's kind, in order."""
        self.doubles = 0
        """The most contacts of one side that were alike in name and emails at the same time, less one."""
        self._world = world
        self._user = user
        self._before: dict[str, State] = {}
        self._first = {side: self._state(side) for side in ("sugar", "google")}
        world.sugar_wire.on_call = world.people_wire.on_call = self._told

    def _told(self, request: Request, when: str) -> None:
        kind = kind_of(request)
        side = kind.split()[0]
        if when == "before":
            self.kinds.append(kind)
            self._world.clock.advance(SECONDS_A_CALL)
        if kind not in WRITES:
            return
        if when == "before":
            self._before[side] = self._state(side)
        else:
            after = self._state(side)
            self.losses += _losses(side, self._before[side], after, self._first[side])
            self.doubles = max(self.doubles, doubles(after))

    def _state(self, side: str) -> State:
        return sugar_state(self._world) if side == "sugar" else google_state(self._user)


def sugar_state(world: World) -> State:
    """Every live contact of Sugar."""
    return {
        record: Counter((name, value) for name, value in _sugar_values(contact) if value)
        for record, contact in world.sugar.state.contacts.items()
        if not contact["deleted"]
    }


def _sugar_values(contact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in contact.items():
        if name == "email":
            for entry in value:
                yield name, str(entry["email_address"]).lower()
        elif isinstance(value, str) and name not in _IGNORED:
            yield name, value


def google_state(user: User) -> State:
    """Every live contact of the account."""
    return {
        person["resourceName"]: Counter(
            (name, value.lower() if name == "emailAddresses" else value)
            for name, entries in person.items()
            if isinstance(entries, list) and name not in ("photos", "memberships")
            for entry in entries
            for value in _texts(name, entry)
        )
        for person in user.account.people()
    }


def _texts(name: str, entry: dict[str, Any]) -> Iterator[str]:
    for member, value in entry.items():
        # The server's own renderings of a name follow its parts.
        if member in _NO_VALUE or member.startswith(("display", "unstructured", "formatted", "canonical")):
            continue
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, dict):
            yield json.dumps(value, sort_keys=True)


def _losses(side: str, before: State, after: State, first: State) -> list[Loss]:
    """What is gone of what stood there at first: what a lie has brought in may be taken out again, and so may one of
    two copies that are alike to our key."""
    found = []
    for record, values in before.items():
        who = _who(values)
        if record not in after and record in first and values not in after.values():
            found.append(Loss(side, "deleted", who, "", ""))
        if record not in after:
            continue
        gone, come = values - after[record], after[record] - values
        new = Counter(name for name, _ in come.elements())
        for name, value in gone.elements():
            what = "overwritten" if new[name] > 0 else "cleared"
            new[name] -= 1
            if (name, value) in first.get(record, ()):
                found.append(Loss(side, what, who, name, value))
    return found


def _who(values: Counter[tuple[str, str]]) -> str:
    names = [value for name, value in values if name in ("last_name", "names")]
    return " ".join(sorted(names))


def doubles(state: State) -> int:
    """How many contacts more there are than different ones, by name and emails."""
    known = Counter(
        (_who(values), tuple(sorted(value for name, value in values if name in ("email", "emailAddresses"))))
        for values in state.values()
    )
    return sum(count - 1 for count in known.values())
