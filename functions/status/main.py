"""How the sync stands."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.account.standing import RUNS, Standing, standing
from shared.web.function import Function
from shared.web.route import Ask, Route


class StatusQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is told besides."""

    runs: Annotated[int, Meta(ge=0, le=RUNS, description="So many of the last runs, too.")] = 0


def status(ask: Ask) -> Standing:
    return standing(ask.services.store, ask.me, ask.services.clock.now(), last=ask.asked(StatusQuery).runs)


ROUTES = (Route("GET", status, "Connections, last run, progress and counts", query=StatusQuery, answer=Standing),)
handler = Function("status", ROUTES).entry
