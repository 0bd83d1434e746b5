"""What something in front of Sugar refuses: a web application firewall, a gateway.

It answers without Sugar's label, and for the whole call: a bulk with one contact in it whose text it takes for an
attack, or everything, as it has blocked this service. The first must not hold up the others, the second is no
contact's fault. They are told apart by what goes through *after* a refusal::

    bulk of A B C refused ──▶ A goes through ──▶ B refused alone: it is B (the next one: only if another goes through)
    bulk of A B C refused ──▶ A refused alone ──▶ B goes through: it is A
    50 go through ──▶ the next bulk refused ──▶ D refused alone, E refused alone, ...: it is everybody
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import ProtocolError, Rejected
from shared.names import Op
from shared.side import Done, NotSent, Outcome, Refused, Write
from shared.sugar.failures import Walled
from shared.sugar.outcomes import CALLS

MOST_ALONE = 10
"""So many contacts refused alone, and nothing through in between, before nothing more is tried."""


class Wall:
    """What it does to the writes of one batch."""

    def __init__(self, writes: Sequence[Write], widest: int) -> None:
        self._writes = writes
        self._widest = self._reach = widest
        self._singly = 0
        """Up to this place they go alone: a create is not sent more often than twice."""
        self._apart = False
        """A bulk was refused, and nobody has been blamed for it yet."""
        self._through = False
        """Something went through since."""
        self._alone = False
        """The last one refused was a contact alone."""
        self._open: dict[int, Walled] = {}
        """Refused alone, by place: nothing has gone through since that would tell why."""
        self._blamed: dict[int, Walled] = {}

    def reach(self, place: int) -> int:
        """Writes that may go into the next call, from this place on."""
        return 1 if place < self._singly else self._reach

    @property
    def closed(self) -> bool:
        """It lets nothing through."""
        return len(self._open) >= MOST_ALONE

    def refused(self, first: int, count: int, error: Walled) -> list[Outcome] | None:
        """Takes in that so many writes, from this one on, were refused.

        Returns:
            what came of them for the time being; ``None``: to be sent in smaller parts.
        """
        self._alone = count == 1
        if not self._alone:
            self._apart, self._through = True, False
            self._reach = count // 2
            # Where it is the answer that was held back, not the call, each further part would make them once more.
            if any(write.op is Op.CREATE for write in self._writes[first : first + count]):
                self._singly = first + count
            return None
        self._open[first] = error
        self._reach = 1
        if self._through:
            self._blame()
        return [NotSent(error)]

    def passed(self, found: Sequence[Outcome]) -> None:
        """Takes in what was answered to a call that it let through."""
        if any(isinstance(each, Done) for each in found):
            self._through = self._apart
            if self._alone:
                self._blame()

    def _blame(self) -> None:
        self._blamed |= self._open
        self._open.clear()
        self._reach = self._widest
        # What is refused next may be the first of all: it takes another one that goes through.
        self._apart = self._through = False

    def judged(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes of all writes, now that it is known what went through."""
        judged = list(outcomes)
        for place, error in self._blamed.items():
            judged[place] = Refused(self._no(place, error))
        for place, error in self._open.items():
            # One alone is not everybody; if it goes on and on, somebody is asked about it.
            suspect = self._no(place, error) if len(self._open) == 1 else None
            judged[place] = NotSent(self._trouble(place, error), suspect=suspect)
        return judged

    def _no(self, place: int, error: Walled) -> Rejected:
        return Rejected(
            f"{CALLS[self._writes[place].op]}: something in front of Sugar, such as a web application firewall, does "
            f"not let it through ({error.status}), most likely for this contact's text; have it allowed, or change it"
        )

    def _trouble(self, place: int, error: Walled) -> ProtocolError:
        """For the run's record, which names contacts by id."""
        record = self._writes[place].id
        which = f"contact {record}" if record else "a new contact"
        return ProtocolError(
            error.call, f"something in front of Sugar refuses {which} ({error.status}), and nothing went through since"
        )
