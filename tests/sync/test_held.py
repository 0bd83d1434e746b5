"""What the guard holds stays held until a person releases it."""

from __future__ import annotations

import pytest

from shared.sync.limits import Limits
from tests.simulators.people.switches import Switches
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH
from tests.sync.stage import carried_out_in_parts, many, whole_plan
from tests.world import User, World, world


def many_renamed(w: World) -> tuple[User, list[str]]:
    """Thirty in Google, of whom eleven have a new name and leave a tombstone, and one is deleted. Also the others'
    names there."""
    user = w.user(**BOTH)
    links = many(w, user, 30)
    for link in links[:11]:
        user.account.rename_resource(link.google_id)
    user.account.remove(links[11].google_id)
    w.clock.advance(60)
    return user, [link.google_id for link in links[12:]]


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


def test_a_plan_deletes_what_it_has_shown_whatever_else_it_has_looked_at() -> None:
    """The tombstones of those that were only renamed stay in the queue: nothing was to be done about them."""
    with world(people=Switches(rename_tombstone=True)) as w:
        user, _ = many_renamed(w)
        carried_out_in_parts(user)
        assert len(w.sugar.contacts()) == 29
        assert user.backlog() == []


@pytest.mark.parametrize("seen", ["", "alive", "alive, though called gone"])
def test_what_came_after_a_plan_counts_for_the_guard(seen: str) -> None:
    with world(people=Switches(rename_tombstone=True, feed_delay=10.0)) as w:
        user, others = many_renamed(w)
        for name in others[:10] if seen else ():
            if seen == "alive":
                user.account.edit(name, userDefined=[{"key": "a", "value": "b"}])  # nothing that is synced
            else:
                user.account.remove(name)
        w.clock.advance(60)
        for name in others[:10] if seen == "alive, though called gone" else ():
            user.account.restore(name)  # which the feed is still to tell
        order = whole_plan(user)
        for name in others[:10]:
            user.account.remove(name)
        w.clock.advance(60)
        told = user.engine.run(plan=order.id).order
        assert told is not None
        assert (told.state, told.left_out) == ("done", 1)
        assert len(w.sugar.contacts()) == 30


def test_what_a_plan_shows_as_held_stays_held_in_parts() -> None:
    with world(limits=Limits(batch=3)) as w:
        user = w.user(**BOTH)
        for link in many(w, user, 30)[:12]:
            w.sugar.remove(link.sugar_id)
        w.clock.advance(60)
        carried_out_in_parts(user)
        assert len(user.account.people()) == 30
        assert [doc.data["class"] for doc in user.backlog()] == ["held: mass deletion"] * 12


def test_a_clearing_that_a_plan_shows_as_held_stays_held_in_another_batch() -> None:
    """Of seven a part the first has three of which nothing is to be done: four clearings pass, and seven are held. Then
    seven are carried out at a time, three of these along with those four."""
    with world(limits=Limits(batch=7)) as w:
        user = w.user(**BOTH)
        links = many(w, user, 30, title="Rep")
        for link in links[:3]:
            w.sugar.edit(link.sugar_id, lead_source="Fair")
        for link in links[3:14]:
            w.clock.advance(1)
            w.sugar.edit(link.sugar_id, title="")
        w.clock.advance(60)
        carried_out_in_parts(user)
        assert [doc.data["class"] for doc in user.backlog()] == ["held: mass clearing"] * 7
        orgs = [(each.get("organizations") or [{}])[0] for each in user.account.people()]
        assert sum(org.get("title") == "Rep" for org in orgs) == 26


def all_held(w: World) -> tuple[User, str, list[str]]:
    """A plan that shows twelve deletions as held: its id, and its contacts' keys."""
    user = w.user(**BOTH)
    links = many(w, user, 40)
    for link in links[:12]:
        w.sugar.remove(link.sugar_id)
    w.clock.advance(60)
    order = whole_plan(user)
    assert order.counts == {"park": 12}
    return user, order.id, [link.id for link in links[:12]]


def test_what_is_taken_out_of_a_plan_that_shows_it_as_held_is_held_after_it() -> None:
    with world() as w:
        user, plan, keys = all_held(w)
        user.engine.run(plan=plan, leave_out=tuple(keys[:3]))
        rest(user)
        assert len(user.account.people()) == 40


def test_what_is_left_of_a_plan_that_shows_it_as_held_is_held_when_it_is_stopped() -> None:
    with world(limits=Limits(batch=3)) as w:
        user, plan, _ = all_held(w)
        user.engine.run(plan=plan)
        user.wish(kind="stop", plan=plan)
        rest(user)
        assert len(user.account.people()) == 40


def test_what_a_plan_has_held_counts_for_the_day() -> None:
    with world() as w:
        user, plan, _ = all_held(w)
        user.engine.run(plan=plan)
        for link in [link for link in user.links() if link.sugar_id in w.sugar.contacts()][:10]:
            w.sugar.remove(link.sugar_id)
        rest(user)
        assert len(user.account.people()) == 40
