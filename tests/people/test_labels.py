"""Labels over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import AmbiguousError, ProtocolError, Rejected, Unavailable
from shared.people import labels
from tests.people.world import World
from tests.simulators.wire import Reply

GROUPS = "/v1/contactGroups"


def test_the_list_tells_users_labels_from_system_ones(world: World) -> None:
    crm = world.account.label("CRM")
    found = labels.list_labels(world.client)
    assert (crm, "CRM", "user") in found
    assert ("contactGroups/myContacts", "system") in [(name, kind) for name, _, kind in found]


def test_a_label_is_made_or_found(world: World) -> None:
    made = labels.create_label(world.client, "From Sugar")
    assert made == world.account.label("From Sugar")
    assert labels.create_label(world.client, "From Sugar") == made


def test_a_new_label_can_be_put(world: World) -> None:
    name = world.account.add({"names": [{"familyName": "A"}]})
    labels.add_members(world.client, labels.create_label(world.client, "From Sugar"), [name, "people/c999"])
    assert world.account.labels(name) == {"From Sugar"}


def test_a_label_that_exists_but_is_not_listed(world: World) -> None:
    world.wire.fault("status", method="POST", path=GROUPS, reply=Reply(409, {"error": {"status": "ALREADY_EXISTS"}}))
    with pytest.raises(Rejected):
        labels.create_label(world.client, "From Sugar")


def test_trouble(world: World) -> None:
    world.wire.fault("cut_after", method="POST", path=GROUPS)
    with pytest.raises(AmbiguousError):
        labels.create_label(world.client, "From Sugar")
    world.wire.fault("status", path=GROUPS)
    with pytest.raises(Unavailable):
        labels.list_labels(world.client)


@pytest.mark.parametrize(
    "answer",
    [
        {"contactGroups": {}},
        {"contactGroups": [1]},
        {"contactGroups": [{"resourceName": "people/c1"}]},
        {"nextPageToken": "again"},
        {"nextPageToken": 5},
        b"<html>",
    ],
)
def test_answers_that_are_none(world: World, answer: Any) -> None:
    world.wire.fault("garble", path=GROUPS, times=None, garble=lambda request, reply: Reply(200, answer))
    with pytest.raises(ProtocolError):
        labels.list_labels(world.client)
