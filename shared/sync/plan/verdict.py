"""The decision table of one field.

====================  ==============================  ==========================================
what differs          which directions are open       verdict
====================  ==============================  ==========================================
nothing               any                             KEEP (the base takes it, if it was not there)
Sugar only            to Google                       TO_GOOGLE
Sugar only            not to Google                   HELD
Google only           to Sugar                        TO_SUGAR
Google only           not to Sugar                    HELD
both, differently     both                            by the rule: Sugar, Google, the newest, or ASK
both, differently     to Google only                  TO_GOOGLE
both, differently     to Sugar only                   TO_SUGAR
both, differently     none                            HELD
====================  ==============================  ==========================================

A difference that a person wants is kept APART: each side is compared with what it held when the person decided, and
what has moved since goes the ways above. Once both sides hold the same, that is the base, and they are apart no more.

A direction is open for a field when its Update switch is on, the target can write the field, and can show the value.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contact.merge import Drift
from shared.names import SideName
from shared.sync.settings import ConflictRule


class Verdict(StrEnum):
    KEEP = "keep"
    TO_SUGAR = "to sugar"
    TO_GOOGLE = "to google"
    HELD = "held"
    """A difference stays: a switch, or what a side can do, is in its way. The base does not move."""
    ASK = "ask"
    """A conflict that a person decides; the field is parked, the contact goes on."""

    APART = "apart"
    """A difference that a person wants: nothing is written, nothing waits."""

    LOOP = "loop"
    """It went back and forth too often; a person decides, and the field is parked."""

    @property
    def target(self) -> SideName | None:
        """The side that is to be written."""
        return _TARGETS.get(self)


_TARGETS = {Verdict.TO_SUGAR: SideName.SUGAR, Verdict.TO_GOOGLE: SideName.GOOGLE}
TO = {SideName.SUGAR: Verdict.TO_SUGAR, SideName.GOOGLE: Verdict.TO_GOOGLE}
"""By the side that is written."""


def winner(rule: ConflictRule, *, newer: SideName | None) -> SideName | None:
    """Who wins a conflict; ``None`` where a person is asked.

    Args:
        newer: the side whose change was first seen later; ``None`` for a tie or where it is unknown.
    """
    if rule is ConflictRule.ASK:
        return None
    if rule is ConflictRule.NEWEST:
        return newer or SideName.SUGAR
    return SideName.GOOGLE if rule is ConflictRule.GOOGLE else SideName.SUGAR


def decide(drift: Drift, *, to_sugar: bool, to_google: bool, wins: SideName | None) -> Verdict:
    """The verdict by the table above; ``wins`` is :func:`winner`'s answer."""
    if drift in (Drift.NONE, Drift.ALIKE):
        return Verdict.KEEP
    if drift is Drift.SUGAR:
        return Verdict.TO_GOOGLE if to_google else Verdict.HELD
    if drift is Drift.GOOGLE:
        return Verdict.TO_SUGAR if to_sugar else Verdict.HELD
    if to_sugar and to_google:
        return Verdict.ASK if wins is None else TO[wins.other]
    if to_google:
        return Verdict.TO_GOOGLE
    return Verdict.TO_SUGAR if to_sugar else Verdict.HELD
