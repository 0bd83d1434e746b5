"""What has served its time, removed when a sweep has come to its end."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from shared.errors import Conflict
from shared.store.port import Change, Remove, Store, Where
from shared.sync.link import Link, LinkState
from shared.sync.paths import Paths

TOMBSTONES_LAST = timedelta(days=60)
"""After both contacts are gone: so long they can still come back out of a trash."""
_MOST = 500


def dead_links(store: Store, paths: Paths, now: datetime) -> list[Change]:
    """Removes the tombstones of pairs that are gone for good."""
    before = (now - TOMBSTONES_LAST).isoformat()
    docs = store.query(paths.collection("links"), [Where("state", "==", LinkState.TOMBSTONE.value)], limit=_MOST)
    return [Remove(doc.path) for doc in docs if (Link.load(doc.data).both_gone_at or "9") < before]


def drop_claims(store: Store, instance: str, now: datetime) -> None:
    """Removes expired claims of the instance, unless somebody renews one in this very moment: then next time."""
    where = [Where("expires_at", "<", now.isoformat())]
    docs = store.query(f"instances/{instance}/emails", where, order="expires_at", limit=_MOST)
    if docs:
        with suppress(Conflict):
            store.commit([Remove(doc.path, doc.version) for doc in docs])
