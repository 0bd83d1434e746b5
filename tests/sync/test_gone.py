"""What is gone from Sugar is answered in bulk."""

from __future__ import annotations

from tests.simulators.wire import Reply
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, person, settle, troubles
from tests.world import World, world


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


def leave_out(w: World, *, times: int | None) -> None:
    """Reads by name find nobody, though they are there."""
    gone = {"code": 404, "status": "NOT_FOUND", "message": "Requested entity was not found."}
    w.people_wire.fault("garble", path="batchGet", times=times, garble=lambda _, reply: Reply(reply.status, {}, {}))
    w.people_wire.fault("status", path="people/c", times=times, reply=Reply(404, {"error": gone}))


def test_a_new_contact_that_one_odd_answer_leaves_out_is_not_forgotten() -> None:
    """No later change would tell of it."""
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        user.account.add(person("Bob", "Coe", "bob@x.org"))
        w.clock.advance(300)
        leave_out(w, times=1)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(700)
        settle(user)
        assert len(w.sugar.contacts()) == len(user.links()) == 2
        fixed_point(user)


def test_a_new_contact_that_is_not_found_for_an_hour_is_taken_for_gone() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.sync()
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        user.account.add(person("Bob", "Coe", "bob@x.org"))
        w.clock.advance(300)
        leave_out(w, times=None)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(3000)
        assert user.run().counts == {"wait": 2}
        w.clock.advance(700)
        assert user.run().counts == {"close": 2}
        assert not w.sugar.contacts()
