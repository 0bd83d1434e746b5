"""A site between both simulators, and somebody's browser before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.site.running import Running, running
from tests.ui.chrome import Screen, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Window = Callable[..., Screen]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    """With everything connected and one sync behind it, where a test does not begin anew."""
    with running(each=4) as made:
        yield made


@pytest.fixture
def window(chrome: Browser, site: Running) -> Iterator[Window]:
    """Opens a window without cookies; nothing may go wrong in any of them."""
    with ExitStack() as stack:
        opened: list[Screen] = []

        def window(**how: Any) -> Screen:
            context = chrome.new_context(**{"viewport": {"width": 1200, "height": 800}, "locale": "en-US", **how})
            stack.callback(context.close)
            opened.append(Screen(context.new_page(), site.url))
            return opened[-1]

        site.clock.advance(301)  # rates are another test's matter
        yield window
        assert [error for screen in opened for error in screen.errors] == []


@pytest.fixture
def jane(window: Window, site: Running) -> Screen:
    """Somebody who is signed in, with both sides connected and synced once."""
    return signed_in(window, site)


def signed_in(window: Window, site: Running, **how: Any) -> Screen:
    """Another window of the same person."""
    screen = window(**how)
    browser = site.jane()
    browser.patch("/settings", from_google={"create": True})
    if not browser.get("/status").ok["linked"]:
        site.clock.advance(61)
        assert browser.post("/sync", {}).ok["status"] == "done"
    cookies = [{"name": name, "value": value, "url": site.url} for name, value in browser.cookies.items()]
    screen.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    return screen
