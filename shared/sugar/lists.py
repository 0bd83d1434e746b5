"""How Sugar v11 is asked for the rows of a feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.side import Native
from shared.sugar import listing
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.listing import Rows
from shared.sugar.records import ALWAYS, Scope, asked, modified, stamp
from shared.sugar.session import SugarSession


class FilterLists:
    """``POST /Contacts/filter``; see :class:`shared.sugar.feed.Lists`."""

    def __init__(self, session: SugarSession, fields: SugarFieldMap, scope: Scope) -> None:
        self._session = session
        self._scope = scope
        self._stored = fields.is_stored
        self._fields = tuple(dict.fromkeys((*ALWAYS, *fields.for_terms().native_names)))

    def full(self, after: str, call: str) -> Rows:
        """What lies in scope, as far as the server can filter."""
        clauses = [*self._scope.filter(self._stored), *listing.behind(after)]
        return listing.page(self._session, call, clauses, self._fields, "id:ASC")

    def delta(self, since: datetime, after: str, call: str) -> Rows:
        """What lies at or behind the position. Asked without an equality of dates, which instances take to mean a whole
        day, and so that a clause that is dropped shows more rows rather than fewer."""
        clauses: list[Any] = [{"date_modified": {"$gte": asked(since)}}]
        if after:
            clauses.append({"$or": [{"date_modified": {"$gt": asked(since)}}, {"id": {"$gt": after}}]})
        order = "date_modified:ASC,id:ASC"
        return listing.page(self._session, call, clauses, self._fields, order, deleted=True)

    def version(self, row: Native, call: str) -> str:
        """The date, which moves with every change."""
        return stamp(modified(row, call))
