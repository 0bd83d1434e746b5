"""What is past its time goes, once a day: history, and stored plans. No run has to succeed for that.

Whoever lost a grant, syncs by hand only or has left was promised the same. So a run tidies before it connects, and the
dispatcher looks every hour for those whom no run has tidied::

    run        lease ─▶ tidy ─▶ drain inbox ─▶ connect (x: no grant) ...
    dispatch   not tidied for a day and an hour ─▶ a task of its own: lease ─▶ tidy ─▶ lease given back

Before the inbox is drained nothing of the head waits for a commit, so every step here is one of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.clock import Clock, Ids
from shared.errors import BadSettings
from shared.store.bucket import Bucket
from shared.store.port import Store
from shared.sync.head import Head
from shared.sync.ledger import Ledger
from shared.sync.limits import TIDY_EVERY, Limits
from shared.sync.order.drop import drop_orders
from shared.sync.paths import Paths
from shared.sync.retention import NEEDS, Retention
from shared.sync.settings import parse
from shared.sync.visit import visit


def tidy(
    store: Store, paths: Paths, bucket: Bucket | None, clock: Clock, ledger: Ledger, *, put_off: bool = False
) -> None:
    """One part of the history and all plans past their time, if it is time to look and time enough is left.

    What the archive does not take stays in the store, and is tried again a day later.

    Args:
        put_off: not now, somebody is waiting; only from when on the days are counted.

    Raises:
        RetriableError, FatalError: of the store.
    """
    head, now = ledger.head, clock.now()
    if head.retired_at is None:
        head.retired_at = now.isoformat()  # a new pair has nothing; goes with the next commit
    if put_off or not _due(ledger, now):
        return
    days = _days(store, paths, head)
    while changes := drop_orders(store, paths, head, now, left=timedelta(days=days) if days else None):
        ledger.commit(changes)
    more = bool(days) and Retention(store, paths, bucket, clock, ledger.commit, days=days).part(head)
    head.retired_at = (now - TIDY_EVERY if more else now).isoformat()
    ledger.commit(())


def tidy_up(store: Store, paths: Paths, bucket: Bucket | None, clock: Clock, ids: Ids) -> None:
    """The same without a run, part by part as long as there is time.

    Raises:
        LeaseLost: a run is under way.
        RetriableError, FatalError: of the store.
    """
    with visit(store, paths, clock, ids, seconds=Limits().lease) as ledger:
        while _due(ledger, clock.now()):
            tidy(store, paths, bucket, clock, ledger)


def _due(ledger: Ledger, now: datetime) -> bool:
    since = ledger.head.retired_at
    return since is not None and now - datetime.fromisoformat(since) >= TIDY_EVERY and now + NEEDS <= ledger.until


def _days(store: Store, paths: Paths, head: Head) -> int:
    """So long the user wants history kept; 0: for ever. Where the settings cannot be read, what was in force last."""
    user = store.get(paths.user)
    try:
        return parse(user.data.get("settings", {}) if user else head.settings).history_days
    except BadSettings:
        return parse(head.settings).history_days
