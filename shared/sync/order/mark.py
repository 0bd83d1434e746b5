"""By what an operation is known again: exactly what it writes, whatever it is sent in.

The planted key is not part of it, nor the payload: that one is made from the native record, which the version stands
for.
"""

from __future__ import annotations

import hashlib

import msgspec

from shared.contact.fields import EMAILS
from shared.contact.model import Contact
from shared.names import Op, SideName
from shared.sync.journal import Intent, step_of
from shared.sync.plain import plain
from shared.sync.plan.model import Decision, Step
from shared.sync.settings import Settings


def mark(step: Step) -> str:
    """The fingerprint of one operation, after what it does: ``update google:...``."""
    target = step.target or Contact()
    values = sorted((name, target.get(name)) for name in step.changed if name != EMAILS)
    emails = [(e.address, e.opt_out, e.invalid) for e in target.emails or ()] if EMAILS in step.changed else None
    record = "" if step.op is Op.CREATE else step.id
    return f"{step.op} {step.side}:{_digest([record, sorted(step.changed), values, emails])}"


def marks(decision: Decision) -> list[str]:
    """Those of a decision, in order."""
    return [mark(step) for step in decision.steps]


def mark_of(op: Intent) -> str:
    """That of a write that an earlier run has put on paper."""
    return mark(step_of(op))


def kind_of(fingerprint: str) -> str:
    """What such an operation does: ``update google``."""
    return fingerprint.partition(":")[0]


def side_of(fingerprint: str) -> SideName:
    """Where."""
    return SideName(kind_of(fingerprint).partition(" ")[2])


_SEEN_OTHERWISE = frozenset(
    [
        *("sync_regularly", "interval_minutes", "ask_first", "history_without", "history_days"),
        *("from_sugar", "from_google", "conflict", "leaves_scope"),
    ]
)
"""Settings that do not matter, or show in the operations."""


def shape(settings: Settings) -> str:
    """Digest of what else a write depends on: who takes part, and what is written along."""
    known = msgspec.structs.asdict(settings)
    return _digest(sorted((name, value) for name, value in known.items() if name not in _SEEN_OTHERWISE))


def _digest(value: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(plain(value)), digest_size=12).hexdigest()
