"""Merging what is a list: emails as a set, phones and addresses as slots whose other elements are private."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contact.emails import email_keys
from shared.names import SideName
from shared.side import Record
from shared.sync.link import Link
from shared.sync.plan.merge import Merged, advance_emails, merge
from shared.sync.plan.model import Env, Step
from shared.sync.plan.verdict import Verdict
from shared.sync.settings import Direction
from tests.sync.plan.make import GOOGLE, SUGAR, entry, env, google, link, sugar, there

A, B, C, D = (f"{name}@x.example" for name in "abcd")
NAMED: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
CLOSED = Direction(update=False)


def run(where: Env, known: Link, one: Record, two: Record) -> Merged:
    return merge(where, known, there(one), there(two))


def step(found: Merged, side: SideName) -> Step:
    return next(each for each in found.steps if each.side is side)


def sent(found: Merged) -> dict[SideName, set[str]]:
    """The addresses that are written, by side, in payloads and targets alike."""
    result: dict[SideName, set[str]] = {}
    for each in found.steps:
        assert each.target is not None
        if each.side is SUGAR:
            mails = {e["email_address"] for e in each.payload["email"]}
        else:
            mails = {e["value"] for e in each.payload["emailAddresses"]}
        assert mails == {e.address for e in each.target.emails or ()}
        result[each.side] = mails
    return result


# base, Sugar, Google, (open to Sugar, open to Google): what is written to each, and the base then advanced already.
ROWS: list[tuple[list[str] | None, list[str], list[str], str, dict[str, set[str]], list[str]]] = [
    (None, [A], [A], "sg", {}, [A]),
    (None, [A], [], "sg", {"google": {A}}, []),
    (None, [], [A], "sg", {"sugar": {A}}, []),
    (None, [A], [B], "sg", {"sugar": {A, B}, "google": {A, B}}, []),
    ([A], [A], [A], "sg", {}, [A]),
    ([A], [A, B], [A], "sg", {"google": {A, B}}, [A]),
    ([A], [A], [A, B], "sg", {"sugar": {A, B}}, [A]),
    ([A], [A, B], [A, C], "sg", {"sugar": {A, B, C}, "google": {A, B, C}}, [A]),
    ([A, B], [A], [A, B], "sg", {"google": {A}}, [A, B]),
    ([A, B], [A, B], [A], "sg", {"sugar": {A}}, [A, B]),
    ([A, B], [B], [A], "sg", {"sugar": set(), "google": set()}, [A, B]),
    ([A, B], [], [], "sg", {}, []),
    ([A], [B], [A], "sg", {"google": {B}}, [A]),
    ([A], [B], [B], "sg", {}, [B]),
    ([A], [A, B], [A], "s-", {}, [A]),
    ([A], [A], [A, B], "-g", {}, [A]),
    ([A, B], [A], [A, B], "s-", {}, [A, B]),
    ([A], [A, B], [A, C], "s-", {"sugar": {A, B, C}}, [A]),
    ([A], [A, B], [A, C], "-g", {"google": {A, B, C}}, [A]),
    ([A], [A, B], [A, C], "--", {}, [A]),
]


@pytest.mark.parametrize(("base", "in_sugar", "in_google", "ways", "writes", "then"), ROWS)
def test_emails_are_merged_as_a_set(
    base: list[str] | None,
    in_sugar: list[str],
    in_google: list[str],
    ways: str,
    writes: dict[str, set[str]],
    then: list[str],
) -> None:
    where = env(from_google=Direction(update="s" in ways), from_sugar=Direction(update="g" in ways))
    known = link(NAMED)
    known.base_emails = base
    found = run(where, known, sugar("s1", *in_sugar, **NAMED), google("people/g1", *in_google, **NAMED))
    assert sent(found) == {SideName(side): mails for side, mails in writes.items()}
    assert found.link.base_emails == then
    owed = writes.get("sugar", set(in_sugar)) != writes.get("google", set(in_google))
    assert [c.verdict for c in found.changes if c.verdict is Verdict.HELD] == [Verdict.HELD] * owed
    assert found.held is owed, "looked at again once the direction is open"


def test_what_is_told_of_emails() -> None:
    found = run(env(), link(NAMED, [A]), sugar("s1", A, B, **NAMED), google("people/g1", A, **NAMED))
    [change] = found.changes
    assert (change.name, change.sugar, change.google, change.base, change.why) == (
        "emails",
        f"{A}, {B}",
        A,
        A,
        "changed in Sugar",
    )
    known = link(NAMED)
    known.base_emails = None
    [change] = run(env(), known, sugar(**NAMED), google("people/g1", A, **NAMED)).changes
    assert (change.sugar, change.google, change.base, change.why) == ("", A, None, "missing in Sugar")


def test_the_primary_and_the_flags_are_sugars() -> None:
    one = sugar("s1", entry(B, opt_out=True), entry(A, primary=True), **NAMED)
    two = google("people/g1", C, B, A, **NAMED)
    [step] = run(env(), link(NAMED, [A, B]), one, two).steps
    assert step.side is SUGAR
    listed = [(e["email_address"], e["primary_address"], e["opt_out"]) for e in step.payload["email"]]
    assert listed == [(A, True, False), (B, False, True), (C, False, False)]


def test_a_replaced_address_keeps_its_opt_out() -> None:
    one = sugar("s1", entry(A, primary=True, opt_out=True), **NAMED)
    [step] = run(env(), link(NAMED, [A]), one, google("people/g1", B, **NAMED)).steps
    assert [(e["email_address"], e["primary_address"], e["opt_out"]) for e in step.payload["email"]] == [
        (B, True, True)
    ]


def test_googles_own_types_and_labels_stay_with_their_address() -> None:
    two = google(
        native={
            "names": [{"givenName": "Ann", "familyName": "Lee"}],
            "emailAddresses": [{"value": A, "type": "yacht", "displayName": "Aboard"}, {"value": "no address"}],
        }
    )
    where = env()
    known = link(NAMED, [A])
    found = run(where, known, sugar("s1", A, B, **NAMED), two)
    assert [e.trouble.value for e in found.entries] == ["unreadable value"], "what is no address has to be mended"
    two.native["emailAddresses"].pop()
    found = run(where, known, sugar("s1", A, B, **NAMED), two)
    assert step(found, GOOGLE).payload["emailAddresses"][0] == {"value": A, "type": "yacht", "displayName": "Aboard"}


def test_an_address_that_a_side_left_out_is_no_removal() -> None:
    known = link(NAMED, [A, B], dropped_emails={GOOGLE: [B]})
    found = run(env(), known, sugar("s1", A, B, **NAMED), google("people/g1", A, **NAMED))
    assert not found.changes
    assert found.link.base_emails == [A, B]
    # It is not sent again with the next write either.
    found = run(env(), known, sugar("s1", A, B, C, **NAMED), google("people/g1", A, **NAMED))
    assert sent(found) == {GOOGLE: {A, C}}


def test_an_address_that_was_left_out_once_and_is_new_again_is_sent_again() -> None:
    known = link(NAMED, [A], dropped_emails={GOOGLE: [B]})
    found = run(env(), known, sugar("s1", A, B, **NAMED), google("people/g1", A, **NAMED))
    assert sent(found) == {GOOGLE: {A, B}}


@pytest.mark.parametrize(
    ("base", "one", "two", "then"),
    [
        (None, {A, B}, {B, C}, {B}),
        ({A}, {B}, {B}, {B}),
        ({A, B}, {A}, {A, B}, {A, B}),
        ({A, B}, {A}, {A}, {A}),
        ({A}, {A, C}, {A, D}, {A}),
    ],
)
def test_the_base_of_emails_advances_where_both_hold_it_or_both_lack_it(
    base: set[str] | None, one: set[str], two: set[str], then: set[str]
) -> None:
    known = None if base is None else frozenset(base)
    assert advance_emails(known, frozenset(one), frozenset(two)) == sorted(then)


# -- phones and addresses ----------------------------------------------------------------------------

WORK = {"value": "+1 202 555 0100", "type": "work"}
HOME = {"value": "+1 202 555 0111", "type": "home"}
SECRET = {"value": "+1 202 555 0199", "type": "work"}
YACHT = {"value": "+1 202 555 0177", "type": "yacht"}


def phones(*elements: dict[str, Any]) -> Record:
    return google(native={"phoneNumbers": list(elements), "names": [{"givenName": "Ann", "familyName": "Lee"}]})


def linked(where: Env, one: Record, two: Record) -> Link:
    """The link once these two were merged for the first time; they have nothing to say to each other."""
    found = run(where, Link(id="l1", sugar_id="s1", google_id="people/g1"), one, two)
    assert not found.steps
    return found.link


def test_private_phones_are_never_promoted_and_never_touched() -> None:
    where = env()
    one = sugar(phone_work="(202) 555-0100", **NAMED)
    known = linked(where, one, phones(WORK, SECRET, YACHT))
    # The slot is edited in Sugar: only its element changes.
    found = run(where, known, sugar(phone_work="202-555-0122", **NAMED), phones(WORK, SECRET, YACHT))
    assert step(found, GOOGLE).payload["phoneNumbers"] == [{"value": "202-555-0122", "type": "work"}, SECRET, YACHT]
    # It is cleared in Sugar: only its element goes, and no private one takes its place.
    found = run(where, known, sugar(**NAMED), phones(WORK, SECRET, YACHT))
    assert step(found, GOOGLE).payload["phoneNumbers"] == [SECRET, YACHT]
    # It is deleted in Google: Sugar's is cleared, though a private one of the same type is there.
    found = run(where, known, one, phones(SECRET, YACHT))
    assert [(s.side, s.payload) for s in found.steps] == [(SUGAR, {"phone_work": ""})]
    # A private one is edited: nobody's business.
    found = run(where, known, one, phones(WORK, {**SECRET, "value": "+1 202 555 0198"}, YACHT))
    assert not found.steps


def test_an_element_that_was_never_agreed_on_is_not_overwritten() -> None:
    known = Link(id="l1", sugar_id="s1", google_id="people/g1")
    found = run(env(), known, sugar(phone_work="202-555-0122", **NAMED), phones(WORK))
    assert step(found, GOOGLE).payload["phoneNumbers"] == [{"value": "202-555-0122", "type": "work"}, WORK]
    [change] = found.changes
    assert (change.verdict, change.loser) == (Verdict.TO_GOOGLE, WORK["value"])


def test_addresses_are_merged_part_by_part() -> None:
    where = env()
    agreed: dict[str, Any] = {
        "primary_street": "1 Main St",
        "primary_city": "Springfield",
        "primary_postalcode": "12345",
    }
    one, two = sugar(**agreed, **NAMED), google(**agreed, **NAMED)
    known = linked(where, one, two)
    two = google(**{**agreed, "primary_city": "Shelbyville"}, **NAMED)
    found = run(where, known, sugar(**{**agreed, "primary_postalcode": "54321"}, **NAMED), two)
    assert step(found, SUGAR).payload == {"primary_address_city": "Shelbyville"}
    [address] = step(found, GOOGLE).payload["addresses"]
    assert (address["streetAddress"], address["city"], address["postalCode"]) == ("1 Main St", "Shelbyville", "54321")


def test_the_key_is_planted_only_inside_a_write() -> None:
    where = env()
    assert not run(where, link(NAMED), sugar(**NAMED), google(**NAMED)).steps
    found = run(where, link(NAMED), sugar(title="x", **NAMED), google(**NAMED))
    assert step(found, GOOGLE).payload["clientData"] == [{"key": "sugar-contact-sync", "value": "l1"}]
    assert "clientData" not in run(where, link(NAMED), sugar(**NAMED), google(title="x", **NAMED)).steps[0].payload


def test_the_addresses_that_are_compared() -> None:
    found = run(env(), link(NAMED, [A]), sugar("s1", A.upper(), **NAMED), google("people/g1", A, **NAMED))
    assert not found.changes
    target = run(env(), link(NAMED, [A]), sugar("s1", A.upper(), B, **NAMED), google("people/g1", A, **NAMED))
    assert email_keys(step(target, GOOGLE).target.emails or ()) == {A, B}  # type: ignore[union-attr]
