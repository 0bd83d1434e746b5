"""Answers both APIs' calls with what they never answer, and looks what becomes of the contacts.

Without arguments: every mutator of whole answers at every kind of call, a share of those of single nodes, and some
hundred mixtures at random.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, islice, repeat
from random import Random

from tests.prove.hostile.scenes import SCENES
from tests.prove.hostile.spoil import Case
from tests.prove.hostile.sweep import Tally, at_random, each_kind, every, named, play


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make prove ARGS=hostile", description=__doc__)
    parser.add_argument("--mutator", help="only this one, at the call of the scenario")
    parser.add_argument("--scenario", choices=SCENES, help="only in this one: every mutator at every call")
    parser.add_argument("--call", type=int, help="of the run, from 1")
    parser.add_argument("--always", action="store_true", help="every call of this kind, for some runs")
    parser.add_argument("--seed", type=int, help="mixtures at random, the first one by this seed")
    parser.add_argument("--examples", type=int, default=500, help="how many mixtures (%(default)s)")
    parser.add_argument("--share", type=float, default=0.2, help="of the mutators of single nodes (%(default)s)")
    parser.add_argument("--all", action="store_true", help="every mutator at every call of every scenario: hours")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    chosen = parser.parse_args(arguments)
    if chosen.mutator is not None and (chosen.scenario is None or chosen.call is None):
        parser.error("--mutator needs --scenario and --call")
    began, tally = time.monotonic(), Tally()
    for part in _played(chosen):
        tally.add(part)
    for failure in tally.failed:
        print(f"FAILED: {failure}")
    print(
        f"{tally.cases} runs with {len(tally.mutators)} mutators at {len(tally.kinds)} kinds of calls;"
        f" {tally.spoilt} answers were spoilt; {len(tally.failed)} runs broke a promise"
        f" ({time.monotonic() - began:.0f} s)"
    )
    return 1 if tally.failed or not tally.spoilt else 0


def _played(chosen: argparse.Namespace) -> Iterator[Tally]:
    """Each process makes the same list of cases, and takes its share of it."""
    work = partial(_part, chosen)
    if chosen.jobs == 1 or chosen.mutator is not None:
        yield work(0, 1)
        return
    with ProcessPoolExecutor(chosen.jobs) as pool:
        yield from pool.map(work, range(chosen.jobs), repeat(chosen.jobs))


def _part(chosen: argparse.Namespace, number: int, parts: int) -> Tally:
    tally = Tally()
    play(_shown(islice(_cases(chosen), number, None, parts), time.monotonic(), tally), tally)
    return tally


def _cases(chosen: argparse.Namespace) -> Iterable[Case]:
    if chosen.mutator is not None:
        return [Case(chosen.scenario, named(chosen.mutator), chosen.call, chosen.always)]
    if chosen.seed is not None:
        return map(at_random, range(chosen.seed, chosen.seed + chosen.examples))
    if chosen.scenario is not None or chosen.all:
        scenes = [chosen.scenario] if chosen.scenario else list(SCENES)
        return (case for case in every(scenes) if chosen.call in (None, case.call))
    random = Random(0)  # noqa: S311 - picks a share
    inside = (case for case in each_kind(whole=False) if random.random() < chosen.share)
    return chain(each_kind(inside=False), inside, map(at_random, range(chosen.examples)))


def _shown(cases: Iterable[Case], began: float, tally: Tally) -> Iterator[Case]:
    """Says now and then how far it is."""
    said = began
    for case in cases:
        if time.monotonic() - said > 30:
            said = time.monotonic()
            print(f"  {tally.cases} runs, {len(tally.failed)} broke a promise", flush=True)
        yield case


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
