"""Lets two workers of one user loose on one store for many rounds, on SQLite and on the Firestore emulator."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from tests.emulator import HOST_VARIABLE, MISSING, find, start
from tests.prove.workers.story import play, team


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make prove ARGS=workers", description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "firestore", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=150, help="of each story (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first story (%(default)s)")
    parser.add_argument("--stories", type=int, default=2, help="on each store (%(default)s)")
    chosen = parser.parse_args(arguments)
    emulator = find() if chosen.store != "sqlite" else None
    if chosen.store != "sqlite" and emulator is None:
        print(MISSING)
    stores = ["sqlite"] if emulator is None else ["sqlite", "firestore"]
    failed = 0
    with start(emulator) if emulator is not None else nullcontext() as running:
        if running is not None:
            os.environ[HOST_VARIABLE] = running.host
        for store in stores if chosen.store == "both" else [chosen.store]:
            for seed in range(chosen.seed, chosen.seed + chosen.stories):
                failed += not _story(store, seed, chosen.rounds)
    return 1 if failed else 0


def _story(store: str, seed: int, rounds: int) -> bool:
    """Whether it held; says how it went."""
    began = time.monotonic()
    command = f'make prove ARGS="workers --store {store} --seed {seed} --rounds {rounds} --stories 1"'
    with tempfile.TemporaryDirectory() as folder:
        project = f"prove-{os.getpid()}-{seed}" if store == "firestore" else ""
        try:
            with team(Path(folder), project) as made:
                play(made, seed, rounds)
        except AssertionError as error:
            print(f"FAILED: {error}\n{command}", flush=True)
            return False
        print(
            f"{store}, seed {seed}: {rounds} rounds, {made.writes} writes and {len(made.commits)} commits in step,"
            f" {made.killed} workers killed ({time.monotonic() - began:.0f} s)",
            flush=True,
        )
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
