"""Contacts without link wait until everybody who is gone was looked at, and not longer."""

from __future__ import annotations

import pytest

from shared.sync.limits import Limits
from tests.sync.crashes import Crash, rest
from tests.sync.scenarios import BOTH, person
from tests.world import World, world


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
