"""Letting backlog entries go: which ones a person means, and the wish that the next run carries out.

What is let go is named entry by entry, also where a person says "all": what comes into the backlog between the look at
it and the next run was not inspected, and stays. So does an entry that asks something else by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from shared.clock import Clock, Ids
from shared.store.port import Doc, Store
from shared.sync.browse import Found, backlog
from shared.sync.paths import Paths
from shared.sync.remedies import OPEN, Remedy, actions, asked, keeps

MOST = 100
"""Entries of one wish: what a run reads of the inbox stays small."""


@dataclass(frozen=True, slots=True)
class Named:
    """Entries by their ids."""

    docs: Sequence[Doc]
    missing: Sequence[int]
    """Positions of ids that name no entry about which anything can be done."""


def by_id(store: Store, paths: Paths, ids: Sequence[str]) -> Named:
    """The entries of these ids about which something can be done: the open ones, and those put aside."""
    found = store.get_all([paths.backlog(entry) for entry in ids])
    docs = [found.get(paths.backlog(entry)) for entry in ids]
    waiting = [doc for doc in docs if doc is not None and actions(doc.data)]
    known = {doc.id for doc in waiting}
    return Named(waiting, [n for n, entry in enumerate(ids) if entry not in known])


def by_class(store: Store, paths: Paths, cls: str | None, *, after: Sequence[str] | None) -> Found:
    """The open entries of this class, or all: a part of them, and where to go on."""
    return backlog(store, paths, state=OPEN, cls=cls, after=after, limit=MOST)


def release(store: Store, paths: Paths, clock: Clock, ids: Ids, docs: Sequence[Doc], remedy: Remedy) -> None:
    """Leaves the wishes, all or none. Raises as :meth:`Store.commit` does.

    Args:
        remedy: what is to be done. Each answer goes to those entries that can have it.
    """
    from shared.sync.inbox import Wish, posting

    groups: dict[frozenset[str], list[Doc]] = {}
    for doc in docs:
        possible = keeps(doc.data)
        names = {name for name, whose in remedy.answers.items() if whose in possible.get(name, ())}
        groups.setdefault(frozenset(names), []).append(doc)
    now = clock.now().isoformat()
    wishes = [
        Wish(
            kind="release",
            at=now,
            entries=[doc.id for doc in entries],
            asked=[asked(doc.data) for doc in entries],
            remedy=msgspec.structs.replace(remedy, answers={name: remedy.answers[name] for name in sorted(names)}),
        )
        for names, entries in groups.items()
    ]
    if wishes:
        store.commit([posting(paths, ids, wish) for wish in wishes])
