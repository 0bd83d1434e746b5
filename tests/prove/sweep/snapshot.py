"""A world as it is at one moment, to go back to as often as wanted: preparing one costs far more than a run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.simulators.people import PeopleSimulator
from tests.simulators.people.listing import Session
from tests.simulators.people.oauth import Grant
from tests.simulators.people.state import Group
from tests.simulators.sugar import SugarSimulator
from tests.simulators.suitecrm import SuiteSimulator
from tests.simulators.wire import Wire
from tests.world import World

Restore = Callable[[], None]
_MUTABLE = (Grant, Group, Session)
"""What is changed in place inside a container; all else in there is replaced, never changed."""


class Snapshot:
    """All of a world, its simulators, its store, its clock and its users' settings."""

    def __init__(self, world: World, file: Path) -> None:
        """
        Args:
            file: of the world's store, which is SQLite.
        """
        if world.sugar_wire.waiting or world.people_wire.waiting:
            raise ValueError("a request is still on its way")
        self._world = world
        self._file = file
        world.store.close()
        self._stored = file.read_bytes()
        now, ids = world.clock.now(), world.ids._n
        users = list(world.users)
        settings = [user.settings for user in users]

        def own() -> None:
            world.clock._now = now
            world.ids._n = ids
            world.users[:] = users
            for user, chosen in zip(users, settings, strict=True):
                user.settings = chosen
                user.connections.close()

        self._restores = [own, _sugar(world.sugar), _people(world.people)]
        self._restores += [_wire(wire) for wire in (world.sugar_wire, world.people_wire)]

    def restore(self) -> None:
        """The world is again as it was."""
        self._world.store.close()
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        self._file.write_bytes(self._stored)
        for restore in self._restores:
            restore()


def _wire(wire: Wire) -> Restore:
    faults = [replace(fault) for fault in wire.faults]

    def restore() -> None:
        wire.log.clear()
        wire.on_call = None
        wire._late = []
        wire.faults = [replace(fault) for fault in faults]

    return restore


def _sugar(simulator: SugarSimulator | SuiteSimulator) -> Restore:
    snapshot = simulator.snapshot()
    crashes = len(simulator.crashes)
    calls = list(simulator._calls) if isinstance(simulator, SugarSimulator) else []

    def restore() -> None:
        simulator.restore(snapshot)
        del simulator.crashes[crashes:]
        if isinstance(simulator, SugarSimulator):
            simulator._calls = list(calls)

    return restore


def _people(simulator: PeopleSimulator) -> Restore:
    parts: list[Any] = [simulator, simulator.oauth, simulator._meter]
    parts += [each for account in simulator.accounts.values() for each in (account, account.book)]
    kept = [(part, {name: _kept(value) for name, value in _attributes(part).items()}) for part in parts]
    random = simulator.random.getstate()
    accounts = dict(simulator.accounts)

    def restore() -> None:
        for part, attributes in kept:
            for name, value in attributes.items():
                setattr(part, name, _kept(value))
        # The simulator and its OAuth server hold the same ones.
        simulator.accounts = simulator.oauth.accounts = dict(accounts)
        simulator.random.setstate(random)

    return restore


def _attributes(part: Any) -> dict[str, Any]:
    names = getattr(part, "__slots__", None) or part.__dict__
    return {name: getattr(part, name) for name in names}


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        same = copy.copy(value)
        same.update({key: replace(item) for key, item in value.items() if isinstance(item, _MUTABLE)})
        return same
    return copy.copy(value) if isinstance(value, (list, set)) else value
