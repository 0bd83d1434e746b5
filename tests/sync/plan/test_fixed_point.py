"""Planning, writing and settling come to rest: whatever was edited, the second plan has nothing to do."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.contact.emails import email_keys
from shared.side import Record
from shared.sync.link import Link
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.merge import look, open_to
from shared.sync.plan.model import Action, Env
from shared.sync.settle import settle
from tests.sync.plan.make import GOOGLE, SUGAR, after, answers, differing, env, subject
from tests.sync.plan.pairs import (
    NOW,
    PRIVATE,
    Case,
    Drawn,
    Pair,
    cases,
    contacts,
    in_google,
    in_sugar,
    private_of,
    respelled,
    switches,
)


def at_rest(where: Env, known: Link, one: Record, two: Record) -> None:
    """Nothing is written any more, and both agree wherever a direction is open."""
    pair = Pair(where, {SUGAR: one, GOOGLE: two}, known)
    decision = pair.plan()
    assert decision.steps == (), "a second plan has nothing to write"
    if decision.action is Action.PARK:
        return
    pair.carry_out(decision)
    then = pair.link
    views = look(where, then, one, two)
    asked = {field.name for entry in decision.entries for field in entry.fields}
    for name in differing(where, then, one, two):
        base = then.base.get(name)
        mine, theirs = views.sugar.get(name), views.google.get(name)
        both = open_to(where, SUGAR, name, theirs) and open_to(where, GOOGLE, name, mine)
        assert name in asked or not both, f"{name}: {base!r}, {mine!r}, {theirs!r}"
    if where.settings.from_sugar.update and where.settings.from_google.update:
        assert email_keys(views.sugar.emails or ()) == email_keys(views.google.emails or ())


@given(case=cases(), changes=switches)
def test_edits_on_both_sides_come_to_rest_after_one_plan(case: Case, changes: dict[str, Any]) -> None:
    pair = Pair.perturbed(case, env(**changes))
    pair.carry_out(pair.plan())
    at_rest(pair.where, pair.link, pair.records[SUGAR], pair.records[GOOGLE])


@given(case=cases(), changes=switches)
def test_what_comes_back_in_another_spelling_starts_nothing(case: Case, changes: dict[str, Any]) -> None:
    """Formatted, with other line ends, in capitals: no ping-pong."""
    pair = Pair.agreed(case, env(**changes))
    same = respelled(case.base)
    pair.records = {SUGAR: in_sugar(same, "s-again"), GOOGLE: pair.records[GOOGLE]}
    assert pair.plan().steps == ()
    pair.records = {SUGAR: in_sugar(case.base, "s-again"), GOOGLE: in_google(same, case.private, "g-again")}
    assert pair.plan().steps == ()


@given(case=cases(), changes=switches)
def test_linking_comes_to_rest(case: Case, changes: dict[str, Any]) -> None:
    mine = {**case.mine, "emails": [*case.mine["emails"], "same@x.example"]}
    theirs = {**case.theirs, "emails": ["same@x.example", *case.theirs["emails"]]}
    where = env(**changes)
    given = [subject(in_sugar(mine), None, key="l1"), subject(None, in_google(theirs, case.private), key="k2")]
    [decision] = plan_batch(where, given, []).decisions
    if decision.action is not Action.LINK:
        return
    out = settle(where, decision, answers(decision), NOW, None)
    records = after(decision)
    one, two = records[SUGAR], records[GOOGLE]
    assert out.link is not None
    assert one is not None
    assert two is not None
    at_rest(where, out.link, one, two)
    assert not case.private or private_of(two) == PRIVATE


@given(contact=contacts(), to_google=st.booleans())
def test_creating_comes_to_rest(contact: Drawn, to_google: bool) -> None:
    where = env()
    one, two = (in_sugar(contact), None) if to_google else (None, in_google(contact, private=True))
    [decision] = plan_batch(where, [subject(one, two, key="l1")], []).decisions
    assert decision.action is Action.CREATE
    out = settle(where, decision, answers(decision), NOW, None)
    records = after(decision)
    mine, theirs = records[SUGAR], records[GOOGLE]
    assert out.link is not None
    assert mine is not None
    assert theirs is not None
    at_rest(where, out.link, mine, theirs)
