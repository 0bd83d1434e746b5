"""The whole sync with a SuiteCRM: what it costs, and what of its quirks must not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.names import SideName
from shared.sync.report import Status
from tests import older
from tests.simulators.suitecrm import Switches
from tests.simulators.wire import Call, Request
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import BOTH, linked, many, person, settle, title_in_google, titled
from tests.world import User, World, world

DAY = 24 * 3600.0


def _named(switches: Switches) -> str:
    """The answer that differs from the usual one."""
    usual = Switches()
    answers = {name: (getattr(switches, name), getattr(usual, name)) for name in Switches.own()}
    differs = [f"{name}={own}" for name, (own, other) in answers.items() if own != other]
    return ", ".join(differs) or "usual"


@pytest.fixture
def w() -> Iterator[World]:
    with world(crm="suitecrm") as made:
        yield made
        assert isinstance(made.sugar.crashes, list)
        assert not made.sugar.crashes


def calls(w: World, since: tuple[int, int]) -> list[Call]:
    """All of them, Google's token refreshes apart; Sugar's logins count."""
    made = [*w.sugar_wire.log[since[0] :], *w.people_wire.log[since[1] :]]
    return [call for call in made if call.request.path != "/token"]


def now(w: World) -> tuple[int, int]:
    return len(w.sugar_wire.log), len(w.people_wire.log)


def in_sugar(w: World, user: User, **wanted: str) -> list[dict[str, Any]]:
    found = w.sugar.contacts(user=user.sugar_user).values()
    return [record for record in found if all(record[name] == value for name, value in wanted.items())]


# -- what it costs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("emails", "singles"), [(1, 0), (2, 0), (3, 100)])
def test_a_hundred_new_contacts_from_google_take_15_calls(w: World, emails: int, singles: int) -> None:
    """Unless an email forces single calls: then one more per such contact."""
    user = w.user(**BOTH)
    user.run()
    for n in range(100):
        user.account.add(person(f"F{n}", f"L{n}", *(f"p{n}.{k}@x.org" for k in range(emails))))
    w.clock.advance(3600)  # the session is over
    begun = now(w)
    report = user.run()
    assert report.counts["create sugar"] == 100
    made = calls(w, begun)
    assert sum(older.method_of(call.request) == "set_entry" for call in made) == singles
    assert len(made) - singles <= 15
    assert len(w.sugar.contacts()) == 100


def test_without_a_change_it_takes_4_calls_at_most(w: World) -> None:
    user, _ = linked(w)
    w.clock.advance(3600)
    begun = now(w)
    report = user.run()
    assert (report.status, report.writes) == (Status.DONE, 0)
    assert len(calls(w, begun)) <= 4  # with a new login, as the session is over


# -- what does not show in a date --------------------------------------------------------------------


def test_emails_that_move_no_date_arrive_within_a_day(w: World) -> None:
    user, link = linked(w)
    for _ in range(2):  # the feed repeats the last minutes, and would show it by chance
        w.clock.advance(1200)
        user.sync()
    w.sugar.edit(link.sugar_id, email=["new@x.org"], touch=False)
    w.clock.advance(1200)
    user.sync()
    assert user.account.person(link.google_id)["emailAddresses"][0]["value"] == "ada@x.org"
    w.clock.advance(DAY)
    user.sync()
    assert [mail["value"] for mail in user.account.person(link.google_id)["emailAddresses"]] == ["new@x.org"]
    fixed_point(user)


def test_an_account_that_is_renamed_arrives_within_a_day(w: World) -> None:
    user, link = linked(w, account_name="Old Ltd")
    (account,) = (account for account, name in w.sugar.state.accounts.items() if name == "Old Ltd")
    w.sugar.rename_account(account, "New & Co")
    w.clock.advance(DAY)
    user.sync()
    assert user.account.person(link.google_id)["organizations"][0]["name"] == "New & Co"


# -- renderings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", list(Switches.all_variants()), ids=_named)
def test_texts_never_go_back_and_forth(switches: Switches) -> None:
    with world(crm="suitecrm", sugar=switches) as w:
        user = w.user(**BOTH)
        texts = [
            "a & b",
            'O\'Neil "Q" <b>',
            "x < y > z",
            "&amp; &lt;",
            "😀 party 𝕏",
            "<script>alert(1)</script>ok",
            "á?",
        ]
        for n, text in enumerate(texts):
            user.account.add(person(f"F{n} {text}", f"L{n}", f"p{n}@x.org", organizations=titled(text)))
        settle(user)
        before = [(user.account.person(link.google_id), link.google_id) for link in user.links()]
        assert len(before) == len(texts)
        w.clock.advance(DAY)
        user.sync()
        fixed_point(user)
        for found, name in before:
            assert user.account.person(name)["organizations"] == found["organizations"]
            assert user.account.person(name)["names"] == found["names"]


def test_both_users_edits_pass(w: World) -> None:
    user, link = linked(w)
    user.account.edit(link.google_id, organizations=titled("From Google"))
    settle(user)
    assert w.sugar.get(link.sugar_id)["title"] == "From Google"
    w.sugar.edit(link.sugar_id, title="From Sugar's & own")
    settle(user)
    assert title_in_google(user, link) == "From Sugar's & own"
    fixed_point(user)


def test_an_opt_out_survives_a_change_of_emails(w: World) -> None:
    mail = [
        {"email_address": "a@x.org", "primary_address": True, "opt_out": True},
        {"email_address": "b@x.org", "invalid_email": True},
    ]
    user, link = linked(w, email=mail)
    user.account.edit(link.google_id, emailAddresses=[{"value": each} for each in ("a@x.org", "b@x.org", "c@x.org")])
    settle(user)
    found = {each["email_address"]: each for each in w.sugar.get(link.sugar_id)["email"]}
    assert set(found) == {"a@x.org", "b@x.org", "c@x.org"}
    assert found["a@x.org"]["opt_out"]
    assert found["b@x.org"]["invalid_email"]
    assert found["a@x.org"]["primary_address"]


# -- creates in doubt --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "late"])
def test_a_create_in_doubt_is_settled_by_the_next_run(w: World, kind: str) -> None:
    """Without a wait: of two with one id the second fails, whichever comes first."""
    user = w.user(**BOTH)
    user.run()
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    user.account.add(person("Bob", "Bean", "bob@x.org"))
    w.clock.advance(60)
    w.sugar_wire.fault(kind, matches=older.writes)
    assert user.run().status is not Status.DONE or user.head().open
    w.clock.advance(120)
    user.run()
    assert not user.head().open
    assert len(w.sugar.contacts()) == len(user.links()) == 2
    w.sugar_wire.land()
    rest(user)
    assert len(w.sugar.contacts()) == len(user.account.people()) == 2
    fixed_point(user)


def test_a_create_that_nobody_wants_any_more_is_found_when_it_lands(w: World) -> None:
    user = w.user(**BOTH)
    user.run()
    name = user.account.add(person("Ada", "Byron", "ada@x.org"))
    w.clock.advance(60)
    w.sugar_wire.fault("late", matches=older.writes)
    user.run()
    user.account.remove(name)
    w.clock.advance(120)
    user.run()
    w.sugar_wire.land()
    rest(user)
    assert not user.account.people()
    assert len(w.sugar.contacts()) <= 1  # deleted in Google, which is asked about or carried over; never doubled


def test_a_copy_deleted_while_in_doubt_stays_deleted(w: World) -> None:
    user = w.user(**BOTH)
    user.run()
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    w.clock.advance(60)
    w.sugar_wire.fault("cut_after", matches=older.writes)
    user.run()
    (created,) = w.sugar.contacts()
    w.sugar.remove(created)
    rest(user)
    assert not w.sugar.contacts()
    fixed_point(user)


# -- scopes, sessions --------------------------------------------------------------------------------


def test_a_scope_that_sugar_does_not_tell_says_so(w: World) -> None:
    user, _ = linked(w)
    user.set(sugar_scope="favorites")
    w.clock.advance(600)
    report = user.run()
    assert report.status is Status.BLOCKED
    assert "sugar_scope" in report.message
    assert len(user.account.people()) == 1
    user.set(sugar_scope="assigned")
    user.sync()


def test_sessions_that_end_all_the_time_do_not_stop_it(w: World) -> None:
    user, links = w.user(**BOTH), []
    links = many(w, user, 5)
    for link in links:
        user.account.edit(link.google_id, emailAddresses=[{"value": f"{link.id}@x.org"}])
    w.clock.advance(60)

    seen: list[str] = []

    def restless(request: Request, when: str) -> None:
        if when == "before" and older.method_of(request) != "login":
            seen.append(older.method_of(request))
            if len(seen) % 3 == 0:
                w.sugar.revoke()

    w.sugar_wire.on_call = restless
    user.sync()
    assert {mail["email_address"] for link in links for mail in w.sugar.get(link.sugar_id)["email"]} == {
        f"{link.id}@x.org" for link in links
    }


def test_a_changed_password_asks_for_a_new_sign_in(w: World) -> None:
    user, _ = linked(w)
    w.sugar.users[user.sugar_user].password = "another"
    w.sugar.revoke()
    report = user.run()
    assert report.status is Status.BLOCKED
    assert "sign in to Sugar again" in report.message
    assert user.head().last_run["error"] == "GrantLost"


def test_nothing_of_the_login_is_stored_openly(w: World) -> None:
    user, _ = linked(w)
    known = {login for login in w.sugar.state.logins} if hasattr(w.sugar.state, "logins") else set()
    doc = w.store.get(f"users/{user.uid}/grants/current")
    assert doc is not None
    text = str(doc.data)
    assert known
    assert not any(session in text for session in known)
    assert SideName.SUGAR.value in doc.data
