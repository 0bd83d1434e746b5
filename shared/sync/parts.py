"""Cutting a commit that is too large into parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.store.codec import size
from shared.store.port import MAX_COMMIT, Change

_ROOM = MAX_COMMIT - 1024 * 1024
"""Of one part; the rest is for the head, the queue and the index."""


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs to one contact, and by how much it moves the counts of the head."""

    changes: Sequence[Change]
    links: int = 0
    in_sync: int = 0
    frozen: int = 0
    backlog: int = 0
    answered: int = 0
    key: str = ""
    """The contact's, among those of the commit."""


def in_parts(groups: Iterable[Group]) -> list[list[Group]]:
    """At least one part, of at most so many bytes each; what belongs to one contact stays together.

    A crash between two parts leaves the keys of all contacts dirty and their intents open, because those go with the
    last one; what an earlier part committed is then found done.
    """
    parts: list[list[Group]] = [[]]
    room = _ROOM
    for group in groups:
        need = sum(size(change) for change in group.changes)
        if need > room and parts[-1]:
            parts.append([])
            room = _ROOM
        parts[-1].append(group)
        room -= need
    return parts
