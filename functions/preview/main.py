"""What the next run would do, before it does it; stored as a plan that can be carried out exactly."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.sync.view import Preview, preview
from shared.web.function import Function
from shared.web.mine import is_id
from shared.web.problem import bad_field
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
)
handler = Function("preview", ROUTES).entry
