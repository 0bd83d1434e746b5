"""Contacts without link wait until everybody who is gone was looked at, and not longer."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from shared.people.side import PeopleSide
from shared.sync.limits import Limits
from shared.sync.order.book import Book
from tests.simulators.wire import Reply
from tests.sync.crashes import Crash, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import whole_plan
from tests.world import User, World, world


def linked(w: World) -> tuple[str, str]:
    """Zed on both sides; his id in Sugar, and his name in Google."""
    (user,) = w.users
    record = w.sugar.add(first_name="Zed", last_name="Zed", email=["zed@x.org"])
    w.clock.advance(60)
    rest(user)
    (link,) = user.links()
    return record, link.google_id


def test_who_is_gone_is_looked_at_though_a_batch_is_full_of_renamed_ones_that_wait() -> None:
    with world(limits=Limits(batch=3)) as w:
        user = w.user(**{**BOTH, "from_google": {**BOTH["from_google"], "create": False}})
        record, name = linked(w)
        others = [user.account.add(person("Ann", f"A{n}", f"ann{n}@x.org")) for n in range(3)]
        w.clock.advance(60)
        rest(user)
        for other in others:
            user.account.rename_resource(other)
        user.account.remove(name)
        new = w.sugar.add(first_name="Bob", last_name="Miller", email=["bob@x.org"])
        w.clock.advance(60)
        rest(user, most=12, pause=300.0)  # by then those that wait are awake again
        assert record not in w.sugar.contacts()
        assert [link.sugar_id for link in user.links() if link.state == "live"] == [new]


def test_creates_that_are_sent_again_do_not_wait_for_ever_for_who_is_gone() -> None:
    with world(limits=Limits(batch=3)) as w:
        user = w.user(**BOTH)
        _, name = linked(w)
        for n in range(3):
            w.sugar.add(first_name="Bob", last_name=f"B{n}", email=[f"bob{n}@x.org"])
        w.clock.advance(60)

        def dies(step: str) -> None:
            if step == "after commit" and user.head().open:
                raise Crash

        w.store.on_step = dies
        with pytest.raises(Crash):
            user.run()
        w.store.on_step = lambda _: None
        user.account.remove(name)
        w.clock.advance(400)
        rest(user, most=15, pause=300.0)
        assert len(user.account.people()) == 3


def expires(user: User, names: list[str]) -> None:
    """The sync token does, and the listing of everything shows all but these."""

    def garble(_: Any, reply: Reply) -> Reply:
        shown = [each for each in reply.body["connections"] if each["resourceName"] not in names]
        return Reply(reply.status, {**reply.body, "connections": shown}, reply.headers)

    user.account.expire_sync_tokens()
    user.world.people_wire.fault("garble", path="/v1/people/me/connections", skip=1, garble=garble)


def test_nobody_waits_for_ever_for_those_whom_a_listing_left_out_and_a_read_finds() -> None:
    """More of them than a batch takes, each waiting for the others."""
    with world(limits=Limits(batch=3)) as w:
        user = w.user(**{**BOTH, "from_google": {**BOTH["from_google"], "create": False}})
        linked(w)
        new = [user.account.add(person("Ann", f"A{n}")) for n in range(7)]
        w.clock.advance(60)
        rest(user)
        expires(user, new)
        user.set(from_google={"create": True})
        for _ in range(12):
            w.clock.advance(300)  # whoever waits is awake again
            user.run()
        assert len(w.sugar.contacts()) == 8


@pytest.mark.parametrize("listed", [False, True])
def test_a_plan_shows_who_is_new_once_everybody_who_is_gone_is_in_it(listed: bool) -> None:
    """The new ones come first, as they were renamed or are called gone by a listing, and a part has no room for all."""
    with world(limits=Limits(batch=4)) as w:
        user = w.user(**{**BOTH, "from_google": {**BOTH["from_google"], "create": False}})
        for n in range(9):
            w.sugar.add(first_name="Zed", last_name=f"Z{n}", email=[f"zed{n}@x.org"])
        w.clock.advance(60)
        rest(user)
        gone = [link.google_id for link in user.links()]
        new = [user.account.add(person("Ann", f"A{n}", f"ann{n}@x.org")) for n in range(3)]
        w.clock.advance(60)
        rest(user)
        for each in new:
            user.account.rename_resource(each)
        for each in gone:
            user.account.remove(each)
        if listed:
            user.account.expire_sync_tokens()
        user.set(from_google={"create": True})
        w.clock.advance(60)
        order = whole_plan(user)
        assert (order.counts["create sugar"], order.left_out) == (3, 0)


@pytest.mark.parametrize("asked", [False, True])
def test_a_plan_ends_after_a_listing_that_is_under_way_and_shows_who_is_new_in_it(asked: bool) -> None:
    with patch.dict(PeopleSide.__init__.__kwdefaults__, {"page_size": 3}), world() as w:
        user = w.user(**BOTH, ask_first=asked)
        old = [user.account.add(person(f"F{n}", f"L{n}")) for n in range(7)]
        w.clock.advance(60)
        rest(user)
        for each in old:
            user.account.rename_resource(each)
        user.account.add(person("Zoe", "Zed"))
        user.account.expire_sync_tokens()
        w.clock.advance(900)
        user.engine._limits = Limits(observe=0.0)
        if asked:
            for _ in range(9):
                user.engine.run(scheduled=True)
                w.clock.advance(5)
            order = Book.load(w.store, user.paths, user.head().asking).order
            assert (order.state, order.counts) == ("ready", {"create": 1, "create sugar": 1})
        else:
            told = whole_plan(user)
            assert (told.counts["create sugar"], told.left_out) == (1, 0)
        assert len(w.sugar.contacts()) == 7
