"""A Sugar that takes every update for stale: edits arrive all the same, and nobody's is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.simulators.sugar import Switches
from tests.simulators.wire import Request
from tests.sync.scenarios import BOTH, person
from tests.world import User, World, world


@contextmanager
def olga() -> Iterator[tuple[World, User, str, str]]:
    """With a linked contact: its names in Sugar and in Google."""
    with world(sugar=Switches(timestamp_check="never")) as w:
        user = w.user(**BOTH)
        google = user.account.add(person("Olga", "Old", "olga@x.org"))
        user.sync()
        w.clock.advance(400)
        user.sync()
        (sugar,) = w.sugar.contacts()
        yield w, user, sugar, google


def test_an_edit_arrives() -> None:
    with olga() as (w, user, sugar, google):
        user.account.edit(google, organizations=[{"title": "Chief"}])
        w.clock.advance(400)
        assert user.run().counts["update sugar"] == 1
        assert w.sugar.contacts()[sugar]["title"] == "Chief"


def test_an_edit_made_right_before_the_write_is_merged() -> None:
    with olga() as (w, user, sugar, google):
        user.account.edit(google, organizations=[{"title": "Chief"}])
        w.clock.advance(400)
        edits: list[dict[str, Any]] = [{"title": "Boss", "department": "Sales"}]

        def meanwhile(request: Request, when: str) -> None:
            if request.method == "PUT" and when == "before" and edits:
                w.clock.advance(5)
                w.sugar.edit(sugar, **edits.pop())

        w.sugar_wire.on_call = meanwhile
        user.sync()
        assert not edits
        shown = w.sugar.contacts()[sugar]
        assert (shown["title"], shown["department"]) == ("Boss", "Sales"), "both edited the title: Sugar's counts"
        assert user.account.person(google)["organizations"][0]["title"] == "Boss"
