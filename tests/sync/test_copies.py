"""Copies of one create: in doubt and merged, landed late, edited, taken back. Nobody is doubled, nothing is deleted."""

from __future__ import annotations

import pytest

from tests.simulators.people.switches import Shows, Switches
from tests.sync.cast import SHOWS, classes, dies, linked_once, names, twelve
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import titled
from tests.world import User, World, world


def ann_comes_to_old_one(w: World, user: User) -> set[str]:
    """One is linked, and Ann new in Sugar; the names in Google before her copy is made."""
    user.account.add(person("Old", "One", "old@x.org"))
    user.sync()
    rest(user)
    w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
    return {p["resourceName"] for p in user.account.people()}


@pytest.mark.parametrize("shows", SHOWS)
def test_two_copies_in_doubt_that_were_merged_are_not_linked_twice(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        before = ann_comes_to_old_one(w, user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)

        # Both are made, T2 is not committed.
        dies(user, lambda _: len(user.account.people()) == 3)
        one, two_ = [p["resourceName"] for p in user.account.people() if p["resourceName"] not in before]
        user.account.merge(one, two_)
        rest(user)
        assert names(w) == ["Byron", "Miller", "One"]
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
def test_a_copy_in_doubt_merged_into_the_source_of_another_create_in_doubt(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        before = ann_comes_to_old_one(w, user)
        source = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.people_wire.fault("cut_after", path="createContact")
        w.sugar_wire.fault("cut_after", path="Contacts$")
        user.run()
        (copy,) = {p["resourceName"] for p in user.account.people()} - before - {source}
        user.account.merge(source, copy)
        rest(user)
        assert names(w) == ["Byron", "Miller", "One"]
        linked_once(user)


@pytest.mark.parametrize("twice", [False, True], ids=["sent once", "sent twice"])
def test_who_was_deleted_and_taken_back_under_a_new_name_stays_in_sugar(twice: bool) -> None:
    with world(people=Switches(restore_keeps_name=False)) as w:
        user = twelve(w)
        source = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        if twice:
            w.people_wire.fault("cut_before", path="createContact")
        user.run()
        rest(user)
        (link,) = [link for link in user.links() if link.sugar_id == source]
        user.account.remove(link.google_id)
        user.account.restore(link.google_id)
        rest(user)
        assert source in w.sugar.contacts()


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "together"])
def test_a_late_copy_and_the_contact_entered_again_do_not_double(apart: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        user.sync()
        rest(user)
        source = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        user.account.remove(source)
        rest(user)
        assert not user.head().open
        w.sugar_wire.land()
        if apart:
            rest(user)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        rest(user)
        assert names(w) == ["Byron", "Miller"]


def test_what_was_to_be_made_again_and_lands_late_is_not_made_in_google() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("John", "Smith"))
        for n in range(12):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        user.sync()
        rest(user)
        link = next(each for each in user.links() if w.sugar.get(each.sugar_id)["last_name"] == "Smith")
        w.sugar.remove(link.sugar_id)
        user.account.edit(link.google_id, organizations=titled("Rep"))
        rest(user)
        (entry,) = user.backlog()
        user.wish(kind="release", entries=[entry.id], action="restore")
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        assert user.head().open
        w.clock.advance(60)
        w.sugar.add(by=user.sugar_user, first_name="Bob", last_name="Smith", title="x", assigned_user_id="else")
        rest(user)
        assert classes(user) == ["doubtful create"]
        w.sugar_wire.land()
        rest(user)
        assert len(user.account.people()) == 13


def late_copy(w: World, user: User) -> tuple[str, str]:
    """Ada's create in Google was sent twice; she was deleted there. Her record in Sugar, and her former name."""
    source = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    w.clock.advance(60)
    w.people_wire.fault("late", path="createContact")
    user.run()
    rest(user)
    (link,) = [link for link in user.links() if link.sugar_id == source]
    user.account.edit(link.google_id, events=[{"type": "anniversary", "date": {"year": 2001, "month": 2, "day": 3}}])
    rest(user)
    user.account.remove(link.google_id)
    rest(user)
    return source, link.google_id


def test_who_is_never_to_be_synced_is_not_deleted_as_a_copy() -> None:
    with world() as w:
        user = twelve(w, from_google={"update": True, "create": True, "delete": False})
        _, name = late_copy(w, user)
        w.people_wire.land()
        rest(user)
        (entry,) = user.backlog()
        copy = entry.data["ids"]["google"]
        user.wish(kind="release", entries=[entry.id], action="never")
        rest(user)
        user.account.restore(name)
        rest(user)
        user.account.set_labels(copy, ["Mine"])
        rest(user)
        assert user.account.lives(copy)


def test_who_was_taken_back_is_not_deleted_beside_a_late_copy() -> None:
    with world(people=Switches(restore_keeps_name=False)) as w:
        user = twelve(w)
        _, name = late_copy(w, user)
        again = user.account.restore(name)
        w.people_wire.land()
        rest(user)
        assert user.account.lives(again)
        assert user.account.person(again)["events"]


def sent_twice(w: World) -> User:
    user = w.user(**BOTH)
    w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
    user.sync()
    rest(user)
    w.sugar.add(first_name="Ada", last_name="Byron", title="Countess")
    w.clock.advance(60)
    w.people_wire.fault("late", path="createContact")
    user.run()
    rest(user)
    return user


@pytest.mark.parametrize("off", [False, True], ids=["as before", "a field is off"])
def test_a_late_copy_without_email_is_known_whatever_the_settings_are_now(off: bool) -> None:
    with world() as w:
        user = sent_twice(w)
        if off:
            user.set(fields_off=["title"])
        rest(user)
        w.people_wire.land()
        rest(user)
        assert names(w) == ["Byron", "Miller"]


def test_a_late_copy_without_email_that_was_edited_is_asked_about() -> None:
    with world() as w:
        user = sent_twice(w)
        known = {p["resourceName"] for p in user.account.people()}
        w.people_wire.land()
        (copy,) = {p["resourceName"] for p in user.account.people()} - known
        user.account.edit(copy, organizations=titled("Mathematician"))
        rest(user)
        assert names(w) == ["Byron", "Miller"]


@pytest.mark.parametrize("off", [False, True], ids=["as before", "a field is off"])
def test_what_was_given_up_is_known_whatever_the_settings_are_now(off: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        user.sync()
        rest(user)
        source = user.account.add(person("Ada", "Byron", organizations=titled("Countess")))
        w.clock.advance(60)
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        user.account.remove(source)
        rest(user)
        if off:
            user.set(fields_off=["title"])
        rest(user)
        w.sugar_wire.land()
        rest(user)
        assert len(user.account.people()) == 1
