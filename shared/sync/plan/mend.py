"""Mending: a value that a person has put right in the backlog is written where it stands, like that person's own edit.

Only that. The base does not move, because the other side does not hold the value yet; the next run finds an edit and
treats it by the rules. So no crash between the two leaves more than an edit behind::

    remedy ──▶ this side is written ──▶ read again ──▶ merged, linked or created like after any edit
"""

from __future__ import annotations

import re

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS
from shared.contact.model import Contact, Email
from shared.contact.normal import email_key
from shared.names import Op, SideName
from shared.side import Problem, Record, View
from shared.sync.plan.merge import able
from shared.sync.plan.model import Action, Answer, Decision, Entry, Env, FieldChange, Step, Subject, Trouble
from shared.sync.plan.verdict import TO

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
_SEPARATORS = re.compile(r"[\s,;]+")


def plan_mend(env: Env, subject: Subject) -> Decision | None:
    """The edit that a person asked for; ``None`` if there is none, or none any more: it was made, by whoever."""
    answer = subject.answer
    if answer is None or answer.remedy.action != "mend" or answer.remedy.side is None:
        return None
    side = SideName(answer.remedy.side)
    record = subject.half(side).there
    if record is None:
        return None
    link = subject.link
    memo = link.memo.get(side, {}) if link else {}
    view = env.fields[side].view(record.native, memo, None)
    target = _target(view.contact, answer)
    changed = _changed(view, target, answer)
    if not changed or not _as_shown(view, side, record, changed, answer):
        return None
    if problems := _problems(env, side, target, changed):
        message = "the mended value is not right yet"
        entry = Entry(Trouble.CANNOT_HOLD, message, problems=problems, whole=answer.whole)
        return Decision(subject, Action.PARK, message, link=link, entries=(entry,))
    payload = env.fields[side].update(record.native, memo, target, changed, subject.key)
    step = Step(side, Op.UPDATE, payload, record.id, record.version, record.native, target, changed, own=True)
    shown = tuple(_change(name, side, _text(view.contact, name), _text(target, name)) for name in changed)
    return Decision(subject, Action.UPDATE, "mended by you", steps=(step,), fields=shown, link=link)


def _target(shown: Contact, answer: Answer) -> Contact:
    values = dict(answer.remedy.values)
    emails = values.pop(EMAILS, None)
    target = shown.with_values(values)
    if emails is None:
        return target
    known = {email_key(email.address): email for email in shown.emails or ()}
    wanted = dict.fromkeys(_SEPARATORS.split(emails.strip())) if emails.strip() else {}
    return Contact(target.values, tuple(known.get(email_key(address), Email(address)) for address in wanted))


def _changed(view: View, target: Contact, answer: Answer) -> tuple[str, ...]:
    """What has still to be written: what reads otherwise, and what cannot be read."""
    wrong = {problem.field for problem in view.problems}
    return tuple(
        name
        for name in answer.remedy.values
        if name in wrong
        or (
            email_keys(view.contact.emails or ()) != email_keys(target.emails or ())
            if name == EMAILS
            else view.contact.values.get(name) != target.get(name)
        )
    )


def _as_shown(view: View, side: SideName, record: Record, changed: tuple[str, ...], answer: Answer) -> bool:
    """Whether these values are still those that the person saw; an edit since is not overwritten."""
    if record.version == answer.versions.get(side):
        return True
    place = 0 if side is SideName.SUGAR else 1
    return all(name in answer.shown and answer.shown[name][place] == view.contact.get(name) for name in changed)


def _problems(env: Env, side: SideName, target: Contact, changed: tuple[str, ...]) -> tuple[Problem, ...]:
    """What neither this side nor, where it is able to take the field at all, the other one can hold."""
    found = [
        Problem(name, f"cannot be edited in {_WHO[side]}")
        for name in changed
        if not able(env, side, name, target.get(name))
    ]
    found += env.fields[side].check(target, changed)
    there = [name for name in changed if able(env, side.other, name, target.get(name))]
    found += [problem for problem in env.fields[side.other].check(target, there) if problem not in found]
    return tuple(found)


def _text(contact: Contact, name: str) -> str:
    return ", ".join(e.address for e in contact.emails or ()) if name == EMAILS else contact.get(name)


def _change(name: str, side: SideName, before: str, after: str) -> FieldChange:
    sugar, google = (before, after) if side is SideName.SUGAR else (after, before)
    return FieldChange(name, TO[side], sugar, google, None, "mended by you", decided=True)
