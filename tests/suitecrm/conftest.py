"""Worlds for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.suitecrm.world import World, world


@pytest.fixture
def w() -> Iterator[World]:
    with world() as made:
        yield made
