"""Where Google sends the browser back to: the code becomes a session and a grant.

Whatever becomes of it, the browser ends up in the UI; what went wrong stands in its address as ``problem``.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from shared.errors import BadSettings, FatalError, GrantLost, RetriableError, ScopeMissing, SyncError
from shared.web.function import Function
from shared.web.route import Access, Ask, Rate, Reply, Route
from shared.web.sign_in import PAGE, OnItsWay, SignIn

if TYPE_CHECKING:
    from shared.account.users import User


class Problem(StrEnum):
    """What ``problem`` may be."""

    DENIED = "denied"
    """The user cancelled at Google."""
    STALE = "stale"
    """The sign-in took too long, was used before, or began in another browser: sign in again."""
    CONTACTS_NOT_GRANTED = "contacts-not-granted"
    """Contacts were not ticked at Google: sign in again, with contacts ticked."""
    NOT_ALLOWED = "not-allowed"
    """This account may not sign in here."""
    NO_LASTING_GRANT = "no-lasting-grant"
    """Google grants this account nothing lasting; its administrator may have to allow it."""
    ERASING = "erasing"
    """Signed in; but the data of this account are being deleted: repeat that until it is done."""
    TRY_AGAIN = "try-again"
    """Google or this service cannot be reached for the moment: sign in again."""
    MISCONFIGURED = "misconfigured"
    """The OAuth client of this installation has to be mended."""
    FAILED = "failed"
    """Google answered what was not understood."""


class CallbackQuery(msgspec.Struct, kw_only=True):
    """What Google sends along; it may send more."""

    code: Annotated[str, Meta(max_length=2000)] = ""
    state: Annotated[str, Meta(max_length=4000)] = ""
    error: Annotated[str, Meta(max_length=200)] = ""


def callback(ask: Ask) -> Reply:
    query, sign_in = ask.asked(CallbackQuery), SignIn(ask.services)
    if query.error:
        return _problem(ask, Problem.DENIED if query.error == "access_denied" else Problem.FAILED)
    try:
        back = sign_in.returned(query.state, ask.cookies) if query.code and query.state else None
        if back is None or not sign_in.use(back):
            return _problem(ask, Problem.STALE)
        return _enter(ask, sign_in, back, query.code)
    except ScopeMissing:
        return _problem(ask, Problem.CONTACTS_NOT_GRANTED, sign_in.end())
    except GrantLost:
        return _problem(ask, Problem.STALE, sign_in.end())
    except BadSettings:
        return _problem(ask, Problem.MISCONFIGURED)
    except RetriableError:
        return _problem(ask, Problem.TRY_AGAIN)
    except FatalError:
        return _problem(ask, Problem.FAILED)


def _enter(ask: Ask, sign_in: SignIn, back: OnItsWay, code: str) -> Reply:
    from shared.account.sign_in import NotAllowed, NotLasting, SignIns
    from shared.people.signin import exchange, revoke

    services = ask.services
    client = services.oauth_client
    entrance = SignIns(services.users, services.grants, client, services.clock, domains=services.config.sign_in_domains)
    signed = exchange(
        client,
        code,
        back.verifier,
        redirect_uri=sign_in.redirect_uri,
        nonce=back.nonce,
        clock=services.clock,
        connected=entrance.connected,
    )
    try:
        user = entrance.enter(signed)
    except NotAllowed:
        if not entrance.connected(signed.subject):
            with suppress(SyncError):
                revoke(signed.tokens.refresh_token or signed.tokens.access_token, services.google)
        return _problem(ask, Problem.NOT_ALLOWED, sign_in.end())
    except NotLasting:
        if back.consent:
            return _problem(ask, Problem.NO_LASTING_GRANT, sign_in.end())
        url, cookie = sign_in.start(then=back.then, consent=True, hint=signed.email)
        return Reply(None, 302, {"Location": url}, [cookie])
    ask.noted["uid"] = user.uid
    session = services.sessions.begin(user.uid)
    if user.erasing:
        return _problem(ask, Problem.ERASING, session, sign_in.end())
    _go_on(ask, user)
    return Reply(None, 302, {"Location": back.then}, [session, sign_in.end()])


def _go_on(ask: Ask, user: User) -> None:
    """A sync that waited for this grant need not wait for long any more."""
    from shared.sync.visit import attend

    if user.paths is None or user.settings.get("sync_regularly") is not True:
        return
    try:
        attend(ask.services.store, user.paths, ask.services.clock, ask.services.ids)
    except (RetriableError, FatalError) as error:
        ask.noted["not_attended"] = type(error).__name__


def _problem(ask: Ask, problem: Problem, *cookies: str) -> Reply:
    ask.noted["problem"] = problem.value
    return Reply(None, 302, {"Location": f"{PAGE}?problem={problem}"}, [*cookies])


ROUTES = (
    Route(
        "GET",
        callback,
        "Come back from Google; goes on to the UI, with `problem` in its address if something is wrong",
        query=CallbackQuery,
        status=302,
        access=Access.OPEN,
        problems=(503,),
        rate=Rate(20, 60),
    ),
)
handler = Function("oauth_callback", ROUTES).entry
