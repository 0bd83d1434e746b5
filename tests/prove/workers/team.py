"""The parent's end: workers as processes, spoken to by pipes, and who of them did what in which order."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.prove.workers.clock import SharedClock
from tests.prove.workers.worker import Setup
from tests.simulators.wire import Request
from tests.world import User, World

PATIENCE = 60.0
"""Seconds until a worker that says nothing is taken for broken."""


class Worker:
    """One process. Use :meth:`close`."""

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self.at = ""
        """The step at which it waits; blank if it waits for a command, or is under way."""
        self.epoch = 0
        self.reports: list[dict[str, Any]] = []
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "tests.prove.workers.worker", msgspec.json.encode(setup).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            bufsize=0,
        )

    def ready(self) -> Worker:
        """Once it has started."""
        assert self.hear() == {"ready": self.name}
        return self

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    def hear(self) -> dict[str, Any]:
        """What it says next.

        Raises:
            AssertionError: it says nothing any more.
        """
        out = self._process.stdout
        assert out is not None
        heard, _, _ = select.select([out], [], [], PATIENCE)
        assert heard, f"{self.name} has said nothing for {PATIENCE} s"
        line = out.readline()
        assert line, f"{self.name} has ended"
        said: dict[str, Any] = json.loads(line)
        self.at = said.get("at", "")
        self.epoch = said.get("epoch", self.epoch)
        if "done" in said:
            self.reports.append(said)
        return said

    def begin(self) -> None:
        """Starts a run, up to its first step."""
        self.tell("step")
        self.hear()

    def go(self) -> None:
        """On to the next step, or to the end of the run."""
        self.tell("go")
        self.hear()

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(PATIENCE)


@dataclass
class Team:
    """Two workers of one user. Use :meth:`close`."""

    world: World
    user: User
    clock: SharedClock
    setup: Callable[[str], Setup]
    workers: list[Worker] = field(default_factory=list)
    moving: Worker | None = None
    """Who has been told to go on; nobody else does anything meanwhile. ``None`` in free runs."""
    commits: list[tuple[str, int]] = field(default_factory=list)
    """(worker, epoch) of every commit of the head that happened in step, in order."""
    stale: list[str] = field(default_factory=list)
    """Writes on the wire by a worker whose epoch was not the head's any more."""
    writes: int = 0
    """On the wire, in step."""
    started: int = 0
    killed: int = 0

    def start(self) -> None:
        """Two of them; and watches what they send."""
        self.world.sugar_wire.on_call = self.world.people_wire.on_call = self._called
        self.show()
        fresh = [self._spawn(), self._spawn()]
        self.workers = [worker.ready() for worker in fresh]

    def advance(self, seconds: float) -> None:
        """Moves everybody's clock."""
        self.world.clock.advance(seconds)
        self.show()

    def show(self) -> None:
        self.clock.set(self.world.clock.now())

    def kill(self, worker: Worker) -> None:
        """Kills it, and puts a new one in its place."""
        worker.kill()
        self.killed += 1
        self.workers[self.workers.index(worker)] = self._spawn().ready()

    def begin(self, worker: Worker) -> None:
        self._moves(worker, worker.begin)

    def go(self, worker: Worker) -> None:
        """One step of this worker, while the other stands still."""
        self._moves(worker, worker.go)

    def _moves(self, worker: Worker, how: Callable[[], None]) -> None:
        self.moving = worker
        try:
            how()
        finally:
            self.moving = None
        if worker.at == "after commit":
            self.commits.append((worker.name, worker.epoch))

    def free(self, runs: int) -> None:
        """Both at once, at full speed, so many runs each."""
        for worker in self.workers:
            worker.tell(f"free {runs}")
        for worker in self.workers:
            for _ in range(runs):
                worker.hear()

    def close(self) -> None:
        self.world.sugar_wire.on_call = self.world.people_wire.on_call = None
        for worker in self.workers:
            worker.close()
        self.clock.close()

    def _spawn(self) -> Worker:
        self.started += 1
        return Worker(self.setup(f"w{self.started:03d}x"))

    def _called(self, request: Request, when: str) -> None:
        if when != "before" or self.moving is None or not _changes(request):
            return
        self.writes += 1
        epoch = self.user.head().epoch
        if epoch != self.moving.epoch:
            self.stale.append(f"{self.moving.name} in epoch {self.moving.epoch}, the head's is {epoch}: {request.path}")


def _changes(request: Request) -> bool:
    if request.path.startswith("/v1/"):
        return request.headers.get("x-http-method-override", request.method) != "GET"
    return request.method != "GET" and not request.path.endswith("/filter") and "/oauth2/" not in request.path
