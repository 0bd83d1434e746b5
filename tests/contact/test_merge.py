"""The three-way table, all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact.merge import Drift, apart, three_way


@pytest.mark.parametrize(
    ("base", "sugar", "google", "drift"),
    [
        ("a", "a", "a", Drift.NONE),
        ("", "", "", Drift.NONE),
        ("a", "b", "b", Drift.ALIKE),
        ("a", "", "", Drift.ALIKE),
        ("", "b", "b", Drift.ALIKE),
        (None, "b", "b", Drift.ALIKE),
        (None, "", "", Drift.ALIKE),
        ("a", "b", "a", Drift.SUGAR),
        ("a", "", "a", Drift.SUGAR),
        ("", "b", "", Drift.SUGAR),
        (None, "b", "", Drift.SUGAR),
        ("a", "a", "b", Drift.GOOGLE),
        ("a", "a", "", Drift.GOOGLE),
        ("", "", "b", Drift.GOOGLE),
        (None, "", "b", Drift.GOOGLE),
        ("a", "b", "c", Drift.BOTH),
        ("a", "", "c", Drift.BOTH),
        ("a", "b", "", Drift.BOTH),
        ("", "b", "c", Drift.BOTH),
        (None, "b", "c", Drift.BOTH),
    ],
)
def test_three_way(base: str | None, sugar: str, google: str, drift: Drift) -> None:
    assert three_way(base, sugar, google) is drift


@pytest.mark.parametrize(
    ("sugar", "google", "drift"),
    [
        ("a", "b", Drift.NONE),
        ("c", "b", Drift.SUGAR),
        ("", "b", Drift.SUGAR),
        ("a", "c", Drift.GOOGLE),
        ("a", "", Drift.GOOGLE),
        ("b", "a", Drift.BOTH),
        ("c", "d", Drift.BOTH),
        ("c", "c", Drift.ALIKE),
        ("a", "a", Drift.ALIKE),
        ("b", "b", Drift.ALIKE),
        ("", "", Drift.ALIKE),
    ],
)
def test_what_is_kept_apart_is_compared_side_by_side(sugar: str, google: str, drift: Drift) -> None:
    assert apart("a", "b", sugar, google) is drift


values = st.sampled_from(["", "a", "b", "c"])
MIRROR = {
    Drift.NONE: Drift.NONE,
    Drift.ALIKE: Drift.ALIKE,
    Drift.BOTH: Drift.BOTH,
    Drift.SUGAR: Drift.GOOGLE,
    Drift.GOOGLE: Drift.SUGAR,
}


@given(st.none() | values, values, values)
def test_the_sides_are_alike_before_the_table(base: str | None, sugar: str, google: str) -> None:
    assert three_way(base, google, sugar) is MIRROR[three_way(base, sugar, google)]


@given(values, values)
def test_only_a_known_base_lets_a_blank_win(base: str, value: str) -> None:
    if value:
        assert three_way(None, "", value) is Drift.GOOGLE
    if base:
        assert three_way(base, "", base) is Drift.SUGAR
