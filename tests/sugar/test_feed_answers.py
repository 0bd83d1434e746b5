"""Listings whose answers are wrong, cut or refused: each stops with words, and forgets nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import (
    CursorExpired,
    ProtocolError,
    RateLimited,
    ScopeMissing,
    SyncError,
    Unavailable,
)
from shared.side import Feed
from shared.sugar.records import Scope
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.world import World, delta_of, listed, world

# -- answers that are wrong --------------------------------------------------------------------------


def body(**changes: Any) -> Any:
    def garble(request: Request, reply: Reply) -> Reply:
        return replace(reply, body={**reply.body, **changes})

    return garble


def rows(change: Any) -> Any:
    def garble(request: Request, reply: Reply) -> Reply:
        return replace(reply, body={**reply.body, "records": [change(dict(row)) for row in reply.body["records"]]})

    return garble


def raw(content: bytes, **headers: str) -> Any:
    return lambda request, reply: Reply(200, content, headers)


GARBLED = {
    "html": raw(b"<html>We are moving</html>", **{"Content-Type": "text/html"}),
    "truncated": lambda request, reply: Reply(200, reply.encoded()[:-20]),
    "nothing": raw(b""),
    "null": raw(b"null"),
    "list": raw(b"[]"),
    "deep": raw(b"[" * 100_000),
    "not utf-8": raw(b"\xff\xfe\x00"),
    "no records": lambda request, reply: Reply(200, {"next_offset": -1}),
    "records null": body(records=None),
    "records object": body(records={"0": {}}),
    "record text": body(records=["x"]),
    "no next_offset": lambda request, reply: Reply(200, {"records": reply.body["records"]}),
    "next_offset text": body(next_offset="soon"),
    "next_offset null": body(next_offset=None),
    "next_offset true": body(next_offset=True),
    "empty and not the last": body(records=[], next_offset=200),
    "no id": rows(lambda row: {k: v for k, v in row.items() if k != "id"}),
    "id number": rows(lambda row: row | {"id": 5}),
    "id blank": rows(lambda row: row | {"id": ""}),
    "no date": rows(lambda row: {k: v for k, v in row.items() if k != "date_modified"}),
    "date text": rows(lambda row: row | {"date_modified": "yesterday"}),
    "date without offset": rows(lambda row: row | {"date_modified": "2026-03-02T09:00:00"}),
    "date number": rows(lambda row: row | {"date_modified": 5}),
    "date far away": rows(lambda row: row | {"date_modified": "0001-01-01T00:00:00+14:00"}),
    "error with 200": lambda request, reply: Reply(200, {"error": "fatal_error"}),
    "redirect": lambda request, reply: Reply(302, b"", {"Location": "http://127.0.0.1:1/"}),
    "wrong version": lambda request, reply: Reply(301, {"error": "incorrect_version"}),
    "not found": lambda request, reply: Reply(404, b"<html>not here</html>"),
    "backwards": lambda request, reply: replace(
        reply, body={**reply.body, "records": reply.body["records"][::-1] + reply.body["records"]}
    ),
}


@pytest.mark.parametrize("name", GARBLED)
@pytest.mark.parametrize("feed", [Feed.FULL, Feed.DELTA])
def test_a_wrong_answer_stops_the_listing(w: World, name: str, feed: Feed) -> None:
    side = w.side()
    cursor = side.start_full() if feed is Feed.FULL else delta_of(side)
    w.clock.advance(1)
    for n in range(3):
        w.sim.add(last_name=str(n))
    w.wire.fault("garble", path="filter", garble=GARBLED[name])
    with pytest.raises(ProtocolError) as caught:
        side.page(cursor)
    assert str(caught.value).startswith("list ")
    assert len(listed(side, cursor)[0]) == 3, "the next run goes on where it was"


@pytest.mark.parametrize("feed", [Feed.FULL, Feed.DELTA])
def test_a_server_that_always_gives_the_same_page_is_found_out(feed: Feed) -> None:
    with world(Switches(max_num_cap=5)) as w:
        side = w.side()
        cursor = side.start_full() if feed is Feed.FULL else delta_of(side)
        for n in range(20):
            w.sim.add(last_name=str(n))
        first: list[Reply] = []

        def same(request: Request, reply: Reply) -> Reply:
            first.append(reply)
            return first[0]

        w.wire.fault("garble", path="filter", times=None, garble=same)
        with pytest.raises(ProtocolError, match="order"):
            listed(side, cursor)
        assert len(first) == 2


def test_a_server_that_ignores_what_is_asked_of_a_delta_is_found_out(w: World) -> None:
    w.sim.add(last_name="old")
    w.clock.advance(10_000)
    side = w.side()
    cursor = delta_of(side)
    w.wire.fault("garble", path="filter", garble=rows(lambda row: row | {"date_modified": "2001-01-01T00:00:00Z"}))
    w.sim.add(last_name="new")
    with pytest.raises(ProtocolError, match="order"):
        side.page(cursor)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500, {"error": "fatal_error"}), Unavailable),
        (Reply(502, b"<html>"), Unavailable),
        (Reply(503, {"error": "maintenance"}), Unavailable),
        (Reply(412, {"error": "metadata_out_of_date"}), Unavailable),
        (Reply(429, b""), RateLimited),
        (Reply(403, {"error": "not_authorized"}), ScopeMissing),
        (Reply(422, {"error": "invalid_parameter"}), ProtocolError),
        (Reply(413, b""), ProtocolError),
        (Reply(418, b""), ProtocolError),
    ],
)
def test_failures_of_a_listing(w: World, reply: Reply, error: type[SyncError]) -> None:
    side = w.side()
    w.wire.fault("status", path="filter", reply=reply)
    with pytest.raises(error):
        side.page(side.start_full())


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "late"])
def test_a_cut_listing_is_unavailable(w: World, kind: str) -> None:
    side = w.side()
    w.wire.fault(kind, path="filter")
    with pytest.raises(Unavailable):
        side.page(side.start_full())


def test_an_answer_cut_in_the_middle(w: World) -> None:
    side = w.side()
    w.wire.fault(
        "garble", path="filter", garble=raw(b'{"records":', **{"Content-Length": "500", "Connection": "close"})
    )
    with pytest.raises(Unavailable):
        side.page(side.start_full())


@pytest.mark.parametrize(
    "cursor",
    [
        {},
        {"feed": "other"},
        {"feed": "delta"},
        {"feed": "delta", "modified": "x", "id": ""},
        {"feed": "full", "after": 5},
        {"feed": "full", "after": "", "began_at": "x"},
    ],
)
def test_a_cursor_of_another_form_starts_over(w: World, cursor: Any) -> None:
    with pytest.raises(CursorExpired):
        w.side().page(cursor)


def test_a_scope_has_a_name_and_a_user() -> None:
    with pytest.raises(ValueError, match="no such scope"):
        Scope("everything", "me")
    with pytest.raises(ValueError, match="id of its user"):
        Scope("assigned", "")


def test_the_flag_is_filtered_where_the_database_holds_it() -> None:
    assert Scope("mail_client", "me").filter(lambda name: True) == [{"sync_contact": {"$equals": 1}}]
