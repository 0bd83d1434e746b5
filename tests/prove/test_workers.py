"""Two workers as real processes, the same user, many rounds: one writer at a time, nothing lost, nothing doubled."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from shared.sync.report import Status
from tests.emulator import firestore_emulator, firestore_project
from tests.prove.workers.people import People
from tests.prove.workers.story import BEYOND_THE_LEASE, check, play, rest, team

__all__ = ["firestore_emulator", "firestore_project"]

ROUNDS = 40 if os.environ.get("CI") else 6
"""Some seconds each ten."""


@pytest.mark.parametrize("seed", range(1))
def test_two_workers_on_sqlite(tmp_path: Path, seed: int) -> None:
    with team(tmp_path) as made:
        play(made, seed, ROUNDS)


@pytest.mark.long
def test_two_workers_on_firestore(tmp_path: Path, firestore_project: str) -> None:
    with team(tmp_path, firestore_project) as made:
        play(made, 1, ROUNDS)


def test_a_worker_that_wakes_up_with_an_old_lease(tmp_path: Path) -> None:
    """At each step of its run, another one takes over and finishes; then the first one goes on, and writes nothing."""
    with team(tmp_path) as made:
        people = People(made.world, made.user, Random(7))  # noqa: S311 - picks names
        for _ in range(4):
            people.add()
        made.advance(100)
        step = 0
        while True:
            step += 1
            old, new = made.workers
            people.edit(people.known[step % 4])
            people.add()
            made.advance(20)
            made.begin(old)
            for _ in range(step):
                if old.at:
                    made.go(old)
            if not old.at:
                break
            held = old.epoch
            made.advance(BEYOND_THE_LEASE)
            made.begin(new)
            while new.at:
                made.go(new)
            assert new.reports[-1]["done"] == Status.DONE.value, new.reports[-1]
            commits, writes = len(made.commits), made.writes
            while old.at:
                made.go(old)
            later = [epoch for name, epoch in made.commits[commits:] if name == old.name and epoch == held]
            assert not later, f"held at step {step}, it committed in its old epoch"
            assert made.writes == writes, f"held at step {step}, it wrote"
            made.advance(1000)
        assert step > 10
        rest(made)
        check(made, people)
