"""Labels of the settings that are gone: told from a contact's own fault, at the price of one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import BadSettings, ProtocolError, Unavailable
from shared.names import Op
from shared.side import NotSent, Write
from tests.people.contacts import contact
from tests.people.test_writing import CREATE, kinds, people
from tests.people.world import World
from tests.simulators.wire import Reply

LIST = "contactGroups"
TOLD = {
    "label": "label: was deleted in Google: choose another",
    "scope": "google_scope: was deleted in Google: choose another",
}


def chosen(world: World, name: str = "label", *, gone: bool = True) -> None:
    label = world.account.label("CRM")
    if gone:
        world.account.remove_label("CRM")
    world.connect(label=label if name == "label" else "", scope=label if name == "scope" else "")


@pytest.mark.parametrize("count", [1, 4, 30])
@pytest.mark.parametrize("name", ["label", "scope"])
@pytest.mark.parametrize("details", ["named", "none"])
@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "NOT_FOUND"])
def test_creates_with_a_label_that_is_gone_are_not_sent(
    make: Callable[..., World], count: int, name: str, details: str, status: str
) -> None:
    world = make(batch_error_details=details, unknown_label=status)
    chosen(world, name)
    with world.calls() as calls:
        outcomes = world.create(*people(count))
    assert calls == [CREATE if count > 4 else "createContact", LIST]
    for outcome in outcomes:
        assert isinstance(outcome, NotSent)
        assert isinstance(outcome.error, BadSettings)
        assert outcome.error.message == TOLD[name]
    with world.calls() as calls:
        assert kinds(world.create(*people(count))) == ["NotSent"] * count
    assert calls == [], "the answer is remembered"


@pytest.mark.parametrize("count", [2, 12])
def test_creates_without_that_label_go_on(world: World, count: int) -> None:
    """A contact that an undo makes again comes with its own labels."""
    chosen(world)
    writes = world.creates(*people(count))
    own = [without_label(write) if n % 2 else write for n, write in enumerate(writes)]
    assert kinds(world.side.apply(own)) == ["NotSent", "Done"] * (count // 2)


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "NOT_FOUND"])
def test_labels_of_another_time_give_way_to_the_chosen_one(make: Callable[..., World], count: int, status: str) -> None:
    """A create that is sent again was frozen with the label of then; one that an undo asks for, with what was read."""
    world = make(unknown_label=status)
    chosen(world)
    writes = world.creates(*people(count))
    world.account.label("Pals")
    more = [{"contactGroupMembership": {"contactGroupResourceName": world.account.label("Pals")}}]
    writes[0].payload["memberships"] += more
    world.connect(label=world.account.label("From Sugar"))
    with world.calls() as calls:
        outcomes = world.side.apply(writes)
    assert kinds(outcomes) == ["Done"] * count
    assert calls.count(LIST) == 1
    assert len(calls) == (3 if count > 4 else 2 + count)
    found = {person["names"][0]["familyName"]: person["resourceName"] for person in world.account.people()}
    assert world.account.labels(found["0"]) == {"Pals", "From Sugar"}
    assert all(world.account.labels(found[str(n)]) == {"From Sugar"} for n in range(1, count))
    world.connect()
    assert kinds(world.create(*people(1))) == ["Done"]


def without_label(write: Write) -> Write:
    return replace(write, payload={name: found for name, found in write.payload.items() if name != "memberships"})


@pytest.mark.parametrize("count", [3, 10])
def test_with_the_label_in_place_a_bad_contact_is_to_blame(world: World, count: int) -> None:
    chosen(world, gone=False)
    targets = people(count)
    targets[1] = targets[1].with_values({"title": "x" * 2000})
    with world.calls() as calls:
        outcomes = world.create(*targets)
    assert kinds(outcomes) == ["Done", "Refused", *["Done"] * (count - 2)]
    assert calls.count(LIST) == 1


def test_nobody_asks_for_labels_where_nothing_is_refused_or_none_is_chosen(world: World) -> None:
    chosen(world, gone=False)
    with world.calls() as calls:
        world.create(*people(6))
    assert calls == [CREATE]
    world.connect()
    with world.calls() as calls:
        assert kinds(world.create(contact(first_name="P", last_name="0", title="x" * 2000))) == ["Refused"]
    assert LIST not in calls


@pytest.mark.parametrize("count", [2, 10])
def test_as_long_as_nobody_can_tell_nobody_is_blamed(world: World, count: int) -> None:
    chosen(world)
    world.wire.fault("status", path=f"/{LIST}", times=None, reply=Reply(503, {"error": {"message": "x"}}))
    for outcome in world.create(*people(count)):
        assert isinstance(outcome, NotSent)
        assert isinstance(outcome.error, Unavailable)


@pytest.mark.parametrize("count", [2, 10])
@pytest.mark.parametrize("answer", [{"contactGroups": 5}, {"contactGroups": [{"name": "x"}]}])
def test_a_listing_that_is_none_blames_nobody(world: World, count: int, answer: Any) -> None:
    chosen(world)
    world.wire.fault("garble", path=f"/{LIST}", times=None, garble=lambda request, reply: Reply(200, answer))
    with world.calls() as calls:
        outcomes = world.create(*people(count))
    for outcome in outcomes:
        assert isinstance(outcome, NotSent)
        assert isinstance(outcome.error, ProtocolError)
    assert calls.count(LIST) == 1


@pytest.mark.parametrize("leaving_deletes", [False, True])
def test_who_is_outside_a_scope_whose_label_is_gone_has_not_left_it(world: World, leaving_deletes: bool) -> None:
    label = world.account.label("CRM")
    inside, outside = (world.account.add({"names": [{"familyName": "P"}]}, names) for names in (["CRM"], []))
    world.connect(scope=label, leaving_deletes=leaving_deletes)
    with world.calls() as calls:
        assert world.record(inside).in_scope
        assert not world.record(outside).in_scope
    assert calls.count(LIST) == leaving_deletes
    world.account.remove_label("CRM")
    if leaving_deletes:
        with pytest.raises(BadSettings, match="google_scope"):
            world.record(inside)
    else:
        assert not world.record(inside).in_scope


def test_no_other_write_is_asked_about(world: World) -> None:
    chosen(world)
    name = world.account.add({"names": [{"familyName": "P"}]})
    gone = Write("u", Op.UPDATE, {"names": [{"familyName": "Q"}]}, id="people/c1", version="#x", before={})
    with world.calls() as calls:
        assert kinds(world.side.apply([gone, world.delete(name)])) == ["Refused", "Done"]
    assert LIST not in calls
