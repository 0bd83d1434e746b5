"""Values that are none: the contact goes to the backlog with the field's name, all others go on.

Every case is a contact of its own, so one world holds them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.simulators.wire import Reply, Request, Wire
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, entry, linked, person, settle, titled, watched
from tests.world import User, world

IN_SUGAR: list[tuple[str, str, Any]] = [
    ("birthdate", "birthday", "0000-00-00"),
    ("birthdate", "birthday", "31.12.1999"),
    ("birthdate", "birthday", "2023-02-30"),
    ("title", "title", 5),
    ("title", "title", {"a": 1}),
    ("title", "title", ["x"]),
    ("title", "title", True),
    ("title", "title", "half \ud83d of a character"),
    ("title", "title", "a NUL \0 within"),
    ("email", "emails", "ada@x.org"),
    ("email", "emails", [{"email_address": 5}]),
    ("email", "emails", ["ada@x.org"]),
    ("email", "emails", [{"email_address": "x\ud800@x.org"}]),
    ("email", "emails", [{"email_address": "nonsense"}]),
    ("phone_work", "phone_work", 6502530000),
    ("primary_address_city", "primary_city", None),
    ("description", "notes", "n" * 2_000_000),
]
"""Native field, canonical field, what Sugar shows there; ``None``: the field is missing."""

IN_GOOGLE: list[tuple[str, str, Any]] = [
    ("emailAddresses", "emails", [{"value": "no address"}]),
    ("emailAddresses", "emails", [{"value": "a@"}, {"value": "g1@x.org"}]),
    ("emailAddresses", "emails", [{"value": 5}]),
    ("names", "last_name", [{"givenName": "G3", "familyName": "B" * 300}]),
    ("organizations", "title", [{"title": "x" * 300}]),
    ("organizations", "company", [{"name": 5}]),
    ("biographies", "notes", [{"value": ["a"]}]),
    ("birthdays", "birthday", [{"date": {"year": 2023, "month": 2, "day": 30}}]),
    ("birthdays", "birthday", [{"date": "0000-00-00"}]),
    ("phoneNumbers", "phone_work", [{"value": {"a": 1}, "type": "work"}]),
]


def show(wire: Wire, path: str, who: str, spoiled: Mapping[str, tuple[str, Any]]) -> None:
    """Answers show each record, by the text of its member ``who``, with one member replaced (or missing)."""

    def spoil(item: Any) -> Any:
        if isinstance(item, list):
            return [spoil(each) for each in item]
        if not isinstance(item, dict):
            return item
        name = json.dumps(item.get(who))
        found = next((bad for key, bad in spoiled.items() if f'"{key}"' in name), None)
        shown = {key: spoil(value) for key, value in item.items()}
        if found is not None:
            member, value = found
            shown[member] = value
            if value is None:
                del shown[member]
        return shown

    def garble(_: Request, reply: Reply) -> Reply:
        return Reply(reply.status, spoil(json.loads(reply.encoded())), dict(reply.headers))

    wire.fault("garble", path=path, times=None, garble=garble)


def named(user: User, side: str) -> dict[str, list[str]]:
    """Of every open entry the record, and the fields that its problems name."""
    return {
        doc.data["ids"][side]: sorted({p["field"] for each in doc.data["entries"] for p in each["problems"]})
        for doc in user.backlog()
    }


@pytest.mark.parametrize("known", [True, False], ids=["linked", "new"])
def test_what_sugar_shows_that_is_no_value_is_named_and_all_others_go_on(known: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        full: dict[str, Any] = {"title": "Rep", "birthdate": "1970-01-01", "phone_work": "(650) 253-0000"}
        ids = [
            w.sugar.add(first_name=f"S{n}", last_name="Case", email=[f"s{n}@x.org"], **full)
            for n in range(len(IN_SUGAR))
        ]
        if known:
            settle(user)
            for record in ids:
                w.sugar.edit(record, department="Engines")
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"])
        show(w.sugar_wire, "(Contacts|bulk)", "first_name", {f"S{n}": case[::2] for n, case in enumerate(IN_SUGAR)})
        with watched(w) as sent:
            settle(user)
        assert (sent.sugar, sent.google) == (0, 1), "Grace alone"
        assert len(user.account.people()) == (len(ids) if known else 0) + 1
        assert named(user, "sugar") == {record: [field] for record, (_, field, _) in zip(ids, IN_SUGAR, strict=True)}
        for doc in user.backlog():
            (each,) = doc.data["entries"]
            assert all(problem["message"] for problem in each["problems"])
        w.sugar_wire.heal()
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(ids) + 1
        departments = [(p.get("organizations") or [{}])[0].get("department") for p in user.account.people()]
        assert departments.count("Engines") == (len(ids) if known else 0)
        fixed_point(user)


@pytest.mark.parametrize("known", [True, False], ids=["linked", "new"])
def test_what_google_shows_that_is_no_value_is_named_and_all_others_go_on(known: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        ids = [user.account.add(person(f"G{n}", "Case", f"g{n}@x.org")) for n in range(len(IN_GOOGLE))]
        if known:
            settle(user)
            for name in ids:
                user.account.edit(name, nicknames=[{"value": "Nick"}])
        user.account.add(person("Grace", "Hopper", "grace@x.org"))
        # In a listing such a value stops the run: who cannot be told there could be created a second time.
        spoiled = {f"G{n}": case[::2] for n, case in enumerate(IN_GOOGLE)}
        show(w.people_wire, "v1/people(?!/me/connections)", "names", spoiled)
        before = {record["id"]: record for record in w.sugar.contacts().values()}
        settle(user)
        after = w.sugar.contacts()
        assert all(after[record] == shown for record, shown in before.items())
        assert "Grace" in {record["first_name"] for record in after.values()}
        assert len(after) == (len(ids) if known else 0) + 1
        found = named(user, "google")
        assert set(found) == set(ids)
        assert [field for name, (_, field, _) in zip(ids, IN_GOOGLE, strict=True) if field not in found[name]] == []
        w.people_wire.heal()
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(ids) + 1
        fixed_point(user)


def test_notes_of_ten_megabytes_stop_nobody() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, description="n" * 10_000_000)
        w.sugar.add(first_name="Grace", last_name="Hopper", email=["grace@x.org"])
        settle(user)
        assert [p["names"][0]["givenName"] for p in user.account.people()] == ["Ada", "Grace"]
        told = entry(user)
        assert told["class"] in ("unreadable value", "cannot hold")
        assert told["entries"][0]["problems"][0]["field"] == "notes"
        w.sugar.edit(link.sugar_id, description="short")
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert user.account.person(link.google_id)["biographies"][0]["value"] == "short"


def test_a_birthday_without_a_year_stays_in_google_and_holds_up_nothing() -> None:
    with world() as w:
        user, link = linked(w)
        yearless = [{"date": {"month": 12, "day": 10}}]
        user.account.edit(link.google_id, birthdays=yearless, organizations=titled("Mathematician"))
        settle(user)
        assert w.sugar.get(link.sugar_id)["title"] == "Mathematician"
        assert not w.sugar.get(link.sugar_id)["birthdate"]
        assert user.account.person(link.google_id)["birthdays"][0]["date"] == {"month": 12, "day": 10}
        assert user.backlog() == []
        fixed_point(user)


def test_a_new_contact_with_a_birthday_without_a_year_is_created_without_it() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron", "ada@x.org", birthdays=[{"date": {"month": 12, "day": 10}}]))
        settle(user)
        assert len(w.sugar.contacts()) == 1
        assert user.backlog() == []
        fixed_point(user)
        (google,) = user.account.people()
        user.account.edit(google["resourceName"], birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}])
        settle(user)
        (record,) = w.sugar.contacts().values()
        assert record["birthdate"] == "1815-12-10"


def test_a_contact_without_any_name_is_named() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add({"phoneNumbers": [{"value": "+1 650 253 0000", "type": "work"}]})
        settle(user)
        assert w.sugar.contacts() == {}
        (each,) = entry(user)["entries"]
        assert [problem["field"] for problem in each["problems"]] == ["last_name"]


def test_messages_about_a_value_never_hold_it() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["Secr3t"], title="Rep")
        user.account.add(person("Grace", "Hopper" * 60, "grace@x.org"))
        settle(user)
        for doc in user.backlog():
            (each,) = doc.data["entries"]
            text = json.dumps([each["message"], each["problems"]])
            assert "Secr3t" not in text
            assert "Hopper" not in text
