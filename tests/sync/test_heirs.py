"""Who else has an email, a phone or our key: known though a listing lags, and though a whole office shares a phone."""

from __future__ import annotations

import pytest

from shared.names import SideName
from shared.sync.limits import Limits
from tests.simulators.people.switches import Shows, Switches
from tests.simulators.wire import Reply
from tests.sync.cast import classes
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH
from tests.sync.stage import settle
from tests.sync.test_gone import leave_out
from tests.world import User, world


@pytest.mark.parametrize("delay", [0.0, 240.0], ids=["the listing tells", "the listing lags"])
def test_what_we_made_before_a_listing_that_lags_is_known(delay: float) -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        user.sync()
        rest(user)
        user.account.feed_delay = delay
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        user.run()  # Ada is made in Google
        user.set(region="GB")  # both sides are listed anew
        w.clock.advance(60)
        user.run()
        rest(user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        rest(user)
        assert len(user.account.people()) == 2
        assert classes(user) == ["already linked"]


@pytest.mark.parametrize("crowd", [0, 40])
def test_a_merge_of_one_of_many_with_the_same_phone_deletes_nobody(crowd: int) -> None:
    with world(people=Switches(merge_shows="tombstone")) as w:
        user = w.user(**BOTH)
        phone = "+1 650 253 0000"
        for n in range(crowd):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], phone_work=phone)
        for n in range(12):
            w.sugar.add(first_name=f"G{n}", last_name=f"M{n}", email=[f"q{n}@x.org"])
        ann = w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"], phone_work=phone)
        user.sync()
        rest(user)
        links = {link.sugar_id: link for link in user.links()}
        gone = links[ann].google_id
        keep = max(link.google_id for link in links.values() if link.google_id != gone)
        user.account.merge(keep, gone)
        user.engine._limits = Limits(batch=1)  # its heir is in another batch
        rest(user)
        assert ann in w.sugar.contacts()


def test_who_was_merged_away_is_known_also_while_the_survivor_waits_for_its_weekly_look() -> None:
    """One record has two keys then, and one of them alone knows the name that it has taken over."""
    with world(people=Switches(merge_shows="previous")) as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        settle(user)
        user.engine._limits = Limits(batch=1)
        w.clock.advance(6 * 86_400.0)
        w.people_wire.fault("status", path="people/c", skip=1, reply=Reply(503, {"error": {"status": "UNAVAILABLE"}}))
        user.run()  # the one was looked at, the other waits
        w.people_wire.heal()
        (chunk,) = user.head().queue["sweep"]
        ((_, survivor, *_),) = w.store.get_all([user.paths.queue(chunk.id)])[user.paths.queue(chunk.id)].data["keys"]
        (taken,) = (link.google_id for link in user.links() if link.google_id != survivor)
        user.engine._limits = Limits()
        user.account.merge(survivor, taken)
        w.clock.advance(300)
        settle(user)
        assert "merged" in classes(user)


def _of(user: User, sugar_id: str) -> str:
    (found,) = (link.google_id for link in user.links() if link.sugar_id == sugar_id)
    return found


@pytest.mark.parametrize("shows", ["tombstone", "both"])
def test_an_heir_that_is_not_found_once_is_waited_for(shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        gone = w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        kept = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        user.account.merge(_of(user, kept), _of(user, gone))
        w.clock.advance(300)
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 2}
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert gone in w.sugar.contacts()
        assert "merged" in classes(user)
