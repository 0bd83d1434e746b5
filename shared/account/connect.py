"""Making both sides of a user's sync from what the user has granted and set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.account import dialects
from shared.account.dialects import Connection
from shared.account.grants import Grants, GrantStore, SugarGrant
from shared.account.sugar import SCHEMA_LASTS
from shared.clock import Clock
from shared.errors import GrantLost
from shared.names import SideName
from shared.people import oauth
from shared.people.client import PeopleClient
from shared.people.endpoints import OAuthClient
from shared.people.fieldmap import PeopleFieldMap
from shared.people.scope import Scope as GoogleScope
from shared.people.side import PeopleSide
from shared.people.transport import Transport
from shared.side import Gate, Side
from shared.sugar.bulk import FIRST_SIZE
from shared.sugar.metadata import Schema
from shared.sugar.reach import PUBLIC, Policy
from shared.sync.head import Head
from shared.sync.settings import LeavesScope, Settings, synced_fields


class Connections:
    """Makes the sides for one run after the other; keeps what connections can be kept.

    Args:
        client: of Google.
        policy: which Sugars may be called.
    """

    def __init__(self, grants: GrantStore, clock: Clock, client: OAuthClient, policy: Policy = PUBLIC) -> None:
        self._grants = grants
        self._clock = clock
        self._client = client
        self._policy = policy
        self._close: list[Callable[[], None]] = []

    def __call__(self, settings: Settings, gate: Gate, head: Head) -> Mapping[SideName, Side]:
        """Both sides. Call under the user's lease only: Sugar's tokens are renewed in here.

        Raises:
            GrantLost: a side is not connected, or not any more.
        """
        self.close()
        grants = self._grants.load()
        self._grants.renew_seals(grants)
        return {
            SideName.SUGAR: self._sugar(grants, settings, gate, head),
            SideName.GOOGLE: self._google(grants, settings, gate),
        }

    def close(self) -> None:
        """Gives the connections back."""
        closing, self._close = self._close, []
        for close in closing:
            close()

    def _sugar(self, grants: Grants, settings: Settings, gate: Gate, head: Head) -> Side:
        grant = grants.sugar
        if grant is None:
            raise GrantLost("Sugar is not connected: connect it first")

        def save(fresh: dict[str, Any]) -> None:
            grant.tokens = fresh
            self._grants.save(grants)

        session = dialects.connection(grant, save, self._clock, gate, self._policy)
        self._close.append(session.close)
        schema = self._schema(grants, grant, session)
        return session.side(
            schema,
            synced_fields(settings),
            scope=settings.sugar_scope.value,
            me=grant.user_id,
            region=settings.region,
            clock=self._clock,
            bulk_size=head.bulk_size.get(SideName.SUGAR) or FIRST_SIZE,
        )

    def _schema(self, grants: Grants, grant: SugarGrant, session: Connection) -> Schema:
        now = self._clock.now()
        at = datetime.fromisoformat(grant.schema_at) if grant.schema_at else None
        if grant.schema and at is not None and now - at < SCHEMA_LASTS:
            return Schema.from_json(grant.schema)
        grant.acl = session.me().get("acl")  # rights may have changed since the sign-in
        schema = session.schema(grant.acl)
        grant.schema, grant.schema_at = schema.as_json(), now.isoformat()
        self._grants.save(grants)
        return schema

    def _google(self, grants: Grants, settings: Settings, gate: Gate) -> Side:
        grant = grants.google
        if grant is None:
            raise GrantLost("Google is not connected: connect it first")
        if not grant.tokens:
            raise GrantLost("The stored Google grant cannot be read; sign in with Google again")

        def save(fresh: oauth.Tokens) -> None:
            grant.tokens = fresh.to_json()
            self._grants.save(grants)

        bearer = oauth.TokenSource(
            oauth.Tokens.from_json(grant.tokens),
            client_id=self._client.client_id,
            client_secret=self._client.client_secret,
            clock=self._clock,
            save=save,
            gate=gate,
            token_url=self._client.endpoints.token,
        )
        transport = Transport(bearer, gate=gate)
        client = PeopleClient(transport, endpoint=self._client.endpoints.people)
        self._close.append(client.close)
        labels = (settings.label, settings.google_scope)
        fieldmap = PeopleFieldMap(
            synced_fields(settings), custom=settings.custom_fields, region=settings.region, memberships=labels
        )
        return PeopleSide(
            client,
            fieldmap,
            self._clock,
            region=settings.region,
            scope=GoogleScope(settings.google_scope, settings.never_label, settings.opt_in_label),
            label=settings.label,
            leaving_deletes=settings.leaves_scope is LeavesScope.DELETE and settings.from_google.delete,
        )
