"""One WSGI application on one port."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 24
"""Requests carried out at a time; tasks of the queue are requests, too."""
_CONNECTIONS = 1000
"""Held open at a time; browsers keep some for later."""
_BODY = 1024 * 1024
"""What is larger is refused before it is read; the functions themselves take less."""


class Listener:
    """Listens from the beginning, answers while it runs.

    A front on the same machine that takes https may say for whom it asks (``X-Forwarded-For``); nobody else may.

    Args:
        host: name or number.
        port: 0 for any.

    Raises:
        OSError: the port is taken, or not to be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._server: Any = None
        self._sockets: dict[int, Any] = {}
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"

    def serve(self, application: WSGIApplication) -> None:
        """Sets what answers."""
        from waitress import create_server  # type: ignore[import-untyped]

        # More requests than threads are no trouble, only a wait; it would be told on every busy second.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._server = create_server(
            application,
            map=self._sockets,
            sockets=[self._socket],
            threads=THREADS,
            connection_limit=_CONNECTIONS,
            ident=None,
            max_request_body_size=_BODY,
            trusted_proxy="127.0.0.1",
            trusted_proxy_headers={"x-forwarded-for"},
        )

    def run(self) -> None:
        """Answers; returns after :meth:`stop`, or at Ctrl-C."""
        try:
            self._server.run()
        finally:
            self.close()

    def stop(self) -> None:
        """Ends :meth:`run`; from any thread."""
        # It leaves the call for the loop, then wakes the loop up through a pipe. A loop that is awake just then takes
        # the call and closes the pipe in between; all is done by then.
        with suppress(OSError):
            self._server.trigger.pull_trigger(self._end)

    def close(self) -> None:
        """Gives the port back."""
        self._end()
        self._socket.close()

    def _end(self) -> None:
        if self._server is not None:
            self._server.task_dispatcher.shutdown()
            self._server.asyncore.close_all(self._sockets)
