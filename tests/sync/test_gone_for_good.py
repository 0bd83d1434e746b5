"""What is deleted stays deleted, and what is not stays known: through odd reads, the trash, and listings cut short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from shared.names import SideName
from shared.people.side import PeopleSide
from shared.sync.limits import Limits
from shared.sync.link import LinkState
from tests.simulators.people.switches import Switches
from tests.simulators.wire import Reply
from tests.sync.cast import classes, linked_once, twelve
from tests.sync.crashes import rest
from tests.sync.stage import BOTH, linked, only, person, settle, titled
from tests.sync.test_gone import NOT_FOUND
from tests.world import User, World, world

WEEK = 7 * 86_400.0


def weeks(w: World, user: User, count: int) -> None:
    for _ in range(count):
        w.clock.advance(WEEK)
        settle(user)
        rest(user)


def test_who_is_not_found_right_before_a_delete_is_deleted_later() -> None:
    """The plan has seen it; taken for gone, it would live on, and be made anew once its tombstone is removed."""
    with world() as w:
        user, link = linked(w)
        w.sugar.remove(link.sugar_id)
        w.clock.advance(300)
        gone = Reply(404, {"error": NOT_FOUND})
        w.people_wire.fault("status", path="people/c", skip=1, times=1, reply=gone)
        user.run()
        w.people_wire.heal()
        rest(user)
        assert user.account.people() == []
        weeks(w, user, 11)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 0


def test_who_is_taken_out_of_the_trash_is_not_made_anew_on_the_other_side() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.remove(link.sugar_id)
        settle(user)
        rest(user)
        user.account.restore(link.google_id)
        weeks(w, user, 11)
        assert len(user.account.people()) == 1
        assert w.sugar.contacts() == {}


def not_shown(w: World, name: str) -> None:
    """Reads say that this very contact is not there."""

    def garble(_: Any, reply: Reply) -> Reply:
        gone = {"requestedResourceName": name, "httpStatusCode": 404, "status": {"code": 5}}
        items = [gone if each["requestedResourceName"] == name else each for each in reply.body["responses"]]
        return Reply(reply.status, {**reply.body, "responses": items}, reply.headers)

    w.people_wire.fault("garble", path="batchGet", garble=garble)
    w.people_wire.fault("status", path=name, reply=Reply(404, {"error": NOT_FOUND}))


@pytest.fixture
def small_pages() -> Iterator[None]:
    with patch.dict(PeopleSide.__init__.__kwdefaults__, {"page_size": 3}):
        yield


@pytest.mark.usefixtures("small_pages")
def test_an_edit_while_a_listing_is_under_way_is_known_after_it() -> None:
    """A page listed before shows the old email; the feed of changes, told of it meanwhile, does not tell it again."""
    with world() as w:
        user = w.user(**{**BOTH, "from_google": only(create=False)})
        ada = user.account.add(person("Ada", "Byron", "old@x.org"))
        for n in range(6):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        settle(user)
        rest(user)
        w.clock.advance(6 * 86_400.0)
        down = Reply(503, {"error": {"status": "UNAVAILABLE"}})
        w.people_wire.fault("status", path="/v1/people/me/connections", skip=2, reply=down)
        user.run()
        w.people_wire.heal()
        assert user.head().side(SideName.GOOGLE).full is not None
        user.account.edit(ada, emailAddresses=[{"value": "ada@x.org"}])
        w.clock.advance(900)
        user.run()
        assert user.head().side(SideName.GOOGLE).full is None
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        assert len(user.account.people()) == 7


@pytest.mark.usefixtures("small_pages")
def test_a_listing_says_nothing_about_whom_it_could_not_show() -> None:
    """Made after it began, and not found once: no deletion."""
    with world() as w:
        user = w.user(**BOTH)
        for n in range(7):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        settle(user)
        rest(user)
        known = {link.google_id for link in user.links()}
        w.clock.advance(6 * 86_400.0)
        down = Reply(503, {"error": {"status": "UNAVAILABLE"}})
        w.people_wire.fault("status", path="/v1/people/me/connections", skip=2, reply=down)
        user.run()
        w.people_wire.heal()
        ada = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(900)
        user.engine._limits = Limits(observe=0.0)
        user.run()
        user.engine._limits = Limits()
        assert user.head().side(SideName.GOOGLE).full is not None
        (made,) = {link.google_id for link in user.links()} - known
        not_shown(w, made)
        w.clock.advance(900)
        user.run()
        w.people_wire.heal()
        rest(user)
        assert ada in w.sugar.contacts()
        assert user.account.lives(made)
        assert {link.state for link in user.links()} == {LinkState.LIVE}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("planned", [False, True])
def test_who_was_renamed_is_not_made_again_while_a_listing_is_under_way(planned: bool) -> None:
    """It shows new names on its way, and at its end alone that the former ones are gone; nor by a plan of that time."""
    with world() as w:
        user = w.user(**BOTH)
        old = [user.account.add(person(f"F{n}", f"L{n}")) for n in range(7)]
        w.clock.advance(60)
        rest(user)
        assert len(w.sugar.contacts()) == 7
        for each in old:
            user.account.rename_resource(each)
        user.account.expire_sync_tokens()
        w.clock.advance(900)
        user.engine._limits = Limits(observe=0.0)
        user.run()
        assert user.head().side(SideName.GOOGLE).full is not None
        if planned:
            order = user.engine.preview().order
            assert order is not None
            assert user.head().side(SideName.GOOGLE).full is not None
            user.engine.run(plan=order.id)
        rest(user)
        assert len(w.sugar.contacts()) == 7
        linked_once(user)


@pytest.mark.usefixtures("small_pages")
def test_who_was_entered_on_both_sides_is_not_doubled_while_a_listing_is_under_way() -> None:
    """The sync token has expired, so nothing else tells of who is new in Google, on a page to come."""
    with world() as w:
        user = w.user(**BOTH)
        for n in range(7):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        w.clock.advance(60)
        rest(user)
        user.account.add(person("Zoe", "Zed", "zoe@x.org"))
        w.sugar.add(first_name="Zoe", last_name="Zed", email=["zoe@x.org"])
        user.account.expire_sync_tokens()
        w.clock.advance(900)
        user.engine._limits = Limits(observe=0.0)
        rest(user)
        assert len(user.account.people()) == len(w.sugar.contacts()) == 8
        linked_once(user)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("limit", [14.0, 22.0, 30.0])
def test_who_may_have_come_back_is_not_deleted_as_a_copy(limit: float) -> None:
    """Taken out of the trash under a new name, and met before the listing has shown that the old one is gone."""
    with world(people=Switches(restore_keeps_name=False)) as w:
        user = twelve(w)
        source = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        w.people_wire.fault("cut_before", path="createContact")
        user.run()
        rest(user)
        (link,) = (link for link in user.links() if link.sugar_id == source)
        others = [each.google_id for each in user.links() if each.sugar_id != source][:6]
        user.account.remove(link.google_id)
        back = user.account.restore(link.google_id)
        w.clock.advance(5)
        for other in others:
            user.account.edit(other, organizations=titled("Rep"))
        user.account.expire_sync_tokens()
        w.clock.advance(300)
        user.engine._limits = Limits(observe=limit)
        w.on_call = lambda _: w.clock.advance(4)
        for _ in range(6):
            user.run()
            w.clock.advance(120)
        w.on_call = lambda _: None
        user.engine._limits = Limits()
        rest(user)
        assert user.account.lives(back)
        assert source in w.sugar.contacts()
        assert classes(user)
