"""The API's description, read once per process.

``googleapiclient`` reads 150 kB of description and writes documentation for every method of a resource, each time the
resource is opened: more work than the call itself. What comes of it holds no state of a user, so all share it; the
transport and the address are put into each request.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from shared.people.endpoints import GOOGLE

PEOPLE_URL = GOOGLE.people
_COLLECTIONS = frozenset({"people", "connections", "contactGroups", "members"})


class _NoTransport:
    """Stands where the library wants a transport: each request brings its own."""


class _Kept:
    """A resource that opens the collections below it once."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        self._opened: dict[str, _Kept] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in _COLLECTIONS:
            return getattr(self._resource, name)
        return lambda: self._open(name)

    def _open(self, name: str) -> _Kept:
        if name not in self._opened:
            # Two threads may both open it: the same thing twice, of which one is kept.
            self._opened[name] = _Kept(getattr(self._resource, name)())
        return self._opened[name]


@cache
def service() -> Any:
    """The People API v1, as ``googleapiclient`` presents it; its requests go to :data:`PEOPLE_URL`."""
    # Imported late: it takes 0.3 s, which a function that only answers a browser need not spend.
    from googleapiclient.discovery import build

    return _Kept(build("people", "v1", http=_NoTransport(), static_discovery=True, cache_discovery=False))
