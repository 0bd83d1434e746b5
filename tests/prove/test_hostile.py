"""Hostile answers, at every call: no crash without a clear error, no endless loop, no delete, no loss, no double.

``make prove ARGS=hostile`` tries far more of them.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.prove.hostile.case import undisturbed
from tests.prove.hostile.scenes import OLDER, SCENES
from tests.prove.hostile.sweep import WHOLE, Tally, at_random, each_group, named, play

CI = bool(os.environ.get("CI"))
PARTS = 4
SHARE = 4 if CI else 40
"""One of so many cases."""
EXAMPLES = 40 if CI else 6


@pytest.mark.parametrize("part", range(PARTS))
def test_every_way_to_spoil_an_answer_is_survived_in_every_group_of_calls(part: int) -> None:
    cases = list(each_group(Random(0)))  # noqa: S311 - picks the call
    tally = Tally()
    play(cases[part :: PARTS * SHARE], tally)
    assert tally.spoilt >= tally.cases > 5
    assert not tally.failed, "\n\n".join(tally.failed)


def test_mixtures_at_random_are_survived() -> None:
    tally = Tally()
    play(map(at_random, range(EXAMPLES)), tally)
    assert tally.spoilt
    assert not tally.failed, "\n\n".join(tally.failed)


def test_the_scenes_make_calls_of_every_kind() -> None:
    kinds = {answer.kind for scene in SCENES for answer in undisturbed(scene).answers}
    assert kinds >= {
        *("sugar me", "sugar metadata", "sugar token", "sugar full", "sugar delta", "sugar read"),
        *("sugar find by email", "sugar find by name", "sugar find created"),
        *("sugar bulk", "sugar update", "sugar delete"),
        *("google token", "google full", "google delta", "google read", "google read one"),
        *("google create many", "google update", "google update many", "google delete", "google delete many"),
        "google label",
    }


def test_so_do_those_with_the_older_dialect() -> None:
    kinds = {answer.kind for scene in OLDER for answer in undisturbed(scene).answers}
    assert kinds >= {
        *("sugar me", "sugar metadata", "sugar token", "sugar full", "sugar delta", "sugar read"),
        *("sugar find by email", "sugar find by name", "sugar bulk", "sugar update", "sugar delete"),
    }


def test_a_case_can_be_named_and_repeated() -> None:
    assert named("drop records[].title").name == "drop records[].title"
    assert named("huge number connections[].etag once").name == "huge number connections[].etag once"
    assert all(named(name).name == name for name in WHOLE)
