"""The three-way comparison of one value."""

from __future__ import annotations

from enum import Enum


class Drift(Enum):
    """Who moved away from what both sides last agreed on."""

    NONE = "none"
    """Nobody: both hold the base."""
    SUGAR = "sugar"
    """Sugar has news for Google."""
    GOOGLE = "google"
    """Google has news for Sugar."""
    ALIKE = "alike"
    """Both hold the same, which is not the base: it may advance, nothing is to be written."""
    BOTH = "both"
    """Both have news, and they differ: a conflict."""


def three_way(base: str | None, sugar: str, google: str) -> Drift:
    """Compares the **normal forms** of one value.

    ==============  =================================  ==========
    base            the sides                          drift
    ==============  =================================  ==========
    known           both hold the base                 ``NONE``
    any other       both hold the same                 ``ALIKE``
    known           only Sugar differs from the base   ``SUGAR``
    known           only Google differs from the base  ``GOOGLE``
    known           both differ, also from each other  ``BOTH``
    never agreed    only Google is blank               ``SUGAR``
    never agreed    only Sugar is blank                ``GOOGLE``
    never agreed    neither is blank, they differ      ``BOTH``
    ==============  =================================  ==========

    Args:
        base: what both last agreed on; ``None`` if they never did, which is not the same as blank (a blank side then
            has nothing to say, where against a known base it has cleared the value).
        sugar: what Sugar holds now.
        google: what Google holds now.
    """
    if sugar == google:
        return Drift.NONE if sugar == base else Drift.ALIKE
    if base is None:
        if not google:
            return Drift.SUGAR
        return Drift.BOTH if sugar else Drift.GOOGLE
    if google == base:
        return Drift.SUGAR
    return Drift.GOOGLE if sugar == base else Drift.BOTH


def apart(sugar_then: str, google_then: str, sugar: str, google: str) -> Drift:
    """Compares the **normal forms** of one value that a person keeps different: each side with its own half of it.

    ======================  ==========
    the sides               drift
    ======================  ==========
    both hold the same      ``ALIKE``
    neither moved           ``NONE``
    only Sugar moved        ``SUGAR``
    only Google moved       ``GOOGLE``
    both moved              ``BOTH``
    ======================  ==========

    Args:
        sugar_then: what Sugar held when the person decided.
        google_then: what Google held then.
        sugar: what Sugar holds now.
        google: what Google holds now.
    """
    if sugar == google:
        return Drift.ALIKE
    if google == google_then:
        return Drift.NONE if sugar == sugar_then else Drift.SUGAR
    return Drift.GOOGLE if sugar == sugar_then else Drift.BOTH
