"""How the older dialect is asked for the rows of a feed."""

from __future__ import annotations

from datetime import datetime

from shared.side import Native
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.listing import Rows
from shared.sugar.records import Scope
from shared.suitecrm import query, rows
from shared.suitecrm.session import SuiteSession

KNOWN = ("id", "date_modified", "deleted", "assigned_user_id")
"""Asked along with every listing and read."""


def fields_of(fields: SugarFieldMap, *more: str) -> tuple[str, ...]:
    """The native fields to be asked for."""
    return tuple(dict.fromkeys((*KNOWN, *more, *fields.native_names)))


class QueryLists:
    """``get_entry_list``; see :class:`shared.sugar.feed.Lists`."""

    def __init__(self, session: SuiteSession, fields: SugarFieldMap, scope: Scope) -> None:
        self._session = session
        self._scope = scope
        self._fields = fields_of(fields.for_terms())

    def full(self, after: str, call: str) -> Rows:
        """What lies in scope."""
        conditions = []
        if self._scope.name == "assigned":
            conditions.append(f"contacts.assigned_user_id = {query.quoted(self._scope.me)}")
        if after:
            conditions.append(f"contacts.id > {query.quoted(after)}")
        return rows.page(self._session, call, " AND ".join(conditions), self._fields)

    def delta(self, since: datetime, after: str, call: str) -> Rows:
        """What lies at or behind the position, tombstones included: their date is that of the deletion."""
        where = query.since(since, after)
        return rows.page(self._session, call, where, self._fields, order="date_modified ASC, id ASC", deleted=True)

    def version(self, row: Native, call: str) -> str:
        """The date, and a digest of emails and account, which change without it."""
        return rows.version(row, call)
