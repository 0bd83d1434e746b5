"""Everything on one machine and one port: the functions, a queue, and a beat instead of Cloud Scheduler."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

from shared.clock import Clock, SystemClock
from shared.local.listener import Listener
from shared.local.queue import Beat, LocalQueue
from shared.local.site import Site, nothing
from shared.web.config import listen_at, read
from shared.web.log import to_stdout
from shared.web.platform import OneToken
from shared.web.services import Services, give

_log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two looks for users who are due, as Cloud Scheduler is set up."""
_LONGEST = 600.0
"""Seconds that one task may take."""
_PATIENCE = 10.0
"""Seconds that the end waits for tasks under way: they bear being cut off, but why leave something in doubt?"""


class Server:
    """One installation; its parts can also be driven one by one.

    Args:
        environment: the configuration, see ``shared.web.config``; ``TASKS`` and ``PLATFORM_*`` are not looked at.

    Raises:
        FatalError: a variable is missing, or holds what it must not, or leads to what cannot be used.
        OSError: the port is taken, or not to be had.
    """

    def __init__(self, environment: Mapping[str, str], *, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        # Listens before the configuration is read: where any port will do, the address is known only now.
        self.listener = Listener(*listen_at(environment))
        self.token = secrets.token_urlsafe(32)
        """What the queue shows the functions; nobody else knows it."""
        self.queue = LocalQueue(self._sync, clock)
        try:
            given = {name: value for name, value in environment.items() if value.strip()}
            config = read({"PUBLIC_URL": self.listener.url, **given})
            self.services = Services(config, clock=clock, platform=OneToken(self.token), tasks=self.queue)
            self.services.check()
        except BaseException:
            self.listener.close()
            raise
        give(self.services)
        self.listener.serve(Site(nothing))
        self._beat = Beat(self.look, EVERY)

    @property
    def url(self) -> str:
        """Where it listens: not necessarily where browsers find it."""
        return self.listener.url

    def run(self) -> None:
        """Serves, syncs who is due, and logs to standard output; returns after :meth:`stop`, or at Ctrl-C."""
        to_stdout()
        self.queue.start()
        self._beat.start()
        over: SimpleQueue[BaseException | None] = SimpleQueue()
        listening = threading.Thread(target=self._listen, args=(over,), name="listener", daemon=True)
        listening.start()
        try:
            # Ctrl-C interrupts the main thread wherever it is: here in this wait alone, never in the middle of the
            # server, where what handles any error would handle that one, too, or a lock would stay taken.
            failure = over.get()
            if failure is not None:
                raise failure
        except KeyboardInterrupt:
            self.listener.stop()
            raise
        finally:
            listening.join(_PATIENCE)
            self._beat.stop()
            self.queue.stop(patience=_PATIENCE)
            self.services.store.close()

    def stop(self) -> None:
        """Ends :meth:`run`; from any thread."""
        self.listener.stop()

    def look(self) -> None:
        """Looks once for users who are due."""
        self._post("dispatch", {})

    def _listen(self, over: SimpleQueue[BaseException | None]) -> None:
        try:
            self.listener.run()
        except BaseException as error:  # noqa: BLE001 -- raised where the end is waited for
            over.put(error)
        else:
            over.put(None)

    def _sync(self, body: dict[str, Any]) -> None:
        self._post("sync", body)

    def _post(self, function: str, body: dict[str, Any]) -> None:
        import requests

        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.token}"
            answer = session.post(f"{self.url}/{function}", json=body, timeout=_LONGEST)
        if answer.status_code >= 400:
            _log.warning("%s answered %s", function, answer.status_code)
