"""What the next run would do, before it does it; stored as a plan that can be carried out exactly."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.sync.order import browse
from shared.sync.order.book import Book
from shared.sync.order.browse import PlannedItem
from shared.sync.order.model import told
from shared.sync.order.shown import AlikeGroup, AlikeText, FirstSync
from shared.sync.paths import Paths
from shared.sync.view import Preview, preview
from shared.sync.words import ClassText, ItemText, KindText, OrderTold
from shared.web.function import Function
from shared.web.mine import is_id, my_paths
from shared.web.pages import MOST, Cursor, Pages
from shared.web.problem import bad_field, not_found
from shared.web.route import Ask, Rate, Route

Id = Annotated[str, Meta(max_length=300)]


class PreviewRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new plan, or the next part of one."""

    plan: Annotated[
        Id | None,
        Meta(description="Add the next contacts, 100 at most, to this plan; left out: begin a new one."),
    ] = None


def look(ask: Ask) -> Preview:
    wanted = ask.take(PreviewRequest)
    if wanted.plan is not None and not is_id(wanted.plan):
        raise bad_field("plan", "must be the id of a stored plan")
    connections = ask.services.connections(ask.me.uid)
    try:
        report = ask.services.engine(ask.me, connections).preview(plan=wanted.plan or "")
    finally:
        connections.close()
    ask.noted.update(run=report.run, outcome=report.status.value, error=report.error, contacts=report.contacts)
    if report.bad_plan is not None:
        raise report.bad_plan
    return preview(report)


class PlanQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which contacts of the plan; all filters hold together."""

    kind: Annotated[KindText | None, Meta(description="With this action or write.")] = None
    state: Annotated[ItemText | None, Meta(description="So far.")] = None
    cls: Annotated[ClassText | None, Meta(description="About which this would be asked in the backlog.")] = (
        msgspec.field(name="class", default=None)
    )
    limit: Annotated[int, Meta(ge=1, le=MOST, description="Contacts of one page.")] = 50
    cursor: Annotated[Cursor | None, Meta(description="`next` of the page before.")] = None


class PlanPage(msgspec.Struct):
    """One page of a stored plan."""

    plan: OrderTold
    items: Annotated[list[PlannedItem], Meta(description="In the order in which they were planned.")]
    next: Annotated[str | None, Meta(description="The `cursor` of the page that follows; `null`: this was the last.")]


class Stopped(msgspec.Struct, kw_only=True):
    """A plan that is not carried out any further."""

    plan: OrderTold
    later: bool
    """A batch of it is under way; it stops after that."""


def contacts(ask: Ask) -> PlanPage:
    query, paths = ask.asked(PlanQuery), my_paths(ask)
    book = _book(ask, paths)
    pages = Pages(["plan", paths.head, book.order.id, query.kind, query.state, query.cls])
    wanted = browse.PlanFilter(query.kind, query.state, query.cls)
    found = browse.page(book, wanted, after=pages.place(query.cursor), limit=query.limit)
    return PlanPage(told(book.order), found.items, pages.next(found.place))


class AlikeQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who may be the same person."""

    which: Annotated[
        AlikeText,
        Meta(description="Duplicates within a side, or `evidence` for contacts that would be created."),
    ] = msgspec.field(name="list", default="evidence")
    limit: Annotated[int, Meta(ge=1, le=25, description="Groups of one page.")] = 10
    cursor: Annotated[Cursor | None, Meta(description="`next` of the page before.")] = None


class AlikePage(msgspec.Struct):
    """One page of groups, read just now."""

    items: Annotated[list[AlikeGroup], Meta(description="Fewer than asked for, where some are not alike any more.")]
    next: Annotated[str | None, Meta(description="The `cursor` of the page that follows; `null`: this was the last.")]


def report(ask: Ask) -> FirstSync:
    from shared.sync.order.first import summary

    paths = my_paths(ask)
    return summary(ask.services.store, paths, _book(ask, paths))


def alike(ask: Ask) -> AlikePage:
    query, paths = ask.asked(AlikeQuery), my_paths(ask)
    order = _book(ask, paths).order
    pages = Pages(["alike", paths.head, order.id, query.which])
    place = pages.place(query.cursor)
    connections = ask.services.connections(ask.me.uid)
    try:
        engine = ask.services.engine(ask.me, connections)
        found, end = engine.alike(order.id, query.which, after=place[0] if place else "", limit=query.limit)
    finally:
        connections.close()
    return AlikePage(found, pages.next([end] if end else None))


def end(ask: Ask) -> Stopped:
    from shared.sync.order.stop import stop

    services, paths = ask.services, my_paths(ask)
    order = _book(ask, paths).order
    stopped, later = stop(services.store, paths, services.clock, services.ids, order.id)
    return Stopped(plan=told(stopped), later=later)


def _book(ask: Ask, paths: Paths) -> Book:
    if not is_id(ask.args["plan"]):
        raise not_found("plan")
    return browse.load(ask.services.store, paths, ask.args["plan"], ask.services.clock.now())


ROUTES = (
    Route(
        "POST",
        look,
        "Plan the next batch without writing to either side, and store the plan",
        body=PreviewRequest,
        answer=Preview,
        problems=(404, 409),
        rate=Rate(calls=60, seconds=60),
    ),
    Route(
        "GET",
        contacts,
        "A stored plan, contact by contact",
        path="/{plan}",
        query=PlanQuery,
        answer=PlanPage,
        problems=(404, 409),
    ),
    Route(
        "GET",
        report,
        "What a plan comes to before a first sync, in counts",
        path="/{plan}/report",
        answer=FirstSync,
        problems=(404, 409),
        rate=Rate(calls=30, seconds=60),
    ),
    Route(
        "GET",
        alike,
        "Who may be the same person though no email says so, read just now; nothing is done about it",
        path="/{plan}/alike",
        query=AlikeQuery,
        answer=AlikePage,
        problems=(404, 409, 502, 503),
        rate=Rate(calls=30, seconds=60),
    ),
    Route(
        "DELETE",
        end,
        "Stop a plan: what was carried out stays, the rest is left",
        path="/{plan}",
        answer=Stopped,
        problems=(404, 409),
    ),
)
handler = Function("preview", ROUTES).entry
