"""What was removed within a day, and whether much more seems to go at once: what the guard goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from shared.clock import Clock
from shared.names import SideName
from shared.sync.batch import Batch
from shared.sync.head import Head
from shared.sync.link import lives
from shared.sync.links import Links
from shared.sync.observe import Observer
from shared.sync.order.errand import Errand
from shared.sync.plan.guard import Weather
from shared.sync.queue import Queue
from shared.sync.recovered import Recovered
from shared.sync.settle import Settled

_DAY = timedelta(days=1)
_FEW = 20
"""Below so many links "all changed at once" means nothing."""


class Removals:
    """The removals of one pair, as one run sees and adds to them."""

    def __init__(self, head: Head, links: Links, queue: Queue, clock: Clock) -> None:
        self._head = head
        self._links = links
        self._queue = queue
        self._clock = clock

    def watch(self, observer: Observer) -> None:
        """Everything changed at once, or a side reads empty: deletes and clearings wait for a person, for a day."""
        head = self._head
        if observer.emptied or any(self._flooded(side, changed) for side, changed in observer.changed.items()):
            head.alarm_until = (self._clock.now() + _DAY).isoformat()

    def _flooded(self, side: SideName, changed: Mapping[str, str]) -> bool:
        """Whether every linked contact of a side shows another version than the one its link reflects.

        A feed repeats itself, so keys alone say little; their versions are only compared where there are enough keys.
        """
        links = self._head.links
        if links < _FEW or len(changed) < links:
            return False
        known = self._links.of(side, changed)
        moved = [link for record, link in known.items() if link.versions.get(side) != changed[record]]
        return sum(lives(link) for link in moved) >= links

    def weather(self, batch: Batch, recovered: Recovered, errand: Errand) -> Weather:
        """What the guard goes by."""
        head = self._head
        now = self._clock.now()
        head.removals = [item for item in head.removals if item[0] > (now - _DAY).isoformat()]
        done = recovered.removed + recovered.in_doubt + errand.removes
        for _, kind, count in head.removals:
            done[kind] += count
        mine = sum(key.deleted for key in batch.all_keys)
        pending = max(0, self._queue.deletions() - mine)
        return Weather(
            links=head.links,
            done=done,
            pending=max(0, pending - errand.judged(self._queue, batch)) if pending else 0,
            alarm=head.alarm_until is not None and head.alarm_until > now.isoformat(),
        )

    def count(self, settled: Sequence[Settled], wanted: Mapping[str, Collection[str]], recovered: Recovered) -> None:
        """What this run removed or held, for the rolling day: each once, however often it had to be tried.

        With the last part of T2: what is still open, or is tried again, counts when that is settled.
        """
        removed = Counter(recovered.removed)
        for out in settled:
            if not out.doubt and out.again is None:
                removed.update(wanted[out.decision.subject.key])
        now = self._clock.now().isoformat()
        self._head.removals += [(now, kind, count) for kind, count in removed.items()]
