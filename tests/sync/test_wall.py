"""A firewall in front of Sugar that takes one contact's text for an attack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.wire import Reply, Request
from tests.sync.scenarios import BOTH, person
from tests.world import World, world


@pytest.fixture
def w() -> Iterator[World]:
    with world() as made:
        yield made


def refuses(request: Request) -> bool:
    return request.method in ("POST", "PUT") and "/filter" not in request.path and b"Poison" in request.body


def test_it_holds_nobody_up_and_is_asked_about(w: World) -> None:
    user = w.user(**BOTH)
    user.sync()
    w.sugar_wire.fault("status", times=None, matches=refuses, reply=Reply(403, b"<html>blocked</html>"))
    for n in range(6):
        user.account.add(person(f"G{n}", "Poison" if n == 2 else "Good", f"g{n}@x.org"))
    w.clock.advance(60)
    report = user.run()
    assert report.status == "done"
    assert sorted(c["first_name"] for c in w.sugar.contacts().values()) == ["G0", "G1", "G3", "G4", "G5"]
    assert report.backlog == 1
    assert "firewall" in str(user.backlog())


def test_alone_it_blocks_the_runs_of_half_an_hour_and_is_asked_about(w: World) -> None:
    user = w.user(**BOTH)
    user.sync()
    fault = w.sugar_wire.fault("status", times=None, matches=refuses, reply=Reply(403, b"<html>blocked</html>"))
    user.account.add(person("Ann", "Poison", "a@x.org"))
    w.clock.advance(60)
    for _ in range(5):
        report = user.run()
        assert (report.status, report.backlog) == ("blocked", 0)
        assert "a new contact" in report.message
        w.clock.advance(1000)
    report = user.run()
    assert (report.status, report.backlog) == ("done", 1)
    assert not w.sugar.contacts()
    w.sugar_wire.faults.remove(fault)
