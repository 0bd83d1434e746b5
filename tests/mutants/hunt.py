"""Hunting a mutant: its hunters run against it in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.plugin import KILLED, SURVIVED

SECONDS = 600.0
"""No hunt takes longer; a mutant that makes the product hang counts as trouble, not as killed."""
_FAILED = 1
"""pytest's exit code where tests failed."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of it."""

    mutant: Mutant
    killer: str
    """The test that failed; blank where none did."""
    trouble: str
    """Why the hunt proves nothing; blank where it does."""
    seconds: float
    output: str

    @property
    def verdict(self) -> str:
        """For a person, in one line."""
        return self.trouble or (f"{KILLED} {self.killer}" if self.killer else SURVIVED)


def hunt(mutant: Mutant, hunters: Sequence[str] = (), *, seconds: float = SECONDS) -> Hunt:
    """Runs its hunters (or other tests) until one fails."""
    began = time.monotonic()
    code, output = _pytest(["--mutant", mutant.name, "-x", *(hunters or mutant.hunters)], seconds)
    took = time.monotonic() - began
    mark = f"mutant {mutant.name}: "
    said = next((line.removeprefix(mark) for line in output.splitlines() if line.startswith(mark)), "")
    if code == _FAILED and said.startswith(KILLED):
        return Hunt(mutant, said.removeprefix(KILLED).strip(), "", took, output)
    if code == 0 and said == SURVIVED:
        return Hunt(mutant, "", "", took, output)
    reason = (
        f"no end after {seconds:.0f} seconds" if code is None else f"pytest ended with {code}; {said or 'no verdict'}"
    )
    return Hunt(mutant, "", reason, took, output)


def healthy(hunters: Sequence[str], *, seconds: float = 900.0) -> tuple[bool, str]:
    """Whether these tests pass without any mutant, since a test that fails anyway kills nothing; and what they said."""
    code, output = _pytest(list(dict.fromkeys(hunters)), seconds)
    return code == 0, output


def _pytest(arguments: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """Exit code (``None``: it did not end in time) and output.

    As where ``CI`` is set: the same examples every time, and nothing is remembered for other runs.
    """
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "-q"]
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, "CI": "true"},
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        said: object = error.stdout  # bytes, whatever was asked for
        return None, said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return done.returncode, done.stdout + done.stderr
