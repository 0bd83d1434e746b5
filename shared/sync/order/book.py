"""One order in the store: its header, its items in parts, their progress, and what it has looked at."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from shared.errors import BadPlan
from shared.names import SideName
from shared.store.port import Change, Create, Data, Put, Store
from shared.sync.order.model import PART, Item, ItemState, Order, PartInfo, Progress
from shared.sync.paths import Paths
from shared.sync.plain import plain
from shared.sync.view import PlannedField

_BYTES = 500_000
"""Of one part, before compression."""
_PARTS = 2
"""New parts of one commit."""
_SEEN = 5_000
"""Records in one document of those looked at, 15 bytes each."""
_CUT = 100
"""Characters of a value, in an item that would be larger than a part."""

Record = tuple[SideName, str]


def gone(record: Record) -> Record:
    """Stands for a record among those looked at, if its key said that it is gone: what another one says is news."""
    side, name = record
    return side, f"{name} gone"


@dataclass
class _New:
    """A part on its way into the store."""

    items: list[Item] = field(default_factory=list)
    progress: dict[str, Progress] = field(default_factory=dict)
    seen: list[Record] = field(default_factory=list)
    size: int = 0


class Book:
    """An order during one run. Changes are collected and handed to a commit by :meth:`changes`.

    The header is changed as its parts are, and committed along.
    """

    def __init__(self, store: Store, paths: Paths, order: Order) -> None:
        self.order = order
        self._store = store
        self._paths = paths
        self._items: dict[int, list[Item]] = {}
        self._progress: dict[int, dict[str, Progress]] = {}
        self._seen: dict[int, list[str]] = {}
        self._known: set[str] | None = None
        self._new: list[_New] = []
        self._touched: set[str] = set()
        self._header = False

    @classmethod
    def load(cls, store: Store, paths: Paths, order: str, field: str = "plan") -> Book:
        """A stored one.

        Raises:
            BadPlan: there is none of that name.
        """
        doc = store.get(paths.plan(order))
        if doc is None:
            raise BadPlan(field, "there is no such plan", unknown=True)
        return cls(store, paths, Order.load(doc.data))

    def touch(self) -> None:
        """The header has been changed."""
        self._header = True

    # -- reading -------------------------------------------------------------------------------------

    def part(self, number: int) -> list[Item]:
        """The items of a part, which never change."""
        self._load([number])
        return self._items[number]

    def progress(self, number: int) -> dict[str, Progress]:
        """How far the items of a part have come, by key."""
        self._load([number])
        return self._progress[number]

    def _load(self, numbers: Iterable[int]) -> None:
        wanted = [number for number in numbers if number not in self._items]
        if not wanted:
            return
        docs = self._store.get_all([path for n in wanted for path in (self._path(n, "i"), self._path(n, "p"))])
        for n in wanted:
            items, progress = docs.get(self._path(n, "i")), docs.get(self._path(n, "p"))
            self._items[n] = msgspec.convert(items.data["items"], list[Item]) if items else []
            self._progress[n] = msgspec.convert(progress.data["keys"], dict[str, Progress]) if progress else {}

    def waiting(self, now: str | None = None) -> Iterator[tuple[int, Item]]:
        """The items that wait, in the order in which they were planned, each with the number of its part.

        Args:
            now: only those whose turn it is by then.
        """
        for number, info in enumerate(self.order.parts):
            if not info.waiting:
                continue
            progress = self.progress(number)
            for item in self.part(number):
                state = progress[item.key]
                if state.state is ItemState.WAITING and (now is None or state.due <= now):
                    yield number, item

    def find(self, keys: Iterable[str]) -> dict[str, tuple[int, Progress]]:
        """Where these items stand: the number of the part, and how far they have come."""
        wanted = set(keys)
        found: dict[str, tuple[int, Progress]] = {}
        for number in range(len(self.order.parts)):
            if len(found) == len(wanted):
                break
            found.update({key: (number, p) for key, p in self.progress(number).items() if key in wanted})
        return found

    # -- what it has looked at -----------------------------------------------------------------------

    def seen(self, record: Record) -> bool:
        """Whether the order has looked at this record."""
        return _hash(record) in self._all_seen()

    def _all_seen(self) -> set[str]:
        if self._known is None:
            docs = self._store.get_all([self._path(n, "s") for n in range(self.order.seen)])
            for n in range(self.order.seen):
                doc = docs.get(self._path(n, "s"))
                self._seen[n] = list(doc.data["seen"]) if doc else []
            self._known = {name for names in self._seen.values() for name in names}
        return self._known

    # -- adding --------------------------------------------------------------------------------------

    def add(self, item: Item, progress: Progress, records: Iterable[Record]) -> None:
        """A new item, and the records that it answers for."""
        size = len(msgspec.json.encode(plain(item)))
        if size > _BYTES:
            item = _cut(item)
            size = len(msgspec.json.encode(plain(item)))
        last = self._new[-1] if self._new else None
        if last is None or len(last.items) >= PART or (last.items and last.size + size > _BYTES):
            last = _New()
            self._new.append(last)
        last.items.append(item)
        last.progress[item.key] = progress
        last.seen += records
        self._all_seen().update(map(_hash, last.seen))
        last.size += size

    def look(self, records: Iterable[Record]) -> None:
        """Records that were looked at, and of which nothing is to be told."""
        found = list(records)
        if not found:
            return
        if not self._new:
            self._new.append(_New())
        self._new[-1].seen += found
        self._all_seen().update(map(_hash, found))

    @property
    def empty(self) -> bool:
        """Whether it holds no contact."""
        return not self.order.parts and not any(new.items for new in self._new)

    @property
    def more(self) -> bool:
        """Whether there is more than one commit takes."""
        return len(self._new) > _PARTS

    # -- carrying out --------------------------------------------------------------------------------

    def set(self, key: str, number: int, progress: Progress) -> None:
        """How far an item has come now."""
        info, known = self.order.parts[number], self.progress(number)
        old = known[key]
        if old == progress:
            return
        known[key] = progress
        self._move(old.state, -1)
        self._move(progress.state, +1)
        info.waiting += (progress.state is ItemState.WAITING) - (old.state is ItemState.WAITING)
        self._touched.add(self._path(number, "p"))
        self._header = True

    def _move(self, state: ItemState, by: int) -> None:
        states = self.order.states
        states[state.value] = states.get(state.value, 0) + by

    # -- writing -------------------------------------------------------------------------------------

    def changes(self) -> list[Change]:
        """What a commit has to write for all that changed since the last call, but for new parts beyond its room."""
        found: list[Change] = []
        for new in self._new[:_PARTS]:
            found += self._store_new(new)
        del self._new[:_PARTS]
        for number, progress in self._progress.items():
            if self._path(number, "p") in self._touched:
                found.append(Put(self._path(number, "p"), _progress(progress)))
        for number, names in self._seen.items():
            if self._path(number, "s") in self._touched:
                found.append(Put(self._path(number, "s"), {"seen": names}))
        self._touched.clear()
        if found or self._header:
            found.append(Put(self._paths.plan(self.order.id), self.order.data()))
        self._header = False
        return found

    def _store_new(self, new: _New) -> list[Change]:
        self._all_seen()
        for name in map(_hash, new.seen):
            if not self._seen or len(self._seen[self.order.seen - 1]) >= _SEEN:
                self._seen[self.order.seen] = []
                self.order.seen += 1
            last = self.order.seen - 1
            self._seen[last].append(name)
            self._touched.add(self._path(last, "s"))
        if not new.items:
            self._header = True
            return []
        number = len(self.order.parts)
        self._items[number], self._progress[number] = new.items, new.progress
        waiting = sum(progress.state is ItemState.WAITING for progress in new.progress.values())
        self.order.parts.append(PartInfo(len(new.items), waiting))
        for progress in new.progress.values():
            self._move(progress.state, +1)
        for item in new.items:
            for kind in (item.shown.action, *item.shown.writes):
                self.order.counts[kind] = self.order.counts.get(kind, 0) + 1
            for cls in item.asks:
                self.order.asks[cls] = self.order.asks.get(cls, 0) + 1
        return [
            Create(self._path(number, "i"), {"items": plain(new.items)}),
            Create(self._path(number, "p"), _progress(new.progress)),
        ]

    def _path(self, number: int, kind: str) -> str:
        return self._paths.part(self.order.id, f"{number:05d}{kind}")

    @staticmethod
    def documents(paths: Paths, order: Order) -> list[str]:
        """The paths of everything that belongs to an order, the header last."""
        parts = [paths.part(order.id, f"{n:05d}{kind}") for n in range(len(order.parts)) for kind in "ip"]
        return [*parts, *(paths.part(order.id, f"{n:05d}s") for n in range(order.seen)), paths.plan(order.id)]


def _progress(progress: dict[str, Progress]) -> Data:
    return {"keys": plain(progress)}


def _hash(record: Record) -> str:
    side, name = record
    return urlsafe_b64encode(hashlib.blake2b(f"{side.value}:{name}".encode(), digest_size=9).digest()).decode()


def _cut(item: Item) -> Item:
    """The same, with its values cut: one contact must fit into a document, whatever is in it."""

    def cut(text: str) -> str:
        return text if len(text) <= _CUT else f"{text[: _CUT - 1]}…"

    def shorter(one: PlannedField) -> PlannedField:
        values = {name: cut(getattr(one, name)) for name in ("sugar", "google", "before", "after")}
        base, loser = (None if text is None else cut(text) for text in (one.base, one.loser))
        return msgspec.structs.replace(one, **values, base=base, loser=loser)

    questions = [msgspec.structs.replace(one, fields=[], detail=cut(one.detail)) for one in item.shown.questions]
    fields = [shorter(one) for one in item.shown.fields]
    return msgspec.structs.replace(item, shown=msgspec.structs.replace(item.shown, fields=fields, questions=questions))


__all__: Sequence[str] = ("Book", "Record")
