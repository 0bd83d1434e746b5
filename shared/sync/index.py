"""The compact index of both sides: hash of email, name and phone, id, version.

Made anew by every full listing (a *generation*), appended to by the feeds and by our own creates. It answers "who else
has this email?" without a call; what it answers is confirmed by a fresh read, so an outdated line costs a read and
never a wrong link. A run reads it only when somebody has to be looked up; 25,000 contacts are some 20 MB in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from shared.names import SideName
from shared.store.port import Change, Put, Remove, Store
from shared.sync.head import Head
from shared.sync.paths import Paths
from shared.sync.plain import plain

CHUNK = 1000
_SCAN = 8


class Row(msgspec.Struct, array_like=True):
    """One contact as it was listed or written."""

    id: str
    version: str
    in_scope: bool
    terms: list[str]

    @property
    def gone(self) -> bool:
        """A feed said that it is deleted, or goes by another name now; see :func:`gone`."""
        return not (self.version or self.terms)


def gone(record_id: str) -> Row:
    """One that a feed showed to be gone. Of whom a read does not find, this tells that it is no odd answer."""
    return Row(record_id, "", False, [])


UNTOLD = "untold"
"""In place of a version: a read has shown this name, and neither a feed nor a listing has told of it so far."""


class Index:
    """The index of one pair during one run."""

    def __init__(self, store: Store, paths: Paths, head: Head) -> None:
        self._store = store
        self._paths = paths
        self._head = head
        self._rows_of: dict[str, list[Row]] = {}
        self._touched: set[str] = set()
        self.read = 0

    def _names(self, side: SideName, *, building: bool) -> list[str]:
        state = self._head.side(side)
        if building:
            count = state.full.chunks if state.full else 0
            return [self._name(side, state.generation + 1, n) for n in range(count)]
        return [self._name(side, state.generation, n) for n in range(state.chunks)]

    @staticmethod
    def _name(side: SideName, generation: int, n: int) -> str:
        return f"{side.value}-{generation:06d}-{n:05d}"

    def _rows(self, names: list[str]) -> Iterator[Row]:
        for start in range(0, len(names), _SCAN):
            part = names[start : start + _SCAN]
            missing = [name for name in part if name not in self._rows_of]
            docs = self._store.get_all([self._paths.index(name) for name in missing]) if missing else {}
            self.read += len(docs)
            for name in missing:
                doc = docs.get(self._paths.index(name))
                self._rows_of[name] = msgspec.convert(doc.data["rows"], list[Row]) if doc else []
            for name in part:
                yield from self._rows_of[name]

    def append(self, side: SideName, rows: Iterable[Row], *, building: bool = False) -> None:
        """Adds rows to the current generation, or to the one being built by a full listing."""
        state = self._head.side(side)
        for row in rows:
            names = self._names(side, building=building)
            tail = names[-1] if names else None
            if tail is not None and tail not in self._rows_of:
                doc = self._store.get(self._paths.index(tail))
                self.read += 1
                self._rows_of[tail] = msgspec.convert(doc.data["rows"], list[Row]) if doc else []
            if tail is None or len(self._rows_of[tail]) >= CHUNK:
                if building and state.full:
                    tail = self._name(side, state.generation + 1, state.full.chunks)
                    state.full.chunks += 1
                else:
                    tail = self._name(side, state.generation, state.chunks)
                    state.chunks += 1
                self._rows_of[tail] = []
            self._rows_of[tail].append(row)
            self._touched.add(tail)

    def known(self, side: SideName) -> dict[str, tuple[str, bool]]:
        """The current generation: version and scope by id."""
        rows = self._rows(self._names(side, building=False))
        return {row.id: (row.version, row.in_scope) for row in rows if not row.gone}

    def rows(self, side: SideName) -> dict[str, Row]:
        """The current generation: the last row of each, by id."""
        return {row.id: row for row in self._rows(self._names(side, building=False))}

    def built(self, side: SideName) -> dict[str, bool]:
        """The generation being built: by id, whether it lies in the scope."""
        return {row.id: row.in_scope for row in self._rows(self._names(side, building=True))}

    def find(self, side: SideName, wanted: Collection[str], bare: Collection[str] = ()) -> set[str]:
        """Ids listed under any of these terms, or under one of the ``bare`` terms and without an email.

        What a listing under way has seen counts too.
        """
        terms, bare_terms = frozenset(wanted), frozenset(bare)
        if not terms and not bare_terms:
            return set()
        names = self._names(side, building=False) + self._names(side, building=True)
        return {
            row.id
            for row in self._rows(names)
            if not terms.isdisjoint(row.terms)
            or (not bare_terms.isdisjoint(row.terms) and not any(term.startswith("e:") for term in row.terms))
        }

    def of(self, side: SideName, ids: Collection[str]) -> list[Row]:
        """All that is known of these, a listing under way included."""
        names = self._names(side, building=False) + self._names(side, building=True)
        return [row for row in self._rows(names) if row.id in ids]

    def told(self, side: SideName, ids: Collection[str]) -> set[str]:
        """Those of them of which changes or a listing have told, or a write of ours: not a read alone."""
        return {row.id for row in self.of(side, ids) if row.version != UNTOLD and not row.gone}

    def untold(self, side: SideName, ids: Collection[str]) -> set[str]:
        """Those of which a read alone has told."""
        return {row.id for row in self.of(side, ids) if row.version == UNTOLD} - self.told(side, ids)

    @property
    def waiting(self) -> int:
        """Chunks that the next commit has to write."""
        return len(self._touched)

    def gone(self, side: SideName) -> set[str]:
        """Ids of which the last that is known is that they are gone."""
        return {record for record, row in self.rows(side).items() if row.gone}

    def size(self, side: SideName) -> int:
        """Rows of the current generation."""
        names = self._names(side, building=False)
        return CHUNK * (len(names) - 1) + sum(1 for _ in self._rows(names[-1:])) if names else 0

    def late(self, side: SideName) -> list[Row]:
        """What was appended to the current generation while the next one was built.

        The listing need not show it: it began before.
        """
        listing = self._head.side(side).full
        if listing is None or listing.rows is None:
            return []
        names = self._names(side, building=False)[listing.rows // CHUNK :]
        return list(self._rows(names))[listing.rows % CHUNK :]

    def swap(self, side: SideName) -> list[Change]:
        """The generation just built becomes the current one; the removals of the old one's chunks."""
        state = self._head.side(side)
        if state.full is None:
            raise ValueError("no full listing is under way")
        old = self._names(side, building=False)
        late, listed = self.late(side), self.built(side)
        state.generation += 1
        state.chunks = state.full.chunks
        self._touched.difference_update(old)
        for name in old:
            self._rows_of.pop(name, None)
        # A page that was listed before shows these as they were. Of one that is listed, none says that it is gone.
        self.append(side, [row for row in late if not (row.gone and row.id in listed)])
        return [Remove(self._paths.index(name)) for name in old]

    def drop_building(self, side: SideName) -> list[Change]:
        """Gives up the generation being built; the removals of its chunks."""
        names = self._names(side, building=True)
        self._touched.difference_update(names)
        for name in names:
            self._rows_of.pop(name, None)
        return [Remove(self._paths.index(name)) for name in names]

    def changes(self) -> list[Change]:
        """What a commit has to write for all that was appended since the last call."""
        found: list[Change] = [
            Put(self._paths.index(name), {"rows": plain(self._rows_of[name])}) for name in sorted(self._touched)
        ]
        self._touched.clear()
        return found
