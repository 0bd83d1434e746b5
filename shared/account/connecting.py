"""Connecting a user's Sugar, and letting it go.

Both happen under the lease of the pair that is connected, because a sign-in ends the session that a run may be using.
Which pair is connected changes in one commit with the grant and with the times of both pairs::

    connect       lease of the former pair ─▶ password → tokens ─▶ who am I ─▶ ┌ grant, user's pair        ┐
                                                                                │ former pair: not due      │ one commit
                                                                                └ new pair: due, if regular ┘
    disconnect    lease ─▶ sign out there ─▶ grant and pair gone, not due

Links stay where they are: they belong to their pair, and are there when the same accounts are connected again.
"""

from __future__ import annotations

from contextlib import ExitStack

from shared.account import dialects
from shared.account.dialects import Connection, Login
from shared.account.grants import GrantStore, SugarGrant, pair_id
from shared.account.sugar import SugarAccount
from shared.account.users import User, Users
from shared.clock import Clock, Ids
from shared.errors import BadSettings, Conflict, GrantLost, LeaseLost
from shared.people.transport import open_gate
from shared.side import Gate
from shared.store.port import Change, Store
from shared.sugar.address import normalise
from shared.sugar.reach import Policy
from shared.sugar.session import check_platform
from shared.sync.inbox import Wish, posting
from shared.sync.ledger import Ledger
from shared.sync.paths import Paths
from shared.sync.settings import DEFAULTS, Settings, parse
from shared.sync.visit import due_again, move

_TRIES = 4


class Refused(GrantLost):
    """Sugar knows no such user, or another password."""


class Connecting:
    """Which Sugar a user has.

    Args:
        account: the user's Sugar.
        grants: of the same user.
        policy: which Sugars may be called.
    """

    def __init__(
        self,
        account: SugarAccount,
        store: Store,
        users: Users,
        grants: GrantStore,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._account = account
        self._store = store
        self._users = users
        self._grants = grants
        self._clock = clock
        self._ids = ids
        self._policy = policy

    def connect(self, user: User, login: Login) -> SugarGrant:
        """Signs in to Sugar, and connects it in place of what is connected.

        Raises:
            BadAddress, BadSettings: the address or the platform is wrong, or refused.
            Refused: Sugar refused the user or the password.
            GrantLost: Google is not connected.
            LeaseLost: a run is under way, or another window is connecting.
            SyncError: see :func:`shared.account.dialects.sign_in`.
        """
        address = normalise(login.address, self._policy)
        check_platform(login.platform)
        with ExitStack() as held:
            ledger = held.enter_context(self._account.visit(user.paths))
            gate = ledger.gate if ledger else open_gate
            grant = self._exchange(address, login, gate)
            session = self._account.session(grant, gate, None)
            try:
                former = self._enter(user, grant, session, ledger, held)
            finally:
                session.close()
        if former is not None and (former.account, former.platform) != (grant.account, grant.platform):
            self._account.sign_out(former)
        return grant

    def _exchange(self, address: str, login: Login, gate: Gate) -> SugarGrant:
        try:
            return dialects.sign_in(address, login, self._clock, gate, self._policy)
        except GrantLost as error:
            raise Refused(error.message) from None

    def _enter(
        self, user: User, grant: SugarGrant, session: Connection, ledger: Ledger | None, held: ExitStack
    ) -> SugarGrant | None:
        """Stores the grant and makes its pair the user's; what was connected before.

        Of two windows that connect at once the later sign-in may have ended the earlier one: so the session is asked
        again before each attempt, under the lease if there is one by now, and only a living one is stored.
        """
        for left in reversed(range(_TRIES)):
            if ledger is None and (now := self._users.load(user.uid)) is not None and now.paths is not None:
                user, ledger = now, held.enter_context(self._account.visit(now.paths))
            try:
                me = session.me()
            except GrantLost:
                if left == _TRIES - 1:
                    raise
                raise LeaseLost("the sign-in was ended by another one") from None
            grant.user_id, grant.user_name, grant.acl = me["id"], me["user_name"], me.get("acl")
            try:
                return self._store_grant(user, grant, ledger)
            except Conflict:
                if not left:
                    raise
                if ledger is not None:
                    ledger.rewind()
        raise AssertionError("the last try has returned or raised")

    def _store_grant(self, user: User, grant: SugarGrant, ledger: Ledger | None) -> SugarGrant | None:
        fresh = self._fresh(user, ledger)
        grants = self._grants.load()
        if grants.google is None:
            raise GrantLost("Google is not connected: sign in with Google first")
        former, grants.sugar = grants.sugar, grant
        paths = Paths(fresh.uid, pair_id(grants.google, grant))
        was, fresh.pair, fresh.instance = fresh.pair, paths.pair, grant.instance
        fresh.instances[paths.pair] = grant.instance
        wish = Wish(kind="settings", at=self._clock.now().isoformat())
        fresh.granted_at["sugar"] = wish.at
        changes: list[Change] = [
            self._users.change(fresh),
            self._grants.change(grants),
            posting(paths, self._ids, wish),
        ]
        settings = _settings(fresh)
        if ledger is not None:
            move(ledger.head, settings, self._clock.now(), connected=was == paths.pair)
        if was != paths.pair and settings.sync_regularly:
            changes.append(due_again(self._store, paths, self._clock, self._ids))
        self._commit(changes, ledger)
        return former

    def disconnect(self, user: User) -> bool:
        """Signs out there and forgets the grant; whether Sugar took notice.

        Raises:
            LeaseLost: a run is under way.
            RetriableError: the store is down.
        """
        with self._account.visit(user.paths) as ledger:
            former = self._grants.load().sugar
            told = former is None or self._account.sign_out(former, ledger)
            for left in reversed(range(_TRIES)):
                fresh, grants = self._fresh(user, ledger), self._grants.load()
                if not fresh.pair and grants.sugar is None:
                    return told
                grants.sugar = None
                fresh.pair = fresh.instance = ""
                if ledger is not None:
                    ledger.head.next_due_at = None
                try:
                    self._commit([self._users.change(fresh), self._grants.change(grants)], ledger)
                    return told
                except Conflict:
                    if not left:
                        raise
                    if ledger is not None:
                        ledger.rewind()
        raise AssertionError("the last try has returned or raised")

    def _fresh(self, user: User, ledger: Ledger | None) -> User:
        """The user as it is now, still connected with the pair whose lease is held."""
        fresh = self._users.load(user.uid)
        if fresh is None or fresh.erasing:
            raise GrantLost("this account was deleted")
        if fresh.pair != (user.pair if ledger is not None else ""):
            raise Conflict("another Sugar was connected meanwhile")
        return fresh

    def _commit(self, changes: list[Change], ledger: Ledger | None) -> None:
        if ledger is None:
            self._store.commit(changes)
        else:
            ledger.commit(changes, release=True)


def _settings(user: User) -> Settings:
    """The user's settings; the defaults, with which nothing happens by itself, where they cannot be read."""
    try:
        return parse(user.settings)
    except BadSettings:
        return DEFAULTS
