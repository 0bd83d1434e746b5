"""Reading a stored plan: its header, and its contacts page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.errors import BadPlan
from shared.store.port import Store
from shared.sync.order.book import Book
from shared.sync.order.model import Item, Progress
from shared.sync.paths import Paths
from shared.sync.view import PlannedContact
from shared.sync.words import ItemText

_PARTS = 20
"""Parts that one page looks through; where few contacts pass the filters, a page may hold fewer than it could."""


class PlannedItem(PlannedContact, kw_only=True):
    """One contact of a stored plan."""

    state: ItemText
    """``waiting`` to be carried out, ``done``, ``left out`` (``reason`` says why), or ``nothing`` to be done."""
    reason: str
    """Why it is left out."""


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which contacts are asked for; ``None`` is any."""

    kind: str | None = None
    """With this action or write."""
    state: str | None = None
    cls: str | None = None
    """About which this class of question would be asked."""

    def takes(self, item: Item, progress: Progress) -> bool:
        """Whether it is one of those."""
        return (
            self.kind in (None, item.action, *item.shown.writes)
            and self.state in (None, progress.state.value)
            and self.cls in (None, *item.asks)
        )


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Some of them, in the order in which they were planned."""

    items: list[PlannedItem]
    place: list[str] | None
    """Where it ends; ``None``: there are no more."""


def page(book: Book, wanted: PlanFilter, *, after: Sequence[str] | None, limit: int) -> PlanPage:
    """A page of a plan's contacts.

    Args:
        after: the place where the page before ended.
    """
    number, offset = (int(part) for part in after) if after is not None else (0, 0)
    found: list[PlannedItem] = []
    last = min(len(book.order.parts), number + _PARTS)
    while number < last:
        items, progress = book.part(number), book.progress(number)
        for n in range(offset, len(items)):
            if not wanted.takes(items[n], progress[items[n].key]):
                continue
            if len(found) == limit:
                return PlanPage(found, [str(number), str(n)])
            found.append(_told(items[n], progress[items[n].key]))
        number, offset = number + 1, 0
    return PlanPage(found, [str(number), "0"] if number < len(book.order.parts) else None)


def load(store: Store, paths: Paths, order: str, now: datetime) -> Book:
    """A stored plan, to be read. Raises ``BadPlan`` where there is none, or one whose time is over: it may still be in
    the store, but nobody was promised to see it that long."""
    book = Book.load(store, paths, order)
    if book.order.expired(now):
        raise BadPlan("plan", "has expired: make a new one", unknown=True)
    return book


def _told(item: Item, progress: Progress) -> PlannedItem:
    return PlannedItem(**msgspec.structs.asdict(item.shown), state=progress.state.value, reason=progress.why)
