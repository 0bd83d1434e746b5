"""How often a write is tried at which the server fails."""

from __future__ import annotations

from shared.side import NotSent, Outcome, Refused

MOST_TRIES = 5
"""Over half an hour, as runs in trouble wait longer and longer (:class:`~shared.sync.limits.Limits`)."""


def at_last(outcome: Outcome, tries: int) -> Outcome:
    """What the answer comes to, after so many tries before.

    Where a server fails at the only contact there is to write, it may fail with all of them at the moment. One that it
    fails at again and again would be tried for ever, and hold up whoever comes after it in every single run.
    """
    if isinstance(outcome, NotSent) and outcome.suspect is not None and tries >= MOST_TRIES:
        return Refused(outcome.suspect)
    return outcome
