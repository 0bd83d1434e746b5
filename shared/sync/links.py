"""Reading links."""

from __future__ import annotations

from collections.abc import Collection

from shared.names import SideName
from shared.store.port import Store, Where
from shared.sync.link import Link
from shared.sync.paths import Paths


class Links:
    """The links of one pair. They are written by the holder of the lease only, so what is read under it stands."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store = store
        self._paths = paths
        self.read = 0

    def of(self, side: SideName, records: Collection[str]) -> dict[str, Link]:
        """By record id on that side; records without link are missing."""
        wanted = sorted(set(records) - {""})
        if not wanted:
            return {}
        found = self._store.query(self._paths.collection("links"), [Where(f"{side.value}_id", "in", wanted)])
        self.read += max(1, len(found))
        links = [Link.load(doc.data) for doc in found]
        return {link.id_on(side): link for link in links}

    def get(self, ids: Collection[str]) -> dict[str, Link]:
        """By link id."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = self._store.get_all([self._paths.link(link) for link in wanted])
        self.read += len(wanted)
        return {doc.id: Link.load(doc.data) for doc in found.values()}
