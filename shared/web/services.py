"""What handlers need, made from the configuration: each part lazily, and once in a process.

Functions are deployed one by one, and each pays for what it imports: so the heavy parts are imported where they are
made.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.account.users import User, Users
from shared.clock import Clock, Ids, RandomIds, SystemClock
from shared.errors import BadSettings, GrantLost
from shared.web.config import Config, read
from shared.web.log import to_stdout
from shared.web.once import once
from shared.web.platform import Nobody, Oidc, Platform
from shared.web.rates import Rates
from shared.web.session import Sessions, Signer

if TYPE_CHECKING:
    from shared.account.connect import Connections
    from shared.account.connecting import Connecting
    from shared.account.grants import GrantStore
    from shared.account.secrets import Secrets
    from shared.account.sugar import SugarAccount
    from shared.account.vault import KeyRing, Vault
    from shared.people.client import PeopleClient
    from shared.people.endpoints import GoogleEndpoints, OAuthClient
    from shared.store.bucket import Bucket
    from shared.store.port import Store
    from shared.sugar.reach import Policy
    from shared.sync.engine import Engine
    from shared.web.tasks import Tasks

SESSION_KEYS = "session-keys"
"""The secret with the ring that signs sessions and states."""
TOKEN_KEYS = "token-keys"  # noqa: S105 -- the name of a secret
"""The secret with the ring that seals users' tokens."""
CLIENT_SECRET = "oauth-client-secret"  # noqa: S105 -- the name of a secret
ARCHIVE_KEY = "archive-secret-key"
"""The secret with the secret half of the archive's HMAC key."""


class Services:
    """The parts that one process's functions share.

    Args:
        platform: who may call as the scheduler or the queue; by default the configured service account.
        tasks: where tasks go; by default the configured queue.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        platform: Platform | None = None,
        tasks: Tasks | None = None,
    ) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds(self.clock)
        self.rates = Rates(self.clock)
        self._platform = platform
        self._tasks = tasks

    @property
    def project(self) -> str:
        """The Google Cloud project, for traces; blank on one machine."""
        kind, _, rest = self.config.store.partition(":")
        return rest.partition("/")[0] if kind == "firestore" else ""

    def check(self) -> None:
        """Touches what the configuration leads to, so that what is wrong with it shows at start.

        Raises:
            FatalError, RetriableError: the message says what cannot be used.
        """
        for ring in (self.session_keys, self.token_keys):
            ring.current()
        self.oauth_client, self.sugar_policy  # noqa: B018 -- making them is the check
        self.store.get("users/nobody")

    # -- state -----------------------------------------------------------------------------------------

    @once
    def store(self) -> Store:
        kind, _, rest = self.config.store.partition(":")
        if kind == "firestore":
            from shared.store.firestore import FirestoreStore

            project, _, database = rest.partition("/")
            return FirestoreStore(project, database or "(default)")
        from shared.store.sqlite import SqliteStore

        return SqliteStore(Path(rest))

    @once
    def bucket(self) -> Bucket | None:
        """Where history goes when its time has come; ``None``: nowhere."""
        config = self.config
        if not config.archive_bucket:
            return None
        from shared.store.bucket import Location, S3Bucket

        def where() -> Location:
            secret = config.archive_secret_key or self._secret(ARCHIVE_KEY, "ARCHIVE_SECRET_KEY")
            return Location(
                bucket=config.archive_bucket,
                endpoint=config.archive_endpoint,
                region=config.archive_region,
                access_key=config.archive_access_key,
                secret_key=secret,
            )

        return S3Bucket(where)

    @once
    def users(self) -> Users:
        return Users(self.store)

    def grants(self, uid: str) -> GrantStore:
        """That user's grants; to be loaded anew by each who asks."""
        from shared.account.grants import GrantStore

        return GrantStore(self.store, uid, self.vault)

    # -- keys ------------------------------------------------------------------------------------------

    @once
    def secrets(self) -> Secrets:
        kind, _, rest = self.config.secrets.partition(":")
        if kind == "google":
            from shared.account.secret_manager import SecretManager

            return SecretManager(rest)
        from shared.account.secret_folder import SecretFolder

        return SecretFolder(Path(rest))

    @once
    def session_keys(self) -> KeyRing:
        return self._ring(SESSION_KEYS)

    @once
    def token_keys(self) -> KeyRing:
        return self._ring(TOKEN_KEYS)

    @once
    def vault(self) -> Vault:
        from shared.account.vault import Vault

        return Vault(self.token_keys)

    def _secret(self, name: str, variable: str) -> str:
        """A secret that somebody has put there.

        Raises:
            BadSettings: nobody has.
        """
        found = self.secrets.latest(name)
        if found is None:
            raise BadSettings(variable, f"set it, or add a version to the secret {name}")
        return found.data.decode().strip()

    def _ring(self, name: str) -> KeyRing:
        from shared.account.vault import KeyRing

        return KeyRing(self.secrets, name, self.clock)

    @once
    def sessions(self) -> Sessions:
        return Sessions(_Late(self), self.clock, secure=self.config.secure)

    @once
    def states(self) -> Signer:
        """Signs what goes along with a sign-in."""
        return Signer(_Late(self), "state", self.clock)

    # -- outside ---------------------------------------------------------------------------------------

    @once
    def google(self) -> GoogleEndpoints:
        from shared.people.endpoints import GoogleEndpoints

        config = self.config
        return GoogleEndpoints(
            authorize=config.google_authorize_url,
            token=config.google_token_url,
            revoke=config.google_revoke_url,
            certs=config.google_certs_url,
            people=config.google_people_url,
        )

    @once
    def oauth_client(self) -> OAuthClient:
        """The OAuth client.

        Raises:
            BadSettings: its secret is nowhere.
        """
        from shared.people.endpoints import OAuthClient

        secret = self.config.oauth_client_secret or self._secret(CLIENT_SECRET, "OAUTH_CLIENT_SECRET")
        return OAuthClient(self.config.oauth_client_id, secret, self.google)

    @once
    def sugar_policy(self) -> Policy:
        from shared.sugar.reach import Policy

        try:
            return Policy(hosts=self.config.sugar_hosts, allow_loopback=self.config.sugar_loopback)
        except BadSettings as error:
            raise BadSettings("SUGAR_HOSTS", error.message.removeprefix("hosts: ")) from None

    @once
    def platform(self) -> Platform:
        if self._platform is not None:
            return self._platform
        config = self.config
        if not config.platform_account:
            return Nobody()
        return Oidc(config.platform_account, config.platform_audience, config.google_certs_url, self.clock)

    @once
    def tasks(self) -> Tasks:
        if self._tasks is not None:
            return self._tasks
        from shared.web.cloud_tasks import CloudTasks

        if self.config.tasks == "local":
            raise BadSettings("TASKS", "must name a queue: a local one exists only where one process serves everything")
        return CloudTasks(
            self.config.tasks,
            self.config.tasks_url,
            self.config.platform_account,
            audience=self.config.tasks_audience,
        )

    # -- a user's accounts, for a browser ---------------------------------------------------------------

    def sugar(self, uid: str) -> SugarAccount:
        """That user's Sugar, to be looked at."""
        from shared.account.sugar import SugarAccount

        return SugarAccount(self.store, self.grants(uid), self.clock, self.ids, self.sugar_policy)

    def connecting(self, uid: str) -> Connecting:
        """Which Sugar that user has, to be changed."""
        from shared.account.connecting import Connecting

        return Connecting(
            self.sugar(uid), self.store, self.users, self.grants(uid), self.clock, self.ids, self.sugar_policy
        )

    def people(self, uid: str) -> AbstractContextManager[PeopleClient]:
        """That user's Google.

        Raises:
            GrantLost: the user has to sign in again.
        """
        from shared.account.google import people

        return people(self.grants(uid).load(), self.oauth_client, self.clock)

    # -- a user's sync ---------------------------------------------------------------------------------

    def connections(self, uid: str) -> Connections:
        """Makes both sides of that user; close it when done."""
        from shared.account.connect import Connections

        return Connections(self.grants(uid), self.clock, self.oauth_client, self.sugar_policy)

    def engine(self, user: User, connections: Connections) -> Engine:
        """The sync of a user's connected pair.

        Raises:
            GrantLost: a side is missing.
        """
        from shared.sync.engine import Engine

        paths = user.paths
        if paths is None:
            raise GrantLost("connect Sugar first")
        return Engine(self.store, paths, connections, self.clock, self.ids, instance=user.instance, bucket=self.bucket)


class _Late:
    """The session keys, looked up at the first use: most of what is refused never gets there."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def current(self) -> tuple[str, bytes]:
        return self._services.session_keys.current()

    def get(self, version: str) -> bytes | None:
        return self._services.session_keys.get(version)


_given: list[Services] = []


def give(services: Services) -> None:
    """From now on this process's functions use these: for whoever serves them all in one process."""
    _given[:] = [services]


@cache
def _of_environment() -> Services:
    to_stdout()
    return Services(read(os.environ))


def current() -> Services:
    """This process's; made from its environment at the first request unless some were given.

    Raises:
        BadSettings: a variable is missing, or holds what it must not.
    """
    return _given[0] if _given else _of_environment()
