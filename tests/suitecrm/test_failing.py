"""A server that fails at a contact, or with everything: nobody waits for ever, and nobody is blamed for an outage.

Both look the same where the contact is the only one there is to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.sync.report import Status
from tests.prove.sweep.stories.orders import plan_all
from tests.simulators.sugar.errors import SugarError
from tests.sync.stage import BOTH, person, titled
from tests.world import User, World, world

HOURS = 6 * 3600.0
POISON = "Forbidden word"


@pytest.fixture
def w() -> Iterator[World]:
    with world(crm="suitecrm") as made:
        made.sugar.hooks.before_save.append(refuse)
        yield made


def refuse(contact: dict[str, Any]) -> None:
    if contact.get("title") == POISON:
        raise SugarError("invalid_parameter", "The title is on the list of forbidden words")


def poisoned(user: User, number: int) -> None:
    for n in range(number):
        user.account.add(person(f"A{n}", "Poison", f"poison{n}@x.org", organizations=titled(POISON)))
    user.world.clock.advance(60)


def go_on(user: User, seconds: float) -> None:
    """Runs every quarter of an hour; in trouble after a minute, then less and less often."""
    until = user.world.clock.now().timestamp() + seconds
    wait = 30.0
    while user.world.clock.now().timestamp() < until:
        wait = 30.0 if user.run().status is Status.DONE else min(2 * wait, 3600.0)
        user.world.clock.advance(wait if wait > 30.0 else 900.0)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_what_it_fails_at_again_and_again_stands_in_the_backlog(w: World, number: int) -> None:
    user = w.user(**BOTH)
    poisoned(user, number)
    go_on(user, HOURS)
    assert [doc.data["class"] for doc in user.backlog()] == ["rejected"] * number
    assert not user.links()
    assert user.run().status is Status.DONE


def test_nobody_starves_behind_it(w: World) -> None:
    user = w.user(**BOTH)
    poisoned(user, 5)
    for n in range(20):
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
    go_on(user, HOURS)
    assert len(user.links()) == len(w.sugar.contacts()) == 20
    assert len(user.backlog()) == 5


def test_an_outage_is_nobodys_trouble(w: World) -> None:
    user = w.user(**BOTH)
    outage = [True]

    def down(_: dict[str, Any]) -> None:
        if outage:
            raise SugarError("fatal_error", "read only")

    w.sugar.hooks.before_save.append(down)
    for n in range(3):
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
    w.clock.advance(60)
    go_on(user, 1200)
    assert user.backlog() == []
    outage.clear()
    go_on(user, HOURS)
    assert user.backlog() == []
    assert len(user.links()) == 3


def test_a_plan_goes_on_to_its_end_without_it(w: World) -> None:
    user = w.user(**BOTH, sync_regularly=False)
    user.run()
    poisoned(user, 1)
    report = plan_all(user)
    assert report.order is not None
    user.wish(kind="order", plan=report.order.id)
    go_on(user, HOURS)
    assert not user.head().order
    assert w.sugar.contacts() == {}
