"""History: a row per contact and run, with the native record of each written side before and after, and why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from shared.names import SideName
from tests.sync.crashes import Crash, Steps, rest
from tests.sync.stage import BOTH, link_of, linked, many, only, person, settle, titled
from tests.world import User, World, world

PRIVATE: dict[str, Any] = {
    "phoneNumbers": [{"value": "+1 650 253 0000", "type": "work"}, {"value": "+1 650 333 0000", "type": "pager"}],
    "userDefined": [{"key": "Shoe size", "value": "42"}],
    "relations": [{"person": "George", "type": "father"}],
}


def last(user: User) -> dict[str, Any]:
    return user.history()[-1]


def same(native: dict[str, Any], shown: dict[str, Any]) -> bool:
    """Whether a native image agrees with what a simulator shows, in all that the image holds; an etag tells the fields
    that were asked for as well."""
    return all(shown[name] == value for name, value in native.items() if name != "etag")


def rich(w: World) -> tuple[User, Any]:
    """A linked contact with labels, extra phones and custom fields in Google."""
    user, link = linked(w)
    user.account.edit(link.google_id, **PRIVATE)
    user.account.set_labels(link.google_id, ["Family", "starred"])
    settle(user)
    return user, link


def test_a_write_to_google_keeps_the_whole_person_before_and_after() -> None:
    with world() as w:
        user, link = rich(w)
        before = user.account.person(link.google_id)
        w.sugar.edit(link.sugar_id, title="Mathematician", phone_work="(650) 253-1111")
        settle(user)
        after = user.account.person(link.google_id)
        row = last(user)
        assert set(row["native"]) == {"google"}
        assert same(row["native"]["google"]["before"], before)
        assert same(row["native"]["google"]["after"], after)
        for name in (*PRIVATE, "memberships", "names", "emailAddresses", "organizations", "clientData"):
            assert row["native"]["google"]["before"][name] == before[name], name


def test_a_before_image_restores_the_person() -> None:
    with world() as w:
        user, link = rich(w)
        before = user.account.person(link.google_id)
        w.sugar.edit(link.sugar_id, title="", first_name="Augusta", phone_work="", email=["other@x.org"])
        settle(user)
        assert user.account.person(link.google_id)["names"] != before["names"]
        image = last(user)["native"]["google"]["before"]
        fields = ("names", "emailAddresses", "organizations", *PRIVATE)
        user.account.edit(link.google_id, **{name: image.get(name, []) for name in fields})

        def values(person: dict[str, Any]) -> dict[str, Any]:
            return {n: [{k: v for k, v in e.items() if k != "metadata"} for e in person.get(n, [])] for n in fields}

        assert values(user.account.person(link.google_id)) == values(before)
        assert user.account.labels(link.google_id) == {"Family", "starred"}


def test_a_write_to_sugar_keeps_the_whole_record_before_and_after() -> None:
    with world() as w:
        mails = [
            {"email_address": "ada@x.org", "primary_address": True},
            {"email_address": "old@x.org", "opt_out": True, "invalid_email": False},
        ]
        user, link = linked(w, email=mails, description="Notes", primary_address_city="London")
        before = w.sugar.get(link.sugar_id)
        user.account.edit(
            link.google_id, organizations=titled("Mathematician"), emailAddresses=[{"value": "ada@x.org"}]
        )
        settle(user)
        after = w.sugar.get(link.sugar_id)
        native = last(user)["native"]
        assert set(native) == {"sugar"}
        for image, shown in ((native["sugar"]["before"], before), (native["sugar"]["after"], after)):
            for name in ("title", "email", "description", "primary_address_city", "last_name", "assigned_user_id"):
                assert image[name] == shown[name], name
        image = native["sugar"]["before"]
        w.sugar.edit(link.sugar_id, email=image["email"], title=image["title"])
        restored = w.sugar.get(link.sugar_id)
        assert (restored["email"], restored["title"]) == (before["email"], before["title"])


def test_a_row_tells_every_field_with_both_values_where_it_went_and_why() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, title="Mathematician")
        user.account.edit(link.google_id, birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}])
        settle(user)
        row = last(user)
        told = {f["name"]: (f["to"], f["before"], f["after"], f["why"], f["loser"]) for f in row["fields"]}
        assert told == {
            "title": ("google", "Countess", "Mathematician", "changed in Sugar", None),
            "birthday": ("sugar", "", "1815-12-10", "changed in Google", None),
        }
        assert row["kinds"] == ["update", "update google", "update sugar"]
        assert row["why"]
        assert row["link"] == link.id
        assert row["ids"] == {"sugar": link.sugar_id, "google": link.google_id}
        assert set(row["native"]) == {"sugar", "google"}


def test_both_sides_written_of_one_contact_are_one_row_per_run() -> None:
    with world() as w:
        user = w.user(**BOTH)
        many(w, user, 3)
        runs = [(row["run"], row["link"]) for row in user.history()]
        assert len(runs) == len(set(runs)) == 3


def test_a_create_is_told_with_what_was_created() -> None:
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        name = user.account.add(person("Ada", "Byron", "ada@x.org", organizations=titled("Countess")))
        settle(user)
        row = last(user)
        assert "create sugar" in row["kinds"]
        assert row["native"]["sugar"]["before"] is None
        link = link_of(user, name)
        assert row["native"]["sugar"]["after"]["id"] == link.sugar_id
        told = {field["name"]: field["after"] for field in row["fields"]}
        assert told == {"first_name": "Ada", "last_name": "Byron", "emails": "ada@x.org", "title": "Countess"}


def test_a_link_without_a_write_is_told_too() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        row = user.history()[0]
        assert row["kinds"][0] == "link"
        assert "email" in row["why"]


def test_a_delete_keeps_the_record_that_was_deleted() -> None:
    with world() as w:
        user, link = rich(w)
        before = user.account.person(link.google_id)
        w.sugar.remove(link.sugar_id)
        settle(user)
        row = last(user)
        assert same(row["native"]["google"]["before"], before)
        image = row["native"]["google"]["before"]
        again = user.account.add({name: image[name] for name in ("names", "emailAddresses", *PRIVATE)})
        restored = user.account.person(again)
        assert [p["value"] for p in restored["phoneNumbers"]] == [p["value"] for p in before["phoneNumbers"]]


def test_every_loser_of_a_conflict_is_kept() -> None:
    with world() as w:
        user, link = linked(w, phone_work="+1 650 253 0001", department="Engines")
        w.sugar.edit(link.sugar_id, title="S title", department="S dept")
        user.account.edit(link.google_id, organizations=[{"title": "G title", "department": "G dept"}])
        settle(user)
        assert {f["name"]: f["loser"] for f in last(user)["fields"]} == {"title": "G title", "department": "G dept"}


def test_a_removed_email_and_an_added_one_are_told() -> None:
    with world() as w:
        user, link = linked(w, email=["ada@x.org", "old@x.org"])
        user.account.edit(link.google_id, emailAddresses=[{"value": "ada@x.org"}, {"value": "new@x.org"}])
        settle(user)
        (field,) = last(user)["fields"]
        assert (field["name"], field["to"]) == ("emails", "sugar")
        assert (field["before"], field["after"]) == ("ada@x.org, old@x.org", "ada@x.org, new@x.org")


def test_what_a_switch_holds_back_is_not_told_as_done() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_sugar=only(update=False))
        user.sync()
        rows = len(user.history())
        w.sugar.edit(link.sugar_id, title="Held")
        user.account.edit(link.google_id, nicknames=[{"value": "Enchantress"}])
        settle(user)
        told = [field["name"] for row in user.history()[rows:] for field in row["fields"]]
        assert "title" not in told


def test_the_rows_of_a_contact_replay_to_what_both_sides_hold() -> None:
    with world() as w:
        user, link = linked(w)
        for n in range(4):
            w.sugar.edit(link.sugar_id, title=f"T{n}", phone_work=f"650253000{n}")
            settle(user)
            user.account.edit(link.google_id, birthdays=[{"date": {"year": 1815 + n, "month": 12, "day": 10}}])
            settle(user)
        state: dict[str, str] = {}
        for row in user.history():
            for field in row["fields"]:
                assert state.get(field["name"], field["before"]) == field["before"]
                state[field["name"]] = field["after"]
        base = link_of(user, link.sugar_id).base
        emails = state.pop("emails")
        assert emails == "ada@x.org"
        assert state == {name: value for name, value in base.items() if value}


def test_a_write_whose_answer_a_crash_took_is_told_once_with_its_before_image() -> None:
    with world() as w:
        user, link = rich(w)
        before = user.account.person(link.google_id)
        rows = len(user.history())
        w.sugar.edit(link.sugar_id, title="Mathematician")
        w.clock.advance(60)
        steps = Steps(w)
        written: list[str] = []

        def crash(step: str) -> None:
            sent = [c for c in w.people_wire.log if "updateContact" in c.request.path and c.effect]
            if step == "before commit" and sent:
                written.append(step)
                raise Crash(step)

        w.store.on_step = crash
        with suppress(Crash):
            user.run()
        steps.off(w)
        assert written
        rest(user)
        new = [row for row in user.history()[rows:] if SideName.GOOGLE.value in row["native"]]
        assert len(new) == 1
        assert "recovered" in new[0]["kinds"]
        assert same(new[0]["native"]["google"]["before"], before)
        assert [(f["name"], f["before"], f["after"]) for f in new[0]["fields"]] == [
            ("title", "Countess", "Mathematician")
        ]
