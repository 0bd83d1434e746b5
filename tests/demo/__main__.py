"""``python -m tests.demo --store sqlite|firestore --crm sugar|suitecrm``: exit code 0 if every promise was kept."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TextIO

from shared.store.firestore import FirestoreStore
from shared.store.port import Store
from tests import emulator
from tests.demo.checks import check, documents, show
from tests.demo.screen import Screen
from tests.demo.stage import SIDES, Stage, Stopped
from tests.demo.story import Story
from tests.world import world

MISSING = 2
"""Exit code where the emulator is not installed."""


def play(
    out: TextIO,
    store: Store | None = None,
    *,
    crm: str = "sugar",
    meddle: Callable[[Stage], None] = lambda _: None,
) -> int:
    """The whole demo.

    Args:
        crm: ``sugar`` (REST v11) or ``suitecrm`` (the older dialect).
        store: an empty one; none: SQLite in a temporary folder.
        meddle: called right before the final check, for tests that the check can fail.

    Returns:
        0 if every promise was kept, else 1.
    """
    began = time.monotonic()
    screen = Screen(out)
    with world(store=store, crm=crm) as stood:
        stage = Stage(stood, stood.user(), screen)
        try:
            Story(stage).play()
            meddle(stage)
            screen.act("The check: every promise against what both sides hold themselves")
            check(stage)
        except Stopped as error:
            stage.promise("the sync goes on to its end", "", [str(error)])
        kept = show(screen, stage)
        if stage.batches:
            _summary(stage, time.monotonic() - began)
    screen.line()
    screen.line("All promises kept." if kept else "NOT all promises were kept.")
    return 0 if kept else 1


def _summary(stage: Stage, seconds: float) -> None:
    stage.screen.act("In numbers")
    done: Counter[str] = Counter()
    for batch in stage.batches:
        done.update({name: count for name, count in batch.report.counts.items() if " " in name})
    writing = [batch for batch in stage.batches if batch.report.writes]
    contacts = sum(batch.report.contacts for batch in stage.batches)
    calls = {side: sum(batch.calls[side] for batch in stage.batches) for side in SIDES}
    rows: list[tuple[str, object]] = [
        ("contacts", f"{len(stage.sugar())} in Sugar, {len(stage.google())} in Google"),
        *(("writes", f"{side.title():6} {_by_kind(done, side)}") for side in SIDES),
        ("runs", f"{len(stage.batches)}, of which {len(writing)} wrote; {contacts} contacts looked at"),
        ("HTTP calls", f"{calls['sugar']} to Sugar, {calls['google']} to Google, token refreshes apart"),
    ]
    if writing:
        mean = {side: sum(b.calls[side] for b in writing) / len(writing) for side in SIDES}
        text = f"{mean['sugar']:.1f} to Sugar and {mean['google']:.1f} to Google for a batch that writes"
        rows.append(("", text))
    plain, new = documents(stage)
    rows.append(("documents", f"written per contact: {plain:.2f} at most, {new:.2f} where Sugar gets new ones"))
    rows.append(("seconds", f"{seconds:.1f}"))
    stage.screen.table(("what", "how much"), rows, (12, 0))


def _by_kind(done: Counter[str], side: str) -> str:
    kinds = (("create", "new"), ("update", "changed"), ("delete", "deleted"))
    return ", ".join(f"{done[f'{op} {side}']} {text}" for op, text in kinds)


@contextmanager
def _firestore(found: emulator.Emulator) -> Iterator[Store]:
    former = os.environ.get(emulator.HOST_VARIABLE)
    with emulator.start(found) as running:
        os.environ[emulator.HOST_VARIABLE] = running.host
        try:
            with closing(FirestoreStore("demo-contact-sync")) as store:
                yield store
        finally:
            if former is None:
                del os.environ[emulator.HOST_VARIABLE]
            else:
                os.environ[emulator.HOST_VARIABLE] = former


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Sync contacts between two simulators.")
    parser.add_argument("--store", choices=("sqlite", "firestore"), default="sqlite")
    parser.add_argument("--crm", choices=("sugar", "suitecrm"), default="sugar")
    chosen = parser.parse_args(arguments)
    if chosen.store == "sqlite":
        return play(sys.stdout, crm=chosen.crm)
    found = emulator.find()
    if found is None:
        print(emulator.MISSING, file=sys.stderr)
        return MISSING
    with _firestore(found) as store:
        return play(sys.stdout, store, crm=chosen.crm)


if __name__ == "__main__":
    sys.exit(main())
