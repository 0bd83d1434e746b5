"""Hunts mutants and prints who killed which: ``python -m tests.mutants [NAME ...] [--markdown]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import Hunt, healthy, hunt


def main(argv: Sequence[str]) -> int:
    """Hunts the mutants named, or all.

    Returns:
        0: all were killed. 1: one survived, or could not be hunted. 2: the hunters fail without any mutant, so that
        nothing would be proven; or a wrong name.
    """
    options = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="all, if none is given")
    options.add_argument("--markdown", action="store_true", help="print the table for the documentation")
    given = options.parse_args(argv)
    known = {mutant.name: mutant for mutant in MUTANTS}
    if unknown := [name for name in given.names if name not in known]:
        print(f"no such mutant: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    chosen = [known[name] for name in given.names] or list(MUTANTS)

    well, said = healthy([hunter for mutant in chosen for hunter in mutant.hunters])
    if not well:
        print(f"{said}\nThe hunters fail without any mutant: a kill would prove nothing.", file=sys.stderr)
        return 2
    hunts: list[Hunt] = []
    for mutant in chosen:
        hunts.append(hunt(mutant))
        if not given.markdown:
            print(_line(hunts[-1]), flush=True)
    if given.markdown:
        print(table(hunts))
    survivors = [each for each in hunts if not each.killer]
    for each in survivors:
        print(f"\n{each.mutant.name}: {each.verdict}\n{each.output}", file=sys.stderr)
    print(f"{len(hunts) - len(survivors)} of {len(hunts)} mutants killed", file=sys.stderr)
    return 1 if survivors else 0


def table(hunts: Sequence[Hunt]) -> str:
    """As Markdown, one row a mutant, without times: they differ from run to run."""
    rows = [f"| `{each.mutant.name}` | {each.mutant.why} | `{each.killer or each.verdict}` |" for each in hunts]
    return "\n".join(["| mutant | why it is tempting, and wrong | killed by |", "|---|---|---|", *rows])


def _line(each: Hunt) -> str:
    return f"{each.mutant.name:40} | {each.killer or each.verdict.upper()} | {each.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
