"""Who is the same person: certain matches are linked, everything else is asked about."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from shared.names import Op, SideName
from shared.side import Record
from shared.sync.link import Link, LinkState
from shared.sync.paths import subject_id
from shared.sync.plan.batch import Plan, plan_batch
from shared.sync.plan.model import Action, Answer, Candidate, Decision, Env, Subject, Trouble
from shared.sync.remedies import Remedy
from tests.sync.plan.make import GOOGLE, SUGAR, env, gone, google, link, parked, steps, subject, sugar

ANN: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
BOB: dict[str, Any] = {"first_name": "Bob", "last_name": "Roe"}
MAIL, OTHER = "ann@x.example", "other@x.example"
PHONE = "202-555-0143"


def s(record: str = "s1", *emails: str, **more: Any) -> Record:
    return sugar(record, *emails, **more)


def g(record: str = "people/g1", *emails: str, **more: Any) -> Record:
    return google(record, *emails, **more)


def ids_of(known: Link, side: SideName, mine: str, theirs: str) -> Link:
    """The link of these two records, ``mine`` on that side."""
    known.on(side, mine)
    known.on(side.other, theirs)
    return known


def of(side: SideName, record: str, *emails: str, **more: Any) -> Record:
    return s(record, *emails, **more) if side is SUGAR else g(f"people/{record}", *emails, **more)


def alone(record: Record, **more: Any) -> Subject:
    """A subject without link."""
    one, two = (None, record) if record.id.startswith("people/") else (record, None)
    return subject(one, two, **more)


def candidate(record: Record, known: Link | None = None) -> Candidate:
    return Candidate(GOOGLE if record.id.startswith("people/") else SUGAR, record, known)


def plan(*given: Subject, candidates: tuple[Candidate, ...] = (), where: Env | None = None) -> Plan:
    return plan_batch(where or env(), given, candidates)


def only(found: Plan) -> Decision:
    [decision] = found.decisions
    return decision


def asked(decision: Decision) -> tuple[Trouble, set[str]]:
    [entry] = decision.entries
    assert decision.action is Action.PARK
    assert not decision.steps
    assert entry.whole
    return entry.trouble, set(entry.candidates)


both_sides = pytest.mark.parametrize("side", list(SideName))


# -- certain -----------------------------------------------------------------------------------------


@both_sides
@pytest.mark.parametrize("subjects", ["both", "this one"])
def test_the_only_equal_email_links(side: SideName, subjects: str) -> None:
    mine = of(side, "1", MAIL.upper(), title="Head", **ANN)
    theirs = of(side.other, "2", MAIL, **ANN, department="Sales")
    if subjects == "both":
        found = only(plan(alone(mine, key="k1"), alone(theirs, key="k2")))
    else:
        found = only(plan(alone(mine, key="k1"), candidates=(candidate(theirs),)))
    assert found.action is Action.LINK
    assert found.link is not None
    assert {found.link.id_on(side), found.link.id_on(side.other)} == {mine.id, theirs.id}
    # Blanks are filled both ways.
    assert steps(found) == {side: ("department",), side.other: ("title",)}
    assert found.link.base["last_name"] == "Lee"
    assert found.link.base_emails == [MAIL]
    assert "title" not in found.link.base
    taken_in = {"k1", "k2"} - {found.subject.key}
    assert set(found.joined) == (taken_in if subjects == "both" else set())


def test_another_name_does_not_stand_against_an_equal_email() -> None:
    found = only(plan(alone(s("s1", MAIL, **ANN)), candidates=(candidate(g("people/g1", MAIL, **BOB)),)))
    assert found.action is Action.LINK
    assert steps(found) == {GOOGLE: ("first_name", "last_name")}


def test_linking_without_a_write_plants_nothing() -> None:
    found = only(plan(alone(s("s1", MAIL, **ANN)), candidates=(candidate(g("people/g1", MAIL, **ANN)),)))
    assert (found.action, found.steps) == (Action.LINK, ())


def test_linking_what_does_not_fit_is_asked_about() -> None:
    theirs = g("people/g1", MAIL, title="x" * 101, **ANN)
    found = only(plan(alone(s("s1", MAIL, **ANN), key="k1"), alone(theirs, key="k2")))
    assert asked(found)[0] is Trouble.CANNOT_HOLD
    assert found.link is None
    assert set(found.joined) | {found.subject.key} == {"k1", "k2"}


@pytest.mark.parametrize("which", ["s1", "people/g1"])
def test_nobody_is_linked_with_a_quarantined_one(which: str) -> None:
    both = [alone(s("s1", MAIL, **ANN)), alone(g("people/g1", MAIL, **ANN))]
    both = [parked(each) if which in (each.sugar.id, each.google.id) else each for each in both]
    found = plan(*both)
    assert {(d.action, len(d.steps)) for d in found.decisions} == {(Action.NOTHING, 0), (Action.PARK, 0)}


# -- not certain -------------------------------------------------------------------------------------


@both_sides
def test_several_on_the_other_side_are_asked_about(side: SideName) -> None:
    theirs = [of(side.other, name, MAIL, **who) for name, who in (("2", ANN), ("3", BOB))]
    found = only(plan(alone(of(side, "1", MAIL, **ANN)), candidates=tuple(map(candidate, theirs))))
    prefix = "g:people:" if side is SUGAR else "s:"
    assert asked(found) == (Trouble.AMBIGUOUS, {f"{prefix}2", f"{prefix}3"})


@both_sides
@pytest.mark.parametrize("as_subjects", [False, True])
def test_several_on_this_side_are_asked_about(side: SideName, as_subjects: bool) -> None:
    mine = [of(side, name, MAIL, **who) for name, who in (("1", ANN), ("2", BOB))]
    theirs = of(side.other, "3", MAIL, **ANN)
    if as_subjects:
        found = plan(*map(alone, (*mine, theirs)))
    else:
        found = plan(alone(mine[0]), candidates=(candidate(mine[1]), candidate(theirs)))
    troubles = {asked(decision)[0] for decision in found.decisions}
    assert troubles == {Trouble.AMBIGUOUS}
    assert len(found.decisions) == (3 if as_subjects else 1)


NAMES = [(ANN, ANN, True), (ANN, BOB, False), (ANN, {}, True), ({}, BOB, True)]


@both_sides
@pytest.mark.parametrize(("mine", "theirs", "duplicate"), NAMES)
def test_a_match_that_is_linked_counts_with_the_same_or_a_blank_name(
    side: SideName, mine: dict[str, Any], theirs: dict[str, Any], duplicate: bool
) -> None:
    shown = of(side.other, "2", MAIL, **theirs)
    known = ids_of(link({}), side, "x", shown.id)
    found = only(plan(alone(of(side, "1", MAIL, **mine)), candidates=(candidate(shown, known),)))
    if duplicate:
        trouble, who = asked(found)
        assert (trouble, len(who)) == (Trouble.ALREADY_LINKED, 1)
    else:
        assert found.action is Action.CREATE


@both_sides
@pytest.mark.parametrize(("rival", "found_one", "stands_in_the_way"), NAMES)
def test_a_linked_rival_counts_with_the_same_or_a_blank_name(
    side: SideName, rival: dict[str, Any], found_one: dict[str, Any], stands_in_the_way: bool
) -> None:
    linked = of(side, "9", MAIL, **rival)
    known = ids_of(link({}), side, linked.id, "y")
    theirs = of(side.other, "2", MAIL, **found_one)
    found = only(plan(alone(of(side, "1", MAIL, **BOB)), candidates=(candidate(linked, known), candidate(theirs))))
    if stands_in_the_way:
        assert asked(found)[0] is Trouble.AMBIGUOUS
    else:
        assert found.action is Action.LINK


@both_sides
def test_a_match_outside_the_scope_is_asked_about(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, in_scope=False, **ANN)
    found = only(plan(alone(of(side, "1", MAIL, **ANN)), candidates=(candidate(theirs),)))
    assert asked(found)[0] is Trouble.OUT_OF_SCOPE_MATCH


# -- by name -----------------------------------------------------------------------------------------


@both_sides
@pytest.mark.parametrize(
    ("mine", "theirs", "alike"),
    [
        ({"phone_work": PHONE}, {"phone_mobile": "+1 202 555 0143"}, True),
        ({"company": "Acme"}, {"company": "ACME"}, True),
        ({"phone_work": PHONE}, {"phone_work": "202-555-0199"}, False),
        ({"company": "Acme"}, {"company": "Other"}, False),
        ({}, {}, False),
    ],
)
@pytest.mark.parametrize("mailed", ["", "1", "2", "12"])
def test_the_same_name_with_the_same_phone_or_company(
    side: SideName, mine: dict[str, Any], theirs: dict[str, Any], alike: bool, mailed: str
) -> None:
    one = of(side, "1", *([MAIL] if "1" in mailed else []), **ANN, **mine)
    two = of(side.other, "2", *([OTHER] if "2" in mailed else []), first_name="ANN", last_name="Lée", **theirs)
    found = only(plan(alone(one), candidates=(candidate(two),)))
    if alike and mailed != "12":
        assert asked(found)[0] is Trouble.SAME_NAME
    else:
        assert found.action is Action.CREATE


def test_another_name_with_the_same_phone_is_somebody_else() -> None:
    two = g("people/g1", phone_work=PHONE, **BOB)
    assert only(plan(alone(s("s1", phone_work=PHONE, **ANN)), candidates=(candidate(two),))).action is Action.CREATE


# -- pairs that live again ---------------------------------------------------------------------------


def tombstone(side: SideName, theirs: Record, **more: Any) -> Link:
    """A pair that was deleted on that side; the other one's contact stays."""
    old = "people/old" if side is GOOGLE else "old"
    return ids_of(link(ANN, [MAIL], state=LinkState.TOMBSTONE, deleted_on=side, **more), side, old, theirs.id)


@both_sides
def test_what_the_user_creates_again_lives_again_under_its_link(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, title="Head", **ANN)
    known = tombstone(side, theirs)
    found = only(plan(alone(of(side, "1", MAIL, **ANN), key="k1"), candidates=(candidate(theirs, known),)))
    assert found.action is Action.REVIVE
    assert found.link is not None
    assert (found.link.id, found.link.state) == (known.id, LinkState.LIVE)
    assert found.link.id_on(side) == of(side, "1").id
    # On fresh terms: what is blank in the new one was never cleared.
    assert steps(found) == {side: ("title",)}


@both_sides
def test_a_deleted_pair_of_another_name_is_asked_about(side: SideName) -> None:
    """It may be a colleague with the same office address, whom the old contact's values would overwrite."""
    theirs = of(side.other, "2", MAIL, title="Head", **ANN)
    known = tombstone(side, theirs)
    found = only(plan(alone(of(side, "1", MAIL, **BOB)), candidates=(candidate(theirs, known),)))
    assert not found.steps
    assert asked(found) == (Trouble.AMBIGUOUS, {subject_id(side.other, theirs.id)})


@both_sides
def test_a_pair_that_lives_again_and_stands_in_the_batch_has_one_decision(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, **ANN)
    known = tombstone(side, theirs)
    halves: dict[SideName, Any] = {side: gone(known.id_on(side)), side.other: theirs}
    own = subject(halves[SUGAR], halves[GOOGLE], known)
    another = subject(s("s9"), g("people/g9"), link(id="l9"))
    found = plan(alone(of(side, "1", MAIL, **ANN), key="k1"), another, own)
    told = {d.subject.key: (d.action, d.joined) for d in found.decisions}
    assert told == {"l9": (Action.NOTHING, ()), "k1": (Action.REVIVE, (known.id,))}


@both_sides
@pytest.mark.parametrize("alone_first", [True, False])
def test_somebody_elses_deleted_contact_is_no_rival_whichever_of_the_two_is_asked(
    side: SideName, alone_first: bool
) -> None:
    mine, twin = of(side, "1", MAIL, **ANN), of(side.other, "2", MAIL, **ANN)
    theirs = of(side.other, "3", MAIL, **BOB)
    both = [alone(mine), alone(twin)]
    found = plan(*(both if alone_first else both[::-1]), candidates=(candidate(theirs, tombstone(side, theirs)),))
    decision = only(found)
    assert decision.action is Action.LINK
    assert {decision.subject.sugar.id, decision.subject.google.id} == {mine.id, twin.id}


@both_sides
def test_a_pair_that_is_being_dealt_with_is_not_revived_meanwhile(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, **ANN)
    known = tombstone(side, theirs)
    halves: dict[SideName, Any] = {side: gone(known.id_on(side)), side.other: theirs}
    own = subject(halves[SUGAR], halves[GOOGLE], known, doubt=True)
    found = plan(alone(of(side, "1", MAIL, **ANN), key="k1"), own)
    assert {d.subject.key: d.action for d in found.decisions} == {known.id: Action.WAIT, "k1": Action.WAIT}


@both_sides
def test_two_new_ones_never_revive_the_same_pair(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, **ANN)
    both = [alone(of(side, name, MAIL, **ANN)) for name in ("1", "3")]
    found = plan(*both, candidates=(candidate(theirs, tombstone(side, theirs)),))
    assert [asked(decision)[0] for decision in found.decisions] == [Trouble.AMBIGUOUS] * 2


@both_sides
def test_a_pair_that_is_out_of_the_scope_is_not_revived(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, in_scope=False, **ANN)
    found = only(plan(alone(of(side, "1", MAIL, **ANN)), candidates=(candidate(theirs, tombstone(side, theirs)),)))
    assert asked(found)[0] is Trouble.OUT_OF_SCOPE_MATCH


@both_sides
def test_a_pair_deleted_over_there_is_no_pair_to_revive(side: SideName) -> None:
    theirs = of(side.other, "2", MAIL, **ANN)
    known = tombstone(side.other, theirs)
    known.on(side.other, theirs.id)
    found = only(plan(alone(of(side, "1", MAIL, **ANN)), candidates=(candidate(theirs, known),)))
    assert asked(found)[0] is Trouble.ALREADY_LINKED


@both_sides
def test_a_new_one_and_a_dead_pair_of_the_same_email_are_two_candidates(side: SideName) -> None:
    dead, fresh = of(side.other, "2", MAIL, **ANN), of(side.other, "3", MAIL, **ANN)
    found = only(
        plan(alone(of(side, "1", MAIL, **ANN)), candidates=(candidate(dead, tombstone(side, dead)), candidate(fresh)))
    )
    assert asked(found)[0] is Trouble.AMBIGUOUS


# -- the batch as a whole ----------------------------------------------------------------------------


def test_the_order_of_the_subjects_does_not_matter() -> None:
    linked = subject(s("s9", title="x", **ANN), g("people/g9", **ANN), link(ANN, id="l9"))
    given = [
        alone(s("s1", MAIL, **ANN)),
        alone(g("people/g1", MAIL, **ANN)),
        alone(s("s2", OTHER, **BOB)),
        alone(g("people/g2", OTHER, **BOB)),
        alone(g("people/g3", OTHER, **BOB)),
        linked,
    ]
    expected = None
    for order in permutations(given):
        found = sorted(plan(*order).decisions, key=lambda decision: decision.subject.key)
        told = [(d.subject.key, d.action, d.why, d.steps, d.entries, d.joined) for d in found]
        expected = expected or told
        assert told == expected
    assert expected is not None
    actions = {key: action for key, action, *_ in expected}
    assert actions == {
        "k-people/g1": Action.LINK,
        "k-people/g2": Action.PARK,
        "k-people/g3": Action.PARK,
        "k-s2": Action.PARK,
        "l9": Action.UPDATE,
    }


def test_the_writes_of_a_plan_are_counted() -> None:
    found = plan(alone(s("s1", MAIL, title="x", **ANN)), alone(g("people/g1", MAIL, department="y", **ANN)))
    assert found.writes == 2
    assert {step.op for decision in found.decisions for step in decision.steps} == {Op.UPDATE}


def test_a_choice_takes_the_chosen_one_in_whatever_that_one_came_to_by_itself() -> None:
    chosen = Answer(Remedy(action="choose", candidates=("g:people:g1",)), asked=Trouble.AMBIGUOUS.value)
    mine = alone(s("s1", MAIL, **ANN), answer=chosen)
    theirs = alone(g("people/g1", OTHER, **ANN), unsure="somebody has to look")
    for both in ((mine, theirs), (theirs, mine)):
        decision = only(plan(*both))
        assert decision.action is Action.LINK
        assert decision.joined == (theirs.key,)
