"""Second copies of a create that was sent twice, or given up: the first request may land days later.

What carries our key and still reads exactly as it was sent is removed; where nothing can be planted, somebody is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from shared.clock import Clock
from shared.side import Op, Record, SideName
from shared.sync.doubts import Doubts, source
from shared.sync.head import Head, Sent
from shared.sync.journal import Intent, digest
from shared.sync.link import Link
from shared.sync.links import Links
from shared.sync.paths import subject_id
from shared.sync.plan.model import Action, Decision, Entry, Env, Step, Subject, Trouble

REMEMBER = timedelta(days=7)
"""How long a create that was sent twice, or given up, is remembered: a copy may land even later than Q."""


def reads_as_sent(env: Env, sent: Sent, record: Record) -> bool:
    """Whether a record in Google is still exactly what that create has made."""
    view = env.fields[SideName.GOOGLE].view(record.native, {}, None)
    return digest(env, view.contact, env.names) == sent.digest


class Copies:
    """The creates of one pair of which a copy may land yet."""

    def __init__(self, head: Head, links: Links, env: Env, clock: Clock) -> None:
        self._head = head
        self._links = links
        self._env = env
        self._clock = clock

    def watch(self, op: Intent) -> None:
        """A copy of this create may land yet."""
        until = (self._clock.now() + REMEMBER).isoformat()
        self._head.sent[op.key] = Sent(
            link=op.key, until=until, digest=digest(self._env, op.target, op.changed), source=subject_id(*source(op))
        )

    def find(self, subject: Subject, doubts: Doubts, orphans: Collection[str]) -> Decision | None:
        """What becomes of a contact without link that is a second copy, or reads like one.

        Args:
            orphans: copies in Google whose contact's own record is gone.
        """
        return self._marked(subject, doubts, orphans) or self._unmarked(subject, doubts)

    def _marked(self, subject: Subject, doubts: Doubts, orphans: Collection[str]) -> Decision | None:
        """A second copy of our own making, still exactly as it was sent."""
        record = subject.google.there
        if record is None:
            return None
        for key in record.planted:
            sent = self._head.sent.get(key)
            if sent is None:
                continue
            link = doubts.found.get(key) or self._links.get([key]).get(key)
            if link is not None and link.google_id == record.id:
                continue
            if link is None and key in {op.key for op in (*doubts.waiting, *doubts.resend)}:
                continue
            if not reads_as_sent(self._env, sent, record):
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
        contact = self._env.fields[SideName.SUGAR].view(record.native, {}, None).contact
        found = digest(self._env, contact, self._env.names)
        alike = {key: sent for key, sent in self._head.sent.items() if sent.digest == found}
        links = self._links.get(alike)
        going = {op.key for op in (*doubts.waiting, *doubts.resend)} | set(doubts.found)
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
