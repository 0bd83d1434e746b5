"""How the sync stands."""

from __future__ import annotations

import msgspec

from shared.account.standing import RunTold, Standing, standing
from shared.account.standing import runs as last_runs
from shared.web.function import Function
from shared.web.route import Ask, Route


def status(ask: Ask) -> Standing:
    return standing(ask.services.store, ask.me, ask.services.clock.now())


class Runs(msgspec.Struct):
    """The last runs, the newest first."""

    items: list[RunTold]


def runs(ask: Ask) -> Runs:
    return Runs(last_runs(ask.services.store, ask.me))


ROUTES = (
    Route("GET", status, "Connections, last run, progress and counts", answer=Standing),
    Route("GET", runs, "The last runs that changed something or were in trouble", path="/runs", answer=Runs),
)
handler = Function("status", ROUTES).entry
