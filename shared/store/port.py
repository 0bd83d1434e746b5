"""Documents, and the few verbs that all storage logic is written with.

A document lives at a path of alternating collections and ids (``users/u1/pairs/p1/links/l1``). Its ``data`` is JSON.
Few keys of it are ever queried: those are named per collection group in :data:`INDEXED` and stand beside the rest,
which engines store as one unindexed, compressed field, so that large bodies cost no index.

Nothing is ever read inside a transaction: a commit is a set of writes with preconditions, all or nothing. That keeps
contention away (a precondition has exactly one winner at once, a contended transaction waits), and it is what both
engines do well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Data = dict[str, Any]
Version = str
"""Opaque; changes with every write of the document; compared by equality only."""

INDEXED: dict[str, tuple[str, ...]] = {
    "users": ("next_due_at",),
    "pairs": ("next_due_at", "retired_at"),
    "links": ("sugar_id", "google_id", "state", "emails", "created"),
    "history": ("link", "run", "at", "kinds", "expires_at"),
    "backlog": ("class", "state", "at"),
    "archive": ("kept", "to"),
    "runs": ("at", "expires_at"),
    "inbox": ("at",),
    "emails": ("by", "expires_at"),
    "states": ("expires_at",),
}
"""Queryable keys by collection group. A value is text, a number, a boolean, ``None`` or a list of texts."""


@dataclass(frozen=True, slots=True)
class Doc:
    """A document as read."""

    path: str
    data: Data
    version: Version

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Create:
    """Must not exist yet."""

    path: str
    data: Data


@dataclass(frozen=True, slots=True)
class Put:
    """Replaces the whole document. With ``version``: only if it still has it; without: whatever is there."""

    path: str
    data: Data
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Deletes; without ``version`` a missing document is fine, with it the document must still have that version."""

    path: str
    version: Version | None = None


Change = Create | Put | Remove

Comparison = Literal["==", "<", "<=", ">", ">=", "in", "contains"]
"""``in``: the key equals one of a list (any length; engines split it). ``contains``: the key's list holds the value."""


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on an indexed key."""

    key: str
    op: Comparison
    value: Any


MAX_DOCUMENT = 1_000_000
"""Bytes of a stored document, under Firestore's 1 MiB with room for keys and index entries."""
MAX_COMMIT = 3 * 1024 * 1024
"""Bytes of one commit: the emulator refuses messages above 4 MiB, Firestore above 10 MiB."""


class Store(Protocol):
    """One contract, two engines."""

    def get(self, path: str) -> Doc | None:
        """The document, or ``None``. Raises ``Unavailable``."""
        ...

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        """Those that exist, by path. Raises ``Unavailable``."""
        ...

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[Doc]:
        """Documents of one collection.

        Args:
            order: an indexed key; ties, and everything without ``order``, go by document id. Documents that lack the
                key are left out.
            after: a cursor, exclusive: ``[value of order, id]``, or ``[id]`` without ``order``.

        Raises:
            Unavailable: try again.
        """
        ...

    def query_group(
        self,
        group: str,
        where: Sequence[Where] = (),
        *,
        order: str | None = None,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[Doc]:
        """The same over all collections of that name, wherever they are; ties go by path, ``after`` ends in one."""
        ...

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        """All of it or nothing; the new versions by path (removed ones are missing).

        A path may occur once. At most :data:`MAX_COMMIT` bytes by :func:`size`.

        Raises:
            Conflict: a precondition failed; nothing was written. ``path`` names it where it is known.
            CommitUnknown: no answer came back; it may have been written.
            Unavailable: proven not written.
            ValueError: a document or the commit is too large, or a path occurs twice.
        """
        ...

    def close(self) -> None:
        """Gives connections back."""
        ...
