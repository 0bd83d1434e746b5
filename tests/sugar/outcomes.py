"""Outcomes of writes, as tests look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.side import Done, Outcome, Record, Write
from shared.sugar.side import SugarSide
from tests.sugar.world import contact, create


def done(outcome: Outcome) -> Record:
    assert isinstance(outcome, Done), outcome
    assert outcome.record is not None
    return outcome.record


def error_of(outcome: Outcome) -> Any:
    assert not isinstance(outcome, Done), outcome
    return outcome.error


def creates(side: SugarSide, count: int) -> list[Write]:
    return [create(side, contact("N", str(n), f"p{n}@x.org"), f"i{n}") for n in range(count)]


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]
