"""The decision table of one field, row by row, against a table that was written down independently."""

from __future__ import annotations

from itertools import product

import pytest

from shared.contact.merge import Drift
from shared.names import SideName
from shared.sync.plan.verdict import Verdict, decide, winner
from shared.sync.settings import ConflictRule

SUGAR, GOOGLE = SideName.SUGAR, SideName.GOOGLE

# drift x (to Sugar open, to Google open): what happens, with "rule" where the conflict rule decides.
TABLE = """
none    --  keep
none    s-  keep
none    -g  keep
none    sg  keep
alike   --  keep
alike   s-  keep
alike   -g  keep
alike   sg  keep
sugar   --  held
sugar   s-  held
sugar   -g  to google
sugar   sg  to google
google  --  held
google  s-  to sugar
google  -g  held
google  sg  to sugar
both    --  held
both    s-  to sugar
both    -g  to google
both    sg  rule
"""

# rule, who is newer: the winner.
WINNERS = """
sugar   -       sugar
sugar   sugar   sugar
sugar   google  sugar
google  -       google
google  sugar   google
google  google  google
newest  -       sugar
newest  sugar   sugar
newest  google  google
ask     -       -
ask     sugar   -
ask     google  -
"""

BY_WINNER = {None: Verdict.ASK, SUGAR: Verdict.TO_GOOGLE, GOOGLE: Verdict.TO_SUGAR}


def side(text: str) -> SideName | None:
    return None if text == "-" else SideName(text)


def winners() -> dict[tuple[ConflictRule, SideName | None], SideName | None]:
    rows = [line.split() for line in WINNERS.split("\n") if line]
    return {(ConflictRule(rule), side(newer)): side(wins) for rule, newer, wins in rows}


def verdicts() -> dict[tuple[Drift, bool, bool], str]:
    rows = [line.split(maxsplit=2) for line in TABLE.split("\n") if line]
    return {(Drift(drift), "s" in way, "g" in way): verdict for drift, way, verdict in rows}


def test_the_tables_leave_nothing_out() -> None:
    sides = (None, SUGAR, GOOGLE)
    assert set(verdicts()) == set(product(Drift, (False, True), (False, True)))
    assert set(winners()) == set(product(ConflictRule, sides))


@pytest.mark.parametrize(("rule", "newer"), list(winners()))
def test_who_wins_a_conflict(rule: ConflictRule, newer: SideName | None) -> None:
    assert winner(rule, newer=newer) is winners()[rule, newer]


@pytest.mark.parametrize(("drift", "to_sugar", "to_google"), list(verdicts()))
def test_the_verdict(drift: Drift, to_sugar: bool, to_google: bool) -> None:
    row = verdicts()[drift, to_sugar, to_google]
    for (rule, newer), wins in winners().items():
        expected = BY_WINNER[wins] if row == "rule" else Verdict(row)
        found = winner(rule, newer=newer)
        assert decide(drift, to_sugar=to_sugar, to_google=to_google, wins=found) is expected, (rule, newer)


def test_only_two_verdicts_write() -> None:
    assert {verdict: verdict.target for verdict in Verdict} == {
        Verdict.KEEP: None,
        Verdict.TO_SUGAR: SUGAR,
        Verdict.TO_GOOGLE: GOOGLE,
        Verdict.HELD: None,
        Verdict.ASK: None,
        Verdict.LOOP: None,
        Verdict.APART: None,
    }
