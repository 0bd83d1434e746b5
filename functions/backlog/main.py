"""What waits for a person: page by page, and entry by entry with everything that is known."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.sync import browse
from shared.sync.browse import BacklogEntry, BacklogItem
from shared.sync.words import ClassText
from shared.web.function import Function
from shared.web.mine import my_document, my_paths
from shared.web.pages import MOST, Cursor, Pages
from shared.web.route import Ask, Route


class BacklogQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entries."""

    state: Annotated[
        Literal["open", "released", "never", "different"],
        Meta(
            description="`open`: they wait for a person; `released`: for the next run; `never`: they are left alone;"
            " `different`: they are remembered as somebody else than who looks alike."
        ),
    ] = "open"
    cls: Annotated[ClassText | None, Meta(description="Of this class only.")] = msgspec.field(
        name="class", default=None
    )
    limit: Annotated[int, Meta(ge=1, le=MOST, description="Entries of one page.")] = 50
    cursor: Annotated[Cursor | None, Meta(description="`next` of the page before.")] = None


class BacklogPage(msgspec.Struct):
    """One page of entries."""

    items: list[BacklogItem]
    next: Annotated[str | None, Meta(description="The `cursor` of the page that follows; `null`: this was the last.")]


def entries(ask: Ask) -> BacklogPage:
    query, paths = ask.asked(BacklogQuery), my_paths(ask)
    pages = Pages(["backlog", paths.head, query.state, query.cls])
    after = pages.place(query.cursor)
    found = browse.backlog(ask.services.store, paths, state=query.state, cls=query.cls, after=after, limit=query.limit)
    return BacklogPage([browse.item(doc) for doc in found.docs], pages.next(found.place))


def entry(ask: Ask) -> BacklogEntry:
    return browse.entry(my_document(ask, "entry", "entry", my_paths(ask).backlog))


ROUTES = (
    Route(
        "GET",
        entries,
        "What waits for a person, the newest first",
        query=BacklogQuery,
        answer=BacklogPage,
        problems=(409,),
    ),
    Route(
        "GET",
        entry,
        "One entry whole: values, the API's own words, what to do",
        path="/{entry}",
        answer=BacklogEntry,
        problems=(404, 409),
    ),
)
handler = Function("backlog", ROUTES).entry
