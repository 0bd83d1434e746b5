"""SuiteCRM and Sugar CE as a side of the sync."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from shared.clock import Clock
from shared.errors import BadSettings
from shared.names import SideName
from shared.side import Absent, Cursor, FieldMap, Idempotency, Outcome, Page, Probe, Record, Write
from shared.sugar.bulk import FIRST_SIZE
from shared.sugar.feed import OVERLAP_SECONDS, SugarFeed
from shared.sugar.metadata import Schema
from shared.sugar.records import Scope
from shared.suitecrm.fieldmap import SuiteFieldMap
from shared.suitecrm.lists import QueryLists
from shared.suitecrm.lookup import SuiteLookup
from shared.suitecrm.session import SuiteSession
from shared.suitecrm.writer import SuiteWriter

SCOPES = ("assigned", "all")
"""Those that this dialect can tell; of favourites and of the mail client's flag its lists say nothing."""

_IDS = uuid.UUID("5f0c1f4e-3a5b-5b0e-9a57-6a1d8f4b7c21")
"""The name space of the ids that we choose."""


class SuiteSide:
    """See :class:`shared.side.Side`; the arguments are those of :class:`shared.sugar.side.SugarSide`.

    Raises:
        BadSettings: the scope is one that this dialect does not know.
    """

    name = SideName.SUGAR
    idempotency = Idempotency.CHOSEN_ID

    def __init__(
        self,
        session: SuiteSession,
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
        if scope not in SCOPES:
            # Taken for contacts without the flag, all of them would leave the scope.
            known = "'assigned to me' or 'all I can see'"
            raise BadSettings("sugar_scope", f"SuiteCRM and Sugar CE do not tell such flags: choose {known}")
        taking_part = Scope(scope, me)
        field_map = SuiteFieldMap(schema, synced, taking_part)
        self.fields: FieldMap = field_map
        self.session = session
        lists = QueryLists(session, field_map, taking_part)
        self._feed = SugarFeed(lists, field_map, taking_part, clock, region=region, overlap=overlap)
        self._lookup = SuiteLookup(session, field_map, taking_part)
        self._writer = SuiteWriter(session, self._lookup, field_map, size=bulk_size)

    @property
    def bulk_size(self) -> int:
        """Writes in one call, 5 to 100; adapts to how fast the instance saves. To be kept between runs."""
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
        """In the form of the server's own ids."""
        return str(uuid.uuid5(_IDS, fresh))

    def created_since(self, since: datetime, probes: Sequence[Probe]) -> list[Record]:
        """Nothing: creates are recovered by their ids."""
        return []

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries the writes out."""
        return self._writer.apply(writes)

    def complete(self, records: Sequence[Record]) -> None:
        """Nothing: an update is whole."""
