"""Sends the browser to Google: sign-in and the contacts grant in one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.web.function import Function
from shared.web.route import Access, Ask, Rate, Reply, Route
from shared.web.sign_in import PAGE, SignIn


class StartQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to sign in."""

    consent: Annotated[bool, Meta(description="Ask for consent even if it was given before.")] = False
    hint: Annotated[str, Meta(max_length=320, description="The email of the account that is meant.")] = ""
    then: Annotated[
        str,
        Meta(max_length=200, pattern=r"^/(?!/)[A-Za-z0-9_./~#?=&-]*$", description="Where in the UI it goes on."),
    ] = PAGE


def start(ask: Ask) -> Reply:
    query = ask.asked(StartQuery)
    url, cookie = SignIn(ask.services).start(then=query.then, consent=query.consent, hint=query.hint)
    return Reply(None, 302, {"Location": url}, [cookie])


ROUTES = (
    Route(
        "GET",
        start,
        "Go to Google, and come back signed in",
        query=StartQuery,
        status=302,
        access=Access.OPEN,
        problems=(503,),
        rate=Rate(20, 60),
    ),
)
handler = Function("oauth_start", ROUTES).entry
