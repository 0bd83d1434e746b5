"""Contacts that go by another name in Google: their links, entries and edits go along, and nobody else's do."""

from __future__ import annotations

import pytest

from shared.names import SideName
from shared.sync.limits import Limits
from shared.sync.paths import subject_id
from tests.simulators.people.switches import Shows, Switches
from tests.sync.cast import SHOWS, asked_about, classes, linked_once, names, twelve, two
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import carried_out_in_parts, titled
from tests.world import User, World, world


@pytest.mark.parametrize("delay", [0.0, 240.0], ids=["the feed tells", "the feed lags"])
def test_no_link_follows_another_contact_to_its_new_name(delay: float) -> None:
    with world(people=Switches(merge_shows="previous")) as w:
        user, ann, ada = two(w)  # both carry our key
        link = next(link for link in user.links() if link.google_id == ann)
        user.account.feed_delay = delay
        user.account.merge(ada, ann)
        after = user.account.rename_resource(ada)
        w.sugar.edit(link.sugar_id, title="Doctor")
        rest(user, pause=60.0)
        rest(user)
        assert names(w) == ["Byron", "Miller"]
        assert {each.id: each.google_id for each in user.links()}[link.id] != after


@pytest.mark.parametrize("shows", SHOWS)
def test_who_took_over_another_contact_is_followed_to_a_new_name(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        kept = user.account.add(person("Ada", "Byron", "ada@x.org"))  # has no key of ours, as it was never written
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        user.sync()
        rest(user)
        gone = next(link.google_id for link in user.links() if link.google_id != kept)
        user.account.merge(kept, gone)
        rest(user)
        after = user.account.rename_resource(kept)
        rest(user)
        assert after in [link.google_id for link in user.links()]
        assert names(w) == ["Byron", "Miller"]
        linked_once(user)


def test_who_was_renamed_and_answers_to_the_former_name_no_more_stops_nobody() -> None:
    with world(people=Switches(rename_tombstone=True)) as w:
        user, old = asked_about(w)
        user.account.rename_resource(old)
        user.account.book.aliases.clear()
        rest(user)
        assert len([doc.id for doc in user.backlog() if doc.id.startswith("g")]) == 1


def test_it_never_gets_going_again() -> None:
    with world(people=Switches(rename_tombstone=True)) as w:
        user, old = asked_about(w)
        user.account.rename_resource(old)
        user.account.book.aliases.clear()
        failed = 0
        for _ in range(20):
            w.clock.advance(3600)
            try:
                user.run()
            except ValueError:
                failed += 1
        assert failed == 0


@pytest.mark.parametrize("rename", [False, True])
def test_who_is_restored_and_renamed_lives_again(rename: bool) -> None:
    with world() as w:
        user = twelve(w, from_google={"update": True, "create": True, "delete": False})
        link = user.links()[0]
        name = link.google_id
        user.account.remove(name)
        rest(user)
        user.account.restore(name)
        if rename:
            name = user.account.rename_resource(name)
        rest(user)
        user.account.edit(name, organizations=titled("Doctor"))
        rest(user)
        assert "Doctor" in [record["title"] for record in w.sugar.contacts().values()]


def test_an_entry_goes_when_its_contact_is_linked_under_a_new_name() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        source = user.account.add(person("Ada", "Byron", "ada@x.org"))
        for _ in range(2):
            w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        (entry,) = [doc for doc in user.backlog() if doc.id.startswith("g")]
        user.wish(kind="release", entries=[entry.id], action="different")
        w.clock.advance(60)
        w.sugar_wire.fault("cut_after", path="Contacts$")
        user.run()
        assert user.head().open
        user.account.rename_resource(source)
        rest(user)
        left = [doc.id for doc in w.store.query(user.paths.collection("backlog")) if doc.id.startswith("g")]
        assert (left, user.head().answered) == ([], 0)


def asked_about_one_out_of_scope(w: World) -> tuple[User, str, str]:
    """Ada stands in Google and, somebody else's for now, in Sugar. Also her id there and her name in Google."""
    user = w.user(**BOTH)
    record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], assigned_user_id="somebody-else")
    name = user.account.add(person("Ada", "Byron", "ada@x.org"))
    w.clock.advance(60)
    user.sync()
    rest(user)
    assert classes(user) == ["match outside the scope"]
    return user, record, name


@pytest.mark.parametrize("tombstone", [False, True])
def test_a_question_holds_for_a_plan_though_its_contact_is_renamed_and_no_part_of_it(tombstone: bool) -> None:
    """A plan reads its own contacts alone. A run has seen the new name, but it was Bob's turn::

    Bob and Ada are renamed ──▶ the feed tells, Bob's turn ──▶ planned ──▶ carried out ──▶ Ada's turn
    """
    with world(people=Switches(feed_delay=10.0, rename_tombstone=tombstone), limits=Limits(batch=1)) as w:
        user, record, name = asked_about_one_out_of_scope(w)
        bob = user.account.add(person("Bob", "Miller", "bob@x.org"))
        w.clock.advance(60)
        rest(user)
        for each in (bob, name):
            user.account.rename_resource(each)
            w.clock.advance(60)
        user.run()
        w.sugar.edit(record, assigned_user_id=user.sugar_user)
        carried_out_in_parts(user)
        assert not [link for link in user.links() if link.sugar_id == record]


@pytest.mark.parametrize("action", ["", "never"], ids=["open", "never"])
def test_a_question_holds_though_its_contact_is_renamed_and_its_turn_comes_later(action: str) -> None:
    """A batch of one::

    Bob and Ada change in Sugar ──▶ Bob's turn ──▶ Ada is renamed in Google ──▶ Sugar's Ada would come before her
    """
    with world(people=Switches(feed_delay=10.0), limits=Limits(batch=1)) as w:
        user, record, name = asked_about_one_out_of_scope(w)
        if action:
            user.wish(kind="release", entries=[doc.id for doc in user.backlog()], action=action)
            rest(user)
        for last_name in ("Bob", "Bobby"):
            w.sugar.add(last_name=last_name)
        w.sugar.edit(record, assigned_user_id=user.sugar_user)
        w.clock.advance(60)
        user.run()
        user.account.rename_resource(name)
        w.clock.advance(60)
        user.run()
        user.run()
        assert not [link for link in user.links() if link.sugar_id == record]
        rest(user)
        assert not [link for link in user.links() if link.sugar_id == record]


def test_an_answer_has_served_though_no_feed_tells_of_a_name_between() -> None:
    """The token expires, and a listing of everything knows no former names (people-api.md)::

    A's create is in doubt ──▶ A is B ──▶ A waits: the entry is B's ──▶ B is C ──▶ a listing: C is new, A is gone
    """
    with world(people=Switches(feed_delay=240.0)) as w:
        user, _, name = asked_about_one_out_of_scope(w)
        w.clock.advance(300)
        rest(user)
        user.wish(kind="release", entries=[subject_id(SideName.GOOGLE, name)], action="different")
        w.sugar_wire.fault("cut_before", path="Contacts$")
        user.run()
        assert user.head().open
        user.account.edit(name, organizations=titled("Doctor"))
        w.clock.advance(240)
        between = user.account.rename_resource(name)
        user.run()
        assert user.head().answered == 1
        user.account.rename_resource(between)
        user.account.expire_sync_tokens()
        w.clock.advance(240)
        rest(user)
        left = [doc.id for doc in w.store.query(user.paths.collection("backlog")) if doc.id.startswith("g")]
        assert (left, user.head().answered) == ([], 0)


def test_who_is_new_in_a_listing_of_everything_under_a_new_name_is_not_made_again() -> None:
    """She has no email, and was never written to in Google, so nothing but her former name's absence tells who she is;
    and a batch has no room for both."""
    with world(limits=Limits(batch=1)) as w:
        user = w.user(**BOTH)
        ann = user.account.add(person("Ann", "Miller"))
        w.clock.advance(60)
        rest(user)
        user.account.rename_resource(ann)
        for n in range(3):
            user.account.add(person("Bob", f"B{n}"))
        user.account.expire_sync_tokens()
        w.clock.advance(60)
        rest(user)
        assert names(w) == ["B0", "B1", "B2", "Miller"]
        linked_once(user)


def test_a_plan_ends_though_its_queue_tells_of_contacts_by_two_names() -> None:
    with world(people=Switches(rename_tombstone=True), limits=Limits(batch=2)) as w:
        user = w.user(**BOTH)
        old = [user.account.add(person("Ann", f"A{n}", f"ann{n}@x.org")) for n in range(10)]
        w.clock.advance(60)
        rest(user)
        for each in old:
            user.account.rename_resource(each)
        w.clock.advance(60)
        carried_out_in_parts(user)


def test_a_plan_ends_though_keys_of_former_names_come_in_later_parts() -> None:
    """Edited, seen behind many others, then renamed: the new names come first. The older news, as many as a part takes,
    come in a later one, before somebody else."""
    with world(limits=Limits(batch=30)) as w:
        user = w.user(**BOTH)
        old = [user.account.add(person("Ann", f"A{n}", f"ann{n}@x.org")) for n in range(30)]
        w.clock.advance(60)
        rest(user)
        for n in range(110):
            w.sugar.add(first_name="Bob", last_name=f"B{n}")
        for each in old:
            user.account.edit(each, organizations=titled("Doctor"))
        user.account.add(person("Zoe", "Zed", "zoe@x.org"))
        w.clock.advance(60)
        user.engine.preview()
        for each in old:
            user.account.rename_resource(each)
        w.clock.advance(60)
        carried_out_in_parts(user)


@pytest.mark.parametrize("first", range(3))
def test_who_is_read_by_a_former_name_is_not_made_again_before_everybody_who_is_gone_was_read(first: int) -> None:
    """She had several names; her link knows the last of them alone, and a batch takes one."""
    with world(limits=Limits(batch=1)) as w:
        user = w.user(**BOTH)
        name = user.account.add(person("Ann", "Miller"))
        w.clock.advance(60)
        rest(user)
        for _ in range(2 + first):
            name = user.account.rename_resource(name)
            w.clock.advance(60)
            rest(user)
        user.account.rename_resource(name)
        user.account.expire_sync_tokens()
        w.clock.advance(60)
        rest(user, pause=60.0)
        assert names(w) == ["Miller"]
        linked_once(user)


def test_a_plan_does_not_wait_for_who_is_not_found() -> None:
    """What proves that she is gone may wait for the plan to end."""
    with world(people=Switches(feed_delay=240.0)) as w:
        user = w.user(**BOTH)
        ann = user.account.add(person("Ann", "Miller", "ann@x.org"))
        w.clock.advance(300)
        rest(user)
        (link,) = user.links()
        w.sugar.edit(link.sugar_id, title="Doctor")
        w.clock.advance(60)
        order = user.engine.preview().order
        assert order is not None
        user.account.remove(ann)
        told = user.engine.run(plan=order.id).order
        assert told is not None
        assert (told.state, told.left_out) == ("done", 1)


def test_a_plan_holds_for_who_was_renamed_before_it_was_made() -> None:
    """The plan is made from what a read says; the link knows the former name until the feed tells::

    edited ──▶ the feed tells ──▶ renamed ──▶ planned by the new name ──▶ carried out ──▶ the feed tells of the name
    """
    with world(people=Switches(feed_delay=10.0)) as w:
        user = w.user(**BOTH)
        ann = user.account.add(person("Ann", "Miller", "ann@x.org"))
        w.clock.advance(60)
        rest(user)
        user.account.edit(ann, organizations=titled("Doctor"))
        w.clock.advance(60)
        user.engine.preview()
        user.account.rename_resource(ann)
        order = user.engine.preview().order
        assert order is not None
        report = user.engine.run(plan=order.id)
        assert report.order is not None
        assert (report.order.state, report.order.left_out) == ("done", 0)
        assert "Doctor" in [record["title"] for record in w.sugar.contacts().values()]
        rest(user)
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
def test_a_plan_in_parts_shows_two_that_were_merged_and_renamed_as_they_will_be_found(shows: Shows) -> None:
    """Ada has news in Sugar, and the first part has no room for the feed's, which are of two contacts. Only Ann has our
    key, so who they are now is hers."""
    with world(people=Switches(merge_shows=shows, feed_delay=10.0), limits=Limits(batch=3)) as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        ada = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        rest(user)
        ann = next(link.google_id for link in user.links() if link.google_id != ada)
        for last_name in ("Bob", "Bobby"):
            w.sugar.add(last_name=last_name)
        w.sugar.edit(next(link.sugar_id for link in user.links() if link.google_id == ada), title="Countess")
        user.account.merge(ada, ann)
        user.account.rename_resource(ada)
        w.clock.advance(60)
        carried_out_in_parts(user)
        rest(user)
        linked_once(user)


def test_a_plan_ends_though_its_contact_is_renamed_twice_before_it_begins() -> None:
    """The feed tells of both, one after the other: the record is read by the second name, which tells of no first."""
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        name = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        order = user.engine.preview().order
        assert order is not None
        assert (order.complete, order.counts) == (True, {"create": 1, "create sugar": 1})
        for _ in range(2):
            name = user.account.rename_resource(name)
            w.clock.advance(60)
            user.engine.preview()
        told = user.engine.run(plan=order.id).order
        for _ in range(3):
            w.clock.advance(60)
            again = user.engine.run().order
            told = again or told
        assert told is not None
        assert told.state == "done"
        rest(user)
        assert names(w) == ["Byron"]
