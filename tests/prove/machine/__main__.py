"""Runs stories by the thousand: ``make prove ARGS="machine --examples 10000 --minutes 30"``.

They are told in chunks, each in a process of its own with its own seed: ``--seed 7`` alone tells chunk 7 again, the
same stories in the same order. Nothing is stopped in the middle of a chunk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

CHUNK = 20
"""Stories of one chunk."""
STEPS = 25
"""Rules of one story."""
SHRINK_SECONDS = 120
"""So long hypothesis looks for a smaller story that fails alike."""
_ROOT = Path(__file__).parents[3]
_PATIENCE = 1800.0
"""Seconds until a chunk counts as hanging."""
_TALLY = "TALLY "


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one chunk came to."""

    seed: int
    held: bool
    words: str
    """Its output: the failing story, if there is one."""
    tally: dict[str, object]
    seconds: float


def main(arguments: Sequence[str]) -> int:
    """The command line; 0 if every invariant held."""
    parser = argparse.ArgumentParser(prog='make prove ARGS="machine ..."', description=__doc__)
    parser.add_argument("--examples", type=int, default=CHUNK, help=f"how many stories; by default {CHUNK}, one chunk")
    parser.add_argument("--seed", type=int, help="of the first chunk; the following ones count up")
    parser.add_argument("--minutes", type=float, help="no further chunk is begun after so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="chunks at a time")
    parser.add_argument("--crm", choices=("sugar", "suitecrm"), default="sugar", help="which dialect the Sugar speaks")
    parser.add_argument("--tell", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    seed = SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    size = min(given.examples, CHUNK)
    if given.tell:
        return tell(seed, size, given.crm)
    until = None if given.minutes is None else time.monotonic() + given.minutes * 60
    return prove(seed, size, -(-given.examples // size), jobs=given.jobs, until=until, crm=given.crm)


def prove(seed: int, size: int, chunks: int, *, jobs: int, until: float | None, crm: str) -> int:
    """Tells so many chunks and prints a line for each; 0 if every invariant held."""
    from tests.prove.machine.tally import Tally

    total, failed = Tally(), []
    for outcome in _outcomes(seed, size, chunks, jobs, until, crm):
        tally = Tally.from_json(outcome.tally)
        total.add(tally)
        what = "held" if outcome.held else "FAILED"
        figures = f"{tally.examples} stories, {tally.runs:,} runs, {tally.claims:,} claims, {outcome.seconds:.0f} s"
        print(f"seed {outcome.seed}: {what} ({figures})", flush=True)
        if not outcome.held:
            failed.append(outcome.seed)
            print(outcome.words)
            print(f"Again: {_command(outcome.seed, size, crm)}", flush=True)
    print("\n".join(total.lines()))
    for each in failed:
        print(f"FAILED: {_command(each, size, crm)}")
    return 1 if failed else 0


def _command(seed: int, size: int, crm: str) -> str:
    examples = "" if size == CHUNK else f" --examples {size}"
    dialect = "" if crm == "sugar" else f" --crm {crm}"
    return f'make prove ARGS="machine --seed {seed}{examples}{dialect}"'


def _outcomes(seed: int, size: int, chunks: int, jobs: int, until: float | None, crm: str) -> Iterator[Outcome]:
    def one(number: int) -> Outcome | None:
        if until is not None and time.monotonic() > until:
            return None
        return _apart(seed + number, size, crm)

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for outcome in pool.map(one, range(chunks)):
            if outcome is not None:
                yield outcome


def _apart(seed: int, size: int, crm: str) -> Outcome:
    """One chunk in a process of its own, where the order of sets is always the same."""
    command = [sys.executable, "-m", "tests.prove.machine", "--tell", "--seed", str(seed), "--examples", str(size)]
    command += ["--crm", crm]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    began = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=_ROOT, env=env, text=True, capture_output=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as hanging:
        return Outcome(seed, False, f"it hangs: {hanging}", {}, time.monotonic() - began)
    *words, last = done.stdout.splitlines() or [""]
    tally = json.loads(last.removeprefix(_TALLY)) if last.startswith(_TALLY) else {}
    held = done.returncode == 0 and bool(tally)
    text = "\n".join([*words, *([] if tally else [last]), done.stderr])
    return Outcome(seed, held, text, tally, time.monotonic() - began)


def tell(seed: int, size: int, crm: str) -> int:
    """Tells one chunk in this process; 0 if every invariant held. Prints the failing story, and the figures at last."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.internal.conjecture import engine
    from hypothesis.stateful import run_state_machine_as_test

    from tests.prove.machine import draws
    from tests.prove.machine.machine import Machine
    from tests.prove.machine.tally import TALLY

    draws.crm = crm
    engine.MAX_SHRINKING_SECONDS = SHRINK_SECONDS
    chosen = settings(
        max_examples=size,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    held = False
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Machine), settings=chosen)
        held = True
    except Exception:  # noqa: BLE001 - whatever ends a story badly is printed with it
        traceback.print_exc(file=sys.stdout)
    print(_TALLY + json.dumps(TALLY.as_json()), flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
