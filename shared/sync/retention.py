"""History past its time: into the archive, if there is one, and then out of the store.

Rows leave the store only in the commit that says where they lie now, and only after they were read back from there::

    open (which rows, which object) ─▶ upload ─▶ read back ─▶ kept + rows removed, in one commit
                 │                       │            │
                 └───────── a crash anywhere: the same rows, the same bytes, the same name once more

Rows never change and none is added in the past, so the rows up to the place that the open part names stay the same.
Without an archive rows past their time are only removed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.clock import Clock
from shared.errors import FatalError, RetriableError
from shared.store.bucket import CONNECT, READ, Bucket
from shared.store.port import Change, Doc, Put, Remove, Store, Where
from shared.sync.bundle import Bundle, packed
from shared.sync.head import Head
from shared.sync.paths import Paths

_log = logging.getLogger(__name__)

ROWS = 500
"""Rows of one part: one object, one commit."""
_PAGE = 50
_BYTES = 8 * 1024 * 1024
"""Of the rows of one part as JSON, about."""
NEEDS = timedelta(seconds=3 * (CONNECT + READ))
"""What a part may take: looking whether the object is there, writing it, reading it."""

Commit = Callable[[Sequence[Change]], None]


class _NotArchived(Exception):
    """The bucket did not take it."""


class Retention:
    """Takes a pair's history out of the store when its time has come.

    Args:
        commit: commits under the lease.
        days: so long rows are kept in the store.
    """

    def __init__(
        self, store: Store, paths: Paths, bucket: Bucket | None, clock: Clock, commit: Commit, *, days: int
    ) -> None:
        self._store = store
        self._paths = paths
        self._bucket = bucket
        self._clock = clock
        self._commit = commit
        self._days = days

    def part(self, head: Head) -> bool:
        """Takes one part out; whether there may be more. What the archive does not take stays in the store.

        Args:
            head: is told what the archive had against it.

        Raises:
            RetriableError, FatalError: of the store.
        """
        head.archive_trouble = ""
        try:
            return self._part(self._clock.now())
        except _NotArchived as error:
            head.archive_trouble = str(error)
            _log.warning("history is not archived: %s", error)
            return False

    def _part(self, now: datetime) -> bool:
        """Whether there may be more."""
        before = (now - timedelta(days=self._days)).isoformat()
        doc = self._open()
        if doc is not None:
            part = msgspec.convert(doc.data, Bundle)
            rows = self._until(part)
        else:
            rows = self._rows(before)
        if not rows:
            return False
        gone = [Remove(row.path) for row in rows]
        if self._bucket is None:
            if doc is not None:
                gone.append(Remove(doc.path))
            self._commit(gone)
            return True
        data = packed(rows)
        if doc is None:
            part = self._named(rows, data)
            path = self._paths.archive(rows[-1].id)
            self._commit([Put(path, msgspec.to_builtins(part))])
        else:
            path = doc.path
            if part.sha256 != hashlib.sha256(data).hexdigest():
                # Packed by another version of the library: the same rows, other bytes, so another object.
                part = self._named(rows, data)
        try:
            self._bucket.put(part.object, data)
        except (FatalError, RetriableError) as error:
            raise _NotArchived(error.message) from error
        self._commit([Put(path, msgspec.to_builtins(msgspec.structs.replace(part, kept=True))), *gone])
        return True

    def _open(self) -> Doc | None:
        found = self._store.query(self._paths.collection("archive"), [Where("kept", "==", False)], limit=1)
        return found[0] if found else None

    def _rows(self, before: str) -> list[Doc]:
        """The oldest rows past their time, as many as fit into a part."""
        rows: list[Doc] = []
        size = 0
        after: list[str] | None = None
        while len(rows) < ROWS and size < _BYTES:
            page = self._store.query(
                self._paths.collection("history"), [Where("at", "<", before)], order="at", limit=_PAGE, after=after
            )
            rows += page
            size += sum(len(msgspec.json.encode(row.data)) for row in page)
            if len(page) < _PAGE:
                break
            after = [page[-1].data["at"], page[-1].id]
        return rows

    def _until(self, part: Bundle) -> list[Doc]:
        """The rows that an open part names."""
        rows: list[Doc] = []
        after: list[str] | None = None
        while True:
            page = self._store.query(
                self._paths.collection("history"), [Where("at", "<=", part.to)], order="at", limit=_PAGE, after=after
            )
            rows += [row for row in page if (row.data["at"], row.id) <= (part.to, part.last)]
            if len(page) < _PAGE or len(rows) >= part.rows:
                return rows
            after = [page[-1].data["at"], page[-1].id]

    def _named(self, rows: Sequence[Doc], data: bytes) -> Bundle:
        digest = hashlib.sha256(data).hexdigest()
        first, last = rows[0], rows[-1]
        return Bundle(
            object=f"{self._paths.uid}/{self._paths.pair}/{first.data['at'][:10]}-{digest[:32]}.ndjson.gz",
            since=first.data["at"],
            to=last.data["at"],
            last=last.id,
            rows=len(rows),
            sha256=digest,
        )
