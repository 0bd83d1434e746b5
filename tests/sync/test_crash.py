"""A crash at any commit or call loses and doubles nothing."""

from __future__ import annotations

import pytest

from tests.sync.crashes import Crash, Steps, fixed_point, picture, rest
from tests.sync.scenarios import SCENARIOS
from tests.world import world


def undisturbed(scenario: str) -> tuple[int, object]:
    with world() as w:
        user = SCENARIOS[scenario](w)
        steps = Steps(w)
        user.run()
        Steps.off(w)
        rest(user)
        return len(steps.seen), picture(w, user)


@pytest.mark.parametrize("pause", [310.0, 1300.0], ids=["short", "long"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_at_any_step_of_a_run_changes_nothing_about_the_outcome(scenario: str, pause: float) -> None:
    count, expected = undisturbed(scenario)
    assert count > 10
    for n in range(1, count + 1):
        with world() as w:
            user = SCENARIOS[scenario](w)
            Steps(w, crash_at=n)
            with pytest.raises(Crash):
                user.run()
            Steps.off(w)
            w.clock.advance(pause)
            rest(user)
            assert picture(w, user) == expected, f"crash at step {n}"
            fixed_point(user)
