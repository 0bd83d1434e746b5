"""What the answers come to: the base advances only over what both sides are known to hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import (
    AmbiguousError,
    ContactError,
    Forbidden,
    GrantLost,
    LeaseLost,
    OutOfTime,
    RateLimited,
    Rejected,
    StaleVersion,
    SyncError,
    Unavailable,
    Vanished,
)
from shared.names import Op, SideName
from shared.side import Done, InDoubt, NotSent, Outcome, Record, Refused
from shared.sync.link import Link, LinkState
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Answer, Decision, Env, Step, Subject, Trouble
from shared.sync.remedies import Remedy
from shared.sync.settings import ConflictRule, Direction
from shared.sync.settle import Settled, settle
from tests.sync.plan.make import GOOGLE, SUGAR, answers, env, gone, google, link, missing, subject, sugar, written

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANN: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
A, B, C = (f"{name}@x.example" for name in "abc")


def planned(given: Subject, **changes: Any) -> tuple[Env, Decision]:
    where = env(**changes)
    [decision] = plan_batch(where, [given], []).decisions
    return where, decision


def settled(where: Env, decision: Decision, *failed: tuple[SideName, Outcome], stored: Link | None = None) -> Settled:
    """Every step happens, but for those that failed."""
    instead = dict(failed)
    results = [(step, instead.get(step.side, outcome)) for step, outcome in answers(decision)]
    return settle(where, decision, results, NOW, stored)


def both_ways() -> tuple[Subject, Link]:
    """Title new in Sugar, department new in Google, an email new on each side."""
    known = link({**ANN, "title": "a", "department": "a"}, [A])
    one = sugar("s1", A, B, title="b", department="a", **ANN)
    two = google("people/g1", A, C, title="a", department="b", **ANN)
    return subject(one, two, known), known


FAILED: list[tuple[Outcome, str]] = [
    (Refused(Rejected("no", detail="their words")), "entry"),
    (Refused(Forbidden("not yours")), "entry"),
    (Refused(StaleVersion("moved")), "again"),
    (Refused(Vanished("gone")), "again"),
    (InDoubt(AmbiguousError("cut")), "doubt"),
    (NotSent(OutOfTime("too late")), "trouble"),
    (NotSent(GrantLost("sign in again")), "trouble"),
]


def test_both_writes_happened() -> None:
    given, known = both_ways()
    out = settled(*planned(given), stored=known)
    assert out.link is not None
    assert (out.link.base["title"], out.link.base["department"]) == ("b", "b")
    assert out.link.base_emails == [A, B, C]
    assert out.link.versions == {SUGAR: "s-new+", GOOGLE: "g-new+"}
    assert (out.entries, out.closes, out.doubt, out.again, out.trouble) == ((), True, False, None, None)
    assert out.done == {"update sugar": 1, "update google": 1}
    assert sorted(out.versions) == [
        (GOOGLE, "people/g1", "g-new+", True),
        (SUGAR, "s1", "s-new+", True),
    ]
    assert {(side, row.id) for side, row in out.index} == {(SUGAR, "s1"), (GOOGLE, "people/g1")}
    assert out.row is not None
    assert out.row["kinds"] == ["update", "update google", "update sugar"]
    by_name = {(f["name"], f["to"]): (f["before"], f["after"]) for f in out.row["fields"]}
    assert by_name["title", "google"] == ("a", "b")
    assert by_name["department", "sugar"] == ("a", "b")
    assert by_name["emails", "google"] == (f"{A}, {C}", f"{A}, {C}, {B}")
    assert out.row["native"]["sugar"]["before"]["department"] == "a"
    assert out.row["native"]["sugar"]["after"]["department"] == "b"


@pytest.mark.parametrize("side", list(SideName))
@pytest.mark.parametrize(("outcome", "kind"), FAILED)
def test_one_of_two_writes_failed(side: SideName, outcome: Outcome, kind: str) -> None:
    given, known = both_ways()
    out = settled(*planned(given), (side, outcome), stored=known)
    assert out.link is not None
    expected = {"title": "b", "department": "a"} if side is SUGAR else {"title": "a", "department": "b"}
    assert {name: out.link.base[name] for name in expected} == expected
    # Both hold what went to the side that answered; the other address is still news.
    assert out.link.base_emails == ([A, B] if side is SUGAR else [A, C])
    assert out.done == {f"update {side.other}": 1}
    assert out.row is not None
    assert set(out.row["native"]) == {side.other.value}
    assert {field["to"] for field in out.row["fields"]} == {side.other.value}
    assert bool(out.entries) is (kind == "entry")
    assert out.link.parked is (kind == "entry")
    assert out.link.entry is (kind == "entry")
    assert out.doubt is (kind == "doubt")
    assert (out.again is not None) is (kind in ("again", "trouble"))
    assert (out.trouble is not None) is (kind == "trouble")
    assert not out.closes


def test_the_next_merge_computes_again_what_failed() -> None:
    given, known = both_ways()
    where, decision = planned(given)
    out = settled(where, decision, (SUGAR, InDoubt(AmbiguousError("cut"))), stored=known)
    assert out.link is not None
    assert given.sugar.record is not None
    [step] = [step for step in decision.steps if step.side is GOOGLE]
    _, again = planned(subject(given.sugar.record, written(step), out.link))
    assert [(s.side, s.changed) for s in again.steps] == [(SUGAR, ("department", "emails"))]
    assert again.steps[0].target is not None
    assert {e.address for e in again.steps[0].target.emails or ()} == {A, B, C}


@pytest.mark.parametrize(
    ("error", "trouble"), [(Rejected("no", detail="words"), Trouble.REJECTED), (Forbidden("n"), Trouble.FORBIDDEN)]
)
def test_a_refusal_is_told_in_the_apis_words(error: ContactError, trouble: Trouble) -> None:
    given, known = both_ways()
    out = settled(*planned(given), (SUGAR, Refused(error)), (GOOGLE, Refused(error)), stored=known)
    assert [(e.trouble, e.whole, e.message, e.detail) for e in out.entries] == [
        (trouble, True, error.message, error.detail)
    ] * 2
    assert out.row is None
    assert out.link is not None
    assert out.link.base == known.base


@pytest.mark.parametrize(
    ("error", "again", "is_trouble"),
    [
        (RateLimited("slow down", retry_after=30.0), 30.0, True),
        (RateLimited("slow down"), 0.0, True),
        (Unavailable("down", retry_after=5.0), 0.0, True),
        (OutOfTime("late"), 0.0, True),
        (LeaseLost("lost"), 0.0, True),
        (GrantLost("lost"), 0.0, True),
        (SyncError("odd"), 0.0, False),
    ],
)
def test_what_was_not_sent_is_tried_again(error: SyncError, again: float, is_trouble: bool) -> None:
    given, known = both_ways()
    out = settled(*planned(given), (SUGAR, NotSent(error)), stored=known)
    assert (out.again, out.trouble) == (again, error if is_trouble else None)
    assert {side for side, *_ in out.versions} == {GOOGLE}, "the other one is looked at again"


# -- creating, linking, deleting ---------------------------------------------------------------------


@pytest.mark.parametrize("side", list(SideName))
def test_a_create_that_happened_is_a_link(side: SideName) -> None:
    new = sugar("s1", A, company="Acme", **ANN) if side is SUGAR else google("people/g1", A, company="Acme", **ANN)
    where, decision = planned(subject(new if side is SUGAR else None, new if side is GOOGLE else None, key="k1"))
    out = settled(where, decision)
    assert out.link is not None
    made = "people/made" if side is SUGAR else "s-made"
    assert (out.link.id_on(side), out.link.id_on(side.other)) == (new.id, made)
    assert (out.link.base["last_name"], out.link.base["title"]) == ("Lee", "")
    assert out.link.base_emails == [A]
    assert out.done == {f"create {side.other}": 1}
    assert [(at, row.id) for at, row in out.index] == [(side.other, made)]
    # Nothing is owed then, in either direction.
    records = {side: new, side.other: written(decision.steps[0])}
    _, again = planned(subject(records[SUGAR], records[GOOGLE], out.link))
    assert again.steps == ()


@pytest.mark.parametrize(("outcome", "kind"), FAILED)
def test_a_create_that_did_not_happen_is_no_link(outcome: Outcome, kind: str) -> None:
    out = settled(*planned(subject(sugar("s1", A, **ANN), None, key="k1")), (GOOGLE, outcome))
    assert (out.link, out.row, out.done) == (None, None, {})
    assert out.doubt is (kind == "doubt")
    assert bool(out.entries) is (kind in ("entry", "again"))


@pytest.mark.parametrize("side", list(SideName))
@pytest.mark.parametrize("error", [StaleVersion("google.create: changed", detail="why"), Vanished("why")])
def test_a_create_cannot_be_overtaken(side: SideName, error: ContactError) -> None:
    """The same answer would come in every run, and nobody would hear of it."""
    new = sugar("s1", A, **ANN) if side is GOOGLE else google("people/g1", A, **ANN)
    given = subject(new if side is GOOGLE else None, new if side is SUGAR else None, key="k1")
    out = settled(*planned(given), (side, Refused(error)))
    [told] = out.entries
    assert (told.trouble, told.message, told.detail) == (Trouble.REJECTED, "it was refused", "why")
    assert out.again is None


@pytest.mark.parametrize("side", list(SideName))
@pytest.mark.parametrize("failed", [False, True])
def test_linking_two_records(side: SideName, failed: bool) -> None:
    one, two = sugar("s1", A, title="x", **ANN), google("people/g1", A, **ANN)
    where = env()
    [decision] = plan_batch(where, [subject(one, None, key="k1"), subject(None, two, key="k2")], []).decisions
    out = settled(where, decision, *([(GOOGLE, FAILED[2][0])] if failed else []))
    assert out.link is not None
    assert (out.link.base["last_name"], out.link.base_emails) == ("Lee", [A])
    assert ("title" in out.link.base) is not failed
    assert set(out.taken) | {out.decision.subject.key} == {"k1", "k2"}
    assert out.row is not None


@pytest.mark.parametrize(
    ("outcome", "state", "at"),
    [
        (Done(None), LinkState.TOMBSTONE, NOW.isoformat()),
        (Refused(StaleVersion("moved")), LinkState.LIVE, None),
        (Refused(Forbidden("no")), LinkState.LIVE, None),
        (InDoubt(AmbiguousError("cut")), LinkState.LIVE, None),
    ],
)
def test_a_delete(outcome: Outcome, state: LinkState, at: str | None) -> None:
    known = link(ANN)
    where, decision = planned(subject(gone("s1"), google(**ANN), known))
    assert decision.action is Action.DELETE
    out = settled(where, decision, (GOOGLE, outcome), stored=known)
    assert out.link is not None
    assert (out.link.state, out.link.both_gone_at) == (state, at)
    assert out.link.gone == ([GOOGLE, SUGAR] if isinstance(outcome, Done) else [SUGAR])
    assert (out.row is not None) is isinstance(outcome, Done)
    if out.row is not None:
        assert out.row["native"]["google"]["after"] is None


def test_closing_keeps_the_time_of_the_end() -> None:
    known = link(ANN, parked=True, entry=True)
    out = settled(*planned(subject(missing("s1"), gone("people/g1"), known)), stored=known)
    assert out.closes
    assert out.link is not None
    assert (out.link.both_gone_at, out.link.parked, out.link.entry) == (NOW.isoformat(), False, False)
    assert out.row is not None
    assert out.row["kinds"] == ["close"]
    out = settled(*planned(subject(gone("s1", "2026-03-01"), gone("people/g1"), known)), stored=known)
    assert out.link is not None
    assert out.link.both_gone_at == "2026-03-01"
    # Never linked: nothing but the entry is left of it.
    out = settled(*planned(subject(gone("s1"), None, key="k1")))
    assert (out.closes, out.link) == (True, None)


@pytest.mark.parametrize("outcome", [Done(None), Refused(StaleVersion("moved"))])
def test_a_copy_of_our_own_making_is_deleted_without_any_link(outcome: Outcome) -> None:
    copy = google("people/copy", A, **ANN)
    step = Step(GOOGLE, Op.DELETE, {}, copy.id, copy.version, copy.native)
    decision = Decision(subject(None, copy, key="k1"), Action.DELETE, "a second copy", (step,))
    out = settle(env(), decision, [(step, outcome)], NOW, None)
    assert out.link is None
    assert (out.row is not None) is isinstance(outcome, Done)
    assert out.again == (None if isinstance(outcome, Done) else 0.0)


# -- what is stored at all ---------------------------------------------------------------------------


def test_nothing_new_costs_no_write() -> None:
    where = env()
    known = link(ANN, versions={SUGAR: "old", GOOGLE: "old"})
    known.memo = {GOOGLE: where.fields[GOOGLE].view(google(**ANN).native, {}, None).memo}
    out = settled(*planned(subject(sugar(**ANN), google(**ANN), known)), stored=known)
    assert (out.link, out.row, out.entries, out.closes) == (None, None, (), True)
    assert out.versions == [(SUGAR, "s1", "s-new", True), (GOOGLE, "people/g1", "g-new", True)]


def test_a_read_too_soon_settles_nothing() -> None:
    one = sugar(**ANN)
    fresh = Record(one.id, one.version, one.native, in_scope=True, settled=False)
    out = settled(*planned(subject(fresh, google(**ANN), link(ANN))), stored=link(ANN))
    assert out.versions == [(GOOGLE, "people/g1", "g-new", True)]


def test_an_open_question_leaves_the_contact_going_and_its_entry_open() -> None:
    known = link({**ANN, "title": "a"})
    given = subject(sugar(title="b", **ANN), google(title="c", **ANN), known)
    out = settled(*planned(given, conflict=ConflictRule.ASK), stored=known)
    assert [e.trouble for e in out.entries] == [Trouble.CONFLICT]
    assert out.link is not None
    assert (out.link.parked, out.link.entry, out.link.base["title"]) == (False, True, "a")
    assert not out.closes


def test_what_a_switch_holds_back_sleeps_with_its_base() -> None:
    known = link({**ANN, "title": "a"})
    given = subject(sugar(title="b", **ANN), google(title="a", **ANN), known)
    out = settled(*planned(given, from_sugar=Direction(update=False)), stored=known)
    assert out.asleep
    assert out.link is None or out.link.base["title"] == "a"


def test_a_quarantined_contact_keeps_its_entry() -> None:
    known = link(ANN, parked=True, entry=True)
    out = settled(*planned(subject(sugar(title="b", **ANN), google(**ANN), known)), stored=known)
    assert (out.closes, out.link, out.entries) == (False, None, ())
    out = settled(*planned(subject(sugar(**ANN), None, key="k1", parked=True)))
    assert not out.closes


def test_an_answer_has_served_once_its_write_happened() -> None:
    known = link({**ANN, "title": "a"}, entry=True)
    answer = Answer(Remedy(action="keep", answers={"title": "google"}), {"title": ("b", "c")})
    given = subject(sugar(title="b", **ANN), google(title="c", **ANN), known, answer=answer)
    where, decision = planned(given, conflict=ConflictRule.ASK)
    out = settled(where, decision, stored=known)
    assert out.link is not None
    assert (out.link.base["title"], out.link.entry, out.closes) == ("c", False, True)
    assert out.row is not None
    assert [(f["name"], f["loser"]) for f in out.row["fields"]] == [("title", "b")]
    out = settled(where, decision, (SUGAR, FAILED[4][0]), stored=known)
    assert not out.closes, "what was answered stays until it was carried out"
