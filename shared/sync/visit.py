"""Visits: what is done under a pair's lease besides runs, for a browser that waits.

Sugar's token may have to be renewed for any call, and only the holder of the lease may do that; so whoever calls Sugar
for a browser visits the pair.

A change of settings has to move the time of the next run at once. Whoever finds the lease taken leaves that to its
holder, who looks again after giving it back. So no change is overlooked, whichever comes first::

    browser   settings and wish ──▶ attend: taken
    holder    ──── run ─────────────────────────── gives back ──▶ a wish is waiting? ──▶ attend
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from shared.clock import Clock, Ids
from shared.errors import Conflict, FatalError, GrantLost, LeaseLost, RetriableError
from shared.store.port import Change, Create, Put, Store
from shared.sync.head import Head
from shared.sync.ledger import Ledger
from shared.sync.paths import Paths
from shared.sync.settings import Settings, parse

SECONDS = 120.0
"""The lease of a visit: three calls, each with the time that it may take."""
_SOON = timedelta(minutes=10)
_TRIES = 5


def take(store: Store, paths: Paths, clock: Clock, ids: Ids, *, seconds: float = SECONDS) -> Ledger:
    """The pair's lease.

    Raises:
        LeaseLost: another worker holds it.
        GrantLost: the account was deleted meanwhile; nothing is left of the attempt.
        Unavailable: the store is down.
    """
    ledger = Ledger.take(store, paths.head, clock, ids, seconds=seconds)
    if ledger.made:
        # A first head: whoever deletes an account deletes the heads, and none may come after.
        user = store.get(paths.user)
        if user is None or user.data.get("erasing"):
            ledger.drop()
            raise GrantLost("this account was deleted")
    return ledger


@contextmanager
def visit(store: Store, paths: Paths, clock: Clock, ids: Ids, *, seconds: float = SECONDS) -> Iterator[Ledger]:
    """Holds the pair's lease; given back at the end, unless a commit inside has done that.

    Raises:
        RetriableError, FatalError: as :func:`take`; and what is raised inside.
    """
    ledger = take(store, paths, clock, ids, seconds=seconds)
    try:
        yield ledger
    finally:
        give_back(ledger)
    look_again(store, paths, clock, ids, ledger.head)


def give_back(ledger: Ledger) -> None:
    """The head as it was last committed, without a lease; where that fails, the lease runs out by itself."""
    ledger.rewind()
    if ledger.head.lease is not None:
        try:
            ledger.commit((), release=True)
        except (RetriableError, FatalError):
            return


def look_again(store: Store, paths: Paths, clock: Clock, ids: Ids, head: Head) -> None:
    """To be called by whoever has given the lease back: attends to settings that were changed meanwhile.

    A run that comes soon looks by itself.
    """
    due = head.next_due_at
    if due is not None and datetime.fromisoformat(due) <= clock.now() + _SOON:
        return
    try:
        if store.query(paths.inbox, order="at", limit=1):
            attend(store, paths, clock, ids)
    except (RetriableError, FatalError):
        return  # what was done under the lease is done; the next holder looks again


def attend(store: Store, paths: Paths, clock: Clock, ids: Ids) -> bool:
    """Moves the time of the next run to what the user's settings say; ``False`` if the lease is taken.

    The settings themselves are taken over by the next run.

    Raises:
        BadSettings: the settings hold a value out of range.
        RetriableError: the store is down.
    """
    for _ in range(_TRIES):
        try:
            ledger = take(store, paths, clock, ids)
        except (LeaseLost, Conflict):
            return False
        try:
            before = store.get(paths.user)
            told = before.data if before and not before.data.get("erasing") else {"pair": ""}
            connected = told.get("pair", paths.pair) == paths.pair
            move(ledger.head, parse(told.get("settings", {})), clock.now(), connected=connected)
            ledger.commit((), release=True)
        finally:
            give_back(ledger)
        after = store.get(paths.user)
        if (before and before.version) == (after and after.version):
            break
    return True


def move(head: Head, settings: Settings, now: datetime, *, connected: bool = True) -> None:
    """When the pair is due: not at all, at once if it was not due yet, and never later than the interval says."""
    if not settings.sync_regularly or not connected:
        head.next_due_at = None
        return
    latest = (now + timedelta(minutes=settings.interval_minutes)).isoformat()
    head.next_due_at = min(head.next_due_at, latest) if head.next_due_at else now.isoformat()


def due_again(store: Store, paths: Paths, clock: Clock, ids: Ids) -> Change:
    """The write that makes a pair due at once which nobody works on: another one was connected until now.

    Raises:
        LeaseLost: somebody still works on it.
    """
    doc = store.get(paths.head)
    head = Head.load(doc.data) if doc else Head()
    now = clock.now()
    if head.lease is not None and datetime.fromisoformat(head.lease.until) > now:
        raise LeaseLost("another run of this user is under way")
    head.lease = None
    head.epoch += 1
    head.commit = ids.new()
    head.next_due_at = now.isoformat()
    return Put(paths.head, head.data(), doc.version) if doc else Create(paths.head, head.data())
