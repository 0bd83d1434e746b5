"""Cloud Tasks and Cloud Scheduler, on one machine: a queue and a beat in this process."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.clock import Clock
from shared.web.tasks import check_name

_log = logging.getLogger(__name__)

_KEPT = 100_000
"""Names remembered, so that a task is not made twice."""
_LOOK = 1.0
"""Seconds between two looks whether the time of a waiting task has come."""


@dataclass(order=True, slots=True)
class _Task:
    due: datetime
    serial: int
    body: dict[str, Any] = field(compare=False)


class LocalQueue:
    """:class:`~shared.web.tasks.Tasks` in memory. What is lost with the process is due still at the next beat.

    A task that fails is not tried again: whoever made it looks again anyway.

    Args:
        deliver: carries one task out.
        workers: how many at a time.
    """

    def __init__(self, deliver: Callable[[dict[str, Any]], None], clock: Clock, *, workers: int = 4) -> None:
        self._deliver = deliver
        self._clock = clock
        self._workers = [
            threading.Thread(target=self._work, name=f"task-{number}", daemon=True) for number in range(workers)
        ]
        self._waiting: list[_Task] = []
        self._names: dict[str, None] = {}
        self._serial = 0
        self._stopped = False
        self._changed = threading.Condition()

    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: datetime | None = None) -> bool:
        with self._changed:
            if check_name(name) in self._names:
                return False
            self._names[name] = None
            if len(self._names) > _KEPT:
                del self._names[next(iter(self._names))]
            self._serial += 1
            heapq.heappush(self._waiting, _Task(schedule_at or self._clock.now(), self._serial, body))
            self._changed.notify()
            return True

    def start(self) -> None:
        """Begins to carry tasks out."""
        for worker in self._workers:
            worker.start()

    def stop(self, *, patience: float = 0.0) -> None:
        """Begins no further task, and waits so many seconds for those under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for worker in self._workers:
            if worker.is_alive():
                worker.join(patience / len(self._workers))

    def drain(self) -> int:
        """Carries out, here and now, all tasks that are due; how many."""
        count = 0
        while (task := self._due()) is not None:
            self._carry_out(task)
            count += 1
        return count

    def _due(self) -> _Task | None:
        """The next task if its time has come; it leaves the queue."""
        with self._changed:
            if self._waiting and self._waiting[0].due <= self._clock.now():
                return heapq.heappop(self._waiting)
            return None

    def _work(self) -> None:
        while (task := self._next()) is not None:
            self._carry_out(task)

    def _next(self) -> _Task | None:
        """The next task, waited for; ``None`` once it is over."""
        with self._changed:
            while not self._stopped:
                if (task := self._due()) is not None:
                    return task
                self._changed.wait(_LOOK if self._waiting else None)
            return None

    def _carry_out(self, task: _Task) -> None:
        try:
            self._deliver(task.body)
        except Exception:  # noqa: BLE001 -- a worker outlives whatever one task meets
            _log.exception("a task failed")


class Beat:
    """Calls something at once and then at regular times, in a thread of its own."""

    def __init__(self, call: Callable[[], None], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._stop = threading.Event()

    def start(self) -> None:
        """Begins."""
        threading.Thread(target=self._go, name="beat", daemon=True).start()

    def stop(self) -> None:
        """No further call."""
        self._stop.set()

    def _go(self) -> None:
        while not self._stop.is_set():
            try:
                self._call()
            except Exception:  # noqa: BLE001 -- the beat goes on
                _log.exception("a beat failed")
            self._stop.wait(self._seconds)
