"""How often somebody may call: counted in this process's memory.

A further instance counts on its own, so the bound is the rate times the instances. That is enough to slow down somebody
who guesses passwords, and it costs no document: refused calls must be cheap.
"""

from __future__ import annotations

import threading
from collections import deque

from shared.clock import Clock
from shared.web.route import Rate

_MOST = 10_000
"""Callers remembered; with more, those who have been quiet longest are forgotten."""


class Rates:
    """Calls of the last while, by name and caller."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def wait(self, name: str, caller: str, rate: Rate) -> float:
        """Counts one call; 0 if it may go on, else the seconds after which the next one may (it is not counted)."""
        now = self._clock.now().timestamp()
        with self._lock:
            calls = self._calls.pop((name, caller), deque())
            self._calls[name, caller] = calls  # last in order: the longest quiet ones come first
            while len(self._calls) > _MOST:
                del self._calls[next(iter(self._calls))]
            while calls and calls[0] <= now - rate.seconds:
                calls.popleft()
            if len(calls) >= rate.calls:
                return calls[0] + rate.seconds - now
            calls.append(now)
            return 0.0
