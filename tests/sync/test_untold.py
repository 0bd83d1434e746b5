"""Names that only a read has shown: whose they are is known once Google's changes, or a listing, have told of them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.sync.limits import Limits
from tests.simulators.people.switches import Switches
from tests.sync.cast import linked_once, names
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import carried_out_in_parts, titled, whole_plan
from tests.world import User, World, world


def lanes(user: User) -> set[str]:
    """Where keys wait."""
    return {lane for lane, infos in user.head().queue.items() if sum(info.count for info in infos)}


@pytest.mark.parametrize("delay", [10.0, 240.0])
def test_a_name_of_long_ago_is_nobody_new(delay: float) -> None:
    """No key of ours tells whose it is, as it was never written::

    A (linked) is B ──▶ a plan is about B: A's own key stays ──▶ B is C ──▶ A's turn, before the feed tells of C
    """
    with world(people=Switches(feed_delay=delay, rename_tombstone=True), limits=Limits(batch=1)) as w:
        user = w.user(**BOTH)
        first = user.account.add(person("Ada", "Byron"))
        w.clock.advance(300)
        rest(user)
        second = user.account.rename_resource(first)
        user.account.edit(second, organizations=titled("Doctor"))
        w.clock.advance(300)
        carried_out_in_parts(user)
        third = user.account.rename_resource(second)
        for _ in range(3):
            user.run()
            w.clock.advance(60)
        rest(user)
        assert names(w) == ["Byron"]
        assert [link.google_id for link in user.links()] == [third]


def renamed_before_it_was_told_of(w: World, entered: dict[str, Any], **settings: Any) -> User:
    """New in Google; read by its first name, while nothing has told of its second one."""
    user = w.user(**{**BOTH, **settings})
    user.sync()
    w.clock.advance(600)
    user.sync()
    first = user.account.add(entered)
    for n in range(3):
        user.account.add(person("Bob", f"Miller {n}", f"bob{n}@x.org"))
    w.clock.advance(239)
    user.account.rename_resource(first)
    w.clock.advance(2)
    return user


@pytest.mark.parametrize("entered", [person("Ada", "Byron"), {"organizations": [{"name": "Acme"}]}], ids=["", "bare"])
def test_nobody_waits_for_ever_for_what_is_told_of_a_name(entered: dict[str, Any]) -> None:
    """Nothing is made of it, so its new name's own key sleeps: that has told of it all the same."""
    with world(people=Switches(feed_delay=240.0)) as w:
        off = {**BOTH["from_google"], "create": False}
        user = renamed_before_it_was_told_of(w, entered, from_google=off)
        for _ in range(12):
            user.run()
            w.clock.advance(50)
        assert lanes(user) == {"asleep"}


def test_a_plan_ends_before_a_name_is_told_of() -> None:
    with world(people=Switches(feed_delay=240.0), limits=Limits(batch=1)) as w:
        user = renamed_before_it_was_told_of(w, person("Ada", "Byron"))
        assert whole_plan(user).counts == {"create": 3, "create sugar": 3, "wait": 1}


@pytest.mark.parametrize("later", [False, True], ids=["in its batch", "while it waits"])
def test_who_goes_by_a_name_that_is_not_told_of_is_nobodys_match(later: bool) -> None:
    """Ada is linked by the name between; her new email is that of another one, who is new in Sugar."""
    with world(people=Switches(feed_delay=240.0, rename_tombstone=True), limits=Limits(batch=2)) as w:
        user = w.user(**BOTH)
        first = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(300)
        rest(user)
        (link,) = user.links()
        second = user.account.rename_resource(first)
        user.account.edit(second, organizations=titled("Doctor"))
        w.clock.advance(300)
        carried_out_in_parts(user)
        third = user.account.rename_resource(second)
        user.account.edit(third, emailAddresses=[{"value": "new@x.org"}])
        if later:
            user.run()
        w.sugar.add(first_name="Ada", last_name="Lovelace", email=["new@x.org"])
        w.clock.advance(30)
        for _ in range(3):
            user.run()
            w.clock.advance(60)
        rest(user)
        assert {each.sugar_id: each.google_id for each in user.links()}[link.sugar_id] == third
        linked_once(user)


def test_nobody_waits_for_whose_turn_comes_after() -> None:
    """A weekly listing: nothing is made of Ada, so her name's own key has its turn after all the others' that wait.

    Her former names are four keys, more than a batch has room for; all are the same contact.
    """
    with world(people=Switches(feed_delay=10.0), limits=Limits(batch=3)) as w:
        user = w.user(**{**BOTH, "from_google": {**BOTH["from_google"], "create": False}})
        name = user.account.add(person("Ada", "Byron"))
        for _ in range(5):
            w.clock.advance(60)
            rest(user)
            name = user.account.rename_resource(name)
        w.clock.advance(60)
        rest(user)
        user.account.expire_sync_tokens()
        for _ in range(40):
            w.clock.advance(120)
            user.run()
        w.clock.advance(8 * 86_400)
        for _ in range(40):
            w.clock.advance(120)
            user.run()
        assert lanes(user) == {"asleep"}


def test_a_name_that_was_only_read_is_not_told_of_whatever_is_decided() -> None:
    """Two former names have keys that wait. Out of the scope for a moment, she is nothing by the first of them::

    the link knows A3 ──▶ A3 is A4, out of the scope ──▶ A2's turn ──▶ in the scope ──▶ A's turn, still before the feed
    """
    with world(people=Switches(feed_delay=240.0), limits=Limits(batch=1)) as w:
        user = w.user(**BOTH)
        user.set(google_scope=user.account.label("Work"))
        name = user.account.add(person("Ada", "Byron"), ["Work"])
        w.clock.advance(300)
        rest(user)
        for title in ("Doctor", "Professor"):
            user.account.edit(name, organizations=titled("Miss"))
            w.clock.advance(300)
            user.engine.preview()
            name = user.account.rename_resource(name)
            user.account.edit(name, organizations=titled(title))
        w.clock.advance(300)
        carried_out_in_parts(user)
        name = user.account.rename_resource(name)
        user.account.set_labels(name, ["Family"])
        user.run()
        user.account.set_labels(name, ["Work"])
        for _ in range(3):
            user.run()
            w.clock.advance(30)
        w.clock.advance(300)
        rest(user)
        assert names(w) == ["Byron"]
