"""Reading history that lies in the archive: its rows go on where those of the store end.

The store is looked through first when the newest is asked for, the archive first when the oldest is: rows leave the
store oldest first, so every row of the archive is older than every row of the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.store.bucket import Bucket
from shared.store.port import Doc, Store, Where
from shared.sync.browse import Found, HistoryFilter, history
from shared.sync.bundle import Bundle, Row, unpacked
from shared.sync.paths import Paths

_OBJECTS = 5
"""Read for one page at most; a page may come short, and the next one goes on."""
_MARK = "archive"
_STORE = ["store"]
"""The place where the archive has ended and the store begins."""
APART = "~"
"""Between the part and the row in the id of an archived row; ids of the store never hold it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page ended: in which part, and after how many of its rows that match."""

    to: str
    part: str
    rows: int

    @classmethod
    def of(cls, after: Sequence[str]) -> _Place:
        _, to, part, rows = after
        return cls(to, part, int(rows))

    def told(self) -> list[str]:
        return [_MARK, self.to, self.part, str(self.rows)]


class Archived:
    """A pair's whole history: in the store, and in the archive.

    Args:
        bucket: ``None`` where no archive is configured.
    """

    def __init__(self, store: Store, paths: Paths, bucket: Bucket | None) -> None:
        self._store = store
        self._paths = paths
        self._bucket = bucket

    def page(self, wanted: HistoryFilter, *, after: Sequence[str] | None, limit: int) -> Found:
        """A page of rows; those out of the archive as documents too.

        Raises:
            Unavailable: of the store.
            BucketRefused, BucketDown, ObjectSpoilt: of the archive.
        """
        place = _Place.of(after) if after is not None and after[0] == _MARK else None
        if wanted.ascending:
            if self._bucket is not None and (after is None or place is not None):
                return self._old(wanted, place, limit, then=True)
            return history(self._store, self._paths, wanted, after=None if after == _STORE else after, limit=limit)
        if place is not None:
            return self._old(wanted, place, limit, then=False)
        found = history(self._store, self._paths, wanted, after=after, limit=limit)
        if found.place is not None or self._bucket is None:
            return found
        rest = limit - len(found.docs)
        if not rest:
            return Found(found.docs, _Place("", "", 0).told() if self._parts(wanted, None, 1) else None)
        old = self._old(wanted, None, rest, then=False)
        return Found([*found.docs, *old.docs], old.place)

    def row(self, name: str) -> Doc | None:
        """One row by its id; ``None`` if there is none."""
        part_id, apart, row_id = name.partition(APART)
        if not apart:
            return self._store.get(self._paths.history(name))
        doc = self._store.get(self._paths.archive(part_id)) if part_id and self._bucket is not None else None
        if doc is None:
            return None
        return next((self._doc(doc, row) for row in self._rows(doc) if row.id == row_id), None)

    # -- the archive -----------------------------------------------------------------------------------

    def _old(self, wanted: HistoryFilter, place: _Place | None, limit: int, *, then: bool) -> Found:
        """Rows of the archive.

        Args:
            then: the store comes after the archive.
        """
        docs: list[Doc] = []
        start = place if place is not None and place.part else None
        parts = self._parts(wanted, start, _OBJECTS + 1)
        for n, doc in enumerate(parts):
            if n == _OBJECTS:
                return Found(docs, _Place(parts[n - 1].data["to"], parts[n - 1].id, -1).told())
            rows = [row for row in self._rows(doc) if matches(wanted, row.data)]
            rows = rows if wanted.ascending else rows[::-1]
            seen = start.rows if start is not None and start.part == doc.id else 0
            rest = rows[seen:]
            taken = rest[: limit - len(docs)]
            docs += [self._doc(doc, row) for row in taken]
            if len(docs) == limit:
                at_end = len(taken) == len(rest)
                if at_end and n == len(parts) - 1:
                    break
                return Found(docs, _Place(doc.data["to"], doc.id, -1 if at_end else seen + len(taken)).told())
        if not then:
            return Found(docs, None)
        following = history(self._store, self._paths, wanted, after=None, limit=max(1, limit - len(docs)))
        if len(docs) == limit:
            return Found(docs, _STORE if following.docs else None)
        return Found([*docs, *following.docs], following.place)

    def _parts(self, wanted: HistoryFilter, place: _Place | None, most: int) -> list[Doc]:
        """The parts that may hold rows, in order, from the place on (with that part itself, unless it was read)."""
        where = [Where("to", ">=", wanted.since)] if wanted.since is not None else []
        found: list[Doc] = []
        after: list[str] | None = None
        if place is not None:
            doc = self._store.get(self._paths.archive(place.part))
            found += [doc] if doc is not None and place.rows >= 0 else []
            after = [place.to, place.part]
        while len(found) < most:
            docs = self._store.query(
                self._paths.collection("archive"),
                where,
                order="to",
                descending=not wanted.ascending,
                limit=most + 1,
                after=after,
            )
            found += [
                doc for doc in docs if doc.data["kept"] and (wanted.until is None or doc.data["since"] < wanted.until)
            ]
            if len(docs) <= most:
                break
            after = [docs[-1].data["to"], docs[-1].id]
        return found[:most]

    def _rows(self, doc: Doc) -> list[Row]:
        return rows_of(doc, self._bucket) if self._bucket is not None else []

    def _doc(self, part: Doc, row: Row) -> Doc:
        name = f"{part.id}{APART}{row.id}"
        return Doc(self._paths.history(name), {**row.data, "archived": True}, "")


def rows_of(doc: Doc, bucket: Bucket) -> list[Row]:
    """The rows of the bundle that a document tells of. Raises as :meth:`Bucket.get`, and ``ObjectSpoilt``."""
    bundle = msgspec.convert(doc.data, Bundle)
    return unpacked(bundle, bucket.get(bundle.object))


def matches(wanted: HistoryFilter, data: dict[str, Any]) -> bool:
    """Whether a row is one of those asked for; the same conditions as the store's query has."""
    return (
        wanted.contact in (None, data["link"])
        and wanted.run in (None, data["run"])
        and (wanted.kind is None or wanted.kind in data["kinds"])
        and (wanted.since is None or data["at"] >= wanted.since)
        and (wanted.until is None or data["at"] < wanted.until)
    )
