"""What the guard holds stays held until a person releases it."""

from __future__ import annotations

from tests.sync.scenarios import BOTH
from tests.world import world


def test_held_clearings_do_not_leak_out_when_the_day_is_over() -> None:
    with world() as w:
        user = w.user(**BOTH)
        ids = [
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], title="Rep") for n in range(30)
        ]
        user.sync()
        w.clock.advance(900)
        user.sync()
        for record in ids[:15]:
            w.sugar.edit(record, title="", department="New")
        w.clock.advance(300)
        user.sync()
        orgs = [(p.get("organizations") or [{}])[0] for p in user.account.people()]
        assert sum(org.get("title") == "Rep" for org in orgs) == 30
        assert sum(org.get("department") == "New" for org in orgs) == 15  # the rest of the contact goes on
        assert {doc.data["class"] for doc in user.backlog()} == {"held: mass clearing"}
        for _ in range(10):
            w.clock.advance(86_400)  # the rolling day is over many times, and a sweep comes by
            user.sync()
        orgs = [(p.get("organizations") or [{}])[0] for p in user.account.people()]
        assert sum(org.get("title") == "Rep" for org in orgs) == 30
        user.wish(kind="release", cls="held: mass clearing", action="approve")
        user.sync()
        orgs = [(p.get("organizations") or [{}])[0] for p in user.account.people()]
        assert sum(org.get("title") == "Rep" for org in orgs) == 15
        assert user.backlog() == []


def test_held_deletions_do_not_leak_out_by_trying_again() -> None:
    with world() as w:
        user = w.user(**BOTH)
        ids = [w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"]) for n in range(30)]
        user.sync()
        w.clock.advance(900)
        user.sync()
        for record in ids[:12]:
            w.sugar.remove(record)
        w.clock.advance(300)
        user.sync()
        assert len(user.account.people()) == 30
        w.clock.advance(3 * 86_400)  # the rolling day is over
        user.wish(kind="release", entries=[doc.id for doc in user.backlog()[:10]])
        user.sync()
        assert len(user.account.people()) == 30
        assert [doc.data["class"] for doc in user.backlog()] == ["held: mass deletion"] * 12
        user.wish(kind="release", cls="held: mass deletion", action="approve")
        user.sync()
        assert len(user.account.people()) == 18
        assert user.backlog() == []
