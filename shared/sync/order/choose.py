"""Which errand a run is sent on: by what was asked, what has been begun, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Ids
from shared.errors import BadPlan
from shared.store.port import Store
from shared.sync.head import Head
from shared.sync.limits import Limits
from shared.sync.order.book import Book
from shared.sync.order.build import Asker, Builder, Waiter
from shared.sync.order.carry import Carrier
from shared.sync.order.errand import Asked, Errand, Plain
from shared.sync.order.mark import shape
from shared.sync.order.model import LASTS, Order, OrderKind, OrderState
from shared.sync.order.undo import UndoBuilder, UndoCarrier
from shared.sync.paths import Paths
from shared.sync.plain import plain
from shared.sync.settings import Settings
from shared.sync.undo.ask import UndoAsk

_KEPT = timedelta(days=1)
"""So long after it can be used no more, a plan can still be looked at."""
_OVER = (OrderState.DONE, OrderState.STOPPED)


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses under the lease, once the inbox is drained; what it changes in the head goes with the next commit."""

    store: Store
    paths: Paths
    head: Head
    ids: Ids
    now: datetime
    limits: Limits

    def choose(self, asked: Asked, settings: Settings) -> Errand:
        """
        Raises:
            BadPlan: the plan that was asked for is unknown, expired, finished, or not one for this.
        """
        if asked.preview:
            return self._build(asked, settings)
        if asked.plan:
            return self._carry(asked, settings)
        if self.head.order:
            book = self._known(self.head.order)
            if book is not None and book.order.state is OrderState.STARTED:
                return self._carrier(book, settings)
            self.head.order = ""
        if asked.scheduled and settings.ask_first:
            return self._ask(settings)
        return Plain()

    def _known(self, order: str) -> Book | None:
        try:
            return Book.load(self.store, self.paths, order)
        except BadPlan:
            return None

    # -- planning ------------------------------------------------------------------------------------

    def _build(self, asked: Asked, settings: Settings) -> Errand:
        if asked.undo is not None:
            return self._undo(asked.undo, settings)
        if not asked.plan:
            book = self._begin(settings, LASTS)
            self.head.plans[book.order.id] = (self.now + LASTS + _KEPT).isoformat()
            book.touch()
            return Builder(book, self.head)
        book = Book.load(self.store, self.paths, asked.plan)
        order = book.order
        usable(order, self.now)
        if order.state is OrderState.STARTED:
            raise BadPlan("plan", "is being carried out: nothing is added to it any more")
        if order.kind is OrderKind.UNDO:
            return UndoBuilder(book, self.head, self.store, self.paths, self.now)
        return Builder(book, self.head)

    def _undo(self, ask: UndoAsk, settings: Settings) -> Errand:
        book = self._begin(settings, LASTS)
        book.order.kind, book.order.undo = OrderKind.UNDO, plain(ask)
        errand = UndoBuilder(book, self.head, self.store, self.paths, self.now)
        self.head.plans[book.order.id] = (self.now + LASTS + _KEPT).isoformat()
        return errand

    def _begin(self, settings: Settings, lasts: timedelta, *, asked: bool = False) -> Book:
        order = Order(
            id=self.ids.new(),
            made_at=self.now.isoformat(),
            expires_at=(self.now + lasts).isoformat(),
            asked=asked,
            first=not self.head.links,
            shape=shape(settings),
        )
        return Book(self.store, self.paths, order)

    def _ask(self, settings: Settings) -> Errand:
        book = self._known(self.head.asking) if self.head.asking else None
        if book is not None and not book.order.expired(self.now) and book.order.state not in _OVER:
            return self._asker(book, LASTS) if book.order.state is OrderState.BUILDING else Waiter()
        # A plan that nobody answers is made anew, later than the next look: it is there whenever somebody comes.
        self.head.asking = ""
        lasts = max(LASTS, 2 * timedelta(minutes=settings.interval_minutes))
        return self._asker(self._begin(settings, lasts, asked=True), lasts)

    def _asker(self, book: Book, lasts: timedelta) -> Asker:
        return Asker(book, self.head, (self.now + lasts + _KEPT).isoformat())

    # -- carrying out --------------------------------------------------------------------------------

    def _carry(self, asked: Asked, settings: Settings) -> Errand:
        book = Book.load(self.store, self.paths, asked.plan)
        order = book.order
        usable(order, self.now)
        if self.head.order not in ("", order.id):
            other = self._known(self.head.order)
            if other is not None and other.order.state is OrderState.STARTED:
                raise BadPlan("plan", "another plan is being carried out: let it finish, or stop it first")
        carrier = self._carrier(book, settings)
        carrier.leave_out(asked.leave_out)
        if order.state is not OrderState.STARTED:
            order.state, order.expires_at = OrderState.STARTED, None
            book.touch()
        self.head.order = order.id
        self.head.plans[order.id] = (self.now + _KEPT).isoformat()
        if self.head.asking == order.id:
            self.head.asking = ""
        return carrier

    def _carrier(self, book: Book, settings: Settings) -> Carrier:
        if book.order.kind is OrderKind.UNDO:
            known = self.store, self.paths
            return UndoCarrier(book, self.head, self.now, shape(settings), self.limits.quiet, *known)
        return Carrier(book, self.head, self.now, shape(settings), self.limits.quiet)


def usable(order: Order, now: datetime) -> None:
    """Raises ``BadPlan`` for an order that is over."""
    if order.state is OrderState.DONE:
        raise BadPlan("plan", "was carried out already: make a new one")
    if order.state is OrderState.STOPPED:
        raise BadPlan("plan", "was stopped: make a new one")
    if order.expired(now):
        raise BadPlan("plan", "has expired: make a new one")


__all__: Sequence[str] = ("Chooser", "usable")
