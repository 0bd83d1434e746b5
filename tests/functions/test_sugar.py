"""Connecting Sugar over HTTP, testing it, letting it go."""

from __future__ import annotations

import logging
import runpy
from typing import Any

import pytest

from shared.account.dialects import Login
from shared.errors import Unavailable
from tests.functions.site import Browser, Site, site
from tests.functions.stage import FUNCTIONS
from tests.simulators.sugar import SugarSimulator, Switches
from tests.world import PASSWORD

# -- connecting --------------------------------------------------------------------------------------


def test_connecting(web: Site) -> None:
    jane = web.jane(connected=False)
    assert jane.get("sugar").ok == {"connected": False, "account": None}
    commits = web.world.store.commits
    account = jane.connect().ok["account"]
    assert account == {
        "address": web.world.sugar_wire.url,
        "platform": "contact-sync",
        "user_id": web.world.sugar.first_user.id,
        "user_name": "jane",
        "version": "Sugar, REST v11",
    }
    assert web.world.store.commits == commits + 1  # the grant, the pair and the wish together
    assert jane.get("sugar").ok == {"connected": True, "account": account}
    user = web.account(jane)
    assert user.instances == {user.pair: user.instance}
    assert web.head(web.paths(jane)).next_due_at is None  # nothing happens by itself


@pytest.mark.parametrize("typed", ["{url}/", "{url}/index.php?module=Home#x", "  {url}  "])
def test_what_people_copy_from_their_browser(web: Site, typed: str) -> None:
    jane = web.jane(connected=False)
    url = web.world.sugar_wire.url
    assert jane.connect(address=typed.format(url=url)).ok["account"]["address"] == url


def test_the_password_is_nowhere_afterwards(web: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    jane = web.jane(connected=False)
    written: list[str] = []
    commit = web.world.store.inner.commit

    def remember(changes: Any) -> Any:
        written.append(repr(changes))
        return commit(changes)

    web.world.store.inner.commit = remember  # type: ignore[method-assign]
    for password in (PASSWORD, "wrong-" + PASSWORD):
        jane.connect(password=password)
    jane.put("sugar", {**jane.login(), "address": "nonsense\n"})
    jane.put("sugar", {**jane.login(), "password": [PASSWORD]})
    assert written
    assert PASSWORD not in "".join(written) + caplog.text + b"".join(web.bodies).decode()


def test_the_password_shows_in_no_repr() -> None:
    module = runpy.run_path(str(FUNCTIONS / "sugar" / "main.py"))
    given = {"address": "https://crm.example.com", "user_name": "jane", "password": PASSWORD}
    body = module["Connect"](**given)
    assert PASSWORD not in f"{body!r} {body} {[body]} {body.__rich_repr__()} {Login(**given, platform='p')!r}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": " "}, "address"),
        ({"address": "x" * 501}, "address"),
        ({"address": "http://crm.example.com"}, "address"),
        ({"address": "ftp://crm.example.com"}, "address"),
        ({"address": "https://10.0.0.1"}, "address"),
        ({"address": "https://169.254.169.254/computeMetadata"}, "address"),
        ({"address": "https://metadata.google.internal"}, "address"),
        ({"address": "https://user:pass@crm.example.com"}, "address"),
        ({"address": "https://[::ffff:10.0.0.1]"}, "address"),
        ({"address": "https://crm.example.com:22"}, "address"),
        ({"address": 7}, "address"),
        ({"user_name": ""}, "user_name"),
        ({"user_name": "x" * 256}, "user_name"),
        ({"password": ""}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"password": None}, "password"),
        ({"platform": ""}, "platform"),
        ({"platform": "my platform"}, "platform"),
        ({"platform": "x" * 128}, "platform"),
        ({"client_id": "x"}, "client_id"),
    ],
)
def test_what_cannot_be_connected_names_the_field(web: Site, change: dict[str, Any], field: str) -> None:
    jane = web.jane(connected=False)
    with web.world.sugar_wire.counted() as calls:
        answer = jane.put("sugar", {**jane.login(), **change})
    assert answer.wrong == [field]
    assert not calls
    assert jane.get("sugar").ok["connected"] is False


@pytest.mark.parametrize("field", ["address", "user_name", "password"])
def test_what_is_missing_is_named(web: Site, field: str) -> None:
    jane = web.jane(connected=False)
    assert jane.put("sugar", {n: v for n, v in jane.login().items() if n != field}).wrong == [field]


@pytest.mark.parametrize("bad_password", ["401 need_login", "401 invalid_grant", "400 invalid_grant"])
def test_a_wrong_password(bad_password: Any) -> None:
    with site(sugar=Switches(bad_password=bad_password)) as web:
        jane = web.jane(connected=False)
        assert jane.connect(password="wrong").wrong == ["password"]
        assert jane.get("sugar").ok["connected"] is False


def test_a_platform_that_sugar_does_not_know() -> None:
    with site(sugar=Switches(unknown_platforms_refused=True)) as web:
        jane = web.jane(connected=False)
        assert jane.connect().wrong == ["platform"]
        assert isinstance(web.world.sugar, SugarSimulator)
        web.world.sugar.auth.platforms.add("contact-sync")
        assert jane.connect().ok


def test_hosts_that_may_be_connected() -> None:
    with site(environment={"SUGAR_HOSTS": "crm.example.com", "SUGAR_LOOPBACK": "no"}) as web:
        jane = web.jane(connected=False)
        for address in (web.world.sugar_wire.url, "https://other.example.com", "https://localhost"):
            assert jane.put("sugar", {**jane.login(), "address": address}).wrong == ["address"]


def test_an_address_that_is_no_sugar(web: Site) -> None:
    jane = web.jane(connected=False)
    assert jane.connect(address=web.world.people_wire.url).wrong == ["address"]


def test_guessing_passwords_is_slowed_down_by_user(web: Site) -> None:
    jane, joe = web.jane(connected=False), web.jane(connected=False, email="joe@example.com")
    statuses = [jane.connect(password="guess").status for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2
    assert joe.connect("joe").status == 200
    web.clock.advance(301)
    assert jane.connect().status == 200


def test_sugar_that_is_down(web: Site) -> None:
    jane = web.jane(connected=False)
    web.world.sugar.maintenance = True
    assert jane.connect().status == 503
    web.world.sugar.maintenance = False
    assert jane.connect().status == 200


def test_a_store_that_fails_connects_nothing(web: Site) -> None:
    jane = web.jane(connected=False)

    def fail(step: str) -> None:
        raise Unavailable("the store is down")

    web.world.store.on_step = fail
    assert jane.connect().status == 503
    web.world.store.on_step = lambda _: None
    assert web.account(jane).pair == ""
    assert jane.get("sugar").ok["connected"] is False
    assert jane.connect().status == 200


# -- testing -----------------------------------------------------------------------------------------


def test_what_a_test_tells(web: Site, jane: Browser) -> None:
    user = web.world.sugar.first_user
    user.may_create = user.may_delete = False
    user.denied["title"] = {"read", "write"}
    told = jane.post("sugar", "/test").ok
    assert told["user_name"] == "jane"
    assert (told["may_view"], told["may_create"], told["may_edit"], told["may_delete"]) == (True, False, True, False)
    assert told["fields"] == len(web.world.sugar.fields) - 1
    assert web.head(web.paths(jane)).lease is None


def test_a_session_that_was_ended_in_sugar(web: Site, jane: Browser) -> None:
    web.world.sugar.revoke()
    answer = jane.post("sugar", "/test")
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:not-connected")
    assert web.head(web.paths(jane)).lease is None  # given back
    assert jane.connect().ok
    assert jane.post("sugar", "/test").ok


def test_a_renewed_token_is_kept(web: Site, jane: Browser) -> None:
    for _ in range(3):
        web.clock.advance(5400)
        assert jane.post("sugar", "/test").ok
