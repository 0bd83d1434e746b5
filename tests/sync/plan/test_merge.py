"""Merging single fields: every state of base, Sugar and Google, under every switch and rule."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from shared.names import SideName
from shared.side import Record
from shared.sugar.metadata import NativeField
from shared.sync.link import Link
from shared.sync.plan.merge import Merged, merge
from shared.sync.plan.model import Answer, Env, FieldChange, Half, Trouble
from shared.sync.plan.verdict import Verdict
from shared.sync.remedies import Remedy
from shared.sync.settings import ConflictRule, Direction
from tests.sync.plan.make import GOOGLE, SUGAR, env, google, like, link, sugar, there

KEEP, TO_SUGAR, TO_GOOGLE, HELD, ASK = Verdict.KEEP, Verdict.TO_SUGAR, Verdict.TO_GOOGLE, Verdict.HELD, Verdict.ASK
NAMED: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}


def run(
    where: Env,
    known: Link,
    one: Record,
    two: Record,
    *,
    seen: tuple[str, str] = ("", ""),
    answer: Answer | None = None,
) -> Merged:
    return merge(where, known, there(one, seen[0]), there(two, seen[1]), answer)


def keep(side: SideName, **shown: tuple[str, str]) -> Answer:
    """A person keeps that side's values of these fields, which were shown so."""
    return Answer(Remedy(action="keep", answers={name: side.value for name in shown}), shown)


def only(found: Merged, name: str) -> FieldChange | None:
    """The change of that field, which must be the only one."""
    assert {change.name for change in found.changes} <= {name}
    return found.changes[0] if found.changes else None


# -- the whole table ---------------------------------------------------------------------------------

# base, Sugar, Google ("." blank, "never" not agreed on): what differs.
STATES = """
never  .  .  alike
never  .  a  google
never  .  b  google
never  a  .  sugar
never  a  a  alike
never  a  b  both
never  b  .  sugar
never  b  a  both
never  b  b  alike
.      .  .  none
.      .  a  google
.      .  b  google
.      a  .  sugar
.      a  a  alike
.      a  b  both
.      b  .  sugar
.      b  a  both
.      b  b  alike
a      .  .  alike
a      .  a  sugar
a      .  b  both
a      a  .  google
a      a  a  none
a      a  b  google
a      b  .  both
a      b  a  sugar
a      b  b  alike
b      .  .  alike
b      .  a  both
b      .  b  sugar
b      a  .  both
b      a  a  alike
b      a  b  sugar
b      b  .  google
b      b  a  google
b      b  b  none
"""

# What differs, under (Update from Sugar, Update from Google).
OPEN_ROWS: dict[str, dict[tuple[bool, bool], Verdict | None]] = {
    "sugar": {(True, True): TO_GOOGLE, (True, False): TO_GOOGLE, (False, True): HELD, (False, False): HELD},
    "google": {(True, True): TO_SUGAR, (True, False): HELD, (False, True): TO_SUGAR, (False, False): HELD},
    "both": {(True, True): None, (True, False): TO_GOOGLE, (False, True): TO_SUGAR, (False, False): HELD},
}
# The rule alone; without times "newest" is Sugar's.
RULES = {
    ConflictRule.SUGAR: TO_GOOGLE,
    ConflictRule.GOOGLE: TO_SUGAR,
    ConflictRule.NEWEST: TO_GOOGLE,
    ConflictRule.ASK: ASK,
}


def states() -> list[tuple[str | None, str, str, str]]:
    def value(text: str) -> str:
        return "" if text == "." else text

    rows = [line.split() for line in STATES.split("\n") if line]
    return [(None if base == "never" else value(base), value(s), value(g), drift) for base, s, g, drift in rows]


def test_the_states_leave_nothing_out() -> None:
    assert {row[:3] for row in states()} == set(product((None, "", "a", "b"), ("", "a", "b"), ("", "a", "b")))


@pytest.mark.parametrize(("base", "in_sugar", "in_google", "drift"), states())
def test_every_state_under_every_switch_and_rule(base: str | None, in_sugar: str, in_google: str, drift: str) -> None:
    known = link({**NAMED, **({"title": base} if base is not None else {})})
    if base is None:
        del known.base["title"]
    one, two = sugar(title=in_sugar, **NAMED), google(title=in_google, **NAMED)
    for from_sugar, from_google, rule in product((True, False), (True, False), ConflictRule):
        where = env(from_sugar=Direction(update=from_sugar), from_google=Direction(update=from_google), conflict=rule)
        before = known.data()
        found = run(where, known, one, two)
        assert known.data() == before, "the arguments stay as they are"
        change = only(found, "title")
        if drift in ("none", "alike"):
            assert change is None
            assert not found.steps
            assert not found.held
            assert found.link.base["title"] == in_sugar
            continue
        expected = OPEN_ROWS[drift][from_sugar, from_google] or RULES[rule]
        assert change is not None
        assert change.verdict is expected
        assert (change.sugar, change.google, change.base) == (in_sugar, in_google, base)
        assert found.link.base.get("title") == base, "the base moves only once both sides hold it"
        assert [step.side for step in found.steps] == ([expected.target] if expected.target else [])
        for step in found.steps:
            assert step.changed == ("title",)
            assert step.target is not None
            assert step.target.get("title") == (in_google if step.side is SUGAR else in_sugar)
        assert found.held is (expected in (HELD, ASK))
        loser = None
        if drift == "both" and expected.target:
            loser = in_sugar if expected.target is SUGAR else in_google
        assert change.loser == loser
        assert [e.trouble for e in found.entries] == ([Trouble.CONFLICT] if expected is ASK else [])
        assert all(not e.whole and e.fields == (change,) for e in found.entries)


# -- why, newest, answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "in_sugar", "in_google", "changes", "why"),
    [
        ("a", "b", "a", {}, "changed in Sugar"),
        ("a", "a", "b", {}, "changed in Google"),
        (None, "a", "", {}, "blank in Google"),
        (None, "", "a", {}, "blank in Sugar"),
        ("a", "b", "a", {"from_sugar": Direction(update=False)}, "changed in Sugar; held back"),
        ("a", "b", "c", {}, "conflict: Sugar wins"),
        ("a", "b", "c", {"conflict": ConflictRule.GOOGLE}, "conflict: Google wins"),
        ("a", "b", "c", {"conflict": ConflictRule.ASK}, "conflict: waits for a decision"),
        (
            "a",
            "b",
            "c",
            {"from_sugar": Direction(update=False), "from_google": Direction(update=False)},
            "conflict: no direction is open",
        ),
    ],
)
def test_the_reason_is_told(base: str | None, in_sugar: str, in_google: str, changes: dict[str, Any], why: str) -> None:
    known = link({"title": base, **NAMED} if base is not None else NAMED)
    if base is None:
        del known.base["title"]
    change = only(run(env(**changes), known, sugar(title=in_sugar, **NAMED), google(title=in_google, **NAMED)), "title")
    assert change is not None
    assert change.why == why


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (("2026-03-02T10:00:00", "2026-03-02T09:00:00"), TO_GOOGLE),
        (("2026-03-02T09:00:00", "2026-03-02T10:00:00"), TO_SUGAR),
        (("2026-03-02T10:00:00", "2026-03-02T10:00:00"), TO_GOOGLE),
        (("", "2026-03-02T10:00:00"), TO_GOOGLE),
        (("2026-03-02T10:00:00", ""), TO_GOOGLE),
        (("", ""), TO_GOOGLE),
    ],
)
def test_newest_is_whose_change_was_seen_last(seen: tuple[str, str], verdict: Verdict) -> None:
    where = env(conflict=ConflictRule.NEWEST)
    known = link({"title": "a", **NAMED})
    change = only(run(where, known, sugar(title="b", **NAMED), google(title="c", **NAMED), seen=seen), "title")
    assert change is not None
    assert change.verdict is verdict


@pytest.mark.parametrize("answer", list(SideName))
@pytest.mark.parametrize("rule", list(ConflictRule))
def test_an_answer_decides_its_field_whatever_the_rule(answer: SideName, rule: ConflictRule) -> None:
    known = link({"title": "a", "department": "a", **NAMED})
    one, two = sugar(title="b", department="b", **NAMED), google(title="c", department="c", **NAMED)
    found = run(env(conflict=rule), known, one, two, answer=keep(answer, title=("b", "c")))
    by_name = {change.name: change.verdict for change in found.changes}
    assert by_name == {"title": TO_GOOGLE if answer is SUGAR else TO_SUGAR, "department": RULES[rule]}


@pytest.mark.parametrize("answer", list(SideName))
@pytest.mark.parametrize(("one", "two"), [("b", "a"), ("a", "b"), ("", "a"), ("a", "")])
def test_an_answer_decides_also_who_has_not_changed_it(answer: SideName, one: str, two: str) -> None:
    known = link({"title": "a", **NAMED})
    where = env(from_sugar=Direction(update=False), from_google=Direction(update=False))
    given = sugar(title=one, **NAMED), google(title=two, **NAMED)
    change = only(run(where, known, *given, answer=keep(answer, title=(one, two))), "title")
    assert change is not None
    assert change.verdict is (TO_GOOGLE if answer is SUGAR else TO_SUGAR), "a person's word goes before switches"
    assert (change.loser, change.clears) == (two if answer is SUGAR else one, False)


def test_both_values_are_kept_apart() -> None:
    known = link({"title": "a", **NAMED})
    given = sugar(title="b", **NAMED), google(title="c", **NAMED)
    both = Answer(Remedy(action="keep", answers={"title": "both"}), {"title": ("b", "c")})
    found = run(env(conflict=ConflictRule.ASK), known, *given, answer=both)
    assert (found.steps, found.entries) == ((), ())
    assert found.link.apart == {"title": {SUGAR: "b", GOOGLE: "c"}}


@pytest.mark.parametrize("shown", [("b", "x"), ("x", "c")])
def test_an_answer_about_other_values_decides_nothing(shown: tuple[str, str]) -> None:
    known = link({"title": "a", **NAMED})
    given = sugar(title="b", **NAMED), google(title="c", **NAMED)
    found = run(env(conflict=ConflictRule.ASK), known, *given, answer=keep(GOOGLE, title=shown))
    assert [entry.trouble for entry in found.entries] == [Trouble.CONFLICT]
    assert found.steps == ()


def test_an_answer_that_a_side_cannot_take_is_held_back() -> None:
    known = link({"company": "a", **NAMED})
    given = sugar(account_name="b", **NAMED), google(company="c", **NAMED)
    change = only(run(env(), known, *given, answer=keep(GOOGLE, company=("b", "c"))), "company")
    assert change is not None
    assert (change.verdict, change.loser) == (Verdict.HELD, None)


def test_asking_parks_the_field_and_not_the_contact() -> None:
    known = link({"title": "a", "department": "a", **NAMED})
    found = run(
        env(conflict=ConflictRule.ASK), known, sugar(title="b", **NAMED, department="x"),
        google(title="c", **NAMED, department="a"),
    )  # fmt: skip
    assert [(step.side, step.changed) for step in found.steps] == [(GOOGLE, ("department",))]
    [entry] = found.entries
    assert (entry.trouble, entry.whole, [c.name for c in entry.fields]) == (Trouble.CONFLICT, False, ["title"])
    assert found.held


def test_a_rendering_ends_with_the_value_that_it_is_about() -> None:
    known = link(
        {"title": "a", "department": "d", **NAMED},
        renderings={SUGAR: {"title": "cut", "department": "dd"}},
    )
    found = run(env(), known, sugar(title="z", department="d", **NAMED), google(title="z", department="d", **NAMED))
    assert found.link.renderings == {SUGAR: {"department": "dd"}}
    assert found.link.base["title"] == "z"


# -- what a side can do ------------------------------------------------------------------------------


def test_company_goes_one_way_only() -> None:
    known = link({"company": "Acme", **NAMED})
    to_google = run(env(), known, sugar(company="New", **NAMED), google(company="Acme", **NAMED))
    assert [(s.side, s.changed) for s in to_google.steps] == [(GOOGLE, ("company",))]
    held = run(env(), known, sugar(company="Acme", **NAMED), google(company="New", **NAMED))
    change = only(held, "company")
    assert change is not None
    assert change.verdict is HELD
    assert not held.steps
    assert not held.entries, "nobody owes a field that cannot be written"
    # In a conflict the open direction's source wins, whatever the rule.
    for rule in ConflictRule:
        both = run(env(conflict=rule), known, sugar(company="One", **NAMED), google(company="Two", **NAMED))
        assert [(s.side, s.changed) for s in both.steps] == [(GOOGLE, ("company",))]
        assert both.changes[0].loser == "Two"


def test_a_field_that_one_side_does_not_have_is_nobodys_business() -> None:
    where = env(lacks=("middle_name", "website"))
    found = run(where, link(NAMED), sugar(**NAMED), google(middle_name="Q", website="https://a.example", **NAMED))
    assert not found.changes
    assert not found.steps


def test_a_field_that_is_switched_off_is_left_alone() -> None:
    found = run(env(fields_off=("title", "emails")), link(NAMED), sugar("s1", "a@x.example", title="a", **NAMED),
                google(title="b", **NAMED))  # fmt: skip
    assert not found.changes


def test_a_record_whose_field_may_not_be_read_is_not_blank_there() -> None:
    denied = {"_acl": {"fields": {"title": {"read": "no"}, "email": {"read": "no"}}}}
    known = link({"title": "a", **NAMED}, ["a@x.example"])
    found = run(env(), known, sugar(native=denied, **NAMED), google("people/g1", "a@x.example", title="a", **NAMED))
    assert not found.changes
    assert found.link.base_emails == ["a@x.example"]


def test_a_birthday_without_year_is_not_owed_to_sugar() -> None:
    found = run(env(), link(NAMED), sugar(**NAMED), google(birthday="--05-12", **NAMED))
    change = only(found, "birthday")
    assert change is not None
    assert change.verdict is HELD
    assert not found.steps
    assert not found.entries


def test_a_value_that_does_not_fit_parks_the_contact() -> None:
    long = "x" * 101
    found = run(env(), link({"title": "a", **NAMED}), sugar(title="a", **NAMED), google(title=long, **NAMED))
    [entry] = found.entries
    assert (entry.trouble, entry.whole) == (Trouble.CANNOT_HOLD, True)
    assert [p.field for p in entry.problems] == ["title"]
    assert [c.name for c in entry.fields] == ["title"]
    assert not found.steps


@pytest.mark.parametrize("side", list(SideName))
def test_a_contact_that_is_too_large_as_a_whole_parks(side: SideName) -> None:
    big = {"custom": ["x" * 140_000, {"nested": 1}]}
    one = sugar(title="new", native=big if side is SUGAR else None, **NAMED)
    found = run(env(), link(NAMED), one, google(native=big if side is GOOGLE else None, **NAMED))
    [entry] = found.entries
    assert (entry.trouble, entry.whole, found.steps) == (Trouble.CANNOT_HOLD, True, ())


def test_what_no_setting_brings_about_is_not_held_back_by_one() -> None:
    """So that a change of settings has nothing to look at again."""
    known = link({"company": "Acme", **NAMED})
    one, two = sugar(company="Acme", **NAMED), google(company="New", **NAMED)
    assert not run(env(), known, one, two).held
    assert run(env(from_google=Direction(update=False)), link({"title": "a", **NAMED}), sugar(title="a", **NAMED),
               google(title="b", **NAMED)).held  # fmt: skip


def test_sugar_needs_a_last_name() -> None:
    found = run(env(), link(NAMED), sugar(**NAMED), google())
    [entry] = found.entries
    assert entry.trouble is Trouble.CANNOT_HOLD
    assert {p.field for p in entry.problems} == {"last_name"}


def test_a_value_that_is_none_parks_the_contact_and_is_never_merged() -> None:
    found = run(env(), link(NAMED), sugar(birthday="0000-00-00", title="x", **NAMED), google(**NAMED))
    [entry] = found.entries
    assert (entry.trouble, entry.whole) == (Trouble.UNREADABLE, True)
    assert [p.field for p in entry.problems] == ["birthday"]
    assert not found.steps
    assert not found.changes


def test_an_empty_payload_is_no_write() -> None:
    where = env(fields=like(GOOGLE, update=lambda *_: {}))
    found = run(where, link(NAMED), sugar(title="x", **NAMED), google(**NAMED))
    assert [change.verdict for change in found.changes] == [TO_GOOGLE]
    assert not found.steps


def test_both_records_are_needed() -> None:
    with pytest.raises(ValueError, match="both records"):
        merge(env(), link(), Half(), Half())


def test_custom_fields_are_merged_like_others() -> None:
    where = env(custom_fields={"blood_c": "Blood_C"}, native={"blood_c": NativeField("varchar", 10)})
    name = "custom:blood_c"
    values: dict[str, Any] = {name: "0", **NAMED}
    two = google(**values)
    found = run(where, link({name: "A", **NAMED}), sugar(**{**values, name: "A"}), two)
    assert [(s.side, s.payload) for s in found.steps] == [(SUGAR, {"blood_c": "0"})]
