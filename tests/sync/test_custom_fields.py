"""The field map in the settings: fields switched off, further Sugar fields as Google custom fields, one-way fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, link_of, linked, person, settle, title_in_google, titled, troubles, watched
from tests.world import User, World, world


def custom_in_google(user: User, name: str) -> dict[str, str]:
    return {item["key"]: item["value"] for item in user.account.person(name).get("userDefined", [])}


def mapped(w: World, **more: Any) -> User:
    """A user who maps a text, a flag and a number of Sugar."""
    w.sugar.add_field("blood_c", len=10)
    w.sugar.add_field("vip_c", "bool", None)
    w.sugar.add_field("size_c", "int", None)
    labels = {"blood_c": "Blood", "vip_c": "VIP", "size_c": "Size"}
    return w.user(**BOTH, custom_fields=labels, **more)


# -- switched off ------------------------------------------------------------------------------------


def test_a_field_that_is_off_is_neither_created_nor_updated_nor_cleared() -> None:
    with world() as w:
        user = w.user(**BOTH, fields_off=["title", "phone_work"])
        record = w.sugar.add(
            first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess", phone_work="650", department="D"
        )
        settle(user)
        link = link_of(user, record)
        (org,) = user.account.person(link.google_id)["organizations"]
        assert org.get("department") == "D"
        assert "title" not in org
        assert "phoneNumbers" not in user.account.person(link.google_id)
        user.account.edit(link.google_id, organizations=[{"title": "Private", "department": "E"}])
        settle(user)
        sugar = w.sugar.get(record)
        assert (sugar["title"], sugar["department"]) == ("Countess", "E")
        w.sugar.edit(record, department="F", title="Other")
        settle(user)
        (org,) = user.account.person(link.google_id)["organizations"]
        assert (org["title"], org["department"]) == ("Private", "F")
        fixed_point(user)


def test_a_field_switched_off_later_stays_as_it_is_on_both_sides() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(fields_off=["title"])
        settle(user)
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="")
            settle(user)
        assert sent.sugar == sent.google == 0
        assert title_in_google(user, link) == "Countess"


def test_a_field_switched_on_again_merges_with_what_was_agreed_on_before() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(fields_off=["title"])
        settle(user)
        user.account.edit(link.google_id, organizations=titled("Mathematician"))
        settle(user)
        user.set(fields_off=[])
        settle(user)
        assert w.sugar.get(link.sugar_id)["title"] == "Mathematician"
        assert user.backlog() == []
        fixed_point(user)


def test_emails_switched_off_are_neither_written_nor_cleared() -> None:
    with world() as w:
        user, link = linked(w, w.user(**BOTH, fields_off=["emails"]))
        assert "emailAddresses" not in user.account.person(link.google_id)
        user.account.edit(link.google_id, emailAddresses=[{"value": "private@x.org"}])
        w.sugar.edit(link.sugar_id, email=["new@x.org"])
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        fixed_point(user)


def test_switching_off_a_field_that_does_not_fit_lets_the_contact_go_on() -> None:
    with world() as w:
        user, link = linked(w)
        user.account.edit(link.google_id, organizations=[{"title": "x" * 300, "department": "Engines"}])
        settle(user)
        assert troubles(user) == ["cannot hold"]
        user.set(fields_off=["title"])
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert w.sugar.get(link.sugar_id)["department"] == "Engines"


# -- custom fields -----------------------------------------------------------------------------------


def test_a_custom_field_goes_both_ways_and_leaves_the_private_ones_alone() -> None:
    with world() as w:
        user = mapped(w)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], blood_c="A+")
        settle(user)
        link = link_of(user, record)
        assert custom_in_google(user, link.google_id)["Blood"] == "A+"
        user.account.edit(link.google_id, userDefined=[{"key": "Shoe", "value": "42"}, {"key": "Blood", "value": "B-"}])
        settle(user)
        assert w.sugar.get(record)["blood_c"] == "B-"
        w.sugar.edit(record, blood_c="0+")
        settle(user)
        found = custom_in_google(user, link.google_id)
        assert (found["Shoe"], found["Blood"]) == ("42", "0+")
        w.sugar.edit(record, blood_c="")
        settle(user)
        found = custom_in_google(user, link.google_id)
        assert found["Shoe"] == "42"
        assert not found.get("Blood")
        assert user.backlog() == []
        fixed_point(user)


def test_flags_and_numbers_are_shown_and_never_written_back() -> None:
    with world() as w:
        user = mapped(w)
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], vip_c=True, size_c=42)
        settle(user)
        link = link_of(user, record)
        found = custom_in_google(user, link.google_id)
        assert (found["VIP"], found["Size"]) == ("1", "42")
        with watched(w) as sent:
            user.account.edit(link.google_id, userDefined=[{"key": "Size", "value": "a lot"}])
            settle(user)
        assert sent.sugar == 0
        assert w.sugar.get(record)["size_c"] == 42
        assert user.backlog() == []
        fixed_point(user)


def test_a_custom_value_that_does_not_fit_names_the_field() -> None:
    with world() as w:
        user = mapped(w)
        user.account.add(person("Ada", "Byron", "ada@x.org", userDefined=[{"key": "Blood", "value": "x" * 11}]))
        settle(user)
        (doc,) = user.backlog()
        (problem,) = doc.data["entries"][0]["problems"]
        assert problem["field"] == "custom:blood_c"
        assert "10 characters" in problem["message"]
        assert w.sugar.contacts() == {}


def test_a_custom_field_mapped_later_arrives_for_contacts_that_did_not_change() -> None:
    with world() as w:
        w.sugar.add_field("blood_c", len=10)
        user, link = linked(w, blood_c="A+")
        assert custom_in_google(user, link.google_id) == {}
        user.set(custom_fields={"blood_c": "Blood"})
        settle(user)
        assert custom_in_google(user, link.google_id) == {"Blood": "A+"}
        fixed_point(user)


def test_a_field_that_the_instance_does_not_have_is_owed_to_nobody() -> None:
    with world(extra_fields=()) as w:
        user = w.user(**BOTH, custom_fields={"no_such_c": "Nothing"})
        more = {"userDefined": [{"key": "Nothing", "value": "x"}], "urls": [{"value": "https://x.org"}]}
        name = user.account.add(person("Ada", "Byron", "ada@x.org", **more))
        settle(user)
        assert len(w.sugar.contacts()) == 1
        assert user.backlog() == []
        assert custom_in_google(user, name) == {"Nothing": "x"}
        fixed_point(user)


# -- one-way -----------------------------------------------------------------------------------------


def test_the_company_comes_from_sugar_and_never_goes_back() -> None:
    with world() as w:
        user, link = linked(w, account_name="Engines Ltd")
        (org,) = user.account.person(link.google_id)["organizations"]
        assert org["name"] == "Engines Ltd"
        with watched(w) as sent:
            user.account.edit(link.google_id, organizations=[{**titled("Countess")[0], "name": "Other Ltd"}])
            settle(user)
        assert sent.sugar == 0
        assert w.sugar.get(link.sugar_id)["account_name"] == "Engines Ltd"
        assert user.backlog() == []
        fixed_point(user)


@pytest.mark.parametrize("field", ["company", "size"])
def test_what_cannot_go_back_never_stands_in_the_way_of_a_create(field: str) -> None:
    with world() as w:
        user = mapped(w)
        more: dict[str, Any] = {"organizations": [{"name": "Engines Ltd", "title": "Countess"}]}
        if field == "size":
            more = {"userDefined": [{"key": "Size", "value": "a lot"}], "organizations": titled("Countess")}
        user.account.add(person("Ada", "Byron", "ada@x.org", **more))
        settle(user)
        (record,) = w.sugar.contacts().values()
        assert record["title"] == "Countess"
        assert record["account_name"] == ""
        assert user.backlog() == []
        fixed_point(user)


@pytest.mark.parametrize("later", [False, True], ids=["from the start", "since a day"])
def test_a_field_that_the_user_may_not_write_in_sugar_is_one_way(later: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        denied = w.sugar.users[user.sugar_user].denied
        if not later:
            denied["title"] = {"write"}
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        settle(user)
        if later:
            denied["title"] = {"write"}
            w.clock.advance(25 * 3600)
            settle(user)
        link = link_of(user, record)
        assert title_in_google(user, link) == "Countess"
        with watched(w) as sent:
            user.account.edit(link.google_id, organizations=titled("Mathematician"))
            settle(user)
        assert sent.sugar == 0
        assert user.backlog() == []
        fixed_point(user)
