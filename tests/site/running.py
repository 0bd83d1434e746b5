"""An installation that answers on a port of its own, with simulators, and a clock that the test moves."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.local.listener import Listener
from shared.local.server import Server
from shared.web.services import Services
from tests.given import given_back
from tests.simulators.wire import SimClock
from tests.site.browser import Browser
from tests.site.town import EMAIL, Town, town


@dataclass
class Running:
    """What a test has in hands."""

    town: Town
    url: str
    services: Services
    due: Callable[[], int]
    """One look of the scheduler, then all tasks that are due by the clock; how many there were."""
    token: Callable[[], str]
    """What the platform shows the functions."""
    browsers: list[Browser] = field(default_factory=list)

    @property
    def clock(self) -> SimClock:
        return self.town.clock

    def browser(self) -> Browser:
        """One without cookies."""
        self.browsers.append(Browser(self.url))
        return self.browsers[-1]

    def jane(self, *, connected: bool = True) -> Browser:
        """One that is signed in."""
        made = self.browser()
        assert made.sign_in() == "/ui"
        if connected:
            assert made.put("/sugar", self.town.login).ok["connected"]
        self.clock.advance(1)
        return made

    @property
    def email(self) -> str:
        """Who signs in."""
        return EMAIL


@contextmanager
def answering(listener: Listener) -> Iterator[None]:
    """The listener runs inside."""
    thread = threading.Thread(target=listener.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.stop()
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def running(*, each: int = 12, **variables: str) -> Iterator[Running]:
    """Everything on this machine, on SQLite; queue and beat are worked by hand.

    Args:
        each: so many people on both sides, in Sugar only, in Google only.
        variables: of the configuration, besides what it needs.
    """
    clock = SimClock()
    with given_back(), town(clock, each=each) as made, tempfile.TemporaryDirectory() as folder:
        given = {
            "LISTEN": "127.0.0.1:0",
            "STORE": f"sqlite:{folder}/contacts.sqlite",
            "SECRETS": f"folder:{Path(folder) / 'secrets'}",
        }
        server = Server({**given, **made.environment(), **variables}, clock=clock)

        def due() -> int:
            server.look()
            clock.advance(60)  # the tasks of one look are spread over a minute
            return server.queue.drain()

        site = Running(made, server.url, server.services, due, lambda: server.token)
        try:
            with answering(server.listener):
                yield site
        finally:
            for browser in site.browsers:
                browser.close()
            server.services.store.close()
