"""Recovery: finding out what became of the writes that an earlier run left in doubt.

A create is in doubt until its key is found, or until a complete feed, begun after it was sent plus the quiet period Q,
has not shown it::

    T1 ──▶ sent ─ ─ ─ ─(lands late, propagates late)─ ─ ─▶ seen in the feed
    │◀──────────────── Q ────────────────▶│
                                          └─ a complete feed begun here has not shown it ──▶ sent again, same key

What lands even later is a second copy with the same key; it is removed if it still reads exactly as sent.
Recovery runs after observing, never before: only the feed can show the key.

Where nothing can be planted (Sugar), what this user created since then with the same email or last name is searched.
Where the client chooses the id (the older Sugar dialect), nothing has to be waited for: the record lies under the id
that the intent froze, or the same create is sent again at once, because of two with one id the second fails.

Updates and deletes need no key: a fresh read shows whether they happened. Until Q has passed one that did not happen
yet still may, so its contact waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS
from shared.contact.normal import email_key
from shared.side import Idempotency, Op, Probe, Record, Side, SideName
from shared.sync.batch import Batch
from shared.sync.copies import Copies
from shared.sync.doubts import Doubts, is_named, source
from shared.sync.head import Head
from shared.sync.journal import Intent
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.paths import subject_id
from shared.sync.plan.model import Action, Decision, Entry, Env, FieldChange, Presence, Step, Subject, Trouble
from shared.sync.plan.pair import DOUBT
from shared.sync.plan.verdict import Verdict
from shared.sync.recovered import Recovered
from shared.sync.settle import finish, happened
from shared.sync.undo.recover import sort_remade, unclear_again
from shared.sync.undo.settle import take_back, there_after

_MAY_LAND = "a create of an earlier run, which nobody wants any more, may yet happen"


class Recovery:
    """The recovery of one run."""

    def __init__(
        self, sides: Mapping[SideName, Side], head: Head, links: Links, env: Env, clock: Clock, quiet: timedelta
    ) -> None:
        self._sides = sides
        self._head = head
        self._links = links
        self._env = env
        self._clock = clock
        self._quiet = quiet
        self._copies = Copies(head, links, env, clock)

    # -- before the batch is read --------------------------------------------------------------------

    def prepare(self, intents: list[Intent]) -> Doubts:
        """Sorts the open intents of earlier runs."""
        doubts = Doubts(sent=self._head.sent)
        stored = self._links.get({op.key for op in intents})
        creates: list[Intent] = []
        remade: list[tuple[Intent, Link | None]] = []
        for op in intents:
            link = stored.get(op.key)
            if link is not None and op.id in link.intents:
                doubts.closed.append(op.id)
                doubts.removed.update(op.removes)
            elif op.op is Op.CREATE and op.undone is not None:
                remade.append((op, link))
            elif op.op is Op.CREATE and (link is None or not link.id_on(op.side)):
                creates.append(op)
            elif op.op is Op.UPDATE and link is None:
                doubts.unlinked.append(op)
            else:
                doubts.intents.append(op)
        for side in SideName:
            mine = [op for op in creates if op.side is side]
            kind = self._sides[side].idempotency
            if mine and kind is Idempotency.PLANTED_KEY:
                self._by_key(mine, doubts)
            elif mine and kind is Idempotency.CHOSEN_ID:
                self._by_id(side, mine, doubts)
            elif mine:
                self._by_search(side, mine, doubts)
        for op, link in remade:
            self._remade(op, link, doubts)
        doubts.wait_along()
        return doubts

    def _remade(self, op: Intent, link: Link | None, doubts: Doubts) -> None:
        found: list[str] = []
        alike: list[str] = []
        complete = self._head.side(op.side).complete_at
        if self._sides[op.side].idempotency is Idempotency.PLANTED_KEY:
            names = self._head.found.get(op.key, [])
            # Whoever is linked with somebody else has the key from a merge: that is not what was made.
            alike = self._owned(op, names)
            found = [name for name in names if name not in alike]
            over = complete is not None and datetime.fromisoformat(complete) >= self._over(op)
        elif self._sides[op.side].idempotency is Idempotency.CHOSEN_ID and op.record:
            found = [op.record] if isinstance(self._sides[op.side].read([op.record])[op.record], Record) else []
            over = self._clock.now() >= self._over(op)
        else:
            records = self._sides[op.side].created_since(datetime.fromisoformat(op.sent_at), [_probe(op)])
            taken = self._links.of(op.side, [record.id for record in records])
            bound = {link.id_on(op.side) for link in doubts.found.values()}
            free = [record for record in records if record.id not in taken and record.id not in bound]
            found = [record.id for record in free if self._reads_as_sent(op, record)]
            alike = [record.id for record in free if self._alike(op, record)]
            over = self._clock.now() >= self._over(op)
        sort_remade(op, link, doubts, found, alike, over=over)

    def _by_id(self, side: SideName, creates: list[Intent], doubts: Doubts) -> None:
        read = self._sides[side].read([op.record for op in creates])
        for op in creates:
            found = read[op.record]
            if isinstance(found, Record) or found.proven:  # a tombstone under our id: it arrived, and was deleted
                self._bind(op, op.record, doubts)
            else:
                doubts.resend.append(op)

    def _by_key(self, creates: list[Intent], doubts: Doubts) -> None:
        complete = self._head.side(creates[0].side).complete_at
        for op in creates:
            names = self._head.found.get(op.key, [])
            owned = self._owned(op, names)
            if ids := [name for name in names if name not in owned]:
                self._bind(op, ids[0], doubts)
            elif owned:  # its user has merged it into a contact that is linked
                doubts.unclear.append((op, tuple(subject_id(op.side, name) for name in owned)))
            elif complete is not None and datetime.fromisoformat(complete) >= self._over(op):
                doubts.resend.append(op)
            else:
                doubts.waiting.append(op)

    def _owned(self, op: Intent, names: Collection[str]) -> list[str]:
        """Those of these records that another contact is linked with."""
        links = self._links.of(op.side, names)
        return [name for name in names if name in links and links[name].id != op.key]

    def _bind(self, op: Intent, record: str, doubts: Doubts) -> None:
        link = Link.load(op.link or {})
        link.on(op.side, record)
        doubts.found[link.id] = link
        doubts.intents.append(op)

    def _by_search(self, side: SideName, creates: list[Intent], doubts: Doubts) -> None:
        since = min(datetime.fromisoformat(op.sent_at) for op in creates)
        records = self._sides[side].created_since(since, [_probe(op) for op in creates])
        taken = self._links.of(side, [record.id for record in records])
        free = {record.id: record for record in records if record.id not in taken}
        undecided: list[Intent] = []
        for op in creates:
            twins = [record for record in free.values() if self._reads_as_sent(op, record)]
            if len(twins) == 1:
                del free[twins[0].id]
                self._bind(op, twins[0].id, doubts)
            else:
                undecided.append(op)
        for op in undecided:
            alike = [record for record in free.values() if self._alike(op, record)]
            doubts.suspects.update({(side, record.id): op for record in alike})
            if self._clock.now() < self._over(op):
                doubts.waiting.append(op)
            elif alike:
                doubts.unclear.append((op, tuple(subject_id(side, record.id) for record in alike)))
            else:
                doubts.resend.append(op)

    def _over(self, op: Intent) -> datetime:
        """When a request of this intent cannot land any more, as far as anybody can tell."""
        return datetime.fromisoformat(op.sent_at) + self._quiet

    def _is_ours(self, op: Intent, record: Record) -> bool:
        """Whether a record is the one that this create made: it has the chosen id, carries the key, or reads as sent.

        What pointed to it, a feed's row or a search's, may have named one record and shown another.
        """
        if op.record:
            return op.record == record.id
        return op.key in record.planted or self._reads_as_sent(op, record)

    def _reads_as_sent(self, op: Intent, record: Record) -> bool:
        return happened(self._env, Link(id=op.key, sugar_id="", google_id=""), step_of(op), record)

    def _alike(self, op: Intent, record: Record) -> bool:
        contact = self._env.fields[op.side].view(record.native, {}, op.target).contact
        target = op.target
        if email_keys(contact.emails or ()) & email_keys(target.emails or ()):
            return True
        last = target.get("last_name") or target.get("first_name")
        return contact.get("last_name").strip().casefold() == last.strip().casefold()

    # -- once the batch is read ----------------------------------------------------------------------

    def resolve(self, doubts: Doubts, batch: Batch) -> Recovered:
        """Takes in what has happened, drops what has not and cannot any more, and marks what may yet."""
        result = Recovered(closed=list(doubts.closed), removed=Counter(doubts.removed))
        for op in doubts.given_up:
            self._copies.watch(op)
            result.closed.append(op.id)
        remaking = {op.key for op in doubts.remaking}
        by_link: dict[str, list[Intent]] = {}
        for op in doubts.intents:
            by_link.setdefault(op.key, []).append(op)
        kept: list[Subject] = []
        for subject in batch.subjects:
            if subject.link is not None and subject.link.id in doubts.unclear_again:
                result.decisions.append(unclear_again(subject, doubts, result.closed))
                continue
            if subject.link is not None and subject.link.id in remaking:
                subject = replace(subject, doubt=True)
            decision = self._special(subject, doubts, batch.orphans, result) if subject.link is None else None
            if decision is not None:
                result.decisions.append(decision)
                continue
            ops = by_link.pop(subject.link.id, []) if subject.link else []
            for op in ops:
                subject = self._take_in(subject, op, result)
            if subject.link is None:
                subject = self._join(subject, doubts.unlinked, result)
            made_from = doubts.made_from(subject)
            if made_from in doubts.resend:
                result.again[subject.key] = made_from
            elif made_from is not None or doubts.suspected(subject) is not None:
                subject = replace(subject, doubt=True)
            kept.append(subject)
        batch.subjects = kept
        batch.candidates = [
            replace(c, doubt=c.link is None and doubts.speaks_for(c.side, c.record)) for c in batch.candidates
        ]
        settled = {*result.closed, *(op.id for op in result.again.values())}
        for op in (*doubts.resend, *(op for op, _ in doubts.unclear)):
            if op.id not in settled:  # its source was read, and has become part of a link: nobody wants it any more
                self._copies.watch(op)
                result.closed.append(op.id)
        waiting = {op.id for op in doubts.unlinked if any(s.doubt and _is_of(s, op) for s in kept)}
        result.closed += [op.id for op in doubts.unlinked if op.id not in {*waiting, *result.closed}]
        # The link of an update or delete in doubt is gone: nothing is left to be settled.
        known = {subject.link.id for subject in kept if subject.link}
        result.closed += [op.id for ops in by_link.values() for op in ops if op.key not in known and not op.link]
        for op, _ in (fact for facts in result.facts.values() for fact in facts):
            result.removed.update(op.removes)
        for op in (*doubts.intents, *doubts.unlinked):
            if op.id not in result.closed:
                result.in_doubt.update(op.removes)
        return result

    def _join(self, subject: Subject, updates: list[Intent], result: Recovered) -> Subject:
        """Takes in the updates that were to link this record: what they overwrote belongs into the history."""
        for op in updates:
            half = subject.half(op.side)
            if half.there is None or not _is_of(subject, op):
                continue
            if self._reads_as_sent(op, half.there):
                result.facts.setdefault(subject.key, []).append((op, half.there))
                result.closed.append(op.id)
            elif self._clock.now() < self._over(op):
                subject = replace(subject, doubt=True)
        return subject

    def _take_in(self, subject: Subject, op: Intent, result: Recovered) -> Subject:
        if subject.link is None:
            return subject
        half = subject.half(op.side)
        step = step_of(op)
        gone = half.presence is not Presence.PRESENT
        if op.op is Op.CREATE and half.there is not None and not self._is_ours(op, half.there):
            # The feed showed our key beside this id, or the search what we sent; the record itself does not: wait for
            # an answer that tells the truth.
            self._head.found[op.key] = [name for name in self._head.found.get(op.key, ()) if name != half.id]
            return replace(subject, link=None, doubt=True)
        if op.op is Op.CREATE or (not gone and happened(self._env, subject.link, step, half.there)):
            done = True
        else:
            done = op.op is Op.DELETE and gone
        if done:
            if op.undone is not None:
                link = subject.link.copy()
                now, there = self._clock.now(), there_after(subject, step, half.there)
                take_back(self._env, link, step, half.there, there, now)
            else:
                link = finish(self._env, subject.link, step, half.there, self._clock.now())
                if op.op is Op.DELETE:
                    link = _deleted(link, op.side)
            result.facts.setdefault(link.id, []).append((op, half.there))
            result.closed.append(op.id)
            return replace(subject, link=link)
        if self._clock.now() < self._over(op) and not gone:
            return replace(subject, doubt=True)
        result.closed.append(op.id)  # dropped; the base has not moved, so the merge wants it again if it is still due
        return subject

    def _special(
        self, subject: Subject, doubts: Doubts, orphans: Collection[str], result: Recovered
    ) -> Decision | None:
        return self._unclear(subject, doubts, result) or self._copies.find(subject, doubts, orphans)

    def _unclear(self, subject: Subject, doubts: Doubts, result: Recovered) -> Decision | None:
        """A create that may have happened, or one of the records that it may have made: somebody has to look."""
        made_from, suspected = doubts.made_from(subject), doubts.suspected(subject)
        for op, candidates in doubts.unclear:
            if op is made_from:
                self._copies.watch(op)
                result.closed.append(op.id)
                message = f"it may have been created in {op.side} already: somebody has to look at the candidates"
            elif op is suspected and subject.half(op.side).there is not None:
                candidates = (subject_id(*source(op)),)
                message = f"it may have been created from a contact in {op.side.other}: somebody has to look"
            else:
                continue
            entry = Entry(Trouble.DOUBTFUL_CREATE, message, candidates=candidates)
            return Decision(subject, Action.PARK, message, entries=(entry,))
        return None

    def send_again(self, decisions: Iterable[Decision], result: Recovered) -> list[Decision]:
        """Creates that never arrived go out once more as they were frozen, if that is what the plan wants now.

        The plan has looked again who the contact may be: somebody else may have made it meanwhile. Either way a late
        copy is watched for.
        """
        return [self._again(decision, result) for decision in decisions]

    def _again(self, decision: Decision, result: Recovered) -> Decision:
        for key in (decision.subject.key, *decision.joined):
            op = result.again.get(key)
            if op is None or decision.action is Action.WAIT:
                continue
            if decision.action is not Action.CREATE and self._lands_by_itself(op):
                return replace(decision, action=Action.WAIT, why=_MAY_LAND, steps=(), entries=(), wait_seconds=DOUBT)
            self._copies.watch(op)
            if decision.action is not Action.CREATE:
                result.closed.append(op.id)
                continue
            result.replaced.append(op.id)
            link = Link.load(op.link or {})
            link.on(op.side.other, decision.subject.half(op.side.other).id)
            decision = Decision(
                replace(decision.subject, key=op.key),
                Action.CREATE,
                "sent again: it never arrived",
                (step_of(op),),
                fields=_shown(op),
                link=link,
                joined=decision.joined,  # not its own: its keys stay, for it may have changed since it was frozen
                frozen=True,
            )
        return decision

    def _lands_by_itself(self, op: Intent) -> bool:
        """Whether a create that nobody wants any more may still arrive: its id goes on being looked for."""
        chosen = self._sides[op.side].idempotency is Idempotency.CHOSEN_ID
        return chosen and self._clock.now() < self._over(op)

    def forget(self) -> None:
        """Drops what needs no watching any more."""
        self._copies.forget()


def _shown(op: Intent) -> tuple[FieldChange, ...]:
    """The fields of a create that is sent again, for history and backlog."""
    sugar = op.side is SideName.SUGAR
    verdict = Verdict.TO_SUGAR if sugar else Verdict.TO_GOOGLE
    values = {**op.values, EMAILS: ", ".join(address for address, _, _ in op.emails)}
    return tuple(
        FieldChange(name, verdict, "" if sugar else value, value if sugar else "", None, "new")
        for name, value in values.items()
        if value
    )


def step_of(op: Intent) -> Step:
    """The intent as the step that it was."""
    return Step(
        op.side,
        op.op,
        op.payload,
        op.record,
        op.version,
        op.before,
        op.target,
        tuple(op.changed),
        own=op.own,
        undone=op.undone,
    )


def _is_of(subject: Subject, op: Intent) -> bool:
    """Whether the intent is about this record, by whatever name it went then."""
    return is_named(subject.half(op.side), op.record)


def _probe(op: Intent) -> Probe:
    target = op.target
    emails = tuple(email_key(email.address) for email in target.emails or ())
    return Probe(emails, target.get("first_name"), target.get("last_name") or target.get("first_name"))


def _deleted(link: Link, side: SideName) -> Link:
    link.state = LinkState.TOMBSTONE
    link.deleted_on = side.other
    return link
