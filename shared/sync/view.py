"""A plan as a person reads it: per contact what would happen, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from shared.sync.words import KindText, OrderTold, Question, SideText, StatusText, ValueProblem, Values, label, short

if TYPE_CHECKING:
    from shared.sync.plan.model import Decision, Entry, FieldChange
    from shared.sync.report import Report


class PlannedField(Values, kw_only=True):
    """One field that differs. Long values are cut."""

    to: SideText | None
    """The side that would be written; ``null``: the difference stays."""
    before: str
    """What that side shows now."""
    after: str
    """What it would show then."""
    why: str
    loser: str | None
    """The value that a conflict overwrites."""


class PlannedContact(msgspec.Struct, kw_only=True):
    """What would happen to one contact."""

    key: str
    """The link's id; of a contact without one, an id for this preview alone."""
    linked: bool
    """Whether it is one contact on both sides already."""
    name: str
    action: KindText
    writes: list[KindText]
    """``create google`` and so on; empty if neither side would be written."""
    why: str
    sugar_id: str
    google_id: str
    fields: list[PlannedField]
    questions: list[Question]
    """What would be asked in the backlog."""
    lost: list[str] = []
    """With an undo: what does not come back, ``the photo``."""


class Preview(msgspec.Struct, kw_only=True):
    """What the next run would do. Neither side was written."""

    run: str
    status: StatusText
    """``done``: this is the plan; else there is none, and ``message`` says why."""
    message: str
    contacts: list[PlannedContact]
    """At most one batch."""
    counts: dict[str, int]
    """Contacts by action, and writes by ``create google`` and so on."""
    remaining: int
    """Changes waiting altogether, as far as they are known."""
    backlog: int
    plan: OrderTold | None = None
    """The stored plan that these contacts are in, with its counts over all parts; ``null``: there is none."""


def preview(report: Report) -> Preview:
    """The report of a preview, for a screen."""
    decisions = report.plan.decisions if report.plan is not None else ()
    contacts = [planned(decision, report.names.get(decision.subject.key, "")) for decision in decisions]
    return Preview(
        run=report.run,
        status=report.status.value,
        message=report.message,
        contacts=contacts,
        counts=dict(Counter(kind for contact in contacts for kind in (contact.action, *contact.writes))),
        remaining=report.remaining,
        backlog=report.backlog,
        plan=report.order,
    )


def planned(decision: Decision, name: str) -> PlannedContact:
    """A decision, for a screen."""
    from shared.contact.normal import clean

    def text(value: str) -> str:
        # What was read is shown before it was stored: it may hold what JSON cannot.
        return short(clean(value))

    return _contact(decision, name, text)


def _contact(decision: Decision, name: str, text: Callable[[str], str]) -> PlannedContact:
    subject, link = decision.subject, decision.subject.link
    writes = sorted({f"{step.op} {step.side}" for step in decision.steps})
    return PlannedContact(
        key=subject.key,
        linked=link is not None,
        name=name,
        action=decision.action.value,
        writes=msgspec.convert(writes, list[KindText]),
        why=text(decision.why),
        sugar_id=text(subject.sugar.id),
        google_id=text(subject.google.id),
        fields=[_field(change, text) for change in decision.fields],
        questions=[_question(entry, text) for entry in decision.entries],
        lost=list(decision.lost),
    )


def _field(change: FieldChange, text: Callable[[str], str]) -> PlannedField:
    sugar, google = text(change.sugar), text(change.google)
    target = change.verdict.target
    before, after = (sugar, google) if target == "sugar" else (google, sugar)
    return PlannedField(
        **_values(change, text),
        to=target.value if target else None,
        before=before if target else "",
        after=after if target else "",
        why=change.why,
        loser=None if change.loser is None else text(change.loser),
    )


def _values(change: FieldChange, text: Callable[[str], str]) -> dict[str, Any]:
    return {
        "name": change.name,
        "label": label(change.name),
        "sugar": text(change.sugar),
        "google": text(change.google),
        "base": None if change.base is None else text(change.base),
    }


def _question(entry: Entry, text: Callable[[str], str]) -> Question:
    from shared.sync.backlog import REMEDY

    return Question(
        cls=entry.trouble.value,
        message=text(entry.message),
        remedy=REMEDY[entry.trouble],
        whole=entry.whole,
        detail=text(entry.detail),
        candidates=[text(one) for one in entry.candidates],
        people=list(entry.people),
        fields=[Values(**_values(change, text)) for change in entry.fields],
        problems=[ValueProblem(name=p.field, label=label(p.field), message=text(p.message)) for p in entry.problems],
    )
