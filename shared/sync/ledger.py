"""The lease, and the only way to commit under it.

One writer per user. Taking the lease writes the head under the precondition of the version that was read, and raises
the epoch; every later commit writes the head again under the version that the commit before it left. So whoever took
the lease meanwhile has moved that version, and a worker that wakes up late cannot commit anything::

    A  take ──▶ v2 ─────────(sleeps past its lease)────────────▶ commit "if v2" ──▶ Conflict ──▶ LeaseLost
    B                             take "if v2" ──▶ v3 ─▶ commit "if v3" ─▶ v4

A commit whose answer is lost is told by the commit id inside the head: if it is ours, it happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.clock import Clock, Ids
from shared.errors import CommitUnknown, Conflict, LeaseLost, OutOfTime, Unavailable
from shared.store.port import Change, Create, Put, Remove, Store, Version
from shared.sync.head import Head, Lease

_TRIES = 3


class Ledger:
    """The head, held under a lease. Made by :meth:`take`."""

    def __init__(self, store: Store, path: str, clock: Clock, ids: Ids, head: Head, version: Version | None) -> None:
        self._store = store
        self._path = path
        self._clock = clock
        self._ids = ids
        self.head = head
        self._version = version
        self._last = head.data()
        self.made = version is None
        """Whether there was no head before this lease."""
        self.calls = 0
        """Calls to the outside that were let through."""
        self.commits = 0
        self.written = 0

    @classmethod
    def take(cls, store: Store, path: str, clock: Clock, ids: Ids, *, seconds: float) -> Ledger:
        """Takes the lease for ``seconds`` and raises the epoch.

        Raises:
            LeaseLost: another worker holds it, or won the race.
            Unavailable: the store is down.
        """
        doc = store.get(path)
        head = Head.load(doc.data) if doc else Head()
        now = clock.now()
        if head.lease is not None and datetime.fromisoformat(head.lease.until) > now:
            raise LeaseLost("another run of this user is under way")
        head.lease = Lease(owner=ids.new(), until=(now + timedelta(seconds=seconds)).isoformat())
        head.epoch += 1
        ledger = cls(store, path, clock, ids, head, doc.version if doc else None)
        ledger.commit(())
        return ledger

    @property
    def epoch(self) -> int:
        return self.head.epoch

    @property
    def until(self) -> datetime:
        """When the lease ends."""
        if self.head.lease is None:
            raise LeaseLost("the lease was given back")
        return datetime.fromisoformat(self.head.lease.until)

    def gate(self, seconds: float) -> None:
        """Asked before every call to the outside.

        Raises:
            OutOfTime: a call that takes that long would outlive the lease.
        """
        if self._clock.now() + timedelta(seconds=seconds) > self.until:
            raise OutOfTime("no time left in this run; the next one goes on here")
        self.calls += 1

    def commit(self, changes: Sequence[Change], *, release: bool = False) -> None:
        """Writes the head and these, all or nothing.

        Raises:
            LeaseLost: the head was moved by a later epoch; nothing was written.
            Conflict: another precondition failed; nothing was written, the lease still stands.
            Unavailable: the store is down; nothing was written.
            CommitUnknown: it cannot even be found out; the next epoch sorts it out by the intents.
        """
        if release:
            self.head.lease = None
        self.head.commit = self._ids.new()
        data = self.head.data()
        write: Change = Create(self._path, data) if self._version is None else Put(self._path, data, self._version)
        for attempt in range(1, _TRIES + 1):
            try:
                versions = self._store.commit((write, *changes))
            except (Conflict, CommitUnknown, Unavailable) as error:
                if self._happened():
                    break
                if isinstance(error, Conflict) or attempt == _TRIES:
                    raise
            else:
                self._version = versions[self._path]
                break
        self._last = data
        self.commits += 1
        self.written += 1 + len(changes)

    def drop(self) -> None:
        """Removes the head, and the lease with it. Raises as :meth:`Store.commit` does."""
        self._store.commit([Remove(self._path, self._version)])

    def rewind(self) -> None:
        """The head as it was last committed; what was changed in memory since is void."""
        self.head = Head.load(self._last)

    def _happened(self) -> bool:
        """Whether the commit that gave no clear answer is there after all.

        A library that repeats a commit below us meets its own precondition: a Conflict alone proves nothing.
        """
        doc = self._store.get(self._path)
        if doc is None:
            if self._version is not None:
                raise LeaseLost("the head is gone")
            return False
        head = Head.load(doc.data)
        if head.commit == self.head.commit:
            self._version = doc.version
            return True
        if doc.version != self._version:
            raise LeaseLost("a later run of this user took over")
        return False
