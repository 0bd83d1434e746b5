"""The plan of a whole batch: links first, then who is whom among the rest, then what to create."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS, PHONE_SLOTS, Kind
from shared.contact.model import Contact
from shared.contact.normal import normal
from shared.names import Op, SideName
from shared.side import Record
from shared.sync.link import Link
from shared.sync.paths import subject_id
from shared.sync.plan.match import Aside, Match, Matched, Person, Table
from shared.sync.plan.mend import plan_mend
from shared.sync.plan.merge import decode, merge, too_large
from shared.sync.plan.model import (
    Action,
    Candidate,
    Decision,
    Entry,
    Env,
    FieldChange,
    Half,
    Presence,
    Step,
    Subject,
    Trouble,
)
from shared.sync.plan.pair import DOUBT, NEVER, PATIENCE, QUARANTINED, UNPROVEN, plan_pair
from shared.sync.plan.verdict import TO

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
LOST_AFTER = timedelta(hours=1)
"""So long after it was first not found, a contact without link is taken for gone, without proof. At once would forget
one that a single odd answer left out: no later change tells of it. Or double its match, made beside it."""
_UNFOUND = {side: f"{who} did not find one that may be the same contact" for side, who in _WHO.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision for every subject of the batch; a subject taken in by another's decision has none of its own."""

    decisions: tuple[Decision, ...]

    @property
    def writes(self) -> int:
        return sum(len(decision.steps) for decision in self.decisions)


def plan_batch(env: Env, subjects: Sequence[Subject], candidates: Sequence[Candidate]) -> Plan:
    """Plans the batch. Pure: equal arguments give an equal plan, in any order of the subjects."""
    heirs = _Heirs(env, subjects, candidates)
    linked = [heirs.unmatched(plan_pair(env, s, heirs.of)) for s in subjects if s.link is not None]
    decisions = [_unseen(decision.subject, decision) for decision in linked]
    loose = sorted((s for s in subjects if s.link is None), key=lambda s: (s.sugar.id, s.google.id))
    table = Table(env, subjects if loose else (), candidates if loose else ())
    by_record = {(side, s.half(side).id): s for s in loose for side in SideName if s.half(side).there}
    taken: set[str] = set()
    for subject in loose:
        if subject.key in taken:
            continue
        decision = _loose(env, table, subject, by_record)
        if decision.action is Action.REVIVE:
            decision = _take_over(subject, decision, decisions)
        decision = _alone(subject, decision, decisions)
        decisions.append(decision)
        taken.update(decision.joined)
    return Plan(tuple(decisions))


def _may_show(env: Env, missed_at: str) -> bool:
    """Whether who was first not found then may be there all the same."""
    if not env.now:
        return False
    return not missed_at or datetime.fromisoformat(env.now) - datetime.fromisoformat(missed_at) < LOST_AFTER


def _alone(subject: Subject, decision: Decision, decisions: list[Decision]) -> Decision:
    """A subject that this decision takes in may have one of its own already: it gives way, unless it writes."""
    known = [each for each in decisions if each.subject.link is None and each.subject.key in decision.joined]
    if any(each.steps or each.joined for each in known):
        why = "the contact that it is linked with is being dealt with"
        return Decision(subject, Action.WAIT, why, wait_seconds=DOUBT)
    for each in known:
        decisions.remove(each)
    return decision


def _loose(env: Env, table: Table, subject: Subject, by_record: dict[tuple[SideName, str], Subject]) -> Decision:
    side = SideName.SUGAR if subject.sugar.presence is not Presence.NONE else SideName.GOOGLE
    half = subject.half(side)
    if subject.doubt:
        return Decision(subject, Action.WAIT, "a create of an earlier run may yet happen", wait_seconds=DOUBT)
    record = half.there
    if half.presence is Presence.MISSING and half.missed_at is not None and _may_show(env, half.missed_at):
        return Decision(subject, Action.WAIT, UNPROVEN[side], wait_seconds=PATIENCE)
    if record is None:
        return Decision(subject, Action.CLOSE, f"not in {_WHO[side]} any more, and never linked")
    if subject.never:
        return Decision(subject, Action.NOTHING, NEVER)
    if subject.parked:
        return Decision(subject, Action.NOTHING, QUARANTINED)
    if not record.in_scope:
        return Decision(subject, Action.NOTHING, f"outside the scope in {_WHO[side]}")
    if subject.early:
        return Decision(subject, Action.WAIT, "first comes who is gone: it may be one of them", wait_seconds=DOUBT)
    if subject.untold:
        return Decision(subject, Action.WAIT, "Google has not told yet of its new name", wait_seconds=DOUBT)
    if (mended := plan_mend(env, subject)) is not None:
        return mended
    person = table.person(side, record.id)
    answer = subject.answer
    if answer is not None and answer.remedy.action == "choose":
        match: Match = table.chosen(person, answer.remedy.candidates[0], Trouble(answer.asked))
    elif subject.unsure:
        match = Entry(Trouble.AMBIGUOUS, subject.unsure)
    else:
        match = table.match(person)
    if isinstance(match, Entry):
        return _unseen(subject, Decision(subject, Action.PARK, match.message, entries=(match,)))
    if isinstance(match, Aside):
        return Decision(subject, Action.NOTHING, f"the same contact in {_WHO[side.other]} is put aside", asleep=True)
    if isinstance(match, Matched):
        decision = _link(env, subject, side, match, by_record.get((side.other, match.person.id)))
    else:
        decision = _create(env, subject, side, person)
    return _unseen(subject, decision)


def _unseen(subject: Subject, decision: Decision) -> Decision:
    """The decision, unless it depends on somebody who was not found, and may show yet."""
    unfound = sorted(subject.unfound & _rivals(decision))
    if not unfound:
        return decision
    return Decision(subject, Action.WAIT, _UNFOUND[unfound[0]], link=subject.link, wait_seconds=PATIENCE)


def _rivals(decision: Decision) -> frozenset[SideName]:
    """The sides on which the decision depends on who else is there."""
    answer = decision.subject.answer
    chosen = answer is not None and answer.remedy.action == "choose"
    if decision.action in (Action.LINK, Action.REVIVE) or chosen:
        return frozenset(SideName)
    if decision.action is Action.CLOSE:
        return frozenset(side for side in SideName if decision.subject.half(side).presence is Presence.MISSING)
    made = frozenset(step.side for step in decision.steps if step.op is Op.CREATE)
    # Whom a merge has taken the record into; see :class:`_Heirs`.
    gone = decision.subject.vanished if decision.action in (Action.DELETE, Action.TOMBSTONE) else None
    return made if gone is None else made | {gone}


def _link(env: Env, subject: Subject, side: SideName, match: Matched, twin: Subject | None) -> Decision:
    """Two records become one contact; with ``match.link`` a pair lives again, on fresh terms."""
    other = side.other
    seen = twin.half(other).seen_at if twin else ""
    found = Half(Presence.PRESENT, match.person.id, match.person.record, seen)
    if side is SideName.SUGAR:
        joined = replace(subject, google=found)
    else:
        joined = replace(subject, sugar=found)
    if match.person.parked and not subject.released:
        # Not passed over: nothing would look at it again once the match is settled in another way.
        message = "its match waits in the backlog: settle that first"
        entry = Entry(Trouble.AMBIGUOUS, message, candidates=(match.person.name,))
        return Decision(subject, Action.PARK, message, entries=(entry,))
    if match.person.doubt:
        return Decision(subject, Action.WAIT, "its match has to wait itself", wait_seconds=DOUBT)
    key = match.link.id if match.link else subject.key
    different = sorted(match.person.different | subject.different)
    link = Link(id=key, sugar_id=joined.sugar.id, google_id=joined.google.id, different=different)
    result = merge(env, link, joined.sugar, joined.google, subject.answer)
    taken = (twin.key,) if twin is not None else ()
    if any(entry.whole for entry in result.entries):
        why = result.entries[0].message
        return Decision(joined, Action.PARK, why, fields=result.changes, entries=result.entries, joined=taken)
    chosen = subject.answer is not None and subject.answer.remedy.action == "choose"
    same = "chosen by you as the same person" if chosen else "the same email on both sides"
    why = same if match.link is None else "created again by the user"
    return Decision(
        joined,
        Action.LINK if match.link is None else Action.REVIVE,
        why,
        steps=result.steps,
        fields=result.changes,
        link=result.link,
        entries=result.entries,
        asleep=result.held,
        joined=taken,
    )


def _take_over(subject: Subject, decision: Decision, decisions: list[Decision]) -> Decision:
    """The pair that lives again may stand in the batch itself: one link has one decision."""
    key = decision.link.id if decision.link is not None else ""
    for n, known in enumerate(decisions):
        if known.subject.link is not None and known.subject.link.id == key:
            if known.action is not Action.NOTHING:
                why = "the contact that it would revive is being dealt with"
                return Decision(subject, Action.WAIT, why, wait_seconds=DOUBT)
            del decisions[n]
            return replace(decision, joined=(*decision.joined, known.subject.key))
    return decision


def _create(env: Env, subject: Subject, side: SideName, person: Person) -> Decision:
    other = side.other
    if not env.direction(side).create:
        return Decision(subject, Action.NOTHING, f"creating in {_WHO[other]} is switched off", asleep=True)
    if not person.record.admitted:
        return Decision(subject, Action.NOTHING, f"no label says that it may be created in {_WHO[other]}", asleep=True)
    if not (env.listed[other] and env.listed[side]):
        why = "nothing is created before both sides have been listed to their end"
        return Decision(subject, Action.WAIT, why, wait_seconds=60.0)
    if other in subject.blocked:
        return Decision(subject, Action.WAIT, f"waits for an earlier create in {_WHO[other]}", wait_seconds=60.0)
    fields = env.fields[other]
    record = person.record
    own = env.fields[side].view(record.native, {}, None)
    if not own.problems and (large := too_large({side: (record, own.contact)})) is not None:
        return Decision(subject, Action.PARK, large.message, entries=(large,))
    names = [
        name
        for name in env.names
        if name != EMAILS
        and name in own.contact.values
        and (capability := fields.capabilities.get(name)) is not None
        and capability.writable
        and not fields.unheld(name, own.contact.values[name])
    ]
    emails = own.contact.emails if EMAILS in env.names and EMAILS in fields.capabilities else ()
    target = Contact({name: own.contact.values[name] for name in names}, emails or ())
    problems = (*own.problems, *fields.check(target, [*names, EMAILS]))
    if problems:
        trouble = Trouble.UNREADABLE if own.problems else Trouble.CANNOT_HOLD
        message = "a value cannot be read" if own.problems else f"{_WHO[other]} cannot hold it"
        return Decision(subject, Action.PARK, message, entries=(Entry(trouble, message, problems=problems),))
    link = Link(
        id=subject.key,
        sugar_id=subject.sugar.id,
        google_id=subject.google.id,
        memo={side: own.memo} if own.memo else {},
        versions={side: record.version},
        different=sorted(subject.different),
    )
    shown = [FieldChange(n, TO[other], *_both(other, target.get(n)), None, "new") for n in names if target.get(n)]
    if target.emails:
        text = ", ".join(email.address for email in target.emails)
        shown.append(FieldChange(EMAILS, TO[other], *_both(other, text), None, "new"))
    step = Step(other, Op.CREATE, fields.create(target, subject.key), target=target, changed=(*names, EMAILS))
    return Decision(subject, Action.CREATE, f"new in {_WHO[side]}", steps=(step,), fields=tuple(shown), link=link)


def _both(target: SideName, text: str) -> tuple[str, str]:
    return ("", text) if target is SideName.SUGAR else (text, "")


class _Heirs:
    """Finds where a vanished contact's emails and phones stand now.

    Users merge contacts in either UI; the one merged away then looks deleted. An email counts wherever it stands in a
    linked contact; a phone only if it came there since the last agreement, because offices share their numbers.
    """

    def __init__(self, env: Env, subjects: Sequence[Subject], candidates: Sequence[Candidate]) -> None:
        self._env = env
        self._subjects = subjects
        self._candidates = candidates

    @cached_property
    def _linked(self) -> dict[tuple[SideName, str], tuple[Contact, Candidate, Link]]:
        """All linked records of the batch; most batches have nobody vanished and never ask."""
        here = [
            Candidate(side, record, subject.link)
            for subject in self._subjects
            for side in SideName
            if (record := subject.half(side).there) is not None
        ]
        found = {}
        for candidate in (*self._candidates, *here):
            if (link := candidate.link) is not None:
                side, record = candidate.side, candidate.record
                view = self._env.fields[side].view(record.native, link.memo.get(side, {}), None)
                found[side, record.id] = (decode(self._env, side, view.contact, link, None), candidate, link)
        return found

    @cached_property
    def _loose(self) -> list[tuple[SideName, Record]]:
        """All records of the batch without link."""
        loose = [(c.side, c.record) for c in self._candidates if c.link is None]
        loose += [(side, r) for s in self._subjects if s.link is None for side in SideName if (r := s.half(side).there)]
        return loose

    def unmatched(self, decision: Decision) -> Decision:
        """The decision; nothing is made again where somebody without link has one of its emails already."""
        made = next((step for step in decision.steps if step.op is Op.CREATE and step.target is not None), None)
        if made is None or made.target is None:
            return decision
        side, emails = made.side, email_keys(made.target.emails or ())
        view = self._env.fields[side].view
        loose = [record for where, record in self._loose if where is side]
        alike = {r.id for r in loose if emails & email_keys(view(r.native, {}, None).contact.emails or ())}
        if not alike:
            return decision
        message = f"a contact with the same email is in {_WHO[side]} already: delete one, or merge them"
        names = tuple(subject_id(side, record) for record in sorted(alike))
        entry = Entry(Trouble.DELETED_AND_EDITED, message, candidates=names)
        return replace(decision, action=Action.PARK, why=message, steps=(), fields=(), entries=(entry,))

    def of(self, link: Link, side: SideName) -> tuple[str, ...]:
        region = self._env.settings.region
        emails = frozenset(link.base_emails or ())
        phones = {normal(Kind.PHONE, link.base.get(slot, ""), region) for slot in PHONE_SLOTS} - {""}
        found = []
        for (where, record_id), (contact, candidate, owner) in self._linked.items():
            if where is not side or (owner.id == link.id and record_id == link.id_on(side)):
                continue
            held = {normal(Kind.PHONE, contact.get(slot), region) for slot in PHONE_SLOTS}
            before = {normal(Kind.PHONE, owner.base.get(slot, ""), region) for slot in PHONE_SLOTS}
            # A merge takes the key along, or the name; with that alone it may be this very contact, come back.
            carried = owner.id == link.id or link.id in candidate.record.planted
            if carried or emails & email_keys(contact.emails or ()) or phones & (held - before):
                found.append(subject_id(side, record_id))
        # Without a link, with our key, and not followed: a late copy, or this very contact come back.
        found += [
            subject_id(side, record.id) for where, record in self._loose if where is side and link.id in record.planted
        ]
        return tuple(sorted(found))
