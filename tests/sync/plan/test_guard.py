"""The delete guard: what looks like a mass deletion or a mass clearing waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.names import Op, SideName
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.guard import DELETES, Weather, guard, limit
from shared.sync.plan.model import Action, Decision, Env, Subject, Trouble
from shared.sync.plan.verdict import Verdict
from tests.sync.plan.make import GOOGLE, SUGAR, env, gone, google, like, link, subject, sugar

ANN: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
MAIL = "ann@x.example"
CALM = Weather(links=100, done={}, pending=0)
STORM = Weather(links=100, done={}, pending=0, alarm=True)

both_sides = pytest.mark.parametrize("side", list(SideName))


def deleted(n: int, side: SideName = SUGAR, **more: Any) -> Subject:
    """Deleted on that side, untouched on the other."""
    known = link(ANN, id=f"l{n}", sugar_id=f"s{n}", google_id=f"people/g{n}")
    if side is SUGAR:
        return subject(gone(f"s{n}"), google(f"people/g{n}", **ANN), known, **more)
    return subject(sugar(f"s{n}", **ANN), gone(f"people/g{n}"), known, **more)


def edited(
    n: int,
    side: SideName = SUGAR,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    emails: tuple[Sequence[str], Sequence[str]] = ((), ()),
    **more: Any,
) -> Subject:
    """On that side ``before`` became ``after``."""
    was, now = {**ANN, **(before or {})}, {**ANN, **(after or {})}
    known = link(was, list(emails[0]), id=f"l{n}", sugar_id=f"s{n}", google_id=f"people/g{n}")
    known.memo = {GOOGLE: env().fields[GOOGLE].view(google("people/g", *emails[0], **was).native, {}, None).memo}
    mine, theirs = (now, emails[1]), (was, emails[0])
    one, two = (mine, theirs) if side is SUGAR else (theirs, mine)
    records = sugar(f"s{n}", *one[1], **one[0]), google(f"people/g{n}", *two[1], **two[0])
    return subject(*records, known, **more)


def cleared(n: int, side: SideName = SUGAR, **more: Any) -> Subject:
    """The title was cleared on that side, and the department edited."""
    before, after = {"title": "Head", "department": "Sales"}, {"department": "Works"}
    return edited(n, side, before, after, **more)


def watched(
    given: Sequence[Subject], weather: Weather = CALM, where: Env | None = None
) -> tuple[tuple[Decision, ...], dict[str, int]]:
    where = where or env()
    decisions, wanted = guard(where, plan_batch(where, given, []).decisions, weather)
    return decisions, {kind: count for kind, count in wanted.items() if count}


def is_held(decision: Decision) -> bool:
    return decision.action is Action.PARK and not decision.steps


# -- how many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "most"),
    [(0, 10), (10, 10), (11, 10), (100, 10), (109, 10), (110, 11), (2500, 250), (2509, 250), (25_000, 250)],
)
def test_the_limit(links: int, most: int) -> None:
    assert limit(links) == most


@pytest.mark.parametrize(
    ("count", "weather", "held"),
    [
        (10, CALM, False),
        (11, CALM, True),
        (10, Weather(0, {}, 0), False),
        (11, Weather(0, {}, 0), True),
        (11, Weather(110, {}, 0), False),
        (12, Weather(110, {}, 0), True),
        (1, Weather(100, {DELETES: 9}, 0), False),
        (1, Weather(100, {DELETES: 10}, 0), True),
        (1, Weather(100, {}, 9), False),
        (1, Weather(100, {}, 10), True),
        (1, Weather(100, {DELETES: 5}, 5), True),
        (1, Weather(100, {"title": 99}, 0), False),
        (1, STORM, True),
    ],
)
@both_sides
def test_deletes_over_a_rolling_day_and_everything_pending(
    side: SideName, count: int, weather: Weather, held: bool
) -> None:
    decisions, wanted = watched([deleted(n, side) for n in range(count)], weather)
    assert wanted == {DELETES: count}
    assert [is_held(decision) for decision in decisions] == [held] * count


@pytest.mark.parametrize(
    ("count", "weather", "held"),
    [
        (10, CALM, False),
        (11, CALM, True),
        (1, Weather(100, {"title": 9}, 0), False),
        (1, Weather(100, {"title": 10}, 0), True),
        (1, Weather(100, {DELETES: 99, "notes": 99}, 99), False),
        (1, STORM, True),
    ],
)
@both_sides
def test_clearings_of_one_field(side: SideName, count: int, weather: Weather, held: bool) -> None:
    decisions, wanted = watched([cleared(n, side) for n in range(count)], weather)
    assert wanted == {"title": count}
    for decision in decisions:
        assert decision.action is Action.UPDATE
        assert [step.changed for step in decision.steps] == [("department",) if held else ("title", "department")]


def test_a_field_that_is_not_written_clears_nothing() -> None:
    one = sugar(title="b", company="", **ANN)
    two = google(title="a", company="Acme", **ANN)
    known = link({**ANN, "title": "a"})
    [decision], wanted = watched([subject(one, two, known)], STORM)
    assert not wanted
    assert [(change.name, change.clears) for change in decision.fields] == [("company", False), ("title", False)]
    assert len(decision.steps) == 1


def test_clearings_of_different_fields_do_not_add_up() -> None:
    fields = ("title", "department")
    given = [edited(n, before={fields[n % 2]: "x"}) for n in range(20)]
    decisions, wanted = watched(given)
    assert wanted == {"title": 10, "department": 10}
    assert not any(decision.entries for decision in decisions)


def test_deletes_of_both_directions_add_up() -> None:
    decisions, _ = watched([*(deleted(n) for n in range(6)), *(deleted(n + 6, GOOGLE) for n in range(5))])
    assert all(map(is_held, decisions))


# -- what a hold does --------------------------------------------------------------------------------


def test_a_held_delete_keeps_its_link_and_is_asked_about() -> None:
    [decision], _ = watched([deleted(1)], STORM)
    assert decision.link == decision.subject.link
    [entry] = decision.entries
    assert (entry.trouble, entry.whole) == (Trouble.HELD_DELETE, True)
    assert decision.why.startswith("deleted in Sugar; ")


@both_sides
def test_a_held_clearing_drops_out_of_its_step_and_the_rest_stays(side: SideName) -> None:
    [decision], _ = watched([cleared(1, side)], STORM)
    [step] = decision.steps
    assert (step.side, step.op, step.changed) == (side.other, Op.UPDATE, ("department",))
    assert step.target is not None
    assert (step.target.get("title"), step.target.get("department")) == ("Head", "Works")
    if side is GOOGLE:
        assert step.payload == {"department": "Works"}
    else:
        assert step.payload["organizations"] == [{"title": "Head", "department": "Works", "type": "work"}]
    [entry] = decision.entries
    assert (entry.trouble, entry.whole, [c.name for c in entry.fields]) == (Trouble.HELD_CLEARING, False, ["title"])
    verdicts = {change.name: change.verdict for change in decision.fields}
    assert verdicts["title"] is Verdict.HELD
    assert verdicts["department"].target is side.other
    assert decision.link is not None
    assert decision.link.base["title"] == "Head"


@both_sides
def test_a_step_of_clearings_alone_is_dropped(side: SideName) -> None:
    [decision], _ = watched([edited(1, side, {"title": "Head"})], STORM)
    assert (decision.action, decision.steps) == (Action.NOTHING, ())
    assert [e.trouble for e in decision.entries] == [Trouble.HELD_CLEARING]


@both_sides
def test_held_emails_drop_out_too(side: SideName) -> None:
    given = edited(1, side, {"title": "a"}, {"title": "b"}, emails=([MAIL], []))
    [decision], wanted = watched([given], STORM)
    assert wanted == {"emails": 1}
    [step] = decision.steps
    assert step.changed == ("title",)
    assert step.target is not None
    assert [e.address for e in step.target.emails or ()] == [MAIL]
    assert not {"email", "emailAddresses"} & set(step.payload)


def test_removing_one_of_several_emails_is_no_clearing() -> None:
    decisions, wanted = watched([edited(1, emails=([MAIL, "b@x.example"], [MAIL]))], STORM)
    assert not wanted
    assert len(decisions[0].steps) == 1


def test_a_write_to_the_other_side_goes_on() -> None:
    known = link({**ANN, "title": "Head"})
    both = subject(sugar(title="", **ANN), google(title="Head", notes="new", **ANN), known)
    [decision], _ = watched([both], STORM)
    assert [(step.side, step.changed) for step in decision.steps] == [(SUGAR, ("notes",))]
    assert decision.action is Action.UPDATE


def test_everything_else_goes_on_under_a_hold() -> None:
    new = subject(sugar("s8", MAIL, **ANN), None, key="k8")
    updated = edited(2, before={"title": "a"}, after={"title": "b"})
    decisions, _ = watched([deleted(1), updated, new], STORM)
    assert [decision.action for decision in decisions] == [Action.PARK, Action.UPDATE, Action.CREATE]
    assert [len(decision.steps) for decision in decisions] == [0, 1, 1]


def test_what_a_person_approved_is_exempt_and_does_not_count() -> None:
    given = [deleted(0, exempt=True), cleared(1, exempt=True), *(deleted(n) for n in range(2, 13))]
    decisions, wanted = watched(given)
    assert wanted == {DELETES: 11}
    assert [is_held(decision) for decision in decisions] == [False, False] + [True] * 11
    assert decisions[0].deletes
    assert decisions[1].steps[0].changed == ("title", "department")
    decisions, wanted = watched([deleted(n, exempt=True) for n in range(50)], STORM)
    assert not wanted
    assert all(decision.deletes for decision in decisions)


def test_what_is_quarantined_anyway_neither_counts_nor_is_held_again() -> None:
    given = edited(1, before={"title": "Head", "notes": "x"}, after={"notes": "y" * 100_001})
    [decision], wanted = watched([given], STORM)
    assert not wanted
    assert [e.trouble for e in decision.entries] == [Trouble.CANNOT_HOLD]
    [_, again], _ = watched([edited(2, before={"title": "Head"}), given], STORM)
    assert [e.trouble for e in again.entries] == [Trouble.CANNOT_HOLD]


def test_a_step_that_comes_to_nothing_without_the_held_field_is_dropped() -> None:
    once = iter([{"some": "payload"}])
    where = env(fields=like(GOOGLE, update=lambda *_: next(once, {})))
    [decision], _ = watched([cleared(1)], STORM, where)
    assert decision.steps == ()


def test_a_hold_of_a_decision_without_link_reads_its_record_afresh() -> None:
    where = env()
    [decision] = plan_batch(where, [cleared(1)], []).decisions
    bare = Decision(decision.subject, decision.action, decision.why, decision.steps, decision.fields)
    (held,), _ = guard(where, [bare], STORM)
    assert [step.changed for step in held.steps] == [("department",)]
