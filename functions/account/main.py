"""The user's account: sign out, take everything along, delete everything."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.account.users import User
from shared.store.port import Change
from shared.web.function import Function
from shared.web.problem import bad_field
from shared.web.route import Access, Ask, Rate, Reply, Route

SECONDS = 40.0
"""That one call of a deletion may take."""

Outcome = Literal["none", "done", "failed"]


class Stored(msgspec.Struct, frozen=True):
    """One document."""

    document: str
    data: dict[str, Any]


class Export(msgspec.Struct, frozen=True):
    """All that is stored about the account."""

    exported_at: str
    user: dict[str, Any]
    connections: dict[str, Any]
    inbox: list[Stored]
    claims: list[Stored]
    pairs: Annotated[
        list[dict[str, Any]],
        Meta(description="By pair of accounts: its state as `data`, and lists of links, history, backlog and others."),
    ]


class Confirmation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """That it is meant."""

    email: Annotated[str, Meta(min_length=3, max_length=320, description="Of the account that is signed in.")]


class Erased(msgspec.Struct, frozen=True):
    """How far it went."""

    done: Annotated[bool, Meta(description="`false`: there is more to delete than fits into one call; ask again.")]
    google: Annotated[
        Outcome,
        Meta(description="`failed`: the grant may live on; end it at https://myaccount.google.com/connections."),
    ]
    sugar: Annotated[Outcome, Meta(description="`failed`: the session in Sugar ends by itself.")]


def sign_out(ask: Ask) -> Reply:
    return Reply(cookies=[ask.services.sessions.end()])


def sign_out_everywhere(ask: Ask) -> Reply:
    services = ask.services
    # This session, too, ends even if it began in this very moment.
    until = max(services.clock.now().timestamp(), ask.began) + 0.001

    def change(user: User) -> list[Change]:
        user.signed_out_at = until
        return []

    services.users.update(ask.me.uid, change)
    return Reply(cookies=[services.sessions.end()])


def export(ask: Ask) -> Reply:
    from shared.account.export import export

    services = ask.services
    pieces = export(services.store, ask.me, services.clock.now(), services.bucket)
    headers = {"Content-Type": "application/json", "Content-Disposition": 'attachment; filename="contact-sync.json"'}
    return Reply(pieces, headers=headers)


def erase(ask: Ask) -> Reply:
    from shared.account.erase import Erasure

    services, me = ask.services, ask.me
    if ask.take(Confirmation).email.strip().casefold() != me.email.casefold():
        raise bad_field("email", "must be the email of the account that is signed in")
    erasure = Erasure(
        services.store,
        services.users,
        services.grants(me.uid),
        services.clock,
        services.ids,
        sugar=services.sugar(me.uid),
        google=services.google,
        seconds=SECONDS,
        bucket=services.bucket,
    )
    done, given_back = erasure.go(me.uid)
    ask.noted["done"] = done
    answer = {"done": done, **{side: given_back.get(side, "none") for side in ("google", "sugar")}}
    return Reply(msgspec.convert(answer, Erased), cookies=[services.sessions.end()] if done else [])


ROUTES = (
    Route("POST", sign_out, "End this session", path="/sign_out", access=Access.OPEN, rate=Rate(60, 60)),
    Route(
        "POST",
        sign_out_everywhere,
        "End all sessions of this account",
        path="/sign_out_everywhere",
        rate=Rate(20, 60),
    ),
    Route(
        "GET",
        export,
        "Everything that is stored about this account but the tokens, as one JSON file",
        path="/export",
        answer=Export,
        rate=Rate(5, 300),
    ),
    Route(
        "DELETE",
        erase,
        "Disconnect, give the grants back, and delete everything; ask again until it is `done`",
        body=Confirmation,
        answer=Erased,
        problems=(409, 503),
        rate=Rate(20, 60),
        while_erasing=True,
    ),
)
handler = Function("account", ROUTES).entry
