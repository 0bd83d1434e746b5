"""The journal: what is about to be written, on paper before it is sent.

T1 writes the intents; then come the calls; T2 commits their results and removes them. Whatever a crash leaves here is
in doubt: it may have happened, may be happening, or never will. ``recover`` finds out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.contact.fields import EMAILS
from shared.contact.model import Contact, Email
from shared.contact.normal import email_key, normal
from shared.names import Op, SideName
from shared.side import Native, Write
from shared.store.port import Change, Create, Put, Remove, Store
from shared.sync.head import Head, OpenIntents
from shared.sync.paths import Paths
from shared.sync.plain import plain
from shared.sync.plan.guard import DELETES
from shared.sync.plan.model import Decision, Env, Step, Undone

_PART = 700_000
"""Bytes of intents in one document, before compression."""
_PARTS = 2
"""Documents of one commit."""


class Intent(msgspec.Struct, kw_only=True):
    """One write, frozen."""

    id: str
    key: str
    """The link's id; for a create also the key that is planted. Frozen here, never made again."""
    side: SideName
    op: Op
    record: str = ""
    version: str = ""
    payload: Native = {}
    before: Native | None = None
    values: dict[str, str] = {}
    """The single fields that are written."""
    emails: list[tuple[str, bool, bool]] = []
    changed: list[str] = []
    link: dict[str, Any] | None = None
    """For a create: the link that it completes."""
    why: str = ""
    fields: list[dict[str, Any]] = []
    """For the history row."""
    sent_at: str = ""
    tries: int = 0
    """How often it was sent before in vain, as far as can be told."""
    first_at: str = ""
    """When it was sent for the first time, if it was sent before."""
    own: bool = False
    """As with steps: an edit on this side alone."""
    undone: Undone | None = None
    """It takes something back: what that leaves behind."""
    removes: list[str] = []
    """What it counts for the guard, once it has happened: ``delete``, and the fields that it clears."""

    @property
    def target(self) -> Contact:
        return Contact(dict(self.values), tuple(Email(a, opt_out=o, invalid=i) for a, o, i in self.emails))

    def write(self) -> Write:
        return Write(
            intent=self.id,
            op=self.op,
            payload=self.payload,
            id=self.record,
            version=self.version,
            before=self.before,
            key=self.key,
            tries=self.tries,
        )


def intent(
    decision: Decision,
    step: Step,
    new_id: str,
    sent_at: datetime,
    *,
    tries: int = 0,
    removes: Collection[str] = (),
    chosen: str = "",
) -> Intent:
    """The step of a decision as an intent.

    Args:
        tries: how often a write of this contact came to no known end before.
        chosen: the id of what is to be created, where the client chooses.
    """
    target = step.target or Contact()
    link = decision.link
    return Intent(
        id=new_id,
        key=link.id if link else decision.subject.key,
        side=step.side,
        op=step.op,
        record=step.id or chosen,
        version=step.version,
        payload=step.payload,
        before=step.before,
        values={name: target.get(name) for name in step.changed if name != EMAILS},
        emails=[(e.address, e.opt_out, e.invalid) for e in target.emails or ()],
        changed=list(step.changed),
        link=link.data() if link and step.op is Op.CREATE and step.undone is None else None,
        undone=step.undone,
        why=decision.why,
        fields=[
            {"name": c.name, "sugar": c.sugar, "google": c.google, "why": c.why, "conflict": c.loser is not None}
            for c in decision.fields
            if c.verdict.target is step.side and step.op is Op.UPDATE
        ],
        sent_at=sent_at.isoformat(),
        tries=max(step.tries, tries),
        first_at=step.first_at,
        own=step.own,
        removes=sorted(kind for kind in removes if kind in step.changed or (kind == DELETES and step.op is Op.DELETE)),
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
        tries=op.tries,
        first_at=op.first_at,
    )


def digest(env: Env, contact: Contact, names: Iterable[str], region: str) -> str:
    """What two contacts that read the same have in common."""
    known = {
        name: text for name in names if name != "emails" and (text := normal(env.kind(name), contact.get(name), region))
    }
    mail = sorted({email_key(e.address) for e in contact.emails or ()})
    frozen = msgspec.json.encode([sorted(known.items()), mail])
    return hashlib.blake2b(frozen, digest_size=16).hexdigest()


class Journal:
    """The open intents of one pair during one run."""

    def __init__(self, store: Store, paths: Paths, head: Head) -> None:
        self._store = store
        self._paths = paths
        self._head = head
        self._chunks: dict[str, list[Intent]] = {}
        self.read = 0

    def load(self) -> list[Intent]:
        """All open intents of earlier runs."""
        missing = [info.chunk for info in self._head.open if info.chunk not in self._chunks]
        docs = self._store.get_all([self._paths.intents(chunk) for chunk in missing]) if missing else {}
        self.read += len(docs)
        for chunk in missing:
            doc = docs.get(self._paths.intents(chunk))
            self._chunks[chunk] = msgspec.convert(doc.data["ops"], list[Intent]) if doc else []
        return [op for info in self._head.open for op in self._chunks[info.chunk]]

    def write(self, intents: Sequence[Intent]) -> Iterator[list[Change]]:
        """T1: new chunks for these, a part at a time; the head names a part's chunks once that part is taken.

        Each part is to be committed before the next one is taken. A crash in between leaves intents that were never
        sent, which recovery finds out.
        """
        part: list[Intent] = []
        changes: list[Change] = []
        room = _PART
        for op in intents:
            taken = len(msgspec.json.encode(plain(op)))
            if part and taken > room:
                changes.append(self._new(part))
                part, room = [], _PART
                if len(changes) == _PARTS:
                    yield changes
                    changes = []
            part.append(op)
            room -= taken
        if part:
            changes.append(self._new(part))
        if changes:
            yield changes

    def _new(self, part: list[Intent]) -> Change:
        self._head.serial += 1
        name = f"{self._head.serial:08d}"
        self._chunks[name] = part
        self._head.open.append(_info(name, part))
        return Create(self._paths.intents(name), {"ops": plain(part)})

    def close(self, done: Iterable[str]) -> list[Change]:
        """T2: these intents are settled; what a commit has to write for it."""
        gone = set(done)
        changes: list[Change] = []
        still: list[OpenIntents] = []
        for info in self._head.open:
            if info.chunk not in self._chunks:
                still.append(info)
                continue
            ops = self._chunks[info.chunk]
            left = [op for op in ops if op.id not in gone]
            path = self._paths.intents(info.chunk)
            if not left:
                changes.append(Remove(path))
                del self._chunks[info.chunk]
                continue
            if len(left) != len(ops):
                self._chunks[info.chunk] = left
                changes.append(Put(path, {"ops": plain(left)}))
            still.append(_info(info.chunk, left))
        self._head.open = still
        return changes

    def watched(self) -> set[str]:
        """The planted keys that the feeds are watched for."""
        return {key for info in self._head.open for key in info.keys} | set(self._head.sent)


def _info(chunk: str, ops: Sequence[Intent]) -> OpenIntents:
    creates = [op for op in ops if op.op is Op.CREATE]
    return OpenIntents(
        chunk=chunk,
        sent_at=min(op.sent_at for op in ops),
        creates=sorted({op.side for op in creates}),
        keys=[op.key for op in creates],
    )
