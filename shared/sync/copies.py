"""Second copies of a create that was sent twice, or given up: the first request may land days later.

What carries our key and still reads exactly as it was sent is removed; where nothing can be planted, somebody is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from shared.clock import Clock
from shared.contact.fields import EMAILS, FIELDS
from shared.names import Op, SideName
from shared.side import Record
from shared.sync.batch import Batch
from shared.sync.doubts import Doubts, source
from shared.sync.head import Head, Sent
from shared.sync.journal import Intent, digest
from shared.sync.link import Link
from shared.sync.links import Links
from shared.sync.paths import subject_id
from shared.sync.plan.model import Action, Decision, Entry, Env, Step, Subject, Trouble

REMEMBER = timedelta(days=7)
"""How long a create that was sent twice, or given up, is remembered: a copy may land even later than Q."""


_WHO = ("first_name", "last_name", EMAILS)


def reads_as_sent(env: Env, sent: Sent, side: SideName, record: Record) -> bool:
    """Whether a record is still exactly what that create has made."""
    contact = env.fields[side].view(record.native, {}, None).contact
    return digest(env, contact, env.names, env.settings.region) == sent.digest


def may_be(env: Env, sent: Sent, side: SideName, record: Record) -> bool:
    """Whether a record reads like what that create has made, as far as today's fields can tell."""
    if sent.off == _off(env) and sent.region == env.settings.region:
        return reads_as_sent(env, sent, side, record)
    return digest(env, env.fields[side].view(record.native, {}, None).contact, _WHO, sent.region) == sent.who


def _off(env: Env) -> list[str]:
    return sorted(set(FIELDS).difference(env.names))


class Copies:
    """The creates of one pair of which a copy may land yet."""

    def __init__(self, head: Head, links: Links, env: Env, clock: Clock) -> None:
        self._head = head
        self._links = links
        self._env = env
        self._clock = clock

    def watch(self, op: Intent) -> None:
        """A copy of this create may land yet."""
        region = self._env.settings.region
        self._head.sent[op.key] = Sent(
            link=op.key,
            until=(self._clock.now() + REMEMBER).isoformat(),
            digest=digest(self._env, op.target, op.changed, region),
            source=subject_id(*source(op)),
            who=digest(self._env, op.target, _WHO, region),
            off=_off(self._env),
            region=region,
        )

    def find(self, subject: Subject, doubts: Doubts, batch: Batch) -> Decision | None:
        """What becomes of a contact without link that is a second copy, or reads like one."""
        return (
            self._marked(subject, doubts, batch.orphans)
            or _edited(subject, batch.beside)
            or self._unmarked(subject, doubts)
        )

    def _marked(self, subject: Subject, doubts: Doubts, orphans: Collection[str]) -> Decision | None:
        """A second copy of our own making, still exactly as it was sent.

        Args:
            orphans: copies in Google whose contact's own record is gone.
        """
        record = subject.google.there
        if record is None or subject.parked or subject.released:
            return None
        for key in record.planted:
            sent = self._head.sent.get(key)
            if sent is None:
                continue
            link = doubts.found.get(key) or self._links.get([key]).get(key)
            if link is not None and link.google_id == record.id:
                continue
            if link is None and key in {op.key for op in doubts.going}:
                continue
            if not reads_as_sent(self._env, sent, SideName.GOOGLE, record):
                continue
            if link is not None and record.id in orphans:
                return _came_late(subject, link)
            step = Step(SideName.GOOGLE, Op.DELETE, {}, record.id, record.version, record.native)
            return Decision(
                replace(subject, exempt=True), Action.DELETE, "a second copy of our own making, as it was sent", (step,)
            )
        return None

    def _unmarked(self, subject: Subject, doubts: Doubts) -> Decision | None:
        """What reads exactly as a create that was sent twice, where nothing could be planted: it may have landed late.

        Nothing tells it from somebody's own entry, so it is asked about, and never created on the other side.
        """
        record = subject.sugar.there
        if record is None or subject.parked or subject.released or not self._head.sent:
            return None
        alike = {key: sent for key, sent in self._head.sent.items() if may_be(self._env, sent, SideName.SUGAR, record)}
        links = self._links.get(alike)
        going = {op.key for op in doubts.going} | set(doubts.found)
        for key, sent in alike.items():
            link = links.get(key)
            if (
                link is None
                and key not in going
                and sent.source.startswith("g")
                and sent.source not in subject.different
            ):
                message = "it reads like one that was to be created in Sugar and was given up: it may be that one"
                entry = Entry(Trouble.DOUBTFUL_CREATE, message, candidates=(sent.source,))
                return Decision(subject, Action.PARK, message, entries=(entry,))
            if link is not None and link.sugar_id and link.sugar_id != record.id:
                message = "it reads like one that was just created in Sugar: it may be a second copy of it"
                candidate = subject_id(SideName.SUGAR, link.sugar_id)
                if candidate in subject.different:
                    continue
                entry = Entry(Trouble.ALREADY_LINKED, message, candidates=(candidate,))
                return Decision(subject, Action.PARK, message, entries=(entry,))
        return None

    def forget(self) -> None:
        """Drops what needs no watching any more."""
        now = self._clock.now().isoformat()
        self._head.sent = {key: sent for key, sent in self._head.sent.items() if sent.until > now}
        watched = {key for info in self._head.open for key in info.keys} | set(self._head.sent)
        self._head.found = {key: ids for key, ids in self._head.found.items() if key in watched}


def _edited(subject: Subject, beside: Mapping[str, Link]) -> Decision | None:
    """What carries our key beside the contact that was made with it: a copy that has been edited since."""
    record = subject.google.there
    link = beside.get(record.id) if record is not None else None
    if link is None or subject.parked or subject.released:
        return None
    candidate = subject_id(SideName.SUGAR, link.sugar_id)
    if candidate in subject.different:
        return None
    message = "it carries the mark of a contact that is synced already: it may be a second copy of it, edited since"
    entry = Entry(Trouble.ALREADY_LINKED, message, candidates=(candidate,))
    return Decision(subject, Action.PARK, message, entries=(entry,))


def _came_late(subject: Subject, link: Link) -> Decision | None:
    """A copy of a contact that its user has deleted since: it may be his own, taken back out of the trash."""
    candidate = subject_id(SideName.SUGAR, link.sugar_id)
    if subject.parked or subject.released or candidate in subject.different:
        return None
    message = (
        "it reads like a contact that was deleted: a late copy of it, or that one taken back; delete it, or keep it"
    )
    entry = Entry(Trouble.DOUBTFUL_CREATE, message, candidates=(candidate,))
    return Decision(subject, Action.PARK, message, entries=(entry,))
