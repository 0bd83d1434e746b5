"""What taking back comes to: the inverses of a contact's history rows, as far as nobody went on from there.

==========  =========================================  ================================================================
was done    the record now                             inverse
==========  =========================================  ================================================================
update      shows what was written                     what was there before, for exactly the fields that were written
update      shows something else in a field            the field stays, and is named
create      reads as it was created                    DELETE; the pair becomes a tombstone
create      was edited                                 stays, and is named
delete      is not there                               CREATE from the before-image; what cannot come back is said
==========  =========================================  ================================================================

The inverses of several rows are worked out one upon the other and written as one: what is in between is never sent.

An undo makes the sides different on purpose. The base says nothing of that; what each side holds then is kept apart, or
the next run would carry the old value over the other side, or do again what was undone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS
from shared.contact.fields import field as canonical
from shared.contact.model import Contact
from shared.contact.normal import normal
from shared.names import Op, SideName
from shared.side import Native, Record
from shared.sync.link import Link
from shared.sync.plan.merge import Pair, look
from shared.sync.plan.model import Action, Decision, Env, FieldChange, Presence, Step, Subject, Undone
from shared.sync.plan.pair import untouched
from shared.sync.plan.verdict import Verdict

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
_TO = {SideName.SUGAR: Verdict.TO_SUGAR, SideName.GOOGLE: Verdict.TO_GOOGLE}
UNDONE = "undone"
EDITED = "edited since: it stays"
HIDDEN = "left out of the history"
NOT_THERE = "not there any more"
DOUBT = 60.0
"""Seconds until a contact in doubt is looked at again."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What one history row did to one side."""

    row: str
    side: SideName
    op: Op
    before: Native | None
    after: Native | None
    fields: tuple[str, ...] = ()
    """What an update wrote."""
    hidden: tuple[str, ...] = ()
    """Fields that were not to be kept in the history: neither image shows them."""
    exact: bool = True
    """``after`` is the write's own answer; else it was read later, and may hold others' edits."""


@dataclass(frozen=True, slots=True)
class Task:
    """What of one contact is to be taken back."""

    deeds: tuple[Deed, ...] = ()
    """The newest first."""
    made: SideName | None = None
    """Instead: the record that was created on that side, whatever history still knows of it."""


@dataclass
class _Course:
    """One side on its way back."""

    record: Record | None
    state: Native | None
    back: dict[str, None] = field(default_factory=dict)
    """Fields that were put back."""
    edited: dict[str, str] = field(default_factory=dict)
    """Fields that stay as they are, and why."""
    unknown: tuple[str, ...] = ()
    """Fields that a record which is made again comes back without."""
    why: str = ""
    """What is in the way of a create's or a delete's inverse."""


def plan_undo(env: Env, subject: Subject, task: Task) -> Decision:
    """The decision for a linked contact. Pure; the steps stand for all that the task can still take back."""
    link = subject.link
    if link is None:
        raise ValueError("only what is linked has a history")
    if subject.doubt:
        why = "a write of an earlier run may yet happen"
        return Decision(subject, Action.WAIT, why, link=link, wait_seconds=DOUBT)
    if link.parked:
        # What it waits for may be this very record: whether it was made already, whether it was deleted.
        return Decision(subject, Action.NOTHING, "it waits in the backlog for a person: settle that first", link=link)
    courses = {side: _course(subject, side) for side in SideName}
    if task.made is not None:
        _unmake(env, subject, link, task.made, courses[task.made])
    for deed in task.deeds:
        _take_back(env, link, courses[deed.side], deed)
    return _decision(env, replace(subject, exempt=True), link, courses, [deed.row for deed in task.deeds])


def _course(subject: Subject, side: SideName) -> _Course:
    half = subject.half(side)
    found = _Course(half.there, half.there.native if half.there is not None else None)
    if half.presence is Presence.MISSING:
        found.why = f"{_WHO[side]} does not show it, and nothing proves that it was deleted"
    return found


def _take_back(env: Env, link: Link, course: _Course, deed: Deed) -> None:
    fields = env.fields[deed.side]
    state = course.state
    if deed.op is Op.CREATE:
        if state is not None and _as_created(env, deed, state):
            course.state = None
        elif state is not None:
            course.why = f"edited in {_WHO[deed.side]} since it was created"
    elif deed.op is Op.DELETE:
        if state is None and deed.before is not None and not course.why:
            course.state, course.unknown = deed.before, deed.hidden
    elif state is None:
        course.why = course.why or f"{NOT_THERE} in {_WHO[deed.side]}"
    elif deed.before is None or deed.after is None:
        course.edited.update(dict.fromkeys(deed.fields, EDITED))
    else:
        memo = link.memo.get(deed.side, {})
        course.edited.update({name: HIDDEN for name in deed.fields if name in deed.hidden})
        wanted = [name for name in deed.fields if name not in course.edited]
        found = fields.put_back(state, memo, deed.before, deed.after, wanted, exact=deed.exact)
        course.state = found.record
        course.back.update(dict.fromkeys(found.back))
        course.edited.update(dict.fromkeys(found.edited, EDITED))


def _as_created(env: Env, deed: Deed, state: Native) -> bool:
    """Whether nobody has put anything into it since. An after-image that was read later may hold edits itself: then
    only what a sync writes may stand in it."""
    fields = env.fields[deed.side]
    if deed.after is None or fields.rewrite(fields.without(state, deed.hidden), deed.after):
        return False
    return deed.exact or _ours_alone(env, deed.side, state)


def _ours_alone(env: Env, side: SideName, state: Native) -> bool:
    """Whether the record holds nothing but what a sync would make of it."""
    fields = env.fields[side]
    shown = fields.view(state, {}, None)
    return not shown.problems and not fields.rewrite(state, fields.create(shown.contact, ""))


def _unmake(env: Env, subject: Subject, link: Link, side: SideName, course: _Course) -> None:
    """Takes back a create of which history may know nothing any more."""
    if side not in link.created:
        course.why = f"not created in {_WHO[side]} by this sync"
    elif course.state is not None and _ours_alone(env, side, course.state) and _agreed(env, link, subject, side):
        course.state = None
    elif course.state is not None:
        course.why = f"edited in {_WHO[side]} since it was created"


def _agreed(env: Env, link: Link, subject: Subject, side: SideName) -> bool:
    """Whether all that it shows was agreed on: nothing in it is news that the other side lacks."""
    record = subject.half(side).there
    # By value: a version that is reflected may hold what a switch held back.
    return record is not None and untouched(env, link, side, replace(record, version=""))


# -- what it comes to --------------------------------------------------------------------------------


def _decision(
    env: Env, subject: Subject, link: Link, courses: Mapping[SideName, _Course], rows: Sequence[str]
) -> Decision:
    steps: list[Step] = []
    lost: tuple[str, ...] = ()
    changes: list[FieldChange] = []
    problems: list[str] = []
    now, then = _pairs(env, subject, link, courses)
    for side, course in courses.items():
        found, missing = _step(env, link, side, course, now, then, rows)
        if found is not None:
            wrong = (
                env.fields[side].check(found.target or Contact(), found.changed) if found.op is not Op.DELETE else ()
            )
            if wrong:
                problems.append(f"{_WHO[side]} cannot hold it any more: {wrong[0].message}")
                continue
            steps.append(found)
            changes += _changes(env, link, course, found)
        lost += missing
        changes += [FieldChange(n, Verdict.HELD, *_shown(now, n), None, why) for n, why in course.edited.items()]
        if course.why:
            problems.append(course.why)
        elif course.edited:
            problems.append("edited since" if EDITED in course.edited.values() else "not all of it is in the history")
    if not steps:
        why = "; ".join(dict.fromkeys(problems)) or "it is as it was before already"
        return Decision(subject, Action.NOTHING, why, fields=tuple(changes), link=link)
    why = "; ".join(dict.fromkeys([UNDONE, *problems]))
    undoes = tuple(dict.fromkeys(rows))
    return Decision(subject, Action.UNDO, why, tuple(steps), tuple(changes), link, lost=lost, undoes=undoes)


def _pairs(
    env: Env, subject: Subject, link: Link, courses: Mapping[SideName, _Course]
) -> tuple[Pair | None, Pair | None]:
    """Both sides as they are and as they will be, where both are there throughout."""
    records = {side: course.record for side, course in courses.items()}
    sugar, google = records[SideName.SUGAR], records[SideName.GOOGLE]
    if sugar is None or google is None:
        return None, None
    now = look(env, link, sugar, google)
    later = {side: course.state for side, course in courses.items()}
    if any(state is None for state in later.values()):
        return now, None
    after = link.copy()
    for side, state in later.items():
        after.memo[side] = env.fields[side].view(state or {}, link.memo.get(side, {}), None).memo
    views = [replace(record, native=later[side] or {}) for side, record in zip(SideName, (sugar, google), strict=True)]
    return now, look(env, after, *views)


def _step(
    env: Env,
    link: Link,
    side: SideName,
    course: _Course,
    now: Pair | None,
    then: Pair | None,
    rows: Sequence[str],
) -> tuple[Step | None, tuple[str, ...]]:
    """The one write that leads there, and what it does not bring back."""
    fields, record, state = env.fields[side], course.record, course.state
    memo = link.memo.get(side, {})
    mark = Undone(rows=list(rows))
    if record is None:
        if state is None:
            return None, ()
        target = fields.view(state, memo, None).contact
        restored = fields.restore(state, link.id)
        names = tuple(name for name in env.names if name in target.values or name == EMAILS)
        step = Step(side, Op.CREATE, restored.payload, target=target, changed=names, undone=mark)
        return step, (*restored.lost, *(f"{canonical(name).label}: {HIDDEN}" for name in course.unknown))
    if state is None:
        step = Step(side, Op.DELETE, {}, record.id, record.version, record.native, undone=mark)
        return step, ()
    payload = fields.rewrite(record.native, state) if course.back else {}
    if not payload:
        return None, ()
    target = fields.view(state, memo, None).contact
    before = fields.view(record.native, memo, None).contact
    changed = tuple(name for name in course.back if _differs(env, name, before, target))
    if now is not None and then is not None:
        mark = _mark(env, link, side, changed, now, then, rows)
    return Step(side, Op.UPDATE, payload, record.id, record.version, record.native, target, changed, undone=mark), ()


def _differs(env: Env, name: str, one: Contact, two: Contact) -> bool:
    if name == EMAILS:
        return one.emails != two.emails
    return one.get(name) != two.get(name)


def _mark(
    env: Env, link: Link, side: SideName, names: Collection[str], now: Pair, then: Pair, rows: Sequence[str]
) -> Undone:
    """What each side will hold of these fields: the one that is written, and the other as it was last agreed on, or as
    it is written along. An edit that waits there has moved away from that, and goes its way."""
    other = side.other
    apart: dict[str, tuple[str, str, str]] = {}
    for name in names:
        if name == EMAILS or name not in now.contact(other).values:
            continue
        shown, later = now.contact(other).get(name), then.contact(other).get(name)
        agreed = link.apart[name][other] if name in link.apart else link.base.get(name, shown)
        apart[name] = (then.contact(side).get(name), agreed, later if later != shown else agreed)
    mark = Undone(rows=list(rows), apart=apart)
    if EMAILS in names and now.contact(other).emails is not None:
        held, holds = (email_keys(pair.contact(side).emails or ()) for pair in (now, then))
        mark.emails = sorted(held ^ holds)
        mark.own_emails = sorted(holds)
        mark.other_emails = sorted(email_keys(now.contact(other).emails or ()))
    return mark


def _changes(env: Env, link: Link, course: _Course, step: Step) -> list[FieldChange]:
    """The fields of a write, for preview and history."""
    memo = link.memo.get(step.side, {})
    fields = env.fields[step.side]
    before = fields.view(step.before, memo, None).contact if step.before is not None else Contact()
    after = step.target or Contact()
    found = []
    for name in step.changed:
        old, new = _text(before, name), _text(after, name)
        if step.op is Op.CREATE and not new:
            continue
        shown = (old, new) if step.side is SideName.SUGAR else (new, old)
        found.append(FieldChange(name, _TO[step.side], *shown, None, UNDONE))
    return found


def _text(contact: Contact, name: str) -> str:
    return ", ".join(e.address for e in contact.emails or ()) if name == EMAILS else contact.get(name)


def _shown(pair: Pair | None, name: str) -> tuple[str, str]:
    if pair is None:
        return "", ""
    return _text(pair.sugar, name), _text(pair.google, name)


def keep_apart(env: Env, link: Link, side: SideName, mark: Undone) -> None:
    """Remembers in the link what a taken back write has left different; what is alike is agreed on.

    What the other side holds may have been written along with it: whichever is settled first says what it read, the
    second one finds what the first has said.
    """
    region = env.settings.region
    for name, (own, read, planned) in mark.apart.items():
        known = link.apart.get(name, {}).get(side.other)
        other = planned if known == planned else read
        kind = env.kind(name)
        link.apart = {key: kept for key, kept in link.apart.items() if key != name}
        if normal(kind, own, region) == normal(kind, other, region):
            link.base[name] = own
        else:
            halves = {side: own, side.other: other}
            link.keep_apart(name, halves[SideName.SUGAR], halves[SideName.GOOGLE])
    if not mark.emails:
        return
    touched, mine, theirs = set(mark.emails), set(mark.own_emails), set(mark.other_emails)
    link.apart_emails = {s: sorted(set(keys) - touched) for s, keys in link.apart_emails.items()}
    agreed = touched & mine & theirs
    link.base_emails = sorted((set(link.base_emails or ()) - touched) | agreed)
    link.keep_emails_apart(side, (touched & mine) - theirs)
    link.keep_emails_apart(side.other, (touched & theirs) - mine)
    link.apart_emails = {s: keys for s, keys in link.apart_emails.items() if keys}
