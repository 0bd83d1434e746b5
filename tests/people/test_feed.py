"""The change feed over HTTP: pages, deltas, tombstones, expiry, and answers that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.contact.terms import email_term, name_term, phone_term
from shared.errors import CursorExpired, ProtocolError, RateLimited, Unavailable
from shared.people.persons import version
from shared.side import Feed
from tests.people.world import World
from tests.simulators.people import Quota
from tests.simulators.wire import Reply, Request

LIST = "/people/me/connections"
ANNA = {
    "names": [{"givenName": "Anna", "familyName": "Meyer"}],
    "emailAddresses": [{"value": "Anna@Example.com"}],
    "phoneNumbers": [{"value": "202-555-0100", "type": "pager"}],
}


def person(n: int) -> dict[str, Any]:
    return {"names": [{"givenName": "P", "familyName": str(n)}]}


def answers(world: World, answer: Any, **rule: Any) -> None:
    """The next listing call gets this answer."""
    world.wire.fault("garble", path=LIST, garble=lambda request, reply: Reply(200, answer), **rule)


def changed(world: World, change: Callable[[dict[str, Any]], Any]) -> None:
    """The next listing call's own answer, changed."""

    def garble(request: Request, reply: Reply) -> Reply:
        answer = json.loads(reply.encoded())
        change(answer)
        return Reply(200, answer)

    world.wire.fault("garble", path=LIST, garble=garble)


def test_a_row_tells_version_terms_and_keys(world: World) -> None:
    name = world.account.add({**ANNA, "clientData": [{"key": "sugar-contact-sync", "value": "k1"}, {"key": "x"}]})
    (key,), page = world.listing()
    assert key.id == name
    assert key.version == version(world.account.person(name)) == world.record(name).version
    assert key.version.startswith("#")
    assert set(key.terms) == {
        email_term("anna@example.com"),
        name_term("Anna", "Meyer"),
        phone_term("+12025550100", "US"),
    }
    assert key.planted == ("k1",)
    assert key.in_scope
    assert not key.deleted
    assert page.feed is Feed.FULL
    assert page.last


def test_pages_go_to_the_end_and_the_cursor_survives_json(world: World) -> None:
    names = {world.account.add(person(n)) for n in range(25)}
    world.connect(page_size=10)
    began = world.clock.now()
    cursor = world.side.start_full()
    seen: list[str] = []
    for n in range(3):
        page = world.side.page(json.loads(json.dumps(cursor)))
        assert page.began_at == began
        assert page.last is (n == 2)
        world.clock.advance(5)
        seen += [key.id for key in page.keys]
        if page.cursor:
            assert page.delta is None
            cursor = page.cursor
    assert set(seen) == names
    assert len(seen) == 25
    assert page.delta is not None


def test_a_delta_shows_changes_and_tombstones_and_nothing_is_one_call(world: World) -> None:
    one, two = world.account.add(ANNA), world.account.add(person(2))
    _, page = world.listing()
    assert page.delta
    with world.calls() as calls:
        quiet = world.side.page(page.delta)
    assert calls == ["people/me/connections"]
    assert quiet.keys == ()
    assert quiet.last
    assert quiet.feed is Feed.DELTA
    world.account.edit(one, nicknames=[{"value": "Ann"}])
    world.account.remove(two)
    assert quiet.delta
    keys = {key.id: key for key in world.side.page(quiet.delta).keys}
    assert not keys[one].deleted
    assert keys[two].deleted


def test_a_scope_counts_and_missing_memberships_mean_out(world: World) -> None:
    label = world.account.label("CRM")
    inside, outside = world.account.add(ANNA, ["CRM"]), world.account.add(person(2))
    world.connect(scope=label)
    keys, _ = world.listing()
    assert {key.id: key.in_scope for key in keys} == {inside: True, outside: False}
    changed(world, lambda answer: [row.pop("memberships") for row in answer["connections"]])
    keys, _ = world.listing()
    assert not any(key.in_scope for key in keys)


@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "FAILED_PRECONDITION"])
def test_an_expired_token(make: Callable[..., World], status: str) -> None:
    world = make(expired_token_status=status)
    _, page = world.listing()
    world.account.expire_sync_tokens()
    assert page.delta
    with pytest.raises(CursorExpired):
        world.side.page(page.delta)


def test_seven_days_expire_a_token(world: World) -> None:
    _, page = world.listing()
    world.clock.advance(7 * 24 * 3600 + 60)
    assert page.delta
    with pytest.raises(CursorExpired):
        world.side.page(page.delta)


@pytest.mark.parametrize("which", ["sync", "page"])
def test_a_malformed_token(world: World, which: str) -> None:
    _, page = world.listing()
    assert page.delta
    with pytest.raises(CursorExpired):
        world.side.page({**page.delta, which: "garbage"})


def test_other_parameters_than_the_first_calls_are_seen_without_a_call(world: World) -> None:
    _, page = world.listing()
    assert page.delta
    world.connect(page_size=500)
    with world.calls() as calls, pytest.raises(CursorExpired):
        world.side.page(page.delta)
    assert calls == []


@pytest.mark.parametrize("switch", [{"renamed_to": "contact"}, {"renamed_to": "profile"}, {"rename_tombstone": True}])
def test_a_changed_resource_name_shows_the_former_one(make: Callable[..., World], switch: dict[str, Any]) -> None:
    world = make(**switch)
    name = world.account.add(ANNA)
    _, page = world.listing()
    new = world.account.rename_resource(name)
    assert page.delta
    keys = {key.id: key for key in world.side.page(page.delta).keys}
    assert keys[new].previous_ids == (name,)
    assert (name in keys) is bool(switch.get("rename_tombstone"))


@pytest.mark.parametrize(
    "answer",
    [
        {"connections": {}},
        {"connections": [5]},
        {"connections": [{}]},
        {"connections": [{"resourceName": 7}]},
        {"connections": [{"resourceName": "people/c1", "emailAddresses": "x"}]},
        {"connections": [{"resourceName": "people/c1", "metadata": []}]},
        {"connections": [{"resourceName": "people/c1", "metadata": {"sources": 1}}]},
        {"connections": [{"resourceName": "people/c1", "metadata": {"deleted": "yes"}}]},
        {"connections": [{"resourceName": "people/c1", "metadata": {"previousResourceNames": [1]}}]},
        {"nextPageToken": 5},
        {"nextSyncToken": ["a"]},
        {},
        [],
        "text",
        b"<html>Sorry</html>",
        b'{"connections": [',
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none_names_the_call(world: World, answer: Any) -> None:
    answers(world, answer)
    with pytest.raises(ProtocolError) as caught:
        world.side.page(world.side.start_full())
    assert caught.value.call == "people.connections.list"


def test_an_answer_without_end_is_bounded(world: World) -> None:
    world.connect(max_answer=100_000)
    answers(world, {"connections": [], "nextSyncToken": "x" * 200_000})
    with pytest.raises(ProtocolError, match="larger than 100000 bytes"):
        world.side.page(world.side.start_full())


def test_a_listing_that_repeats_a_page_stops(world: World) -> None:
    answers(world, {"nextPageToken": "again"}, times=None)
    cursor = world.side.page(world.side.start_full()).cursor
    assert cursor
    with pytest.raises(ProtocolError, match="does not end"):
        world.side.page(cursor)


def test_a_listing_of_too_many_pages_stops(world: World) -> None:
    answers(world, {"nextPageToken": "next"}, times=None)
    with pytest.raises(ProtocolError, match="does not end"):
        world.side.page({**world.side.start_full(), "page": "x", "number": 1999})


def test_a_name_that_is_no_unicode_has_the_term_of_what_is_left(world: World) -> None:
    world.account.add(ANNA)

    def spoil(answer: dict[str, Any]) -> None:
        row = answer["connections"][0]
        row["names"][0]["familyName"] = "\ud800Meyer"

    changed(world, spoil)
    (key,), _ = world.listing()
    assert len(key.terms) == 3


def test_a_quota_says_when(make: Callable[..., World]) -> None:
    world = make(retry_after=30)
    world.simulator.quota = Quota(critical_reads=0)
    with pytest.raises(RateLimited) as caught:
        world.side.page(world.side.start_full())
    assert caught.value.retry_after == 30
    world = make()
    world.simulator.quota = Quota(full_sync_first_pages=0)
    with pytest.raises(RateLimited) as caught:
        world.side.page(world.side.start_full())
    assert caught.value.retry_after == 5


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "status"])
def test_trouble_on_the_way_is_for_later(world: World, kind: str) -> None:
    world.wire.fault(kind, path=LIST)
    with pytest.raises(Unavailable):
        world.side.page(world.side.start_full())
    assert world.listing()[0] == []
