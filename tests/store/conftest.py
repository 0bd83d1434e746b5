"""One fixture, ``store``: an empty store of each engine in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.store.firestore import FirestoreStore
from shared.store.port import Store
from shared.store.sqlite import SqliteStore
from tests.emulator import firestore_emulator, firestore_project

__all__ = ["firestore_emulator", "firestore_project"]


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "documents.sqlite")
    else:
        made = FirestoreStore(request.getfixturevalue("firestore_project"), timeout=300, patience=300)
    with closing(made):
        yield made
