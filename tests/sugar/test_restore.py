"""Deleted contacts come back with all that Sugar lets be written, and writes are taken back, against the simulator."""

from __future__ import annotations

from typing import Any

from shared.names import Op
from shared.side import Done, Record, Write
from shared.sugar.side import SugarSide
from tests.sugar.world import World, contact, delete, read, update

EMAILS = [
    {"email_address": "a@x.example", "primary_address": False, "opt_out": True},
    {"email_address": "b@x.example", "primary_address": True, "invalid_email": True},
]


def whole(side: SugarSide, record: str) -> Record:
    found = side.read_whole([record])[record]
    assert isinstance(found, Record)
    return found


def add(w: World, **fields: Any) -> str:
    return w.sim.add(**{"assigned_user_id": w.me, "last_name": "Lee", **fields})


def test_a_deleted_contact_comes_back_with_everything(w: World) -> None:
    account = w.sim.add_account("Acme")
    name = add(
        w, email=EMAILS, account_id=account, lead_source="Trade Show", do_not_call=True, description="A\nB", title="CEO"
    )
    w.sim.favorites[w.me].add(name)
    side = w.side(synced=("first_name", "last_name"))
    before = whole(side, name)
    assert "lead_source" not in read(side, name).native, "what is not synced is read for this alone"
    side.apply([delete(before)])
    restored = side.fields.restore(before.native, "k")
    [outcome] = side.apply([Write("r", Op.CREATE, restored.payload)])
    assert isinstance(outcome, Done)
    assert outcome.record is not None
    assert outcome.record.id != name
    after = whole(side, outcome.record.id)
    assert side.fields.rewrite(after.native, before.native) == {}
    for field in ("lead_source", "do_not_call", "account_id", "my_favorite", "assigned_user_id", "description"):
        assert after.native[field] == before.native[field], field
    assert restored.lost == (
        "its id and its dates are new ones",
        "what was related to it in Sugar (activities, cases, opportunities)",
    )


def test_nothing_secret_and_nothing_that_sugar_sets_is_written(w: World) -> None:
    side = w.side()
    native = {**whole(side, add(w)).native, "portal_password": "x", "account_name": "Acme", "account_id": ""}
    restored = side.fields.restore(native, "k")
    assert not {"portal_password", "id", "date_entered", "date_modified", "created_by"} & set(restored.payload)
    assert "the account" in restored.lost


def test_a_write_is_taken_back_to_the_letter(w: World) -> None:
    side = w.side()
    before = read(side, add(w, email=EMAILS, first_name="Ann", title="CEO"))
    target = contact("", "Cher", "c@x.example", "b@x.example", title="")
    [outcome] = side.apply([update(side, before, target, "first_name", "last_name", "title", "emails")])
    assert isinstance(outcome, Done)
    after = read(side, before.id)
    changed = ("first_name", "last_name", "title", "emails")
    found = side.fields.put_back(after.native, {}, before.native, after.native, changed, exact=True)
    assert (sorted(found.back), found.edited) == (sorted(changed), ())
    payload = side.fields.rewrite(after.native, found.record)
    side.apply([Write("b", Op.UPDATE, payload, after.id, after.version, after.native)])
    assert side.fields.rewrite(read(side, before.id).native, before.native) == {}


def test_what_was_edited_since_stays(w: World) -> None:
    side = w.side()
    before = read(side, add(w, email=EMAILS, first_name="Ann", title="CEO", department="Sales"))
    target = contact("Nan", "Lee", "c@x.example", "b@x.example", title="Chief", department="")
    names = ("first_name", "title", "department", "emails")
    side.apply([update(side, before, target, *names)])
    after = read(side, before.id)
    mails = [*after.native["email"], {"email_address": "mine@x.example", "primary_address": False}]
    w.sim.edit(before.id, title="Boss", email=mails)
    now = read(side, before.id)
    found = side.fields.put_back(now.native, {}, before.native, after.native, names, exact=True)
    assert (sorted(found.back), found.edited) == (["department", "emails", "first_name"], ("title",))
    payload = side.fields.rewrite(now.native, found.record)
    assert (payload["first_name"], payload["department"], "title" in payload) == ("Ann", "Sales", False)
    assert {e["email_address"] for e in payload["email"]} == {"a@x.example", "b@x.example", "mine@x.example"}
    assert {e["email_address"]: e["opt_out"] for e in payload["email"]}["a@x.example"] is True
