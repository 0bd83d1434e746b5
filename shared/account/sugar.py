"""A user's Sugar, as a browser may look at it, and the end of a session there.

Sugar is called under the lease of the connected pair only: its token may have to be renewed for any call.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.account import dialects
from shared.account.dialects import Connection
from shared.account.grants import NEWER, Grants, GrantStore, SugarGrant
from shared.account.users import User
from shared.clock import Clock, Ids
from shared.errors import GrantLost, LeaseLost, SyncError
from shared.people.transport import open_gate
from shared.side import Gate
from shared.store.port import Store
from shared.sugar.metadata import Schema
from shared.sugar.reach import Policy
from shared.sync.ledger import Ledger
from shared.sync.paths import Paths
from shared.sync.visit import visit

SCHEMA_LASTS = timedelta(days=1)
"""How long the instance's fields are taken for granted."""
_RIGHTS = ("view", "create", "edit", "delete")


@dataclass(frozen=True, slots=True)
class Tested:
    """What a living connection says."""

    user_name: str
    full_name: str
    fields: int
    """Fields of contacts that this user may read."""
    rights: dict[str, bool]
    """``view``, ``create``, ``edit``, ``delete``: whether this user may do that with contacts, as far as Sugar says."""


class SugarAccount:
    """The Sugar of one user.

    Args:
        grants: of the same user.
        policy: which Sugars may be called.
    """

    def __init__(self, store: Store, grants: GrantStore, clock: Clock, ids: Ids, policy: Policy) -> None:
        self._store = store
        self._grants = grants
        self._clock = clock
        self._ids = ids
        self._policy = policy

    def connected(self) -> SugarGrant | None:
        """What is connected; no call is made."""
        return self._grants.load().sugar

    def test(self, user: User) -> Tested:
        """Calls Sugar, and takes its fields and rights over.

        Raises:
            GrantLost: nothing is connected, or the session has ended.
            LeaseLost: a run is under way.
            SyncError: as calls do.
        """
        with self.visit(user.paths) as ledger:
            grants, grant = self._connected()
            session = self.session(grant, ledger.gate if ledger else open_gate, grants)
            try:
                me = session.me()
                schema = self._ask(session, grants, grant, me)
            finally:
                session.close()
        denied = grant.acl.get("Contacts") if isinstance(grant.acl, dict) else None
        rights = denied if isinstance(denied, dict) else {}
        allowed = rights.get("access") != "no"
        return Tested(
            user_name=str(me["user_name"])[:200],
            full_name=str(me.get("full_name") or "")[:200],
            fields=sum(each.can_read for each in schema.fields.values()),
            rights={right: allowed and rights.get(right) != "no" for right in _RIGHTS},
        )

    def schema(self, user: User, *, refresh: bool = False) -> tuple[Schema, datetime]:
        """The instance's fields, and when they were asked for.

        Args:
            refresh: ask now; else only if what is known is older than a day, and no run is under way.

        Raises:
            as :meth:`test`.
        """
        _, grant = self._connected()
        at = datetime.fromisoformat(grant.schema_at) if grant.schema and grant.schema_at else None
        if at is not None and not refresh and self._clock.now() - at < SCHEMA_LASTS:
            return Schema.from_json(grant.schema), at
        try:
            with self.visit(user.paths) as ledger:
                grants, grant = self._connected()
                session = self.session(grant, ledger.gate if ledger else open_gate, grants)
                try:
                    return self._ask(session, grants, grant, session.me()), self._clock.now()
                finally:
                    session.close()
        except LeaseLost:
            if at is None or refresh:
                raise
            return Schema.from_json(grant.schema), at

    def known_schema(self) -> Schema | None:
        """The instance's fields as last asked for; no call is made."""
        grant = self._grants.load().sugar
        return Schema.from_json(grant.schema) if grant is not None and grant.schema else None

    def scopes(self) -> tuple[str, ...]:
        """The scopes that the connected Sugar can tell; all, while none is connected. No call is made."""
        grant = self._grants.load().sugar
        return dialects.scopes(grant.dialect if grant is not None else NEWER)

    def sign_out(self, grant: SugarGrant, ledger: Ledger | None = None) -> bool:
        """Ends the session at Sugar; whether that is certain. Tokens renewed for it are not kept."""
        if not grant.tokens:
            return False
        try:
            session = self.session(grant, ledger.gate if ledger else open_gate, None)
            try:
                session.sign_out()
            finally:
                session.close()
        except GrantLost:
            return True  # it has ended
        except SyncError:
            return False
        return True

    # -- parts ---------------------------------------------------------------------------------------

    def visit(self, paths: Paths | None) -> AbstractContextManager[Ledger | None]:
        """The lease of the pair that is connected; none is needed where there is no pair."""
        return visit(self._store, paths, self._clock, self._ids) if paths is not None else nullcontext()

    def session(self, grant: SugarGrant, gate: Gate, grants: Grants | None) -> Connection:
        """Calls with the grant's tokens. Renewed ones are stored with ``grants``, or only kept in the grant."""

        def save(fresh: dict[str, Any]) -> None:
            grant.tokens = fresh
            if grants is not None:
                self._grants.save(grants)

        return dialects.connection(grant, save, self._clock, gate, self._policy)

    def _connected(self) -> tuple[Grants, SugarGrant]:
        grants = self._grants.load()
        if grants.sugar is None:
            raise GrantLost("Sugar is not connected: connect it first")
        return grants, grants.sugar

    def _ask(self, session: Connection, grants: Grants, grant: SugarGrant, me: dict[str, Any]) -> Schema:
        grant.acl = me.get("acl")
        schema = session.schema(grant.acl)
        grant.schema, grant.schema_at = schema.as_json(), self._clock.now().isoformat()
        self._grants.save(grants)
        return schema
