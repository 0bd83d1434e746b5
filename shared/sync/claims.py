"""Claims: two colleagues' runs never create the same person in Sugar.

Each user's run looks an email up before it creates, but two runs may look at the same moment and both find nothing::

    Ann's run   look up ── nobody ──▶ claim ──▶ create
    Bob's run      look up ── nobody ──▶ claim: taken ──▶ waits, looks up again ── found ──▶ backlog or link

A claim is a document per instance and email, created under the precondition that it does not exist, in the commit that
writes the intent. It expires by itself, long after the new record can be found by looking up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.contact.model import Contact
from shared.contact.terms import email_term
from shared.names import Op, SideName
from shared.store.port import Change, Create, Doc, Put, Store
from shared.sync.paths import Paths
from shared.sync.plan.model import Action, Decision

LASTS = timedelta(hours=2)


class Claims:
    """The claims of one run."""

    def __init__(self, store: Store, paths: Paths, instance: str) -> None:
        self._store = store
        self._paths = paths
        self._instance = instance
        self._mine: dict[str, tuple[str, Doc | None]] = {}
        self.read = 0

    def check(self, decisions: Iterable[Decision], now: datetime) -> list[Decision]:
        """The decisions, with those that meet a colleague's claim turned into waiting."""
        decisions = list(decisions)
        wanted = {path for decision in decisions for path in self._paths_of(decision)}
        docs = self._store.get_all(wanted) if wanted else {}
        self.read += len(wanted)
        self._mine.clear()
        return [self._judged(decision, docs, now) for decision in decisions]

    def _judged(self, decision: Decision, docs: Mapping[str, Doc], now: datetime) -> Decision:
        paths = self._paths_of(decision)
        for path in paths:
            doc = docs.get(path)
            if doc is not None and self._stands(doc, now):
                why = "a colleague's sync is creating the same person just now"
                wait = (datetime.fromisoformat(doc.data["expires_at"]) - now).total_seconds()
                return Decision(decision.subject, Action.WAIT, why, wait_seconds=max(60.0, min(wait, 900.0)))
        self._mine.update({path: (decision.subject.key, docs.get(path)) for path in paths})
        return decision

    def _stands(self, doc: Doc, now: datetime) -> bool:
        return doc.data["by"] != self._paths.head and datetime.fromisoformat(doc.data["expires_at"]) > now

    def _paths_of(self, decision: Decision) -> list[str]:
        for step in decision.steps:
            if step.side is SideName.SUGAR and step.op is Op.CREATE:
                target = step.target or Contact()
                terms = sorted({email_term(email.address) for email in target.emails or ()})
                return [self._paths.claim(self._instance, term) for term in terms]
        return []

    def changes(self, now: datetime) -> list[Change]:
        """What the commit that writes the intents has to take along."""
        data = {"by": self._paths.head, "expires_at": (now + LASTS).isoformat()}
        return [
            Create(path, data) if doc is None else Put(path, data, doc.version) for path, (_, doc) in self._mine.items()
        ]
