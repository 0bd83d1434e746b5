"""One crash for each row of the table in ``docs/reliability.md``, and one contact for each: nothing is lost or doubled.

The whole sweep finds the same and more; these tell at once which promise broke. What recovery does about doubts stands
in ``test_recovery.py``, what lands late in ``test_late.py``, the worker that wakes up late in ``test_engines.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from shared.errors import CommitUnknown
from shared.store.port import Change, Store, Version
from shared.store.sqlite import SqliteStore
from shared.sync.report import Status
from tests.sync.crashes import fixed_point, picture, rest
from tests.sync.moments import LONG, SHORT, STORIES, calm, dies, edited_in_sugar, new_in_sugar, undisturbed
from tests.sync.scenarios import BOTH
from tests.sync.stage import linked, titled
from tests.world import User, World, world

PAUSES = {"short": SHORT, "long": LONG}


def survives(story: str, step: int, pause: float = SHORT) -> None:
    """A crash at this step of the run, and the outcome is that of the undisturbed one."""
    with world() as w:
        user = STORIES[story](w)
        dies(w, user, step)
        w.clock.advance(pause)
        rest(user)
        assert picture(w, user) == calm(story)[1], f"crash at step {step}"
        fixed_point(user)


# -- while observing ---------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("story", ["new_in_sugar", "edited_on_both_sides"])
def test_a_crash_while_observing_forgets_nobody(story: str) -> None:
    for step in range(1, calm(story)[0].planned):
        survives(story, step)


def test_a_run_that_fails_while_observing_forgets_nobody() -> None:
    """One feed's keys and cursor are in memory when the other feed fails."""
    with world() as w:
        user = edited_in_sugar(w)
        w.clock.advance(900)  # beyond what Sugar's feed is asked for twice
        w.people_wire.fault("status", path="connections$")
        assert user.run().status is Status.LATER
        rest(user)
        assert picture(w, user) == calm("edited_in_sugar")[1]
        fixed_point(user)


# -- around the calls --------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES)
def test_a_crash_after_the_plan(story: str) -> None:
    survives(story, calm(story)[0].planned)


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("story", STORIES)
def test_a_crash_after_t1_before_the_call(story: str, pause: str) -> None:
    survives(story, calm(story)[0].on_paper, PAUSES[pause])


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("story", STORIES)
def test_a_crash_after_the_call_before_t2(story: str, pause: str) -> None:
    survives(story, calm(story)[0].answered, PAUSES[pause])


@pytest.mark.parametrize("pause", PAUSES)
def test_a_crash_between_the_writes_to_the_two_sides(pause: str) -> None:
    survives("edited_on_both_sides", calm("edited_on_both_sides")[0].between, PAUSES[pause])


# -- commits without an answer -----------------------------------------------------------------------


class Unanswered:
    """A store that takes one commit of the head without an answer: made, or not."""

    def __init__(self, inner: Store, *, made: bool) -> None:
        self._inner = inner
        self._made = made
        self.heads = 0
        self.lost = -1
        """Which commit of the head gets no answer, counted from 1."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        self.heads += any("/pairs/" in change.path and change.path.count("/") == 3 for change in changes)
        if self.heads != self.lost:
            return self._inner.commit(changes)
        self.lost = -1
        if self._made:
            self._inner.commit(changes)
        raise CommitUnknown("no answer")


@pytest.mark.parametrize("made", [True, False], ids=["made", "not made"])
def test_a_commit_without_an_answer_is_neither_made_twice_nor_forgotten(made: bool, tmp_path: Path) -> None:
    def story(lost: int) -> int:
        inner = SqliteStore(tmp_path / f"{lost}.sqlite")
        store = Unanswered(inner, made=made)
        with world(store=cast(Store, store)) as w:
            user = new_in_sugar(w)
            store.heads, store.lost = 0, lost
            report = user.run()
            commits = store.heads
            assert report.status is Status.DONE, report
            assert user.head().open == [], "nothing is in doubt: the run has found out itself"
            rest(user)
            assert picture(w, user) == calm("new_in_sugar")[1], f"commit {lost}"
        inner.close()
        return commits

    for commit in range(1, story(0) + 1):
        story(commit)


# -- wishes ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_crash_at_any_step_keeps_the_wish() -> None:
    """An answer to a conflict, and another label, each told once by a browser."""

    def asked(w: World) -> User:
        user, link = linked(w, w.user(**BOTH, conflict="ask"))
        w.sugar.edit(link.sugar_id, title="Mathematician")
        user.account.edit(link.google_id, organizations=titled("Enchantress"))
        w.clock.advance(300)
        rest(user)
        user.wish(kind="release", action="keep", answers={"title": "google"})
        user.set(label=user.account.label("Synced"))
        w.clock.advance(300)
        return user

    for step in range(1, undisturbed(asked)[0].steps + 1):
        with world() as w:
            user = asked(w)
            dies(w, user, step)
            w.clock.advance(SHORT)
            rest(user)
            (record,) = w.sugar.contacts().values()
            assert record["title"] == "Enchantress", f"crash at step {step}"
            assert user.backlog() == []
            assert user.head().settings["label"] == user.settings.label
