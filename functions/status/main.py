"""How the sync stands."""

from __future__ import annotations

from shared.account.standing import Standing, standing
from shared.web.function import Function
from shared.web.route import Ask, Route


def status(ask: Ask) -> Standing:
    return standing(ask.services.store, ask.me, ask.services.clock.now())


ROUTES = (Route("GET", status, "Connections, last run, progress and counts", answer=Standing),)
handler = Function("status", ROUTES).entry
