"""The report before a first sync: what a plan comes to, by what a person would look at first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from shared.names import SideName
from shared.store.port import Store
from shared.sync.head import Head
from shared.sync.index import Index
from shared.sync.ledger import Ledger
from shared.sync.links import Links
from shared.sync.order import alike
from shared.sync.order.alike import Suspects
from shared.sync.order.book import Book
from shared.sync.order.model import told
from shared.sync.order.shown import AlikeGroup, AlikeText, FirstSync
from shared.sync.paths import Paths
from shared.sync.plan.model import Env, Trouble
from shared.sync.settings import parse, synced_fields
from shared.sync.words import ClassText

if TYPE_CHECKING:
    from shared.sync.run import Connect

_UNSURE = (Trouble.AMBIGUOUS, Trouble.ALREADY_LINKED, Trouble.OUT_OF_SCOPE_MATCH, Trouble.SAME_NAME)
_UNHELD = (Trouble.CANNOT_HOLD, Trouble.UNREADABLE)


def summary(store: Store, paths: Paths, book: Book) -> FirstSync:
    """The counts; those of who is alike as the index has them."""
    order = book.order
    doc = store.get(paths.head)
    index = Index(store, paths, Head.load(doc.data) if doc is not None else Head())
    return FirstSync(
        plan=told(order),
        first=order.first,
        matches=order.counts.get("link", 0),
        ambiguous=sum(order.asks.get(cls.value, 0) for cls in _UNSURE),
        creates={side.value: order.counts.get(f"create {side}", 0) for side in SideName},
        unheld=sum(order.asks.get(cls.value, 0) for cls in _UNHELD),
        asks=msgspec.convert(order.asks, dict[ClassText, int]),
        duplicates={side.value: len(alike.duplicates(index, side)) for side in SideName},
        evidence=len(alike.evidence(index, book)),
    )


def groups(
    store: Store,
    paths: Paths,
    connect: Connect,
    ledger: Ledger,
    order: str,
    wanted: AlikeText,
    *,
    after: str,
    limit: int,
) -> tuple[list[AlikeGroup], str]:
    """A page of who is alike, read fresh; and where it ends, blank if nothing comes after it.

    Args:
        ledger: of a visit.
        after: where the page before ended.
    """
    book = Book.load(store, paths, order)
    index = Index(store, paths, ledger.head)
    found = _suspects(index, book, wanted)
    page = [group for group in found if group.name > after][: limit + 1]
    more = len(page) > limit
    page = page[:limit]
    if not page:
        return [], ""
    user = store.get(paths.user)
    settings = parse(user.data.get("settings", {}) if user else {})
    sides = connect(settings, ledger.gate, ledger.head)
    env = Env(settings, {side: sides[side].fields for side in SideName}, synced_fields(settings), {})
    shown = alike.confirm(env, sides, Links(store, paths), page, across=wanted == "evidence")
    return shown, page[-1].name if more else ""


def _suspects(index: Index, book: Book, wanted: AlikeText) -> Sequence[Suspects]:
    if wanted == "evidence":
        return alike.evidence(index, book)
    return alike.duplicates(index, SideName(wanted.partition(" ")[2]))
