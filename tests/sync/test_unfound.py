"""A record that a read does not find, though nothing proves that it is gone: what depends on it waits."""

from __future__ import annotations

import re

from shared.names import SideName
from tests.simulators.wire import Reply
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import BOTH, settle, troubles
from tests.sync.test_gone import NOT_FOUND, known_in_google, leave_out
from tests.world import world


def test_a_miss_long_ago_does_not_count() -> None:
    """Whoever waited then is not there any more, so nobody has looked since."""
    with world() as w:
        user = known_in_google(w)
        first = w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        w.sugar.remove(first)
        w.clock.advance(86_400.0)
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(300)
        leave_out(w, SideName.GOOGLE, times=1)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert len(user.account.people()) == len(user.links()) == 1


def test_a_deletion_is_not_forgotten_because_the_other_half_is_not_found_once() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for name in ("ada", "bob"):
            w.sugar.add(by=user.sugar_user, first_name=name, last_name="Byron", email=[f"{name}@x.org"])
        settle(user)
        user.account.remove(user.links()[0].google_id)
        w.clock.advance(300)
        leave_out(w, SideName.SUGAR, times=1)
        assert user.run().counts == {"wait": 1}
        w.sugar_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        fixed_point(user)


def test_a_link_does_not_move_to_a_copy_because_its_own_record_is_not_found_once() -> None:
    with world() as w:
        user = w.user(**BOTH)
        contact = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.people_wire.fault("late", path="createContact")
        user.run()
        rest(user)
        (link,) = user.links()
        w.people_wire.land()
        (copy,) = {each["resourceName"] for each in user.account.people()} - {link.google_id}
        user.account.edit(copy, organizations=[{"title": "Countess"}])
        w.clock.advance(300)
        gone = Reply(404, {"error": NOT_FOUND})
        w.people_wire.fault("status", path=re.escape(link.google_id), times=1, reply=gone)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        w.clock.advance(700)
        settle(user)
        assert [each.google_id for each in user.links()] == [link.google_id]
        assert not w.sugar.get(contact).get("title")
        assert troubles(user) == ["already linked"]
