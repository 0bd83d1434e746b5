"""Secrets in Google's Secret Manager.

Facts: ``latest`` is the version made last, whatever its state, and may lag for minutes; a version asked for by number
is there at once. A secret without versions and one that does not exist give the same answer to a reader.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from shared.account.google_api import kind, passing, plain_channel
from shared.account.secrets import (
    Secret,
    SecretForbidden,
    SecretMissing,
    VersionDisabled,
    VersionGone,
    check_data,
    check_name,
    is_version,
)
from shared.errors import FatalError, SyncError, Unavailable

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.types import SecretPayload


class SecretManager:
    """:class:`~shared.account.secrets.Secrets` of one project."""

    def __init__(
        self, project: str, *, endpoint: str | None = None, timeout: float = 5.0, patience: float = 10.0
    ) -> None:
        """
        Args:
            project: its id.
            endpoint: ``host:port`` of a server on this machine in the service's place.
            timeout: seconds of one call.
            patience: seconds over which a failing read is begun again. Adding is never repeated.
        """
        self._project = project
        self._endpoint = endpoint
        self._timeout = timeout
        self._patience = patience
        self._lock = threading.Lock()
        self._client: SecretManagerServiceClient | None = None

    def latest(self, name: str) -> Secret | None:
        return self._access(check_name(name), "latest")

    def version(self, name: str, version: str) -> bytes:
        found = self._access(check_name(name), version) if is_version(version) else None
        if found is None:
            raise VersionGone(f"version {version} of the secret {name} does not exist")
        return found.data

    def add(self, name: str, data: bytes) -> str:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        payload = {"data": check_data(data), "data_crc32c": crc32c(data)}
        request = {"parent": self._path(check_name(name)), "payload": payload}
        client = self._connected()
        try:
            # retry=None: each repetition by the library would be a version of its own.
            made = client.add_secret_version(request, retry=None, timeout=self._timeout)
        except (GoogleAPIError, GoogleAuthError) as error:
            raise _failure("adding a version to", "secretVersionAdder", name, error) from error
        return made.name.rpartition("/")[2]

    def close(self) -> None:
        """Gives the connection back; a later use opens a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            transport: Any = client.transport
            transport.close()

    def _access(self, name: str, version: str) -> Secret | None:
        from google.api_core import exceptions as api
        from google.api_core.retry import Retry
        from google.auth.exceptions import GoogleAuthError

        request = {"name": f"{self._path(name)}/versions/{version}"}
        client = self._connected()

        def once() -> Secret:
            answer = client.access_secret_version(request, retry=None, timeout=self._timeout)
            return Secret(answer.name.rpartition("/")[2], _verified(name, answer.payload))

        again = Retry(predicate=_worth_repeating, initial=0.1, maximum=1.0, timeout=self._patience)
        try:
            found: Secret = again(once)()
            return found
        except api.NotFound as error:
            # A version by number is missed in other words than its secret.
            if version == "latest" or "Secret Version" in str(error):
                return None
            raise _failure("reading", "secretAccessor", name, error) from error
        except (api.GoogleAPIError, GoogleAuthError) as error:
            raise _failure("reading", "secretAccessor", name, error) from error

    def _path(self, name: str) -> str:
        return f"projects/{self._project}/secrets/{name}"

    def _connected(self) -> SecretManagerServiceClient:
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient
        from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
            SecretManagerServiceGrpcTransport,
        )

        with self._lock:
            if self._client is None:
                transport: Any = None
                if self._endpoint is not None:
                    transport = SecretManagerServiceGrpcTransport(channel=plain_channel(self._endpoint))
                try:
                    self._client = SecretManagerServiceClient(transport=transport)
                except (GoogleAuthError, OSError) as error:
                    raise FatalError(f"no access to Secret Manager: {error}") from error
            return self._client


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum that the service sends and takes."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def _verified(name: str, payload: SecretPayload) -> bytes:
    """Its content. Raises ``Unavailable`` where it was damaged on the way."""
    if "data_crc32c" in payload and payload.data_crc32c != crc32c(payload.data):
        raise Unavailable(f"Secret Manager, reading the secret {name}: the answer was damaged on its way")
    return payload.data


def _worth_repeating(error: Exception) -> bool:
    return isinstance(passing("", error), Unavailable)


def _failure(doing: str, role: str, name: str, error: Exception) -> SyncError:
    from google.api_core import exceptions as api

    call = f"Secret Manager, {doing} the secret {name}"
    later = passing(call, error)
    if later is not None:
        return later
    match error:
        case api.Forbidden() | api.Unauthorized():
            return SecretForbidden(f"{call}: the function's service account needs the role roles/secretmanager.{role}")
        case api.NotFound():
            return SecretMissing(f"{call}: the project has no such secret; terraform creates it")
        case api.FailedPrecondition() if "DESTROYED" in str(error):
            return VersionGone(f"{call}: the version is destroyed; add a new one if it is the newest")
        case api.FailedPrecondition() if "DISABLED" in str(error):
            return VersionDisabled(f"{call}: the version is disabled; enable it")
    return FatalError(f"{call}: refused ({kind(error)}); see the detail", detail=str(error))
