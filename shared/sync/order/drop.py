"""Removing stored plans that have served their time."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.store.port import Change, Remove, Store
from shared.sync.head import Head
from shared.sync.order.book import Book
from shared.sync.order.model import Order
from shared.sync.paths import Paths

_MOST = 400
"""Documents of one commit."""


def drop_orders(
    store: Store, paths: Paths, head: Head, now: datetime, *, left: timedelta | None = None
) -> list[Change]:
    """Removes what is past its time, the header last: what one commit has no room for goes with a later one.

    Args:
        left: one that was begun goes, too, if it is past its time for so long: nobody goes on with it.
    """
    over = [order for order, until in head.plans.items() if until <= now.isoformat() and order != head.order]
    begun = head.plans.get(head.order)
    if begun is not None and left is not None and begun <= (now - left).isoformat():
        over.append(head.order)
    changes: list[Change] = []
    for order in over:
        doc = store.get(paths.plan(order))
        found = Book.documents(paths, Order.load(doc.data)) if doc is not None else []
        if len(found) > _MOST:
            known = store.get_all(found[:-1])
            found = [*(path for path in found[:-1] if path in known), found[-1]]
        if len(changes) + len(found) > _MOST:
            changes += [Remove(path) for path in found[: _MOST - len(changes)]]
            break
        changes += [Remove(path) for path in found]
        del head.plans[order]
        if order == head.order:
            head.order = ""
    return changes
