"""Fresh reads by id, by who they are, and by who created them, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ProtocolError, RateLimited, ScopeMissing, SyncError, Unavailable
from shared.side import Absent, Probe, Record
from shared.sugar import http
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.test_feed_answers import GARBLED, body, rows
from tests.sugar.world import World, contact, create, read, world

# -- by id -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["minimal", "full", "as asked"])
def test_every_id_is_answered(shape: Any) -> None:
    with world(Switches(tombstone=shape)) as w:
        other = w.sim.add_user("joe", "pw")
        mine, foreign, gone, pruned, hidden = (
            w.sim.add(last_name=str(n), assigned_user_id=owner)
            for n, owner in enumerate([w.me, other, w.me, w.me, w.me])
        )
        w.sim.remove(pruned)
        w.sim.prune()
        w.sim.remove(gone)
        w.sim.hide(hidden)
        side = w.side()
        with w.wire.counted() as calls:
            found = side.read([mine, foreign, gone, pruned, hidden, "no-such-id", "", mine])
    assert len(calls) == 1
    assert list(found) == [mine, foreign, gone, pruned, hidden, "no-such-id", ""]
    assert isinstance(found[mine], Record)
    assert isinstance(found[foreign], Record)
    assert found[mine].in_scope  # type: ignore[union-attr]
    assert not found[foreign].in_scope  # type: ignore[union-attr]
    assert found[gone] == Absent(proven=True)
    assert found[pruned] == found[hidden] == found["no-such-id"] == found[""] == Absent(proven=False)


def test_a_record_holds_what_was_asked_and_nothing_secret(w: World) -> None:
    contact_id = w.sim.add(last_name="X", portal_password="pp", account_name="ACME", email=["a@x.org"])
    with w.wire.counted() as calls:
        side = w.side(synced=("last_name", "company"))
        record = read(side, contact_id)
    assert record.id == contact_id
    assert record.version == "2026-03-02T09:00:00Z"
    asked = set(calls[-1].request.json()["fields"].split(","))
    assert {"account_name", "created_by", "date_entered", "assigned_user_id", "my_favorite", "sync_contact"} <= asked
    assert not {"portal_password", "description"} & asked
    assert set(record.native) <= asked | {"_acl", "_module", "id", "date_modified"}
    view = side.fields.view(record.native, {}, None)
    assert view.contact.values == {"last_name": "X", "company": "ACME"}
    assert view.problems == ()


@pytest.mark.parametrize(("seconds", "settled"), [(0, False), (1, False), (2, True), (100, True)])
@pytest.mark.parametrize("skew", [0, 90, -90])
def test_a_record_is_settled_when_no_edit_can_carry_its_date(seconds: int, settled: bool, skew: int) -> None:
    with world(Switches(server_skew=skew)) as w:
        contact_id = w.sim.add(last_name="X")
        w.clock.advance(seconds)
        assert read(w.side(), contact_id).settled is settled


@pytest.mark.parametrize("cap", [200, 50, 1])
def test_reads_go_in_chunks_and_go_on_over_caps(cap: int) -> None:
    with world(Switches(max_num_cap=cap)) as w:
        ids = [w.sim.add(last_name=str(n)) for n in range(130)]
        side = w.side()
        with w.wire.counted() as calls:
            found = side.read(ids)
    assert all(isinstance(each, Record) for each in found.values())
    assert len(calls) == -(-100 // min(cap, 100)) + -(-30 // min(cap, 30))


def test_a_hundred_contacts_are_one_call(w: World) -> None:
    ids = [w.sim.add(last_name=str(n)) for n in range(100)]
    side = w.side()
    with w.wire.counted() as calls:
        side.read(ids)
    assert len(calls) == 1


def test_a_filter_that_is_ignored_is_read_around(w: World) -> None:
    first, gone, hidden, other = (w.sim.add(last_name=str(n)) for n in range(4))
    w.sim.remove(gone)
    w.sim.hide(hidden)
    side = w.side()
    everything = w.sim.contacts()[other] | {"deleted": False}
    w.wire.fault("garble", path="filter", garble=body(records=[everything]))
    assert {key: type(value) for key, value in side.read([first, gone, hidden]).items()} == {
        first: Record,
        gone: Absent,
        hidden: Absent,
    }


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(403, {"error": "not_authorized"}), Absent(False)),
        (Reply(404, {"error": "not_found"}), Absent(False)),
        (Reply(404, b"<html>"), ProtocolError),
        (Reply(403, b"<html>"), ProtocolError),
        (Reply(200, {"id": "another"}), ProtocolError),
        (Reply(200, b"<html>"), ProtocolError),
        (Reply(503, b""), Unavailable),
    ],
)
def test_single_reads(w: World, reply: Reply, expected: Any) -> None:
    contact_id, other = w.sim.add(last_name="X"), w.sim.add(last_name="other")
    side = w.side()
    w.wire.fault("garble", path="filter", garble=body(records=[w.sim.contacts()[other]]))
    w.wire.fault("status", method="GET", path=f"Contacts/{contact_id}", reply=reply)
    if isinstance(expected, Absent):
        assert side.read([contact_id]) == {contact_id: expected}
    else:
        with pytest.raises(expected):
            side.read([contact_id])


@pytest.mark.parametrize("name", sorted(set(GARBLED) - {"backwards", "empty and not the last"}))
def test_a_wrong_answer_is_no_absence(w: World, name: str) -> None:
    contact_id = w.sim.add(last_name="X")
    side = w.side()
    w.wire.fault("garble", path="filter", garble=GARBLED[name])
    with pytest.raises(ProtocolError, match="read contacts"):
        side.read([contact_id])


def test_an_empty_page_that_is_not_the_last_is_no_absence(w: World) -> None:
    side = w.side()
    w.wire.fault("garble", path="filter", times=None, garble=body(records=[], next_offset=5))
    with pytest.raises(ProtocolError), w.wire.counted():
        side.read([w.sim.add(last_name="X")])


def test_answers_too_large_are_taken_apart(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    small = [w.sim.add(last_name=str(n), description="n" * 10_000) for n in range(9)]
    huge = w.sim.add(last_name="huge", description="n" * 2_000_000)
    side = w.side()
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 50_000)
    found = side.read([*small, huge])
    for contact_id in (*small, huge):
        record = found[contact_id]
        assert isinstance(record, Record)
        view = side.fields.view(record.native, {}, None)
        assert view.contact.get("last_name")
        assert [problem.field for problem in view.problems] == (["notes"] if contact_id == huge else [])


# -- by who they are ---------------------------------------------------------------------------------


def probe(*emails: str, first: str = "", last: str = "") -> Probe:
    return Probe(emails, first, last)


@pytest.mark.parametrize("match", ["exact", "prefix"])
@pytest.mark.parametrize("folds", [True, False])
def test_contacts_are_found_by_any_of_their_emails(match: Any, folds: bool) -> None:
    with world(Switches(email_match=match, text_folds=folds)) as w:
        other = w.sim.add_user("joe", "pw")
        primary = w.sim.add(last_name="1", email=["a@x.org"])
        second = w.sim.add(last_name="2", email=["z@x.org", "b@x.org"], assigned_user_id=other)
        w.sim.add(last_name="3", email=["a@x.organisation", "c@x.org"])
        gone = w.sim.add(last_name="4", email=["a@x.org"])
        w.sim.remove(gone)
        side = w.side()
        with w.wire.counted() as calls:
            found = side.find([probe("A@x.org"), probe("nobody@x.org", "b@x.org")])
    assert {record.id: record.in_scope for record in found} == {primary: True, second: False}
    assert len(calls) == 1


def test_a_hundred_probes_are_one_call_and_very_many_a_few(w: World) -> None:
    side = w.side()
    with w.wire.counted() as calls:
        side.find([probe(f"person{n}@some-company-or-other.example.com") for n in range(100)])
    assert len(calls) == 1
    with w.wire.counted() as calls:
        side.find([probe(f"{'x' * 150}{n}@some-company.example.com") for n in range(1000)])
    assert len(calls) == 4
    assert all(len(call.request.body) < 64_000 for call in calls)


def test_nothing_to_look_for_is_no_call(w: World) -> None:
    side = w.side()
    with w.wire.counted() as calls:
        assert side.find([]) == side.find([probe(), probe("", " ")]) == []
    assert not calls


@pytest.mark.parametrize("unknown", [1, 2])
def test_instances_that_know_the_email_by_another_name(w: World, unknown: int) -> None:
    wanted = w.sim.add(last_name="1", email=["a@x.org"])
    side = w.side()
    w.wire.fault("status", path="filter", times=unknown, reply=Reply(422, {"error": "invalid_parameter"}))
    assert [record.id for record in side.find([probe("a@x.org")])] == [wanted]
    with w.wire.counted() as calls:
        side.find([probe("a@x.org")])
    assert len(calls) == 1, "what the instance understands is remembered"
    names = ["email_addresses.email_address", "email", "email1"]
    assert list(calls[0].request.json()["filter"][0]) == [names[unknown]]


def test_an_instance_that_knows_no_filter_by_email(w: World) -> None:
    side = w.side()
    w.wire.fault("status", path="filter", times=None, reply=Reply(422, {"error": "invalid_parameter"}))
    with pytest.raises(ProtocolError, match="find contacts by email"):
        side.find([probe("a@x.org")])


def test_a_filter_that_is_dropped_still_finds_them() -> None:
    with world(Switches(max_num_cap=50)) as w:
        for n in range(120):
            w.sim.add(last_name=str(n), email=[f"p{n}@x.org"])
        wanted = w.sim.add(last_name="wanted", email=["a@x.org"])
        w.sim.add_field("dropped", source="non-db")
        side = w.side()

        def drop(request: Request, when: str) -> None:
            if when == "before" and b"email_addresses" in request.body:
                changed = request.body.replace(b"email_addresses.email_address", b"dropped")
                object.__setattr__(request, "body", changed)

        w.wire.on_call = drop
        with w.wire.counted() as calls:
            found = side.find([probe("a@x.org")])
    assert [record.id for record in found] == [wanted]
    assert len(calls) == 3


@pytest.mark.parametrize("blank_as_null", [False, True])
def test_contacts_are_found_by_name_where_there_is_no_email(blank_as_null: bool) -> None:
    with world(Switches(blank_as_null=blank_as_null)) as w:
        both = w.sim.add(first_name="Ann", last_name="Smith")
        w.sim.add(first_name="Bob", last_name="Smith")
        lone = w.sim.add(last_name="Cher")
        with_email = w.sim.add(first_name="Ann", last_name="Smith", email=["ann@x.org"])
        w.sim.add(first_name="Zoe", last_name="Zed")
        side = w.side()
        with w.wire.counted() as calls:
            found = side.find([probe(first="ann", last="SMITH "), probe(first="Cher"), probe("zoe@x.org", last="Zed")])
    assert {record.id for record in found} == {both, lone, with_email}
    assert len(calls) == 2


@pytest.mark.parametrize("name", sorted(set(GARBLED) - {"no date", "date text", "date number", "date far away"}))
def test_a_wrong_answer_is_no_empty_search(w: World, name: str) -> None:
    w.sim.add(last_name="X", email=["a@x.org"])
    w.sim.add(last_name="Y", email=["a@x.org"])
    side = w.side()
    w.wire.fault("garble", path="filter", garble=GARBLED[name])
    with pytest.raises(ProtocolError, match="find contacts by email"):
        side.find([probe("a@x.org")])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(503, b""), Unavailable),
        (Reply(429, b""), RateLimited),
        (Reply(403, {"error": "not_authorized"}), ScopeMissing),
        (Reply(413, b""), ProtocolError),
    ],
)
def test_failures_of_a_search(w: World, reply: Reply, error: type[SyncError]) -> None:
    side = w.side()
    w.wire.fault("status", path="filter", reply=reply)
    with pytest.raises(error), w.wire.counted():
        side.find([probe("a@x.org")])


# -- by who created them -----------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [0, 90, -90])
def test_own_creates_are_found_again(skew: int) -> None:
    with world(Switches(server_skew=skew)) as w:
        other = w.sim.add_user("joe", "pw")
        side = w.side()
        side.apply([create(side, contact("Old", "Smith", "ann@x.org"))])
        w.clock.advance(1000)
        since = w.clock.now()
        w.clock.advance(1)
        made = side.apply([create(side, contact("Ann", "Smith", "ann@x.org")), create(side, contact("Cher", ""))])
        w.sim.add(first_name="Ann", last_name="Smith", email=["ann@x.org"], by=other, assigned_user_id=w.me)
        w.sim.add(first_name="Zoe", last_name="Zed")
        with w.wire.counted() as calls:
            found = side.created_since(since, [Probe(("ANN@x.org",), "Ann", "Smith"), Probe((), "Cher", "")])
    assert {record.id for record in found} == {each.record.id for each in made if each.record}  # type: ignore[union-attr]
    assert len(calls) == 1


def test_an_email_or_a_last_name_is_enough(w: World) -> None:
    side = w.side()
    by_email = w.sim.add(last_name="Other", email=["ann@x.org"])
    by_name = w.sim.add(first_name="X", last_name="smith")
    w.sim.add(last_name="Neither")
    found = side.created_since(w.clock.now(), [Probe(("ann@x.org",), "Ann", "Smith")])
    assert {record.id for record in found} == {by_email, by_name}


def test_a_name_that_the_database_could_not_hold_is_recognised() -> None:
    with world(Switches(emoji="?")) as w:
        side = w.side()
        (done,) = side.apply([create(side, contact("", "🎉"))])
        found = side.created_since(w.clock.now(), [Probe((), "", "🎉")])
        assert [record.id for record in found] == [done.record.id]  # type: ignore[union-attr]


def test_filters_that_are_dropped_are_checked_here(w: World) -> None:
    other = w.sim.add_user("joe", "pw")
    w.sim.add(last_name="Smith", by=other)
    w.sim.add(last_name="Smith")
    w.clock.advance(10_000)
    mine = w.sim.add(last_name="Smith")
    side = w.side()

    def drop(request: Request, when: str) -> None:
        if when == "before" and b"created_by" in request.body:
            object.__setattr__(request, "body", request.body.replace(b'"filter": [', b'"nothing": ['))

    w.wire.on_call = drop
    found = side.created_since(w.clock.now(), [Probe((), "", "Smith")])
    assert [record.id for record in found] == [mine]


def test_what_is_not_told_counts(w: World) -> None:
    mine = w.sim.add(last_name="Smith")
    side = w.side()
    drop = ("created_by", "date_entered")
    w.wire.fault("garble", path="filter", garble=rows(lambda row: {k: v for k, v in row.items() if k not in drop}))
    assert [record.id for record in side.created_since(w.clock.now(), [Probe((), "", "Smith")])] == [mine]


@pytest.mark.parametrize("last_name", ["Smith\ud800", "S" * 250_001], ids=["half a character", "too long"])
def test_so_does_a_last_name_that_cannot_be_read(w: World, last_name: str) -> None:
    mine = w.sim.add(last_name="Smith")
    side = w.side()
    w.wire.fault("garble", path="filter", garble=rows(lambda row: {**row, "last_name": last_name}))
    assert [record.id for record in side.created_since(w.clock.now(), [Probe((), "", "Smith")])] == [mine]


def test_the_servers_clock_is_asked_where_it_is_not_known_yet(w: World) -> None:
    w.sim.switches = replace(w.sim.switches, server_skew=-7200)
    w.sim.add(last_name="Smith")
    side = w.side()
    w.session.http.clock_offset = None
    with w.wire.counted() as calls:
        found = side.created_since(w.clock.now() - timedelta(seconds=1), [Probe((), "", "Smith")])
    assert w.calls(calls) == ["GET /ping", "POST /Contacts/filter"]
    assert len(found) == 1
