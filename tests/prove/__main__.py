"""Tries long and hard to lose or double a contact: ``make prove``.

Without a part's name: all parts one after the other. Every failure prints the one command that repeats it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module

PARTS: dict[str, tuple[str, list[str]]] = {
    "machine": ("tests.prove.machine.__main__", ["--examples", "10000", "--minutes", "30"]),
    "sweep": ("tests.prove.sweep.__main__", []),
    "mutants": ("tests.mutants.__main__", []),
    "hostile": ("tests.prove.hostile.__main__", []),
    "workers": ("tests.prove.workers.__main__", ["--rounds", "60", "--stories", "1"]),
}
"""By name: its module, and how long it goes on when all parts are run. First the one that finds most."""


def run(part: str, arguments: list[str]) -> int:
    """Runs one part; its exit code."""
    main: Callable[[list[str]], int] = import_module(PARTS[part][0]).main
    return main(arguments)


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in PARTS:
        return run(arguments[0], arguments[1:])
    parser = argparse.ArgumentParser(
        prog="make prove", description=__doc__, epilog=f"Or one part with its own options: {', '.join(PARTS)}."
    )
    parser.add_argument("--quick", action="store_true", help="the machine runs for a minute only")
    wanted = parser.parse_args(arguments)
    failed = []
    for part, (_, usual) in PARTS.items():
        print(f"== {part}", flush=True)
        began = time.monotonic()
        quick = ["--examples", "200", "--minutes", "1"]
        if run(part, quick if part == "machine" and wanted.quick else usual):
            failed.append(part)
        print(f"== {part}: {'FAILED' if part in failed else 'held'} after {time.monotonic() - began:.0f} s", flush=True)
    print(f"FAILED: {', '.join(failed)}" if failed else "Nothing was lost and nothing was doubled.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
