"""A store that sees which documents are touched, and that fails on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from shared.errors import CommitUnknown, Unavailable
from shared.store.port import Change, Doc, Store, Version

Trouble = Literal["unavailable", "answer lost, not written", "answer lost, written", "unreadable"]


@dataclass
class _Planned:
    kind: Trouble
    after: int
    """So many commits (or reads, for ``unreadable``) go well before it."""


class WatchedStore:
    """Everything else is the store behind it."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.touched: set[str] = set()
        """Documents and collections read or written since :meth:`watch`."""
        self.committed: list[str] = []
        """Documents written since :meth:`watch`, in order."""
        self._planned: _Planned | None = None
        self._watching = 0
        self.failed = 0
        """How often it failed since it was healed."""

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Starts anew. Only inside does the store fail: the story itself reads from it, too."""
        self.touched.clear()
        self.committed.clear()
        self._watching += 1
        try:
            yield
        finally:
            self._watching -= 1

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What the story itself does in the middle of a run: it does not fail, and none of it is the run's."""
        watching, self._watching = self._watching, 0
        touched, committed = set(self.touched), list(self.committed)
        try:
            yield
        finally:
            self._watching, self.touched, self.committed = watching, touched, committed

    def fail(self, kind: Trouble, after: int) -> None:
        """Lets one commit (or read) of the next run fail; :meth:`heal` calls it off."""
        self._planned = _Planned(kind, after)

    def heal(self) -> None:
        self._planned = None
        self.failed = 0

    def _due(self, *, reading: bool) -> Trouble | None:
        planned = self._planned
        if planned is None or not self._watching or (planned.kind == "unreadable") is not reading:
            return None
        if planned.after > 0:
            planned.after -= 1
            return None
        self._planned = None
        self.failed += 1
        return planned.kind

    def _read(self, *paths: str) -> None:
        self.touched.update(paths)
        if self._due(reading=True):
            raise Unavailable("the store is down")

    def get(self, path: str) -> Doc | None:
        self._read(path)
        return self.inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = list(paths)
        self._read(*wanted)
        return self.inner.get_all(wanted)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        self._read(collection)
        return self.inner.query(collection, where, **how)

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        self._read(group)
        return self.inner.query_group(group, where, **how)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        trouble = self._due(reading=False)
        if trouble == "unavailable":
            raise Unavailable("the store is down")
        if trouble == "answer lost, not written":
            raise CommitUnknown("no answer came back")
        versions = self.inner.commit(changes)
        paths = [change.path for change in changes]
        self.touched.update(paths)
        self.committed += paths
        if trouble == "answer lost, written":
            raise CommitUnknown("no answer came back")
        return versions

    def close(self) -> None:
        self.inner.close()
