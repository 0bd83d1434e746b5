"""One story under every mixture of what is not confirmed about the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from random import Random

import pytest

from shared.errors import Rejected
from shared.side import Absent, Done, Record, Refused
from tests.people.contacts import contact
from tests.people.world import World
from tests.simulators.people import Switches


@pytest.mark.parametrize("seed", range(16))
def test_the_same_story(make: Callable[..., World], seed: int) -> None:
    drawn = asdict(Switches.draw(Random(seed)))  # noqa: S311 - picks a mixture
    world = make(**{**drawn, "enforces_limits": True, "update_needs_sources": True})
    label = world.account.label("From Sugar")
    world.connect(label=label, page_size=7)

    targets = [contact(f"p{n}@x.com", last_name=f"P{n}", phone_work=f"202-555-01{n:02}") for n in range(20)]
    targets[13] = targets[13].with_values({"title": "x" * 2000})
    outcomes = world.create(*targets)
    made: dict[int, Record] = {}
    for n, outcome in enumerate(outcomes):
        if n == 13:
            assert isinstance(outcome, Refused)
            assert isinstance(outcome.error, Rejected)
        else:
            assert isinstance(outcome, Done)
            assert outcome.record
            made[n] = outcome.record

    world.clock.advance(600)
    keys, page = world.listing()
    assert {key.id: key.planted for key in keys} == {record.id: (f"key{n}",) for n, record in made.items()}
    assert {key.version for key in keys} == {record.version for record in made.values()}

    world.account.remove(made[4].id)
    fresh = world.side.read([record.id for record in made.values()])
    assert [n for n, record in made.items() if isinstance(fresh[record.id], Absent)] == [4]
    alive = {n: record.id for n, record in made.items() if n != 4}
    updates = []
    for n, name in alive.items():
        field = ("last_name", "phone_work", "notes")[n % 3]
        updates.append(world.update(name, targets[n].with_values({field: f"202-555-02{n:02}"}), [field]))
    assert all(isinstance(outcome, Done) for outcome in world.side.apply(updates))
    for n, name in alive.items():
        field = ("last_name", "phone_work", "notes")[n % 3]
        target = targets[n].with_values({field: f"202-555-02{n:02}"})
        assert world.side.fields.view(world.record(name).native, {}, target).contact == target
        assert world.account.labels(name) == {"From Sugar"}

    gone = list(alive.values())[:9]
    world.account.remove(gone[3])
    assert world.side.apply([world.delete(name) for name in gone]) == [Done(None)] * 9
    world.clock.advance(600)
    assert page.delta
    tombstones = set()
    cursor = page.delta
    while cursor:
        page = world.side.page(cursor)
        tombstones |= {key.id for key in page.keys if key.deleted}
        cursor = page.cursor  # type: ignore[assignment]
    assert tombstones == {*gone, made[4].id}
    assert world.size == 19 - 1 - 9
    assert world.account.overlapping_writes == 0
