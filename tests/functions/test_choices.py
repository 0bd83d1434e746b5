"""What settings choose from: Google's labels, both sides' fields."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contact.fields import FIELDS
from shared.sync.settings import parse
from tests.functions.site import Browser, Site
from tests.simulators.sugar.fields import FieldDef

# -- labels ------------------------------------------------------------------------------------------


def test_labels_are_listed_by_name(web: Site, jane: Browser) -> None:
    account = web.world.people.account(jane.email)
    names = ["suppliers", "Customers", "Ümlaut"]
    ids = {name: account.label(name) for name in names}
    items = jane.get("labels").ok["items"]
    own = [(item["name"], item["id"]) for item in items if not item["system"]]
    assert own == [(name, ids[name]) for name in ("Customers", "suppliers", "Ümlaut")]
    assert [item["id"] for item in items if item["system"]] == ["contactGroups/myContacts", "contactGroups/starred"]


def test_every_label_that_is_listed_can_be_set(jane: Browser) -> None:
    made = jane.post("labels", "", {"name": "From Sugar"}).ok
    assert made["id"] in [item["id"] for item in jane.get("labels").ok["items"]]
    for item in jane.get("labels").ok["items"]:
        assert jane.patch("settings", label=item["id"]).ok["settings"]["label"] == item["id"]


def test_a_label_is_created_once(web: Site, jane: Browser) -> None:
    first = jane.post("labels", "", {"name": "From Sugar"}).ok
    with web.world.people_wire.counted() as calls:
        assert jane.post("labels", "", {"name": "  from   SUGAR "}).ok == first
    assert [call.request.method for call in calls] == ["GET"]


def test_a_create_whose_answer_is_lost_can_be_repeated(web: Site, jane: Browser) -> None:
    web.world.people_wire.fault("cut_after", method="POST", path="/contactGroups")
    answer = jane.post("labels", "", {"name": "From Sugar"})
    assert (answer.status, answer.json["type"]) == (502, "urn:contact-sync:odd-answer")
    assert jane.post("labels", "", {"name": "From Sugar"}).ok["name"] == "From Sugar"
    assert [item["name"] for item in jane.get("labels").ok["items"] if not item["system"]] == ["From Sugar"]


@pytest.mark.parametrize("name", ["", " ", "x" * 101, 7, None, "\u0000"])
def test_a_name_that_is_none(jane: Browser, name: object) -> None:
    assert jane.post("labels", "", {"name": name}).wrong == ["name"]


def test_labels_need_no_sugar_and_leave_the_grants_alone(web: Site) -> None:
    jane = web.jane(connected=False)
    web.clock.advance(4000)  # the access token is over
    written = web.world.store.written
    assert jane.get("labels").ok
    assert web.world.store.written == written


def test_a_grant_that_was_revoked_at_google(web: Site, jane: Browser) -> None:
    for token in list(web.world.people.oauth.grants):
        web.world.people.oauth.kill(token)
    answer = jane.get("labels")
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:not-connected")


def test_google_that_is_down(web: Site, jane: Browser) -> None:
    web.world.people_wire.fault("status", path="/contactGroups", times=None)
    answer = jane.get("labels")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


# -- fields ------------------------------------------------------------------------------------------


def test_canonical_fields_and_what_each_side_can_do(web: Site, jane: Browser) -> None:
    web.world.sugar.first_user.denied["department"] = {"write"}
    web.world.sugar.first_user.denied["assistant"] = {"read", "write"}
    assert jane.patch("settings", fields_off=["notes"]).ok
    fields = {field["name"]: field for field in jane.get("fields").ok["fields"]}
    assert list(fields) == list(FIELDS)
    assert [name for name, field in fields.items() if not field["on"]] == ["notes"]
    assert fields["last_name"]["sugar"] == {
        "native": "last_name",
        "writable": True,
        "required": True,
        "max_length": 100,
    }
    assert fields["company"]["sugar"]["writable"] is False
    assert fields["department"]["sugar"]["writable"] is False
    assert fields["assistant"]["sugar"] is None
    assert fields["suffix"]["sugar"] is None  # this instance has none
    assert fields["suffix"]["google"]["writable"] is True
    assert fields["emails"]["label"] == "Emails"


def test_further_fields_that_can_be_mapped(web: Site, jane: Browser) -> None:
    fields = web.world.sugar.fields
    fields["shoe_size_c"] = FieldDef("shoe_size_c", "varchar", 10)
    fields["secret_c"] = FieldDef("secret_c", "password", 10)
    fields["boss_c"] = FieldDef("boss_c", "link", source="non-db")
    assert jane.patch("settings", custom_fields={"lead_source": "Where from"}).ok
    further = {field["name"]: field for field in jane.get("fields", refresh=1).ok["further"]}
    assert further["shoe_size_c"] == {
        "name": "shoe_size_c",
        "label": "Shoe size",
        "type": "varchar",
        "writable": True,
        "max_length": 10,
        "mapped_to": None,
    }
    assert further["lead_source"]["mapped_to"] == "Where from"
    assert further["lead_source"]["writable"] is False  # a list of options: what is no option would stay as one
    assert not {"secret_c", "boss_c", "portal_password", "id", "first_name", "assigned_user_id"} & set(further)


def test_everything_that_is_offered_can_be_set(jane: Browser) -> None:
    further = jane.get("fields").ok["further"]
    assert further
    mapped = {field["name"]: field["label"] for field in further}
    parse({"custom_fields": mapped})
    assert jane.patch("settings", custom_fields=mapped).ok["settings"]["custom_fields"] == mapped


def test_sugar_is_asked_once_a_day_or_when_wanted(web: Site, jane: Browser) -> None:
    def asked(**query: int) -> int:
        with web.world.sugar_wire.counted() as calls:
            assert jane.get("fields", **query).ok
        return sum(call.request.path.endswith("/metadata") for call in calls)

    assert [asked(), asked(), asked(refresh=1), asked()] == [1, 0, 1, 0]
    for _ in range(25):
        web.clock.advance(3600)
        assert jane.get("settings").ok  # stays signed in
    assert [asked(), asked()] == [1, 0]


def test_during_a_run_yesterdays_fields_will_do(web: Site, jane: Browser) -> None:
    assert jane.get("fields").ok
    asked_at = jane.get("fields").ok["asked_at"]
    for _ in range(25):
        web.clock.advance(3600)
        assert jane.get("settings").ok
    web.hold(jane)
    assert jane.get("fields").ok["asked_at"] == asked_at
    assert jane.get("fields", refresh=1).status == 409
    web.clock.advance(timedelta(minutes=6).total_seconds())
    assert jane.get("fields").ok["asked_at"] > asked_at


def test_fields_need_sugar(web: Site) -> None:
    jane = web.jane(connected=False)
    answer = jane.get("fields")
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:not-connected")


@pytest.mark.parametrize("value", ["perhaps", "2", ""])
def test_refresh_is_yes_or_no(jane: Browser, value: str) -> None:
    assert jane.get("fields", refresh=value).wrong == ["query.refresh"]
