"""The user's Sugar: connect, look, test, disconnect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from shared.web.function import Function
from shared.web.problem import bad_field
from shared.web.route import Ask, Rate, Route

if TYPE_CHECKING:
    from shared.account.grants import SugarGrant


class Connect(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to sign in to Sugar. The password is exchanged for tokens, and not kept; SuiteCRM and Sugar CE have none, so
    that there the hash which their login takes is kept, sealed."""

    address: Annotated[str, Meta(min_length=1, max_length=500, description="As it stands in the browser.")]
    user_name: Annotated[str, Meta(min_length=1, max_length=255)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]
    platform: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=127,
            description="Registered in Sugar (Admin > Platforms); a sign-in ends the session that the user has there. "
            "SuiteCRM and Sugar CE know no platforms.",
        ),
    ] = "contact-sync"

    def __repr__(self) -> str:
        return "Connect(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Account(msgspec.Struct, frozen=True):
    """The connected user of Sugar."""

    address: str
    platform: str
    user_id: str
    user_name: str
    version: Annotated[str, Meta(description="What was found at the address, for people.")]


class Connection(msgspec.Struct, frozen=True):
    """What is connected."""

    connected: bool
    account: Account | None


class Test(msgspec.Struct, frozen=True):
    """What a living connection says."""

    user_name: str
    full_name: str
    fields: Annotated[int, Meta(description="Fields of contacts that this user may read.")]
    may_view: bool
    may_create: bool
    may_edit: bool
    may_delete: bool


class Disconnected(msgspec.Struct, frozen=True):
    """What came of it. The product has forgotten the connection in any case."""

    signed_out: Annotated[bool, Meta(description="`false`: Sugar could not be told; its session ends by itself.")]


def show(ask: Ask) -> Connection:
    return _shown(ask.services.sugar(ask.me.uid).connected())


def connect(ask: Ask) -> Connection:
    from shared.account.connecting import Refused
    from shared.account.dialects import Login

    body = ask.take(Connect)
    login = Login(body.address, body.user_name, body.password, body.platform)
    try:
        return _shown(ask.services.connecting(ask.me.uid).connect(ask.me, login))
    except Refused as error:
        raise bad_field("password", error.message) from None


def test(ask: Ask) -> Test:
    told = ask.services.sugar(ask.me.uid).test(ask.me)
    return Test(
        told.user_name, told.full_name, told.fields, **{f"may_{name}": may for name, may in told.rights.items()}
    )


def disconnect(ask: Ask) -> Disconnected:
    return Disconnected(ask.services.connecting(ask.me.uid).disconnect(ask.me))


def _shown(grant: SugarGrant | None) -> Connection:
    if grant is None:
        return Connection(False, None)
    return Connection(True, Account(grant.address, grant.platform, grant.user_id, grant.user_name, grant.version))


ROUTES = (
    Route("GET", show, "What is connected", answer=Connection),
    Route(
        "PUT",
        connect,
        "Connect a user of Sugar, in place of what is connected",
        body=Connect,
        answer=Connection,
        problems=(409, 502, 503),
        rate=Rate(5, 300),
    ),
    Route(
        "POST",
        test,
        "Call Sugar, and say as whom and with which rights",
        path="/test",
        answer=Test,
        problems=(409, 502, 503),
        rate=Rate(10, 60),
    ),
    Route(
        "DELETE",
        disconnect,
        "Sign out of Sugar and forget the connection; links and history stay",
        answer=Disconnected,
        problems=(409, 503),
        rate=Rate(10, 60),
    ),
)
handler = Function("sugar", ROUTES).entry
