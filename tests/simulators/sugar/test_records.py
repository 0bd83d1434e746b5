"""Facts about records and bulks; ``FACTS.md`` says which test stands for which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.sugar.caller import Caller, serving


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller


# -- records -------------------------------------------------------------------------------------------


def test_create_answers_the_full_record(jane: Caller) -> None:
    body = {"last_name": "Lovelace", "first_name": "Ada", "email": [{"email_address": "ada@example.org"}]}
    record = jane.ok("POST", "Contacts", body)
    assert record["full_name"] == "Ada Lovelace"
    assert record["created_by"] == record["assigned_user_id"] == jane.sim.first_user.id
    assert record["date_entered"] == record["date_modified"] == "2026-03-02T04:00:00-05:00"
    assert record["email"] == [
        {"email_address": "ada@example.org", "primary_address": True}
        | {"invalid_email": False, "opt_out": False, "reply_to_address": False}
    ]
    assert jane.ok("GET", f"Contacts/{record['id']}") == record


def test_update_is_partial_and_answers_the_full_record(jane: Caller) -> None:
    contact = jane.sim.add(last_name="Lovelace", title="Countess", email=["ada@example.org"])
    jane.wire.clock.advance(5)
    record = jane.ok("PUT", f"Contacts/{contact}", {"title": "Analyst"})
    assert (record["title"], record["last_name"]) == ("Analyst", "Lovelace")
    assert record["date_modified"] == "2026-03-02T04:00:05-05:00"
    assert record["email"][0]["email_address"] == "ada@example.org"


def test_delete_is_soft(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", email=["l@example.org"])
    assert jane.ok("DELETE", f"Contacts/{contact}") == {"id": contact}
    assert jane.sim.get(contact)["deleted"] is True
    for method, body in (("GET", None), ("PUT", {"title": "x"}), ("DELETE", None)):
        jane.refused(404, "not_found", method, f"Contacts/{contact}", body)
    assert jane.filter({"email_addresses.email_address": "l@example.org"}, deleted=True) == []


def test_lost_visibility_looks_like_not_found(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L")
    jane.sim.hide(contact)
    jane.refused(404, "not_found", "GET", f"Contacts/{contact}")
    assert jane.filter(deleted=True) == []
    jane.sim.show(contact)
    assert jane.filter() == [contact]


def test_no_right_to_write_is_403(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L")
    jane.sim.protect(contact)
    jane.refused(403, "not_authorized", "PUT", f"Contacts/{contact}", {"title": "x"})
    jane.refused(403, "not_authorized", "DELETE", f"Contacts/{contact}")
    jane.sim.first_user.may_create = False
    jane.refused(403, "not_authorized", "POST", "Contacts", {"last_name": "x"})


def test_writes_are_not_validated(jane: Caller) -> None:
    body = {"first_name": "x" * 101, "salutation": "Nonesuch", "no_such_field": 1, "full_name": "Y", "phone_work": 5}
    record = jane.ok("POST", "Contacts", body)
    assert record["first_name"] == "x" * 100
    assert (record["last_name"], record["salutation"], record["phone_work"]) == ("", "Nonesuch", "5")
    assert "no_such_field" not in record


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("last_name", 100),
        ("phone_fax", 100),
        ("department", 255),
        ("primary_address_street", 150),
        ("alt_address_city", 100),
        ("alt_address_postalcode", 20),
        ("assistant", 75),
    ],
)
def test_long_text_is_cut_to_the_declared_length(jane: Caller, name: str, length: int) -> None:
    fields = jane.ok("GET", "metadata?type_filter=modules&module_filter=Contacts")["modules"]["Contacts"]["fields"]
    assert fields[name]["len"] == length
    assert jane.ok("POST", "Contacts", {name: "é" * (length + 1)})[name] == "é" * length


def test_a_stale_timestamp_is_409(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L")
    seen = jane.ok("GET", f"Contacts/{contact}")["date_modified"]
    jane.wire.clock.advance(1)
    assert jane.ok("PUT", f"Contacts/{contact}", {"title": "x"}, X_Timestamp=seen)["title"] == "x"
    jane.refused(409, "edit_conflict", "PUT", f"Contacts/{contact}", {"title": "y"}, X_Timestamp=seen)
    assert jane.sim.get(contact)["title"] == "x"


def test_sync_key_is_for_administrators(jane: Caller) -> None:
    jane.refused(403, "not_authorized", "PATCH", "Contacts/sync_key/k1", {"last_name": "x"})
    jane.sim.add_user("admin", "pw", admin=True)
    jane.sign_in("admin", "pw")
    first = jane.ok("PATCH", "Contacts/sync_key/k1", {"last_name": "x"})
    assert jane.ok("PATCH", "Contacts/sync_key/k1", {"last_name": "y"}) == first
    assert jane.sim.get(first["record"])["last_name"] == "y"


def test_a_written_list_of_emails_replaces_the_old_one(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", email=["a@example.org", {"email_address": "b@example.org", "opt_out": True}])
    new = [{"email_address": "b@example.org", "opt_out": True}, {"email_address": "c@example.org"}]
    emails = jane.ok("PUT", f"Contacts/{contact}", {"email": new})["email"]
    assert [(e["email_address"], e["primary_address"], e["opt_out"]) for e in emails] == [
        ("b@example.org", True, True),
        ("c@example.org", False, False),
    ]
    assert jane.ok("PUT", f"Contacts/{contact}", {"email": []})["email"] == []


def test_exactly_one_email_is_primary(jane: Caller) -> None:
    new = [{"email_address": f"{name}@example.org", "primary_address": name in "bc"} for name in "abc"]
    emails = jane.ok("POST", "Contacts", {"email": [*new, {"email_address": "B@EXAMPLE.ORG"}]})["email"]
    assert [e["primary_address"] for e in emails] == [False, True, False]


def test_acl_names_only_what_is_denied(jane: Caller) -> None:
    contact = jane.sim.add(last_name="L", title="T", phone_home="1")
    jane.sim.first_user.denied.update({"title": {"write"}, "phone_home": {"read", "write"}})
    record = jane.ok("GET", f"Contacts/{contact}")
    assert record["_acl"]["fields"]["title"] == {"create": "no", "write": "no"}
    assert "phone_home" not in record
    jane.refused(403, "not_authorized", "PUT", f"Contacts/{contact}", {"title": "x"})
    jane.refused(403, "not_authorized", "POST", "Contacts/filter", {"filter": [{"phone_home": "1"}]})


def test_flags_belong_to_the_user(jane: Caller) -> None:
    me, joe = jane.sim.first_user.id, jane.sim.add_user("joe", "pw")
    contact = jane.sim.add(last_name="L")
    record = jane.ok("PUT", f"Contacts/{contact}", {"my_favorite": True, "sync_contact": True})
    assert (record["my_favorite"], record["sync_contact"]) == (True, True)
    assert (jane.sim.favorites[me], jane.sim.sync_flags[me], jane.sim.favorites[joe]) == ({contact}, {contact}, set())
    jane.sign_in("joe", "pw")
    assert jane.ok("GET", f"Contacts/{contact}")["sync_contact"] is False
    jane.wire.clock.advance(9)
    assert jane.ok("PUT", f"Contacts/{contact}/favorite")["my_favorite"] is True
    assert jane.ok("PUT", f"Contacts/{contact}/unfavorite")["date_modified"] == record["date_modified"]


def test_the_accounts_name_is_read_through_its_id(jane: Caller) -> None:
    account = jane.sim.add_account("ACME")
    record = jane.ok("POST", "Contacts", {"last_name": "L", "account_name": "Nope", "account_id": account})
    assert (record["account_id"], record["account_name"]) == (account, "ACME")
    jane.wire.clock.advance(9)
    jane.sim.rename_account(account, "ACME Inc.")
    fresh = jane.ok("GET", f"Contacts/{record['id']}")
    assert (fresh["account_name"], fresh["date_modified"]) == ("ACME Inc.", record["date_modified"])


def test_duplicate_check(jane: Caller) -> None:
    ada, _ = jane.sim.add(first_name="Ada", last_name="Lovelace"), jane.sim.add(first_name="Ada", last_name="Byron")
    found = jane.ok("POST", "Contacts/duplicateCheck", {"first_name": "ada", "last_name": "Lovelace"})
    assert found["next_offset"] == -1
    assert [record["id"] for record in found["records"]] == [ada]


# -- bulk ----------------------------------------------------------------------------------------------


def test_bulk_goes_on_after_a_failure_and_undoes_nothing(jane: Caller) -> None:
    answers = jane.bulk(
        ("POST", "Contacts", {"last_name": "One"}),
        ("PUT", "Contacts/nope", {"last_name": "Two"}),
        ("POST", "Contacts/filter", {"filter": [{"last_name": "One"}], "fields": "last_name"}),
    )
    assert [answer["status"] for answer in answers] == [200, 404, 200]
    assert all(set(answer) == {"contents", "headers", "status"} for answer in answers)
    assert answers[1]["contents"]["error"] == "not_found"
    assert answers[2]["contents"]["records"][0]["id"] == answers[0]["contents"]["id"]


def test_bulk_data_is_a_json_string(jane: Caller) -> None:
    item = {"url": "/v11/Contacts", "method": "POST", "data": {"last_name": "X"}}
    (answer,) = jane.ok("POST", "bulk", {"requests": [item]})
    assert (answer["status"], answer["contents"]["error"]) == (422, "invalid_parameter")
    assert jane.sim.contacts() == {}


def test_bulk_urls_start_at_the_version(jane: Caller) -> None:
    statuses = [
        jane.ok("POST", "bulk", {"requests": [{"url": url}]})[0]["status"]
        for url in ("/v11/Contacts?max_num=1", "v11_10/me", "/Contacts", "/v12/Contacts")
    ]
    assert statuses == [200, 200, 301, 301]
