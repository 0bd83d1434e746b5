"""Recovery: finding out what became of the writes that an earlier run left in doubt.

Recovery runs after observing, never before: only the feed can show the key of a create (:mod:`shared.sync.sorting`).
What lands even later than anybody can tell is a second copy (:mod:`shared.sync.copies`).

Updates and deletes need no key: a fresh read shows whether they happened. Until Q has passed one that did not happen
yet still may, so its contact waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from shared.clock import Clock
from shared.contact.fields import EMAILS
from shared.names import Op, SideName
from shared.side import Idempotency, Side
from shared.sync.batch import Batch
from shared.sync.copies import Copies
from shared.sync.doubts import Doubts, is_named, source
from shared.sync.head import Head
from shared.sync.journal import Intent, step_of
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.paths import subject_id
from shared.sync.plan.model import (
    Action,
    Candidate,
    Decision,
    Entry,
    Env,
    FieldChange,
    Presence,
    Subject,
    Trouble,
)
from shared.sync.plan.pair import DOUBT
from shared.sync.plan.verdict import Verdict
from shared.sync.recovered import Recovered
from shared.sync.settle import finish, happened
from shared.sync.sorting import Sorting
from shared.sync.undo.recover import unclear_again
from shared.sync.undo.settle import take_back, there_after

_MAY_LAND = "a create of an earlier run, which nobody wants any more, may yet happen"


class Recovery:
    """The recovery of one run."""

    def __init__(
        self, sides: Mapping[SideName, Side], head: Head, links: Links, env: Env, clock: Clock, quiet: timedelta
    ) -> None:
        self._sides = sides
        self._head = head
        self._env = env
        self._clock = clock
        self._sorting = Sorting(sides, head, links, env, clock, quiet)
        self._copies = Copies(head, links, env, clock)

    def prepare(self, intents: list[Intent]) -> Doubts:
        """Sorts the open intents of earlier runs, before the batch is read."""
        return self._sorting.prepare(intents)

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
                self._copies.watch(doubts.unclear_again[subject.link.id][0])
                result.decisions.append(unclear_again(subject, doubts, result.closed))
                batch.candidates += _on_the_table(result.decisions[-1])
                continue
            if subject.link is not None and subject.link.id in remaking:
                subject = replace(subject, doubt=True)
            decision = self._special(subject, doubts, batch, result) if subject.link is None else None
            if decision is not None:
                result.decisions.append(decision)
                batch.candidates += _on_the_table(decision)
                continue
            ops = by_link.pop(subject.link.id, []) if subject.link else []
            for op in ops:
                subject = self._take_in(subject, op, result)
            if subject.link is None or subject.link.id in doubts.found:
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
            if self._sorting.reads_as_sent(op, half.there):
                result.facts.setdefault(subject.key, []).append((op, half.there))
                result.closed.append(op.id)
            elif self._clock.now() < self._sorting.over(op):
                subject = replace(subject, doubt=True)
        return subject

    def _take_in(self, subject: Subject, op: Intent, result: Recovered) -> Subject:
        if subject.link is None:
            return subject
        half = subject.half(op.side)
        step = step_of(op)
        gone = half.presence is not Presence.PRESENT
        if op.op is Op.CREATE and half.there is not None and not self._sorting.is_ours(op, half.there):
            # The feed showed our key beside this id, or the search what we sent; the record itself does not: wait for
            # an answer that tells the truth.
            self._head.found[op.key] = [name for name in self._head.found.get(op.key, ()) if name != half.id]
            return replace(subject, link=None, doubt=True)
        if op.op is Op.CREATE or (not gone and happened(self._env, subject.link, step, half.there)):
            done = True
        elif half.presence is Presence.MISSING and self._clock.now() < self._sorting.over(op):
            return replace(subject, doubt=True)  # not found is not deleted yet, and shows no update
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
        if self._clock.now() < self._sorting.over(op) and not gone:
            return replace(subject, doubt=True)
        result.closed.append(op.id)  # dropped; the base has not moved, so the merge wants it again if it is still due
        return subject

    def _special(self, subject: Subject, doubts: Doubts, batch: Batch, result: Recovered) -> Decision | None:
        unclear = self._unclear(subject, doubts, result)
        # Who waits is not told yet: deleted as a copy, it might have been the contact itself, come back.
        return unclear if unclear is not None or subject.doubt else self._copies.find(subject, doubts, batch)

    def _unclear(self, subject: Subject, doubts: Doubts, result: Recovered) -> Decision | None:
        """A create that may have happened, or one of the records that it may have made: somebody has to look."""
        made_from, suspected = doubts.made_from(subject), doubts.suspected(subject)
        for op, candidates in doubts.unclear:
            if op is made_from:
                self._copies.watch(op)
                result.closed.append(op.id)
                message = f"it may have been created in {op.side} already: somebody has to look at the candidates"
                trouble = Trouble.DOUBTFUL_CREATE
                if not candidates:
                    trouble = Trouble.REJECTED
                    message = (
                        f"{op.side.title()} fails at it again and again, and creates others: mend it, or release it"
                    )
            elif op is suspected and subject.half(op.side).there is not None:
                candidates = (subject_id(*source(op)),)
                trouble = Trouble.DOUBTFUL_CREATE
                message = f"it may have been created from a contact in {op.side.other}: somebody has to look"
            else:
                continue
            return Decision(subject, Action.PARK, message, entries=(Entry(trouble, message, candidates=candidates),))
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
                (replace(step_of(op), tries=op.tries + 1, first_at=op.first_at or op.sent_at),),
                fields=_shown(op),
                link=link,
                joined=decision.joined,  # not its own: its keys stay, for it may have changed since it was frozen
                frozen=True,
            )
        return decision

    def _lands_by_itself(self, op: Intent) -> bool:
        """Whether a create that nobody wants any more may still arrive: its id goes on being looked for."""
        chosen = self._sides[op.side].idempotency is Idempotency.CHOSEN_ID
        return chosen and self._clock.now() < self._sorting.over(op)

    def forget(self) -> None:
        """Drops what needs no watching any more."""
        self._copies.forget()


def _on_the_table(decision: Decision) -> list[Candidate]:
    """Who is asked about without a plan is still somebody: nobody else is made, or deleted, as if he were not there."""
    if decision.action is not Action.PARK:
        return []
    halves = [(side, decision.subject.half(side).there) for side in SideName]
    return [
        Candidate(side, record, decision.subject.link, parked=True) for side, record in halves if record is not None
    ]


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


def _is_of(subject: Subject, op: Intent) -> bool:
    """Whether the intent is about this record, by whatever name it went then."""
    return is_named(subject.half(op.side), op.record)


def _deleted(link: Link, side: SideName) -> Link:
    link.state = LinkState.TOMBSTONE
    link.deleted_on = side.other
    return link
