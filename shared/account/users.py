"""The user's own document: who it is, and what is set. Browsers write it, runs only read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from shared.errors import CommitUnknown, Conflict, GrantLost
from shared.store.port import Change, Create, Put, Store, Version
from shared.sync.paths import Paths
from shared.sync.plain import plain

_TRIES = 5


class User(msgspec.Struct, kw_only=True):
    """One user of the product."""

    uid: str = ""
    """The document's id; not stored inside."""
    version: Version | None = None
    """Of the document as it was read; not stored inside."""
    subject: str = ""
    """Google's stable id of the account."""
    email: str = ""
    pair: str = ""
    """Of the two accounts that are connected now; blank while one is missing."""
    instance: str = ""
    """The connected Sugar's name among claims."""
    instances: dict[str, str] = {}
    """The same by pair, for all that were ever connected."""
    settings: dict[str, Any] = {}
    created_at: str = ""
    granted_at: dict[str, str] = {}
    """When each side was connected last."""
    signed_out_at: float = 0.0
    """Sessions begun before have ended: seconds since the epoch."""
    erasing: bool = False
    """All of it is being deleted: nothing may begin any more."""
    given_back: dict[str, str] = {}
    """While it is being deleted: what came of giving the grants back, by side."""

    @property
    def paths(self) -> Paths | None:
        """Where the connected pair's documents lie; ``None`` while a side is missing, or all is being deleted."""
        return Paths(self.uid, self.pair) if self.pair and not self.erasing else None


class Users:
    """The users' documents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, uid: str) -> User | None:
        """The user; ``None`` if there is none."""
        doc = self._store.get(f"users/{uid}")
        if doc is None:
            return None
        user = msgspec.convert(doc.data, User)
        user.uid, user.version = uid, doc.version
        return user

    @staticmethod
    def change(user: User) -> Change:
        """Its write, good only if nobody else wrote it since it was read."""
        data = {name: value for name, value in plain(user).items() if name not in ("uid", "version")}
        path = f"users/{user.uid}"
        return Create(path, data) if user.version is None else Put(path, data, user.version)

    def save(self, user: User, *more: Change) -> None:
        """Writes it, and what belongs to the change, all or nothing.

        Raises:
            Conflict: somebody else wrote it since it was read; nothing was written.
        """
        versions = self._store.commit([self.change(user), *more])
        user.version = versions[f"users/{user.uid}"]

    def update(self, uid: str, change: Callable[[User], Iterable[Change] | None]) -> User:
        """Changes the document as it is now; from the start again if somebody else was quicker.

        Args:
            change: changes the user it is given; answers with what has to be written along, or ``None`` for nothing at
                all. It may be called several times.

        Raises:
            GrantLost: the account was deleted, or is about to be.
            Conflict: others were quicker again and again; nothing was written.
            CommitUnknown: the store did not say whether it was written.
            Unavailable: nothing was written.
        """
        for left in reversed(range(_TRIES)):
            user = self.load(uid)
            if user is None or user.erasing:
                raise GrantLost("this account was deleted")
            more = change(user)
            if more is None:
                return user
            try:
                self.save(user, *more)
            except (Conflict, CommitUnknown):
                # What was written unseen is read, and written once more: it is the same.
                if not left:
                    raise
            else:
                return user
        raise AssertionError("the last try has returned or raised")
