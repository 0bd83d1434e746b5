"""Writes, single and in bulks, over HTTP: what each outcome promises must be true in Sugar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import (
    AmbiguousError,
    Forbidden,
    GrantLost,
    OutOfTime,
    ProtocolError,
    RateLimited,
    Rejected,
    StaleVersion,
    Unavailable,
    Vanished,
)
from shared.side import Done, Refused, Side
from tests.simulators.sugar import SugarError, Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.outcomes import creates, done, error_of, kinds
from tests.sugar.world import World, contact, create, delete, read, update, world


def test_it_is_a_side(w: World) -> None:
    side: Side = w.side()
    assert side.name == "sugar"
    assert side.apply([]) == []


# -- what goes well ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["assigned", "favorites", "mail_client", "all"])
def test_a_create_lies_in_scope_and_reads_back(w: World, scope: str) -> None:
    side = w.side(scope=scope)
    target = contact("Ann", "Smith", "a@x.org", "b@x.org", title="Boss", birthday="1970-12-31", notes="n")
    with w.wire.counted() as calls:
        (outcome,) = side.apply([create(side, target)])
    assert w.calls(calls) == ["POST /Contacts"]
    record = done(outcome)
    assert record.in_scope
    assert not record.settled
    again = read(side, record.id)
    assert again.in_scope
    assert again.version == record.version
    for each in (record, again):
        view = side.fields.view(each.native, {}, target)
        assert view.problems == ()
        assert view.contact.emails == target.emails
        assert {k: v for k, v in view.contact.values.items() if v} == dict(target.values)


def test_an_update_changes_only_what_it_names_and_carries_the_lock(w: World) -> None:
    contact_id = w.sim.add(first_name="Ann", last_name="Smith", title="Boss", phone_home="5")
    w.clock.advance(10)
    side = w.side()
    record = read(side, contact_id)
    with w.wire.counted() as calls:
        (outcome,) = side.apply([update(side, record, contact("Ann", "Jones"), "last_name")])
    assert calls[0].request.headers["x-timestamp"] == record.native["date_modified"]
    assert calls[0].request.json() == {"last_name": "Jones"}
    assert done(outcome).version > record.version
    after = w.sim.contacts()[contact_id]
    assert (after["first_name"], after["last_name"], after["title"]) == ("Ann", "Jones", "Boss")


def test_a_delete(w: World) -> None:
    side = w.side()
    record = read(side, w.sim.add(last_name="X"))
    assert side.apply([delete(record)]) == [Done(None)]
    assert not w.sim.contacts()
    assert side.apply([delete(record)]) == [Done(None)], "already gone"


@pytest.mark.parametrize("size", [5, 50, 100])
def test_a_hundred_creates_take_few_calls(w: World, size: int) -> None:
    side = w.side(bulk_size=size)
    w.sim.seconds_per_item = 10 / size
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 100))
    assert w.calls(calls) == ["POST /bulk"] * (100 // size)
    for n, outcome in enumerate(outcomes):
        assert w.sim.contacts()[done(outcome).id]["last_name"] == str(n)


def test_creates_updates_and_deletes_share_a_bulk(w: World) -> None:
    side = w.side()
    edited, gone = (read(side, w.sim.add(first_name="Ann", last_name=str(n))) for n in range(2))
    w.clock.advance(10)
    writes = [
        create(side, contact("New", "One")),
        update(side, edited, contact("Bea", "0"), "first_name"),
        delete(gone),
        create(side, contact("New", "Two")),
    ]
    with w.wire.counted() as calls:
        first, second, third, fourth = side.apply(writes)
    assert w.calls(calls) == ["POST /bulk"]
    items = calls[0].request.json()["requests"]
    assert [item["url"].startswith("/v11/Contacts") for item in items] == [True] * 4
    assert items[1]["headers"] == {"X-Timestamp": edited.native["date_modified"]}
    assert third == Done(None)
    assert {c["first_name"]: c["id"] for c in w.sim.contacts().values()} == {
        "New": done(fourth).id,
        "Bea": done(second).id,
    }
    assert done(first).id in w.sim.contacts()
    assert done(second).id == edited.id


def test_text_of_every_kind_arrives(w: World) -> None:
    side = w.side()
    names = ['O\'Brien "x" \\ <b>', "Ünïcödé 漢字 🎉", "a\tb", "null", "&amp; &#039;"]
    outcomes = side.apply([create(side, contact("N", name)) for name in names])
    assert [w.sim.contacts()[done(each).id]["last_name"] for each in outcomes] == names


# -- the size of bulks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [
        (0.01, [50, 75, 100]),
        (0.2, [50, 50, 50]),
        (0.5, [50, 25, 25]),
        (5.0, [50, 25, 12]),
    ],
)
def test_the_size_follows_the_time_a_bulk_takes(w: World, seconds: float, sizes: list[int]) -> None:
    side = w.side()
    w.sim.seconds_per_item = seconds
    with w.wire.counted() as calls:
        side.apply(creates(side, sum(sizes)))
    assert [len(call.request.json()["requests"]) for call in calls][:3] == sizes


def test_the_size_stays_within_its_bounds(w: World) -> None:
    side = w.side(bulk_size=1000)
    assert side.bulk_size == 100
    side.bulk_size = 1
    assert side.bulk_size == 5
    w.sim.seconds_per_item = 100
    side.apply(creates(side, 20))
    assert side.bulk_size == 5


def test_a_few_writes_do_not_make_it_grow(w: World) -> None:
    side = w.side()
    side.apply(creates(side, 10))
    assert side.bulk_size == 50


@pytest.mark.parametrize("status", [413, 422, 400])
def test_a_bulk_refused_as_a_whole_is_sent_in_parts(w: World, status: int) -> None:
    side = w.side()
    w.wire.fault(
        "status",
        path="bulk",
        times=None,
        reply=Reply(status, b"too large"),
        matches=lambda request: len(request.json()["requests"]) > 20,
    )
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 60))
    assert kinds(outcomes) == ["Done"] * 60
    assert [len(call.request.json()["requests"]) for call in calls] == [50, 25, 12, 12, 12, 12, 12]
    assert len(w.sim.contacts()) == 60
    assert side.bulk_size == 12


def test_an_instance_with_a_limit_of_its_own() -> None:
    with world(Switches(bulk_max=20)) as w:
        side = w.side()
        assert kinds(side.apply(creates(side, 45))) == ["Done"] * 45
        assert len(w.sim.contacts()) == 45


def test_an_instance_that_takes_no_bulk_at_all(w: World) -> None:
    side = w.side()
    w.wire.fault("status", path="bulk", times=None, reply=Reply(413, b""))
    assert kinds(side.apply(creates(side, 7))) == ["Done"] * 7
    assert len(w.sim.contacts()) == 7


def test_large_contacts_are_spread_over_bulks(w: World) -> None:
    side = w.side(bulk_size=100)
    writes = [create(side, contact("N", str(n), notes="n" * 100_000)) for n in range(100)]
    with w.wire.counted() as calls:
        assert kinds(side.apply(writes)) == ["Done"] * 100
    assert len(calls) == 3
    assert all(len(call.request.body) < 5_000_000 for call in calls)


# -- a definite no -----------------------------------------------------------------------------------


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("check", ["instant", "text"])
def test_a_contact_that_changed_meanwhile_is_not_overwritten(alone: bool, check: Any) -> None:
    with world(Switches(timestamp_check=check)) as w:
        contact_id = w.sim.add(first_name="Ann", last_name="Smith")
        side = w.side()
        record = read(side, contact_id)
        w.clock.advance(5)
        w.sim.edit(contact_id, title="edited")
        writes = [update(side, record, contact("Bea", "Smith"), "first_name")]
        outcomes = side.apply(writes if alone else [*writes, *creates(side, 2)])
        assert isinstance(outcomes[0], Refused)
        assert isinstance(outcomes[0].error, StaleVersion)
        assert kinds(outcomes[1:]) == ["Done"] * (0 if alone else 2)
        assert w.sim.contacts()[contact_id]["first_name"] == "Ann"


@pytest.mark.parametrize("alone", [True, False])
def test_one_contacts_trouble_is_its_own(w: World, alone: bool) -> None:
    side = w.side()
    gone, protected, refused, broken = (read(side, w.sim.add(last_name=f"{n}")) for n in range(4))
    w.sim.remove(gone.id)
    w.sim.protect(protected.id)

    def hook(stored: dict[str, Any]) -> None:
        if stored["id"] == refused.id:
            raise SugarError("invalid_parameter", "Logic says no", 422)
        if stored["id"] == broken.id:
            raise SugarError("fatal_error")

    w.sim.hooks.before_save.append(hook)
    writes = [update(side, each, contact("Bea", "X"), "first_name") for each in (gone, protected, refused, broken)]
    writes.append(delete(protected))
    if alone:
        outcomes = [side.apply([write])[0] for write in writes]
    else:
        outcomes = side.apply([*writes, *creates(side, 2)])
    errors = [type(error_of(each)) for each in outcomes[:5]]
    assert kinds(outcomes[:5]) == ["Refused", "Refused", "Refused", "InDoubt", "Refused"]
    assert errors == [Vanished, Forbidden, Rejected, AmbiguousError, Forbidden]
    assert error_of(outcomes[2]).detail == "invalid_parameter: Logic says no"
    assert "Logic" not in str(error_of(outcomes[2]))
    assert kinds(outcomes[5:]) == ["Done"] * (0 if alone else 2)


def test_a_user_who_may_not_create(w: World) -> None:
    w.sim.users[w.me].may_create = False
    side = w.side()
    assert [type(error_of(each)) for each in side.apply(creates(side, 2))] == [Forbidden] * 2


def test_a_field_that_the_user_may_not_write_is_left_out(w: World) -> None:
    w.sim.users[w.me].denied = {"title": {"write"}}
    side = w.side()
    assert not side.fields.capabilities["title"].writable
    done(side.apply([create(side, contact(title="Boss"))])[0])


# -- trouble with the session ------------------------------------------------------------------------


def test_a_dead_token_costs_a_refresh_and_nothing_twice(w: World) -> None:
    side = w.side()
    w.sim.expire_access()
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 10))
    assert kinds(outcomes) == ["Done"] * 10
    assert w.calls(calls) == ["POST /bulk", "POST /oauth2/token", "POST /bulk"]
    assert len(w.sim.contacts()) == 10


def test_a_dead_session_proves_that_nothing_was_done(w: World) -> None:
    side = w.side()
    w.sim.revoke()
    outcomes = side.apply(creates(side, 60))
    assert kinds(outcomes) == ["NotSent"] * 60
    assert all(isinstance(error_of(each), GrantLost) for each in outcomes)
    assert not w.sim.contacts()


def test_a_token_that_dies_inside_a_bulk(w: World) -> None:
    side = w.side(bulk_size=5)

    def half(request: Request, reply: Reply) -> Reply:
        dead = {"contents": {"error": "invalid_grant"}, "headers": {}, "status": 401}
        return replace(reply, body=[*reply.body[:3], dead, dead])

    w.wire.fault("garble", path="bulk", garble=half)
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 12))
    assert kinds(outcomes) == ["Done"] * 3 + ["NotSent"] * 9
    assert len(calls) == 1


@pytest.mark.parametrize("inside", [True, False])
def test_a_quota_that_is_used_up(w: World, inside: bool) -> None:
    side = w.side(bulk_size=5)
    if inside:
        item = {"contents": {}, "headers": {"Retry-After": "9"}, "status": 429}
        w.wire.fault("status", path="bulk", reply=Reply(200, [item] * 5))
    else:
        w.wire.fault("status", path="bulk", reply=Reply(429, b"", {"Retry-After": "9"}))
    outcomes = side.apply(creates(side, 12))
    assert kinds(outcomes) == ["NotSent"] * 12
    for each in outcomes:
        assert isinstance(error_of(each), RateLimited)
        assert error_of(each).retry_after == 9


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(412, {"error": "metadata_out_of_date"}), Unavailable),
        (Reply(403, {"error": "client_not_allowed"}), GrantLost),
        (Reply(404, {"error": "no_method"}), ProtocolError),
        (Reply(404, b"<html>"), ProtocolError),
        (Reply(403, b"<html>"), ProtocolError),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_a_call_that_is_refused_definitely(w: World, reply: Reply, error: type, count: int) -> None:
    side = w.side()
    w.wire.fault("status", path="Contacts$|bulk", times=None, reply=reply)
    outcomes = side.apply(creates(side, count))
    assert kinds(outcomes) == ["NotSent"] * count
    assert all(isinstance(error_of(each), error) for each in outcomes)


def test_a_delete_answered_by_somebody_else_is_not_done(w: World) -> None:
    side = w.side()
    record = read(side, w.sim.add(last_name="X"))
    w.wire.fault("status", method="DELETE", reply=Reply(404, b"<html>not here</html>"))
    assert kinds(side.apply([delete(record)])) == ["NotSent"]


def test_a_lease_that_ends_stops_before_the_call(w: World) -> None:
    left = [1]

    def gate(seconds: float) -> None:
        assert seconds >= 60
        if not left:
            raise OutOfTime("no time left")
        left.pop()

    side = w.side(bulk_size=5)
    w.session.http._gate = gate
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 12))
    assert kinds(outcomes) == ["Done"] * 5 + ["NotSent"] * 7
    assert isinstance(error_of(outcomes[-1]), OutOfTime)
    assert len(calls) == 1
