"""Who is the same person: emails, names, duplicates, and colleagues who create the same person at the same time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar import Switches
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, entry, linked, person, settle, title_in_google, troubles, watched
from tests.world import world

WORK = [{"value": "(650) 253-0000", "type": "work"}]


@pytest.mark.parametrize("spelling", ["ada@x.org", "ADA@X.ORG", " ada@x.org "])
def test_equal_emails_link_however_they_are_spelled_and_blanks_are_filled_both_ways(spelling: str) -> None:
    with world() as w:
        user = w.user(**BOTH)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        user.account.add(person("Ada", "Byron", spelling, phoneNumbers=WORK))
        settle(user)
        (link,) = user.links()
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        assert title_in_google(user, link) == "Countess"
        assert w.sugar.get(record)["phone_work"] == "(650) 253-0000"
        fixed_point(user)


def test_a_second_address_links_too() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["office@x.org", "ada@x.org"])
        user.account.add(person("Ada", "Byron", "home@x.org", "ada@x.org"))
        settle(user)
        (link,) = user.links()
        mails = {mail["email_address"] for mail in w.sugar.get(link.sugar_id)["email"]}
        assert mails == {"office@x.org", "ada@x.org", "home@x.org"}
        assert {m["value"] for m in user.account.person(link.google_id)["emailAddresses"]} == mails
        fixed_point(user)


def test_equal_emails_link_also_where_the_names_differ_and_the_rule_decides_the_name() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Lovelace", email=["ada@x.org"])
        user.account.add(person("Augusta", "Byron", "ada@x.org"))
        settle(user)
        (google,) = user.account.people()
        assert google["names"][0]["familyName"] == "Lovelace"
        losers = {f["loser"] for row in user.history() for f in row["fields"] if f["loser"]}
        assert losers == {"Augusta", "Byron"}


def test_two_candidates_are_asked_about_and_nothing_is_written() -> None:
    with world() as w:
        user = w.user(**BOTH)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        twins = sorted(user.account.add(person(name, "Byron", "ada@x.org")) for name in ("Ada", "Augusta"))
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"])
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == 0
        assert sent.google == 1, "Grace goes on"
        assert user.links()[0].sugar_id != record
        asked = [doc.data for doc in user.backlog()]
        assert {doc["class"] for doc in asked} == {"ambiguous match"}
        (mine,) = [doc for doc in asked if doc["ids"]["sugar"] == record]
        assert mine["entries"][0]["candidates"] == [f"g:{name.replace('/', ':')}" for name in twins]
        fixed_point(user)


def test_an_ambiguity_that_is_cleared_and_released_is_linked() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        keep = user.account.add(person("Ada", "Byron", "ada@x.org"))
        other = user.account.add(person("Ada", "Byron", "ada@x.org", phoneNumbers=WORK))
        settle(user)
        user.account.merge(keep, other)
        settle(user)
        assert troubles(user) == ["ambiguous match", "ambiguous match"]
        user.wish(kind="release", cls="ambiguous match")
        settle(user)
        (link,) = user.links()
        assert link.google_id == keep
        assert w.sugar.get(link.sugar_id)["phone_work"] == "(650) 253-0000"
        assert user.backlog() == []
        assert len(user.account.people()) == len(w.sugar.contacts()) == 1
        fixed_point(user)


def test_two_on_either_side_with_the_same_office_address_are_no_guess() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for name in ("Ada", "Grace"):
            w.sugar.add(first_name=name, last_name="One", email=["office@x.org"])
            user.account.add(person(name, "One", "office@x.org"))
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert troubles(user) == ["ambiguous match"] * 4


def test_an_office_address_of_a_linked_contact_with_another_name_is_another_person() -> None:
    with world() as w:
        user, _ = linked(w, email=["office@x.org"])
        user.account.add(person("Grace", "Hopper", "office@x.org"))
        settle(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 2
        fixed_point(user)


def test_an_office_address_does_not_hide_a_match_outside_the_scope() -> None:
    """Sugar is asked about whoever would be created, however many others share one of the addresses."""
    with world() as w:
        user, _ = linked(w, email=["office@x.org"])
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"], assigned_user_id="other")
        user.account.add(person("Grace", "Hopper", "grace@x.org", "office@x.org"))
        settle(user)
        assert len(w.sugar.contacts()) == 2
        assert troubles(user) == ["match outside the scope"]


def test_nor_does_one_of_whom_a_person_has_said_that_it_is_somebody_else() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(from_sugar={"create": False, "update": True, "delete": True})
        w.sugar.add(first_name="Ada", last_name="Byron", email=["office@x.org"])
        grace = user.account.add(person("Grace", "Hopper", "grace@x.org", "office@x.org"))
        user.account.add(person("Alan", "Turing", "office@x.org"))
        settle(user)
        asked = {doc.id: doc for doc in user.backlog()}
        (ada,) = (name for name in asked if name.startswith("s:"))
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"], assigned_user_id="other")
        user.wish(kind="release", entries=[ada], action="different")
        settle(user)
        user.wish(kind="release", cls="ambiguous match")
        settle(user)
        assert len(w.sugar.contacts()) == 3
        assert troubles(user) == ["match outside the scope"]
        (asks,) = (doc.id for doc in user.backlog() if doc.data["class"] == "match outside the scope")
        assert asks == "g:" + grace.replace("/", ":")


@pytest.mark.parametrize("name", [("Ada", "Byron"), ("", "")], ids=["same name", "no name"])
def test_a_duplicate_of_a_linked_contact_is_asked_about(name: tuple[str, str]) -> None:
    with world() as w:
        user, link = linked(w)
        if any(name):
            user.account.add(person(*name, "ada@x.org"))
        else:
            user.account.add({"emailAddresses": [{"value": "ada@x.org"}]})
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        asked = entry(user)
        assert asked["class"] == "already linked"
        assert asked["entries"][0]["candidates"] == [f"s:{link.sugar_id}"]


def test_a_duplicate_in_sugar_of_a_linked_contact_is_asked_about() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert entry(user)["entries"][0]["candidates"] == [f"g:{link.google_id.replace('/', ':')}"]


def test_the_same_name_and_phone_without_an_email_is_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", phone_mobile="+1 650 253 0000")
        user.account.add(person("ADA", "byron", "ada@x.org", phoneNumbers=WORK))
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert troubles(user) == ["same name", "same name"]


def test_the_same_name_and_company_without_an_email_is_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", account_name="Engines Ltd")
        user.account.add(person("Ada", "Byron", organizations=[{"name": "engines ltd"}]))
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert troubles(user) == ["same name", "same name"]


def test_the_same_name_alone_is_another_person() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="John", last_name="Smith", phone_mobile="+1 650 253 0001")
        user.account.add(person("John", "Smith", phoneNumbers=WORK))
        settle(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == 2
        fixed_point(user)


def test_a_match_that_comes_later_links_instead_of_doubling() -> None:
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 1


def test_a_match_beyond_the_first_batch_links_too() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(110):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        for n in range(110, 0, -1):
            user.account.add(person(f"F{n - 1}", f"L{n - 1}", f"p{n - 1}@x.org"))
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 110
        assert user.backlog() == []


def test_a_lookup_that_answers_with_too_many_links_nobody_wrong() -> None:
    with world(sugar=Switches(email_match="prefix", email_filter="all")) as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Adam", last_name="Other", email=["ada@x.org.uk"])
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 2


# -- colleagues --------------------------------------------------------------------------------------


def test_two_colleagues_who_know_the_same_person_make_one_contact_in_sugar() -> None:
    with world() as w:
        ann, bob = (w.user(name, **BOTH, sugar_scope="all") for name in ("ann", "bob"))
        for each in (ann, bob):
            settle(each)
            each.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        ann.run()
        bob.run()
        for _ in range(3):
            w.clock.advance(900)
            settle(ann)
            settle(bob)
        assert len(w.sugar.contacts()) == 1
        assert len(ann.links()) == len(bob.links()) == 1
        assert len(ann.account.people()) == len(bob.account.people()) == 1


def test_two_colleagues_who_look_up_at_the_same_moment_make_one_contact_in_sugar() -> None:
    with world() as w:
        ann, bob = (w.user(name, **BOTH, sugar_scope="all") for name in ("ann", "bob"))
        for each in (ann, bob):
            settle(each)
            each.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        ran: list[str] = []
        start = len(w.sugar_wire.log)

        def between(step: str) -> None:
            # Ann has looked the email up and found nobody; before her claim is committed, Bob's run goes through.
            looked = any(b"$in" in call.request.body for call in w.sugar_wire.log[start:])
            if step == "before commit" and looked and not ran:
                ran.append(step)
                bob.run()

        w.store.on_step = between
        ann.run()
        w.store.on_step = lambda _: None
        assert ran
        for _ in range(3):
            w.clock.advance(900)
            settle(ann)
            settle(bob)
        assert len(w.sugar.contacts()) == 1
        assert len(ann.links()) == len(bob.links()) == 1


def test_a_claim_of_a_run_that_died_expires() -> None:
    with world() as w:
        ann, bob = (w.user(name, **BOTH, sugar_scope="all") for name in ("ann", "bob"))
        for each in (ann, bob):
            settle(each)
            each.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault("cut_before", method="POST", path="Contacts$")
        ann.run()  # claimed, and never heard of again
        bob.run()
        assert len(w.sugar.contacts()) == 0
        for _ in range(12):
            w.clock.advance(900)
            bob.run()
        assert len(w.sugar.contacts()) == 1
        assert len(bob.links()) == 1


@pytest.mark.parametrize("field", ["title", "lead_source"], ids=["written to", "only read"])
def test_an_email_that_was_read_before_the_feed_told_of_it_is_known(field: str) -> None:
    with world(people=PeopleSwitches(feed_delay=10.0)) as w:
        user = w.user(**BOTH)
        user.account.add(person("Ann", "Miller", "ann@x.org"))
        settle(user)
        (link,) = user.links()
        mails = user.account.person(link.google_id)["emailAddresses"]
        user.account.edit(link.google_id, emailAddresses=[*mails, {"value": "other@x.org"}])
        change: dict[str, Any] = {field: "Web"}
        w.sugar.edit(link.sugar_id, **change)
        user.run()
        w.clock.advance(60)
        user.run()
        w.sugar.add(first_name="Ann", last_name="Miller", email=["other@x.org"])
        w.clock.advance(60)
        settle(user)
        assert len(user.account.people()) == 1
        assert troubles(user) == ["already linked"]
