"""Who takes part: Sugar's four scopes, Google's label, and what becomes of a contact that leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.sync.link import LinkState
from shared.sync.report import Status
from tests.simulators.people.switches import Switches
from tests.simulators.wire import Request
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, entry, link_of, linked, person, settle, title_in_google, titled, troubles, watched
from tests.world import User, World, world

DAY = timedelta(days=1, minutes=1).total_seconds()


def flag(w: World, user: User, scope: str, record: str, *, inside: bool) -> None:
    """Brings a Sugar contact into the user's scope or out of it, as somebody does in Sugar's own pages."""
    if scope == "assigned":
        w.sugar.edit(record, assigned_user_id=user.sugar_user if inside else "somebody-else")
        return
    flags = w.sugar.favorites if scope == "favorites" else w.sugar.sync_flags
    (flags[user.sugar_user].add if inside else flags[user.sugar_user].discard)(record)


def tomorrow(user: User) -> None:
    """Flags move no date: the daily listing shows them."""
    user.world.clock.advance(DAY)
    settle(user)


FLAGS = ["assigned", "favorites", "mail_client"]


@pytest.mark.parametrize("scope", FLAGS)
def test_only_contacts_inside_the_scope_come_to_google(scope: str) -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope=scope)
        inside = w.sugar.add(first_name="In", last_name="Side", email=["in@x.org"])
        outside = w.sugar.add(first_name="Out", last_name="Side", email=["out@x.org"], assigned_user_id="other")
        flag(w, user, scope, inside, inside=True)
        settle(user)
        assert [p["names"][0]["givenName"] for p in user.account.people()] == ["In"]
        flag(w, user, scope, outside, inside=True)
        tomorrow(user)
        assert sorted(p["names"][0]["givenName"] for p in user.account.people()) == ["In", "Out"]


def test_the_scope_of_all_takes_what_the_user_can_see() -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope="all")
        w.sugar.add(first_name="Mine", last_name="One", email=["a@x.org"])
        w.sugar.add(first_name="Other", last_name="One", email=["b@x.org"], assigned_user_id="other")
        hidden = w.sugar.add(first_name="Hidden", last_name="One", email=["c@x.org"], assigned_user_id="other")
        w.sugar.hide(hidden, user.sugar_user)
        settle(user)
        assert sorted(p["names"][0]["givenName"] for p in user.account.people()) == ["Mine", "Other"]


@pytest.mark.parametrize("scope", [*FLAGS, "all"])
def test_what_is_created_in_sugar_lies_inside_the_scope(scope: str) -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope=scope)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        (record,) = w.sugar.contacts(user=user.sugar_user).values()
        assert record["assigned_user_id"] == user.sugar_user
        assert record["my_favorite"] is (scope == "favorites")
        assert bool(record["sync_contact"]) is (scope == "mail_client")
        tomorrow(user)
        (link,) = user.links()
        assert link.state is LinkState.LIVE
        fixed_point(user)


@pytest.mark.parametrize("scope", FLAGS)
def test_who_leaves_the_scope_is_frozen_and_merges_with_its_base_when_it_comes_back(scope: str) -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope=scope)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        flag(w, user, scope, record, inside=True)
        settle(user)
        link = link_of(user, record)
        flag(w, user, scope, record, inside=False)
        with watched(w) as sent:
            tomorrow(user)
            assert link_of(user, record).state is LinkState.FROZEN
            w.sugar.edit(record, title="Mathematician")
            user.account.edit(link.google_id, birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}])
            settle(user)
        assert sent.sugar == sent.google == 0
        assert title_in_google(user, link) == "Countess"
        flag(w, user, scope, record, inside=True)
        tomorrow(user)
        assert link_of(user, record).state is LinkState.LIVE
        assert title_in_google(user, link) == "Mathematician"
        assert w.sugar.get(record)["birthdate"] == "1815-12-10"
        assert user.backlog() == []
        fixed_point(user)


@pytest.mark.parametrize("seen", ["by the listing", "in between"])
@pytest.mark.parametrize("scope", FLAGS)
def test_who_comes_back_by_a_flag_is_synced_again_the_next_day(scope: str, seen: str) -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope=scope)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        flag(w, user, scope, record, inside=True)
        settle(user)
        link = link_of(user, record)
        flag(w, user, scope, record, inside=False)
        if seen == "in between":
            user.account.edit(link.google_id, organizations=titled("Countess"))
            settle(user)
        else:
            tomorrow(user)
        assert link_of(user, record).state is LinkState.FROZEN
        flag(w, user, scope, record, inside=True)
        tomorrow(user)
        assert link_of(user, record).state is LinkState.LIVE
        fixed_point(user)


def test_who_was_out_of_the_scope_when_its_turn_came_arrives_once_it_is_back() -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope="favorites")
        settle(user)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        flag(w, user, "favorites", record, inside=True)
        w.clock.advance(10)

        def leaves(request: Request, when: str) -> None:
            if when == "after" and request.path.endswith("connections"):
                flag(w, user, "favorites", record, inside=False)

        w.people_wire.on_call = leaves
        user.run()
        w.people_wire.on_call = None
        for _ in range(3):
            settle(user)  # until the feed shows it no more
        assert user.links() == []
        flag(w, user, "favorites", record, inside=True)
        tomorrow(user)
        assert len(user.account.people()) == 1
        fixed_point(user)


@pytest.mark.parametrize("delete", [True, False])
def test_leaving_the_scope_deletes_only_if_set_so_and_the_directions_delete_is_on(delete: bool) -> None:
    with world() as w:
        settings: dict[str, Any] = {**BOTH, "leaves_scope": "delete"}
        settings["from_sugar"] = {"update": True, "create": True, "delete": delete}
        user, link = linked(w, w.user(**settings))
        w.sugar.edit(link.sugar_id, assigned_user_id="other")
        settle(user)
        assert user.account.lives(link.google_id) is not delete
        assert link.sugar_id in w.sugar.contacts()
        state = LinkState.TOMBSTONE if delete else LinkState.FROZEN
        assert link_of(user, link.sugar_id).state is state


def test_leaving_the_scope_never_deletes_what_was_edited() -> None:
    with world() as w:
        user, link = linked(w, w.user(**BOTH, leaves_scope="delete"))
        w.sugar.edit(link.sugar_id, assigned_user_id="other")
        user.account.edit(link.google_id, organizations=titled("Mathematician"))
        settle(user)
        assert user.account.lives(link.google_id)
        assert title_in_google(user, link) == "Mathematician"


def test_who_was_deleted_by_leaving_the_scope_lives_again_when_restored_and_back_in_scope() -> None:
    with world() as w:
        user, link = linked(w, w.user(**BOTH, leaves_scope="delete"))
        w.sugar.edit(link.sugar_id, assigned_user_id="other")
        settle(user)
        assert not user.account.lives(link.google_id)
        w.sugar.edit(link.sugar_id, assigned_user_id=user.sugar_user)
        user.account.restore(link.google_id)
        settle(user)
        assert link_of(user, link.sugar_id).state is LinkState.LIVE
        assert len(user.account.people()) == 1


# -- Google's label ----------------------------------------------------------------------------------


def labelled(w: World, **settings: Any) -> User:
    user = w.user(**BOTH)
    user.set(google_scope=user.account.label("Work"), **settings)
    return user


def test_only_contacts_with_the_label_come_to_sugar() -> None:
    with world() as w:
        user = labelled(w)
        user.account.add(person("In", "Side", "in@x.org"), ["Work"])
        outside = user.account.add(person("Out", "Side", "out@x.org"), ["Family"])
        settle(user)
        assert [r["first_name"] for r in w.sugar.contacts().values()] == ["In"]
        user.account.set_labels(outside, ["Work", "Family"])
        settle(user)
        assert sorted(r["first_name"] for r in w.sugar.contacts().values()) == ["In", "Out"]


def test_what_is_created_in_google_lies_inside_the_scope_and_carries_the_chosen_label_too() -> None:
    with world() as w:
        user = labelled(w)
        user.set(label=user.account.label("From Sugar"))
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        (google,) = user.account.people()
        assert user.account.labels(google["resourceName"]) == {"Work", "From Sugar"}
        groups = [m["contactGroupMembership"]["contactGroupResourceName"] for m in google["memberships"]]
        assert "contactGroups/myContacts" in groups
        fixed_point(user)


def test_updated_contacts_get_the_chosen_label_and_keep_their_own() -> None:
    with world() as w:
        user, link = linked(w)
        user.account.set_labels(link.google_id, ["Family"])
        user.set(label=user.account.label("From Sugar"))
        settle(user)
        w.sugar.edit(link.sugar_id, title="Mathematician")
        settle(user)
        assert user.account.labels(link.google_id) == {"Family", "From Sugar"}
        fixed_point(user)


def test_a_label_taken_away_freezes_the_pair_and_put_back_merges_it_with_its_base() -> None:
    with world() as w:
        user, link = linked(w, labelled(w))
        user.account.set_labels(link.google_id, ["Family"])
        with watched(w) as sent:
            settle(user)
            assert link_of(user, link.sugar_id).state is LinkState.FROZEN
            w.sugar.edit(link.sugar_id, title="Mathematician")
            settle(user)
        assert sent.sugar == sent.google == 0
        user.account.set_labels(link.google_id, ["Work"])
        settle(user)
        assert title_in_google(user, link) == "Mathematician"
        fixed_point(user)


def test_the_label_deleted_as_a_whole_freezes_and_deletes_nothing() -> None:
    with world() as w:
        user, link = linked(w, labelled(w))
        user.account.remove_label("Work")
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert link.sugar_id in w.sugar.contacts()
        assert user.account.lives(link.google_id)


def test_nor_does_it_where_leaving_the_scope_deletes_and_the_run_says_what_to_do() -> None:
    with world() as w:
        user, link = linked(w, labelled(w, leaves_scope="delete"))
        user.account.remove_label("Work")
        w.clock.advance(60)
        with watched(w) as sent:
            reports = [user.run() for _ in range(2)]
        assert {report.status for report in reports} == {Status.BLOCKED}
        assert reports[0].message == "google_scope: was deleted in Google: choose another"
        assert sent.sugar == sent.google == 0
        user.set(google_scope="")
        w.sugar.edit(link.sugar_id, title="Mathematician")
        settle(user)
        assert link.sugar_id in w.sugar.contacts()
        assert title_in_google(user, link) == "Mathematician"
        fixed_point(user)


@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "NOT_FOUND"])
@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("name", ["label", "google_scope"])
def test_a_label_that_was_deleted_is_no_contacts_fault(status: Any, count: int, name: str) -> None:
    """The run says so, edits go on meanwhile, and with another label all are made."""
    with world(people=Switches(unknown_label=status)) as w:
        user, link = linked(w)
        user.set(**{name: user.account.label("Old")})
        user.account.set_labels(link.google_id, ["Old"])
        settle(user)
        user.account.remove_label("Old")
        if name == "label":
            w.sugar.edit(link.sugar_id, title="Mathematician")
        for n in range(count):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        w.clock.advance(60)
        for _ in range(2):
            report = user.run()
            assert report.status is Status.BLOCKED
            assert report.message == f"{name}: was deleted in Google: choose another"
            assert user.backlog() == []
            w.clock.advance(600)
        assert title_in_google(user, link) == ("Mathematician" if name == "label" else "Countess")
        user.set(**{name: user.account.label("New")})
        settle(user)
        made = [p["resourceName"] for p in user.account.people() if p["resourceName"] != link.google_id]
        assert [user.account.labels(each) for each in made] == [{"New"}] * count
        assert user.backlog() == []
        fixed_point(user)


def test_removing_the_label_deletes_in_sugar_only_if_set_so() -> None:
    with world() as w:
        user, link = linked(w, labelled(w, leaves_scope="delete"))
        user.account.set_labels(link.google_id, [])
        settle(user)
        assert link.sugar_id not in w.sugar.contacts()
        assert user.account.lives(link.google_id)


# -- matches outside ---------------------------------------------------------------------------------


def test_a_match_outside_sugars_scope_is_asked_about_and_never_doubled() -> None:
    with world() as w:
        user = w.user(**BOTH)
        outside = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], assigned_user_id="other")
        user.account.add(person("Ada", "Byron", "ADA@x.org"))
        settle(user)
        assert set(w.sugar.contacts()) == {outside}
        asked = entry(user)
        assert asked["class"] == "match outside the scope"
        assert asked["entries"][0]["candidates"] == [f"s:{outside}"]
        w.sugar.edit(outside, assigned_user_id=user.sugar_user)
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert len(user.links()) == 1
        fixed_point(user)


def test_a_match_outside_googles_label_is_asked_about_and_never_doubled() -> None:
    with world() as w:
        user = labelled(w)
        outside = user.account.add(person("Ada", "Byron", "ada@x.org"), ["Family"])
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        assert len(user.account.people()) == 1
        assert troubles(user) == ["match outside the scope"]
        user.account.set_labels(outside, ["Work"])
        user.wish(kind="release", cls="match outside the scope")
        settle(user)
        assert user.backlog() == []
        assert len(user.links()) == 1


# -- another scope -----------------------------------------------------------------------------------


def test_a_wider_scope_brings_the_others_and_a_narrower_one_freezes_them() -> None:
    with world() as w:
        user = w.user(**BOTH)
        mine = w.sugar.add(first_name="Mine", last_name="One", email=["a@x.org"])
        other = w.sugar.add(first_name="Other", last_name="One", email=["b@x.org"], assigned_user_id="other")
        settle(user)
        assert len(user.account.people()) == 1
        user.set(sugar_scope="all")
        settle(user)
        assert len(user.account.people()) == 2
        user.set(sugar_scope="assigned")
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert link_of(user, other).state is LinkState.FROZEN
        assert link_of(user, mine).state is LinkState.LIVE
        assert len(user.account.people()) == 2
        user.set(sugar_scope="all")
        w.sugar.edit(other, title="Back")
        settle(user)
        assert title_in_google(user, link_of(user, other)) == "Back"


def test_a_scope_by_label_set_later_freezes_those_without_and_lets_the_others_go_on() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"])
        settle(user)
        user.account.set_labels(link.google_id, ["Work"])
        user.set(google_scope=user.account.label("Work"))
        settle(user)
        states = {state.sugar_id == link.sugar_id: state.state for state in user.links()}
        assert states == {True: LinkState.LIVE, False: LinkState.FROZEN}
        user.set(google_scope="")
        settle(user)
        assert {state.state for state in user.links()} == {LinkState.LIVE}
        fixed_point(user)
