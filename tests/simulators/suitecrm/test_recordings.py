"""Every recorded exchange with a real server, replayed in order: the simulator answers the same, ids and dates too."""

from __future__ import annotations

import pytest

from tests.simulators.suitecrm.replay import Answer, Recording, Replay, recordings


@pytest.fixture(scope="module")
def replayed() -> dict[int, tuple[Recording, Answer]]:
    return {recording.n: (recording, answer) for recording, answer in Replay().play()}


@pytest.mark.parametrize("n", [each.n for each in recordings()], ids=[f"{each.n}-{each.name}" for each in recordings()])
def test_the_simulator_answers_as_the_recorded_server(n: int, replayed: dict[int, tuple[Recording, Answer]]) -> None:
    recording, got = replayed[n]
    wanted = recording.answer
    assert (got.status, got.content_type, got.cookie) == (wanted.status, wanted.content_type, wanted.cookie)
    assert got.parsed == wanted.parsed
