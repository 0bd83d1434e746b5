"""What an undo would take back, stored as a plan that is carried out like any other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.errors import BadPlan
from shared.names import SideName
from shared.sync import browse
from shared.sync.archived import APART, Archived
from shared.sync.browse import HistoryFilter
from shared.sync.undo.ask import UndoAsk
from shared.sync.view import Preview, preview
from shared.sync.words import SideText, is_field
from shared.web.function import Function
from shared.web.mine import my_paths
from shared.web.problem import bad_field
from shared.web.route import Ask, Rate, Route

Id = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
RowId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_~-]{1,300}$")]
Time = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]


ARCHIVED = "is archived, and cannot be undone any more"
_FAR = 20
"""Pages of the archive that are looked through to tell what is archived from what there never was."""


class UndoRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to take back: exactly one of a row, a contact, a run, a span of time, or all that was created on one side.

    `contact` may be narrowed by a span, `row` by fields.
    """

    row: Annotated[RowId | None, Meta(description="One row of the history, by its `id`; not an archived one.")] = None
    fields: Annotated[
        list[Annotated[str, Meta(max_length=80)]],
        Meta(max_length=100, description="With `row`: these of its fields alone."),
    ] = []
    contact: Annotated[Id | None, Meta(description="A contact's changes, by `contact` of a row.")] = None
    run: Annotated[Id | None, Meta(description="All changes of one run.")] = None
    since: Annotated[Time | None, Meta(description="Changes from this time on.")] = msgspec.field(
        name="from", default=None
    )
    until: Annotated[Time | None, Meta(description="Changes before this time.")] = msgspec.field(
        name="to", default=None
    )
    created: Annotated[
        SideText | None,
        Meta(description="Remove everything that was created on this side, for whoever leaves."),
    ] = None


def undo(ask: Ask) -> Preview:
    wanted = _wanted(ask.take(UndoRequest))
    connections = ask.services.connections(ask.me.uid)
    try:
        report = ask.services.engine(ask.me, connections).undo(wanted)
    finally:
        connections.close()
    ask.noted.update(run=report.run, outcome=report.status.value, error=report.error, contacts=report.contacts)
    if report.bad_plan is not None:
        raise _told(ask, wanted, report.bad_plan)
    return preview(report)


def _told(ask: Ask, wanted: UndoAsk, error: BadPlan) -> BadPlan:
    """The error; where the store has no such contact or run, it may be that the archive has.

    Raises:
        BucketRefused, BucketDown, ObjectSpoilt: of the archive.
    """
    if not error.unknown or not (wanted.contact or wanted.run):
        return error
    archive = Archived(ask.services.store, my_paths(ask), ask.services.bucket)
    meant = HistoryFilter(
        contact=wanted.contact or None,
        run=wanted.run or None,
        since=wanted.since or None,
        until=wanted.until or None,
    )
    place: list[str] | None = None
    for _ in range(_FAR):
        found = archive.page(meant, after=place, limit=1)
        if any(doc.data.get("archived") for doc in found.docs):
            return BadPlan(error.field, ARCHIVED)
        place = found.place
        if place is None:
            break
    return error


def _wanted(body: UndoRequest) -> UndoAsk:
    since, until = _moment("from", body.since), _moment("to", body.until)
    span = bool(since or until)
    said = [name for name in ("row", "contact", "run", "created") if getattr(body, name) is not None]
    if len(said) > 1 or (said not in ([], ["contact"]) and span):
        raise bad_field("row", "say exactly one of row, contact, run, from and to, or created")
    if not said and not (since and until):
        raise bad_field("row", "say one of row, contact, run, from and to together, or created")
    if since and until and since >= until:
        raise bad_field("to", "must be later than from")
    if body.fields and body.row is None:
        raise bad_field("fields", "needs `row`: fields of one row are meant")
    if APART in (body.row or ""):
        raise bad_field("row", ARCHIVED)
    for n, name in enumerate(body.fields):
        if not is_field(name):
            raise bad_field(f"fields.{n}", "must be the name of a field")
    return UndoAsk(
        row=body.row or "",
        fields=body.fields,
        contact=body.contact or "",
        run=body.run or "",
        since=since or "",
        until=until or "",
        created=SideName(body.created) if body.created is not None else None,
    )


def _moment(field: str, time: str | None) -> str | None:
    try:
        return None if time is None else browse.moment(msgspec.convert(time, Annotated[datetime, Meta(tz=True)]))
    except (msgspec.ValidationError, OverflowError):
        raise bad_field(field, "must be a time with its offset, like 2026-03-01T08:00:00Z") from None


ROUTES = (
    Route(
        "POST",
        undo,
        "Plan an undo without writing to either side, and store the plan; its next parts come by preview",
        body=UndoRequest,
        answer=Preview,
        problems=(409,),
        rate=Rate(calls=60, seconds=60),
    ),
)
handler = Function("undo", ROUTES).entry
