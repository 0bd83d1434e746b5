"""An installation for each file, and who comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.account.sign_in import uid_of
from tests.emulator import firestore_emulator, firestore_project
from tests.site.browser import Browser
from tests.site.running import Running, running

__all__ = ["firestore_emulator", "firestore_project"]


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with running(each=1) as made:
        yield made


@pytest.fixture(scope="module")
def uid(site: Running) -> str:
    """Of somebody who has signed in."""
    site.jane().close()
    return uid_of(site.town.account.subject)


@pytest.fixture
def nobody(site: Running) -> Iterator[Browser]:
    """Somebody who has not signed in."""
    site.clock.advance(301)  # rates are another test's matter
    with closing(site.browser()) as browser:
        yield browser


@pytest.fixture
def jane(site: Running, uid: str, nobody: Browser) -> Browser:
    """That somebody, just signed in."""
    name, _, value = site.services.sessions.begin(uid).partition(";")[0].partition("=")
    nobody.cookies[name] = value
    return nobody
