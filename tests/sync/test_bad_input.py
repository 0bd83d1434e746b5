"""Wrong addresses, dead grants, bad answers: each a clear message, nothing half written, and the next run goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from shared.account.grants import GrantStore
from shared.errors import BadAddress, GrantLost, Unavailable
from shared.people import oauth
from shared.sugar.address import normalise
from shared.sugar.reach import LOOPBACK
from shared.sugar.session import sign_in
from shared.sync.report import Report, Status
from tests.simulators.sugar import Switches as SugarSwitches
from tests.simulators.wire import Reply, Request
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import BOTH, linked, settle, title_in_google, watched
from tests.world import PASSWORD, PLATFORM, User, World, world

# -- connecting --------------------------------------------------------------------------------------


def try_sign_in(address: str, w: World, password: str = PASSWORD) -> None:
    sign_in(address, "jane", password, platform=PLATFORM, clock=w.clock, gate=lambda _: None, policy=LOOPBACK)


@pytest.mark.parametrize("bad_password", ["401 need_login", "401 invalid_grant", "400 invalid_grant"])
def test_a_wrong_password_says_so_and_does_not_show_it(bad_password: Any) -> None:
    with world(sugar=SugarSwitches(bad_password=bad_password)) as w:
        w.user()
        with pytest.raises(GrantLost, match="user name or the password") as caught:
            try_sign_in(w.sugar_wire.url, w, "Wr0ng-Secret")
        assert "Wr0ng-Secret" not in str(caught.value)


def test_a_sugar_that_is_not_there() -> None:
    with world() as w:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unavailable, match="no connection to the Sugar server"):
            try_sign_in(address, w)
        with pytest.raises(BadAddress, match="host"):
            try_sign_in("https://no-such-host.invalid", w)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
        Reply(404, b"<html>Not found</html>", {"Content-Type": "text/html"}),
        Reply(301, b"", {"Location": "https://elsewhere.example"}),
        Reply(200, []),
    ],
    ids=["html", "404", "redirect", "list"],
)
def test_an_address_that_is_no_sugar(answer: Reply) -> None:
    with world() as w:
        w.sugar_wire.fault("status", path="oauth2/token", reply=answer)
        with pytest.raises(BadAddress, match="address"):
            try_sign_in(w.sugar_wire.url, w)


@pytest.mark.parametrize(
    "typed", ["", "   ", "ftp://sugar.example.com", "https://", "https://a b.com", "https://u:p@x.y"]
)
def test_an_address_that_is_none(typed: str) -> None:
    with pytest.raises(BadAddress, match="Sugar address"):
        normalise(typed)


# -- grants ------------------------------------------------------------------------------------------


def blocked(user: User, *words: str) -> Report:
    """The run stops, says why, and writes nothing."""
    with watched(user.world) as sent:
        report = user.run()
    assert report.status is Status.BLOCKED, report
    assert all(word in report.message for word in words), report.message
    assert sent.sugar == sent.google == 0
    assert user.backlog() == []
    return report


def pending(w: World) -> tuple[User, Any]:
    """A linked contact with an edit on either side that waits."""
    user, link = linked(w)
    w.sugar.edit(link.sugar_id, title="Mathematician")
    user.account.edit(link.google_id, birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}])
    w.clock.advance(60)
    return user, link


def arrived(user: User, link: Any) -> None:
    """Both edits got through, once."""
    rest(user)
    assert title_in_google(user, link) == "Mathematician"
    assert user.world.sugar.get(link.sugar_id)["birthdate"] == "1815-12-10"
    assert len(user.world.sugar.contacts()) == len(user.account.people()) == 1
    fixed_point(user)


def test_a_grant_revoked_at_google_stops_the_run_until_the_user_grants_again() -> None:
    with world() as w:
        user, link = pending(w)
        for token in list(w.people.oauth.grants):
            w.people.revoke(token)
        blocked(user, "Google", "sign in again")
        store = GrantStore(w.store, user.uid, w.vault)
        grants = store.load()
        assert grants.google is not None
        grants.google.tokens = oauth.Tokens(refresh_token=user.account.grant()).to_json()
        store.save(grants)
        arrived(user, link)


def test_a_session_revoked_in_sugar_stops_the_run_until_the_user_signs_in_again() -> None:
    with world() as w:
        user, link = pending(w)
        w.sugar.revoke(user.sugar_user)
        blocked(user, "Sugar", "sign in")
        store = GrantStore(w.store, user.uid, w.vault)
        grants = store.load()
        assert grants.sugar is not None
        tokens = sign_in(
            w.sugar_wire.url, "jane", PASSWORD, platform=PLATFORM, clock=w.clock, gate=lambda _: None, policy=LOOPBACK
        )
        grants.sugar.tokens = dict(tokens.as_json())
        store.save(grants)
        arrived(user, link)


def test_a_grant_without_contacts_says_what_to_tick() -> None:
    with world() as w:
        user, link = pending(w)
        store = GrantStore(w.store, user.uid, w.vault)
        grants = store.load()
        assert grants.google is not None
        kept = grants.google.tokens
        grants.google.tokens = oauth.Tokens(refresh_token=user.account.grant(("openid", "email"))).to_json()
        store.save(grants)
        blocked(user, "contacts", "grant again")
        grants = store.load()
        assert grants.google is not None
        grants.google.tokens = kept
        store.save(grants)
        arrived(user, link)


# -- answers -----------------------------------------------------------------------------------------


def html(_: Request, __: Reply) -> Reply:
    return Reply(200, b"<html><body>Maintenance</body></html>", {"Content-Type": "text/html"})


def truncated(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, reply.encoded()[:-9], dict(reply.headers))


def no_object(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, ["what", "is", "this"], dict(reply.headers))


def no_unicode(_: Request, reply: Reply) -> Reply:
    return Reply(reply.status, b'{"records": ["\xff\xfe"]}', dict(reply.headers))


def without(*names: str) -> Callable[[Request, Reply], Reply]:
    """The answer with these members missing, at every depth."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: cut(v) for k, v in value.items() if k not in names}
        return [cut(v) for v in value] if isinstance(value, list) else value

    return lambda _, reply: Reply(reply.status, cut(json.loads(reply.encoded())), dict(reply.headers))


def wrong(name: str, bad: Any) -> Callable[[Request, Reply], Reply]:
    """The answer with this member of another type, at every depth."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bad if k == name else spoil(v) for k, v in value.items()}
        return [spoil(v) for v in value] if isinstance(value, list) else value

    return lambda _, reply: Reply(reply.status, spoil(json.loads(reply.encoded())), dict(reply.headers))


GARBLED: dict[str, Callable[[Request, Reply], Reply]] = {
    "html": html,
    "truncated": truncated,
    "no object": no_object,
    "no unicode": no_unicode,
}


SITES: dict[str, tuple[str, dict[str, Any], list[str], dict[str, Callable[[Request, Reply], Reply]]]] = {
    # wire, which calls, words of the message, and what may be wrong besides
    "listing of sugar": (
        "sugar",
        {"path": "filter"},
        ["contacts:"],
        {"no records": without("records"), "records": wrong("records", {})},
    ),
    "listing of google": (
        "people",
        {"path": "connections"},
        ["people.connections.list:"],
        {
            "no token": without("nextSyncToken"),
            "no name": without("resourceName"),
            "no list": wrong("connections", {}),
            "emails": wrong("emailAddresses", "x"),
        },
    ),
    "read of sugar": (
        "sugar",
        {"path": "/Contacts", "skip": 1},  # the first question of a run is the feed's
        [],
        {"no id": without("id"), "no date": without("date_modified"), "id": wrong("id", 7)},
    ),
    "read of google": (
        "people",
        {"path": "(batchGet|people/c)"},
        [],
        {"no name": without("responses", "resourceName")},
    ),
}


@pytest.mark.parametrize("site", SITES)
def test_an_answer_that_is_none_stops_the_run_and_the_next_one_goes_on(site: str) -> None:
    side, calls, words, more = SITES[site]
    with world() as w:
        user, link = pending(w)
        wire = w.sugar_wire if side == "sugar" else w.people_wire
        for garble in (*GARBLED.values(), *more.values()):
            wire.fault("garble", **calls, times=None, garble=garble)
            blocked(user, *words)
            wire.heal()
            w.clock.advance(60)
        arrived(user, link)


def test_instances_without_contacts_in_their_metadata_are_named() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar_wire.fault("garble", path="metadata", garble=without("Contacts"))
        blocked(user, "metadata")
        settle(user)
