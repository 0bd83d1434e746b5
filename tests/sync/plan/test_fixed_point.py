"""Planning, writing and settling come to rest: whatever was edited, the second plan has nothing to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from shared.contact.emails import email_keys
from shared.contact.fields import FIELDS, Kind
from shared.side import Record
from shared.sync.link import Link
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.merge import look, open_to
from shared.sync.plan.model import Action, Decision, Env
from shared.sync.settings import ConflictRule, Direction
from shared.sync.settle import settle
from tests.sync.plan.make import GOOGLE, SUGAR, after, answers, differing, entry, env, google, link, subject, sugar

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

VALUES: dict[Kind, list[str]] = {
    Kind.LINE: ["", "a", "B", "Ünal  x", "🎉"],
    Kind.TEXT: ["", "a", "a\r\nb", "b\nc"],
    Kind.PHONE: ["", "202-555-0100", "(202) 555-0100", "+1 202 555 0111", "ext 5"],
    Kind.DATE: ["", "1970-12-31", "1980-01-01"],
    Kind.URL: ["", "https://a.example", "a.example/", "b.example/x"],
}
NAMES = [
    *("first_name", "last_name", "title", "company", "department", "nickname", "birthday", "website", "notes"),
    *("phone_work", "phone_mobile", "phone_home", "primary_street", "primary_city", "alt_city", "assistant"),
]
MAILS = ["a@x.example", "B@x.example", "b@X.example", "c@x.example"]
SECRET = [{"value": "+1 202 555 0199", "type": "pager"}, {"value": "+1 202 555 0188", "type": "yacht"}]


@st.composite
def contacts(draw: st.DrawFn) -> dict[str, Any]:
    """Some values and emails; everybody has a last name."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))
    values = {name: draw(st.sampled_from(VALUES[FIELDS[name].kind])) for name in chosen}
    if not values.get("last_name"):
        values["last_name"] = "Lee"
    return {"values": values, "emails": draw(st.lists(st.sampled_from(MAILS), max_size=3))}


def unlike(one: dict[str, Any], draw: st.DrawFn) -> dict[str, Any]:
    """That contact, with some of it edited."""
    edits = draw(contacts())
    emails = edits["emails"] if draw(st.booleans()) else one["emails"]
    return {"values": {**one["values"], **edits["values"]}, "emails": emails}


def in_sugar(contact: dict[str, Any]) -> Record:
    mails = dict.fromkeys(contact["emails"])
    listed = [entry(mail, primary=n == 0, opt_out=n == 1) for n, mail in enumerate(mails)]
    return sugar("s1", *listed, **contact["values"])


def in_google(contact: dict[str, Any], secret: bool) -> Record:
    record = google("people/g1", *contact["emails"], **contact["values"])
    if secret:
        record.native["phoneNumbers"] = [*record.native.get("phoneNumbers", []), *SECRET]
    return record


switches = st.builds(
    lambda to_google, to_sugar, rule: {
        "from_sugar": Direction(update=to_google),
        "from_google": Direction(update=to_sugar),
        "conflict": rule,
    },
    st.booleans() | st.just(True),
    st.booleans() | st.just(True),
    st.sampled_from(ConflictRule),
)


def one_round(where: Env, known: Link | None, one: Record, two: Record) -> tuple[Decision, Link, Record, Record]:
    """A plan, its writes, and what they come to."""
    given = [subject(one, two, known)] if known else [subject(one, None, key="l1"), subject(None, two, key="k2")]
    [decision] = plan_batch(where, given, []).decisions
    out = settle(where, decision, answers(decision), NOW, known)
    records = after(decision)
    mine, theirs = records[SUGAR], records[GOOGLE]
    assert mine is not None
    assert theirs is not None
    result = out.link or known or decision.link
    assert result is not None
    return decision, result, mine, theirs


def at_rest(where: Env, known: Link, one: Record, two: Record) -> None:
    """Nothing is written any more, and both agree wherever a direction is open."""
    decision, then, _, _ = one_round(where, known, one, two)
    assert decision.steps == (), "a second plan has nothing to write"
    if decision.action is Action.PARK:
        return
    pair = look(where, then, one, two)
    asked = {field.name for entry in decision.entries for field in entry.fields}
    for name in differing(where, then, one, two):
        base = then.base.get(name)
        both = open_to(where, SUGAR, name, pair.google.get(name)) and open_to(where, GOOGLE, name, pair.sugar.get(name))
        assert name in asked or not both, f"{name}: {base!r}, {pair.sugar.get(name)!r}, {pair.google.get(name)!r}"
    if where.settings.from_sugar.update and where.settings.from_google.update:
        assert email_keys(pair.sugar.emails or ()) == email_keys(pair.google.emails or ())


def private(record: Record) -> list[dict[str, Any]]:
    return [phone for phone in record.native.get("phoneNumbers", []) if phone in SECRET]


@st.composite
def edited(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool]:
    base = draw(contacts())
    return base, unlike(base, draw), unlike(base, draw), draw(st.booleans())


@tries(max_examples=100)
@given(case=edited(), changes=switches)
def test_edits_on_both_sides_come_to_rest(
    case: tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool], changes: dict[str, Any]
) -> None:
    base, mine, theirs, secret = case
    calm = env()
    agreed = in_google(base, secret)
    _, known, _, _ = one_round(calm, link(), in_sugar(base), agreed)
    where = env(**changes)
    decision, then, one, two = one_round(where, known, in_sugar(mine), in_google(theirs, secret))
    at_rest(where, then, one, two)
    if secret and decision.action is not Action.PARK:
        assert private(two) == SECRET, "private phones are untouched"


@tries(max_examples=60)
@given(case=edited(), changes=switches)
def test_linking_comes_to_rest(
    case: tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool], changes: dict[str, Any]
) -> None:
    _, mine, theirs, secret = case
    mine["emails"] = [*mine["emails"], "same@x.example"]
    theirs["emails"] = ["same@x.example", *theirs["emails"]]
    where = env(**changes)
    decision, then, one, two = one_round(where, None, in_sugar(mine), in_google(theirs, secret))
    if decision.action is Action.LINK:
        at_rest(where, then, one, two)
        assert not secret or private(two) == SECRET


@tries(max_examples=40)
@given(contact=contacts(), to_google=st.booleans())
def test_creating_comes_to_rest(contact: dict[str, Any], to_google: bool) -> None:
    where = env()
    one, two = (in_sugar(contact), None) if to_google else (None, in_google(contact, secret=True))
    [decision] = plan_batch(where, [subject(one, two, key="l1")], []).decisions
    assert decision.action is Action.CREATE
    out = settle(where, decision, answers(decision), NOW, None)
    records = after(decision)
    mine, theirs = records[SUGAR], records[GOOGLE]
    assert out.link is not None
    assert mine is not None
    assert theirs is not None
    at_rest(where, out.link, mine, theirs)
