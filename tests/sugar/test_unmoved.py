"""An instance on which the date that an update carries never equals: what really changed is told apart by a read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import Rejected, StaleVersion
from shared.side import Record, Refused
from shared.sugar.side import SugarSide
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply
from tests.sugar.outcomes import error_of, kinds
from tests.sugar.world import World, contact, read, update, world

CONFLICT = {"error": "edit_conflict", "error_message": "changed"}


@pytest.fixture
def never() -> Iterator[World]:
    with world(Switches(timestamp_check="never")) as found:
        yield found


def people(w: World, side: SugarSide, count: int) -> list[Record]:
    found = [read(side, w.sim.add(first_name="Ann", last_name=str(n))) for n in range(count)]
    w.clock.advance(60)
    return found


def renamed(side: SugarSide, records: list[Record]) -> list[Any]:
    return [update(side, each, contact("Bea", "x"), "first_name") for each in records]


@pytest.mark.parametrize(
    ("count", "calls"),
    [
        (1, ["PUT", "POST", "PUT"]),
        (3, ["POST /bulk", "POST /Contacts/filter", "POST /bulk"]),
    ],
)
def test_what_did_not_change_is_written(never: World, count: int, calls: list[str]) -> None:
    side = never.side()
    records = people(never, side, count)
    with never.wire.counted() as seen:
        outcomes = side.apply(renamed(side, records))
    assert kinds(outcomes) == ["Done"] * count
    assert all(name.startswith(call) for name, call in zip(never.calls(seen), calls, strict=True))
    assert {each["first_name"] for each in never.sim.contacts().values()} == {"Bea"}


@pytest.mark.parametrize("count", [1, 3])
def test_what_did_change_is_not_overwritten(never: World, count: int) -> None:
    side = never.side()
    records = people(never, side, count)
    never.sim.edit(records[0].id, first_name="Cleo")
    outcomes = side.apply(renamed(side, records))
    assert isinstance(error_of(outcomes[0]), StaleVersion)
    assert kinds(outcomes[1:]) == ["Done"] * (count - 1)
    assert never.sim.contacts()[records[0].id]["first_name"] == "Cleo"


def test_what_is_gone_by_then_is_not_written(never: World) -> None:
    side = never.side()
    records = people(never, side, 1)
    never.wire.fault("status", method="PUT", reply=Reply(409, CONFLICT))
    never.sim.remove(records[0].id)
    (outcome,) = side.apply(renamed(side, records))
    assert isinstance(error_of(outcome), StaleVersion)


@pytest.mark.parametrize("count", [1, 3])
def test_a_conflict_without_anything_to_compare_is_the_contacts_own_trouble(w: World, count: int) -> None:
    side = w.side()
    records = people(w, side, count)
    item = {"contents": CONFLICT, "headers": {}, "status": 409}
    w.wire.fault("status", method="PUT", times=None, reply=Reply(409, CONFLICT))
    w.wire.fault("status", path="bulk", times=None, reply=Reply(200, [item] * count))
    with w.wire.counted() as calls:
        outcomes = side.apply(renamed(side, records))
    assert kinds(outcomes) == ["Refused"] * count
    assert all(isinstance(error_of(each), Rejected) for each in outcomes)
    assert len(calls) == 3


def test_without_that_read_nothing_is_sent_again(never: World) -> None:
    side = never.side()
    writes = renamed(side, people(never, side, 2))
    never.wire.fault("status", path="filter", times=None, reply=Reply(503, b""))
    outcomes = side.apply(writes)
    assert all(isinstance(each, Refused) and isinstance(each.error, StaleVersion) for each in outcomes)
    assert {each["first_name"] for each in never.sim.contacts().values()} == {"Ann"}
