"""One hostile answer, or one kind of call that answers so for a while, and the judgement of what came of it."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from shared.store.port import Doc
from shared.sync.report import Report, Status
from tests.prove.hostile import stage
from tests.prove.hostile.answer import MARK, Honest, Hope
from tests.prove.hostile.spoil import Case, Spoiler
from tests.prove.hostile.watch import Loss, Watch, doubles, google_state, sugar_state
from tests.sync.crashes import Picture, picture
from tests.world import User, World

MOST_CALLS = 60
"""Of one run at these sizes (12 contacts and fewer): the longest undisturbed one makes 20."""
MOST_ENDLESS = 90
"""Where a listing never ends: observing stops after 60 s, which are 60 calls here, and the rest of the run follows."""
LONGEST_WAIT = 3700.0
"""Seconds until a pair that is synced regularly is due again, whatever an answer asks for."""
MOST_RUNS = 60
"""Until the world is at rest."""
RUNS = 3
"""How many runs a kind of call stays hostile, where it does."""

_SECRETS = ("x.org", "650 253", "Senator", "Governor", "Mayor", "Edited", "simulated-password", MARK)


@dataclass
class Undisturbed:
    """A scene without any hostility."""

    answers: list[Honest] = field(default_factory=list)
    """Of the run, in order."""
    picture: Picture = field(default_factory=dict)
    losses: frozenset[Loss] = frozenset()
    """What the run deletes, clears and overwrites, as it should."""
    asked: frozenset[str] = frozenset()
    """The records that somebody is asked about, as he should be."""


class Wrong(AssertionError):
    """A promise is broken; the message says which, and how to see it again."""


@cache
def undisturbed(scene: str) -> Undisturbed:
    """The scene as it goes when all answers are honest."""
    found = Undisturbed()
    w, user = stage.at(scene)
    watch = Watch(w, user)
    spoiler = Spoiler(w)
    user.run()
    found.answers = spoiler.answers
    spoiler.off()
    _news(w, user)
    _rest(user)
    assert not _missing(w, user)
    found.picture, found.losses = picture(w, user), frozenset(watch.losses)
    found.asked = frozenset(record for doc in user.backlog() for record in _records(doc))
    return found


class _Log(logging.Handler):
    """Everything that is logged, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def _logged() -> Iterator[_Log]:
    log, ours = _Log(), logging.getLogger("shared")
    before = ours.level
    ours.addHandler(log)
    ours.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        ours.setLevel(before)
        ours.removeHandler(log)


def run(case: Case) -> int:
    """Runs it; how many answers were spoilt.

    Raises:
        Wrong: a promise is broken.
    """
    honest = undisturbed(case.scene)
    kind = honest.answers[case.call - 1].kind
    w, user = stage.at(case.scene)
    with _logged() as log:
        watch = Watch(w, user)
        spoiler = Spoiler(w, case)
        try:
            for _ in range(RUNS if case.always else 1):
                _one_run(case, user, watch, log)
                w.clock.advance(120)
            spoiler.off()
            if spoiler.spoilt:
                _recovered(case, w, user, honest, case.mutator.hope(kind))
                _judge(case, w, user, watch, spoiler, honest, case.mutator.hope(kind))
        except Wrong:
            raise
        except Exception as error:
            raise Wrong(f"{type(error).__name__}: {error}\n{case.command()}") from error
        return spoiler.spoilt


def _one_run(case: Case, user: User, watch: Watch, log: _Log) -> None:
    began = len(watch.kinds)
    report = user.run()
    _hold(case, report.status in (Status.DONE, Status.LATER, Status.BLOCKED), f"status {report.status}")
    _hold(case, report.status is Status.DONE or len(report.message) > 10, f"says only {report.message!r}")
    calls = len(watch.kinds) - began
    most = MOST_ENDLESS if case.mutator.endless else MOST_CALLS
    _hold(case, calls <= most, f"{calls} calls in a run")
    _due(case, user, report)
    said = "\n".join([json.dumps(report.summary(), default=str), *log.lines])
    shown = [secret for secret in _SECRETS if secret in said]
    _hold(case, not shown, f"messages show {shown}: {report.message} {log.lines}")


def _due(case: Case, user: User, report: Report) -> None:
    """No answer puts a regular sync off for ever."""
    if report.next_due_at is not None:
        wait = (datetime.fromisoformat(report.next_due_at) - user.world.clock.now()).total_seconds()
        _hold(case, wait <= LONGEST_WAIT, f"due in {wait} s")


def _recovered(case: Case, w: World, user: User, honest: Undisturbed, hope: Hope) -> None:
    """Honest answers again: the world comes to rest, and is as it should be."""
    _news(w, user)
    _rest(user, waits=hope.days > 0)
    if hope.asks and _release(user, honest):
        _rest(user, waits=hope.days > 0)
    if not hope.blind:
        _hold(case, not (dead := _missing(w, user)), f"what is added afterwards does not arrive once: {dead}")
    if hope.days:
        w.clock.advance(hope.days * 24 * 3600)
        _rest(user)
        if hope.asks and _release(user, honest):
            _rest(user)
        _hold(case, not (dead := _missing(w, user)), f"what was added afterwards has not arrived once: {dead}")
    if hope.same:
        seen = picture(w, user)
        _hold(case, seen == honest.picture, _difference(seen, honest.picture))


def _release(user: User, honest: Undisturbed) -> bool:
    """Releases what waits because of the hostile answer; whether there is any."""
    entries = [doc.id for doc in user.backlog() if not honest.asked & _records(doc)]
    if entries:
        user.wish(kind="release", entries=entries)
    return bool(entries)


def _records(entry: Doc) -> set[str]:
    return {str(record) for record in entry.data["ids"].values() if record}


def _rest(user: User, *, waits: bool = False) -> None:
    """Lets time pass, and runs until a run has nothing to do and nothing waits.

    Args:
        waits: some may wait for the next whole listing.
    """
    report, signed_in = None, False
    for _ in range(MOST_RUNS):
        user.world.clock.advance(400)
        report = user.run()
        if report.status is Status.BLOCKED and "sign in to Sugar again" in report.message and not signed_in:
            user.sign_in_again()  # as a person has to where the answer to a refresh was lost
            signed_in = True
        left = report.remaining and not (waits and set(report.counts) <= {"wait"})
        if not (report.status is not Status.DONE or report.writes or left or user.head().open):
            return
    raise AssertionError(f"no rest after {MOST_RUNS} runs: {report}")


_NEWS = ("Alivesugar", "Alivegoogle")


def _news(w: World, user: User) -> None:
    """Somebody adds a contact on each side: if both feeds are alive they arrive, long before the next whole listing."""
    w.sugar.add(first_name="Alive", last_name=_NEWS[0], email=["alive@x.org"])
    user.account.add({"names": [{"givenName": "Alive", "familyName": _NEWS[1]}]})


def _missing(w: World, user: User) -> list[str]:
    """Those of the news that are not on both sides, once on each."""
    seen = picture(w, user)
    return [name for name in _NEWS for side in ("sugar", "google") if sum(name in row for row in seen[side]) != 1]


def _judge(case: Case, w: World, user: User, watch: Watch, spoiler: Spoiler, honest: Undisturbed, hope: Hope) -> None:
    harmless = {"overwritten", *(["cleared"] if hope.blanks else []), *(["deleted"] if hope.deletes else [])}
    harm = [loss for loss in watch.losses if loss not in honest.losses and loss.what not in harmless]
    _hold(case, not harm, f"deleted or cleared: {harm}")
    told = json.dumps(user.history(), ensure_ascii=False, default=str)
    untold = [loss for loss in watch.losses if loss.value and not _told(loss.value, told)]
    if not hope.same:
        # History holds what was read: a value that the answer kept back it cannot know.
        untold = [loss for loss in untold if not spoiler.kept_back(loss.value)]
    _hold(case, not untold, f"not in the history: {untold}")
    many = max(watch.doubles if hope.same else 0, doubles(sugar_state(w)), doubles(google_state(user)))
    _hold(case, many == 0 or hope.copies, f"{many} contacts are doubled")


def _told(value: str, told: str) -> bool:
    return json.dumps(value, ensure_ascii=False)[1:-1] in told or value in told.lower() or value.startswith("{")


def _difference(seen: Picture, wanted: Picture) -> str:
    parts = []
    for part in wanted:
        there, should = Counter(map(repr, seen[part])), Counter(map(repr, wanted[part]))
        more, less = sorted((there - should).elements()), sorted((should - there).elements())
        if more or less:
            parts.append(f"{part}: there is {more}, there should be {less}")
    return "the outcome differs: " + "; ".join(parts)


def _hold(case: Case, holds: bool, message: str) -> None:
    if not holds:
        raise Wrong(f"{message}\n{case.command()}")
