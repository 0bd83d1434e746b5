"""Full listings and deltas, over HTTP."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contact.terms import email_term, name_term, phone_term
from shared.side import Feed
from tests.simulators.sugar import Switches
from tests.simulators.wire import Reply, Request
from tests.sugar.world import World, delta_of, listed, read, world


def stored(cursor: Any) -> Any:
    """A cursor as the head gives it back."""
    return json.loads(json.dumps(cursor))


# -- full listings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [200, 50, 1000])
def test_a_full_listing_is_complete_and_resumable(cap: int) -> None:
    with world(Switches(max_num_cap=cap)) as w:
        ids = {w.sim.add(first_name="N", last_name=str(n)) for n in range(450)}
        side = w.side()
        began = w.clock.now()
        cursor: Any = side.start_full()
        found: list[str] = []
        with w.wire.counted() as calls:
            while cursor is not None:
                page = side.page(stored(cursor))
                assert page.feed is Feed.FULL
                assert page.began_at == began
                assert page.last == (page.delta is not None)
                found += [key.id for key in page.keys]
                cursor = page.cursor
                w.clock.advance(5)
    assert len(found) == len(ids)
    assert set(found) == ids
    assert len(calls) == -(-450 // min(cap, 200))
    assert not any("offset" in call.request.json() for call in calls)


def test_starting_makes_no_call(w: World) -> None:
    side = w.side()
    with w.wire.counted() as calls:
        side.start_full()
    assert not calls


@pytest.mark.parametrize("scope", ["assigned", "favorites", "mail_client", "all"])
def test_only_contacts_in_scope_are_listed(w: World, scope: str) -> None:
    other = w.sim.add_user("joe", "pw")
    mine, favorite, flagged, foreign, gone = (
        w.sim.add(last_name=str(n), assigned_user_id=owner) for n, owner in enumerate([w.me, other, other, other, w.me])
    )
    w.sim.favorites[w.me].add(favorite)
    w.sim.sync_flags[w.me].add(flagged)
    w.sim.remove(gone)
    keys, _ = listed(w.side(scope=scope), w.side(scope=scope).start_full())
    expected = {"assigned": {mine}, "favorites": {favorite}, "mail_client": {flagged}}
    assert {key.id for key in keys} == expected.get(scope, {mine, favorite, flagged, foreign})
    assert all(key.in_scope for key in keys)


def test_the_flag_is_not_filtered_by_a_server_that_would_drop_the_filter(w: World) -> None:
    side = w.side(scope="mail_client")
    with w.wire.counted() as calls:
        side.page(side.start_full())
    assert calls[0].request.json()["filter"] == []


@pytest.mark.parametrize("scope", ["assigned", "favorites", "mail_client"])
def test_a_missing_scope_field_means_out(w: World, scope: str) -> None:
    contact_id = w.sim.add(last_name="X")
    w.sim.favorites[w.me].add(contact_id)
    w.sim.sync_flags[w.me].add(contact_id)
    side = w.side(scope=scope)
    drop = {"assigned_user_id", "my_favorite", "sync_contact"}

    def without(request: Request, reply: Reply) -> Reply:
        records = [{k: v for k, v in row.items() if k not in drop} for row in reply.body["records"]]
        return replace(reply, body={**reply.body, "records": records})

    w.wire.fault("garble", path="filter", times=None, garble=without)
    keys, last = listed(side, side.start_full())
    assert not keys
    keys, _ = listed(side, last.delta)
    assert [key.in_scope for key in keys] == [False]
    assert not read(side, contact_id).in_scope


def test_terms_are_those_of_the_contact(w: World) -> None:
    w.sim.add(first_name="Ann", last_name="Smith", email=["A@x.org", "b@x.org"], phone_home="(415) 555-0100")
    side = w.side(synced=("last_name",))
    keys, _ = listed(side, side.start_full())
    wanted = {email_term("a@x.org"), email_term("b@x.org"), name_term("Ann", "Smith"), phone_term("+14155550100", "US")}
    assert set(keys[0].terms) == wanted


def test_versions_of_listings_and_reads_are_the_same(w: World) -> None:
    contact_id = w.sim.add(last_name="X")
    side = w.side()
    keys, last = listed(side, side.start_full())
    changes, _ = listed(side, last.delta)
    assert keys[0].version == changes[0].version == read(side, contact_id).version == "2026-03-02T09:00:00Z"


def test_what_a_listing_asks_for(w: World) -> None:
    side = w.side()
    with w.wire.counted() as calls:
        delta = side.page(side.start_full()).delta
        assert delta is not None
        side.page(delta)
    for call in calls:
        fields = set(call.request.json()["fields"].split(","))
        assert {"id", "date_modified", "assigned_user_id", "email", "last_name"} <= fields
        assert not {"portal_password", "description"} & fields
        assert call.request.json()["max_num"] == 200
    assert "deleted" not in calls[0].request.json()
    assert calls[1].request.json()["deleted"] is True


# -- deltas ------------------------------------------------------------------------------------------


def test_a_delta_shows_what_changed_in_any_scope(w: World) -> None:
    other = w.sim.add_user("joe", "pw")
    old = w.sim.add(last_name="old")
    w.clock.advance(1000)
    side = w.side()
    delta = delta_of(side)
    w.clock.advance(10)
    edited, gone, foreign = old, w.sim.add(last_name="gone"), w.sim.add(last_name="foreign", assigned_user_id=other)
    w.clock.advance(10)
    w.sim.edit(edited, last_name="edited")
    w.sim.remove(gone)
    w.clock.advance(10)
    keys, last = listed(side, stored(delta))
    assert {key.id: (key.deleted, key.in_scope) for key in keys} == {
        foreign: (False, False),
        edited: (False, True),
        gone: (True, False),
    }
    assert last.feed is Feed.DELTA
    assert last.delta is not None
    assert listed(side, stored(last.delta))[0] == []


@pytest.mark.parametrize("shape", ["minimal", "full", "as asked"])
def test_tombstones_of_every_shape(shape: Any) -> None:
    with world(Switches(tombstone=shape)) as w:
        contact_id = w.sim.add(last_name="X", email=["a@x.org"])
        side = w.side()
        delta = delta_of(side)
        w.sim.remove(contact_id)
        keys, _ = listed(side, delta)
        assert [(key.id, key.deleted) for key in keys] == [(contact_id, True)]


def test_nothing_changed_is_one_call_whatever_the_time(w: World) -> None:
    for n in range(300):
        w.sim.add(last_name=str(n))
    w.clock.advance(1000)
    side = w.side()
    cursor = delta_of(side)
    for _ in range(10):
        w.clock.advance(200)
        with w.wire.counted() as calls:
            page = side.page(stored(cursor))
        assert w.calls(calls) == ["POST /Contacts/filter"]
        assert page.last
        assert not page.keys
        cursor = page.delta


def test_more_ties_than_fit_on_a_page() -> None:
    with world(Switches(max_num_cap=50)) as w:
        side = w.side()
        cursor = delta_of(side)
        w.clock.advance(3)
        ids = {w.sim.add(last_name=str(n)) for n in range(320)}
        w.clock.advance(3)
        with w.wire.counted() as calls:
            keys, last = listed(side, cursor)
        assert [key.id for key in keys] == sorted(ids)
        assert len(calls) == 7
        assert not listed(side, last.delta)[0]


def test_a_tie_that_comes_after_the_delta_is_seen(w: World) -> None:
    """Two contacts saved in one second, the delta between them."""
    side = w.side()
    cursor = delta_of(side)
    for n in range(12):
        w.clock.advance(1)
        first = w.sim.add(last_name=f"first {n}")
        keys, last = listed(side, cursor)
        second = w.sim.add(last_name=f"second {n}")
        w.clock.advance(2)
        later, last = listed(side, last.delta)
        assert {first, second} <= {key.id for key in (*keys, *later)}
        cursor = last.delta


def slowly(w: World) -> Any:
    def garble(request: Request, reply: Reply) -> Reply:
        w.clock.advance(0.25)
        return reply

    return garble


def test_a_delta_that_starts_within_a_second_goes_on(w: World) -> None:
    """A call takes a part of a second, so where the server's clock stood when it began is no whole one."""
    w.wire.fault("garble", path="/rest/v11/Contacts/filter", times=1000, garble=slowly(w))
    side = w.side()
    cursor = delta_of(side)
    ids = set()
    seen: set[str] = set()
    for n in range(12):
        w.clock.advance(0.5)
        ids.add(w.sim.add(last_name=str(n)))
        keys, last = listed(side, stored(cursor))
        seen |= {key.id for key in keys}
        cursor = last.delta
    w.clock.advance(10)
    keys, last = listed(side, stored(cursor))
    assert ids == seen | {key.id for key in keys}


def test_a_stored_cursor_within_a_second_goes_on(w: World) -> None:
    side = w.side()
    cursor = delta_of(side)
    w.clock.advance(10)
    added = w.sim.add(last_name="the same second")
    at = read(side, added).native["date_modified"]
    cursor["modified"] = (datetime.fromisoformat(at) + timedelta(seconds=0.85)).isoformat()
    assert [key.id for key in listed(side, stored(cursor))[0]] == [added]


@pytest.mark.parametrize("seconds", [1, 30, 299])
def test_a_slow_save_is_seen(w: World, seconds: int) -> None:
    """Dated before the end of deltas that could not see it yet."""
    side = w.side()
    cursor = delta_of(side)
    w.clock.advance(400)
    slow = w.sim.add(last_name="slow", slow=seconds)
    seen: set[str] = set()
    for n in range(12):
        w.clock.advance(60)
        w.sim.add(last_name=f"quick {n}")
        keys, last = listed(side, cursor)
        seen |= {key.id for key in keys}
        cursor = last.delta
    assert slow in seen


def test_rescans_end_when_nothing_changes(w: World) -> None:
    side = w.side()
    cursor = delta_of(side)
    for n in range(50):
        w.sim.add(last_name=str(n))
    counts = []
    for _ in range(15):
        w.clock.advance(60)
        keys, last = listed(side, cursor)
        counts.append(len(keys))
        cursor = last.delta
    assert counts[0] == 50
    assert sum(counts) <= 150
    assert counts[-5:] == [0] * 5


@pytest.mark.parametrize("skew", [0, 90, -90])
@pytest.mark.parametrize("offset", [-300, 0, 330, 840])
def test_zones_and_clocks_that_differ(skew: int, offset: int) -> None:
    with world(Switches(server_skew=skew)) as w:
        w.sim.users[w.me].utc_offset_minutes = offset
        w.sim.add(last_name="before")
        w.clock.advance(1000)
        side = w.side()
        cursor = delta_of(side)
        for n in range(5):
            added = w.sim.add(last_name=f"new {n}")
            w.clock.advance(100)
            keys, last = listed(side, stored(cursor))
            assert added in {key.id for key in keys}
            cursor = last.delta
        assert read(side, added).version.endswith("Z")


def test_a_delta_goes_on_over_edits_while_it_is_paged() -> None:
    with world(Switches(max_num_cap=50)) as w:
        side = w.side()
        cursor = delta_of(side)
        w.clock.advance(400)
        ids = []
        for n in range(200):
            ids.append(w.sim.add(last_name=str(n)))
            w.clock.advance(1)
        seen: list[str] = []
        moved = iter(ids[::7])
        while True:
            page = side.page(stored(cursor))
            seen += [key.id for key in page.keys]
            if page.last:
                break
            cursor = page.cursor
            for contact_id in itertools.islice(moved, 5):
                w.sim.edit(contact_id, title="moved")
            w.clock.advance(1)
        assert set(seen) == set(ids)


def test_the_end_is_never_later_than_the_servers_clock() -> None:
    with world() as w:
        side = w.side()
        cursor = delta_of(side)
        w.clock.advance(10)
        w.sim.add(last_name="now")
        _, last = listed(side, cursor)
        assert last.delta is not None
        assert datetime.fromisoformat(last.delta["modified"]) == w.clock.now() - timedelta(seconds=2)
        w.clock.advance(10)
        assert len(listed(side, last.delta)[0]) == 1
