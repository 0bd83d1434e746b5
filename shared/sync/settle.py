"""What the answers to a batch's writes come to: the new link, the history row, the backlog, and what is read again.

Pure. The base advances here, and only over what both sides are known to hold: a field by a write that was answered, or
by values that were equal in the first place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS, PHONE_SLOTS
from shared.contact.model import Contact, Email
from shared.contact.normal import normal
from shared.contact.terms import key_term, terms
from shared.errors import ContactError, FatalError, Forbidden, RateLimited, RetriableError, StaleVersion, Vanished
from shared.names import Op, SideName
from shared.side import Done, InDoubt, NotSent, Outcome, Problem, Record, Refused
from shared.sync.index import Row
from shared.sync.link import Link, LinkState
from shared.sync.plan.loops import remember
from shared.sync.plan.merge import advance_emails, decode, forget, left_out
from shared.sync.plan.model import Action, Decision, Entry, Env, Presence, Step, Trouble

Results = Sequence[tuple[Step, Outcome]]

_WHO = frozenset({"first_name", "last_name", EMAILS, *PHONE_SLOTS})
"""The fields by which the index finds somebody."""


@dataclass
class Settled:
    """What is to be committed for one decision."""

    decision: Decision
    link: Link | None = None
    """To be stored as it is; ``None``: nothing about the link changes."""
    row: dict[str, Any] | None = None
    """The history row."""
    entries: tuple[Entry, ...] = ()
    closes: bool = False
    """An entry of the backlog about it, if there is one, has served."""
    taken: tuple[str, ...] = ()
    """Other subjects (by key) that this decision has taken in."""
    again: float | None = None
    """Look again after so many seconds; 0: in the next run."""
    asleep: bool = False
    doubt: bool = False
    """An intent of it stays open."""
    refused: str = ""
    """Why a write that takes something back was refused: nobody is asked about it again."""
    index: list[tuple[SideName, Row]] = field(default_factory=list)
    versions: list[tuple[SideName, str, str, bool]] = field(default_factory=list)
    """(side, record, version, settled) that the link reflects now."""
    after: dict[SideName, Record] = field(default_factory=dict)
    """What was written, as its answer shows it."""
    trouble: RetriableError | FatalError | None = None
    suspect: ContactError | None = None
    """What it comes to if that trouble goes on (:attr:`~shared.side.NotSent.suspect`)."""
    done: dict[str, int] = field(default_factory=dict)
    """Writes that happened, by ``create sugar`` and so on."""


def settle(env: Env, decision: Decision, results: Results, now: datetime, stored: Link | None) -> Settled:
    """Takes the answers in.

    Args:
        results: every step of the decision with its outcome.
        stored: the link as it is in the store.
    """
    out = Settled(decision, taken=decision.joined, asleep=decision.asleep, again=decision.wait_seconds)
    link = decision.link.copy() if decision.link is not None else None
    # With what recovery has taken in: what an earlier run wrote was agreed on, though nothing of it is stored so far.
    before = decision.subject.link or stored
    entries = list(decision.entries)
    native: dict[str, Any] = {}
    deleted: set[SideName] = set()
    created = True
    for step, outcome in results:
        if isinstance(outcome, Done):
            if link is not None:
                _take_in(env, link, step, outcome)
                _remember(env, link, step, now)
            native[step.side.value] = {
                "before": step.before,
                "after": outcome.record.native if outcome.record else None,
            }
            if step.own:
                out.again = 0.0
            count = f"{step.op} {step.side}"
            out.done[count] = out.done.get(count, 0) + 1
            if outcome.record is not None:
                out.after[step.side] = outcome.record
                out.index += index_rows(env, step, outcome.record)
                out.versions.append((step.side, outcome.record.id, outcome.record.version, outcome.record.settled))
            if step.op is Op.DELETE and link is not None:
                deleted.add(step.side)
                link.both_gone_at = now.isoformat()
            continue
        created = created and step.op is not Op.CREATE
        if isinstance(outcome, InDoubt):
            out.doubt = True
        elif isinstance(outcome, NotSent):
            not_sent(out, outcome)
        elif overtaken(step, outcome):
            out.again = 0.0
        else:
            entries.append(_refused(decision, step, outcome))
        if link is not None:
            _leave_open(link, before, step)
    if link is not None and any(EMAILS in step.changed for step, _ in results):
        link.base_emails = _email_base(env, decision, results, before)
    if link is not None and not created:
        link = None
    if link is not None and decision.action is Action.CREATE:
        _agree(env, decision, link, results)
    if decision.action is Action.CLOSE and link is not None:
        link.both_gone_at = link.both_gone_at or now.isoformat()
    lives = {side for side in SideName if decision.subject.half(side).there} - deleted
    if link is not None and lives:
        # Taken back out of the trash, or deleted here because it left the scope: kept as long as one of them lives.
        link.both_gone_at = None
    whole = any(entry.whole for entry in entries)
    out.entries = tuple(entries)
    quarantined = decision.subject.parked or (decision.link is not None and decision.link.parked)
    out.closes = not entries and not out.doubt and out.again is None and not quarantined
    out.closes = out.closes or decision.action is Action.CLOSE
    if link is not None:
        gone = {side for side in SideName if decision.subject.half(side).presence is Presence.GONE} | deleted
        link.gone = sorted(gone)
        held = {c.name for entry in entries if entry.trouble is Trouble.HELD_CLEARING for c in entry.fields}
        looked = decision.action is not Action.WAIT and link.state is LinkState.LIVE and not link.parked
        link.held = sorted(held | (set() if looked else set(link.held)))
        looping = {c.name for entry in entries if entry.trouble is Trouble.LOOP for c in entry.fields}
        link.looping = sorted(looping | (set() if looked else set(link.looping)))
        link.parked = whole or (link.parked and decision.action is not Action.CLOSE)
        link.entry = bool(entries) or (link.entry and not out.closes)
        if stored is None or _differs(link, stored):
            out.link = link
    if native or decision.action in _TOLD:
        out.row = history_row(decision, native, results)
    _reflect(out, decision, results, link)
    out.index += _outside(env, decision)
    return out


_TOLD = frozenset({Action.LINK, Action.TOMBSTONE, Action.REVIVE, Action.FREEZE, Action.CLOSE})
"""Actions that history tells even without a write."""


def _differs(link: Link, stored: Link) -> bool:
    """Whether storing is worth a write; versions and the epoch alone are not, they only save reads."""
    one, two = link.data(), stored.data()
    for data in (one, two):
        for name in ("versions", "intents", "epoch"):
            data.pop(name, None)
    return one != two


def _take_in(env: Env, link: Link, step: Step, done: Done) -> None:
    """The link after a write that was answered: both sides hold what was sent, or did until somebody edited it."""
    record = done.record
    if step.op is Op.DELETE or record is None or step.target is None:
        return
    side, region = step.side, env.settings.region
    link.on(side, record.id)
    _created(link, step)
    link.versions[side] = record.version
    if step.own:
        return
    fields = env.fields[side]
    view = fields.view(record.native, link.memo.get(side, {}), step.target)
    if view.memo:
        link.memo[side] = view.memo
    rendered = dict(link.renderings.get(side, {}))
    shown = decode(env, side, view.contact, None, step.target)
    for name in step.changed:
        if name == EMAILS:
            continue
        sent = step.target.get(name)
        link.base[name] = sent
        rendered.pop(name, None)
        forget(link, name)
        kind = env.kind(name)
        if name in done.edited:
            continue
        if name in shown.values and normal(kind, shown.values[name], region) != normal(kind, sent, region):
            rendered[name] = shown.values[name]
    link.renderings[side] = rendered
    link.renderings = {key: known for key, known in link.renderings.items() if known}
    if EMAILS in step.changed and shown.emails is not None and EMAILS not in done.edited:
        # Those known to be left out were not sent again, and stay known.
        wanted = {*left_out(link, side), *email_keys(step.target.emails or ())}
        missing = sorted(wanted - email_keys(shown.emails))
        link.dropped_emails = {key: keys for key, keys in link.dropped_emails.items() if key is not side}
        if missing:
            link.dropped_emails[side] = missing


def _remember(env: Env, link: Link, step: Step, now: datetime) -> None:
    """Our own writes of values, by which an edit loop is told."""
    if step.op is Op.UPDATE and step.target is not None and not step.own:
        for name in step.changed:
            if name != EMAILS:
                form = normal(env.kind(name), step.target.get(name), env.settings.region)
                remember(link, name, step.side, form, now)


def _created(link: Link, step: Step) -> None:
    if step.op is Op.CREATE and step.side not in link.created:
        link.created = [*link.created, step.side]


def _agree(env: Env, decision: Decision, link: Link, results: Results) -> None:
    """After a create: the fields that could not be sent but are alike all the same, blank ones above all."""
    region = env.settings.region
    for step, outcome in results:
        source = decision.subject.half(step.side.other).there
        if not isinstance(outcome, Done) or outcome.record is None or source is None:
            continue
        own = env.fields[step.side.other].view(source.native, link.memo.get(step.side.other, {}), None).contact
        shown = env.fields[step.side].view(outcome.record.native, link.memo.get(step.side, {}), None).contact
        for name, value in own.values.items():
            if name in link.base or name not in shown.values:
                continue
            kind = env.kind(name)
            if normal(kind, value, region) == normal(kind, shown.values[name], region):
                link.base[name] = value


def _leave_open(link: Link, agreed: Link | None, step: Step) -> None:
    """A write that did not (or not surely) happen: its fields stay as last agreed, and so does what is known of it."""
    before = agreed or Link(id=link.id, sugar_id="", google_id="")
    for name in step.changed:
        if name in before.base:
            link.base[name] = before.base[name]
        else:
            link.base.pop(name, None)
        if name in before.apart:
            link.apart[name] = dict(before.apart[name])
    if step.op is Op.DELETE:
        link.state, link.deleted_on, link.both_gone_at = before.state, before.deleted_on, before.both_gone_at


def _email_base(env: Env, decision: Decision, results: Results, agreed: Link | None) -> list[str] | None:
    """The base of the emails: what both sides hold now, by what was read and what was answered."""
    for step, outcome in results:
        if step.op is Op.CREATE and isinstance(outcome, Done) and step.target is not None:
            # As both held it when it was frozen: one that is sent again may lie behind what its source shows now.
            return sorted(email_keys(step.target.emails or ()))
    base = None if agreed is None or agreed.base_emails is None else frozenset(agreed.base_emails)
    held: dict[SideName, frozenset[str]] = {}
    for side in SideName:
        if record := decision.subject.half(side).there:
            memo = agreed.memo.get(side, {}) if agreed else {}
            shown = decode(env, side, env.fields[side].view(record.native, memo, None).contact, agreed, None)
            held[side] = email_keys(shown.emails or ())
    for step, outcome in results:
        if isinstance(outcome, Done) and step.target is not None and EMAILS in step.changed:
            held[step.side] = email_keys(step.target.emails or ())
    if len(held) < len(SideName):
        return None if base is None else sorted(base)
    return advance_emails(base, held[SideName.SUGAR], held[SideName.GOOGLE])


def finish(env: Env, link: Link, step: Step, record: Record | None, now: datetime) -> Link:
    """The link once it is known that an earlier run's write has happened, from a later read instead of its answer.

    What was sent was held by both sides at that time, so it is the base; what the record shows beyond that is an edit,
    and never learned as a rendering.
    """
    done = link.copy()
    if step.op is Op.DELETE:
        done.both_gone_at = now.isoformat()
        return done
    if record is None or step.target is None:
        return done
    done.on(step.side, record.id)
    _created(done, step)
    if step.own:
        return done
    view = env.fields[step.side].view(record.native, done.memo.get(step.side, {}), step.target)
    if view.memo:
        done.memo[step.side] = view.memo
    for name in step.changed:
        if name != EMAILS:
            done.base[name] = step.target.get(name)
            forget(done, name)
    _remember(env, done, step, now)
    if EMAILS in step.changed:
        # What was added came from the other side, what was taken away is not there either. Of all the rest nobody
        # knows here what the other side holds: a direction may be closed.
        before = email_keys(_emails_of(env, step))
        target = email_keys(step.target.emails or ())
        done.base_emails = sorted((set(done.base_emails or ()) | (target - before)) - (before - target))
    return done


def _emails_of(env: Env, step: Step) -> tuple[Email, ...]:
    """The emails of the record as read before the write; none before a create."""
    return env.fields[step.side].view(step.before or {}, {}, None).contact.emails or ()


def happened(env: Env, link: Link, step: Step, record: Record | None) -> bool:
    """Whether a fresh read shows what the step wanted."""
    if step.op is Op.DELETE:
        return record is None
    if record is None or step.target is None:
        return False
    region = env.settings.region
    view = env.fields[step.side].view(record.native, link.memo.get(step.side, {}), step.target)
    shown = decode(env, step.side, view.contact, link, step.target)
    for name in step.changed:
        if name == EMAILS:
            if email_keys(view.contact.emails or ()) != email_keys(step.target.emails or ()):
                return False
        elif name in shown.values:
            kind = env.kind(name)
            if normal(kind, shown.values[name], region) != normal(kind, step.target.get(name), region):
                return False
    return True


def not_sent(out: Settled, outcome: NotSent) -> None:
    """A write that proved not to have happened is tried again."""
    error = outcome.error
    out.suspect = outcome.suspect
    if isinstance(error, RetriableError | FatalError):
        out.trouble = error
    wait = error.retry_after if isinstance(error, RateLimited) and error.retry_after else 0.0
    out.again = max(out.again or 0.0, wait)


def overtaken(step: Step, outcome: Refused) -> bool:
    """Whether the refusal says only that the record is not any more as it was read: then a new read decides.

    Never of a create, which nothing was read for: the same answer would come again, and nobody would hear of it.
    """
    return step.op is not Op.CREATE and isinstance(outcome.error, StaleVersion | Vanished)


def _refused(decision: Decision, step: Step, outcome: Refused) -> Entry:
    error = outcome.error
    trouble = Trouble.FORBIDDEN if isinstance(error, Forbidden) else Trouble.REJECTED
    wanted = tuple(change for change in decision.fields if change.verdict.target is step.side)
    problems = (Problem(error.field, error.message),) if error.field else ()
    if isinstance(error, StaleVersion | Vanished):
        # Of a create, and such a message speaks of a record that a person would look for in vain.
        return Entry(trouble, "it was refused", fields=wanted, detail=error.detail or error.message)
    return Entry(trouble, error.message, fields=wanted, problems=problems, detail=error.detail)


def index_rows(env: Env, step: Step, record: Record) -> list[tuple[SideName, Row]]:
    """What the index has to know of a write of ours before the feed tells."""
    contact: Contact = env.fields[step.side].view(record.native, {}, step.target).contact
    found = [*terms(contact, env.settings.region), *map(key_term, record.planted)]
    if step.op is not Op.CREATE and _WHO.isdisjoint(step.changed):
        return []
    return [(step.side, Row(id=record.id, version=record.version, in_scope=record.in_scope, terms=found))]


def _outside(env: Env, decision: Decision) -> list[tuple[SideName, Row]]:
    """That a contact was seen outside Sugar's scope, for the index: a flag that brings it back moves no version, so
    only then does the next listing show anything new. (Google's looks at everybody.)"""
    record = decision.subject.sugar.there
    settled = decision.action is Action.FREEZE or decision.subject.link is None
    if record is None or record.in_scope or not settled:
        return []
    return [(SideName.SUGAR, row_of(env, SideName.SUGAR, record))]


def row_of(env: Env, side: SideName, record: Record) -> Row:
    """What the index has to know of a record that was read."""
    contact: Contact = env.fields[side].view(record.native, {}, None).contact
    found = [*terms(contact, env.settings.region), *map(key_term, record.planted)]
    return Row(id=record.id, version=record.version, in_scope=record.in_scope, terms=found)


def history_row(decision: Decision, native: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """What history tells of the writes that happened."""
    written = {step.side for step, outcome in results if isinstance(outcome, Done)}
    return {
        "kinds": [decision.action.value, *sorted({f"{s.op} {s.side}" for s, o in results if isinstance(o, Done)})],
        "why": decision.why,
        "fields": [
            {
                "name": change.name,
                "to": change.verdict.target.value,
                "before": change.sugar if change.verdict.target is SideName.SUGAR else change.google,
                "after": change.google if change.verdict.target is SideName.SUGAR else change.sugar,
                "why": change.why,
                "loser": change.loser,
            }
            for change in decision.fields
            if change.verdict.target in written
        ],
        "native": dict(native),
    }


def _reflect(out: Settled, decision: Decision, results: Results, link: Link | None) -> None:
    """Which versions need no second look: those that were read and not written since, if nothing is owed to them.

    One outside the scope does: it may come back by a flag that moves no date.
    """
    if out.doubt or out.again is not None or decision.frozen:
        return
    written = {step.side for step, _ in results}
    for side in SideName:
        record = decision.subject.half(side).there
        if record is not None and side not in written and record.settled and record.in_scope:
            out.versions.append((side, record.id, record.version, True))
    if link is not None:
        link.versions.update({side: v for side, _, v, _ in out.versions})
