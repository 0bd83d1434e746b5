"""Worlds in which one more run is about to make calls of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.simulators.sugar import Switches as SugarSwitches
from tests.sync.crashes import Crash
from tests.sync.scenarios import BOTH, deletes, edits, first_sync, person
from tests.sync.stage import many, titled
from tests.world import User, World


@dataclass(frozen=True)
class Scene:
    """``build`` brings a world to where one more run has something to do; ``options`` go to ``world()``."""

    build: Callable[[World], User]
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def quiet(world: World) -> User:
    """Nothing to do but to look: both feeds, no news. Synced regularly, so that a wait that is too long shows."""
    user = world.user(**BOTH, sync_regularly=True)
    many(world, user, 3, title="Rep", phone_work="650 253 0000")
    return user


def sweep(world: World) -> User:
    """A week later: both sides are listed whole, tokens are renewed, the metadata is read again; one edit on each."""
    user = world.user(**BOTH)
    links = many(world, user, 5, title="Rep", phone_work="650 253 0000")
    world.clock.advance(8 * 24 * 3600)
    world.sugar.edit(links[0].sugar_id, title="Senator")
    user.account.edit(links[1].google_id, organizations=titled("Governor"))
    world.clock.advance(300)
    return user


def recovery(world: World) -> User:
    """A crash after creates and updates on both sides were sent, long enough ago that they cannot land any more."""
    user = first_sync(world)

    def step(name: str) -> None:
        if name == "before commit" and any("batchCreate" in call.request.path for call in world.people_wire.log):
            raise Crash(name)

    world.store.on_step = step
    try:
        user.run()
    except Crash:
        world.store.on_step = lambda _: None
    world.clock.advance(1300)
    return user


def crowd(world: World) -> User:
    """More of everything than is sent one by one: a label to be put, updates in batches, and new contacts."""
    user = world.user(**BOTH)
    links = many(world, user, 12, title="Rep", phone_work="650 253 0000")
    user.set(label=user.account.label("From Sugar"))
    user.sync()
    for n, link in enumerate(links):
        if n % 2:
            world.sugar.edit(link.sugar_id, title=f"Senator {n}")
        else:
            user.account.edit(link.google_id, organizations=titled(f"Governor {n}"))
    for n in range(5):
        world.sugar.add(first_name=f"Nf{n}", last_name=f"Nl{n}", email=[f"new{n}@x.org"])
    world.clock.advance(300)
    return user


def many_deletes(world: World) -> User:
    """Deletes that go in one call; one more contact than deletes stays on each side, and one is edited."""
    user = world.user(**BOTH)
    links = many(world, user, 12, title="Rep")
    for link in links[:5]:
        world.sugar.remove(link.sugar_id)
    for link in links[5:8]:
        user.account.remove(link.google_id)
    world.sugar.edit(links[9].sugar_id, title="Senator")
    world.clock.advance(300)
    return user


def paged(world: World) -> User:
    """Sugar gives two rows a page: listings, the feed and reads go on and on."""
    user = world.user(**BOTH)
    links = many(world, user, 5, title="Rep")
    for link in links[:3]:
        world.sugar.edit(link.sugar_id, title="Senator")
    user.account.edit(links[4].google_id, organizations=titled("Governor"))
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    world.clock.advance(300)
    return user


_SCENES: dict[str, Scene] = {
    "first sync": Scene(first_sync),
    "edits": Scene(edits),
    "deletes": Scene(deletes),
    "quiet": Scene(quiet),
    "sweep": Scene(sweep),
    "recovery": Scene(recovery),
    "crowd": Scene(crowd),
    "many deletes": Scene(many_deletes),
    "paged": Scene(paged, MappingProxyType({"sugar": SugarSwitches(max_num_cap=2)})),
}

OLDER: dict[str, Scene] = {
    f"{name}, older dialect": Scene(scene.build, MappingProxyType({**scene.options, "crm": "suitecrm"}))
    for name, scene in _SCENES.items()
    if "sugar" not in scene.options
}
"""The same with a Sugar that speaks the older dialect."""
SCENES = {**_SCENES, **OLDER}
