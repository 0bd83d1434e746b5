"""By what an operation is known again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from shared.contact.fields import EMAILS
from shared.contact.model import Contact, Email
from shared.names import Op, SideName
from shared.sync.journal import Intent, intent
from shared.sync.order.mark import kind_of, mark, mark_of, shape, side_of
from shared.sync.plan.model import Action, Decision, Half, Step, Subject
from shared.sync.settings import DEFAULTS, Direction

TARGET = Contact({"title": "Duchess", "first_name": "Ada"}, (Email("ada@x.org"), Email("b@x.org", opt_out=True)))
STEP = Step(SideName.GOOGLE, Op.UPDATE, {"etag": "1"}, "people/c1", "1", {}, TARGET, ("title", EMAILS))


def test_what_makes_no_difference() -> None:
    for same in (
        replace(STEP, payload={"etag": "2", "clientData": "key"}),
        replace(STEP, version="2", before={"x": 1}),
        replace(STEP, target=TARGET.with_values({"first_name": "Not written"})),
        replace(STEP, changed=(EMAILS, "title")),
    ):
        assert mark(same) == mark(STEP)
    create = replace(STEP, op=Op.CREATE)
    assert mark(create) == mark(replace(create, id="chosen"))


@pytest.mark.parametrize(
    "other",
    [
        replace(STEP, side=SideName.SUGAR),
        replace(STEP, op=Op.DELETE),
        replace(STEP, id="people/c2"),
        replace(STEP, changed=("title",)),
        replace(STEP, target=TARGET.with_values({"title": "Queen"})),
        replace(STEP, target=replace(TARGET, emails=(Email("ada@x.org"), Email("b@x.org")))),
        replace(STEP, target=replace(TARGET, emails=(Email("ada@x.org"),))),
    ],
)
def test_what_makes_one(other: Step) -> None:
    assert mark(other) != mark(STEP)


@pytest.mark.parametrize("op", list(Op))
def test_the_journal_keeps_it(op: Op) -> None:
    step = replace(STEP, op=op) if op is not Op.DELETE else Step(SideName.GOOGLE, op, {}, "people/c1", "1", {})
    decision = Decision(Subject("k", Half(), Half()), Action.UPDATE, "why", (step,))
    written = intent(decision, step, "i", datetime(2026, 3, 2, tzinfo=UTC))
    stored = msgspec.convert(msgspec.to_builtins(written), Intent)
    assert mark_of(stored) == mark(step)
    assert (kind_of(mark(step)), side_of(mark(step))) == (f"{op} google", SideName.GOOGLE)


def test_settings_that_an_operation_does_not_show() -> None:
    def changed(**values: object) -> str:
        return shape(msgspec.structs.replace(DEFAULTS, **values))

    assert changed(interval_minutes=60, ask_first=True, from_sugar=Direction(update=False)) == shape(DEFAULTS)
    for other in ({"label": "contactGroups/1"}, {"google_scope": "contactGroups/1"}, {"fields_off": ("title",)}):
        assert changed(**other) != shape(DEFAULTS)
