"""The queue in Google's Cloud Tasks: each task is one call of a function, with an OIDC token that proves who calls."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.account.google_api import kind, passing, plain_channel
from shared.errors import FatalError, SyncError
from shared.web.tasks import check_name

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksClient

_CALL = "Cloud Tasks, adding a task"


class CloudTasks:
    """:class:`~shared.web.tasks.Tasks` in one queue, all for one address."""

    def __init__(
        self,
        queue: str,
        target_url: str,
        service_account: str,
        *,
        audience: str | None = None,
        answer_within: timedelta = timedelta(minutes=10),
        endpoint: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        """
        Args:
            queue: ``projects/P/locations/L/queues/Q``.
            target_url: what a task calls, by POST.
            service_account: its email; the token is its own.
            audience: of the token; the address by default.
            answer_within: how long the address may take, from 15 seconds to 30 minutes.
            endpoint: ``host:port`` of a server on this machine in the service's place.
            timeout: seconds of one call to the service.
        """
        self._queue = queue
        self._target_url = target_url
        self._service_account = service_account
        self._audience = audience or target_url
        self._answer_within = answer_within
        self._endpoint = endpoint
        self._timeout = timeout
        self._lock = threading.Lock()
        self._client: CloudTasksClient | None = None

    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: datetime | None = None) -> bool:
        from google.api_core import exceptions as api
        from google.auth.exceptions import GoogleAuthError

        request = {"parent": self._queue, "task": self._task(check_name(name), body, schedule_at)}
        client = self._connected()
        again = False
        while True:
            try:
                client.create_task(request, retry=None, timeout=self._timeout)
                return True
            except api.AlreadyExists:
                # The second time it is ours, as far as anybody can know: the first one gave no answer.
                return again
            except api.ServiceUnavailable as error:
                if again:
                    raise _failure(error) from error
                again = True
            except (api.GoogleAPIError, GoogleAuthError) as error:
                raise _failure(error) from error

    def close(self) -> None:
        """Gives the connection back; a later use opens a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            transport: Any = client.transport
            transport.close()

    def _task(self, name: str, body: dict[str, Any], schedule_at: datetime | None) -> dict[str, Any]:
        from google.cloud.tasks_v2 import HttpMethod

        task: dict[str, Any] = {
            "name": f"{self._queue}/tasks/{name}",
            "http_request": {
                "http_method": HttpMethod.POST,
                "url": self._target_url,
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps(body).encode(),
                "oidc_token": {"service_account_email": self._service_account, "audience": self._audience},
            },
            "dispatch_deadline": self._answer_within,
        }
        if schedule_at is not None:
            task["schedule_time"] = schedule_at
        return task

    def _connected(self) -> CloudTasksClient:
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.tasks_v2 import CloudTasksClient
        from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

        with self._lock:
            if self._client is None:
                transport: Any = None
                if self._endpoint is not None:
                    transport = CloudTasksGrpcTransport(channel=plain_channel(self._endpoint))
                try:
                    self._client = CloudTasksClient(transport=transport)
                except (GoogleAuthError, OSError) as error:
                    raise FatalError(f"no access to Cloud Tasks: {error}") from error
            return self._client


def _failure(error: Exception) -> SyncError:
    from google.api_core import exceptions as api

    later = passing(_CALL, error)
    if later is not None:
        return later
    match error:
        case api.Forbidden() | api.Unauthorized():
            advice = (
                "the function's service account needs the roles roles/cloudtasks.enqueuer, and"
                " roles/iam.serviceAccountUser on the one that the tasks call as"
            )
        case api.NotFound():
            advice = "the project has no such queue; terraform creates it"
        case _:
            advice = "see the detail"
    return FatalError(f"{_CALL}: refused ({kind(error)}): {advice}", detail=str(error))
