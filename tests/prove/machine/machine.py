"""The machine: what can happen in a story, each as a rule of hypothesis."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from shared.names import SideName
from shared.store.sqlite import SqliteStore
from shared.sync.limits import Limits
from shared.sync.settings import SugarScope
from tests.prove.machine import draws
from tests.prove.machine.colleague import colleague_runs
from tests.prove.machine.deeds import Deed
from tests.prove.machine.deeds.make import OWN_LABEL, SCOPE_LABEL
from tests.prove.machine.draws import Setup
from tests.prove.machine.events import Choose, Event
from tests.prove.machine.mishaps import Fault, at_call, at_step, crash
from tests.prove.machine.orders import plan_then_carry
from tests.prove.machine.rest import heal, rest
from tests.prove.machine.runs import run
from tests.prove.machine.sent import is_token
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.undoing import undo_and_redo
from tests.prove.machine.views import preview_then_run
from tests.prove.machine.watched import WatchedStore
from tests.prove.machine.workers import oversleep, overtake
from tests.simulators.wire import Request
from tests.world import world

M = TypeVar("M", bound=Callable[..., None])

_MEMORY = next((folder for folder in ("/dev/shm",) if Path(folder).is_dir()), None)  # noqa: S108
"""Where files cost no disk; a story makes many small commits."""
_AFTER_CRASH = st.sampled_from([301.0, 310.0, 1.0, 1300.0])
_STEPS = st.integers(1, 18)
"""Of a run: one with something to do has about so many."""


def told(method: M) -> M:
    """A rule whose story is printed if it ends badly."""

    @wraps(method)
    def rule_told(self: Machine, **drawn: Any) -> None:
        TALLY.steps += 1
        try:
            method(self, **drawn)
        except Exception:
            self.broken = True
            if self.story is not None:
                note("\n".join(self.story.log))
            raise

    return rule_told  # type: ignore[return-value]


class Machine(RuleBasedStateMachine):
    """One example is one story."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.opened: Story | None = None
        self.broken = False
        TALLY.examples += 1

    @property
    def story(self) -> Story:
        assert self.opened is not None
        return self.opened

    # -- beginning and end ---------------------------------------------------------------------------

    @initialize(setup=st.deferred(draws.setups))
    @told
    def begin(self, setup: Setup) -> None:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(dir=_MEMORY))
        inner = SqliteStore(Path(folder) / "documents.sqlite")
        store = WatchedStore(inner)
        extra = ("middle_name", "website") if setup.extra_fields else ()
        made = self.stack.enter_context(
            world(
                store=store,
                crm=draws.crm,
                sugar=setup.sugar,
                people=setup.people,
                extra_fields=extra,
                limits=Limits(batch=setup.batch),
            )
        )
        self.stack.callback(inner.close)
        settings = dict(setup.settings)
        if setup.colleague:
            settings["sugar_scope"] = SugarScope.ASSIGNED
        user = made.user("jane", **settings)
        colleague = None
        if setup.colleague:
            on = {"update": True, "create": True, "delete": True}
            colleague = made.user("bob", from_sugar=on, from_google=on)
        other = colleague.sugar_user if colleague is not None else made.sugar.add_user("bob", "x")
        labels = {}
        if "scope" in setup.labels:
            labels["google_scope"] = user.account.label(SCOPE_LABEL)
        if "written" in setup.labels:
            both = "scope" in setup.labels
            labels["label"] = user.account.label(SCOPE_LABEL if both else OWN_LABEL)
        if labels:
            user.set(**labels)
        self.opened = Story(made, store, user, colleague, other)
        self.story.say(setup)
        for create in setup.cast:
            create.do(self.story)
        self.story.pass_time(400.0)
        if setup.at_rest:
            rest(self.story, pause=60.0, landing=0)

    def teardown(self) -> None:
        try:
            if self.opened is not None and not self.broken:
                self.end()
        finally:
            self.stack.close()

    @told
    def end(self) -> None:
        """At rest everything is checked; and once more with all updates switched on, since nothing may stay behind."""
        rest(self.story, pause=120.0, landing=2)
        user = self.story.user
        if not (user.settings.from_sugar.update and user.settings.from_google.update):
            for name in ("from_sugar", "from_google"):
                Choose(name, {"update": True}).happen(self.story)
            rest(self.story, pause=120.0, landing=0)

    # -- what users do, and what happens around them -------------------------------------------------

    def act(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            TALLY.deeds[type(deed).__name__] += 1
            deed.do(self.story)

    @rule(deeds=draws.bursts(5, 1))
    @told
    def users_act(self, deeds: list[Deed]) -> None:
        self.act(deeds)

    @rule(happening=st.lists(draws.events(), min_size=1, max_size=3))
    @told
    def meanwhile(self, happening: list[Event]) -> None:
        for event in happening:
            TALLY.events[type(event).__name__] += 1
            event.happen(self.story)

    # -- runs ----------------------------------------------------------------------------------------

    def begin_run(self, deeds: list[Deed], pause: float) -> None:
        self.act(deeds)
        self.story.pass_time(pause)

    @rule(deeds=draws.bursts(), times=draws.often(1, 2, times=2), pause=draws.pauses)
    @told
    def syncs(self, deeds: list[Deed], times: int, pause: float) -> None:
        self.act(deeds)
        for _ in range(times):
            self.story.pass_time(pause)
            run(self.story)

    @rule(deeds=draws.bursts(least=1), before=draws.pauses, nth=_STEPS, after=_AFTER_CRASH)
    @told
    def crashes(self, deeds: list[Deed], before: float, nth: int, after: float) -> None:
        self.begin_run(deeds, before)
        with at_step(self.story, nth, crash):
            run(self.story)
        self.story.pass_time(after)

    def stumble(self, deeds: list[Deed], before: float, faults: list[Fault], after: float) -> None:
        self.begin_run(deeds, before)
        for fault in faults:
            fault.arm(self.story)
        run(self.story)
        heal(self.story)
        self.story.pass_time(after)

    @rule(
        deeds=draws.bursts(least=1),
        before=draws.pauses,
        faults=st.lists(draws.faults(at_writes=True), min_size=1, max_size=2),
        after=draws.pauses,
    )
    @told
    def writes_fail(self, deeds: list[Deed], before: float, faults: list[Fault], after: float) -> None:
        self.stumble(deeds, before, faults, after)

    @rule(
        deeds=draws.bursts(least=1),
        before=draws.pauses,
        faults=st.lists(draws.faults(at_writes=False), min_size=1, max_size=2),
        after=draws.pauses,
    )
    @told
    def calls_fail(self, deeds: list[Deed], before: float, faults: list[Fault], after: float) -> None:
        self.stumble(deeds, before, faults, after)

    @rule(
        deeds=draws.bursts(least=1),
        before=draws.pauses,
        kind=st.sampled_from(["answer lost, written", "answer lost, not written", "unavailable", "unreadable"]),
        skip=st.integers(0, 12),
        after=draws.pauses,
    )
    @told
    def store_fails(self, deeds: list[Deed], before: float, kind: Any, skip: int, after: float) -> None:
        self.begin_run(deeds, before)
        self.story.store.fail(kind, skip)
        self.story.say("the store:", kind, "after", skip)
        run(self.story)
        TALLY.faults[f"store: {kind}"] += self.story.store.failed
        heal(self.story)
        self.story.pass_time(after)

    @rule(
        deeds=draws.bursts(least=1),
        before=draws.pauses,
        meanwhile=draws.bursts(2, 1),
        side=draws.sides,
        nth=st.integers(0, 12),
        after=draws.pauses,
    )
    @told
    def users_interfere(
        self, deeds: list[Deed], before: float, meanwhile: list[Deed], side: SideName, nth: int, after: float
    ) -> None:
        """They act while a run is under way."""
        self.begin_run(deeds, before)

        def interfere(request: Request) -> None:
            if is_token(request):
                return
            self.story.say("during", request.method, request.path, "of", side)
            self.story.world.clock.advance(2)
            with self.story.store.aside():
                self.act(meanwhile)
            self.story.world.clock.advance(2)

        with at_call(self.story, side, nth, interfere):
            run(self.story)
        self.story.pass_time(after)

    @rule(deeds=draws.bursts(least=1), before=draws.pauses, nth=_STEPS, asleep=draws.often(True, False, times=2))
    @told
    def two_workers(self, deeds: list[Deed], before: float, nth: int, asleep: bool) -> None:
        """The first one oversleeps its lease in the middle of a run; or the second one comes too early."""
        self.begin_run(deeds, before)
        (oversleep if asleep else overtake)(self.story, nth)

    @rule(deeds=draws.bursts())
    @told
    def previews(self, deeds: list[Deed]) -> None:
        self.act(deeds)
        preview_then_run(self.story)

    @rule(deeds=draws.bursts(least=1), since=draws.bursts(2), before=draws.pauses, pause=draws.pauses)
    @told
    def carries_out_a_plan(self, deeds: list[Deed], since: list[Deed], before: float, pause: float) -> None:
        """Exactly what was shown; people may act between the look and the click."""
        self.begin_run(deeds, before)
        plan_then_carry(self.story, lambda: self.act(since), quiet=not since, pause=pause)

    @rule(deeds=draws.bursts(least=1), before=draws.pauses, nth=_STEPS, after=_AFTER_CRASH)
    @told
    def crashes_in_a_plan(self, deeds: list[Deed], before: float, nth: int, after: float) -> None:
        self.begin_run(deeds, before)
        plan_then_carry(self.story, lambda: None, pause=60.0, crash_at=nth)
        self.story.pass_time(after)

    @precondition(lambda self: self.opened is not None and self.opened.colleague is not None)
    @rule(deeds=draws.bursts(), nth=st.one_of(st.none(), _STEPS))
    @told
    def colleague_syncs(self, deeds: list[Deed], nth: int | None) -> None:
        """By itself, or in the middle of the user's run."""
        self.act(deeds)
        if nth is None:
            colleague_runs(self.story)
            return
        self.story.others_at_work = True
        with at_step(self.story, nth, lambda _: colleague_runs(self.story)):
            run(self.story)
        self.story.others_at_work = False

    @rule(deeds=draws.bursts(least=1), nth=st.integers(0, 60))
    @told
    def undoes(self, deeds: list[Deed], nth: int) -> None:
        """And does it again: afterwards all must be as if nothing had happened."""
        self.act(deeds)
        rest(self.story, pause=60.0, landing=0)
        if self.story.undisturbed:
            undo_and_redo(self.story, nth)

    @rule(pause=st.sampled_from([60.0, 120.0, 301.0]), landing=st.integers(0, 6))
    @told
    def world_rests(self, pause: float, landing: int) -> None:
        rest(self.story, pause=pause, landing=landing)
