"""One story: a world, its user, and what has happened so far."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.names import SideName
from tests import older
from tests.prove.machine.fields import Json, tag_of
from tests.prove.machine.memory import Act, Memory
from tests.prove.machine.sent import Flight, is_token, is_write
from tests.prove.machine.tally import TALLY
from tests.prove.machine.watched import WatchedStore
from tests.prove.machine.windows import GIVES_UP, Claim, Violation, Window
from tests.simulators.wire import Call, Wire
from tests.world import User, World


class Story:
    """What deeds, runs and the oracle share."""

    def __init__(self, world: World, store: WatchedStore, user: User, colleague: User | None, other: str) -> None:
        """
        Args:
            colleague: another user of the product on the same Sugar.
            other: another Sugar user's id (the colleague's, if there is one).
        """
        self.world = world
        self.store = store
        self.user = user
        self.colleague = colleague
        self.other = other
        self.memory = Memory()
        self.log: list[str] = []
        self.flights: list[Flight] = []
        """Requests that the caller has given up and that have not landed yet."""
        self.lost_sign_in = False
        """A crash or a lost answer may have cost the pair of tokens that Sugar had just given out."""
        self.signed_out = False
        """Sugar has ended the session; the user has to sign in."""
        self.colleagues_own = 0
        """Changes in the colleague's Google contacts that the colleague has made there; also during a run."""
        self.others_at_work = False
        """Another worker runs in between."""
        self.deletes_allowed: set[SideName] = set()
        """Sides whose deletions have ever been allowed to go over to the other one."""
        self._accounted: set[tuple[bool, int]] = set()
        self._tokens = 0
        self._numbers = 0

    # -- telling -------------------------------------------------------------------------------------

    def say(self, *parts: object) -> None:
        self.log.append(f"[{self.world.clock.now():%d %H:%M:%S}] " + " ".join(str(part) for part in parts))

    def serial(self) -> int:
        """A number never used before in this story."""
        self._tokens += 1
        return self._tokens

    def number(self) -> int:
        """The next number in the row of acts and runs."""
        self._numbers += 1
        return self._numbers

    def acted(self, side: SideName, record: str, tag: str) -> None:
        self.memory.acts.append(Act(self.number(), side, record, tag, len(self.wire(side).log)))

    # -- looking -------------------------------------------------------------------------------------

    def records(self, side: SideName) -> dict[str, Json]:
        """All living contacts of a side; also those that the user has lost sight of."""
        if side is SideName.SUGAR:
            return self.world.sugar.contacts(user=self.user.sugar_user)
        return {person["resourceName"]: person for person in self.user.account.people()}

    @property
    def hidden(self) -> set[str]:
        """Sugar contacts that the user cannot see any more."""
        return self.world.sugar.state.hidden[self.user.sugar_user]

    def pick(self, side: SideName, nth: int) -> tuple[str, Json] | None:
        """One of those that the user sees; ``nth`` goes round."""
        seen = {record: native for record, native in self.records(side).items() if record not in self.hidden}
        found = sorted(seen.items(), key=lambda item: (_number(tag_of(side, item[1])), item[0]))
        return found[nth % len(found)] if found else None

    def copies(self, side: SideName, tag: str) -> int:
        return sum(tag_of(side, record) == tag for record in self.records(side).values())

    def linked(self, side: SideName, record: str) -> bool:
        return any(link.id_on(side) == record for link in self.user.links())

    def wire(self, side: SideName) -> Wire:
        return self.world.sugar_wire if side is SideName.SUGAR else self.world.people_wire

    @property
    def wires(self) -> tuple[Wire, Wire]:
        return self.world.sugar_wire, self.world.people_wire

    @property
    def undisturbed(self) -> bool:
        """Nothing happens at the servers but what the next run does."""
        busy = any(wire.waiting or wire.faults or wire.on_call for wire in self.wires)
        return not (busy or self.others_at_work or self.world.sugar.saving)

    def account_for(self, call: Call) -> bool:
        """Whether nobody has accounted for this call yet; now somebody has."""
        new = (older.is_sugar(call.request), call.n) not in self._accounted
        self._accounted.add((older.is_sugar(call.request), call.n))
        return new

    # -- time ----------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Time passes; requests on their way land when they are due."""
        clock = self.world.clock
        until = clock.now() + timedelta(seconds=seconds)
        while dues := [due for wire in self.wires for due in wire.dues if due <= until]:
            clock.advance(max(0.0, (min(dues) - clock.now()).total_seconds()))
            for wire in self.wires:
                wire.land_due()
            self.note_landings()
        clock.advance(max(0.0, (until - clock.now()).total_seconds()))
        if self.world.sugar.outlived(self.user.sugar_user):
            self.signed_out = True  # two weeks without a run

    def land(self) -> None:
        """Whatever is on its way lands now."""
        for wire in self.wires:
            wire.land()
        self.note_landings()

    def note_landings(self) -> None:
        """Opens the windows of requests that have landed since the last look."""
        for flight in [flight for flight in self.flights if flight.call.effect]:
            self.flights.remove(flight)
            beyond = (self.world.clock.now() - flight.call.at).total_seconds() > self.world.limits.quiet
            TALLY.landed_late += 1
            TALLY.landed_beyond += beyond
            self.say("landed:", flight.call.name, "beyond the quiet period" if beyond else "")
            for write in flight.writes:
                if write.op == "create" and write.side is SideName.SUGAR and beyond:
                    self.open(write.tag, Window.LATE_CREATE)
            self.note_races(flight)

    def note_races(self, flight: Flight) -> None:
        """Opens the windows of writes that no version guards and that met an edit made since their run began, or one
        that nobody could see yet."""
        for write in flight.writes:
            if write.guarded:
                continue
            for act in self.memory.acts:
                if (act.side, act.record) != (write.side, write.record):
                    continue
                if write.op == "delete" and self._saving(act, flight.call.at):
                    self.open(act.tag, Window.SLOW_SAVE)
                elif act.number < flight.began:
                    continue
                elif write.op == "update":
                    self.open(act.tag, Window.UPDATE)
                elif not self._read_between(act, flight):
                    self.open(act.tag, Window.DELETE)

    def _saving(self, act: Act, at: datetime) -> bool:
        """Whether a save of this record had not ended yet."""
        ends = [end for (record, _), end in self.memory.saving.items() if record == act.record]
        return act.side is SideName.SUGAR and any(end > at for end in ends)

    def _read_between(self, act: Act, flight: Flight) -> bool:
        """Whether the side was read after the act and before the call: what a delete is to be preceded by."""
        calls = self.wire(act.side).log[act.calls : flight.call.n - 1]
        return any(not is_write(call.request) and not is_token(call.request) for call in calls)

    # -- claims --------------------------------------------------------------------------------------

    def open(self, tag: str, window: Window) -> None:
        self.memory.windows[tag].add(window)
        self.say("window for", tag, window.name)

    def claim(self, holds: Any, claim: Claim, what: str, tag: str | None = None) -> None:
        """States that something holds.

        Raises:
            Violation: it does not, and no window is open through which that could come about.
        """
        TALLY.claims += 1
        if holds or tag in self.memory.unclear:
            return
        for window in self.memory.windows.get(tag, ()) if tag is not None else ():
            if claim in GIVES_UP[window]:
                TALLY.windows[window.name] += 1
                self.say("given up:", claim, what, "by", window.name)
                self.memory.lose_track([tag or ""])
                return
        raise Violation(claim, what)


def _number(tag: str) -> tuple[str, int]:
    return (tag[:2], int(tag[2:-1])) if tag else ("", 0)
