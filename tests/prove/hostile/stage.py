"""The scenes, each prepared once and gone back to for every case."""

from __future__ import annotations

import atexit
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from shared.store.sqlite import SqliteStore
from tests.prove.hostile.scenes import SCENES
from tests.prove.sweep.snapshot import Snapshot
from tests.world import User, World, world

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in there
_open = ExitStack()
atexit.register(_open.close)


def at(scene: str) -> tuple[World, User]:
    """The scene's world as it was prepared, and its user. There is one world a scene: the last caller's is void."""
    made, user, snapshot = _prepared(scene)
    snapshot.restore()
    made.store.on_step = lambda _: None
    return made, user


@cache
def _prepared(scene: str) -> tuple[World, User, Snapshot]:
    folder = _open.enter_context(tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None))
    file = Path(folder) / "documents.sqlite"
    store = SqliteStore(file)
    _open.callback(store.close)
    made = _open.enter_context(world(store=store, **SCENES[scene].options))
    user = SCENES[scene].build(made)
    return made, user, Snapshot(made, file)
