"""Edit loops: a field that keeps swinging between two values, because somebody keeps changing it back.

Colleagues who share a Sugar contact each sync it with a Google of their own. Where two of them (or another program on
one side) insist on different values, each run of each would write for ever::

    Sugar    X ────────▶ Y ────────▶ X ────────▶ Y        by a colleague
    Google      ──▶ X ──────▶ Y ──────▶ X ──────▶ Y       by its user: every time undone, every time written again
                                              └─ the third time within a day: a person is asked, the field waits

Told by what the link remembers of our own writes: values alone, as hashes of their normal forms.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from shared.names import SideName
from shared.sync.link import Link

DAY = timedelta(days=1)
TIMES = 3
"""So often within a day the same value is about to be written to the same side, in between undone to the same other."""


def remember(link: Link, name: str, side: SideName, form: str, now: datetime) -> None:
    """This value, by its normal form, was written to that side."""
    since = (now - DAY).isoformat()
    told = [write for write in link.writes.get(name, ()) if write[0] > since]
    link.writes[name] = [*told, (now.isoformat(), side, _digest(form))][-2 * (TIMES - 1) :]


def swings(link: Link, name: str, side: SideName, form: str, now: str) -> bool:
    """Whether writing this value to that side would be the third time within a day.

    Args:
        now: ISO 8601; blank: it is not known, and nothing is.
    """
    told = link.writes.get(name, ())
    if not now or len(told) < 2 * (TIMES - 1):
        return False
    since = (datetime.fromisoformat(now) - DAY).isoformat()
    values = [(where, digest) for at, where, digest in told if at > since]
    mine, other = values[0::2], values[1::2]
    return (
        len(values) == 2 * (TIMES - 1)
        and set(mine) == {(side, _digest(form))}
        and len(set(other)) == 1
        and other[0][0] is side.other
    )


def _digest(form: str) -> str:
    return hashlib.blake2b(form.encode("utf-8", "replace"), digest_size=6).hexdigest()
