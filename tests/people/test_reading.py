"""Fresh reads over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import GrantLost, ProtocolError, ScopeMissing, Unavailable
from shared.names import SideName
from shared.people.persons import version
from shared.side import Absent, Idempotency, Probe, Record, Side
from tests.people.world import World
from tests.simulators.wire import Reply, Request

BATCH = "people:batchGet"


def some(world: World, count: int) -> list[str]:
    return [world.account.add({"names": [{"familyName": f"P{n}"}]}) for n in range(count)]


@pytest.mark.parametrize("shuffled", [False, True])
def test_many_in_one_call(make: Callable[..., World], shuffled: bool) -> None:
    world = make(batch_get_shuffled=shuffled)
    names = some(world, 150)
    with world.calls() as calls:
        found = world.side.read(names)
    assert calls == ["batchGet"]
    assert set(found) == set(names)
    for name, record in found.items():
        assert isinstance(record, Record)
        assert record.id == name
        assert record.version == version(world.account.person(name))
        assert record.native["names"][0]["displayName"].startswith("P")
        assert record.native["etag"].startswith("%")


def test_more_than_two_hundred_are_split_and_none_is_no_call(world: World) -> None:
    names = some(world, 201)
    with world.calls() as calls:
        assert len(world.side.read([*names, *names])) == 201
        assert world.side.read([]) == {}
    assert calls == ["batchGet", "get"]


@pytest.mark.parametrize("variant", ["status", "status_only", "left_out", "whole_call", "tombstone"])
@pytest.mark.parametrize("gone", [(0,), (3, 4, 11), range(12)])
def test_a_missing_person_is_absent_and_unproven(make: Callable[..., World], variant: str, gone: Any) -> None:
    world = make(missing_in_batch_get=variant)
    names = some(world, 12)
    for n in gone:
        world.account.remove(names[n])
    with world.calls() as calls:
        found = world.side.read(names)
    assert [n for n, name in enumerate(names) if found[name] == Absent(proven=False)] == list(gone)
    assert len(calls) <= {"status": 1, "status_only": 1, "left_out": 3, "whole_call": 30, "tombstone": 1}[variant]


@pytest.mark.parametrize("there", [1, 4])
def test_an_answer_cut_short_tells_of_nobody_whom_it_leaves_out(world: World, there: int) -> None:
    """That the first one left out is gone says nothing about the others."""
    gone, *names = some(world, 1 + there)
    world.account.remove(gone)
    world.wire.fault("garble", path=BATCH, garble=lambda _, reply: Reply(reply.status, {}, {}))
    with pytest.raises(ProtocolError, match="leaves out persons that exist"):
        world.side.read([gone, *names])
    assert all(isinstance(record, Record) for record in world.side.read(names).values())


def test_one_is_read_alone(world: World) -> None:
    (name,) = some(world, 1)
    with world.calls() as calls:
        assert isinstance(world.side.read([name])[name], Record)
    assert calls == ["get"]
    world.account.remove(name)
    assert world.side.read([name]) == {name: Absent(proven=False)}


def test_one_may_be_read_as_a_tombstone(make: Callable[..., World]) -> None:
    world = make()
    (name,) = some(world, 1)
    sources = [{"type": "CONTACT", "id": "1", "etag": "#x"}]
    tombstone = {
        "resourceName": name,
        "etag": "%x",
        "metadata": {"deleted": True, "objectType": "PERSON", "sources": sources},
    }
    world.wire.fault("garble", path=f"/v1/{name}", garble=lambda request, reply: Reply(200, tombstone))
    assert world.side.read([name]) == {name: Absent(proven=False)}


def test_a_former_name_answers_with_the_new_one(world: World) -> None:
    names = some(world, 3)
    new = world.account.rename_resource(names[0])
    for asked in (names, names[:1]):
        record = world.side.read(asked)[names[0]]
        assert isinstance(record, Record)
        assert record.id == new
        assert names[0] in record.previous_ids


@pytest.mark.parametrize("shows", ["tombstone", "previous", "both"])
def test_merged_in_the_ui(make: Callable[..., World], shows: str) -> None:
    world = make(merge_shows=shows)
    names = some(world, 3)
    world.account.merge(names[0], names[1])
    found = world.side.read(names)
    gone = found[names[1]]
    assert gone == Absent(proven=False) if shows == "tombstone" else isinstance(gone, Record) and gone.id == names[0]


def test_scope_keys_and_profile(world: World) -> None:
    label = world.account.label("CRM")
    name = world.account.add(
        {"names": [{"familyName": "A"}], "clientData": [{"key": "sugar-contact-sync", "value": "k"}]}, ["CRM"]
    )
    world.account.link_profile(name, emailAddresses=[{"value": "p@example.com"}])
    world.connect(scope=label)
    record = world.record(name)
    assert record.in_scope
    assert record.planted == ("k",)
    assert "emailAddresses" not in record.native
    assert record.version == version(world.account.person(name))


def test_items_that_say_something_else_are_read_alone(world: World) -> None:
    names = some(world, 3)

    def garble(request: Request, reply: Reply) -> Reply:
        answer = json.loads(reply.encoded())
        item = answer["responses"][1]
        del item["person"]
        item["status"] = {"code": 14}
        return Reply(200, answer)

    world.wire.fault("garble", path=BATCH, garble=garble)
    assert all(isinstance(record, Record) for record in world.side.read(names).values())


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"responses": []},
        {"responses": [{"person": {"resourceName": "people/c1"}}]},
        {"responses": "x"},
        {"responses": [1]},
        {"responses": [{"person": []}]},
        {"responses": [{"person": {"resourceName": ""}}]},
        b"<html>",
        b'{"responses"',
    ],
)
def test_a_garbled_answer_never_reads_as_absent(world: World, answer: Any) -> None:
    names = some(world, 3)
    world.wire.fault("garble", path=BATCH, garble=lambda request, reply: Reply(200, answer))
    with pytest.raises(ProtocolError):
        world.side.read(names)


@pytest.mark.parametrize("body", [b"<html>Not found</html>", {"error": "not found"}, {}, []])
def test_a_404_that_is_not_the_apis_own_is_no_absence(world: World, body: Any) -> None:
    names = some(world, 2)
    for path in (BATCH, "/v1/people/c"):
        world.wire.fault("status", path=path, reply=Reply(404, body))
    with pytest.raises(ProtocolError):
        world.side.read(names)
    with pytest.raises(ProtocolError):
        world.side.read(names[:1])


def test_failures_of_reads_are_sorted(world: World) -> None:
    (name,) = some(world, 1)
    api = {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}
    scope = {**api, "message": "Request had insufficient authentication scopes."}
    for status, body, kind in (
        (500, {"error": {}}, Unavailable),
        (502, b"<html>", Unavailable),
        (503, b"", Unavailable),
        (403, {"error": api}, GrantLost),
        (403, {"error": scope}, ScopeMissing),
        (403, b"<html>", ProtocolError),
        (302, b"", ProtocolError),
        (400, {"error": {"message": "x", "status": "INVALID_ARGUMENT"}}, ProtocolError),
    ):
        world.wire.fault("status", path="/v1/", reply=Reply(status, body, {"Location": "http://127.0.0.1:1/"}))
        with pytest.raises(kind):
            world.side.read([name])


def test_it_is_a_side(world: World) -> None:
    side: Side = world.side
    assert (side.name, side.idempotency) == (SideName.GOOGLE, Idempotency.PLANTED_KEY)
    probe = Probe(("a@x.com",), "A", "B")
    with world.calls() as calls:
        assert side.find([probe]) == []
        assert side.created_since(world.clock.now(), [probe]) == []
        side.start_full()
    assert calls == []
