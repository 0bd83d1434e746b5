"""Answers that Google never gives: what was once taken for the truth, or broke a run, in small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import AmbiguousError, ProtocolError, ScopeMissing
from shared.people import persons
from shared.people.elements import Malformed, entries
from shared.people.feed import MAX_TOKEN, row_terms
from shared.people.oauth import Tokens, granted
from shared.side import Done, InDoubt, Record
from tests.people.contacts import contact, field_map
from tests.people.world import World
from tests.simulators.wire import Reply, Request

BATCH, LIST = "people:batchGet", "people/me/connections"
ANN = {"names": [{"givenName": "Ann", "familyName": "Smith"}], "emailAddresses": [{"value": "ann@x.org"}]}
OWN = {"metadata": {"source": {"type": "CONTACT", "id": "1"}}}

Garble = Callable[[Request, Reply], Reply]


def members(**members: Any) -> Garble:
    return lambda _, reply: replace(reply, body={**reply.body, **members})


def people(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Garble:
    """The same answer with other persons."""

    def garble(_: Request, reply: Reply) -> Reply:
        body = dict(reply.body)
        if "connections" in body:
            body["connections"] = [change(each) for each in body["connections"]]
        if "responses" in body:
            body["responses"] = [{**each, "person": change(each["person"])} for each in body["responses"]]
        return replace(reply, body=body)

    return garble


# -- the feed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nextPageToken", "nextSyncToken"])
@pytest.mark.parametrize(
    "token", ["\ud800", "é", "a\nb", "x" * (MAX_TOKEN + 1), 7, []], ids=["half", "é", "break", "long", "7", "list"]
)
def test_a_token_that_could_not_be_stored_or_sent(world: World, name: str, token: Any) -> None:
    world.account.add(ANN)
    world.wire.fault("garble", path=LIST, garble=members(**{name: token}))
    with pytest.raises(ProtocolError, match=name):
        world.side.page(world.side.start_full())
    assert len(world.listing()[0]) == 1


@pytest.mark.parametrize("name", ["people/..", "people/.", "people/.x", "people/", "people/a/b", "people/\ud800"])
def test_a_name_that_is_another_address(world: World, name: str) -> None:
    world.account.add(ANN)
    world.wire.fault("garble", path=LIST, garble=people(lambda person: {**person, "resourceName": name}))
    with pytest.raises(ProtocolError, match="resourceName"):
        world.side.page(world.side.start_full())


@pytest.mark.parametrize("former", ["people/..", "x", "people/\ud800", 7])
def test_a_former_name_that_is_none(former: Any) -> None:
    with pytest.raises(ProtocolError, match="previousResourceNames"):
        persons.checked({"resourceName": "people/c1", "metadata": {"previousResourceNames": [former]}}, "call")


@pytest.mark.parametrize(
    "etag", ["\ud800", "", None, 7, "x" * 501, "a\nb"], ids=["half", "", "null", "7", "long", "break"]
)
def test_what_comes_without_an_etag_is_not_the_whole_of_a_person(world: World, etag: Any) -> None:
    """A row without one may have lost our key, a read without one its contents."""
    names = [world.account.add(ANN), world.account.add(ANN)]

    def spoil(person: dict[str, Any]) -> dict[str, Any]:
        sources = [{**source, "etag": etag} for source in person["metadata"]["sources"]]
        return {**person, "etag": etag, "metadata": {**person["metadata"], "sources": sources}}

    world.wire.fault("garble", path=LIST, garble=people(spoil))
    with pytest.raises(ProtocolError, match="etag"):
        world.side.page(world.side.start_full())
    world.wire.fault("garble", path=BATCH, garble=people(spoil))
    with pytest.raises(ProtocolError, match="etag"):
        world.side.read(names)
    world.wire.fault("garble", path=names[0], garble=lambda _, reply: replace(reply, body=spoil(reply.body)))
    with pytest.raises(ProtocolError, match="etag"):
        world.side.read(names[:1])
    assert isinstance(world.record(names[0]), Record)


@pytest.mark.parametrize("wrong", [7, None, {}, "", "missing"])
@pytest.mark.parametrize("people_field", ["emailAddresses", "phoneNumbers"])
def test_a_row_whose_emails_and_phones_are_no_texts_has_no_terms_by_which_it_is_found(
    people_field: str, wrong: Any
) -> None:
    """Without its terms the contact would be created a second time."""
    person = {people_field: [{} if wrong == "missing" else {"value": wrong}]}
    with pytest.raises(ProtocolError, match=people_field):
        row_terms(person, "US")


def test_a_row_without_a_name_or_with_half_of_one_has_terms() -> None:
    assert len(row_terms({"emailAddresses": [{"value": "ann@x.org"}]}, "US")) == 1
    assert row_terms({"names": [{"givenName": "Ann"}]}, "US")
    with pytest.raises(ProtocolError, match="names"):
        row_terms({"names": [{"givenName": 7}]}, "US")


@pytest.mark.parametrize("entry", [{"key": 7, "value": "k"}, {"key": {}}, {"key": "sugar-contact-sync", "value": None}])
def test_our_key_in_a_form_that_is_none_is_not_overlooked(entry: dict[str, Any]) -> None:
    """Overlooked, what we created ourselves would be taken for the user's own."""
    with pytest.raises(ProtocolError, match="clientData"):
        persons.checked({"resourceName": "people/c1", "clientData": [entry]}, "call")


def test_only_what_can_be_a_key_is_one() -> None:
    values = ["good", "\ud800", "", "x" * 600]
    person = {"clientData": [{"key": "sugar-contact-sync", "value": value} for value in values]}
    assert persons.planted(person) == ("good",)


# -- reading -----------------------------------------------------------------------------------------


def test_one_person_twice_with_different_contents_is_believed_in_neither_form(world: World) -> None:
    names = [world.account.add(ANN), world.account.add({"names": [{"givenName": "Bob"}]})]

    def same_name(_: Request, reply: Reply) -> Reply:
        first = reply.body["responses"][0]["person"]["resourceName"]
        renamed = [{**each, "person": {**each["person"], "resourceName": first}} for each in reply.body["responses"]]
        return replace(reply, body={**reply.body, "responses": renamed})

    world.wire.fault("garble", path=BATCH, garble=same_name)
    with pytest.raises(ProtocolError, match="twice"):
        world.side.read(names)

    def twice(_: Request, reply: Reply) -> Reply:
        return replace(reply, body={**reply.body, "responses": reply.body["responses"] * 2})

    world.wire.fault("garble", path=BATCH, garble=twice)
    assert all(isinstance(record, Record) for record in world.side.read(names).values())


@pytest.mark.parametrize(
    ("people_field", "element"),
    [
        ("emailAddresses", {}),
        ("emailAddresses", {"type": "work", **OWN}),
        ("phoneNumbers", {"type": "work", **OWN}),
        ("phoneNumbers", {"value": None}),
        ("emailAddresses", {"value": "", "type": "work"}),
        ("urls", {"type": "work"}),
        ("nicknames", OWN),
        ("biographies", {"contentType": "TEXT_PLAIN"}),
        ("relations", {"type": "assistant"}),
        ("userDefined", {"key": "Blood type"}),
        ("names", OWN),
        ("organizations", {}),
        ("organizations", {"type": "work", "current": True, **OWN}),
        ("addresses", {"type": "home", "formattedType": "Home"}),
    ],
)
def test_an_element_that_says_nothing_is_not_read_as_one_that_was_taken_out(
    people_field: str, element: dict[str, Any]
) -> None:
    person = {"resourceName": "people/c1", people_field: [element]}
    with pytest.raises(Malformed):
        entries(person, people_field)
    view = field_map().view(person, {}, None)
    assert view.problems
    assert not any(problem.field in view.contact.values for problem in view.problems)


@pytest.mark.parametrize("kind", ["", "zq", "CONTACT\0", 7, [], {}])
def test_an_element_of_something_unknown_is_not_read_as_one_that_was_taken_out(kind: Any) -> None:
    person = {"emailAddresses": [{"value": "ann@x.org", "metadata": {"source": {"type": kind}}}]}
    assert field_map().view(person, {}, None).contact.emails is None


@pytest.mark.parametrize("kind", ["PROFILE", "DOMAIN_PROFILE", "OTHER_CONTACT"])
def test_an_element_of_a_profile_is_not_the_contacts_own(kind: str) -> None:
    person = {"emailAddresses": [{"value": "ann@x.org", "metadata": {"source": {"type": kind}}}]}
    view = field_map().view(person, {}, None)
    assert (view.contact.emails, view.problems) == ((), ())


def test_an_address_that_is_only_formatted_says_something() -> None:
    assert entries({"addresses": [{"formattedValue": "1 Main St"}]}, "addresses")


# -- tokens, and where answers lead ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "scope"])
@pytest.mark.parametrize("wrong", ["\ud800", "é", "a\nb", "x" * 9000, 7], ids=["half", "é", "break", "long", "7"])
def test_a_token_that_no_header_holds(name: str, wrong: Any) -> None:
    answer = {"access_token": "a", "expires_in": 3600, name: wrong}
    with pytest.raises(ProtocolError, match="token"):
        granted("call", Tokens("r"), answer, datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize("place", ["http://[zq", "gopher://example.invalid", "http://example.invalid:zq/", "/", "\xff"])
def test_a_redirect_of_a_write_proves_nothing_wherever_it_leads(world: World, place: str) -> None:
    world.wire.fault("garble", path="createContact", garble=lambda *_: Reply(302, b"", {"Location": place}))
    (outcome,) = world.create(contact("ann@x.org", last_name="Smith"))
    assert isinstance(outcome, InDoubt)
    assert isinstance(outcome.error, AmbiguousError)
    assert world.size == 1


def test_what_a_redirect_brings_along_is_read_within_the_bounds(world: World) -> None:
    """``requests`` would read all of it, to have it out of the way."""
    world.connect(max_answer=5000)
    long = Reply(302, b"x" * 6000, {"Location": "/"})
    world.wire.fault("garble", path="createContact", garble=lambda *_: long)
    (outcome,) = world.create(contact("ann@x.org", last_name="Smith"))
    assert isinstance(outcome, InDoubt)
    assert "larger than 5000 bytes" in outcome.error.message
    (outcome,) = world.create(contact("bob@x.org", last_name="Smith"))
    assert isinstance(outcome, Done)


def test_one_refresh_that_tells_of_fewer_scopes_is_not_remembered(world: World) -> None:
    """Else that one answer would stop the sync until somebody has granted again."""
    world.account.add(ANN)

    def fewer(_: Request, reply: Reply) -> Reply:
        return replace(reply, body={**reply.body, "scope": "openid"})

    world.wire.fault("garble", path="^/token$", garble=fewer)
    with pytest.raises(ScopeMissing):
        world.side.page(world.side.start_full())
    assert not world.saved
    world.connect()
    assert len(world.listing()[0]) == 1
