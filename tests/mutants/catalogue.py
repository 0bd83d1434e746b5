"""All mutants."""

from __future__ import annotations

from tests.mutants import crashing, deciding, naming, older, ordering, reading, writing
from tests.mutants.mutant import Mutant, swap

MUTANTS: tuple[Mutant, ...] = (
    *crashing.MUTANTS,
    *writing.MUTANTS,
    *deciding.MUTANTS,
    *naming.MUTANTS,
    *ordering.MUTANTS,
    *reading.MUTANTS,
    *older.MUTANTS,
)

CONTROLS = (
    Mutant(
        "control-inert",
        "Changes nothing that a test could tell, so that a hunt which comes home empty is seen to say so.",
        swap("shared/contact/merge.py", "    if base is None:\n", "    if None is base:\n"),
        ("tests/contact/test_merge.py",),
    ),
)
"""Not to be killed: they show that the hunt itself can fail."""
