"""What is learned from a write's own answer, and what from a later read of an earlier run's write."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contact.model import Contact, Email
from shared.names import Op, SideName
from shared.side import Done, Record
from shared.sync.plan.model import Step
from shared.sync.settings import Direction
from shared.sync.settle import finish, happened
from tests.sync.plan.make import GOOGLE, SUGAR, env, google, link, subject, sugar, written
from tests.sync.test_settle import ANN, NOW, A, B, C, planned, settled


def answered(step: Step, **shown: Any) -> Done:
    """The write's own answer, with some native fields come back changed."""
    record = written(step)
    assert record is not None
    return Done(Record(record.id, record.version, {**record.native, **shown}, record.in_scope))


def test_a_rendering_is_learned_from_the_writes_own_answer() -> None:
    known = link({**ANN, "title": "a"}, renderings={GOOGLE: {"title": "A"}})
    two = google(title="Größe", **ANN)
    where, decision = planned(subject(sugar(title="a", **ANN), two, known))
    [step] = decision.steps
    done = answered(step, title="Gr??e")
    out = settled(where, decision, (SUGAR, done), stored=known)
    assert out.link is not None
    assert out.link.base["title"] == "Größe"
    assert out.link.renderings == {SUGAR: {"title": "Gr??e"}}, "the other side's was about the old value"
    assert done.record is not None
    _, again = planned(subject(done.record, two, out.link))
    assert again.steps == ()


def test_a_listed_rendering_need_not_be_learned() -> None:
    known = link(ANN)
    given = subject(sugar(**ANN), google(notes="hi 🎉", **ANN), known)
    where, decision = planned(given)
    out = settled(where, decision, (SUGAR, answered(decision.steps[0], description="hi ?")), stored=known)
    assert out.link is not None
    assert (out.link.base["notes"], out.link.renderings) == ("hi 🎉", {})


def test_a_rendering_is_never_learned_from_a_later_read() -> None:
    where = env()
    step = Step(SUGAR, Op.UPDATE, {}, "s1", "v", sugar(**ANN).native, Contact({**ANN, "title": "Größe"}), ("title",))
    known = link(ANN, renderings={SUGAR: {"title": "old", "notes": "n"}})
    done = finish(where, known, step, sugar(title="Gr??e", **ANN), NOW)
    assert done.base["title"] == "Größe"
    assert done.renderings == {SUGAR: {"notes": "n"}}
    assert known.base["title"] == "", "the arguments stay as they are"


def test_an_address_that_the_answer_left_out_is_remembered_over_later_writes() -> None:
    known = link(ANN, [A])
    one = sugar("s1", A, B, **ANN)
    where, decision = planned(subject(one, google("people/g1", A, **ANN), known))
    done = answered(decision.steps[0], emailAddresses=[{"value": A}])
    out = settled(where, decision, (GOOGLE, done), stored=known)
    assert out.link is not None
    assert done.record is not None
    assert (out.link.base_emails, out.link.dropped_emails) == ([A, B], {GOOGLE: [B]})
    # One more address later on.
    first = out.link
    one = sugar("s1", A, B, C, **ANN)
    where, decision = planned(subject(one, done.record, first))
    assert [step.side for step in decision.steps] == [GOOGLE]
    out = settled(where, decision, stored=first)
    assert out.link is not None
    assert (out.link.base_emails, out.link.dropped_emails) == ([A, B, C], {GOOGLE: [B]})
    _, again = planned(subject(one, written(decision.steps[0]), out.link))
    assert again.steps == (), "nobody removed it"


# -- an earlier run's write --------------------------------------------------------------------------


def update(side: SideName, before: Record, *emails: str, **values: str) -> Step:
    target = Contact({**ANN, **values}, tuple(map(Email, emails)))
    return Step(side, Op.UPDATE, {}, before.id, "v", before.native, target, (*values, "emails"))


def test_emails_that_only_the_written_side_holds_were_not_agreed_on() -> None:
    where = env()
    step = update(GOOGLE, google("people/g1", A, C, "gone@x.example"), A, B, C)
    done = finish(where, link(ANN, [A, "gone@x.example"]), step, google("people/g1", A, B, C, **ANN), NOW)
    assert done.base_emails == [A, B], "the direction that C would take is closed"
    one = sugar("s1", A, B, **ANN)
    closed = Direction(update=False)
    _, again = planned(subject(one, google("people/g1", A, B, C, **ANN), done), from_google=closed)
    assert again.steps == ()


def test_a_create_that_was_found_again() -> None:
    where, decision = planned(subject(sugar("s1", A, title="x", **ANN), None, key="k1"))
    [step] = decision.steps
    assert decision.link is not None
    done = finish(where, decision.link, step, written(step), NOW)
    assert (done.google_id, done.base["title"], done.base_emails) == ("people/made", "x", [A])
    assert done.memo[GOOGLE]


def test_what_an_earlier_delete_comes_to() -> None:
    where = env()
    step = Step(GOOGLE, Op.DELETE, {}, "people/g1", "v", {})
    assert finish(where, link(ANN), step, None, NOW).both_gone_at == NOW.isoformat()
    assert happened(where, link(ANN), step, None)
    assert not happened(where, link(ANN), step, google())


def test_without_a_record_nothing_is_known() -> None:
    where = env()
    step = update(SUGAR, sugar("s1", A), A, title="x")
    known = link(ANN, [A])
    assert finish(where, known, step, None, NOW) == known
    assert not happened(where, known, step, None)


@pytest.mark.parametrize(
    ("emails", "values", "yes"),
    [
        ([A, B], {"title": "x"}, True),
        ([B, A.upper()], {"title": " x "}, True),
        ([A], {"title": "x"}, False),
        ([A, B, C], {"title": "x"}, False),
        ([A, B], {"title": "y"}, False),
        ([A, B], {"title": ""}, False),
        ([A, B], {"title": "x", "notes": "edited since"}, True),
    ],
)
@pytest.mark.parametrize("side", list(SideName))
def test_whether_an_earlier_write_happened(
    side: SideName, emails: list[str], values: dict[str, Any], yes: bool
) -> None:
    where = env()
    before = sugar("s1", A) if side is SUGAR else google("people/g1", A)
    shown = sugar("s1", *emails, **values) if side is SUGAR else google("people/g1", *emails, **values)
    assert happened(where, link(), update(side, before, A, B, title="x"), shown) is yes


def test_an_address_that_is_known_to_be_left_out_does_not_hide_that_a_write_happened() -> None:
    known = link(ANN, [A, B], dropped_emails={GOOGLE: [B]})
    step = update(GOOGLE, google("people/g1", A), A, C)
    assert happened(env(), known, step, google("people/g1", A, C))


def test_a_field_that_is_not_shown_any_more_tells_nothing() -> None:
    step = update(SUGAR, sugar("s1"), title="x")
    assert happened(env(fields_off=("title",)), link(), step, sugar("s1"))
