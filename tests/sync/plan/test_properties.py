"""What holds of one contact whatever its users do, and in whatever order plans are made and carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.contact.emails import email_keys
from shared.names import SideName
from shared.side import Refused
from shared.sync.plan.merge import open_to
from shared.sync.plan.model import Action, Presence
from shared.sync.plan.pair import plan_pair
from shared.sync.plan.verdict import Verdict
from shared.sync.settings import ConflictRule, Direction
from tests.sync.plan.make import GOOGLE, SUGAR, env, gone, missing, steps, subject, there
from tests.sync.plan.pairs import PRIVATE, Case, Pair, cases, private_of, switches

Changes = dict[str, Any]
orders = st.permutations([SUGAR, GOOGLE])
sides = st.sampled_from(SideName)


def words(pair: Pair) -> dict[SideName, dict[str, str]]:
    """What the user of each side has changed since the last agreement, in normal form."""
    return {
        side: {n: v for n, v in values.items() if n not in pair.link.base or v != pair.normal(n, pair.link.base[n])}
        for side, values in pair.held().items()
    }


def heard(pair: Pair, said: Mapping[SideName, Mapping[str, str]]) -> None:
    """Each word still stands on its own side, or history has it as the loser of a conflict."""
    held = pair.held()
    losers = {(name, pair.normal(name, value)) for name, value in pair.losers}
    for side, changes in said.items():
        for name, value in changes.items():
            assert held[side].get(name) == value or (name, value) in losers, f"{name} = {value!r} of {side} is lost"


def agree(pair: Pair) -> None:
    """At rest: where both directions are open for a field, both sides and the base hold the same."""
    decision = pair.rest()
    if decision.action is Action.PARK:
        return
    views, held = pair.views(), pair.held()
    asked = {change.name for entry in decision.entries for change in entry.fields}
    for name in held[SUGAR].keys() & held[GOOGLE].keys() - asked:
        mine, theirs = held[SUGAR][name], held[GOOGLE][name]
        if open_to(pair.where, SUGAR, name, views.google.get(name)) and open_to(
            pair.where, GOOGLE, name, views.sugar.get(name)
        ):
            assert mine == theirs == pair.normal(name, pair.link.base.get(name, "")), name


def end(pair: Pair) -> tuple[object, ...]:
    """All that can be seen of it in the end."""
    views = pair.views()
    mails = [email_keys(views.contact(side).emails or ()) for side in SideName]
    base = {name: pair.normal(name, value) for name, value in pair.link.base.items()}
    return pair.held(), mails, base, sorted(pair.link.base_emails or ())


# -- carrying plans out ------------------------------------------------------------------------------


@given(case=cases(), changes=switches)
def test_the_order_of_the_two_writes_does_not_matter(case: Case, changes: Changes) -> None:
    one = Pair.perturbed(case, env(**changes))
    two = one.copy()
    one.carry_out(one.plan())
    two.carry_out(two.plan(), [GOOGLE, SUGAR])
    assert one.link == two.link
    assert end(one) == end(two)


@given(case=cases(), changes=switches, reached=sides)
def test_a_plan_that_was_carried_out_by_half_is_made_again_and_comes_to_the_same(
    case: Case, changes: Changes, reached: SideName
) -> None:
    whole = Pair.perturbed(case, env(**changes))
    half = whole.copy()
    whole.carry_out(whole.plan())
    half.carry_out(half.plan(), [reached])
    half.rest()
    assert end(half) == end(whole)
    assert half.writes == whole.writes, "and nothing is written twice"


@given(case=cases(), changes=switches, reached=st.sets(sides))
def test_a_crash_between_the_writes_is_computed_again_from_the_old_base(
    case: Case, changes: Changes, reached: set[SideName]
) -> None:
    """Nothing of the plan was kept, and what it wrote is there."""
    whole = Pair.perturbed(case, env(**changes))
    crashed = whole.copy()
    whole.carry_out(whole.plan())
    crashed.lost(crashed.plan(), reached)
    crashed.rest()
    assert crashed.held() == whole.held()
    assert crashed.writes == whole.writes


@given(case=cases(), changes=switches, side=sides, name=st.sampled_from(["title", "nickname", "notes"]))
def test_an_old_plan_is_refused_after_a_newer_edit_which_lives(
    case: Case, changes: Changes, side: SideName, name: str
) -> None:
    pair = Pair.perturbed(case, env(**changes))
    old = pair.plan()
    assume(old.action is not Action.PARK)
    pair.edit(side, {name: "Newer"})
    outcomes = pair.carry_out(old)
    moved = [each for each, step in zip(outcomes, old.steps, strict=True) if step.side is side]
    assert all(isinstance(each, Refused) for each in moved)
    agree(pair)
    heard(pair, {side: {name: "Newer"}})


@given(case=cases(), changes=switches, more=st.data())
def test_edits_that_go_on_between_the_plans_come_to_rest_and_are_heard(
    case: Case, changes: Changes, more: st.DataObject
) -> None:
    pair = Pair.perturbed(case, env(**changes))
    for _ in range(2):
        pair.carry_out(pair.plan(), more.draw(orders)[: more.draw(st.integers(0, 2))])
        side = more.draw(sides)
        pair.edit(side, {"title": more.draw(st.sampled_from(["", "x", "y"]))})
    last = {name: value for name, value in words(pair)[side].items() if name == "title"}
    agree(pair)
    heard(pair, {side: last})


# -- what a plan may and may not do ------------------------------------------------------------------


@given(case=cases(), changes=switches)
def test_both_sides_agree_in_the_end_as_far_as_switches_and_abilities_allow(case: Case, changes: Changes) -> None:
    agree(Pair.perturbed(case, env(**changes)))


@given(case=cases(), changes=switches)
def test_no_edit_is_lost(case: Case, changes: Changes) -> None:
    pair = Pair.perturbed(case, env(**changes))
    said = words(pair)
    base = frozenset(pair.link.base_emails or ())
    before = {side: email_keys(pair.views().contact(side).emails or ()) for side in SideName}
    pair.rest()
    heard(pair, said)
    for side in SideName:
        after = email_keys(pair.views().contact(side).emails or ())
        assert before[side] - base <= after, "what was added stays"
        assert not (base - before[side]) & after, "what was removed does not come back"


@given(case=cases(), changes=switches)
def test_nothing_is_written_against_a_closed_direction_or_beyond_what_a_side_is_able_to(
    case: Case, changes: Changes
) -> None:
    pair = Pair.perturbed(case, env(**changes))
    for step in pair.plan().steps:
        assert pair.where.direction(step.side.other).update, step.side
        for name in step.changed:
            assert pair.where.fields[step.side].capabilities[name].writable, name


@given(case=cases(), changes=switches, order=orders, reached=st.integers(0, 2))
def test_the_base_never_claims_what_a_side_does_not_hold(
    case: Case, changes: Changes, order: list[SideName], reached: int
) -> None:
    pair = Pair.perturbed(case, env(**changes))
    for writes in (order[:reached], order, order):
        before = pair.link.copy()
        pair.carry_out(pair.plan(), writes)
        held, views = pair.held(), pair.views()
        for name, value in pair.link.base.items():
            if name not in before.base or pair.normal(name, value) != pair.normal(name, before.base[name]):
                assert held[SUGAR].get(name) == held[GOOGLE].get(name) == pair.normal(name, value), name
        mails = [email_keys(views.contact(side).emails or ()) for side in SideName]
        old, new = set(before.base_emails or ()), set(pair.link.base_emails or ())
        assert new - old <= mails[0] & mails[1]
        assert not (old - new) & (mails[0] | mails[1])


@given(case=cases(), changes=switches, order=orders)
def test_private_elements_are_never_touched(case: Case, changes: Changes, order: list[SideName]) -> None:
    pair = Pair.perturbed(Case(case.base, case.mine, case.theirs, private=True), env(**changes))
    pair.carry_out(pair.plan(), order)
    pair.rest()
    assert private_of(pair.records[GOOGLE]) == PRIVATE


@given(case=cases(), changes=switches)
def test_flags_of_addresses_that_stay_survive_in_sugar(case: Case, changes: Changes) -> None:
    pair = Pair.perturbed(case, env(**changes))
    flags = {each["email_address"]: each["opt_out"] for each in pair.records[SUGAR].native["email"]}
    pair.rest()
    for each in pair.records[SUGAR].native["email"]:
        assert each["opt_out"] or not flags.get(each["email_address"], False)


@given(case=cases())
def test_every_asked_field_is_asked_about_and_stays_as_it_is(case: Case) -> None:
    pair = Pair.perturbed(case, env(conflict=ConflictRule.ASK))
    decision = pair.plan()
    assume(not any(entry.whole for entry in decision.entries))
    asked = {change.name for change in decision.fields if change.verdict is Verdict.ASK}
    shown = {change.name: change for entry in decision.entries for change in entry.fields}
    assert shown.keys() == asked
    assert not asked & {name for step in decision.steps for name in step.changed}
    before = pair.held()
    pair.rest()
    for name in asked:
        assert [pair.held()[side][name] for side in SideName] == [before[side][name] for side in SideName]
        assert (shown[name].sugar, shown[name].google) != ("", "")


@given(case=cases(), changes=switches)
def test_edits_of_different_fields_come_to_the_same_synced_at_once_or_one_after_the_other(
    case: Case, changes: Changes
) -> None:
    mine = {"values": {**case.base["values"], "title": "x"}, "emails": case.base["emails"]}
    theirs = {"values": {**case.base["values"], "nickname": "y"}, "emails": case.base["emails"]}
    together = Pair.perturbed(Case(case.base, mine, theirs, case.private), env(**changes))
    together.rest()
    for first, second in (
        ((SUGAR, {"title": "x"}), (GOOGLE, {"nickname": "y"})),
        ((GOOGLE, {"nickname": "y"}), (SUGAR, {"title": "x"})),
    ):
        apart = Pair.agreed(case, env(**changes))
        for side, values in (first, second):
            apart.edit(side, values)
            apart.rest()
        assert apart.held() == together.held()


@given(case=cases())
def test_who_wins_depends_on_the_rule_and_not_on_the_side(case: Case) -> None:
    """Both edits exchanged and the rule exchanged: the same end, where both sides can hold the same."""
    alike = ("title", "department", "nickname", "notes")  # an equal number in another slot is taken for Sugar's
    one = Pair.perturbed(case, env(conflict=ConflictRule.SUGAR))
    two = Pair.perturbed(Case(case.base, case.theirs, case.mine, case.private), env(conflict=ConflictRule.GOOGLE))
    for pair in (one, two):
        pair.rest()
    mine, theirs = one.held(), two.held()
    for name in alike:
        assert mine[SUGAR][name] == theirs[GOOGLE][name], name


# -- deleting ----------------------------------------------------------------------------------------


@given(
    case=cases(),
    side=sides,
    presence=st.sampled_from([Presence.GONE, Presence.MISSING]),
    edit=st.booleans(),
    delete=st.booleans(),
    merged=st.booleans(),
)
def test_a_delete_needs_proof_an_open_direction_and_an_untouched_contact(
    case: Case, side: SideName, presence: Presence, edit: bool, delete: bool, merged: bool
) -> None:
    may, may_not = Direction(delete=delete), Direction(delete=not delete)
    where = env(from_sugar=may, from_google=may_not) if side is SUGAR else env(from_sugar=may_not, from_google=may)
    pair = Pair.agreed(case, where)
    if edit:
        pair.edit(side.other, {"title": "Edited"})
    record = pair.records[side.other]
    lost = gone(pair.records[side].id) if presence is Presence.GONE else missing(pair.records[side].id)
    halves = (lost, there(record)) if side is SUGAR else (there(record), lost)
    decision = plan_pair(where, subject(*halves, pair.link), lambda *_: ("g:heir",) if merged else ())
    allowed = presence is Presence.GONE and delete and not edit and not merged
    assert bool(decision.deletes) is allowed
    assert steps(decision).keys() <= ({side.other} if allowed else set())
    assert allowed or decision.action in (Action.PARK, Action.WAIT, Action.TOMBSTONE)
