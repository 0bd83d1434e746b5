"""The moments of a run at which a crash hurts most, found by making the run once undisturbed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from tests.sync.crashes import Crash, Picture, Steps, picture, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import linked, titled
from tests.world import User, World, world

Story = Callable[[World], User]
"""Brings a world to where the next run has something to write."""

SHORT, LONG = 310.0, 1300.0
"""Pauses after a crash, in seconds: the lease is over; the quiet period, too."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Steps of one run, by number; see :class:`tests.sync.crashes.Steps`."""

    planned: int
    """After the plan, before T1."""
    on_paper: int
    """After T1, before the first call."""
    answered: int
    """After the last call, before T2."""
    between: int
    """Right before the last call to a side."""
    steps: int
    """The last step of the run."""


class _Marked(Steps):
    """Also knows after which step the first new intents were on paper."""

    def __init__(self, world: World, user: User) -> None:
        super().__init__(world)
        self._world = world
        self._user = user
        self._before = self._chunks()
        self.on_paper = 0

    def _chunks(self) -> set[str]:
        return {doc.id for doc in self._world.store.inner.query(self._user.paths.collection("intents"))}

    def _step(self, name: str) -> None:
        super()._step(name)
        if not self.on_paper and self._chunks() - self._before:
            self.on_paper = len(self.seen)


def undisturbed(story: Story) -> tuple[Moments, Picture]:
    """The moments of the run that follows the story, and what the world comes to."""
    with world() as w:
        user = story(w)
        marked = _Marked(w, user)
        user.run()
        Steps.off(w)
        seen, on_paper = marked.seen, marked.on_paper
        assert on_paper, "the run writes nothing"
        answered = next(n for n, name in enumerate(seen, 1) if n > on_paper and name == "before commit")
        between = max(n for n, name in enumerate(seen, 1) if n < answered and name == "before call")
        rest(user)
        return Moments(on_paper - 1, on_paper, answered, between, len(seen)), picture(w, user)


def dies(w: World, user: User, step: int) -> None:
    """A run that crashes at this step."""
    Steps(w, crash_at=step)
    with pytest.raises(Crash):
        user.run()
    Steps.off(w)


# -- stories of one contact --------------------------------------------------------------------------


def new_in_sugar(w: World) -> User:
    """Without email: nothing but our key tells the copy from somebody else."""
    user = w.user(**BOTH)
    w.sugar.add(first_name="Solo", last_name="Sugar", title="Countess")
    w.clock.advance(300)
    return user


def new_in_google(w: World) -> User:
    user = w.user(**BOTH)
    user.account.add(person("Solo", "Google", organizations=titled("Countess")))
    w.clock.advance(300)
    return user


def edited_in_sugar(w: World) -> User:
    user, link = linked(w)
    w.sugar.edit(link.sugar_id, title="Mathematician")
    w.clock.advance(300)
    return user


def edited_in_google(w: World) -> User:
    user, link = linked(w)
    user.account.edit(link.google_id, organizations=titled("Mathematician"))
    w.clock.advance(300)
    return user


def edited_on_both_sides(w: World) -> User:
    """Two different fields, so that both sides are written."""
    user, link = linked(w)
    w.sugar.edit(link.sugar_id, title="Mathematician")
    user.account.edit(link.google_id, nicknames=[{"value": "Enchantress"}])
    w.clock.advance(300)
    return user


def deleted_in_sugar(w: World) -> User:
    user, link = linked(w)
    w.sugar.remove(link.sugar_id)
    w.clock.advance(300)
    return user


def deleted_in_google(w: World) -> User:
    user, link = linked(w)
    user.account.remove(link.google_id)
    w.clock.advance(300)
    return user


STORIES = {
    story.__name__: story
    for story in (
        new_in_sugar,
        new_in_google,
        edited_in_sugar,
        edited_in_google,
        edited_on_both_sides,
        deleted_in_sugar,
        deleted_in_google,
    )
}


@cache
def calm(story: str) -> tuple[Moments, Picture]:
    """Its moments, and what it comes to without a crash."""
    return undisturbed(STORIES[story])
