"""Answers to writes that prove nothing, and what an answer shows: a doubt is told as one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.contact.model import Contact
from shared.errors import (
    Unavailable,
)
from shared.names import Op
from shared.side import Done, InDoubt
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.outcomes import creates, done, error_of, kinds
from tests.sugar.world import World, contact, create, delete, read, update, world

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
