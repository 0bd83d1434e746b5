"""What a scenario is, and a stage on which it is played again and again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.store.sqlite import SqliteStore
from shared.sync.report import Report
from tests.prove.sweep.road import Road, road
from tests.prove.sweep.snapshot import Snapshot
from tests.world import User, World, world

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in there
"""Where files are fast, if the machine has it."""


def _nobody(_: World, __: Sequence[User]) -> None:
    """Nobody does anything."""


@dataclass(frozen=True)
class Act:
    """What people do, then one run."""

    people: Callable[[World, Sequence[User]], None] = _nobody
    who: int = 0
    """Whose run."""
    preview: bool = False
    pause: float = 0.0
    """Seconds before all that."""
    run_by: Callable[[User], Report] | None = None
    """How the run is made, where it is no plain one."""

    def run(self, users: Sequence[User]) -> Report:
        user = users[self.who]
        if self.run_by is not None:
            return self.run_by(user)
        return user.engine.preview() if self.preview else user.engine.run()


@dataclass(frozen=True)
class Story:
    """A scenario: a world in which the next run has something to do, and that run (or several)."""

    name: str
    prepare: Callable[[World], User | Sequence[User]]
    acts: Sequence[Act] = (Act(),)
    world: Mapping[str, Any] = field(default_factory=dict)
    """Arguments for the world."""
    patches: Callable[[], AbstractContextManager[object]] = nullcontext
    """Smaller limits, where the real ones would take thousands of contacts."""


@dataclass
class Stage:
    """A prepared world."""

    story: Story
    world: World
    road: Road
    users: Sequence[User]
    _snapshot: Snapshot

    def restore(self) -> None:
        """As it was prepared."""
        self._snapshot.restore()
        self.world.store.on_step = lambda _: None
        self.road.on_call = lambda _, __: None


@contextmanager
def stage(story: Story) -> Iterator[Stage]:
    """Prepares the world of a story once."""
    folder = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=folder) as name, story.patches():
        file = Path(name) / "documents.sqlite"
        store = SqliteStore(file)
        try:
            with world(store=store, **story.world) as made, road(made) as way:
                prepared = story.prepare(made)
                users = [prepared] if isinstance(prepared, User) else list(prepared)
                yield Stage(story, made, way, users, Snapshot(made, file))
        finally:
            store.close()
