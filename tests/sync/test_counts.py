"""What a run costs: calls, documents read and written, commits, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.store.port import MAX_COMMIT, MAX_DOCUMENT
from shared.sync.limits import Limits
from tests.conftest import IN_CI
from tests.simulators.wire import Call
from tests.sync.scenarios import BOTH, person
from tests.world import User, World, world

MANY = 10_000 if IN_CI else 1_000


@dataclass
class Cost:
    """Of one run; token refreshes and the daily question for the instance's fields apart."""

    calls: list[Call] = field(default_factory=list)
    commits: int = 0
    read: int = 0
    written: int = 0

    def like(self, *parts: str) -> int:
        return sum(any(part in call.name for part in parts) for call in self.calls)


@contextmanager
def measured(w: World) -> Iterator[Cost]:
    cost = Cost()
    sugar, people = len(w.sugar_wire.log), len(w.people_wire.log)
    w.store.reset()
    yield cost
    apart = ("/oauth2/", "/token", "/metadata")
    calls = [*w.sugar_wire.log[sugar:], *w.people_wire.log[people:]]
    cost.calls = [call for call in calls if not any(part in call.request.path for part in apart)]
    cost.commits, cost.read, cost.written = w.store.commits, w.store.read, w.store.written


def in_sugar(w: World, count: int, **more: Any) -> list[str]:
    return [
        w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], phone_work=f"650253{n:04d}", **more)
        for n in range(count)
    ]


def in_google(user: User, count: int, **more: Any) -> list[str]:
    return [user.account.add(person(f"G{n}", f"H{n}", f"g{n}@x.org", **more)) for n in range(count)]


def test_a_hundred_new_contacts_to_google() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.run()
        in_sugar(w, 100)
        with measured(w) as cost:
            report = user.run()
        assert report.counts["create google"] == 100
        assert len(cost.calls) <= 10
        assert cost.like("batchCreate", "createContact") == 1
        assert cost.written <= 220
        assert cost.commits <= 4


def test_a_hundred_new_contacts_to_sugar() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.run()
        in_google(user, 100)
        w.clock.advance(60)
        with measured(w) as cost:
            report = user.run()
        assert report.counts["create sugar"] == 100
        assert len(cost.calls) <= 10
        assert cost.like("/bulk") == 2
        assert cost.written <= 320
        assert cost.commits <= 4


def test_a_mixed_batch() -> None:
    with world() as w:
        user = w.user(**BOTH)
        ids = in_sugar(w, 100)
        user.sync()
        w.clock.advance(900)
        user.sync()
        links = {link.sugar_id: link.google_id for link in user.links()}
        for n in range(30):
            w.sugar.edit(ids[n], title=f"T{n}")
        for n in range(30, 60):
            user.account.edit(links[ids[n]], organizations=[{"title": f"T{n}"}])
        for n in range(60, 65):
            w.sugar.remove(ids[n])
        for n in range(65, 70):
            user.account.remove(links[ids[n]])
        for n in range(15):
            w.sugar.add(first_name=f"N{n}", last_name="New", email=[f"n{n}@x.org"])
            user.account.add(person(f"M{n}", "New", f"m{n}@x.org"))
        w.clock.advance(300)
        with measured(w) as cost:
            report = user.run()
        wanted = {
            "create google": 15,
            "create sugar": 15,
            "update google": 30,
            "update sugar": 30,
            "delete google": 5,
            "delete sugar": 5,
        }
        assert {name: report.counts.get(name) for name in wanted} == wanted
        assert len(cost.calls) <= 20, [call.name for call in cost.calls]
        assert cost.commits <= 4
        assert cost.written <= 2.2 * 100 + 15


@pytest.mark.long
def test_nothing_changed_costs_next_to_nothing_whatever_the_number_of_contacts() -> None:
    with world(limits=Limits(batch=1000)) as w:  # larger batches only make the set-up shorter
        user = w.user(**BOTH)
        in_sugar(w, MANY)
        for n in range(MANY):
            phone = [{"value": f"(650) 253-{n:04d}", "type": "work"}]
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org", phoneNumbers=phone))
        w.clock.advance(600)
        user.sync(pause=30.0)
        w.clock.advance(900)
        user.sync(pause=400.0)
        assert len(user.links()) == MANY
        w.clock.advance(400)
        with measured(w) as cost:
            report = user.run()
        assert report.writes == 0
        assert len(cost.calls) == 2, [call.name for call in cost.calls]
        assert cost.read <= 4
        assert cost.written <= 2
        w.clock.advance(5000)  # both access tokens are dead by now
        with measured(w) as cost:
            user.run()
        assert len(cost.calls) == 2
        assert cost.written <= 4


@pytest.mark.long
def test_notes_of_a_hundred_kilobytes_stay_within_a_commit() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(100):
            noise = "".join(chr(0x4E00 + (n * 7919 + i * i * 31) % 20_000) for i in range(33_000))
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], description=noise)
        reports = user.sync()
        assert sum(report.counts.get("create google", 0) for report in reports) == 100
        assert w.store.largest <= MAX_COMMIT
        assert w.store.largest_document <= MAX_DOCUMENT
        assert user.backlog() == []


def test_a_hundred_changes_of_a_plan() -> None:
    """It costs what a batch costs, and the few documents of the plan."""
    with world() as w:
        user = w.user(**BOTH)
        ids = in_sugar(w, 200)
        for _ in range(4):
            user.run()
            w.clock.advance(400)
        for record in ids:
            w.sugar.edit(record, title="Edited")
        w.clock.advance(60)
        with measured(w) as looked:
            order = user.engine.preview().order
        assert order is not None
        assert len(looked.calls) <= 8
        assert (looked.written, looked.commits) <= (10, 4)
        while not order.complete:
            order = user.engine.preview(plan=order.id).order
            assert order is not None
        with measured(w) as cost:
            report = user.engine.run(plan=order.id)
        assert report.counts["update google"] == 100
        assert len(cost.calls) <= 8
        assert cost.like("batchUpdate", "updateContact") == 1
        assert cost.written <= 220
        assert cost.commits <= 4
        assert cost.read <= 250
