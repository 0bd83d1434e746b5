"""Versions that need no second look.

Every write of ours comes back through the feed, and Sugar's feed is asked with an overlap. A version that has been
reflected, and that no later edit can share, is dropped where it turns up again. It decides about *looking*, never about
a value: what is not in here is simply read again.
"""

from __future__ import annotations

from typing import Any

from shared.names import SideName
from shared.store.port import Change, Put, Store
from shared.sync.paths import Paths

MOST = 4000
"""Remembered versions a side; the oldest go first."""

_SETTLED, _WRITTEN = 1, 0


class Recents:
    """Read when a feed had something, written when something was reflected."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store = store
        self._path = paths.recents
        self._known: dict[SideName, dict[str, list[Any]]] | None = None
        self._touched = False
        self.read = 0

    def _load(self) -> dict[SideName, dict[str, list[Any]]]:
        if self._known is None:
            doc = self._store.get(self._path)
            self.read += 1
            data = doc.data if doc else {}
            self._known = {side: dict(data.get(side.value, {})) for side in SideName}
        return self._known

    def reflected(self, side: SideName, record: str, version: str) -> bool:
        """This very version has been dealt with."""
        return bool(version) and self._load()[side].get(record) == [version, _SETTLED]

    def ours(self, side: SideName, record: str, version: str) -> bool:
        """Expected to be our own write coming back; it still has to be read once."""
        return bool(version) and self._load()[side].get(record) == [version, _WRITTEN]

    def note(self, side: SideName, record: str, version: str, *, settled: bool) -> None:
        """Remembers a version that was reflected, or just written."""
        known = self._load()[side]
        entry = [version, _SETTLED if settled else _WRITTEN]
        if known.get(record) == entry:
            return
        known.pop(record, None)
        known[record] = entry
        while len(known) > MOST:
            del known[next(iter(known))]
        self._touched = True

    def changes(self) -> list[Change]:
        """What a commit has to write."""
        if not self._touched or self._known is None:
            return []
        self._touched = False
        return [Put(self._path, {side.value: known for side, known in self._known.items()})]
