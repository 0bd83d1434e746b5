"""What taking back comes to: the inverse of rows on the records as they are now. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import AmbiguousError, ContactError, Rejected, StaleVersion, Vanished
from shared.names import Op, SideName
from shared.side import Done, InDoubt, Record, Refused
from shared.sync.journal import intent, step_of
from shared.sync.link import Link, LinkState
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Decision
from shared.sync.plan.undo import Deed, Task, plan_undo
from shared.sync.undo.settle import settle_undo, take_back, there_after
from tests.sync.plan.make import (
    GOOGLE,
    SUGAR,
    after,
    answers,
    env,
    gone,
    google,
    link,
    missing,
    subject,
    sugar,
    written,
)
from tests.sync.plan.pairs import NOW

NAMED: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
A, B, C = (f"{name}@x.example" for name in "abc")


def known(**more: Any) -> Link:
    return link({**NAMED, "title": "after"}, [A], **more)


def updated(before: Record, now: Record, *fields: str, row: str = "r1", exact: bool = True) -> Deed:
    side = GOOGLE if now.id.startswith("people/") else SUGAR
    return Deed(row, side, Op.UPDATE, before.native, now.native, fields, exact=exact)


def undo(where: Any, one: Any, two: Any, stored: Link, *deeds: Deed, made: SideName | None = None) -> Decision:
    return plan_undo(where, subject(one, two, stored), Task(deeds, made))


def settled(where: Any, decision: Decision, stored: Link) -> Link:
    return settle_undo(where, decision, answers(decision), NOW, stored).link or stored


def test_an_update_goes_back_and_is_kept_apart() -> None:
    where = env()
    one, two = sugar("s1", A, title="after", **NAMED), google("people/g1", A, title="after", **NAMED)
    deed = updated(google("people/g1", A, title="before", **NAMED), two, "title")
    stored = known()
    decision = undo(where, one, two, stored, deed)
    assert (decision.action, decision.undoes, decision.subject.exempt) == (Action.UNDO, ("r1",), True)
    [step] = decision.steps
    assert (step.side, step.op, step.changed, step.version) == (GOOGLE, Op.UPDATE, ("title",), "g-new")
    then = settled(where, decision, stored)
    assert then.apart == {"title": {SUGAR: "after", GOOGLE: "before"}}
    assert then.base["title"] == "after"
    records = after(decision)
    [again] = plan_batch(where, [subject(records[SUGAR], records[GOOGLE], then)], []).decisions
    assert again.steps == (), "the next run leaves it so"


def test_several_rows_are_written_as_one() -> None:
    where = env()
    first, second, third = (google("people/g1", A, title=title, **NAMED) for title in ("a", "b", "c"))
    deeds = (updated(second, third, "title", row="r2"), updated(first, second, "title", row="r1"))
    decision = undo(where, sugar("s1", A, title="c", **NAMED), third, known(), *deeds)
    assert decision.undoes == ("r2", "r1")
    [step] = decision.steps
    assert step.target is not None
    assert step.target.get("title") == "a"
    broken = undo(where, sugar("s1", A, title="c", **NAMED), third, known(), deeds[1])
    assert (broken.action, broken.why) == (Action.NOTHING, "edited since")


def test_what_is_alike_after_it_is_agreed_on() -> None:
    where = env()
    one, two = sugar("s1", A, title="before", **NAMED), google("people/g1", A, title="after", **NAMED)
    stored = known()
    stored.keep_apart("title", "before", "after")
    deed = updated(google("people/g1", A, title="before", **NAMED), two, "title")
    then = settled(where, undo(where, one, two, stored, deed), stored)
    assert (then.apart, then.base["title"]) == ({}, "before")


def test_an_edit_that_waits_on_the_other_side_goes_its_way() -> None:
    where = env()
    one, two = sugar("s1", A, title="waits", **NAMED), google("people/g1", A, title="after", **NAMED)
    stored = known()
    deed = updated(google("people/g1", A, title="before", **NAMED), two, "title")
    decision = undo(where, one, two, stored, deed)
    then = settled(where, decision, stored)
    records = after(decision)
    [again] = plan_batch(where, [subject(records[SUGAR], records[GOOGLE], then)], []).decisions
    [step] = again.steps
    assert step.target is not None
    assert (step.side, step.target.get("title")) == (GOOGLE, "waits")


def test_emails_go_back_one_by_one_and_are_kept_apart() -> None:
    where = env()
    stored = link({**NAMED}, [A, B])
    one, two = sugar("s1", A, B, **NAMED), google("people/g1", A, B, C, **NAMED)
    deed = updated(google("people/g1", A, **NAMED), google("people/g1", A, B, **NAMED), "emails")
    decision = undo(where, one, two, stored, deed)
    then = settled(where, decision, stored)
    assert (then.base_emails, then.apart_emails) == ([A], {SUGAR: [B]})
    records = after(decision)
    [again] = plan_batch(where, [subject(records[SUGAR], records[GOOGLE], then)], []).decisions
    assert [step.side for step in again.steps] == [SUGAR], "the address that a user added goes its way"


@pytest.mark.parametrize("side", list(SideName))
def test_a_create_is_taken_back_and_stays_away(side: SideName) -> None:
    where = env()
    one, two = sugar("s1", A, **NAMED), google("people/g1", A, **NAMED)
    record = one if side is SUGAR else two
    stored = link({**NAMED}, [A])
    decision = undo(where, one, two, stored, Deed("r", side, Op.CREATE, None, record.native))
    assert [(step.side, step.op, step.id) for step in decision.steps] == [(side, Op.DELETE, record.id)]
    then = settled(where, decision, stored)
    assert (then.state, then.deleted_on, then.both_gone_at) == (LinkState.TOMBSTONE, side, None)
    left = subject(gone("s1"), two, then) if side is SUGAR else subject(one, gone("people/g1"), then)
    [again] = plan_batch(where, [left], []).decisions
    assert again.action is Action.NOTHING


def test_what_was_put_into_a_created_contact_stays() -> None:
    where = env()
    two = google("people/g1", A, **NAMED)
    now = replace(two, native={**two.native, "interests": [{"value": "Chess"}]})
    decision = undo(where, sugar("s1", A, **NAMED), now, known(), Deed("r", GOOGLE, Op.CREATE, None, two.native))
    assert (decision.action, decision.steps) == (Action.NOTHING, ())
    assert decision.why == "edited in Google since it was created"
    later = undo(
        where, sugar("s1", A, **NAMED), now, known(), Deed("r", GOOGLE, Op.CREATE, None, now.native, exact=False)
    )
    assert later.steps == (), "an after-image that was read later proves nothing"


@pytest.mark.parametrize("side", list(SideName))
def test_a_delete_is_taken_back_and_stays_alone(side: SideName) -> None:
    where = env()
    record = sugar("s1", A, **NAMED) if side is SUGAR else google("people/g1", A, **NAMED)
    stored = link({**NAMED}, [A], state=LinkState.TOMBSTONE, deleted_on=side.other, both_gone_at="2026-03-01")
    decision = undo(where, gone("s1"), gone("people/g1"), stored, Deed("r", side, Op.DELETE, record.native, None))
    [step] = decision.steps
    assert (step.side, step.op, step.id) == (side, Op.CREATE, "")
    assert decision.lost
    then = settled(where, decision, stored)
    assert (then.state, then.deleted_on, then.both_gone_at) == (LinkState.TOMBSTONE, side.other, None)
    assert then.id_on(side) not in ("", record.id)


@pytest.mark.parametrize("error", [StaleVersion("moved", detail="why"), Vanished("why")])
def test_what_cannot_be_made_again_is_refused_and_not_tried_for_ever(error: ContactError) -> None:
    where, record = env(), google("people/g1", A, **NAMED)
    stored = link({**NAMED}, [A], state=LinkState.TOMBSTONE, deleted_on=SUGAR, both_gone_at="2026-03-01")
    decision = undo(where, gone("s1"), gone("people/g1"), stored, Deed("r", GOOGLE, Op.DELETE, record.native, None))
    out = settle_undo(where, decision, [(step, Refused(error)) for step in decision.steps], NOW, stored)
    assert out.refused == "why"


def test_gone_without_proof_is_not_made_again() -> None:
    record = sugar("s1", A, **NAMED)
    decision = undo(
        env(), missing("s1"), google("people/g1", A, **NAMED), known(), Deed("r", SUGAR, Op.DELETE, record.native, None)
    )
    assert decision.steps == ()
    assert "nothing proves" in decision.why


def test_all_that_was_created_goes_if_it_holds_nothing_else() -> None:
    where = env()
    one, two = sugar("s1", A, title="after", **NAMED), google("people/g1", A, title="after", **NAMED)
    stored = known(created=[GOOGLE])
    assert [s.op for s in undo(where, one, two, stored, made=GOOGLE).steps] == [Op.DELETE]
    assert undo(where, one, two, known(), made=GOOGLE).steps == (), "not ours"
    edited = google("people/g1", A, title="edited", **NAMED)
    assert undo(where, one, edited, stored, made=GOOGLE).steps == (), "the other side lacks that"


def test_a_contact_that_waits_is_left_alone() -> None:
    two = google("people/g1", A, title="after", **NAMED)
    deed = updated(google("people/g1", A, title="before", **NAMED), two, "title")
    stored = known(parked=True)
    assert undo(env(), sugar("s1", A, title="after", **NAMED), two, stored, deed).steps == ()


def both_ways() -> tuple[Any, Link, Decision]:
    """An undo that writes the same field on both sides."""
    where = env()
    one, two = sugar("s1", A, title="after", **NAMED), google("people/g1", A, title="after", **NAMED)
    stored = known()
    deeds = (
        updated(google("people/g1", A, title="g", **NAMED), two, "title"),
        updated(sugar("s1", A, title="s", **NAMED), one, "title"),
    )
    return where, stored, undo(where, one, two, stored, *deeds)


@pytest.mark.parametrize("outcome", [Refused(Rejected("no")), Refused(StaleVersion("x")), InDoubt(AmbiguousError("?"))])
@pytest.mark.parametrize("fails", list(SideName))
def test_what_was_written_on_one_side_only_is_kept_apart_as_it_is(fails: SideName, outcome: Any) -> None:
    where, stored, decision = both_ways()
    results = [(step, outcome if step.side is fails else Done(written(step))) for step in decision.steps]
    out = settle_undo(where, decision, results, NOW, stored)
    assert out.link is not None
    values = {SUGAR: "s", GOOGLE: "g", fails: "after"}
    assert out.link.apart == {"title": values}
    assert out.link.base["title"] == "after"


def test_a_recovery_says_the_same_as_the_answers_do() -> None:
    """Also where a user has edited the other side in between: that is a move, and goes its way."""
    where, stored, decision = both_ways()
    expected = settled(where, decision, stored)
    ops = [intent(decision, step, f"i{n}", NOW) for n, step in enumerate(decision.steps)]
    records = after(decision)
    for order in (ops, ops[::-1]):
        found = stored.copy()
        for op in order:
            step = step_of(op)
            there = there_after(decision.subject, step, records[op.side])
            take_back(where, found, step, records[op.side], there, NOW)
        assert (found.apart, found.base, found.state) == (expected.apart, expected.base, expected.state)
    edited = sugar("s1", A, title="edited", **NAMED)
    [again] = plan_batch(where, [subject(edited, records[GOOGLE], expected)], []).decisions
    assert [step.side for step in again.steps] == [GOOGLE]
