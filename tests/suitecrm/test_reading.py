"""Listings and reads of the older dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.contact.terms import email_term
from shared.errors import BadSettings, FatalError, ProtocolError, RetriableError, ScopeMissing
from shared.side import Absent, Feed, Probe, Record
from shared.sugar.metadata import Schema
from shared.suitecrm import rows
from shared.suitecrm.schema import parse
from tests.older import method_of
from tests.simulators.suitecrm import Switches
from tests.simulators.suitecrm.replay import recordings
from tests.simulators.wire import Reply, Request
from tests.suitecrm.world import World, listed, read, world

JSON = {"Content-Type": "application/json; charset=UTF-8"}


def is_list(request: Request) -> bool:
    return method_of(request) == "get_entry_list"


# -- records -----------------------------------------------------------------------------------------


def test_a_record_has_the_form_of_the_other_dialect(w: World) -> None:
    mail = [{"email_address": "z@x.org", "primary_address": True}, {"email_address": "a@x.org", "opt_out": True}]
    found = w.sim.add(by=w.me, first_name="Seán", last_name='O\'Brien "Q" < & co', email=mail, account_name="A & B")
    record = read(w.side(), found)
    assert record.native["last_name"] == 'O\'Brien "Q" < & co'
    assert record.native["account_name"] == "A & B"
    assert record.native["email"] == [
        {"email_address": "z@x.org", "primary_address": True, "opt_out": False, "invalid_email": False},
        {"email_address": "a@x.org", "primary_address": False, "opt_out": True, "invalid_email": False},
    ]
    assert record.in_scope
    view = w.side().fields.view(record.native, {}, None)
    assert not view.problems
    assert view.contact.get("company") == "A & B"


def test_without_an_account_the_company_is_blank_and_not_unreadable(w: World) -> None:
    record = read(w.side(), w.sim.add(by=w.me, last_name="L"))
    assert w.side().fields.view(record.native, {}, None).contact.values["company"] == ""


@pytest.mark.parametrize("what", [{"email": ["b@x.org"]}, {"account_name": "Other"}])
def test_what_moves_no_date_moves_the_version(w: World, what: dict[str, Any]) -> None:
    side = w.side()
    found = w.sim.add(by=w.me, last_name="L", email=["a@x.org"], account_name="One")
    before = read(side, found)
    w.clock.advance(60)
    w.sim.edit(found, touch=False, **what)
    after = read(side, found)
    assert before.native["date_modified"] == after.native["date_modified"]
    assert before.version != after.version


def test_deleted_is_proven_and_unseen_is_not(w: World) -> None:
    gone, hidden = (w.sim.add(by=w.me, last_name=name) for name in ("Gone", "Hidden"))
    w.sim.remove(gone)
    w.sim.hide(hidden)
    wanted = [gone, hidden, "never", ""]
    assert w.side().read(wanted) == {each: Absent(proven=each == gone) for each in wanted}


def test_a_hundred_reads_are_one_call(w: World) -> None:
    side = w.side()
    ids = [w.sim.add(by=w.me, last_name=f"L{n}") for n in range(100)]
    begun = len(w.wire.log)
    assert all(isinstance(each, Record) for each in side.read(ids).values())
    assert w.calls(begun) == ["get_entry_list"]


# -- feeds -------------------------------------------------------------------------------------------


def test_a_delta_shows_changes_and_tombstones_in_one_call(w: World) -> None:
    side = w.side()
    ids = [w.sim.add(by=w.me, last_name=f"L{n}", email=[f"p{n}@x.org"]) for n in range(4)]
    w.clock.advance(1000)
    keys, last = listed(side, side.start_full())
    assert {key.id for key in keys} == set(ids)
    assert email_term("p1@x.org") in next(key for key in keys if key.id == ids[1]).terms
    w.clock.advance(1000)
    w.sim.edit(ids[0], title="New")
    w.sim.remove(ids[1])
    w.clock.advance(10)
    begun = len(w.wire.log)
    keys, _ = listed(side, last.delta)
    assert w.calls(begun) == ["get_entry_list"]
    assert {(key.id, key.deleted) for key in keys} == {(ids[0], False), (ids[1], True)}


def test_more_than_a_page_within_one_second(w: World) -> None:
    side = w.side()
    _, last = listed(side, side.start_full())
    w.clock.advance(1000)
    ids = {w.sim.add(by=w.me, last_name=f"L{n}") for n in range(450)}
    w.clock.advance(10)
    keys, _ = listed(side, last.delta)
    assert {key.id for key in keys} == ids
    keys, page = listed(side, side.start_full())
    assert {key.id for key in keys} == ids
    assert page.feed is Feed.FULL


def test_a_change_of_emails_is_seen_by_the_next_listing_of_the_scope(w: World) -> None:
    side = w.side()
    found = w.sim.add(by=w.me, last_name="L", email=["a@x.org"])
    (before,), _ = listed(side, side.start_full())
    w.sim.edit(found, email=["b@x.org"], touch=False)
    (after,), _ = listed(side, side.start_full())
    assert (before.id, before.version != after.version) == (after.id, True)


def test_scopes(w: World) -> None:
    mine = w.sim.add(by=w.me, last_name="Mine", assigned_user_id=w.me)
    theirs = w.sim.add(by=w.me, last_name="Theirs", assigned_user_id="somebody")
    for scope, wanted in (("assigned", {mine}), ("all", {mine, theirs})):
        side = w.side(scope=scope)
        keys, _ = listed(side, side.start_full())
        assert {key.id for key in keys} == wanted, scope
    for scope in ("favorites", "mail_client"):
        with pytest.raises(BadSettings, match="sugar_scope"):
            w.side(scope=scope)


# -- searching ---------------------------------------------------------------------------------------


def test_who_is_there_already_in_scope_or_not(w: World) -> None:
    side = w.side()
    by_mail = w.sim.add(last_name="M", email=["First@x.org", "o'neil@x.org"], assigned_user_id="somebody")
    by_name = w.sim.add(first_name="Ann", last_name="O'Neil \\ Co", assigned_user_id="somebody")
    lone = w.sim.add(last_name="Cher")
    w.sim.add(first_name="Ann", last_name="Other")
    probes = [
        Probe(("O'NEIL@x.org",), "", ""),
        Probe((), "Ann", "O'Neil \\ Co"),
        Probe((), "Cher", ""),
        Probe(("nobody@x.org",), "Ann", "Other"),
    ]
    begun = len(w.wire.log)
    assert {record.id for record in side.find(probes)} == {by_mail, by_name, lone}
    assert len(w.calls(begun)) == 2


def test_a_hundred_addresses_are_looked_up_in_few_calls(w: World) -> None:
    side = w.side()
    begun = len(w.wire.log)
    assert side.find([Probe((f"somebody.number{n}@some.example.com",), "", "") for n in range(100)]) == []
    assert len(w.calls(begun)) == 1


@pytest.mark.parametrize("emoji", ["?", "????", "kept"])
def test_a_name_with_an_emoji_is_found_as_the_database_holds_it(emoji: Any) -> None:
    with world(Switches(emoji=emoji)) as w:
        found = w.sim.add(last_name="😀 Smith" if emoji == "kept" else f"{emoji} Smith", first_name="Ann")
        hits = {record.id for record in w.side().find([Probe((), "Ann", "😀 Smith")])}
        assert hits == {found}


# -- odd answers -------------------------------------------------------------------------------------


def _page(**changes: Any) -> dict[str, Any]:
    record = {
        "id": "x",
        "name_value_list": {"date_modified": {"name": "date_modified", "value": "2026-01-01 00:00:00"}},
    }
    page = {"total_count": "1", "entry_list": [record], "relationship_list": [{"link_list": []}]}
    return {**page, **changes}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "text",
        _page(entry_list={}),
        _page(relationship_list=[]),
        _page(relationship_list=[[]]),
        _page(relationship_list=[{"link_list": [{"name": "email_addresses"}]}]),
        _page(total_count=None),
        _page(total_count="many"),
        _page(entry_list=[{"id": "x", "name_value_list": [{"name": "warning", "value": "denied"}]}]),
        _page(entry_list=[{"id": 7, "name_value_list": {}}]),
        _page(entry_list=[{"id": "x", "name_value_list": {"title": "bare"}}]),
    ],
)
def test_an_answer_that_is_no_page_is_never_taken_for_an_empty_one(w: World, body: Any) -> None:
    side = w.side()
    w.sim.add(by=w.me, last_name="L")
    w.wire.fault("status", reply=Reply(200, json.dumps(body).encode(), dict(JSON)), matches=is_list)
    with pytest.raises(ProtocolError):
        side.page(side.start_full())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500, b"Database failure.", {}), RetriableError),
        (Reply(503, b"", {}), RetriableError),
        (Reply(429, b"", {"Retry-After": "7"}), RetriableError),
        (Reply(200, b"<html>", {}), ProtocolError),
        (Reply(302, b"", {"Location": "https://elsewhere.example.com"}), ProtocolError),
        (Reply(200, {"name": "Access Denied", "number": 40, "description": "no"}, dict(JSON)), ScopeMissing),
        (Reply(200, {"name": "No Module", "number": "20", "description": "no"}, dict(JSON)), ScopeMissing),
        (Reply(200, {"name": "Odd", "number": -1, "description": "no"}, dict(JSON)), FatalError),
    ],
)
def test_what_a_failed_read_means(w: World, reply: Reply, error: type[Exception]) -> None:
    side = w.side()
    w.wire.fault("status", reply=reply, matches=is_list)
    with pytest.raises(error):
        side.read(["x"])


def test_a_primary_that_is_not_linked_is_a_problem_and_no_clearing(w: World) -> None:
    row = rows._row(
        {"id": "x", "name_value_list": {"email1": {"name": "email1", "value": "a@x.org"}}}, {"link_list": []}, "call"
    )
    view = w.side().fields.view({"last_name": "L", **row}, {}, None)
    assert view.contact.emails is None
    assert "emails" in {problem.field for problem in view.problems}


# -- recordings --------------------------------------------------------------------------------------


def test_every_recorded_list_with_linked_addresses_is_read() -> None:
    seen = 0
    for recording in recordings():
        page = recording.answer.parsed
        linked = isinstance(page, dict) and page.get("relationship_list")
        if recording.form.get("method") != "get_entry_list" or not linked:
            continue
        for entry, link in zip(page["entry_list"], page["relationship_list"], strict=True):
            row = rows._row(entry, link, "recorded")
            assert isinstance(row["email"], list), recording
            assert rows.version(row, "recorded")
            seen += len(row["email"])
    assert seen > 5


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (None, "module_fields"),
        ({"module_fields": []}, "module_fields"),
        ({"module_fields": {"id": {"type": "id"}}}, "first_name"),
        ({"module_fields": {"id": {}}}, "type"),
    ],
)
def test_what_is_no_description_of_fields(body: Any, what: str) -> None:
    with pytest.raises(ProtocolError, match=what):
        parse(body)


def test_fields_are_kept_as_they_were_described(w: World) -> None:
    fields = w.side().fields.capabilities
    assert (fields["last_name"].max_length, fields["last_name"].required) == (100, True)
    assert not fields["company"].writable
    assert "middle_name" not in fields
    assert Schema.from_json(Schema({}).as_json()) == Schema({})
