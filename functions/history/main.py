"""What was changed, when and why: page by page, and row by row with the records before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.sync import browse
from shared.sync.archived import Archived
from shared.sync.browse import HistoryFilter, HistoryRow, HistoryWhole
from shared.sync.words import KindText
from shared.web.function import Function
from shared.web.mine import is_id, my_paths
from shared.web.pages import MOST, Cursor, Pages
from shared.web.problem import bad_field, not_found
from shared.web.route import Ask, Route

Id = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Time = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]


class HistoryQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which rows; all filters hold together."""

    contact: Annotated[Id | None, Meta(description="Rows of one contact, by `contact` of a row.")] = None
    run: Annotated[Id | None, Meta(description="Rows of one run.")] = None
    kind: Annotated[KindText | None, Meta(description="Rows with this action or write.")] = None
    since: Annotated[Time | None, Meta(description="Rows from this time on.")] = msgspec.field(
        name="from", default=None
    )
    until: Annotated[Time | None, Meta(description="Rows before this time.")] = msgspec.field(name="to", default=None)
    order: Annotated[Literal["desc", "asc"], Meta(description="`desc`: the newest first.")] = "desc"
    limit: Annotated[int, Meta(ge=1, le=MOST, description="Rows of one page.")] = 50
    cursor: Annotated[Cursor | None, Meta(description="`next` of the page before.")] = None


class HistoryPage(msgspec.Struct):
    """One page of rows."""

    items: list[HistoryRow]
    next: Annotated[str | None, Meta(description="The `cursor` of the page that follows; `null`: this was the last.")]


def rows(ask: Ask) -> HistoryPage:
    query, paths = ask.asked(HistoryQuery), my_paths(ask)
    wanted = HistoryFilter(
        contact=query.contact,
        run=query.run,
        kind=query.kind,
        since=_moment("query.from", query.since),
        until=_moment("query.to", query.until),
        ascending=query.order == "asc",
    )
    filters = [query.contact, query.run, query.kind, query.since, query.until, query.order]
    pages = Pages(["history", paths.head, *filters])
    found = _whole(ask).page(wanted, after=pages.place(query.cursor), limit=query.limit)
    return HistoryPage([browse.row(doc) for doc in found.docs], pages.next(found.place))


def row(ask: Ask) -> HistoryWhole:
    name = ask.args["row"]
    doc = _whole(ask).row(name) if is_id(name) else None
    if doc is None:
        raise not_found("row")
    return browse.row_whole(doc)


def _whole(ask: Ask) -> Archived:
    """The caller's own history."""
    return Archived(ask.services.store, my_paths(ask), ask.services.bucket)


def _moment(field: str, time: str | None) -> str | None:
    try:
        return None if time is None else browse.moment(msgspec.convert(time, Annotated[datetime, Meta(tz=True)]))
    except (msgspec.ValidationError, OverflowError):
        raise bad_field(field, "must be a time with its offset, like 2026-03-01T08:00:00Z") from None


ROUTES = (
    Route(
        "GET",
        rows,
        "What was changed, the newest first",
        query=HistoryQuery,
        answer=HistoryPage,
        problems=(409,),
    ),
    Route(
        "GET",
        row,
        "One row whole, with the records before and after",
        path="/{row}",
        answer=HistoryWhole,
        problems=(404, 409),
    ),
)
handler = Function("history", ROUTES).entry
