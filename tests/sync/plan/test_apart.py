"""Differences that a person wants: each side is compared with its own half, until both agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected, StaleVersion
from shared.names import SideName
from shared.side import Refused
from shared.sync.link import Link
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Decision
from shared.sync.plan.verdict import Verdict
from shared.sync.settings import ConflictRule, Direction
from shared.sync.settle import settle
from tests.sync.plan.make import (
    GOOGLE,
    SUGAR,
    after,
    answers,
    env,
    gone,
    google,
    link,
    steps,
    subject,
    sugar,
)
from tests.sync.plan.pairs import NOW

NAMED: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
A, B, C, D = (f"{name}@x.example" for name in "abcd")


def kept(**fields: tuple[str, str]) -> Link:
    """A link whose fields are kept apart, as (Sugar, Google); the base holds what was agreed before."""
    known = link({**NAMED, **dict.fromkeys(fields, "before")}, [])
    for name, (one, two) in fields.items():
        known.keep_apart(name, one, two)
    return known


def decide(known: Link, one: Any, two: Any, **changes: Any) -> Decision:
    [decision] = plan_batch(env(**changes), [subject(one, two, known)], []).decisions
    return decision


def carried_out(known: Link, decision: Decision) -> Link:
    out = settle(env(), decision, answers(decision), NOW, known)
    return out.link or known


@pytest.mark.parametrize(
    ("in_sugar", "in_google", "rule", "verdict", "value"),
    [
        ("a", "b", ConflictRule.SUGAR, Verdict.APART, None),
        ("A  ", "b", ConflictRule.SUGAR, Verdict.TO_GOOGLE, "A  "),
        ("a  ", "b", ConflictRule.SUGAR, Verdict.APART, None),
        ("c", "b", ConflictRule.GOOGLE, Verdict.TO_GOOGLE, "c"),
        ("", "b", ConflictRule.GOOGLE, Verdict.TO_GOOGLE, ""),
        ("before", "b", ConflictRule.GOOGLE, Verdict.TO_GOOGLE, "before"),
        ("a", "c", ConflictRule.SUGAR, Verdict.TO_SUGAR, "c"),
        ("a", "before", ConflictRule.SUGAR, Verdict.TO_SUGAR, "before"),
        ("c", "d", ConflictRule.SUGAR, Verdict.TO_GOOGLE, "c"),
        ("c", "d", ConflictRule.GOOGLE, Verdict.TO_SUGAR, "d"),
        ("c", "d", ConflictRule.ASK, Verdict.ASK, None),
    ],
)
def test_what_moves_goes_to_the_other_side(
    in_sugar: str, in_google: str, rule: ConflictRule, verdict: Verdict, value: str | None
) -> None:
    known = kept(title=("a", "b"))
    before = known.data()
    decision = decide(known, sugar(title=in_sugar, **NAMED), google(title=in_google, **NAMED), conflict=rule)
    assert known.data() == before
    [change] = decision.fields
    assert change.verdict is verdict
    if verdict is Verdict.APART:
        assert (decision.action, decision.asleep, decision.why) == (Action.NOTHING, False, "kept apart by you")
    if value is None:
        assert decision.steps == ()
        assert decision.link is not None
        assert decision.link.apart == known.apart
        return
    [step] = decision.steps
    assert step.target is not None
    assert (step.side, step.target.get("title")) == (verdict.target, value)
    then = carried_out(known, decision)
    assert (then.base["title"], then.apart) == (value, {})
    records = after(decision)
    assert decide(then, records[SUGAR], records[GOOGLE]).steps == (), "at rest"


def test_both_agreeing_ends_it() -> None:
    for value in ("a", "b", "c", ""):
        known = kept(title=("a", "b"))
        decision = decide(known, sugar(title=value, **NAMED), google(title=value, **NAMED))
        assert decision.steps == ()
        assert decision.link is not None
        assert (decision.link.apart, decision.link.base["title"]) == ({}, value)
    same = link({**NAMED, "title": "a"}, [])
    same.keep_apart("title", "a", "b")
    decision = decide(same, sugar(title="a", **NAMED), google(title="a", **NAMED))
    assert decision.link is not None
    assert decision.link.apart == {}, "also where they agree on the base to the letter"


def test_a_closed_direction_holds_what_moved() -> None:
    known = kept(title=("a", "b"))
    closed = Direction(update=False)
    decision = decide(known, sugar(title="c", **NAMED), google(title="b", **NAMED), from_sugar=closed)
    assert (decision.steps, decision.asleep) == ((), True)
    assert [change.verdict for change in decision.fields] == [Verdict.HELD]
    assert decision.link is not None
    assert decision.link.apart == known.apart, "it arrives when the switch is on again"


@pytest.mark.parametrize("error", [Rejected("no"), StaleVersion("moved")])
def test_a_write_that_did_not_happen_leaves_it_apart(error: Any) -> None:
    known = kept(title=("a", "b"))
    decision = decide(known, sugar(title="c", **NAMED), google(title="b", **NAMED))
    out = settle(env(), decision, [(step, Refused(error)) for step in decision.steps], NOW, known)
    then = out.link or known
    assert (then.apart, then.base) == (known.apart, known.base)


@pytest.mark.parametrize("side", list(SideName))
def test_a_contact_kept_apart_counts_as_untouched(side: SideName) -> None:
    known = kept(title=("a", "b"))
    known.keep_emails_apart(SUGAR, [A])
    known.keep_emails_apart(GOOGLE, [B])
    one, two = sugar("s1", A, title="a", **NAMED), google("people/g1", B, title="b", **NAMED)
    left = (one, gone("people/g1")) if side is SUGAR else (gone("s1"), two)
    assert decide(known, *left).action is Action.DELETE
    edited = (
        (sugar("s1", A, title="before", **NAMED), gone("people/g1"))
        if side is SUGAR
        else (gone("s1"), google("people/g1", B, title="before", **NAMED))
    )
    assert decide(known, *edited).action is Action.PARK


def test_emails_kept_apart_stay_where_they_are_and_others_go_on() -> None:
    known = link(NAMED, [A, B])
    known.keep_emails_apart(SUGAR, [B])
    known.keep_emails_apart(GOOGLE, [C])
    assert (known.base_emails, known.apart_emails) == ([A], {SUGAR: [B], GOOGLE: [C]})
    decision = decide(known, sugar("s1", B, A, **NAMED), google("people/g1", A, C, **NAMED))
    assert (decision.action, decision.why) == (Action.NOTHING, "kept apart by you")

    decision = decide(known, sugar("s1", B, A, D, **NAMED), google("people/g1", A, C, **NAMED))
    assert steps(decision) == {GOOGLE: ("emails",)}
    then = carried_out(known, decision)
    assert (then.base_emails, then.apart_emails) == ([A, D], {SUGAR: [B], GOOGLE: [C]})
    records = after(decision)
    assert decide(then, records[SUGAR], records[GOOGLE]).steps == ()

    decision = decide(known, sugar("s1", B, A, C, **NAMED), google("people/g1", A, C, **NAMED))
    assert decision.steps == ()
    assert decision.link is not None
    assert (decision.link.base_emails, decision.link.apart_emails) == ([A, C], {SUGAR: [B]})


def test_a_link_made_anew_knows_nothing_of_it() -> None:
    assert Link(id="l", sugar_id="", google_id="").apart == {}
    known = kept(title=("a", "b"))
    assert Link.load(known.data()) == known


values = st.sampled_from(["", "a", "b", "c", "A"])


@given(values, values, values, values, st.sampled_from(ConflictRule))
def test_it_comes_to_rest_after_one_plan(one: str, two: str, now: str, then: str, rule: ConflictRule) -> None:
    known = kept(title=(one, two))
    decision = decide(known, sugar(title=now, **NAMED), google(title=then, **NAMED), conflict=rule)
    settled = carried_out(known, decision)
    records = after(decision)
    again = decide(settled, records[SUGAR], records[GOOGLE], conflict=rule)
    assert again.steps == ()
    assert again.action in (Action.NOTHING, Action.LINK)
