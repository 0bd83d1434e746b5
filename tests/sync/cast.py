"""Who plays in the stories of creates in doubt, merges and other names, and what is asked of them at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from shared.sync.limits import Limits
from tests.simulators.people.switches import Shows, Switches
from tests.sync.crashes import Crash, Steps, fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.world import User, World, world

SHOWS = get_args(Shows)


def showing(shows: Shows, **limits: Any) -> Any:
    return world(people=Switches(merge_shows=shows), limits=Limits(**limits))


def linked_once(user: User) -> None:
    for ids in ([link.google_id for link in user.links()], [link.sugar_id for link in user.links()]):
        assert len(ids) == len(set(ids))
    fixed_point(user)


def names(w: World) -> list[str]:
    return sorted(record["last_name"] for record in w.sugar.contacts().values())


def classes(user: User) -> list[str]:
    return sorted(doc.data["class"] for doc in user.backlog())


def two(w: World) -> tuple[User, str, str]:
    """Ann and Ada on both sides; also their names in Google."""
    user = w.user(**BOTH)
    first = w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
    second = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    user.sync()
    rest(user)
    found = {link.sugar_id: link.google_id for link in user.links()}
    return user, found[first], found[second]


def asked_about(w: World) -> tuple[User, str]:
    """Ada stands once in Google and twice in Sugar: three entries. Also her name in Google."""
    user = w.user(**BOTH)
    for _ in range(2):
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    old = user.account.add(person("Ada", "Byron", "ada@x.org"))
    w.clock.advance(60)
    user.sync()
    rest(user)
    assert [doc.id for doc in user.backlog() if doc.id.startswith("g")]
    return user, old


def twelve(w: World, **settings: Any) -> User:
    user = w.user(**{**BOTH, **settings})
    for n in range(12):
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
    user.sync()
    rest(user)
    return user


def dies(user: User, when: Callable[[str], bool]) -> None:
    """A run that crashes at the first step of which this is true; then its lease is over."""
    world = user.world

    def at(step: str) -> None:
        if when(step):
            raise Crash(step)

    world.store.on_step = at
    with pytest.raises(Crash):
        user.run()
    Steps.off(world)
    world.clock.advance(330)
