"""Two hundred users at the same time: no document of one is ever touched by another's run, and all are served."""

from __future__ import annotations

import os
from contextlib import closing
from random import Random

import pytest

from shared.store.firestore import FirestoreStore
from shared.store.port import Store
from tests.emulator import firestore_emulator, firestore_project
from tests.prove.workers.crowd import Crowd, Fenced
from tests.world import world

__all__ = ["firestore_emulator", "firestore_project"]

CI = bool(os.environ.get("CI"))
THREADS = 16


def gather(users: int, store: Store | None = None) -> None:
    with world(store=store) as w:
        crowd, random = Crowd(w), Random(users)  # noqa: S311 - picks colleagues
        for number in range(users):
            crowd.join(number, random)
        w.clock.advance(300)
        assert crowd.settle(threads=THREADS) > 1
        crowd.check()


def test_a_crowd_on_sqlite() -> None:
    gather(200 if CI else 15)


@pytest.mark.long
def test_a_crowd_on_firestore(firestore_project: str) -> None:
    with closing(FirestoreStore(firestore_project)) as store:
        gather(40 if CI else 8, store)


@pytest.mark.parametrize("path", ["users/u-bob", "users/u-bob/pairs/p", "instances/sugar.example"])
def test_the_fence_sees_who_leaves_it(path: str) -> None:
    trespasses: list[str] = []
    with world() as w:
        fence = Fenced(w.store, "u-ann", trespasses)
        fence.get(path)
        assert len(trespasses) == 1
        fence.get("users/u-ann/pairs/p")
        fence.get_all(["instances/sugar.example/emails/e1"])
        assert len(trespasses) == 1
