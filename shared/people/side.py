"""Google Contacts as a side of the sync."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from shared.clock import Clock
from shared.errors import SyncError
from shared.names import Op, SideName
from shared.people.batches import Writer
from shared.people.chosen import ChosenLabels
from shared.people.client import PeopleClient
from shared.people.feed import MAX_PAGE_SIZE, ConnectionsFeed
from shared.people.fieldmap import PeopleFieldMap
from shared.people.labels import add_members
from shared.people.reading import Reader
from shared.people.scope import EVERYONE, Scope, has_label
from shared.side import Absent, Cursor, Done, FieldMap, Idempotency, Outcome, Page, Probe, Record, Write

_log = logging.getLogger(__name__)


class PeopleSide:
    """One user's Google Contacts; see :class:`shared.side.Side`.

    Args:
        client: makes the calls.
        fieldmap: made for the same settings.
        clock: tells when a listing began.
        region: two letters, for the phones among the index terms.
        scope: which contacts take part.
        label: the label (resource name) that written contacts get, blank for none.
        leaving_deletes: who leaves the scope may be deleted on the other side.
        page_size: rows of a feed's page, 1 to 1000.
    """

    def __init__(
        self,
        client: PeopleClient,
        fieldmap: PeopleFieldMap,
        clock: Clock,
        *,
        region: str,
        scope: Scope = EVERYONE,
        label: str = "",
        leaving_deletes: bool = False,
        page_size: int = MAX_PAGE_SIZE,
    ) -> None:
        self.name = SideName.GOOGLE
        self.idempotency = Idempotency.PLANTED_KEY
        self.bulk_size = 200
        self.fields: FieldMap = fieldmap
        self.notes: list[str] = []
        """What went wrong besides the contacts themselves; safe to log."""
        self._client = client
        self._label = label
        self._feed = ConnectionsFeed(client, clock, region=region, scope=scope, page_size=page_size)
        self._reader = Reader(client, scope)
        self._labels = ChosenLabels(client, {"label": label, "google_scope": scope.label})
        self._leaving_deletes = leaving_deletes
        self._writer = Writer(client, scope, self._labels)

    def start_full(self) -> Cursor:
        """The cursor of a new full listing; no call is made."""
        return self._feed.start_full()

    def page(self, cursor: Cursor) -> Page:
        """The next page; see :meth:`ConnectionsFeed.page` for its errors."""
        return self._feed.page(cursor)

    def read(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """All of these, fresh; a missing one is never proof of a deletion, which only the feed's tombstone is.

        Raises:
            BadSettings: some are outside the scope, but its label was deleted, and that may not delete them elsewhere.
            FatalError, RetriableError: see :meth:`Reader.read`.
        """
        found = self._reader.read(ids)
        outside = (each for each in found.values() if isinstance(each, Record) and not (each.in_scope or each.barred))
        if self._leaving_deletes and next(outside, None) is not None:
            self._labels.must_exist("google_scope")
        return found

    def read_whole(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """Nothing: every read shows all that can be written."""
        return {}

    def find(self, probes: Sequence[Probe]) -> list[Record]:
        """Nothing: the index of the full listing knows all contacts."""
        return []

    def choose_id(self, fresh: str) -> str:
        """Blank: Google chooses."""
        return ""

    def created_since(self, since: datetime, probes: Sequence[Probe]) -> list[Record]:
        """Nothing: creates are recovered by the key planted in them."""
        return []

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries the writes out; then one call gives the label to the updated contacts that lack it."""
        outcomes = self._writer.apply(writes)
        self._put_label(writes, outcomes)
        return outcomes

    def _put_label(self, writes: Sequence[Write], outcomes: Sequence[Outcome]) -> None:
        """A label that cannot be put is no contact's failure: the next write of that contact tries again."""
        updated = [
            outcome.record
            for write, outcome in zip(writes, outcomes, strict=True)
            if write.op is Op.UPDATE and isinstance(outcome, Done) and outcome.record
        ]
        self.complete(updated)

    def complete(self, records: Sequence[Record]) -> None:
        """Gives the label to those that lack it."""
        lacking = [record.id for record in records if not has_label(record.native, self._label)]
        if not self._label or not lacking:
            return
        try:
            add_members(self._client, self._label, lacking)
        except SyncError as error:
            note = f"the label was not put on {len(lacking)} contacts: {error.message}"
            self.notes.append(note)
            _log.warning("%s", note)
