"""Fixtures of the Google connector's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.people.world import World


@pytest.fixture
def make() -> Iterator[Callable[..., World]]:
    """Makes worlds with other switches; all are closed in the end."""
    made: list[World] = []

    def build(**switches: Any) -> World:
        made.append(World(**switches).start())
        return made[-1]

    yield build
    for world in made:
        world.close()


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """A world in which writes show in the feed at once."""
    return make()
