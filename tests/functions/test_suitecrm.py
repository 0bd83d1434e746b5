"""Connecting a SuiteCRM, and living with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import older
from tests.functions.site import Site, site
from tests.simulators.suitecrm import SuiteSimulator
from tests.world import PASSWORD


@pytest.fixture
def web() -> Iterator[Site]:
    with site(crm="suitecrm") as made:
        yield made


def simulator(web: Site) -> SuiteSimulator:
    assert isinstance(web.world.sugar, SuiteSimulator)
    return web.world.sugar


def test_connecting_finds_the_dialect_out(web: Site) -> None:
    jane = web.jane(connected=False)
    account = jane.connect().ok["account"]
    assert (account["address"], account["user_name"]) == (web.world.sugar_wire.url, "jane")
    assert account["user_id"] == web.world.sugar.first_user.id
    assert account["version"] == "SuiteCRM 7.14.6"
    assert jane.get("sugar").ok == {"connected": True, "account": account}


def test_where_neither_dialect_is_spoken(web: Site) -> None:
    jane = web.jane(connected=False)
    answer = jane.connect(address=f"{web.world.sugar_wire.url}/nowhere")
    assert answer.status == 422
    assert "nor does SuiteCRM" in str(answer.json)
    assert jane.get("sugar").ok["connected"] is False


def test_a_wrong_password_is_that_of_the_field(web: Site) -> None:
    jane = web.jane(connected=False)
    assert jane.connect(password="wrong").wrong == ["password"]


def test_nothing_of_the_login_is_stored_or_answered_openly(web: Site) -> None:
    jane = web.jane()
    jane.post("sugar", "/test")
    sent = [call.request for call in web.world.sugar_wire.log if older.method_of(call.request)]
    secrets = {PASSWORD, *(older.arguments_of(each).get("session", "") for each in sent)} - {""}
    hashes = {older.arguments_of(each).get("user_auth", {}).get("password", "") for each in sent} - {""}
    assert len(secrets) > 1
    assert hashes
    stored = str(web.world.store.inner.get(f"users/{jane.uid}/grants/current"))
    answered = b"".join(web.bodies).decode()
    assert not [each for each in secrets | hashes if each in stored or each in answered]


def test_a_test_goes_on_behind_an_ended_session(web: Site) -> None:
    jane = web.jane()
    simulator(web).revoke()
    told = jane.post("sugar", "/test").ok
    assert told["user_name"] == "jane"
    assert told["fields"] > 20
    fields = {field["name"]: field for field in jane.get("fields").ok["fields"]}
    assert fields["company"]["sugar"]["writable"] is False
    assert fields["last_name"]["sugar"]["max_length"] == 100


def test_disconnecting_ends_the_session_and_forgets_the_login(web: Site) -> None:
    jane = web.jane()
    assert simulator(web).state.logins
    assert jane.delete("sugar").ok == {"signed_out": True}
    assert not simulator(web).state.logins
    assert jane.get("sugar").ok == {"connected": False, "account": None}


@pytest.mark.parametrize("scope", ["favorites", "mail_client"])
def test_a_scope_that_it_does_not_tell_cannot_be_chosen(web: Site, scope: str) -> None:
    jane = web.jane()
    assert jane.patch("settings", sugar_scope=scope).wrong == ["sugar_scope"]
    assert jane.patch("settings", sugar_scope="all").ok


def test_a_run_syncs(web: Site) -> None:
    jane = web.jane()
    web.world.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    web.clock.advance(60)
    for _ in range(2):
        assert jane.post("sync", "", {}).ok["status"] == "done"
        web.clock.advance(60)
    people = web.world.people.account(jane.email).people()
    assert [person["names"][0]["familyName"] for person in people] == ["Byron"]
