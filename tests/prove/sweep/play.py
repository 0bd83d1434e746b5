"""Playing a story with a crash in it, and letting its world come to rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.sync.report import Status
from tests.prove.sweep.road import Sent
from tests.prove.sweep.story import Stage
from tests.sync.crashes import Crash
from tests.world import User

SESSION_ENDED = "sign in to Sugar again"
_PAUSES = (120.0, 300.0, 600.0)
"""Between runs on the way to rest; the last one again and again."""
_MOST = 60
PATIENCE = 130.0
"""Seconds until a run that met trouble is made again."""


@dataclass(frozen=True)
class Step:
    """One place where a run may stop."""

    when: str
    """``before`` or ``after``."""
    what: str
    """``commit``, or what is called."""
    writes: bool = False
    """A call that changes what the other end holds."""

    def __str__(self) -> str:
        return f"{self.when} {self.what}"


@dataclass
class Watch:
    """Counts the steps of runs and crashes at one of them."""

    stage: Stage
    crash_at: int = 0
    """Counted from 1; 0 for never."""
    late: bool = False
    """The call at which it crashes lands when the wire is told so."""
    on_step: Callable[[Step], None] = lambda _: None
    seen: list[Step] = field(default_factory=list)

    def on(self) -> None:
        self.stage.world.store.on_step = self._commit
        self.stage.road.on_call = self._call

    def off(self) -> None:
        self.stage.world.store.on_step = lambda _: None
        self.stage.road.on_call = lambda _, __: None

    def _commit(self, name: str) -> None:
        when, what = name.split()
        self._step(Step(when, what))

    def _call(self, when: str, sent: Sent) -> None:
        if self.late and when == "before" and len(self.seen) + 2 == self.crash_at:
            wires = {"sugar": self.stage.world.sugar_wire, "google": self.stage.world.people_wire}
            wires[sent.side].fault("late")
        self._step(Step(when, " + ".join(sent.kinds), sent.writes))

    def _step(self, step: Step) -> None:
        if len(self.seen) == self.crash_at > 0:
            raise Crash("it is gone: nothing that the unwinding of the stack wants to do happens any more")
        self.seen.append(step)
        self.on_step(step)
        if len(self.seen) == self.crash_at:
            raise Crash(str(step))


@dataclass
class Played:
    """How a play went, up to its rest."""

    crashes: int = 0
    signed_in_again: int = 0


def play(stage: Stage, watches: Sequence[Watch], pause: float, *, late: bool = False, patient: bool = False) -> Played:
    """All acts of the story. Every watch may crash once, the next one takes over when the world has paused.

    Args:
        late: what is on its way lands at the end of a pause.
        patient: a run that meets trouble is made again before people do anything further.
    """
    played = Played()
    coming = iter(watches)
    watch = next(coming, None)
    for act in stage.story.acts:
        stage.world.clock.advance(act.pause)
        act.people(stage.world, stage.users)
        while True:
            if watch is not None:
                watch.on()
            try:
                report = act.run(stage.users)
            except Crash:
                played.crashes += 1
            else:
                if patient and report.status is not Status.DONE:
                    stage.world.clock.advance(PATIENCE)
                    act.run(stage.users)
                break
            finally:
                if watch is not None:
                    watch.off()
            stage.world.clock.advance(pause)
            if late:
                land(stage)
            for other in stage.users:
                if other is not stage.users[act.who]:
                    other.run()  # the others do not wait
            watch = next(coming, None)
            if act.preview:
                break
    return played


def land(stage: Stage) -> int:
    """What is still on its way arrives; how many requests."""
    return stage.world.sugar_wire.land() + stage.world.people_wire.land()


def rest(stage: Stage, played: Played) -> None:
    """Lets time pass and everybody sync until nothing happens any more."""
    quiet = 0
    for n in range(_MOST):
        stage.world.clock.advance(_PAUSES[min(n, len(_PAUSES) - 1)])
        busy = [_runs(user, played) for user in stage.users]
        quiet = 0 if any(busy) else quiet + 1
        if quiet == 2:
            return
    told = [(user.uid, user.head().queue, user.head().open) for user in stage.users]
    raise AssertionError(f"no rest after {_MOST} runs: {told}")


def _runs(user: User, played: Played) -> bool:
    """One run; whether anything happened or is still to come."""
    report = user.run()
    if report.status is Status.BLOCKED and SESSION_ENDED in report.message:
        user.sign_in_again()
        played.signed_in_again += 1
        return True
    assert report.status in (Status.DONE, Status.LATER), report
    head = user.head()
    return report.status is not Status.DONE or bool(report.writes or report.remaining or head.open or head.order)


def fixed_point(stage: Stage) -> None:
    """Two more runs of everybody write nothing and tell nothing."""
    for user in stage.users:
        rows = len(user.history())
        for _ in range(2):
            stage.world.clock.advance(400)
            report = user.run()
            assert report.status is Status.DONE, report
            assert report.writes == 0, report
        assert len(user.history()) == rows, "history grew at rest"
