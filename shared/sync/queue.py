"""The dirty keys, in lanes, in chunks.

A lane is a list of chunks, first in, first out; the head knows of each chunk what must be known without reading it. A
batch takes from the front of the lanes in their order and rewrites one or two chunks, whatever the number of contacts
waiting; keys that tell of a rename or a merge come before all lanes, and after them those of who is gone. Stuck keys
stand in ``later`` (not before a time) or in the backlog, so they never starve others.

====================  ===============================================================================
``released``          let go from the backlog by a person: first
``feed``              the change feeds said so
``echo``              expected to be our own write coming back; read like any other, but after them
``sweep``             looked at because its time has come
``later``             not before a time: backoff, in doubt
``asleep``            a switch or a rule holds a difference back; a change of settings wakes them all
====================  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

import msgspec

from shared.names import SideName
from shared.store.port import Change, Data, Put, Remove, Store
from shared.sync.head import ChunkInfo, Head
from shared.sync.paths import Paths
from shared.sync.plain import plain

CHUNK = 500
"""Entries of one chunk; at some 150 bytes each it stays far below a document's limit."""


class Lane(StrEnum):
    RELEASED = "released"
    FEED = "feed"
    ECHO = "echo"
    SWEEP = "sweep"
    LATER = "later"
    ASLEEP = "asleep"


READY = (Lane.RELEASED, Lane.FEED, Lane.ECHO, Lane.SWEEP)


class Dirty(msgspec.Struct, array_like=True, kw_only=False):
    """One key: this record may differ."""

    side: SideName
    id: str
    seen_at: str
    """When the change was first seen, ISO 8601."""
    version: str = ""
    deleted: bool = False
    """The feed showed its tombstone, or a complete listing showed it absent: proof, once a direct read agrees."""
    previous: list[str] = []
    planted: list[str] = []
    due: str = ""
    """In ``later``: not before."""
    lane: Lane = Lane.FEED
    """In ``later``: where it goes when it is due."""
    tries: int = 0
    exempt: bool = False
    """A person approved that it is deleted."""
    epoch: int = 0
    """Of the run that observed it. Runs follow one another under the lease, so epochs order them without clocks."""
    missed_at: str = ""
    """When a direct read first did not find the record, ISO 8601; blank once it was found."""
    doubts: int = 0
    """How many writes of this contact came to no known end."""


def _join(old: Dirty, new: Dirty) -> Dirty:
    """One key out of two of the same record: the earliest sight, the latest version, all that either knows.

    The one that is put in last is not always the later sight: a key that had to wait comes back as it was.
    """
    early, late = (old, new) if new.epoch >= old.epoch else (new, old)
    return Dirty(
        side=new.side,
        id=new.id,
        seen_at=min(old.seen_at, new.seen_at),
        version=late.version or early.version,
        deleted=late.deleted or (early.deleted and not late.version),
        previous=[*old.previous, *(item for item in new.previous if item not in old.previous)],
        planted=[*old.planted, *(item for item in new.planted if item not in old.planted)],
        due=min(old.due, new.due),
        lane=new.lane,
        tries=max(old.tries, new.tries),
        exempt=old.exempt or new.exempt,
        epoch=max(old.epoch, new.epoch),
        missed_at=min(filter(None, (old.missed_at, new.missed_at)), default=""),
        doubts=max(old.doubts, new.doubts),
    )


class _Chunk:
    """The entries of one chunk by record, in the order in which they came."""

    def __init__(self, keys: Iterable[Dirty] = ()) -> None:
        self.keys: dict[tuple[SideName, str], Dirty] = {}
        for key in keys:
            self.put(key)

    def put(self, key: Dirty) -> None:
        name = (key.side, key.id)
        old = self.keys.get(name)
        self.keys[name] = key if old is None else _join(old, key)

    def recount(self, info: ChunkInfo) -> None:
        info.count = len(self.keys)
        info.deleted = sum(key.deleted for key in self.keys.values())
        info.renamed = sum(bool(key.previous) for key in self.keys.values())
        info.due = min((key.due for key in self.keys.values()), default="")

    def data(self) -> Data:
        return {"keys": plain(list(self.keys.values()))}


class Queue:
    """The lanes of one pair during one run. Changes are collected and handed to a commit by :meth:`changes`.

    The head is changed as the queue is; it is committed along, so both always agree.
    """

    def __init__(self, store: Store, paths: Paths, head: Head) -> None:
        self._store = store
        self._paths = paths
        self._head = head
        self._loaded: dict[str, _Chunk] = {}
        self._touched: set[str] = set()
        self._where: dict[Lane, dict[tuple[SideName, str], ChunkInfo]] = {}
        self._former: dict[tuple[SideName, str], list[str]] | None = None
        self.read = 0

    def _lane(self, lane: Lane) -> list[ChunkInfo]:
        return self._head.queue.setdefault(lane.value, [])

    def _chunk(self, info: ChunkInfo) -> _Chunk:
        if info.id not in self._loaded:
            doc = self._store.get(self._paths.queue(info.id))
            self.read += 1
            self._loaded[info.id] = _Chunk(msgspec.convert(doc.data["keys"], list[Dirty]) if doc else ())
        return self._loaded[info.id]

    def size(self, *lanes: Lane) -> int:
        """Keys waiting in these lanes."""
        return sum(info.count for lane in lanes for info in self._head.queue.get(lane.value, ()))

    def deletions(self) -> int:
        """Tombstones waiting, over all lanes."""
        return sum(info.deleted for chunks in self._head.queue.values() for info in chunks)

    def add(self, lane: Lane, keys: Iterable[Dirty]) -> None:
        """Appends to the lane.

        A record that stands there already, or in a lane whose turn comes sooner, is going to be read anyway: what the
        new key knows is joined to the old one. So a feed that repeats itself does not make the queue longer.
        """
        for key in keys:
            if key.previous:
                self._former = None
            place = self._place(lane, key)
            if place is not None:
                self._join(*place, key)
                continue
            infos = self._lane(lane)
            if not infos or infos[-1].count >= CHUNK:
                self._head.serial += 1
                infos.append(ChunkInfo(id=f"{lane.value}-{self._head.serial:08d}", count=0))
                self._loaded[infos[-1].id] = _Chunk()
            info = infos[-1]
            chunk = self._chunk(info)
            chunk.put(key)
            info.count = len(chunk.keys)
            self._touched.add(info.id)
            if lane in self._where:
                self._where[lane][key.side, key.id] = info

    def _place(self, lane: Lane, key: Dirty) -> tuple[ChunkInfo, _Chunk] | None:
        """Where that record stands in this lane or one before it."""
        for sooner in READY[: READY.index(lane) + 1] if lane in READY else ():
            if sooner not in self._where:
                self._where[sooner] = {name: info for info in self._lane(sooner) for name in self._chunk(info).keys}
            info = self._where[sooner].get((key.side, key.id))
            if info is not None and (key.side, key.id) in self._chunk(info).keys:
                return info, self._chunk(info)
        return None

    def seen(self, side: SideName, record: str) -> str:
        """When a change of this record was first seen, if the feed's lane holds one; blank if not."""
        place = self._place(Lane.FEED, Dirty(side=side, id=record, seen_at=""))
        return place[1].keys[side, record].seen_at if place is not None else ""

    def _join(self, info: ChunkInfo, chunk: _Chunk, key: Dirty) -> None:
        old = chunk.keys[key.side, key.id]
        joined = _join(old, msgspec.structs.replace(key, lane=old.lane))
        if joined != old:
            chunk.keys[key.side, key.id] = joined
            self._touched.add(info.id)

    def ready(self) -> Iterator[Dirty]:
        """All keys whose turn it is, in the order of the lanes; chunks are read as they are reached.

        First those that tell who was renamed or merged: they lead to several links, and a batch that has one of these
        already would look at it as if there were no other. Then those of who is gone, for a listing of everything tells
        of no former names::

            A (linked) is B ──▶ the token expires ──▶ a listing: B is new, A is gone
            B's turn comes first, and it is nobody's yet ──▶ it is made in Sugar a second time
        """
        yield from [key for lane in READY for key in self._renamed(lane)]
        for lane in READY:
            for info in [each for each in self._lane(lane) if each.deleted or each.id in self._touched]:
                yield from [key for key in self._chunk(info).keys.values() if key.deleted and not key.previous]
        for lane in READY:
            for info in list(self._lane(lane)):
                yield from [key for key in self._chunk(info).keys.values() if not (key.deleted or key.previous)]

    def of(self, records: Collection[tuple[SideName, str]]) -> list[Dirty]:
        """The keys of these records, by whatever name, whether their turn has come or they wait for a time."""
        return [
            key
            for lane in (*READY, Lane.LATER)
            for info in self._lane(lane)
            for key in self._chunk(info).keys.values()
            if any((key.side, name) in records for name in (key.id, *key.previous))
        ]

    def former(self, side: SideName, record: str) -> tuple[str, ...]:
        """The names that a record has had, as far as its keys tell of them; the chunks that tell of none stay unread.

        A feed alone tells of them (people-api.md), and until that key's turn has come nothing else follows the record.
        """
        if self._former is None:
            self._former = {}
            for key in [key for lane in Lane for key in self._renamed(lane)]:
                self._former.setdefault((key.side, key.id), []).extend(key.previous)
        names = list(self._former.get((side, record), ()))
        for name in names:  # grows: that name may have had one before
            names += [each for each in self._former.get((side, name), ()) if each not in names and each != record]
        return tuple(names)

    def _renamed(self, lane: Lane) -> list[Dirty]:
        chunks = self._head.queue.get(lane.value, ())
        telling = [info for info in chunks if info.renamed or info.id in self._touched]
        return [key for info in telling for key in self._chunk(info).keys.values() if key.previous]

    def clear(self, keys: Iterable[Dirty]) -> None:
        """Takes exactly these keys, as :meth:`ready` gave them, out of the chunks read so far."""
        gone = {id(key) for key in keys}
        for info_id, chunk in self._loaded.items():
            left = {name: key for name, key in chunk.keys.items() if id(key) not in gone}
            if len(left) != len(chunk.keys):
                chunk.keys = left
                self._touched.add(info_id)

    def wake(self, now: str) -> None:
        """Moves the keys of ``later`` whose time has come to the end of their lane."""
        for info in list(self._lane(Lane.LATER)):
            if info.due > now:
                continue
            chunk = self._chunk(info)
            due = [key for key in chunk.keys.values() if key.due <= now]
            self.clear(due)
            for key in due:
                self.add(key.lane, [msgspec.structs.replace(key, due="")])
            chunk.recount(info)

    def wake_asleep(self, lane: Lane = Lane.FEED) -> None:
        """All that is held back is ready again, in this lane; the chunks change lanes as they are."""
        self._lane(lane).extend(self._lane(Lane.ASLEEP))
        self._head.queue[Lane.ASLEEP.value] = []
        self._where.pop(lane, None)

    def changes(self) -> list[Change]:
        """What a commit has to write for all that changed since the last call; empty chunks go."""
        found: list[Change] = []
        for lane in list(self._head.queue):
            kept: list[ChunkInfo] = []
            for info in self._head.queue[lane]:
                if info.id not in self._touched:
                    kept.append(info)
                    continue
                chunk = self._loaded[info.id]
                chunk.recount(info)
                if chunk.keys:
                    kept.append(info)
                    found.append(Put(self._paths.queue(info.id), chunk.data()))
                else:
                    found.append(Remove(self._paths.queue(info.id)))
                    del self._loaded[info.id]
            self._head.queue[lane] = kept
        self._touched.clear()
        return found
