"""Runs the sweep: ``python -m tests.prove.sweep [--scenario X] [--step N --mode M --pause P] [--sample K]``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.prove.sweep.stories import ALL
from tests.prove.sweep.story import stage
from tests.prove.sweep.sweep import PAUSES, Case, Mode, Swept, Wrong, crash, slug, sweep, undisturbed

BY_SLUG = {slug(name): name for name in ALL}
TWICE = ("first sync", "edits", "deletes")
"""Crashed twice as well."""


def main(argv: Sequence[str] | None = None) -> int:
    """0 if every run ended as it should."""
    parser = argparse.ArgumentParser(prog="tests.prove.sweep", description="Crashes every scenario at every step.")
    parser.add_argument("--scenario", choices=sorted(BY_SLUG), metavar="NAME", help=", ".join(sorted(BY_SLUG)))
    parser.add_argument("--step", type=int, help="this one alone, from 1")
    parser.add_argument("--mode", type=Mode, choices=list(Mode), default=Mode.PLAIN)
    parser.add_argument("--pause", choices=list(PAUSES), default="short")
    parser.add_argument("--again", type=int, default=0, help="crash again at this step of the recovery")
    parser.add_argument("--sample", type=int, default=1, metavar="K", help="every K-th case only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    given = parser.parse_args(argv)
    if given.step:
        if not given.scenario:
            parser.error("--step needs --scenario")
        return _one(Case(BY_SLUG[given.scenario], given.step, given.mode, given.pause, given.again))
    names = [BY_SLUG[given.scenario]] if given.scenario else list(ALL)
    return _all(names, given.sample, given.jobs)


def _one(case: Case) -> int:
    with stage(ALL[case.story]) as made:
        expected = undisturbed(made)
        if case.step > len(expected.steps):
            print(f"{case.story} has {len(expected.steps)} steps")
            return 2
        for n, step in enumerate(expected.steps, 1):
            print(f"{'->' if n == case.step else '  '} {n:3} {step}")
        try:
            through = crash(made, case, expected)
        except Wrong as error:
            print(error)
            return 1
    print(f"ended as it should; {through}" if through else "ended as it should")
    return 0


def _all(names: Sequence[str], sample: int, jobs: int) -> int:
    began = time.monotonic()
    total, windows, wrong = 0, Counter[str](), 0
    for swept in _swept([*((name, False) for name in names), *((n, True) for n in TWICE if n in names)], sample, jobs):
        total += swept.runs
        windows += swept.windows
        wrong += len(swept.wrong)
        print(f"{swept.story:28} {swept.steps:4} steps {swept.runs:5} runs {_told(swept.windows)}", flush=True)
        for text in swept.wrong:
            print(f"WRONG {text}", flush=True)
    print(f"{total} runs in {time.monotonic() - began:.0f} s, {wrong} wrong")
    for name, count in windows.items():
        print(f"{count:5} through the window: {name}")
    return 1 if wrong else 0


def _swept(units: Sequence[tuple[str, bool]], sample: int, jobs: int) -> Iterator[Swept]:
    """Each story is one piece of work, crashed once or twice."""
    work = partial(_unit, sample=sample)
    if jobs == 1:
        yield from map(work, units)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, units)


def _unit(unit: tuple[str, bool], sample: int) -> Swept:
    name, double = unit
    offset = list(ALL).index(name)
    swept = sweep(ALL[name], sample=sample, offset=offset, double=double)
    swept.story += ", twice" if double else ""
    return swept


def _told(windows: Counter[str]) -> str:
    return f"({sum(windows.values())} through a window)" if windows else ""


if __name__ == "__main__":
    sys.exit(main())
