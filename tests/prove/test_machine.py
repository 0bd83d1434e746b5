"""A sample of the random stories; ``make prove`` tells them by the thousand."""

from __future__ import annotations

import os

import pytest

from tests.prove.machine.__main__ import main

IN_CI = bool(os.environ.get("CI"))
SEEDS = (2, 3) if IN_CI else (0,)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_loses_or_doubles_a_contact(seed: int) -> None:
    # The same commit has the same verdict; everywhere else new stories are told, whose seed is printed.
    stories = ["--seed", str(seed), "--examples", "20"] if IN_CI else ["--examples", "8"]
    assert main([*stories, "--jobs", "1"]) == 0
