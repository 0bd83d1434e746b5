"""A contact on its way into a batch: its keys, before it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.names import SideName
from shared.sync.link import Link
from shared.sync.queue import Dirty, Lane


@dataclass
class Group:
    """One contact on its way to become a subject."""

    link: Link | None
    ids: dict[SideName, str]
    keys: list[Dirty] = field(default_factory=list)
    merged_into: dict[SideName, str] = field(default_factory=dict)
    """The linked record that answers for this one now."""
    doubt: bool = False
    """What it has become is spoken for by a write of an earlier run that may yet happen."""

    def seen(self, side: SideName) -> str:
        """When its change there was first seen; an echo is our own write and counts only where nothing else does."""
        mine = [key for key in self.keys if key.side is side]
        return min((key.seen_at for key in mine if key.lane is not Lane.ECHO), default="")

    def missed(self, side: SideName) -> str | None:
        """When its record there was first not found; blank if it was, so far; ``None`` without a key to wait by."""
        mine = [key for key in self.keys if key.side is side]
        return min(filter(None, (key.missed_at for key in mine)), default="") if mine else None
