"""Defects that random stories found, each reduced to what it takes."""

from __future__ import annotations

import msgspec
import pytest

from shared.names import SideName
from shared.sync.head import Head
from shared.sync.limits import Limits
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.report import Status
from tests.simulators.people.switches import Shows, Switches
from tests.simulators.wire import Reply
from tests.sync.crashes import Crash, Steps, fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import titled
from tests.world import World, world


def test_two_releases_of_the_same_entry_before_a_run_count_as_one() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for _ in range(2):
            w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(300)
        user.sync()
        entries = [doc.id for doc in user.backlog()]
        assert entries
        user.wish(kind="release", entries=entries)
        user.wish(kind="release")
        assert user.run().status is Status.DONE
        assert user.head().backlog == len(user.backlog())


@pytest.mark.parametrize("shows", ["previous", "both"])
def test_two_linked_contacts_merged_in_google_leave_two_in_sugar_and_a_question(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        kept = user.account.add(person("Ann", "Miller", "ann@x.org"))
        gone = user.account.add(person("Bob", "Baker"))
        user.sync()
        rest(user)
        user.account.merge(kept, gone)
        rest(user)
        assert sorted(record["last_name"] for record in w.sugar.contacts().values()) == ["Baker", "Miller"]
        assert [doc.data["class"] for doc in user.backlog()] == ["merged"]
        fixed_point(user)


@pytest.mark.parametrize("tombstone", [True, False])
def test_a_link_follows_a_changed_resource_name_for_good(tombstone: bool) -> None:
    with world(people=Switches(rename_tombstone=tombstone)) as w:
        user = w.user(**BOTH)
        before = user.account.add(person("Ann", "Miller", "ann@x.org"))
        user.sync()
        rest(user)
        after = user.account.rename_resource(before)
        rest(user)
        assert [link.google_id for link in user.links()] == [after]
        user.account.expire_sync_tokens()  # a full listing says nothing of former names
        rest(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        assert user.backlog() == []
        fixed_point(user)


def test_a_create_in_doubt_is_settled_though_its_source_goes_by_another_name_now() -> None:
    with world() as w:
        user = w.user(**BOTH)
        names = [user.account.add(person("Ann", f"L{n}", f"p{n}@x.org")) for n in range(2)]
        w.clock.advance(300)
        w.sugar_wire.fault("cut_before", path="bulk")
        user.run()
        user.account.rename_resource(names[0])
        rest(user)
        assert user.head().open == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == 2
        assert {link.google_id for link in user.links()} == {p["resourceName"] for p in user.account.people()}
        fixed_point(user)


def test_a_google_contact_added_outside_the_label_is_not_doubled() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(google_scope=user.account.label("Sync"))
        user.account.add(person("Ann", "Miller", "ann@x.org"), ["Sync"])
        user.sync()
        rest(user)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        rest(user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        assert len(user.account.people()) == 2
        assert [doc.data["class"] for doc in user.backlog()] == ["match outside the scope"]


@pytest.mark.long
@pytest.mark.parametrize("pause", [310.0, 1300.0], ids=["short", "long"])
def test_a_crash_while_linking_keeps_what_the_link_overwrote(pause: float) -> None:
    def story(crash_at: int | None) -> int:
        with world() as w:
            user = w.user(**BOTH)
            w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
            user.account.add(person("Augusta", "Byron", "ada@x.org"))
            w.clock.advance(300)
            steps = Steps(w, crash_at)
            try:
                user.run()
            except Crash:
                w.clock.advance(pause)
            Steps.off(w)
            rest(user)
            (contact,) = user.account.people()
            assert contact["names"][0]["givenName"] == "Ada"
            losers = [field["loser"] for row in user.history() for field in row["fields"]]
            assert "Augusta" in losers, f"crash at step {crash_at}"
            fixed_point(user)
            return len(steps.seen)

    for step in range(1, story(None) + 1):
        story(step)


def queue_of(w: World) -> Queue:
    """The queue of a new user after a first run."""
    user = w.user()
    user.run()
    doc = w.store.get(user.paths.head)
    assert doc is not None
    return Queue(w.store, user.paths, Head.load(doc.data))


def test_a_key_that_had_to_wait_does_not_hide_a_tombstone_seen_meanwhile() -> None:
    with world() as w:
        queue = queue_of(w)
        seen = Dirty(SideName.GOOGLE, "people/c1", "2026-03-02T09:00:00+00:00", version="#a", epoch=1)
        waited = msgspec.structs.replace(seen, due="2026-03-02T09:10:00+00:00", tries=1)
        queue.add(Lane.LATER, [waited])
        gone = msgspec.structs.replace(seen, version="#b", deleted=True, epoch=2)
        queue.add(Lane.FEED, [gone])
        queue.wake("2026-03-02T09:10:00+00:00")
        (key,) = queue.ready()
        assert key.deleted
        assert key.version == "#b"


def test_a_former_name_is_known_from_the_page_before() -> None:
    with world() as w:
        queue = queue_of(w)
        assert queue.former(SideName.GOOGLE, "people/c2") == ()
        queue.add(Lane.FEED, [Dirty(SideName.GOOGLE, "people/c2", "2026-03-02T09:00:00+00:00", previous=["people/c1"])])
        assert queue.former(SideName.GOOGLE, "people/c2") == ("people/c1",)


def test_a_quarantined_contact_is_not_linked_by_way_of_its_match_either() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(google_scope=user.account.label("Sync"))
        user.account.add(person("Ann", "Miller", "ann@x.org"), ["Sync"])
        match = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(300)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        (entry,) = user.backlog()
        before = w.sugar.get(record)
        user.account.edit(match, organizations=[{"title": "Countess"}])
        user.account.set_labels(match, ["Sync"])
        rest(user)
        assert w.sugar.get(record) == before
        user.wish(kind="release", entries=[entry.id])
        rest(user)
        assert w.sugar.get(record)["title"] == "Countess"
        assert user.backlog() == []
        assert len(user.links()) == 2


def test_an_answer_to_a_conflict_found_while_linking_counts() -> None:
    with world() as w:
        user = w.user(**BOTH, conflict="ask")
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        user.account.add(person("Augusta", "Byron", "ada@x.org"))
        w.clock.advance(300)
        rest(user)
        (entry,), (link,) = user.backlog(), user.links()
        assert entry.data["link"] == link.id
        user.wish(kind="release", entries=[entry.id], action="keep", answers={"first_name": "google"})
        rest(user)
        assert w.sugar.get(record)["first_name"] == "Augusta"
        assert user.backlog() == []
        assert user.head().backlog == 0


def test_a_contact_into_which_more_were_merged_than_a_batch_holds_is_not_left_waiting() -> None:
    with world(people=Switches(merge_shows="previous"), limits=Limits(batch=3)) as w:
        user = w.user(**BOTH)
        names = [user.account.add(person("Ann", f"L{n}", f"p{n}@x.org")) for n in range(5)]
        user.sync()
        rest(user)
        for name in names[1:]:
            user.account.merge(names[0], name)
        rest(user)
        assert len(w.sugar.contacts()) == 5
        assert sorted(doc.data["class"] for doc in user.backlog()) == ["merged"] * 4
        fixed_point(user)


@pytest.mark.parametrize("mails", [["ada@x.org"], []], ids=["with an email", "without"])
@pytest.mark.parametrize("batch", [100, 1])
def test_a_copy_in_doubt_that_its_user_has_edited_is_not_created_where_it_came_from(
    mails: list[str], batch: int
) -> None:
    with world(limits=Limits(batch=batch)) as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron", *mails, organizations=titled("Countess")))
        w.clock.advance(60)
        w.sugar_wire.fault("cut_after", path="Contacts$")
        user.run()
        (copy,) = w.sugar.contacts()
        w.sugar.edit(copy, title="Enchantress")
        rest(user)
        assert len(user.account.people()) == len(w.sugar.contacts()) == 1
        assert {doc.data["class"] for doc in user.backlog()} == {"doubtful create"}
        user.wish(kind="release")
        rest(user)
        fixed_point(user)
        if mails:
            assert len(user.account.people()) == len(w.sugar.contacts()) == 1
            assert user.backlog() == []
            assert len(user.links()) == 1


def test_a_create_is_not_sent_again_for_somebody_whom_a_colleague_has_made_meanwhile() -> None:
    with world() as w:
        user = w.user(**BOTH, sugar_scope="all")
        bob = w.sugar.add_user("bob", "x")
        name = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault("cut_before", path="Contacts$")
        user.run()
        record = w.sugar.add(by=bob, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        assert list(w.sugar.contacts()) == [record]
        assert [p["resourceName"] for p in user.account.people()] == [name]
        assert user.head().open == []
        assert [(link.sugar_id, link.google_id) for link in user.links()] == [(record, name)]
        fixed_point(user)


def test_a_merge_that_was_read_before_the_feed_told_of_it_is_noticed_all_the_same() -> None:
    with world(people=Switches(merge_shows="previous", feed_delay=240.0)) as w:
        user = w.user(**BOTH)
        record = w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        w.sugar.add(first_name="Bob", last_name="Baker", email=["bob@x.org"])
        user.sync()
        rest(user)
        link = next(link for link in user.links() if link.sugar_id == record)
        (gone,) = [link.google_id for link in user.links() if link.sugar_id != record]
        user.account.merge(link.google_id, gone)
        w.sugar.edit(record, title="Doctor")
        w.clock.advance(10)
        user.run()
        rest(user)
        assert [doc.data["class"] for doc in user.backlog()] == ["merged"]
        assert len(w.sugar.contacts()) == 2
        fixed_point(user)


def test_who_waits_for_a_quarantined_match_is_not_forgotten_when_that_one_goes() -> None:
    with world() as w:
        user = w.user(**BOTH)
        match = user.account.add(person("Ada", "Byron", "ada@x.org", organizations=titled("x" * 200)))
        w.clock.advance(300)
        rest(user)
        assert [doc.data["class"] for doc in user.backlog()] == ["cannot hold"]
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        user.account.remove(match)
        rest(user)
        (entry,) = user.backlog()
        assert entry.data["ids"]["sugar"] in w.sugar.contacts()
        user.wish(kind="release", entries=[entry.id])
        rest(user)
        assert len(user.links()) == len(user.account.people()) == len(w.sugar.contacts()) == 1
        assert user.backlog() == []


def test_a_listing_that_is_not_found_stops_the_run_with_words() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        gone = Reply(404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "not found"}})
        w.people_wire.fault("status", path="connections", reply=gone)
        report = user.run()
        assert report.status is Status.BLOCKED
        assert "404" in report.message
        rest(user)
        assert len(w.sugar.contacts()) == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_what_was_edited_while_its_create_was_in_doubt_arrives(fault: str) -> None:
    with world() as w:
        user = w.user(**BOTH)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        w.people_wire.fault(fault, path="createContact")
        user.run()
        w.clock.advance(60)
        w.sugar.edit(record, title="Mathematician", email=["new@x.org"])
        rest(user)
        (only,) = user.account.people()
        assert only["organizations"][0]["title"] == "Mathematician"
        assert [mail["value"] for mail in only["emailAddresses"]] == ["new@x.org"]
        fixed_point(user)


def test_a_row_tells_a_create_that_was_in_doubt_before_the_edit_that_came_after_it() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        w.people_wire.fault("cut_after", path="createContact")
        user.run()
        (copy,) = user.account.people()
        user.account.edit(copy["resourceName"], organizations=titled("Mathematician"))
        rest(user)
        fields = [field for row in user.history() for field in row["fields"] if field["name"] == "title"]
        assert [(field["to"], field["after"]) for field in fields] == [
            ("google", "Countess"),
            ("sugar", "Mathematician"),
        ]
        assert user.links()[0].base["title"] == "Mathematician"


@pytest.mark.parametrize("shows", ["previous", "both", "tombstone"])
def test_nobody_is_linked_with_a_contact_that_has_just_taken_over_a_linked_one(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows), limits=Limits(batch=1)) as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Bob", last_name="Baker", email=["bob@x.org", "office@x.org"])
        user.sync()
        rest(user)
        (linked,) = user.account.people()
        new = user.account.add(person("Ada", "Byron", "ada@x.org"))
        user.account.merge(new, linked["resourceName"])
        late = w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org", "office@x.org"])
        rest(user)
        assert w.sugar.get(late)["last_name"] == "Miller"


@pytest.mark.parametrize("inside", [True, False], ids=["in scope", "out of scope"])
def test_a_contact_renamed_and_deleted_before_the_feed_told_of_either_is_gone_with_the_next_listing(
    inside: bool,
) -> None:
    with world(people=Switches(feed_delay=10.0, rename_tombstone=False)) as w:
        user = w.user(**BOTH)
        user.set(google_scope=user.account.label("Sync"))
        before = user.account.add(person("Ann", "Miller", "ann@x.org"), ["Sync"])
        user.sync()
        rest(user)
        (link,) = user.links()
        if not inside:
            user.account.set_labels(before, [])
            rest(user)
        after = user.account.rename_resource(before)
        w.sugar.edit(link.sugar_id, title="Doctor")
        user.run()
        assert user.links()[0].google_id == after
        user.account.remove(after)
        user.account.expire_sync_tokens()
        rest(user)
        # In scope it would be deleted, and is the only one there is: that is held.
        assert [doc.data["class"] for doc in user.backlog()] == (["held: mass deletion"] if inside else [])
        assert user.head().remaining == 0
        fixed_point(user)
