"""Contacts that go by another name in Google: their links, entries and edits go along, and nobody else's do."""

from __future__ import annotations

import pytest

from tests.simulators.people.switches import Shows, Switches
from tests.sync.cast import SHOWS, dies, linked_once, names, twelve, two
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import titled
from tests.world import User, World, world


def asked_about(w: World) -> tuple[User, str]:
    """Ada stands once in Google and twice in Sugar: three entries. Also her name in Google."""
    user = w.user(**BOTH)
    for _ in range(2):
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    old = user.account.add(person("Ada", "Byron", "ada@x.org"))
    user.sync()
    rest(user)
    assert [doc.id for doc in user.backlog() if doc.id.startswith("g")]
    return user, old


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


def test_who_was_renamed_and_deleted_with_an_entry_stops_nobody() -> None:
    with world(people=Switches(rename_tombstone=True)) as w:
        user, old = asked_about(w)
        new = user.account.rename_resource(old)
        w.clock.advance(60)
        dies(user, lambda step: step == "after commit" and bool(user.head().queue.get("feed")))  # observed
        user.account.remove(new)
        rest(user)
        assert not [doc.id for doc in user.backlog() if doc.id.startswith("g")]


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
