"""What is gone from Sugar is answered in bulk."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import SideName
from shared.sync.paths import subject_id
from tests.simulators.wire import Reply
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, person, settle, troubles
from tests.world import User, World, world


def test_an_approval_says_that_they_were_deleted() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(30):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        settle(user)
        hidden = user.links()[:12]
        for link in hidden:
            w.sugar.hide(link.sugar_id, user.sugar_user)
            user.account.edit(link.google_id, urls=[{"value": "https://example.org", "type": "profile"}])
        settle(user)
        assert troubles(user) == ["gone from Sugar"] * 12
        user.wish(kind="release", cls="gone from Sugar", action="approve")
        settle(user)
        assert troubles(user) == []
        assert len(user.account.people()) == 18


NOT_FOUND = {"code": 404, "status": "NOT_FOUND", "message": "Requested entity was not found."}


def leave_out(w: World, side: SideName, *, times: int | None) -> None:
    """Reads by name find nobody, though they are there."""
    if side is SideName.GOOGLE:
        w.people_wire.fault("garble", path="batchGet", times=times, garble=lambda _, reply: Reply(reply.status, {}, {}))
        alone = times and 2 * times  # both are read alone then
        w.people_wire.fault("status", path="people/c", times=alone, reply=Reply(404, {"error": NOT_FOUND}))
    else:
        nobody = Reply(200, {"records": [], "next_offset": -1})
        w.sugar_wire.fault("status", path="/Contacts", skip=1, times=times, reply=nobody)  # the first is the feed's


def not_there(w: World, side: SideName) -> None:
    """A single read by name finds nobody."""
    if side is SideName.GOOGLE:
        w.people_wire.fault("status", path="people/c", times=1, reply=Reply(404, {"error": NOT_FOUND}))
    else:
        leave_out(w, side, times=2)  # read by name, then looked for by email


def two_new(w: World, side: SideName, **settings: Any) -> User:
    """A user whose first sync is over, and two contacts since."""
    user = w.user(**BOTH)
    user.set(**settings)
    user.sync()
    for first, last, mail in (("Ada", "Byron", "ada@x.org"), ("Bob", "Coe", "bob@x.org")):
        if side is SideName.GOOGLE:
            user.account.add(person(first, last, mail))
        else:
            w.sugar.add(by=user.sugar_user, first_name=first, last_name=last, email=[mail])
    w.clock.advance(300)
    return user


def known_in_google(w: World) -> User:
    """A user with one contact in Google, which is not to be created in Sugar."""
    user = w.user(**BOTH)
    user.set(from_google={"create": False, "update": True, "delete": True})
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    settle(user)
    return user


@pytest.mark.parametrize("side", list(SideName))
def test_new_contacts_that_one_odd_answer_leaves_out_are_not_forgotten(side: SideName) -> None:
    """No later change would tell of them."""
    with world() as w:
        user = two_new(w, side)
        leave_out(w, side, times=1)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(700)
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 2
        fixed_point(user)


@pytest.mark.parametrize("side", list(SideName))
def test_new_contacts_that_are_not_found_for_an_hour_are_taken_for_gone(side: SideName) -> None:
    with world() as w:
        user = two_new(w, side)
        leave_out(w, side, times=None)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(3000)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(700)
        assert user.run().counts == {"close": 2}
        assert user.links() == []


def test_an_odd_answer_long_after_the_change_was_seen_forgets_nobody() -> None:
    """Held back by a switch for three days, then left out of one answer."""
    with world() as w:
        user = two_new(w, SideName.GOOGLE, from_google={"create": False, "update": True, "delete": True})
        settle(user)
        w.clock.advance(3 * 86_400.0)
        user.set(from_google={"create": True, "update": True, "delete": True})
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(700)
        settle(user)
        assert len(w.sugar.contacts()) == len(user.links()) == 2


def test_an_odd_answer_leaves_an_answered_entry_as_it_is() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(from_sugar={"create": False, "update": True, "delete": True})
        for _ in range(2):
            w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert troubles(user) == ["ambiguous match"] * 3
        w.clock.advance(3 * 86_400.0)
        user.wish(kind="release", cls="ambiguous match")
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts["wait"] == 1
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert troubles(user) == ["ambiguous match"]


@pytest.mark.parametrize("side", list(SideName))
def test_who_may_be_a_match_is_not_doubled_by_an_odd_answer(side: SideName) -> None:
    """It is known by its email, and a single read says that it is not there."""
    with world() as w:
        user = w.user(**BOTH)
        user.set(**{f"from_{side.value}": {"create": False, "update": True, "delete": True}})
        if side is SideName.GOOGLE:
            user.account.add(person("Ada", "Byron", "ada@x.org"))
        else:
            w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        if side is SideName.GOOGLE:
            w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        else:
            user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(300)
        not_there(w, side)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        w.sugar_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == 1
        fixed_point(user)


def test_nor_is_a_linked_one() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        not_there(w, SideName.GOOGLE)
        assert user.run().counts == {"wait": 1}
        w.clock.advance(700)
        settle(user)
        assert troubles(user) == ["already linked"]
        assert len(user.account.people()) == len(user.links()) == 1


def test_whom_the_feed_shows_to_be_gone_nobody_waits_for() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(from_google={"create": False, "update": True, "delete": True})
        gone = user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        user.account.remove(gone)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        counts = user.run().counts
        assert (counts["create"], counts.get("wait")) == (1, None)


def test_who_may_be_a_match_and_is_not_found_for_an_hour_is_taken_for_gone() -> None:
    with world() as w:
        user = known_in_google(w)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        leave_out(w, SideName.GOOGLE, times=None)
        assert user.run().counts == {"wait": 1}
        w.clock.advance(3000)
        assert user.run().counts == {"wait": 1}
        w.clock.advance(700)
        assert user.run().counts["create"] == 1


def test_the_hour_counts_from_the_first_miss_of_that_very_contact() -> None:
    """That it was not found itself two hours ago says nothing about its match."""
    with world() as w:
        user = known_in_google(w)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        leave_out(w, SideName.SUGAR, times=1)
        assert user.run().counts == {"wait": 1}
        w.clock.advance(7200)
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 1}
        (google_id,) = (each["resourceName"] for each in user.account.people())
        assert list(user.head().unfound) == [subject_id(SideName.GOOGLE, google_id)]
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert len(user.account.people()) == len(user.links()) == 1
        assert user.head().unfound == {}


def test_an_odd_answer_about_who_was_chosen_does_not_ask_again() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(from_google={"create": False, "update": True, "delete": True})
        twins = [user.account.add(person("Ada", "Byron", "ada@x.org")) for _ in range(2)]
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        (entry,) = (doc.id for doc in user.backlog() if doc.id.startswith("s:"))
        chosen = subject_id(SideName.GOOGLE, twins[0])
        user.wish(kind="release", entries=[entry], action="choose", candidates=[chosen])
        w.clock.advance(300)
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert [link.google_id for link in user.links()] == twins[:1]
