"""The dialects that a Sugar may speak, behind one interface.

Which one it is, is found out when a user connects: the newer one is tried first, then the older one, below the address
and in the folder where SuiteCRM 8 has it. The grant says so from then on, and nobody else asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.account.grants import NEWER, OLDER, SugarGrant
from shared.clock import Clock
from shared.errors import BadAddress, BadSettings, FatalError, GrantLost, ProtocolError, RetriableError
from shared.side import Gate, Side
from shared.sugar import metadata, records, session, tokens
from shared.sugar.metadata import Schema
from shared.sugar.reach import Policy
from shared.sugar.session import SugarSession
from shared.sugar.side import SugarSide
from shared.suitecrm import grant as suite_grant
from shared.suitecrm import schema as suite_schema
from shared.suitecrm import session as suite_session
from shared.suitecrm import side as suite_side
from shared.suitecrm.session import SuiteSession
from shared.suitecrm.side import SuiteSide


@dataclass(frozen=True, slots=True)
class Login:
    """What a user signs in to Sugar with; exchanged, and forgotten."""

    address: str
    user_name: str
    password: str = field(repr=False)
    platform: str


class Connection(Protocol):
    """A signed-in user's Sugar. Only the holder of the lease may use it: a call may have to renew the tokens."""

    def me(self) -> dict[str, Any]:
        """The user: ``id``, ``user_name``, and what else Sugar tells."""
        ...

    def schema(self, acl: Any) -> Schema:
        """The instance's fields.

        Args:
            acl: what :meth:`me` said about rights.
        """
        ...

    def side(
        self, schema: Schema, synced: Collection[str], *, scope: str, me: str, region: str, clock: Clock, bulk_size: int
    ) -> Side:
        """The side of the sync."""
        ...

    def sign_out(self) -> None:
        """Ends the session there."""
        ...

    def close(self) -> None:
        """Gives the connection back; the session lives on."""
        ...


class _Newer:
    """REST v11."""

    def __init__(self, made: SugarSession, known: tokens.Tokens, clock: Clock) -> None:
        self._session = made
        self._known = known
        self._clock = clock

    def me(self) -> dict[str, Any]:
        return self._session.me()

    def close(self) -> None:
        self._session.close()

    def schema(self, acl: Any) -> Schema:
        return metadata.fetch(self._session, acl)

    def side(self, schema: Schema, synced: Collection[str], **how: Any) -> Side:
        return SugarSide(self._session, schema, synced, **how)

    def sign_out(self) -> None:
        if self._known.expires_at <= self._clock.now():
            self.me()  # only a living access token can end the session that a refresh token would go on with
        self._session.sign_out()


class _Older:
    """``service/v4_1``."""

    def __init__(self, made: SuiteSession) -> None:
        self._session = made

    def me(self) -> dict[str, Any]:
        return self._session.me()

    def close(self) -> None:
        self._session.close()

    def sign_out(self) -> None:
        self._session.sign_out()

    def schema(self, acl: Any) -> Schema:
        return suite_schema.fetch(self._session)

    def side(self, schema: Schema, synced: Collection[str], **how: Any) -> Side:
        return SuiteSide(self._session, schema, synced, **how)


def scopes(dialect: str) -> tuple[str, ...]:
    """The scopes that a dialect can tell, as the settings name them."""
    return suite_side.SCOPES if dialect == OLDER else records.SCOPES


def connection(
    grant: SugarGrant, save: Callable[[dict[str, Any]], None], clock: Clock, gate: Gate, policy: Policy
) -> Connection:
    """Calls with the grant's tokens; no call is made yet.

    Args:
        save: stores renewed tokens.

    Raises:
        GrantLost: the stored tokens cannot be read.
    """
    if grant.dialect == OLDER:
        login = suite_grant.SuiteTokens.from_json(grant.tokens)
        return _Older(
            SuiteSession(grant.address, login, lambda new: save(dict(new.as_json())), clock, gate, policy=policy)
        )
    known = tokens.Tokens.from_json(grant.tokens)
    made = SugarSession(
        grant.address,
        known,
        lambda new: save(dict(new.as_json())),
        clock,
        gate,
        platform=grant.platform,
        policy=policy,
    )
    return _Newer(made, known, clock)


def sign_in(address: str, login: Login, clock: Clock, gate: Gate, policy: Policy) -> SugarGrant:
    """Finds out which dialect is spoken, and exchanges the password; ``user_id`` and ``user_name`` are blank yet.

    Raises:
        GrantLost: Sugar refused the user or the password.
        BadAddress: neither dialect is spoken there, or the policy refuses it.
        BadSettings: the platform is not registered.
        RetriableError: try again later.
    """
    try:
        got = session.sign_in(
            address, login.user_name, login.password, platform=login.platform, clock=clock, gate=gate, policy=policy
        )
    except (GrantLost, BadSettings):
        raise
    except (BadAddress, ProtocolError, RetriableError) as error:
        return _older(address, login, clock, gate, policy, error)
    return _grant(address, login, NEWER, "Sugar, REST v11", dict(got.as_json()))


def _older(
    address: str, login: Login, clock: Clock, gate: Gate, policy: Policy, first: FatalError | RetriableError
) -> SugarGrant:
    """Where the newer dialect is not spoken.

    Raises:
        as :func:`sign_in`; ``first``, where nothing more is known.
    """
    try:
        found = suite_session.find(address, clock, gate, policy)
    except (BadAddress, RetriableError):
        raise first from None
    if found is None:
        if isinstance(first, RetriableError):
            raise first
        raise BadAddress(
            f"{first.message}; nor does SuiteCRM or Sugar CE answer there (service/v4_1/rest.php). "
            "Enter the address that the browser shows when you work with your CRM"
        )
    got = suite_session.sign_in(found.address, login.user_name, login.password, clock=clock, gate=gate, policy=policy)
    return _grant(found.address, login, OLDER, found.version, dict(got.as_json()))


def _grant(address: str, login: Login, dialect: str, version: str, secret: dict[str, Any]) -> SugarGrant:
    return SugarGrant(
        address=address,
        platform=login.platform,
        user_id="",
        user_name="",
        tokens=secret,
        dialect=dialect,
        version=version,
    )
