"""Writes, single and in bulks, over HTTP: what each outcome promises must be true in Sugar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.contact.model import Contact
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
from shared.side import Done, InDoubt, Op, Outcome, Record, Refused, Side, Write
from shared.sugar.side import SugarSide
from tests.simulators.sugar import SugarError, Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.world import World, contact, create, delete, read, update, world


def done(outcome: Outcome) -> Record:
    assert isinstance(outcome, Done), outcome
    assert outcome.record is not None
    return outcome.record


def error_of(outcome: Outcome) -> Any:
    assert not isinstance(outcome, Done), outcome
    return outcome.error


def creates(side: SugarSide, count: int) -> list[Write]:
    return [create(side, contact("N", str(n), f"p{n}@x.org"), f"i{n}") for n in range(count)]


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


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
    w.wire.fault("status", path="Contacts$|bulk", reply=reply)
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


# -- doubt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "late"])
@pytest.mark.parametrize("count", [1, 12])
def test_a_cut_connection_leaves_a_doubt_and_nothing_more_is_sent(w: World, kind: str, count: int) -> None:
    side = w.side(bulk_size=5)
    w.wire.fault(kind, path="Contacts$|bulk")
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, count))
    doubted = min(count, 5)
    assert kinds(outcomes) == ["InDoubt"] * doubted + ["NotSent"] * (count - doubted)
    assert len(calls) == 1, "a write was sent again"
    w.wire.land()
    assert len(w.sim.contacts()) == (0 if kind == "cut_before" else doubted)


def test_no_connection_proves_that_nothing_was_sent() -> None:
    with world() as w:
        side = w.side()
        writes = creates(side, 60)
        w.session.close()
        w.wire.stop()
        outcomes = side.apply(writes)
    assert kinds(outcomes) == ["NotSent"] * 60
    assert all(isinstance(error_of(each), Unavailable) for each in outcomes)


def items(change: Any) -> Any:
    return lambda request, reply: replace(reply, body=[change(dict(each)) for each in reply.body])


def contents(**changes: Any) -> Any:
    return items(lambda item: item | {"contents": {**item["contents"], **changes}})


DOUBTFUL = {
    "html": lambda request, reply: Reply(200, b"<html>"),
    "truncated": lambda request, reply: Reply(200, reply.encoded()[:-30]),
    "nothing": lambda request, reply: Reply(200, b""),
    "redirect": lambda request, reply: Reply(302, b"", {"Location": "/"}),
    "wrong version": lambda request, reply: Reply(301, {"error": "incorrect_version"}),
    "500": lambda request, reply: Reply(500, {"error": "fatal_error"}),
    "503": lambda request, reply: Reply(503, {"error": "maintenance"}),
}
DOUBTFUL_BULK = {
    "object": lambda request, reply: Reply(200, {"error": "x"}),
    "empty": lambda request, reply: Reply(200, []),
    "too many": lambda request, reply: replace(reply, body=reply.body * 2),
    "no status": items(lambda item: {"contents": item["contents"]}),
    "status text": items(lambda item: item | {"status": "fine"}),
    "status true": items(lambda item: item | {"status": True}),
    "contents null": items(lambda item: item | {"contents": None}),
    "contents list": items(lambda item: item | {"contents": [item["contents"]]}),
    "contents text": items(lambda item: item | {"contents": "<html>"}),
    "item text": items(lambda item: "x"),
    "no id": items(lambda item: item | {"contents": {k: v for k, v in item["contents"].items() if k != "id"}}),
    "id number": contents(id=5),
    "no date": contents(date_modified=None),
    "date text": contents(date_modified="yesterday"),
    "an error": contents(error="fatal_error"),
    "status 302": items(lambda item: item | {"status": 302}),
    "status 500": items(lambda item: item | {"status": 500, "contents": {"error": "fatal_error"}}),
}


@pytest.mark.parametrize("name", [*DOUBTFUL, *DOUBTFUL_BULK])
def test_a_bulks_unreadable_answer_is_a_doubt(w: World, name: str) -> None:
    side = w.side(bulk_size=5)
    w.wire.fault("garble", path="bulk", garble={**DOUBTFUL, **DOUBTFUL_BULK}[name])
    with w.wire.counted() as calls:
        outcomes = side.apply(creates(side, 12))
    assert kinds(outcomes) == ["InDoubt"] * 5 + ["NotSent"] * 7
    assert len(calls) == 1


@pytest.mark.parametrize("name", [*DOUBTFUL, "list", "no id", "no date", "an error"])
def test_a_single_writes_unreadable_answer_is_a_doubt(w: World, name: str) -> None:
    more = {
        "list": lambda request, reply: Reply(200, [reply.body]),
        "no id": lambda request, reply: Reply(200, {k: v for k, v in reply.body.items() if k != "id"}),
        "no date": lambda request, reply: Reply(200, reply.body | {"date_modified": "0000-00-00 00:00:00"}),
        "an error": lambda request, reply: Reply(200, reply.body | {"error": "x"}),
    }
    side = w.side()
    w.wire.fault("garble", path="Contacts$", garble={**DOUBTFUL, **more}[name])
    assert kinds(side.apply(creates(side, 1))) == ["InDoubt"]


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE])
@pytest.mark.parametrize("alone", [True, False])
def test_an_answer_about_another_contact_is_a_doubt(w: World, op: Op, alone: bool) -> None:
    side = w.side()
    record = read(side, w.sim.add(last_name="X"))
    write = delete(record) if op is Op.DELETE else update(side, record, contact("Bea", "X"), "first_name")
    other = {"id": "other"}
    if alone:
        w.wire.fault("garble", path="Contacts/", garble=lambda request, reply: Reply(200, reply.body | other))
        outcomes = side.apply([write])
    else:
        w.wire.fault("garble", path="bulk", garble=contents(**other))
        outcomes = side.apply([write, *creates(side, 1)])
    assert isinstance(outcomes[0], InDoubt)


def test_missing_answers_are_doubts_and_the_others_stand(w: World) -> None:
    side = w.side()
    w.wire.fault("garble", path="bulk", garble=lambda request, reply: replace(reply, body=reply.body[:2]))
    assert kinds(side.apply(creates(side, 4))) == ["Done"] * 2 + ["InDoubt"] * 2


def test_contents_as_text_are_read(w: World) -> None:
    side = w.side()
    w.wire.fault(
        "garble",
        path="bulk",
        garble=items(lambda item: {"contents": json.dumps(item["contents"]), "status": str(item["status"])}),
    )
    assert kinds(side.apply(creates(side, 2))) == ["Done"] * 2


def test_a_time_out_is_a_doubt(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.sugar.bulk.WRITE_SECONDS", 0.05)
    side = w.side()
    writes = creates(side, 1)
    w.wire.fault("latency", path="Contacts$", seconds=0.3)
    (outcome,) = side.apply(writes)
    assert isinstance(outcome, InDoubt)
    assert "in time" in outcome.error.message


# -- what an answer shows ----------------------------------------------------------------------------


@pytest.mark.parametrize("switches", [s for s in Switches.all_variants() if not s.ip_validation], ids=str)
def test_a_round_trip_on_every_kind_of_instance(switches: Switches) -> None:
    """Create, find, read, update, see the change in the feed, delete, see that, too."""
    switches = replace(switches, unknown_platforms_refused=False)
    with world(switches) as w:
        side = w.side()
        cursor: Any = side.page(side.start_full()).delta
        w.clock.advance(5)
        target = contact("Ann", "Smith", "a@x.org", "b@x.org", title="Boss", birthday="1970-12-31")
        more = contact("", "Second")
        first, _ = side.apply([create(side, target), create(side, more)])
        record = read(side, done(first).id)
        assert record.in_scope
        seen = side.fields.view(record.native, {}, None)
        assert seen.problems == ()
        assert seen.contact.emails == target.emails
        assert {k: v for k, v in seen.contact.values.items() if v} == dict(target.values)
        wanted = Contact({**target.values, "title": "Chief"}, (target.emails or ())[::-1])
        w.clock.advance(5)
        (second,) = side.apply([update(side, record, wanted, "title", "emails")])
        assert done(second).id == record.id
        after = side.fields.view(read(side, record.id).native, {}, None).contact
        assert after.get("title") == "Chief"
        assert after.emails == wanted.emails
        w.clock.advance(5)
        page = side.page(cursor)
        assert record.id in {key.id for key in page.keys}
        assert side.apply([delete(read(side, record.id))]) == [Done(None)]
        w.clock.advance(5)
        page = side.page(page.delta)  # type: ignore[arg-type]
        assert (record.id, True) in {(key.id, key.deleted) for key in page.keys}


def test_an_answer_without_the_scopes_field_says_where_it_lay(w: World) -> None:
    side = w.side(scope="favorites")

    def without(request: Request, reply: Reply) -> Reply:
        return Reply(200, {k: v for k, v in reply.body.items() if k != "my_favorite"})

    w.wire.fault("garble", method="POST", path="Contacts$", garble=without)
    w.wire.fault("garble", method="PUT", times=2, garble=without)
    created = done(side.apply(creates(side, 1))[0])
    assert created.in_scope
    inside = read(side, created.id)
    assert done(side.apply([update(side, inside, contact("Bea", "X"), "first_name")])[0]).in_scope
    outside = read(side, w.sim.add(last_name="X"))
    assert not done(side.apply([update(side, outside, contact("Bea", "X"), "first_name")])[0]).in_scope


def test_messages_hold_no_values(w: World) -> None:
    side = w.side()
    secret = contact("Zebra", "Zebra", "zebra@x.org", title="Zebra")
    texts = []
    for reply in (Reply(500, b""), Reply(422, {"error": "x"}), Reply(200, {"last_name": "Zebra"}), Reply(404, b"")):
        w.wire.fault("status", path="Contacts$|bulk", times=2, reply=reply)
        texts += [str(error_of(each)) for each in side.apply([create(side, secret)])]
        texts += [str(error_of(each)) for each in side.apply([create(side, secret)] * 2) if not isinstance(each, Done)]
        w.wire.heal()
    assert len(texts) >= 4
    assert not any("zebra" in text.lower() for text in texts)
