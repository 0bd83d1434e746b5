"""The story of two workers: who moves, who is held, who dies, and what must hold in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from shared.account.secret_folder import SecretFolder
from shared.store.firestore import FirestoreStore
from shared.store.sqlite import SqliteStore
from shared.sync.report import Status
from tests.prove.workers.clock import SharedClock
from tests.prove.workers.people import People
from tests.prove.workers.team import Team
from tests.prove.workers.worker import Setup
from tests.simulators.wire import Fault
from tests.sync.scenarios import BOTH
from tests.world import world

BEYOND_THE_LEASE = 400.0
"""Seconds; the lease is 300. Less than the quiet period of 900, also twice."""


@contextmanager
def team(folder: Path, project: str = "") -> Iterator[Team]:
    """Two workers on SQLite, or on the emulator's project."""
    file = folder / "documents.sqlite"
    store = FirestoreStore(project) if project else SqliteStore(file)
    try:
        with world(store=store, secrets=SecretFolder(folder / "secrets")) as w:
            user = w.user(**BOTH)
            known = w.people.oauth

            def setup(name: str) -> Setup:
                return Setup(
                    name=name,
                    uid=user.uid,
                    clock=str(folder / "clock"),
                    secrets=str(folder / "secrets"),
                    sqlite="" if project else str(file),
                    firestore=project,
                    people_url=w.people_wire.url,
                    client_id=known.client_id,
                    client_secret=known.client_secret,
                )

            made = Team(w, user, SharedClock(folder / "clock"), setup)
            made.start()
            try:
                yield made
            finally:
                made.close()
    finally:
        store.close()


def in_step(made: Team, people: People, random: Random, *, kills: bool) -> None:
    """One run of each, step by step in a random order, with edits, pauses beyond the lease, and a death in between."""
    last = random.randrange(3, 16) if kills else 0
    for worker in made.workers:
        made.begin(worker)
    while under_way := [worker for worker in made.workers if worker.at]:
        worker, chance = random.choice(under_way), random.random()
        if chance < 0.05:
            made.advance(BEYOND_THE_LEASE)
        elif chance < 0.1:
            made.advance(2)
            people.act()
        else:
            made.go(worker)
            last -= 1
            if last == 0 and worker.at:
                made.kill(worker)


def rest(made: Team) -> None:
    """One worker alone, until three runs in a row have nothing to do."""
    made.world.sugar_wire.heal()
    made.world.people_wire.heal()
    quiet = 0
    for _ in range(80):
        made.advance(150)
        (worker, _) = made.workers
        worker.tell("free 1")
        report = worker.hear()
        head = made.user.head()
        busy = report["done"] != Status.DONE.value or report["writes"] or head.remaining or head.open
        quiet = 0 if busy else quiet + 1
        if quiet == 3:
            return
    raise AssertionError(f"no rest: {report}, {head.queue}, {head.open}")


def check(made: Team, people: People) -> None:
    """What has to hold once everybody rests."""
    people.check()
    assert not made.stale
    epochs = [epoch for _, epoch in made.commits]
    assert epochs == sorted(epochs), "an old epoch committed after a newer one"
    writers = {epoch: {name for name, each in made.commits if each == epoch} for epoch in epochs}
    assert all(len(names) == 1 for names in writers.values()), "two workers committed in one epoch"
    assert made.user.account.overlapping_writes == 0


def play(made: Team, seed: int, rounds: int) -> None:
    """The whole story; ``seed`` decides all of it but the speed of free runs."""
    random = Random(seed)  # noqa: S311 - picks who moves
    people = People(made.world, made.user, random)
    for _ in range(6):
        people.add()
    for number in range(rounds):
        for _ in range(random.randrange(4)):
            people.act()
        if random.random() < 0.15:
            wire = random.choice([made.world.sugar_wire, made.world.people_wire])
            wire.faults.append(Fault("late", seconds=200.0, skip=random.randrange(6)))
        if number % 3 == 2:
            made.free(2)
        else:
            in_step(made, people, random, kills=number % 4 == 1)
        made.advance(random.choice([5, 60, 200, BEYOND_THE_LEASE]))
    rest(made)
    check(made, people)
    assert made.killed
    assert made.writes
