"""Answers that no Sugar gives: what was once taken for the truth, or broke a run, in small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import CursorExpired, ProtocolError
from shared.side import Page, Probe, Record
from shared.sugar import emails, failures, metadata
from shared.sugar.records import MAX_ID, asked, row_id, stamp
from shared.sugar.records import record as record_of
from shared.sugar.tokens import granted
from tests.simulators.wire import Reply, Request
from tests.sugar.world import World, delta_of, listed, read, world

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FILTER = "Contacts/filter"


def rows(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[Request, Reply], Reply]:
    """The same listing with other rows."""
    return lambda _, reply: replace(reply, body={**reply.body, "records": change(reply.body["records"])})


def repr_of(value: Any) -> str:
    """A short name for a case."""
    return repr(value)[:12]


def header(**headers: str) -> Callable[[Request, Reply], Reply]:
    return lambda _, reply: replace(reply, headers={**reply.headers, **headers})


# -- times -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 01 Jan 0001 00:00:00 +1200",
        "yesterday",
        " ",
    ],
)
def test_a_date_header_that_no_calculation_holds_is_none(w: World, date: str) -> None:
    w.wire.fault("garble", times=None, garble=header(Date=date))
    w.sim.add(last_name="X")
    side = w.side()
    keys, last = listed(side, side.start_full())
    assert len(keys) == 1
    assert last.delta is not None
    assert listed(side, last.delta)[0][0].id == keys[0].id


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
def test_the_first_and_the_last_second_are_dates_like_others(date: str) -> None:
    row = {"id": "x", "date_modified": date}
    found = record_of(row, "call", in_scope=True, asked_at=NOW)
    assert found.version == date.replace("+00:00", "Z")
    assert found.settled is date.startswith("0")
    moment = datetime.fromisoformat(date)
    assert (stamp(moment), asked(moment)) == (found.version, date)


def test_a_delta_whose_start_lies_in_the_servers_future_lists_everything_again(w: World) -> None:
    """The server's clock was years ahead while the listing was made: the feed would be blind until then."""
    w.wire.fault("garble", path=FILTER, garble=header(Date="Sat, 02 Jan 2100 09:00:00 GMT"))
    side = w.side()
    delta = delta_of(side)
    w.clock.advance(600)
    w.sim.add(last_name="New")
    with pytest.raises(CursorExpired):
        side.page(delta)
    assert len(listed(side, delta_of(side))[0]) == 1


def test_a_server_whose_clock_is_put_back_by_less_than_the_overlap_goes_on(w: World) -> None:
    side = w.side()
    w.clock.advance(600)
    page = side.page(delta_of(side))
    assert page.delta
    back = (w.clock.now() - timedelta(seconds=200)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    w.wire.fault("garble", path=FILTER, garble=header(Date=back))
    assert side.page(page.delta).last


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("5", 5.0),
        ("999999999999", failures.LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", failures.LONGEST_WAIT),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Tue, 02 Jan 1990 09:00:00 GMT", 0.0),
    ],
)
def test_no_header_makes_the_sync_wait_for_days(value: str, wait: float | None) -> None:
    assert failures.retry_after(value, NOW) == wait


# -- rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    ["x" * (MAX_ID + 1), "a\0b", "a\nb", "\ud800", ""],
    ids=["long", "NUL", "break", "half a character", "blank"],
)
def test_an_id_that_is_none(made: str) -> None:
    with pytest.raises(ProtocolError):
        row_id({"id": made}, "call")


def test_one_contact_twice_with_different_contents_is_believed_in_neither_form(w: World) -> None:
    known = w.sim.add(last_name="X", title="Countess")
    side = w.side()
    w.wire.fault("garble", path=FILTER, garble=rows(lambda found: [*found, *({**row, "title": "y"} for row in found)]))
    with pytest.raises(ProtocolError, match="twice"):
        side.read([known])
    w.wire.fault("garble", path=FILTER, garble=rows(lambda found: found * 2))
    assert read(side, known).native["title"] == "Countess"


@pytest.mark.parametrize("field", ["email", "last_name", "first_name"])
@pytest.mark.parametrize("wrong", ["missing", 7, {}, [[]]])
def test_a_search_whose_rows_do_not_tell_who_they_are_finds_nobody_for_sure(w: World, field: str, wrong: Any) -> None:
    """Passed over, the contact would be created a second time."""
    w.sim.add(first_name="Ann", last_name="Smith", email=["ann@x.org"])
    side = w.side()

    def spoil(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {k: wrong if k == field else v for k, v in row.items() if (k, wrong) != (field, "missing")} for row in found
        ]

    probe = Probe(("ann@x.org",), "Ann", "Smith")
    w.wire.fault("garble", path=FILTER, garble=rows(spoil))
    with pytest.raises(ProtocolError, match=field):
        side.find([probe])
    w.wire.fault("garble", path=FILTER, garble=rows(spoil))
    with pytest.raises(ProtocolError, match=field):
        side.created_since(w.clock.now(), [probe])
    assert len(side.find([probe])) == 1


def test_what_the_user_may_not_read_does_not_hinder_a_search(w: World) -> None:
    w.sim.add(first_name="Ann", last_name="Smith", email=["ann@x.org"])
    side = w.side()

    def deny(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        denied = {"fields": {"first_name": {"read": "no"}}}
        return [{**{k: v for k, v in row.items() if k != "first_name"}, "_acl": denied} for row in found]

    w.wire.fault("garble", path=FILTER, garble=rows(deny))
    assert len(side.find([Probe(("ann@x.org",), "Ann", "Smith")])) == 1


def test_an_entry_without_an_address_is_no_removed_address() -> None:
    assert isinstance(emails.read([{"email_address": " "}]), str)
    assert isinstance(emails.read([{"email_address": "a@x.org"}, {"email_address": ""}]), str)
    assert emails.read([]) == ()


# -- metadata and tokens -----------------------------------------------------------------------------


def fields(**more: Any) -> dict[str, Any]:
    known = {name: {"type": "varchar"} for name in (*metadata.NEEDED, "title")}
    return {"modules": {"Contacts": {"fields": {**known, **more}}}}


@pytest.mark.parametrize("length", [float("inf"), float("nan"), 10**400, True, "9" * 5000, {}, None, -1], ids=repr_of)
def test_a_length_that_is_none(length: Any) -> None:
    found = metadata.parse(fields(title={"type": "varchar", "len": length})).fields["title"].length
    assert found == (length if length == 10**400 else None)


@pytest.mark.parametrize("name", ["title", *metadata.NEEDED])
@pytest.mark.parametrize("wrong", [None, 7, [], "varchar", {}, {"len": 5}])
def test_a_field_that_is_no_object_is_not_taken_for_one_that_there_is_not(name: str, wrong: Any) -> None:
    """Without its emails Sugar's contacts would not be recognised, and be created a second time."""
    with pytest.raises(ProtocolError, match=name):
        metadata.parse(fields(**{name: wrong}))


def test_what_stands_beside_the_fields_and_fields_that_are_not_synced_are_passed_over() -> None:
    found = metadata.parse(fields(_hash="abc", do_not_call=None, other={"len": 5}))
    assert set(found.fields) == {*metadata.NEEDED, "title"}


@pytest.mark.parametrize("life", [10**400, float("inf"), float("nan"), "x", None, [], -5], ids=repr_of)
def test_a_life_that_is_none_lasts_an_hour(life: Any) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires_in": life}
    assert granted("call", body, NOW).expires_at == NOW + timedelta(hours=1)


def test_a_token_that_no_header_holds() -> None:
    with pytest.raises(ProtocolError):
        granted("call", {"access_token": "a" * 9000, "refresh_token": "r"}, NOW)


def test_a_listing_with_a_spoilt_row_still_says_all_that_it_says() -> None:
    """The other way round: what is odd about one row alone leaves the rest of the page as it is."""
    with world() as w:
        w.sim.add(last_name="A", title="x")
        w.sim.add(last_name="B", title="y")
        side = w.side()
        w.wire.fault("garble", path=FILTER, garble=rows(lambda found: [{**found[0], "title": 7}, *found[1:]]))
        page: Page = side.page(side.start_full())
        assert len(page.keys) == 2
        w.wire.fault("garble", path=FILTER, garble=rows(lambda found: [{**found[0], "title": 7}, *found[1:]]))
        found = side.read([key.id for key in page.keys])
        assert all(isinstance(record, Record) for record in found.values())
        problems = [side.fields.view(record.native, {}, None).problems for record in found.values()]  # type: ignore[union-attr]
        assert sorted(map(len, problems)) == [0, 1]
