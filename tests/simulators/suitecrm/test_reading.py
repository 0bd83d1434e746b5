"""Lists and records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.suitecrm import Switches
from tests.simulators.suitecrm.caller import EMAILS, Caller, plain, serving

ADDRESS = (
    "contacts.id IN (SELECT r.bean_id FROM email_addr_bean_rel r JOIN email_addresses a ON a.id = r.email_address_id"
    " WHERE r.deleted = 0 AND r.bean_module = 'Contacts' AND a.email_address_caps {})"
)


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


def test_pages_never_say_that_they_are_the_last(jane: Caller) -> None:
    ids = sorted(jane.sim.add(last_name=f"L{n}") for n in range(45))
    first, second = jane.page(), jane.page(offset=20, max_results=500)
    assert [first[name] for name in ("result_count", "total_count", "next_offset")] == [20, "45", 20]
    assert [second[name] for name in ("result_count", "total_count", "next_offset")] == [25, "45", 45]
    assert [each["id"] for each in first["entry_list"] + second["entry_list"]] == ids
    jane.sim.switches = Switches(default_page=50, total_count=False)
    assert [jane.page()[name] for name in ("result_count", "total_count")] == [45, -1]


def test_order_by_heeds_plain_columns_only(jane: Caller) -> None:
    ids = []
    for name in ("B", "a", "C"):
        ids.append(jane.sim.add(last_name=name, title="same"))
        jane.wire.clock.advance(1)
    assert jane.ids(order_by="date_modified ASC, id ASC") == ids
    assert jane.ids(order_by="title, last_name desc") == [ids[2], ids[0], ids[1]]
    for dropped in ("contacts.date_modified ASC", "nosuch DESC", "", "email1"):
        assert jane.ids(order_by=dropped) == sorted(ids)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("contacts.last_name = 'lee'", "Lee"),
        ("contacts.last_name LIKE 'O\\'N%'", "O'Neill"),
        ("contacts.last_name LIKE 'o''n_ill'", "O'Neill"),
        ("contacts.last_name IN ('Lee', 'Nobody') OR (contacts.title = \"boss\")", "Lee O'Neill"),
        ("NOT contacts.title = 'Boss' AND contacts.deleted = 0", "Lee"),
        ("contacts.title IS NULL and contacts.last_name IS NOT NULL", "Lee"),
        ("contacts.last_name NOT IN ('Lee')", "O'Neill"),
        ("contacts.last_name <> 'Lee'", "O'Neill"),
        ("contacts.date_modified >= '2026-03-02 09:00:10'", "O'Neill"),
        ("contacts.date_modified BETWEEN '2026-03-02 08:00:00' AND '2026-03-02 09:00:09'", "Lee"),
        ("contacts.date_modified > '2026-03-02'", "Lee O'Neill"),
        ("contacts.do_not_call = '1'", "O'Neill"),
        ("contacts.do_not_call IN (0)", "Lee"),
        (ADDRESS.format("= 'LEE@EXAMPLE.COM'"), "Lee"),
        (ADDRESS.format("IN ('LEE@EXAMPLE.COM','ALSO@EXAMPLE.COM')"), "Lee O'Neill"),
        (ADDRESS.format("LIKE '%.ORG'"), ""),
    ],
)
def test_queries(jane: Caller, query: str, found: str) -> None:
    jane.sim.add(last_name="Lee", email=["lee@example.com", "l@example.com"])
    jane.wire.clock.advance(10)
    jane.sim.add(last_name="O'Neill", title="Boss", do_not_call=True, email=["also@example.com"])
    names = [plain(each)["last_name"] for each in jane.page(query, select_fields=["last_name"])["entry_list"]]
    assert sorted(names) == [name.replace("'", "&#039;") for name in found.split()]


@pytest.mark.parametrize(
    "query",
    ["id='x'", "deleted = 0", "contacts.nosuch = 'x'", "accounts.name = 'x'", "contacts.title = 'x", "contacts.title"],
)
def test_ambiguous_and_unknown_columns_and_what_is_no_sql_fail_in_the_database(jane: Caller, query: str) -> None:
    answer = jane.call("get_entry_list", {"session": jane.session, "module_name": "Contacts", "query": query})
    assert (answer.status_code, answer.text[:17]) == (500, "Database failure.")


@pytest.mark.parametrize(
    "query",
    [
        "contacts.id IN (SELECT contact_id FROM contacts_users WHERE user_id = 'x')",
        "contacts.id IN (SELECT id FROM users)",
        "sleep(5) = 0",
        "users.user_hash = 'x'",
    ],
)
def test_other_sub_selects_are_denied(jane: Caller, query: str) -> None:
    assert jane.page(query)["number"] == 40


def test_tombstones_need_the_argument_and_the_condition(jane: Caller) -> None:
    live, dead = jane.sim.add(last_name="Live"), jane.sim.add(last_name="Dead", email=["d@example.com"])
    jane.wire.clock.advance(60)
    jane.sim.remove(dead)
    assert jane.ids() == [live]
    assert jane.ids("contacts.deleted = 1") == []
    assert jane.ids(deleted=1) == sorted([live, dead])
    wanted = ["deleted", "date_modified", "email1"]
    page = jane.page("contacts.deleted = 1", deleted=1, select_fields=wanted, link_name_to_fields_array=EMAILS)
    assert [plain(each) for each in page["entry_list"]] == [
        {"deleted": "1", "date_modified": "2026-03-02 09:01:00", "email1": ""}
    ]
    assert page["relationship_list"] == [{"link_list": []}]
    assert jane.sim.prune() == 1
    assert jane.ids(deleted=1) == [live]


def test_a_missing_record_is_a_warning_and_has_no_place_among_the_links(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lee", email=["lee@example.com"])
    arguments = {"ids": ["gone", contact], "select_fields": ["last_name"], "link_name_to_fields_array": EMAILS}
    answer = jane.ok("get_entries", module_name="Contacts", **arguments)
    gone, found = answer["entry_list"]
    assert isinstance(gone["name_value_list"], list)
    assert plain(gone)["deleted"] == "1"
    assert plain(found) == {"last_name": "Lee"}
    (links,) = answer["relationship_list"]
    assert links["link_list"][0]["records"][0]["link_value"]["email_address"]["value"] == "lee@example.com"


def test_lost_visibility_is_no_entry_in_lists_and_denies_a_whole_read(jane: Caller) -> None:
    seen, hidden = jane.sim.add(last_name="Seen"), jane.sim.add(last_name="Hidden")
    jane.sim.hide(hidden)
    assert jane.ids() == [seen]
    assert jane.ok("get_entries", module_name="Contacts", ids=[seen, hidden], select_fields=["id"])["number"] == 40
    assert jane.ok("get_entry", module_name="Contacts", id=hidden, select_fields=["id"])["number"] == 40
    jane.sim.show(hidden)
    assert jane.ids() == sorted([seen, hidden])


def test_who_sees_only_their_own(jane: Caller) -> None:
    kim = jane.sim.add_user("kim", "secret", sees_all=False)
    jane.sim.add(last_name="Jane's")
    own = jane.sim.add(last_name="Kim's", by=kim)
    jane.login("kim")
    assert jane.ids() == [own]


def test_the_account_is_read_through_its_link_and_left_out_without_one(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lee", account_name='Babbage & "Co"')
    bare = jane.sim.add(last_name="Bare")
    assert jane.get(contact, "account_name")["account_name"] == "Babbage & &quot;Co&quot;"
    assert jane.get(bare, "account_name", "account_id", "title") == {"title": ""}
    jane.wire.clock.advance(60)
    jane.sim.rename_account(jane.sim.state.account_ids['Babbage & "Co"'], "New")
    assert jane.get(contact, "account_name", "date_modified") == {
        "account_name": "New",
        "date_modified": "2026-03-02 09:00:00",
    }


def test_fields_that_are_unknown_or_computed_are_left_out(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lee")
    assert jane.get(contact, "nosuch", "full_name", "sync_contact", "email", "my_favorite", "title") == {"title": ""}
    everything = jane.get(contact)
    assert {"last_name", "email1", "email2", "date_modified", "assigned_user_id"} <= set(everything)
    assert "portal_password" not in everything


def test_emails_come_by_the_ids_of_their_rows_and_do_not_tell_the_primary(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lee", email=[f"{name}@example.com" for name in "cab"])
    rows = jane.emails(contact)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert {row["primary_address"] for row in rows} == {""}
    assert jane.get(contact, "email1", "email2") == {"email1": "c@example.com", "email2": "a@example.com"}


def test_quotes_in_emails_are_escaped_in_links_only(jane: Caller) -> None:
    contact = jane.sim.add(last_name="O'Brien", email=["o'brien@example.com"])
    assert jane.get(contact, "email1", "last_name") == {"email1": "o'brien@example.com", "last_name": "O&#039;Brien"}
    assert jane.emails(contact)[0]["email_address"] == "o&#039;brien@example.com"


def test_the_flag_for_mail_clients_is_a_link(jane: Caller) -> None:
    me = jane.sim.first_user.id
    contact, other = jane.sim.add(last_name="Lee"), jane.sim.add(last_name="Other")
    jane.sim.sync_flags[me].add(contact)
    sync = [{"name": "user_sync", "value": ["id"]}]
    lists: list[Any] = jane.page(link_name_to_fields_array=sync)["relationship_list"]
    flagged = [bool(each["link_list"]) for each in lists]
    assert dict(zip(jane.ids(), flagged, strict=True)) == {contact: True, other: False}
    arguments = {"link_field_name": "contacts_sync", "related_module_query": "", "related_fields": ["id"]}
    related = jane.ok("get_relationships", module_name="Users", module_id=me, deleted=0, **arguments)
    assert [each["id"] for each in related["entry_list"]] == [contact]
    span = {"from_date": "2000-01-01 00:00:00", "to_date": "2030-01-01 00:00:00", "relationship_name": "contacts_users"}
    changed = jane.ok(
        "get_modified_relationships", module_name="Users", related_module="Contacts", select_fields=["id"], **span
    )
    assert [each["id"] for each in changed["entry_list"]] == [contact]


def test_favourites_are_not_known_to_this_dialect(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lee")
    jane.sim.favorites[jane.sim.first_user.id].add(contact)
    other = jane.sim.add(last_name="Other")
    assert jane.ids(favorites=True) == sorted([contact, other])
    jane.sim.switches = Switches(favorites_argument="failure")
    arguments = {"session": jane.session, "module_name": "Contacts", "favorites": True}
    assert jane.call("get_entry_list", arguments).status_code == 500


def test_a_snapshot_holds_addresses_and_sessions(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="lee@example.com")
    before = jane.emails(contact)
    snapshot = jane.sim.snapshot()
    jane.sim.edit(contact, email=["new@example.com"])
    jane.sim.revoke()
    jane.sim.restore(snapshot)
    assert jane.emails(contact) == before
