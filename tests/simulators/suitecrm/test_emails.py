"""Email addresses: the form that writes them, the rows that contacts share, and links."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.simulators.suitecrm import Switches
from tests.simulators.suitecrm.caller import WIDGET, Caller, bulk, serving, values, widget


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


def test_the_form_fields_replace_the_whole_list(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="a@example.com", email2="b@example.com")
    jane.set(widget("b@example.com", "c@example.com", "no address", primary=1), id=contact, title="t", email1="x@y.zz")
    assert jane.get(contact, "email1", "email2", "title") == {
        "email1": "c@example.com",
        "email2": "b@example.com",
        "title": "t",
    }
    jane.set({"Contacts_email_widget_id": "0"}, id=contact)
    assert jane.emails(contact) == []


def test_flags_belong_to_the_address_and_every_write_sets_them(jane: Caller) -> None:
    def flags(contact: str) -> list[tuple[str, str]]:
        return [(row["opt_out"], row["invalid_email"]) for row in jane.emails(contact)]

    one = jane.set(last_name="One", email1="shared@example.com")
    jane.set(widget("shared@example.com", OptOut=[0], Invalid=[0]), id=one)
    assert flags(one) == [("1", "1")]
    two = jane.set(last_name="Two", email1="shared@example.com", email1_opt_out=1)
    assert (flags(one), flags(two)) == ([("1", "0")], [("1", "0")]), "the create has cleared what it did not name"
    jane.set(id=two, title="t")
    assert flags(one) == [("1", "0")], "a write without emails clears nothing"
    jane.set(widget("shared@example.com"), id=two)
    assert flags(one) == [("0", "0")]
    jane.sim.switches = Switches(unnamed_flags_cleared=False)
    jane.set(widget("shared@example.com", OptOut=[0]), id=one)
    assert flags(two) == [("0", "0")], "kept as they are"


def test_the_spelling_that_was_written_last_counts_for_all(jane: Caller) -> None:
    one = jane.set(last_name="One", email1="shared@example.com")
    (before,) = jane.emails(one)
    jane.wire.clock.advance(60)
    jane.set(last_name="Two", email1="SHARED@example.com")
    (after,) = jane.emails(one)
    assert after == {**before, "email_address": "SHARED@example.com"}
    assert jane.get(one, "email1", "date_modified") == {
        "email1": "SHARED@example.com",
        "date_modified": "2026-03-02 09:00:00",
    }


def test_a_create_takes_up_to_ten_addresses(jane: Caller) -> None:
    sent = {f"email{n}": f"{n}@example.com" for n in range(2, 12)}
    (contact,) = bulk(jane, values(last_name="Lee", **sent, email3_opt_out=1, email4_invalid=1)).json()["ids"]
    assert jane.get(contact, "email1", "email2", "email3") == {"email1": "2@example.com", "email2": "3@example.com"}
    rows = {row["email_address"][:-12]: (row["opt_out"], row["invalid_email"]) for row in jane.emails(contact)}
    assert rows == {str(n): (("1", "0") if n == 3 else ("0", "1") if n == 4 else ("0", "0")) for n in range(2, 11)}


@pytest.mark.parametrize(
    "address", ["no address", "a@b.c", "jörg@example.com", "a@exämple.com", "a@b@c.de", "a b@c.de"]
)
def test_addresses_of_other_letters_than_ascii_or_ill_formed_are_dropped(jane: Caller, address: str) -> None:
    contact = jane.set(last_name="Lee", email1=address)
    jane.set(widget(address, "o'brien+x@mail.example.co.uk"), id=contact)
    assert [row["email_address"] for row in jane.emails(contact)] == ["o&#039;brien+x@mail.example.co.uk"]


def test_a_form_that_is_not_numbered_from_0_or_begins_with_an_address_empties_the_list(jane: Caller) -> None:
    contact = jane.set(last_name="Lee")
    for odd in ({f"{WIDGET}1": "x@example.com"}, {f"{WIDGET}0": "", f"{WIDGET}2": "x@example.com"}):
        jane.set(widget("a@example.com"), id=contact)
        jane.set({"Contacts_email_widget_id": "0", **odd}, id=contact)
        assert jane.emails(contact) == []
    jane.set(widget("", "b@example.com", primary=1), id=contact)
    assert jane.get(contact, "email1") == {"email1": "b@example.com"}
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_list": values(id=contact)}
    rest = {"method": "set_entry", "response_type": "JSON", "rest_data": json.dumps(arguments)}
    assert jane.form({**widget("c@example.com"), **rest}).status_code == 200
    assert jane.get(contact, "email1") == {"email1": "c@example.com"}
    assert jane.form({f"{WIDGET}0": "d@example.com", "Contacts_email_widget_id": "0", **rest}).status_code == 200
    assert jane.emails(contact) == []


def test_flags_in_the_form_come_as_lists(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="a@example.com")
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_list": values(id=contact)}
    form = {**widget("b@example.com"), f"{WIDGET}OptOutFlag": f"{WIDGET}0"}
    assert jane.call("set_entry", arguments, **form).status_code == 500
    assert jane.get(contact, "email1") == {"email1": "a@example.com"}
    jane.set(widget("b@example.com", "c@example.com", Delete=[0]), id=contact)
    assert [row["email_address"] for row in jane.emails(contact)] == ["c@example.com"]


def test_the_form_counts_for_every_record_of_set_entries(jane: Caller) -> None:
    lists = [values(last_name=name, email1=f"{name}@example.com") for name in ("a", "b")]
    ids = bulk(jane, *lists, form=widget("form@example.com")).json()["ids"]
    assert {jane.get(each, "email1")["email1"] for each in ids} == {"form@example.com"}


def test_changing_an_address_itself_changes_it_for_all_and_moves_no_date(jane: Caller) -> None:
    ids = [jane.set(last_name=name, email1="shared@example.com") for name in ("One", "Two")]
    (row,) = jane.emails(ids[0])
    jane.wire.clock.advance(60)
    changed = values(id=row["id"], email_address="changed@example.com")
    jane.ok("set_entry", module_name="EmailAddresses", name_value_list=changed)
    for contact in ids:
        assert jane.get(contact, "email1", "date_modified") == {
            "email1": "changed@example.com",
            "date_modified": "2026-03-02 09:00:00",
        }
    jane.set(id=ids[0], title="t")
    assert jane.emails(ids[0])[0]["id"] != row["id"], "the next save finds no row of that text, and makes one"


def test_a_linked_address_is_not_primary_and_moves_no_date(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="a@example.com")
    made = jane.ok("set_entry", module_name="EmailAddresses", name_value_list=values(email_address="b@example.com"))
    link = {"module_name": "Contacts", "module_id": contact, "link_field_name": "email_addresses"}
    jane.wire.clock.advance(60)
    primary = values(primary_address=1)
    done = jane.ok("set_relationship", **link, related_ids=[made["id"]], name_value_list=primary, delete=0)
    assert done == {"created": 1, "failed": 0, "deleted": 0}
    assert jane.get(contact, "email1", "email2", "date_modified") == {
        "email1": "a@example.com",
        "email2": "b@example.com",
        "date_modified": "2026-03-02 09:00:00",
    }


def test_the_flag_for_mail_clients_is_set_as_a_link(jane: Caller) -> None:
    me = jane.sim.first_user.id
    contact = jane.set(last_name="Lee", sync_contact=1)
    assert contact not in jane.sim.sync_flags[me]
    link = {"module_name": "Contacts", "module_id": contact, "link_field_name": "user_sync", "related_ids": [me]}
    jane.ok("set_relationship", **link, name_value_list=[], delete=0)
    assert contact in jane.sim.sync_flags[me]
    jane.ok("set_relationship", **link, name_value_list=[], delete=1)
    assert contact not in jane.sim.sync_flags[me]
    jane.set(id=contact, contacts_users_id=me)
    assert contact in jane.sim.sync_flags[me]
    unknown = jane.ok("set_relationship", **{**link, "link_field_name": "nosuch"}, name_value_list=[], delete=0)
    assert unknown == {"created": 0, "failed": 1, "deleted": 0}
