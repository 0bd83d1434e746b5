"""Writes, and all that they do not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.sugar import SugarError
from tests.simulators.suitecrm import Switches
from tests.simulators.suitecrm.caller import Caller, bulk, serving, values


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


# -- what is lost ----------------------------------------------------------------------------------------


def test_writes_to_unknown_and_deleted_ids_are_answered_and_lost(jane: Caller) -> None:
    dead = jane.sim.add(last_name="Dead")
    jane.sim.remove(dead)
    before = jane.sim.get(dead)
    jane.wire.clock.advance(60)
    assert jane.set(id="unknown", last_name="Ghost") == "unknown"
    assert jane.set(id=dead, last_name="Zombie", deleted=0) == dead
    assert bulk(jane, values(id="unknown", title="t"), values(id=dead, title="t")).json() == {"ids": ["unknown", dead]}
    assert jane.sim.get(dead) == before
    assert "unknown" not in jane.sim.contacts(live=False)


def test_email1_counts_only_where_there_was_no_address(jane: Caller) -> None:
    contact = jane.set(last_name="Lee")
    jane.set(id=contact, email1="first@example.com", email2="second@example.com")
    jane.wire.clock.advance(60)
    jane.set(id=contact, email1="new@example.com")
    jane.set(id=contact, email1="")
    assert jane.get(contact, "email1", "email2", "date_modified") == {
        "email1": "first@example.com",
        "email2": "second@example.com",
        "date_modified": "2026-03-02 09:01:00",
    }


def test_nothing_is_validated(jane: Caller) -> None:
    contact = jane.set(email1="no address", birthdate="13/45/2001", title="x" * 150, salutation="Nonsense", nosuch="x")
    names = ("last_name", "email1", "birthdate", "title", "salutation")
    assert jane.get(contact, *names) == {
        "last_name": "",
        "email1": "",
        "birthdate": "",
        "title": "x" * 100,
        "salutation": "Nonsense",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1990-02-03", "1990-02-03"), ("02/03/1990", "1990-02-03"), ("03.02.1990", ""), ("1990-02-30", ""), ("", "")],
)
def test_dates_in_the_databases_form_or_the_users(jane: Caller, sent: str, kept: str) -> None:
    assert jane.get(jane.set(last_name="L", birthdate=sent), "birthdate") == {"birthdate": kept}


@pytest.mark.parametrize(("sent", "kept"), [(True, "1"), ("on", "1"), (0, "0"), ("false", "0"), ("no", "0"), ("", "0")])
def test_yes_and_no(jane: Caller, sent: Any, kept: str) -> None:
    assert jane.get(jane.set(last_name="L", do_not_call=sent), "do_not_call") == {"do_not_call": kept}


def test_half_a_surrogate_pair_is_no_json_and_nothing_is_stored(jane: Caller) -> None:
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_list": values(last_name="\ud83d")}
    assert jane.call("set_entry", arguments).text == "null"
    assert jane.sim.contacts() == {}


def test_what_the_server_sets_itself_cannot_be_sent(jane: Caller) -> None:
    old = "2001-01-01 00:00:00"
    contact = jane.set(last_name="L", date_modified=old, date_entered=old, created_by="x", modified_user_id="x")
    names = ("date_modified", "date_entered", "created_by", "modified_user_id", "assigned_user_id")
    me, now = jane.sim.first_user.id, "2026-03-02 09:00:00"
    assert list(jane.get(contact, *names).values()) == [now, now, me, me, ""]


def test_a_write_that_changes_nothing_moves_the_date(jane: Caller) -> None:
    contact = jane.set(last_name="Lee")
    jane.wire.clock.advance(60)
    jane.set(id=contact, last_name="Lee")
    assert jane.get(contact, "date_modified")["date_modified"] == "2026-03-02 09:01:00"


# -- creating --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [True, 1, "1", "true"])
def test_a_chosen_id_is_taken_once(jane: Caller, flag: Any) -> None:
    chosen = "aaaaaaaa-0000-4000-8000-000000000001"
    fields = {"id": chosen, "new_with_id": flag, "last_name": "Lee", "email1": "lee@example.com"}
    assert jane.set(**fields) == chosen
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_list": values(**fields)}
    assert jane.call("set_entry", arguments).status_code == 500
    jane.sim.remove(chosen)
    assert jane.call("set_entry", arguments).status_code == 500, "a tombstone keeps its id"
    assert len(jane.sim.contacts(live=False)) == 1


def test_set_entries_stops_at_the_first_failure_and_tells_no_ids(jane: Caller) -> None:
    taken = jane.sim.add(last_name="Taken")
    lists = [values(last_name="One"), values(id=taken, new_with_id=True), values(last_name="Three")]
    answer = bulk(jane, *lists)
    assert (answer.status_code, "ids" in answer.text) == (500, False)
    assert sorted(each["last_name"] for each in jane.sim.contacts().values()) == ["One", "Taken"]


def test_set_entries_passes_over_what_the_user_may_not_write(jane: Caller) -> None:
    mine, protected = jane.sim.add(last_name="Mine"), jane.sim.add(last_name="Protected")
    jane.sim.protect(protected)
    answer = bulk(jane, values(id=protected, title="t"), values(id=mine, title="t")).json()
    assert answer == {"ids": [mine]}
    denied = jane.ok("set_entry", module_name="Contacts", name_value_list=values(id=protected, title="t"))
    assert denied["number"] == 40
    jane.sim.unprotect(protected)
    jane.sim.first_user.may_delete = False
    assert bulk(jane, values(id=mine, deleted=1)).json() == {"ids": []}
    jane.sim.first_user.may_create = False
    assert bulk(jane, values(last_name="New")).json() == {"ids": []}


def test_set_entries_takes_a_create_for_a_contact_with_the_same_name_and_email(jane: Caller) -> None:
    there = jane.set(last_name="Lee", email1="lee@example.com", title="old")
    again = values(last_name="Lee", email1="lee@example.com", title="new")
    assert bulk(jane, again).json() == {"ids": [there]}
    assert jane.get(there, "title") == {"title": "old"}
    assert there in jane.sim.sync_flags[jane.sim.first_user.id]
    chosen = bulk(jane, [*again, *values(id="chosen", new_with_id=True)]).json()
    assert chosen == {"ids": ["chosen"]}, "with an id nothing is looked for"
    jane.sim.switches = Switches(bulk_finds_duplicates=False)
    assert bulk(jane, again).json()["ids"] != [there]


def test_only_set_entries_makes_the_account_that_is_named(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", account_name="Ada & Co")
    assert jane.get(contact, "account_name") == {}
    (other,) = bulk(jane, values(last_name="Other", account_name="Ada & Co")).json()["ids"]
    assert jane.get(other, "account_name") == {"account_name": "Ada & Co"}
    bulk(jane, values(id=other, account_name="Another"))
    assert jane.get(other, "account_name") == {"account_name": "Ada & Co"}
    bulk(jane, values(id=other, account_name=""))
    assert jane.get(other, "account_name") == {}
    jane.set(id=contact, account_id=jane.sim.state.account_ids["Ada & Co"])
    assert jane.get(contact, "account_name") == {"account_name": "Ada & Co"}


# -- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Tom & <Jerry", "Tom & &lt;Jerry"),
        ("a <script>x</script> b", "a  b"),
        ("R&amp;D &lt;3", "R&D &lt;3"),
        ("  padded ", "padded"),
        ("5 > 4 \"q\" 'a'", "5 &gt; 4 &quot;q&quot; &#039;a&#039;"),
        ("<b>bold</b> <blink>on</blink> <i></i>", "&lt;b&gt;bold&lt;/b&gt; on "),
        ("Ann <ann@example.com>", "Ann "),
        ("one\r\ntwo\rthree\x07\t!", "one\ntwo\nthree\t!"),
    ],
)
def test_text_is_cleaned_when_stored_and_escaped_when_read(jane: Caller, sent: str, read: str) -> None:
    assert jane.get(jane.set(description=sent), "description") == {"description": read}
    made_by_hand = jane.sim.add(last_name="L", description=sent)
    assert jane.get(made_by_hand, "description") == {"description": read}


def test_the_answer_to_a_write_is_escaped_otherwise_and_not_cut(jane: Caller) -> None:
    sent = values(last_name="Chloé & O'Neill", title="x" * 150, deleted=0, nosuch="x", sync_contact=1)
    answer = jane.ok("set_entry", module_name="Contacts", name_value_list=sent)["entry_list"]
    assert {name: each["value"] for name, each in answer.items()} == {
        "last_name": "Chlo&eacute; &amp;amp; O&#039;Neill",
        "title": "x" * 150,
        "deleted": 0,
    }


@pytest.mark.parametrize(("emoji", "read"), [("kept", "Lee 😀"), ("?", "Lee ?"), ("????", "Lee ????")])
def test_emoji_depend_on_the_database(emoji: Any, read: str) -> None:
    with serving(Switches(emoji=emoji)) as jane:
        assert jane.get(jane.set(last_name="Lee 😀"), "last_name") == {"last_name": read}


# -- the server's own logic ------------------------------------------------------------------------------


def test_hooks_change_what_is_saved_or_refuse_it(jane: Caller) -> None:
    jane.sim.hooks.before_save.append(lambda contact: {"title": "by hook"})
    assert jane.get(jane.set(last_name="Lee"), "title") == {"title": "by hook"}

    def refuse(contact: Any) -> None:
        raise SugarError("not_authorized")

    jane.sim.hooks.before_save.append(refuse)
    answer = bulk(jane, values(last_name="Refused"))
    assert (answer.status_code, answer.text) == (500, "")
    assert len(jane.sim.contacts()) == 1


def test_a_slow_save_has_the_date_of_its_start(jane: Caller) -> None:
    jane.sim.hooks.slow_save = 5
    contact = jane.set(last_name="Lee")
    assert jane.get(contact, "date_modified") == {"date_modified": "2026-03-02 09:00:00"}
    assert jane.wire.clock.now().second == 5


def test_a_long_set_entries_takes_its_time(jane: Caller) -> None:
    jane.sim.seconds_per_item = 2
    ids = bulk(jane, *(values(last_name=name) for name in "abc")).json()["ids"]
    dates = [jane.get(each, "date_modified")["date_modified"][-2:] for each in ids]
    assert dates == ["02", "04", "06"]


def test_deleting_by_set_entry_leaves_a_tombstone(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="lee@example.com")
    assert jane.set(id=contact, deleted=1) == contact
    assert jane.ids() == []
    assert jane.ids("contacts.deleted = 1", deleted=1) == [contact]


def test_what_is_no_list_of_values_ends_php(jane: Caller) -> None:
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_list": "x"}
    assert jane.call("set_entry", arguments).status_code == 500
    listed = {**arguments, "name_value_list": values(last_name=["x"])}
    assert jane.call("set_entry", listed).status_code == 500


def test_php_may_end_between_two_records_or_before_the_addresses(jane: Caller) -> None:
    lists = [values(last_name=name, email1=f"{name}@example.com") for name in ("a", "b", "c")]
    jane.sim.end_at(2)
    assert bulk(jane, *lists).status_code == 500
    assert [each["last_name"] for each in jane.sim.contacts().values()] == ["a"]
    jane.sim.end_at(1, halfway=True)
    assert bulk(jane, lists[1]).status_code == 500
    stored = {each["last_name"]: each["email1"] for each in jane.sim.contacts().values()}
    assert stored == {"a": "a@example.com", "b": ""}
    assert bulk(jane, lists[2]).status_code == 200


def test_a_save_without_emails_leaves_those_that_a_user_changes_meanwhile(jane: Caller) -> None:
    contact = jane.set(last_name="Lee", email1="old@example.com")
    jane.sim.edit(contact, slow=3, email=["new@example.com"])
    jane.sim.hooks.slow_save = 5
    jane.set(id=contact, title="t")
    assert jane.get(contact, "email1", "title") == {"email1": "new@example.com", "title": "t"}
