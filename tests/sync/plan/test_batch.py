"""The plan of a batch: what is created, what waits, and where a vanished contact may have gone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import Op, SideName
from shared.people.fields import KEY_NAME
from shared.side import Record
from shared.sugar.metadata import NativeField
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Candidate, Decision, Env, Half, Presence, Subject, Trouble
from shared.sync.plan.pair import DOUBT
from shared.sync.plan.verdict import Verdict
from shared.sync.settings import Direction
from tests.sync.plan.make import (
    ALL_OFF,
    GOOGLE,
    SUGAR,
    entry,
    env,
    gone,
    google,
    link,
    missing,
    parked,
    shown,
    subject,
    sugar,
)

ANN: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
MAIL, OTHER = "ann@x.example", "other@x.example"
WORK, HOME = "202-555-0143", "202-555-0199"

both_sides = pytest.mark.parametrize("side", list(SideName))


def of(side: SideName, *emails: str, **more: Any) -> Record:
    return sugar("s1", *emails, **more) if side is SUGAR else google("people/g1", *emails, **more)


def alone(record: Record | Half, side: SideName, **more: Any) -> Subject:
    one, two = (record, None) if side is SUGAR else (None, record)
    return subject(one, two, key="k1", **more)


def plan(given: Subject, *candidates: Candidate, where: Env | None = None) -> Decision:
    [decision] = plan_batch(where or env(), [given], candidates).decisions
    return decision


# -- creating ----------------------------------------------------------------------------------------


def test_a_new_contact_is_created_in_google_with_our_key() -> None:
    record = sugar("s1", entry(MAIL, primary=True, opt_out=True), OTHER, company="Acme", phone_work=WORK, **ANN)
    found = plan(alone(record, SUGAR))
    assert (found.action, found.why, found.asleep) == (Action.CREATE, "new in Sugar", False)
    [step] = found.steps
    assert (step.side, step.op, step.id) == (GOOGLE, Op.CREATE, "")
    assert step.payload["clientData"] == [{"key": KEY_NAME, "value": "k1"}]
    assert step.payload["names"] == [{"givenName": "Ann", "familyName": "Lee"}]
    assert [e["value"] for e in step.payload["emailAddresses"]] == [MAIL, OTHER]
    assert found.link is not None
    assert (found.link.id, found.link.sugar_id, found.link.google_id) == ("k1", "s1", "")
    assert (found.link.base, found.link.base_emails, found.link.versions) == ({}, None, {SUGAR: "s-new"})
    told = {c.name: (c.verdict, c.sugar, c.google, c.why) for c in found.fields}
    assert told == {
        "first_name": (Verdict.TO_GOOGLE, "Ann", "", "new"),
        "last_name": (Verdict.TO_GOOGLE, "Lee", "", "new"),
        "company": (Verdict.TO_GOOGLE, "Acme", "", "new"),
        "phone_work": (Verdict.TO_GOOGLE, WORK, "", "new"),
        "emails": (Verdict.TO_GOOGLE, f"{MAIL}, {OTHER}", "", "new"),
    }


def test_a_new_contact_is_created_in_sugar_with_what_sugar_can_write() -> None:
    record = google("people/g1", MAIL, company="Acme", birthday="--05-12", title="Head", phone_work=WORK, **ANN)
    found = plan(alone(record, GOOGLE))
    [step] = found.steps
    assert (step.side, step.op) == (SUGAR, Op.CREATE)
    sent = {name: value for name, value in step.payload.items() if name != "email"}
    assert sent == {
        "assigned_user_id": "me",
        "first_name": "Ann",
        "last_name": "Lee",
        "title": "Head",
        "phone_work": WORK,
    }
    assert "company" not in step.changed, "goes one way only"
    assert "birthday" not in step.changed, "has no year"
    assert [(c.name, c.sugar, c.google) for c in found.fields if c.name == "title"] == [("title", "", "Head")]
    assert found.link is not None
    assert found.link.memo[GOOGLE]["phones"]["slots"]["phone_work"]["value"] == [WORK]


def test_a_lone_given_name_is_created_as_last_name_in_sugar() -> None:
    [step] = plan(alone(google(first_name="Cher"), GOOGLE)).steps
    assert step.payload["last_name"] == "Cher"
    assert step.target is not None
    assert (step.target.get("first_name"), step.target.get("last_name")) == ("Cher", "")


def test_emails_that_are_switched_off_or_may_not_be_read_are_not_created() -> None:
    [step] = plan(alone(google("people/g1", MAIL, **ANN), GOOGLE), where=env(fields_off=("emails",))).steps
    assert "email" not in step.payload
    denied = sugar("s1", MAIL, native={"_acl": {"fields": {"email": {"read": "no"}, "title": {"read": "no"}}}}, **ANN)
    [step] = plan(alone(denied, SUGAR)).steps
    assert "emailAddresses" not in step.payload
    assert "title" not in step.changed


def test_fields_that_the_other_side_does_not_have_are_not_created() -> None:
    record = google(middle_name="Q", website="https://a.example", **ANN)
    readonly = {"title": NativeField("varchar", readonly=True)}
    [step] = plan(alone(record, GOOGLE), where=env(lacks=("middle_name", "website"), native=readonly)).steps
    assert not {"middle_name", "website", "title"} & set(step.changed)


@both_sides
def test_the_switch_for_creating(side: SideName) -> None:
    switches: dict[str, Any] = {f"from_{side}": Direction(create=False)}
    where = env(**switches)
    found = plan(alone(of(side, MAIL, **ANN), side), where=where)
    assert (found.action, found.steps, found.asleep) == (Action.NOTHING, (), True)
    # The other direction's switches have no say in it.
    switches = {f"from_{side.other}": ALL_OFF}
    where = env(**switches)
    assert plan(alone(of(side, MAIL, **ANN), side), where=where).action is Action.CREATE


@both_sides
@pytest.mark.parametrize("unlisted", list(SideName))
def test_nothing_is_created_before_both_sides_were_listed(side: SideName, unlisted: SideName) -> None:
    found = plan(alone(of(side, MAIL, **ANN), side), where=env(listed={unlisted: False, unlisted.other: True}))
    assert (found.action, found.steps, found.wait_seconds) == (Action.WAIT, (), 60.0)


@both_sides
def test_a_blocked_create_waits(side: SideName) -> None:
    record = of(side, MAIL, **ANN)
    found = plan(alone(record, side, blocked=frozenset({side.other})))
    assert (found.action, found.steps, found.wait_seconds) == (Action.WAIT, (), 60.0)
    assert plan(alone(record, side, blocked=frozenset({side}))).action is Action.CREATE


def test_what_google_cannot_hold_is_asked_about() -> None:
    found = plan(alone(sugar(title="x" * 2000, **ANN), SUGAR))
    [asked] = found.entries
    assert (found.action, found.steps, asked.trouble) == (Action.PARK, (), Trouble.CANNOT_HOLD)
    assert [p.field for p in asked.problems] == ["title"]
    assert asked.message == "Google cannot hold it"


def test_what_sugar_cannot_hold_is_asked_about() -> None:
    found = plan(alone(google("people/g1", MAIL), GOOGLE))
    [asked] = found.entries
    assert (found.action, asked.trouble, {p.field for p in asked.problems}) == (
        Action.PARK,
        Trouble.CANNOT_HOLD,
        {"last_name"},
    )


@both_sides
def test_a_contact_that_is_too_large_as_a_whole_is_asked_about(side: SideName) -> None:
    found = plan(alone(of(side, MAIL, native={"custom": ["x" * 140_000]}, **ANN), side))
    [asked] = found.entries
    assert (found.action, found.steps, asked.trouble) == (Action.PARK, (), Trouble.CANNOT_HOLD)
    assert "too large" in asked.message


def test_what_is_no_value_is_asked_about() -> None:
    found = plan(alone(sugar(birthday="0000-00-00", **ANN), SUGAR))
    [asked] = found.entries
    assert (found.action, found.steps, asked.trouble) == (Action.PARK, (), Trouble.UNREADABLE)
    assert {p.field for p in asked.problems} == {"birthday"}


# -- without a decision about the other side ---------------------------------------------------------


@both_sides
def test_in_doubt_it_waits(side: SideName) -> None:
    found = plan(alone(of(side, MAIL, **ANN), side, doubt=True))
    assert (found.action, found.wait_seconds) == (Action.WAIT, DOUBT)


@both_sides
@pytest.mark.parametrize("presence", [Presence.GONE, Presence.MISSING])
def test_gone_before_it_was_linked(side: SideName, presence: Presence) -> None:
    found = plan(alone(gone("x") if presence is Presence.GONE else missing("x"), side))
    assert (found.action, found.steps, found.link) == (Action.CLOSE, (), None)


@both_sides
def test_quarantined(side: SideName) -> None:
    found = plan(parked(alone(of(side, MAIL, **ANN), side)))
    assert (found.action, found.entries) == (Action.NOTHING, ())


@both_sides
def test_outside_the_scope(side: SideName) -> None:
    found = plan(alone(of(side, MAIL, in_scope=False, **ANN), side))
    assert (found.action, found.steps, found.asleep) == (Action.NOTHING, (), False)


# -- where a vanished contact may have gone ----------------------------------------------------------


def vanished(side: SideName, base: dict[str, Any], emails: list[str]) -> Subject:
    """A linked contact, deleted on that side and untouched on the other."""
    known = link(base, emails, sugar_id="s1", google_id="people/g1")
    one, two = sugar("s1", *emails, **base), google("people/g1", *emails, **base)
    return subject(gone("s1") if side is SUGAR else one, gone("people/g1") if side is GOOGLE else two, known)


def heir(side: SideName, *emails: str, base: dict[str, Any] | None = None, **values: Any) -> Candidate:
    """Another linked contact on that side."""
    record = sugar("s7", *emails, **values) if side is SUGAR else google("people/g7", *emails, **values)
    known = link(base or {}, id="l7")
    known.on(side, record.id)
    return Candidate(side, record, known)


HEIRS = [
    ("its email", [MAIL], {}, {}, True),
    ("another email", [OTHER], {}, {}, False),
    ("its phone, new there", [], {"phone_home": "+1 202 555 0143"}, {}, True),
    ("its phone, in another slot before", [], {"phone_home": WORK}, {"phone_work": WORK}, False),
    ("its phone, there all along", [], {"phone_work": WORK}, {"phone_work": WORK}, False),
    ("another phone", [], {"phone_work": HOME}, {}, False),
]


@both_sides
@pytest.mark.parametrize(("case", "emails", "values", "before", "merged"), HEIRS, ids=[row[0] for row in HEIRS])
def test_a_vanished_contact_whose_email_or_phone_stands_elsewhere(
    side: SideName, case: str, emails: list[str], values: dict[str, Any], before: dict[str, Any], merged: bool
) -> None:
    lost = vanished(side, {**ANN, "phone_work": WORK}, [MAIL])
    found = plan(lost, heir(side, *emails, base=before, first_name="Bob", last_name="Roe", **values))
    if merged:
        assert [(e.trouble, e.candidates) for e in found.entries] == [
            (Trouble.MERGED, ("s:s7" if side is SUGAR else "g:people:g7",))
        ]
    else:
        assert found.action is Action.DELETE


@both_sides
def test_an_heir_may_stand_in_the_batch_itself(side: SideName) -> None:
    lost = vanished(side, ANN, [MAIL])
    records = sugar("s7", MAIL, last_name="Roe"), google("people/g7", MAIL, last_name="Roe")
    other = subject(*records, link({"last_name": "Roe"}, [MAIL], id="l7", sugar_id="s7", google_id="people/g7"))
    found = plan_batch(env(), [lost, other], []).decisions
    assert {d.subject.key: d.action for d in found} == {"l1": Action.PARK, "l7": Action.NOTHING}


@both_sides
def test_nobody_inherits_who_is_not_linked_or_on_the_other_side(side: SideName) -> None:
    lost = vanished(side, ANN, [MAIL])
    loose = Candidate(side, heir(side, MAIL).record, None)
    assert plan(lost, loose).action is Action.DELETE
    assert plan(lost, heir(side.other, MAIL)).action is Action.DELETE


def test_a_contact_is_not_its_own_heir() -> None:
    known = link(ANN, [MAIL])
    lost = subject(gone("s1"), google("people/g1", MAIL, **ANN), known)
    itself = Candidate(SUGAR, sugar("s1", MAIL, **ANN), known)
    assert plan(lost, itself).action is Action.DELETE


def test_whoever_carries_the_key_of_a_vanished_contact_is_its_heir() -> None:
    known = link(ANN, [MAIL])
    lost = subject(sugar("s1", MAIL, **ANN), gone("people/g1"), known)
    carrier = Candidate(GOOGLE, google("people/g2", last_name="Roe"), known)
    found = plan(lost, carrier)
    assert found.action is Action.PARK
    assert found.entries[0].candidates == ("g:people:g2",)


def test_without_emails_and_phones_there_is_nothing_to_inherit() -> None:
    lost = vanished(SUGAR, ANN, [])
    assert lost.link is not None
    lost.link.base_emails = None
    assert plan(lost, heir(SUGAR, MAIL)).action is Action.DELETE


def test_a_blank_contact_shows_nothing() -> None:
    assert not any(shown(env(), sugar()).values.values())
