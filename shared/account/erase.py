"""Deleting an account: everything that is stored about a user, and the grants at both ends.

It may take longer than a call lasts, and may die at any place; asked again, it goes on::

    mark ─▶ lease of the pair ─▶ give the grants back ─▶ documents, page by page ─▶ head ─▶ ... ─▶ user's document
     │            │                      │                     │                                      │
     │            └ a run under way      └ what came of it      └ under the lease: no run writes        └ last: until
       from here on nothing begins:        is kept until the      there any more                          then it can
       no run, no sign-in, no connection   end                                                            go on

A grant that cannot be given back keeps no data: that is told, and the user can end it at the other end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.account.export import claims, docs
from shared.account.grants import Grants, GrantStore, grants_path
from shared.account.users import User, Users
from shared.clock import Clock, Ids
from shared.errors import BadSettings, CommitUnknown, Conflict, FatalError, SyncError
from shared.store.port import Change, Remove, Store
from shared.sync.ledger import Ledger
from shared.sync.paths import COLLECTIONS, Paths
from shared.sync.visit import give_back

if TYPE_CHECKING:
    from shared.account.sugar import SugarAccount
    from shared.people.endpoints import GoogleEndpoints
    from shared.store.bucket import Bucket

LEASE = 300.0
"""Seconds; what takes longer goes on in a further call."""
PART = 100
"""Documents of one commit."""
_SPARE = timedelta(seconds=30)
_TRIES = 5
_OBJECTS = 10
"""Of the archive, removed before one commit."""

NONE, DONE, FAILED = "none", "done", "failed"
"""What came of giving a grant back: there was none; it has ended; it may live on at the other end."""


class OutOfPatience(Exception):
    """There is more to do than fits into one call."""


class Erasure:
    """The deletion of one user.

    Args:
        grants: the user's.
        sugar: the user's.
        google: where Google's grants are given back.
        seconds: that one call may take.
        bucket: the archive of history.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        grants: GrantStore,
        clock: Clock,
        ids: Ids,
        *,
        sugar: SugarAccount,
        google: GoogleEndpoints,
        seconds: float,
        bucket: Bucket | None = None,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._users = users
        self._grants = grants
        self._clock = clock
        self._ids = ids
        self._sugar = sugar
        self._google = google
        self._until = clock.now() + timedelta(seconds=seconds)

    def go(self, uid: str) -> tuple[bool, dict[str, str]]:
        """Whether all is gone, and what came of giving the grants back, by side.

        Raises:
            LeaseLost: a run is under way; nothing new begins, so ask again.
            RetriableError: ask again.
        """
        user = self._mark(uid)
        if user is None:
            return True, {}
        try:
            self._part(user)
            heads = docs(self._store, f"users/{uid}/pairs", page=10)
            for pair in sorted({doc.id for doc in heads} | set(user.instances)):
                self._empty(user, Paths(uid, pair))
            self._clear(f"users/{uid}/inbox", None)
            self._store.commit([Remove(grants_path(uid)), Remove(f"users/{uid}")])
        except OutOfPatience:
            return False, user.given_back
        return True, user.given_back

    def _mark(self, uid: str) -> User | None:
        """The user, for whom nothing begins any more; ``None`` if there is none."""
        for left in reversed(range(_TRIES)):
            user = self._users.load(uid)
            if user is None or user.erasing:
                return user
            user.erasing = True
            try:
                self._users.save(user)
            except (Conflict, CommitUnknown):
                if not left:
                    raise
            else:
                return user
        raise AssertionError("the last try has returned or raised")

    # -- the grants ----------------------------------------------------------------------------------

    def _part(self, user: User) -> None:
        """Gives the grants back and forgets them, in this order: a crash in between gives them back once more."""
        if self._store.get(grants_path(user.uid)) is None:
            return
        with self._held(Paths(user.uid, user.pair) if user.pair else None) as ledger:
            user.given_back = self._give_back(ledger)
            changes: list[Change] = [self._users.change(user), Remove(grants_path(user.uid))]
            if ledger is not None:
                ledger.head.next_due_at = None
                ledger.commit(changes, release=True)
            else:
                self._store.commit(changes)

    def _give_back(self, ledger: Ledger | None) -> dict[str, str]:
        try:
            grants = self._grants.load()
        except FatalError:
            return {"google": FAILED, "sugar": FAILED}  # no key opens them any more
        sugar = NONE if grants.sugar is None else DONE if self._sugar.sign_out(grants.sugar, ledger) else FAILED
        return {"google": self._revoke(grants), "sugar": sugar}

    def _revoke(self, grants: Grants) -> str:
        from shared.people.signin import revoke

        if grants.google is None:
            return NONE
        token = grants.google.tokens.get("refresh_token") or grants.google.tokens.get("access_token")
        if not token:
            return FAILED
        try:
            revoke(token, self._google)
        except SyncError:
            return FAILED
        return DONE

    # -- the documents -------------------------------------------------------------------------------

    def _empty(self, user: User, paths: Paths) -> None:
        """Removes a pair, its head last."""
        with self._held(paths) as ledger:
            if ledger is not None:
                self._unarchive(paths, ledger)
                for name in COLLECTIONS:
                    self._clear(paths.collection(name), ledger)
            mine = User(uid=user.uid, instances={paths.pair: user.instances.get(paths.pair, "")})
            while found := [doc for doc, _ in zip(claims(self._store, mine), range(PART), strict=False)]:
                self._commit([Remove(doc.path) for doc in found], ledger)
            if ledger is not None:
                ledger.drop()

    def _unarchive(self, paths: Paths, ledger: Ledger) -> None:
        """Removes the objects of the archive, each before the document that tells of it.

        Raises:
            BadSettings: no archive is configured any more, but there is something in it.
        """
        while found := self._store.query(paths.collection("archive"), limit=_OBJECTS):
            if self._bucket is None:
                raise BadSettings("ARCHIVE_BUCKET", "must be set: this account has history in an archive")
            for doc in found:
                if self._clock.now() > self._until:
                    raise OutOfPatience
                self._bucket.remove(doc.data["object"])
            self._commit([Remove(doc.path) for doc in found], ledger)

    def _clear(self, collection: str, ledger: Ledger | None) -> None:
        while found := self._store.query(collection, limit=PART):
            self._commit([Remove(doc.path) for doc in found], ledger)

    def _commit(self, changes: list[Change], ledger: Ledger | None) -> None:
        now = self._clock.now()
        if now > self._until or (ledger is not None and now + _SPARE > ledger.until):
            raise OutOfPatience
        if ledger is not None:
            ledger.commit(changes)
        else:
            self._store.commit(changes)

    @contextmanager
    def _held(self, paths: Paths | None) -> Iterator[Ledger | None]:
        """The pair's lease; ``None`` where there is no head: none can be made any more."""
        if paths is None or self._store.get(paths.head) is None:
            yield None
            return
        ledger = Ledger.take(self._store, paths.head, self._clock, self._ids, seconds=LEASE)
        try:
            yield ledger
        except BaseException:
            give_back(ledger)
            raise
