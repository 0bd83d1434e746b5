"""Work for later: one named task each, and very many of them at once.

A task's name is used once: whoever enqueues the same again does no harm. It can still run twice, rarely; what it calls
must bear that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shared.errors import RetriableError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
_IN_A_ROW = 64
"""After so many failures one after the other the queue is taken to be down."""


@dataclass(frozen=True, slots=True)
class Task:
    """One call to be made later."""

    name: str
    body: dict[str, Any]
    """Sent as JSON."""
    schedule_at: datetime | None = None
    """Not before; aware. ``None``: at once."""


@dataclass(slots=True)
class Enqueued:
    """What became of many tasks."""

    made: int = 0
    existed: int = 0
    failed: int = 0
    """Not known to be enqueued; enqueueing them again under the same name does no harm."""
    stopped: bool = False
    """Whether it ended early, because nothing got through any more."""
    trouble: RetriableError | None = field(default=None, repr=False)
    """The first failure."""


class Tasks(Protocol):
    """A queue; threads may share it."""

    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: datetime | None = None) -> bool:
        """Adds one task; ``False`` if one of that name is, or lately was, in the queue.

        Args:
            name: see :func:`task_name`.
            body: sent as JSON.
            schedule_at: not before; aware. ``None``: at once.

        Raises:
            RetriableError: it may have been enqueued or not; the same again does no harm.
            FatalError: the queue is missing, or this process may not use it.
        """
        ...


def task_name(*parts: str) -> str:
    """One name for the same parts every time, evenly spread as queues like it; it tells nothing about the parts."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def check_name(name: str) -> str:
    """Returns ``name`` if it can name a task. Raises ``ValueError``."""
    if not _NAME.fullmatch(name):
        raise ValueError("a task's name has 1 to 500 letters, digits, hyphens and underscores")
    return name


def enqueue_all(tasks: Tasks, items: Iterable[Task], *, workers: int = 16) -> Enqueued:
    """Enqueues them, several at a time; holds no more than a few of them, however many there are.

    One that fails does not hold up the others, until nothing gets through any more.

    Args:
        items: read by the calling thread alone, as places become free.

    Raises:
        FatalError: of the first task that met one; those after it were left alone.
    """
    done = Enqueued()
    row = 0
    running: set[Future[bool]] = set()

    def settle(futures: Iterable[Future[bool]]) -> None:
        nonlocal row
        for future in futures:
            try:
                if future.result():
                    done.made += 1
                else:
                    done.existed += 1
                row = 0
            except RetriableError as error:
                done.failed += 1
                done.trouble = done.trouble or error
                row += 1

    with ThreadPoolExecutor(workers, thread_name_prefix="enqueue") as pool:
        for item in items:
            running.add(pool.submit(tasks.enqueue, item.name, item.body, schedule_at=item.schedule_at))
            if len(running) >= 2 * workers:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                settle(finished)
            if row >= _IN_A_ROW:
                done.stopped = True
                break
        settle(running)
    return done
