"""The switches of both directions, and the conflict rules: seen on the wire and on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import SideName
from shared.sync.report import Status
from tests.simulators.wire import Reply
from tests.sync.crashes import fixed_point
from tests.sync.stage import (
    BOTH,
    OFF,
    ON,
    entry,
    linked,
    many,
    only,
    person,
    settle,
    title_in_google,
    titled,
    troubles,
    watched,
)
from tests.world import User, World, world


def test_an_update_that_is_off_writes_nothing_to_google_and_arrives_when_it_is_on_again() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_sugar=only(update=False))
        user.sync()
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="Mathematician", email=["ada@x.org", "new@x.org"])
            settle(user)
        assert sent.google == sent.sugar == 0
        assert title_in_google(user, link) == "Countess"
        user.set(from_sugar=ON)
        settle(user)
        assert title_in_google(user, link) == "Mathematician"
        mails = {mail["value"] for mail in user.account.person(link.google_id)["emailAddresses"]}
        assert mails == {"ada@x.org", "new@x.org"}
        fixed_point(user)


def test_an_update_that_is_off_writes_nothing_to_sugar_and_arrives_when_it_is_on_again() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_google=only(update=False))
        user.sync()
        with watched(w) as sent:
            user.account.edit(link.google_id, organizations=titled("Mathematician"))
            settle(user)
        assert sent.google == sent.sugar == 0
        assert w.sugar.get(link.sugar_id)["title"] == "Countess"
        user.set(from_google=ON)
        settle(user)
        assert w.sugar.get(link.sugar_id)["title"] == "Mathematician"
        fixed_point(user)


def test_edits_of_both_sides_while_one_update_is_off_are_decided_by_the_open_direction() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_google=only(update=False), conflict="google")
        user.sync()
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="From Sugar")
            user.account.edit(link.google_id, organizations=titled("From Google"))
            settle(user)
        assert sent.sugar == 0
        assert title_in_google(user, link) == "From Sugar"
        assert [field["loser"] for row in user.history() for field in row["fields"] if field["loser"]] == [
            "From Google"
        ]


def test_different_fields_of_one_contact_go_their_own_ways_when_one_update_is_off() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_sugar=only(update=False))
        user.sync()
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="Held")
            user.account.edit(link.google_id, nicknames=[{"value": "Enchantress"}])
            user.account.edit(link.google_id, phoneNumbers=[{"value": "+1 650 253 0000", "type": "work"}])
            settle(user)
        assert sent.google == 0
        assert w.sugar.get(link.sugar_id)["phone_work"]
        assert title_in_google(user, link) == "Countess"
        user.set(from_sugar=ON)
        settle(user)
        assert title_in_google(user, link) == "Held"


@pytest.mark.parametrize("source", list(SideName))
def test_creating_that_is_off_creates_nothing_until_it_is_on(source: SideName) -> None:
    with world() as w:
        user = w.user(**{**BOTH, f"from_{source}": only(create=False)})
        settle(user)
        with watched(w) as sent:
            if source is SideName.SUGAR:
                w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
            else:
                user.account.add(person("Ada", "Byron", "ada@x.org"))
            settle(user)
        assert sent.sugar == sent.google == 0
        assert len(w.sugar.contacts()) + len(user.account.people()) == 1
        user.set(**{f"from_{source}": ON})
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        fixed_point(user)


@pytest.mark.parametrize("source", list(SideName))
def test_creating_that_is_off_still_links_what_is_there_on_both_sides(source: SideName) -> None:
    with world() as w:
        user = w.user(**{**BOTH, f"from_{source}": only(create=False)})
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        (link,) = user.links()
        assert title_in_google(user, link) == "Countess"


@pytest.mark.parametrize("source", list(SideName))
def test_deleting_that_is_off_deletes_nothing_and_does_not_when_it_is_on_later(source: SideName) -> None:
    with world() as w:
        user, link = linked(w)
        user.set(**{f"from_{source}": only(delete=False)})
        user.sync()
        with watched(w) as sent:
            if source is SideName.SUGAR:
                w.sugar.remove(link.sugar_id)
            else:
                user.account.remove(link.google_id)
            settle(user)
            user.set(**{f"from_{source}": ON})
            settle(user)
        assert sent.sugar == sent.google == 0
        assert len(w.sugar.contacts()) + len(user.account.people()) == 1
        assert user.backlog() == []


def test_all_off_writes_nothing_at_all_and_everything_arrives_when_all_are_on() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_sugar=OFF, from_google=OFF)
        user.sync()
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="Mathematician")
            user.account.edit(link.google_id, birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}])
            w.sugar.add(first_name="New", last_name="Sugar", email=["s@x.org"])
            user.account.add(person("New", "Google", "g@x.org"))
            both = w.sugar.add(first_name="Both", last_name="Sides", email=["b@x.org"], title="Rep")
            user.account.add(person("Both", "Sides", "b@x.org"))
            settle(user)
        assert sent.sugar == sent.google == 0
        user.set(from_sugar=ON, from_google=ON)
        settle(user)
        assert title_in_google(user, link) == "Mathematician"
        assert w.sugar.get(link.sugar_id)["birthdate"] == "1815-12-10"
        assert len(w.sugar.contacts()) == len(user.account.people()) == 4
        assert w.sugar.get(both)["title"] == "Rep"
        fixed_point(user)


# -- conflicts ---------------------------------------------------------------------------------------


def conflict(w: World, user: User, link: Any) -> None:
    w.sugar.edit(link.sugar_id, title="From Sugar", phone_work="(650) 253-0001")
    user.account.edit(link.google_id, organizations=titled("From Google"))


@pytest.mark.parametrize(
    ("rule", "winner", "loser"),
    [("sugar", "From Sugar", "From Google"), ("google", "From Google", "From Sugar")],
)
def test_a_conflict_is_decided_by_the_rule_and_the_loser_is_kept(rule: str, winner: str, loser: str) -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict=rule)
        conflict(w, user, link)
        settle(user)
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == winner
        (field,) = [f for row in user.history() for f in row["fields"] if f["loser"]]
        assert (field["name"], field["loser"], field["before"], field["after"]) == ("title", loser, loser, winner)
        assert rule.capitalize() in field["why"]
        phones = user.account.person(link.google_id)["phoneNumbers"]
        assert [phone["value"] for phone in phones] == ["(650) 253-0001"]
        fixed_point(user)


@pytest.mark.parametrize("first", list(SideName))
def test_the_newest_is_the_one_whose_change_was_seen_last(first: SideName) -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="newest")
        user.sync()

        def edit(side: SideName) -> None:
            if side is SideName.SUGAR:
                w.sugar.edit(link.sugar_id, title="From Sugar")
            else:
                user.account.edit(link.google_id, organizations=titled("From Google"))

        edit(first)
        w.clock.advance(60)
        user.engine.preview()  # sees the change, writes nothing
        w.clock.advance(60)
        edit(first.other)
        w.clock.advance(60)
        settle(user)
        newest = "From Google" if first is SideName.SUGAR else "From Sugar"
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == newest


def test_the_newest_is_sugar_where_both_were_seen_together() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="newest")
        user.account.edit(link.google_id, organizations=titled("From Google"))
        w.sugar.edit(link.sugar_id, title="From Sugar")
        w.clock.advance(60)
        settle(user)
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == "From Sugar"


def test_ask_parks_only_the_field_and_the_rest_of_the_contact_goes_on() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="ask")
        conflict(w, user, link)
        settle(user)
        assert title_in_google(user, link) == "From Google"
        assert w.sugar.get(link.sugar_id)["title"] == "From Sugar"
        assert user.account.person(link.google_id)["phoneNumbers"][0]["value"] == "(650) 253-0001"
        asked = entry(user)
        assert asked["class"] == "conflict"
        assert asked["whole"] is False
        assert asked["entries"][0]["fields"] == [
            {"name": "title", "sugar": "From Sugar", "google": "From Google", "base": "Countess"}
        ]
        w.sugar.edit(link.sugar_id, department="Engines")
        settle(user)
        (org,) = user.account.person(link.google_id)["organizations"]
        assert (org["department"], org["title"]) == ("Engines", "From Google")
        assert troubles(user) == ["conflict"]
        fixed_point(user)


@pytest.mark.parametrize(
    ("answer", "winner", "loser"), [("sugar", "From Sugar", "From Google"), ("google", "From Google", "From Sugar")]
)
def test_an_answer_by_release_decides_and_is_used_once(answer: str, winner: str, loser: str) -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="ask")
        conflict(w, user, link)
        settle(user)
        (doc,) = user.backlog()
        user.wish(kind="release", entries=[doc.id], action="keep", answers={"title": answer})
        settle(user)
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == winner
        assert user.backlog() == []
        assert loser in [f["loser"] for row in user.history() for f in row["fields"]]
        w.sugar.edit(link.sugar_id, title="Again Sugar")
        user.account.edit(link.google_id, organizations=titled("Again Google"))
        settle(user)
        assert troubles(user) == ["conflict"], "the answer was for the first conflict only"


def test_making_both_values_the_same_answers_the_question() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="ask")
        conflict(w, user, link)
        settle(user)
        user.account.edit(link.google_id, organizations=titled("From Sugar"))
        settle(user)
        assert user.backlog() == []
        assert title_in_google(user, link) == "From Sugar"
        fixed_point(user)


def test_a_rule_chosen_later_answers_what_was_asked() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(conflict="ask")
        conflict(w, user, link)
        settle(user)
        user.set(conflict="google")
        settle(user)
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == "From Google"
        assert user.backlog() == []


def test_one_conflict_among_many_contacts_holds_up_nobody() -> None:
    with world() as w:
        user = w.user(**BOTH, conflict="ask")
        links = many(w, user, 12, title="Rep")
        for n, link in enumerate(links):
            w.sugar.edit(link.sugar_id, title=f"S{n}")
        user.account.edit(links[3].google_id, organizations=titled("G3"))
        settle(user)
        assert [title_in_google(user, link) for link in links] == [f"S{n}" if n != 3 else "G3" for n in range(12)]
        assert troubles(user) == ["conflict"]


def test_a_switch_turned_off_between_plan_and_run_counts() -> None:
    with world() as w:
        user, link = linked(w)
        w.people_wire.fault("status", path="updateContact", reply=Reply(503, {"error": {"code": 503}}))
        w.sugar.edit(link.sugar_id, title="Mathematician")
        assert user.run().status is not Status.BUSY
        w.people_wire.heal()
        user.set(from_sugar=only(update=False))
        w.clock.advance(1000)
        with watched(w) as sent:
            settle(user)
        assert sent.google == 0
        assert title_in_google(user, link) == "Countess"
