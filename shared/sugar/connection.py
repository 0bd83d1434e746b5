"""Connections that go where :class:`~shared.sugar.reach.Policy` lets them, decided at the last moment.

Whatever an address looks like, and however libraries read it: here stand the host and the port that are about to be
called. The name is resolved once, every number is judged, and one of these numbers is connected to; the name itself
stays in the certificate check, in SNI and in the header ``Host``.
"""

from __future__ import annotations

import socket
import time
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from shared.sugar.reach import Policy


class GuardedAdapter(HTTPAdapter):
    """Keeps one connection, made under this policy; repeats nothing, knows no proxies."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes every pool one of guarded connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._policy)

    def proxy_manager_for(self, proxy: str, **_: Any) -> Any:
        """Refuses: a proxy would resolve the name by itself."""
        raise ValueError("Sugar is not called through a proxy")


class _Guarded(HTTPConnection):
    """Opens sockets to numbers that were judged."""

    scheme: ClassVar[str]
    policy: ClassVar[Policy]

    def _new_conn(self) -> socket.socket:
        """Tries the numbers one after the other; all of it within the time-out for connecting, so that nothing is sent
        later than the caller reckons with.

        Raises:
            BadAddress: the policy refuses the host, the port, or one of the numbers.
        """
        began = time.monotonic()
        self.policy.check(self.scheme, self.host.lower(), self.port)
        try:
            numbers = self.policy.addresses(self.host)
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(*error.args)) from error
        for number in numbers:
            left = None if self.timeout is None else self.timeout - (time.monotonic() - began)
            if left is not None and left <= 0:
                break
            try:
                return create_connection((number, self.port), left, self.source_address, self.socket_options)
            except OSError:
                # To keep the error would keep this frame, and through it the pool and its open sockets.
                continue
        raise NewConnectionError(self, "no connection in time")


def _pools(policy: Policy) -> dict[str, type[HTTPConnectionPool]]:
    """By scheme. Classes, as that is what urllib3 takes; so each policy has its own."""

    class Plain(_Guarded):
        scheme = "http"

    class Secure(_Guarded, HTTPSConnection):
        scheme = "https"

    Plain.policy = Secure.policy = policy

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
