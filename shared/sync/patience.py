"""How often a write is tried at which the server fails, and who goes first meanwhile.

A create that the server answers with an error of its own is in doubt: nobody else is created on that side before the
quiet period Q is over. One at which it fails every time would keep all others waiting for ever. So it rests between its
tries, longer and longer; and where others are created and it is not, a person is asked::

    sent ── in doubt, Q ──▶ sent ── Q ──▶ rests Q ──▶ sent ── Q ──▶ rests 3 Q ──▶ sent ── Q ──▶ rests 7 Q ──▶ ...
                                          others are created         others            others
"""

from __future__ import annotations

from datetime import timedelta

from shared.side import NotSent, Outcome, Refused
from shared.sync.journal import Intent

MOST_TRIES = 5
"""Over half an hour, as runs in trouble wait longer and longer (:class:`~shared.sync.limits.Limits`)."""
_MOST_DOUBLINGS = 3
"""Of the time between two tries of a create: 2 hours with a quiet period of 15 minutes."""


def rests(op: Intent, quiet: timedelta) -> timedelta:
    """How long a create that never arrived rests after the quiet period, before it is sent once more: the first time
    not at all."""
    return quiet * ((1 << min(op.tries, _MOST_DOUBLINGS)) - 1)


def hopeless(op: Intent, created_at: str | None) -> bool:
    """Whether a create that never arrived is asked about instead of being sent once more.

    Trouble with everything passes by itself, and nobody is asked about that: it takes others that were created after
    its first try and not after its last. (One that was created along with the first may have come before the trouble,
    one that was created only since, after it.)

    Args:
        created_at: when the last one that was created on that side had been sent.
    """
    between = created_at is not None and (op.first_at or op.sent_at) < created_at <= op.sent_at
    return op.tries + 1 >= MOST_TRIES and between


def at_last(outcome: Outcome, tries: int) -> Outcome:
    """What the answer comes to, after so many tries before.

    Where a server fails at the only contact there is to write, it may fail with all of them at the moment. One that it
    fails at again and again would be tried for ever, and hold up whoever comes after it in every single run.
    """
    if isinstance(outcome, NotSent) and outcome.suspect is not None and tries >= MOST_TRIES:
        return Refused(outcome.suspect)
    return outcome
