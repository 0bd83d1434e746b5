"""Why a contact isn't synced: how it stands, in one sentence, with the setting, switch or entry that decides it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.sync.because import Because
from shared.web.function import Function
from shared.web.problem import bad_field
from shared.web.route import Ask, Rate, Route


class WhyQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom it is about."""

    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=300,
            description="An email, a whole name, an id of either side, or the address of its page there.",
        ),
    ]


class Why(msgspec.Struct):
    """The contacts that may be meant, as they are just now."""

    items: list[Because]
    more: Annotated[bool, Meta(description="There are more that may be meant: ask for an email or an id.")]
    listed: Annotated[
        bool,
        Meta(description="`false`: the first listing of both sides is not done yet, so somebody may be missing here."),
    ]


def why(ask: Ask) -> Why:
    text = ask.asked(WhyQuery).q.strip()
    if not text:
        raise bad_field("query.q", "must be an email, a name or an id")
    connections = ask.services.connections(ask.me.uid)
    try:
        told = ask.services.engine(ask.me, connections).why(text)
    finally:
        connections.close()
    ask.noted.update(found=len(told.contacts))
    return Why(list(told.contacts), told.more, told.listed)


ROUTES = (
    Route(
        "GET",
        why,
        "Why a contact isn't synced, or how it stands",
        query=WhyQuery,
        answer=Why,
        problems=(409, 502, 503),
        rate=Rate(calls=30, seconds=60),
    ),
)
handler = Function("why", ROUTES).entry
