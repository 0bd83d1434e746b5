"""An installation for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functions.site import Browser, Site, site


@pytest.fixture
def web() -> Iterator[Site]:
    """An installation that nobody has signed in to."""
    with site() as made:
        yield made


@pytest.fixture
def jane(web: Site) -> Browser:
    """A browser that is signed in, with Sugar connected."""
    return web.jane()
