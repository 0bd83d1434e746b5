"""Which cases there are: every mutator at every call, or at every kind of call once, or some by a seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.prove.hostile import lists, nodes, wires
from tests.prove.hostile.answer import Honest, Hope, Mutator
from tests.prove.hostile.bodies import changed, shape
from tests.prove.hostile.bodies import nodes as nodes_of
from tests.prove.hostile.calls import FEEDS, READS, SEARCHES, WRITES
from tests.prove.hostile.case import Wrong, run, undisturbed
from tests.prove.hostile.scenes import SCENES
from tests.prove.hostile.spoil import Case
from tests.simulators.wire import Reply

WHOLE: dict[str, Mutator] = {each.name: each for each in (*wires.CATALOGUE, *lists.CATALOGUE)}
"""The catalogue of what is done to whole answers, by name."""


@dataclass
class Tally:
    """How far it got."""

    cases: int = 0
    spoilt: int = 0
    """Answers."""
    failed: list[str] = field(default_factory=list)
    mutators: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.spoilt += other.spoilt
        self.failed += other.failed
        self.mutators |= other.mutators
        self.kinds |= other.kinds


def named(name: str) -> Mutator:
    """A mutator by the name that commands show.

    Raises:
        KeyError: there is none.
    """
    if name in WHOLE:
        return WHOLE[name]
    for operation in sorted(nodes.OPERATIONS, key=len, reverse=True):
        if name.startswith(f"{operation} "):
            where = name.removeprefix(f"{operation} ")
            return nodes.mutator(operation, where.removesuffix(" once"), every=not where.endswith(" once"))
    raise KeyError(name)


def every(scenes: Iterable[str] = SCENES) -> Iterator[Case]:
    """Every mutator at every call of these scenes, once and for a while."""
    for scene in scenes:
        for call, answer in enumerate(undisturbed(scene).answers, 1):
            for mutator in (*WHOLE.values(), *nodes.all_of(answer)):
                if mutator.change(answer) is not None:
                    yield Case(scene, mutator, call)
                    yield Case(scene, mutator, call, always=True)


def each_kind(*, whole: bool = True, inside: bool = True) -> Iterator[Case]:
    """Every mutator at every kind of call, at the first one in any scene to which it can be applied.

    Args:
        whole: those of whole answers.
        inside: those of single nodes.
    """
    seen: set[tuple[str, str]] = set()
    for scene in SCENES:
        for call, answer in enumerate(undisturbed(scene).answers, 1):
            mutators = (*(WHOLE.values() if whole else ()), *(nodes.all_of(answer) if inside else ()))
            for mutator in mutators:
                if (answer.kind, mutator.name) in seen or mutator.change(answer) is None:
                    continue
                seen.add((answer.kind, mutator.name))
                yield Case(scene, mutator, call, always=len(seen) % 3 == 0)


_GROUPS = (FEEDS, READS | SEARCHES, WRITES)


def each_group(random: Random) -> Iterator[Case]:
    """Every mutator of whole answers, and every operation on nodes, once in each group of kinds: feeds, reads and
    searches, writes, and all others."""
    groups: dict[int, list[tuple[str, int]]] = {}
    for scene in SCENES:
        for call, answer in enumerate(undisturbed(scene).answers, 1):
            group = next((n for n, kinds in enumerate(_GROUPS) if answer.kind in kinds), -1)
            groups.setdefault(group, []).append((scene, call))
    for places in groups.values():
        for what in (*WHOLE, *nodes.OPERATIONS):
            random.shuffle(places)
            found = (case for scene, call in places if (case := _applied(what, scene, call, random)) is not None)
            if case := next(found, None):
                yield case


def _applied(what: str, scene: str, call: int, random: Random) -> Case | None:
    """This mutator, or this operation at some node, at that call; ``None`` if there is nothing to be done to it."""
    answer = undisturbed(scene).answers[call - 1]
    mutator = WHOLE.get(what)
    if mutator is None:
        places = list(nodes.shapes(answer))
        if not places:
            return None
        mutator = nodes.mutator(what, random.choice(places))
    applies = mutator.change(answer) is not None
    return Case(scene, mutator, call, always=random.random() < 0.3) if applies else None


def at_random(seed: int) -> Case:
    """One to three nodes of one answer, each spoilt in one way."""
    random = Random(seed)  # noqa: S311 - picks what to spoil
    while True:
        scene = random.choice(list(SCENES))
        call = random.randrange(len(undisturbed(scene).answers)) + 1
        answer = undisturbed(scene).answers[call - 1]
        mutator = _mixture(answer, random)
        if mutator is not None:
            return Case(scene, mutator, call, random.random() < 0.3, seed=seed)


def _mixture(answer: Honest, random: Random) -> Mutator | None:
    try:
        paths = [path for path, _ in nodes_of(answer.json)]
    except ValueError:
        return None  # no JSON
    if not paths:
        return None
    chosen = [(random.choice(list(nodes.OPERATIONS)), random.choice(paths)) for _ in range(random.randint(1, 3))]
    hope = _least([nodes.expected(answer.kind, operation, shape(path)) for operation, path in chosen])

    def change(honest: Honest) -> Reply | None:
        body = honest.json
        for operation, path in chosen:
            body = changed(body, [path], nodes.OPERATIONS[operation])
        return None if body == honest.json else honest.with_body(body)

    what = ", ".join(f"{operation} {'.'.join(map(str, path))}" for operation, path in chosen)
    return Mutator(what, change, lambda _: hope) if change(answer) is not None else None


def _least(hopes: list[Hope]) -> Hope:
    """What may be hoped for when all of it happens at once."""
    return Hope(
        same=all(hope.same for hope in hopes),
        asks=any(hope.asks for hope in hopes),
        blanks=any(hope.blanks for hope in hopes),
        deletes=any(hope.deletes for hope in hopes),
        copies=any(hope.copies for hope in hopes),
        blind=any(hope.blind for hope in hopes),
        days=max(hope.days for hope in hopes),
    )


def play(cases: Iterable[Case], tally: Tally) -> None:
    """Runs these; what fails is told by the tally."""
    for case in cases:
        tally.cases += 1
        tally.mutators.add(case.mutator.name)
        tally.kinds.add(undisturbed(case.scene).answers[case.call - 1].kind)
        try:
            tally.spoilt += run(case)
        except Wrong as wrong:
            tally.failed.append(str(wrong))
