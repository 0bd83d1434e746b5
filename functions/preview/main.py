"""What the next run would do, before it does it."""

from __future__ import annotations

from shared.sync.view import Preview, preview
from shared.web.function import Function
from shared.web.route import Ask, Rate, Route


def look(ask: Ask) -> Preview:
    connections = ask.services.connections(ask.me.uid)
    try:
        report = ask.services.engine(ask.me, connections).preview()
    finally:
        connections.close()
    ask.noted.update(run=report.run, outcome=report.status.value, error=report.error, contacts=report.contacts)
    return preview(report)


ROUTES = (
    Route(
        "POST",
        look,
        "Plan the next batch without writing to either side",
        answer=Preview,
        problems=(409,),
        rate=Rate(calls=10, seconds=60),
    ),
)
handler = Function("preview", ROUTES).entry
