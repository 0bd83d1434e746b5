"""One case, and what spoils the answers that it is about."""

from __future__ import annotations

from dataclasses import dataclass

from tests.prove.hostile.answer import Honest, Mutator
from tests.prove.hostile.calls import kind_of
from tests.simulators.wire import Fault, Reply, Request, Wire
from tests.world import World


@dataclass(frozen=True)
class Case:
    """Which answer is spoilt how."""

    scene: str
    mutator: Mutator
    call: int
    """Of the run, both sides' calls counted together, from 1."""
    always: bool = False
    """Not only this call: every call of its kind, from here on, for some runs."""
    seed: int | None = None
    """Of a mixture at random."""

    def command(self) -> str:
        """What repeats it."""
        if self.seed is not None:
            what = f"{self.mutator.name} at call {self.call} of {self.scene}"
            return f'make prove ARGS="hostile --seed {self.seed} --examples 1"  # {what}'
        more = " --always" if self.always else ""
        name = self.mutator.name.replace("'", "'\\''")
        return f"""make prove ARGS="hostile --mutator '{name}' --scenario '{self.scene}' --call {self.call}{more}\""""


class Spoiler:
    """Sees every answer of both wires, and spoils those that it is told to."""

    def __init__(self, w: World, case: Case | None = None) -> None:
        self.answers: list[Honest] = []
        self.spoilt = 0
        self.hidden: list[tuple[str, str]] = []
        """Honest and hostile text of every answer that was spoilt."""
        self._case = case
        self._calls = 0
        self._kind = ""
        self._wires = (w.sugar_wire, w.people_wire)
        self._faults: list[tuple[Wire, Fault]] = []
        for wire in self._wires:
            if case is not None and not case.mutator.effect:
                self._add(wire, Fault("status", times=None, matches=self._refuses))
            else:
                self._add(wire, Fault("garble", times=None, garble=self._garble))

    def kept_back(self, value: str) -> bool:
        """Whether an honest answer would have shown the value, and the hostile one did not."""
        return any(value in honest and value not in hostile for honest, hostile in self.hidden)

    def _add(self, wire: Wire, fault: Fault) -> None:
        wire.faults.append(fault)
        self._faults.append((wire, fault))

    def off(self) -> None:
        for wire, _ in self._faults:
            wire.heal()

    def _wanted(self, request: Request) -> bool:
        """Whether this call, which is counted, is one to spoil."""
        self._calls += 1
        if self._case is None:
            return False
        kind = kind_of(request)
        if self._calls == self._case.call:
            self._kind = kind
            return True
        return self._case.always and kind == self._kind

    def _garble(self, request: Request, reply: Reply) -> Reply:
        honest = Honest(kind_of(request), request, reply)
        self.answers.append(honest)
        if not self._wanted(request) or self._case is None:
            return reply
        made = self._case.mutator.change(honest)
        if made is None:
            return reply
        self.spoilt += 1
        self.hidden.append((_text(reply), _text(made)))
        return made

    def _refuses(self, request: Request) -> bool:
        if not self._wanted(request) or self._case is None:
            return False
        fault = next(fault for wire, fault in self._faults if fault.matches is not None and _serves(wire, request))
        fault.reply = self._case.mutator.change(Honest(kind_of(request), request, Reply()))
        self.spoilt += fault.reply is not None
        return fault.reply is not None


def _text(reply: Reply) -> str:
    return reply.encoded().decode("utf-8", "replace")


def _serves(wire: Wire, request: Request) -> bool:
    return wire.url.endswith(request.headers.get("host", ""))
