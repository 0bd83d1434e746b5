"""Cloud Tasks, as far as it is used: named tasks in one queue, each name good for one task."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.tasks_v2 import types

from tests.cloud.server import Code, GrpcServer, refuse

QUEUE = "projects/p/locations/europe-west1/queues/sync"

_NAME = re.compile(re.escape(QUEUE) + r"/tasks/[A-Za-z0-9_-]{1,500}")
_SHORTEST, _LONGEST = timedelta(seconds=15), timedelta(minutes=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CloudTasksServer(GrpcServer):
    """One queue. It calls nobody by itself: tests :meth:`take` what is due and make the calls."""

    service = "google.cloud.tasks.v2.CloudTasks"

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, types.Task] = {}
        """Tasks that were not taken yet, by full name."""
        self.used: set[str] = set()
        """Names that are blocked; a real queue frees them after a day."""

    def methods(self) -> Mapping[str, tuple[Callable[[Any], Any], Any, Any]]:
        return {"CreateTask": (self._create, types.CreateTaskRequest, types.Task)}

    def take(self, now: datetime) -> list[types.Task]:
        """Those that are due; they leave the queue, their names stay blocked."""
        with self._lock:
            due = [task for task in self.waiting.values() if _at(task) <= now]
            for task in due:
                del self.waiting[task.name]
            return due

    def _create(self, request: types.CreateTaskRequest) -> types.Task:
        task = request.task
        if request.parent != QUEUE:
            refuse(Code.NOT_FOUND, "Queue does not exist.")
        if not _NAME.fullmatch(task.name):
            refuse(Code.INVALID_ARGUMENT, f"malformed name {task.name}")
        http = task.http_request
        if not http.url.startswith(("https://", "http://")) or not http.oidc_token.service_account_email:
            refuse(Code.INVALID_ARGUMENT, "the task needs an address and a service account")
        if not _SHORTEST <= task.dispatch_deadline <= _LONGEST:
            refuse(Code.INVALID_ARGUMENT, "the deadline must be within [15s, 30m]")
        if task.name in self.used:
            refuse(Code.ALREADY_EXISTS, "The task cannot be created because a task with this name existed too recently")
        self.used.add(task.name)
        self.waiting[task.name] = task
        return task


def _at(task: types.Task) -> datetime:
    return task.schedule_time if "schedule_time" in task else _EPOCH
