"""Sugar v11 as a side of the sync."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.clock import Clock
from shared.names import SideName
from shared.side import Absent, Cursor, FieldMap, Idempotency, Outcome, Page, Probe, Record, Write
from shared.sugar.bulk import FIRST_SIZE, SugarWriter
from shared.sugar.feed import OVERLAP_SECONDS, SugarFeed
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.lists import FilterLists
from shared.sugar.lookup import SugarLookup
from shared.sugar.metadata import Schema
from shared.sugar.records import Scope
from shared.sugar.session import SugarSession


class SugarSide:
    """See :class:`shared.side.Side`.

    Args:
        session: signed in; only the holder of the user's lease may use it.
        schema: the instance's fields, from :func:`shared.sugar.metadata.fetch`.
        synced: the canonical fields that are switched on, custom ones included.
        scope: ``assigned``, ``favorites``, ``mail_client`` or ``all``.
        me: the id of the signed-in Sugar user.
        region: two letters, in which phone numbers without country code are read.
        bulk_size: what :attr:`bulk_size` was at the end of the last run.
        overlap: seconds, see :mod:`shared.sugar.feed`.
    """

    name = SideName.SUGAR
    idempotency = Idempotency.SEARCH

    def __init__(
        self,
        session: SugarSession,
        schema: Schema,
        synced: Collection[str],
        *,
        scope: str,
        me: str,
        region: str,
        clock: Clock,
        bulk_size: int = FIRST_SIZE,
        overlap: float = OVERLAP_SECONDS,
    ) -> None:
        taking_part = Scope(scope, me)
        field_map = SugarFieldMap(schema, synced, taking_part)
        self.fields: FieldMap = field_map
        self.session = session
        lists = FilterLists(session, field_map, taking_part)
        self._feed = SugarFeed(lists, field_map, taking_part, clock, region=region, overlap=overlap)
        self._lookup = SugarLookup(session, field_map, taking_part)
        self._writer = SugarWriter(session, taking_part, self._lookup, size=bulk_size)

    @property
    def bulk_size(self) -> int:
        """Writes in one bulk, 5 to 100; adapts to how fast the instance saves. To be kept between runs."""
        return self._writer.size

    @bulk_size.setter
    def bulk_size(self, size: int) -> None:
        self._writer.resize(size)

    def start_full(self) -> Cursor:
        """The cursor of a new listing of all contacts in scope."""
        return self._feed.start_full()

    def page(self, cursor: Cursor) -> Page:
        """The next page of the listing or delta."""
        return self._feed.page(cursor)

    def read(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """All of these, fresh."""
        return self._lookup.read(ids)

    def read_whole(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """The same, with all fields that can be written."""
        return self._lookup.read(ids, whole=True)

    def find(self, probes: Sequence[Probe]) -> list[Record]:
        """Who is there already, in scope or not."""
        return self._lookup.find(probes)

    def choose_id(self, fresh: str) -> str:
        """Blank: Sugar chooses."""
        return ""

    def created_since(self, since: datetime, probes: Sequence[Probe]) -> list[Record]:
        """What may be the effect of a create whose outcome is unknown."""
        return self._lookup.created_since(since, probes)

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries the writes out."""
        return self._writer.apply(writes)

    def complete(self, records: Sequence[Record]) -> None:
        """Nothing: an update is whole."""
