"""What tests do to the simulator without HTTP, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.sugar.caller import Caller, serving


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


def test_contacts_are_copies_in_the_apis_own_shape(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", email=["l@example.org"], account_name="ACME")
    copy = jane.sim.get(contact)
    assert copy == jane.ok("GET", f"Contacts/{contact}")
    copy["email"][0]["opt_out"] = True
    assert jane.sim.contacts()[contact]["email"][0]["opt_out"] is False
    assert jane.sim.contacts(fields=["last_name"])[contact]["last_name"] == "L"


def test_unknown_fields_are_a_mistake_of_the_test(jane: Caller) -> None:
    with pytest.raises(KeyError, match="nonsense"):
        jane.sim.add(nonsense="x")
    with pytest.raises(KeyError, match="full_name"):
        jane.sim.add(full_name="x")


def test_values_may_be_as_bad_as_a_database_lets_them(jane: Caller) -> None:
    contact = jane.sim.add(last_name="\ud800", birthdate="0000-00-00", email=["nobody"], description="x" * 10_000_000)
    record = jane.ok("GET", f"Contacts/{contact}")
    assert (record["last_name"], record["birthdate"], len(record["description"])) == ("\ud800", "0000-00-00", 10**7)
    assert record["email"][0]["email_address"] == "nobody"


def test_removed_and_restored(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", email=["l@example.org"])
    jane.sim.remove(contact)
    assert jane.sim.contacts() == {}
    assert jane.sim.contacts(live=False)[contact]["deleted"] is True
    jane.wire.clock.advance(5)
    jane.sim.undelete(contact)
    record = jane.ok("GET", f"Contacts/{contact}")
    assert (record["date_modified"], record["email"][0]["email_address"]) == (
        "2026-03-02T04:00:05-05:00",
        "l@example.org",
    )
    assert jane.filter({"email_addresses.email_address": "l@example.org"}) == [contact]


def test_pruning_removes_tombstones(jane: Caller) -> None:
    jane.sim.remove(jane.sim.add(last_name="L"))
    assert jane.sim.prune() == 1
    assert jane.filter(deleted=True) == []
    assert jane.sim.prune() == 0


def test_users_that_see_only_their_own(jane: Caller) -> None:
    joe = jane.sim.add_user("joe", "pw", sees_all=False)
    own, _ = jane.sim.add(last_name="Own", assigned_user_id=joe), jane.sim.add(last_name="Other")
    jane.sign_in("joe", "pw")
    assert jane.filter() == [own]


def test_quiet_edits_move_no_date(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L")
    jane.wire.clock.advance(5)
    jane.sim.edit(contact, touch=False, title="x")
    record = jane.sim.get(contact)
    assert (record["title"], record["date_modified"]) == ("x", "2026-03-02T04:00:00-05:00")


def test_a_users_slow_save_shows_later_with_the_date_of_its_start(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L")
    jane.wire.clock.advance(10)
    jane.sim.edit(contact, slow=30, title="x")
    new = jane.sim.add(slow=30, last_name="New")
    jane.wire.clock.advance(29)
    assert jane.ok("GET", f"Contacts/{contact}")["title"] == ""
    assert jane.filter() == [contact]
    assert jane.sim.saving == 2
    jane.wire.clock.advance(1)
    assert jane.ok("GET", f"Contacts/{contact}")["date_modified"] == "2026-03-02T04:00:10-05:00"
    assert jane.ok("GET", f"Contacts/{new}")["date_modified"] == "2026-03-02T04:00:10-05:00"
    assert jane.sim.saving == 0


def test_a_slow_save_of_a_call_is_answered_at_its_end(jane: Caller) -> None:
    jane.sim.hooks.slow_save = 20
    began = jane.wire.clock.now()
    record = jane.ok("POST", "Contacts", {"last_name": "L"})
    assert (jane.wire.clock.now() - began).total_seconds() == 20
    assert record["date_modified"] == "2026-03-02T04:00:00-05:00"


def test_a_slow_bulk_moves_the_clock_and_the_token_may_expire_inside(jane: Caller) -> None:
    jane.sim.seconds_per_item = 1500
    answers = jane.bulk(*[("POST", "Contacts", {"last_name": f"L{n}"}) for n in range(3)])
    assert [answer["status"] for answer in answers] == [200, 200, 401]


def test_tokens_can_be_ended(jane: Caller) -> None:
    grant = jane.sign_in()
    jane.sim.expire_access()
    jane.refused(401, "invalid_grant", "GET", "ping")
    fresh = jane.token(grant_type="refresh_token", refresh_token=grant["refresh_token"]).json()
    jane.sim.revoke()
    jane.refused(401, "invalid_grant", "GET", "ping", OAuth_Token=fresh["access_token"])
    assert jane.token(grant_type="refresh_token", refresh_token=fresh["refresh_token"]).status_code == 400


def test_snapshots(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", email=["l@example.org"])
    snapshot = jane.sim.snapshot()
    for _ in range(2):
        jane.sim.edit(contact, last_name="M", email=[])
        jane.sim.add(last_name="N")
        jane.sim.favorites[jane.sim.first_user.id].add(contact)
        jane.sim.restore(snapshot)
        assert [record["last_name"] for record in jane.sim.contacts().values()] == ["L"]
        assert jane.filter({"email_addresses.email_address": "l@example.org"}) == [contact]
        assert jane.filter({"$favorite": ""}) == []


def test_a_custom_field_can_be_shortened(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lovelace")
    jane.sim.set_length("last_name", 4)
    assert jane.sim.get(contact)["last_name"] == "Lovelace"
    assert jane.ok("PUT", f"Contacts/{contact}", {"last_name": "Lovelace"})["last_name"] == "Love"


@pytest.mark.long
def test_pages_of_25000_contacts_come_fast(jane: Caller) -> None:
    for n in range(25_000):
        jane.sim.add(first_name="F", last_name=f"L{n}", email=[f"p{n}@example.org"])
        if n % 10 == 0:
            jane.wire.clock.advance(1)
    jane.sign_in()
    everyone = sorted(jane.sim.state.contacts)
    date = {"date_modified": {"$gt": "2026-03-02T09:30:00Z"}}
    tie = {"$and": [{"date_modified": "2026-03-02T09:30:00Z"}, {"id": {"$gt": everyone[0]}}]}
    emails = [f"P{n}@example.org" for n in range(100)]
    by_date: dict[str, Any] = {"order_by": "date_modified:ASC,id:ASC"}
    pages: list[tuple[dict[str, Any], list[Any], int]] = [
        (by_date, [{"$or": [date, tie]}], 200),
        ({**by_date, "deleted": True}, [], 200),
        ({}, [{"$owner": ""}, {"id": {"$gt": everyone[12_000]}}], 200),
        ({}, [{"id": {"$in": everyone[:100]}}], 100),
        ({}, [{"email_addresses.email_address": {"$in": emails}}], 100),
    ]
    for arguments, clauses, expected in pages:
        best = 1.0
        for _ in range(3):
            began = time.process_time()
            assert len(jane.filter(*clauses, **arguments)) == expected
            best = min(best, time.process_time() - began)
        assert best < 0.1, (arguments, best)
