"""Stopping a plan: what was carried out stays, the rest is not carried out.

Under the lease at once; while a run is under way, by a wish that the next run carries out before anything else.
"""

from __future__ import annotations

from shared.clock import Clock, Ids
from shared.errors import BadPlan, LeaseLost
from shared.store.port import Change, Store
from shared.sync.head import Head
from shared.sync.inbox import Wish, post
from shared.sync.order.book import Book
from shared.sync.order.model import Order, OrderState
from shared.sync.paths import Paths
from shared.sync.visit import visit


def stop(store: Store, paths: Paths, clock: Clock, ids: Ids, order: str) -> tuple[Order, bool]:
    """Stops a plan, started or not; its header, and whether it is stopped only when the run under way has ended.

    Raises:
        BadPlan: there is none of that name, or it was carried out to its end already.
    """
    book = Book.load(store, paths, order)
    if book.order.state is OrderState.STOPPED:
        return book.order, False
    if book.order.state is OrderState.DONE:
        raise BadPlan("plan", "was carried out already: it can only be undone")
    try:
        with visit(store, paths, clock, ids) as ledger:
            changes, book = stopped(store, paths, ledger.head, order)
            ledger.commit(changes, release=True)
    except LeaseLost:
        post(store, paths, ids, Wish(kind="stop", at=clock.now().isoformat(), plan=order))
        return book.order, True
    return book.order, False


def stopped(store: Store, paths: Paths, head: Head, order: str) -> tuple[list[Change], Book]:
    """What stops it, for the holder of the lease; nothing, where it has come to its end meanwhile.

    Raises:
        BadPlan: there is none of that name any more.
    """
    book = Book.load(store, paths, order)
    if book.order.state is not OrderState.DONE:
        book.order.state = OrderState.STOPPED
        book.touch()
        if head.order == order:
            head.order = ""
        if head.asking == order:
            head.asking = ""
    return book.changes(), book
