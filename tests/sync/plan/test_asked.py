"""Matches that a person has been asked about, and crowds that could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import SideName
from shared.sync.paths import subject_id
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Candidate, Subject, Trouble
from tests.sync.plan.make import SUGAR, env, google, subject, sugar

MAIL = "ann@x.example"


def new(side: SideName, **more: Any) -> tuple[Subject, Candidate]:
    """A new contact, and the one match that it has on the other side."""
    one, two = sugar("s1", MAIL, last_name="Lee"), google("people/g1", MAIL, last_name="Lee")
    here = subject(one, None, key="k1", **more) if side is SUGAR else subject(None, two, key="k1", **more)
    return here, Candidate(side.other, two if side is SUGAR else one, None, parked=True)


@pytest.mark.parametrize("side", list(SideName))
def test_a_quarantined_match_is_not_touched(side: SideName) -> None:
    given, match = new(side)
    [decision] = plan_batch(env(), [given], [match]).decisions
    [asked] = decision.entries
    assert (decision.action, asked.trouble, decision.steps) == (Action.PARK, Trouble.AMBIGUOUS, ())
    assert asked.candidates == (subject_id(match.side, match.record.id),)


@pytest.mark.parametrize("side", list(SideName))
def test_a_release_lets_the_match_go_too(side: SideName) -> None:
    given, match = new(side, released=True)
    [decision] = plan_batch(env(), [given], [match]).decisions
    assert decision.action is Action.LINK


@pytest.mark.parametrize("side", list(SideName))
def test_a_crowd_that_could_not_be_read_is_asked_about(side: SideName) -> None:
    given, _ = new(side, unsure="too many have the same name")
    [decision] = plan_batch(env(), [given], []).decisions
    [asked] = decision.entries
    assert (decision.action, asked.trouble, asked.whole) == (Action.PARK, Trouble.AMBIGUOUS, True)
    assert decision.steps == ()


def test_a_record_that_is_no_unicode_is_weighed_all_the_same() -> None:
    record = google("people/g1", MAIL, last_name="Lee")
    record.native["biographies"] = [{"value": "\ud800" + "x" * 200_000}]
    [decision] = plan_batch(env(), [subject(None, record, key="k1")], []).decisions
    assert decision.entries[0].trouble is Trouble.CANNOT_HOLD


def test_a_match_that_is_in_doubt_itself_is_waited_for() -> None:
    here = subject(sugar("s1", MAIL, last_name="Lee"), None, key="k1")
    twin = subject(None, google("people/g1", MAIL, last_name="Lee"), key="k2", doubt=True)
    decisions = plan_batch(env(), [here, twin], []).decisions
    assert {decision.action for decision in decisions} == {Action.WAIT}
