"""The cases of a story, and what each of them comes to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from tests.prove.sweep.outcome import Differences, Outcome, differences, outcome
from tests.prove.sweep.play import Played, Step, Watch, fixed_point, land, play, rest
from tests.prove.sweep.story import Stage, Story, stage
from tests.prove.sweep.windows import window

PAUSES = {"short": 310.0, "long": 1300.0}
"""Seconds: beyond the lease; beyond the quiet period as well."""


class Mode(StrEnum):
    """See the package."""

    PLAIN = "plain"
    LATE = "late"
    AFTER = "after"


@dataclass(frozen=True)
class Case:
    """One crash, or two."""

    story: str
    step: int
    """From 1."""
    mode: Mode = Mode.PLAIN
    pause: str = "short"
    again: int = 0
    """The step of the recovery at which it crashes once more; 0 for never."""

    @property
    def command(self) -> str:
        """What plays this case alone."""
        text = f"--scenario {slug(self.story)} --step {self.step} --mode {self.mode} --pause {self.pause}"
        return f'make prove ARGS="sweep {text}{f" --again {self.again}" if self.again else ""}"'


@dataclass(frozen=True)
class Undisturbed:
    """A story without a crash."""

    steps: Sequence[Step]
    outcome: Outcome


@dataclass
class Swept:
    """What the cases of a story came to."""

    story: str
    steps: int = 0
    runs: int = 0
    windows: Counter[str] = field(default_factory=Counter)
    """How often another outcome was accepted, by window."""
    wrong: list[str] = field(default_factory=list)


class Wrong(AssertionError):
    """A case ended otherwise than its story; the message says how, and how to see it again."""


def slug(name: str) -> str:
    """A story's name on a command line."""
    return re.sub(r"\W+", "-", name)


# -- one case ----------------------------------------------------------------------------------------


def undisturbed(stage: Stage, watch: Watch | None = None) -> Undisturbed:
    """Plays the story as it is.

    Args:
        watch: to be told of the steps.
    """
    stage.restore()
    watch = watch or Watch(stage)
    play(stage, [watch], 0.0)
    rest(stage, Played())
    found = outcome(stage)
    fixed_point(stage)
    assert outcome(stage) == found, "\n".join(_told(differences(found, outcome(stage))))
    return Undisturbed(watch.seen, found)


def crash(stage: Stage, case: Case, expected: Undisturbed) -> str | None:
    """Plays one case.

    Returns:
        The window through which another outcome had to be accepted, or ``None``.

    Raises:
        Wrong: it ended otherwise.
    """
    stage.restore()
    first = Watch(stage, crash_at=case.step, late=case.mode is not Mode.PLAIN)
    watches = [first, Watch(stage, crash_at=case.again)] if case.again else [first]
    step = expected.steps[case.step - 1]
    try:
        played = play(stage, watches, PAUSES[case.pause], late=case.mode is Mode.LATE)
        assert played.crashes == len(watches), f"{played.crashes} crashes"
        assert first.seen == expected.steps[: case.step], "it took another way before the crash"
        rest(stage, played)
        if case.mode is Mode.AFTER:
            assert land(stage) == 1
            rest(stage, played)
        found = outcome(stage)
        differs = differences(expected.outcome, found)
        through = window(case.mode, case.pause, first.seen, played, expected.outcome, differs)
        assert through or not differs, "\n".join(("another outcome", *_told(differs)))
        assert through or not played.signed_in_again, "the session at Sugar was lost"
        fixed_point(stage)
        assert outcome(stage) == found, "\n".join(_told(differences(found, outcome(stage))))
    except AssertionError as error:
        what = f"{case.story}: crash {step} (step {case.step}, {case.mode}, {case.pause} pause)"
        raise Wrong(f"{what}: {error}\n  {case.command}") from error
    return through


def _told(differs: Differences) -> Iterator[str]:
    for part, (missing, more) in differs.items():
        yield from (f"  {part} lacks {line}" for line in missing)
        yield from (f"  {part} has   {line}" for line in more)


# -- all cases ---------------------------------------------------------------------------------------


def cases(story: str, steps: Sequence[Step]) -> Iterator[Case]:
    """Every step for a plain crash, every write's way for one that lands late."""
    for mode in Mode:
        for pause in PAUSES:
            for n, step in enumerate(steps, 1):
                if mode is Mode.PLAIN or (step.when == "after" and step.writes):
                    yield Case(story, n, mode, pause)


def twice(stage: Stage, expected: Undisturbed) -> Iterator[Case]:
    """Two crashes: where the first one leaves something new behind, and at every place of the recovery.

    What lies between two of the steps left out leaves the world as the step before it does.
    """
    for n, step in enumerate(expected.steps, 1):
        if step.when == "before" or not (step.writes or step.what == "commit"):
            continue
        for pause in PAUSES:
            for m, later in enumerate(_recovery(stage, n, pause), 1):
                if later.when == "before" or later.writes:
                    yield Case(stage.story.name, n, pause=pause, again=m)


def _recovery(stage: Stage, step: int, pause: str) -> Sequence[Step]:
    """The steps of the run after a crash."""
    stage.restore()
    after = Watch(stage)
    play(stage, [Watch(stage, crash_at=step), after], PAUSES[pause])
    return after.seen


def sweep(story: Story, *, sample: int = 1, offset: int = 0, double: bool = False) -> Swept:
    """Plays the cases of a story, and never raises for what comes of them.

    Args:
        sample: every so many cases.
        offset: of the first one.
        double: crash twice.
    """
    with stage(story) as made:
        expected = undisturbed(made)
        swept = Swept(story.name, len(expected.steps))
        all_cases: Iterable[Case] = twice(made, expected) if double else cases(story.name, expected.steps)
        for case in islice(all_cases, offset % sample, None, sample):
            swept.runs += 1
            try:
                through = crash(made, case, expected)
            except Wrong as error:
                swept.wrong.append(str(error))
            else:
                swept.windows.update([through] if through else [])
    return swept
