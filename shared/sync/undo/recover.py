"""Recovery of what an undo was to make again.

Its link is stored, and names the record that is gone; so the record that it was copied from plays no part. What is not
found in time is given up, and not sent again from here: the undo's order still waits for it, and sends it with the same
key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.sync.doubts import Doubts
from shared.sync.journal import Intent
from shared.sync.link import Link
from shared.sync.paths import subject_id
from shared.sync.plan.model import Action, Decision, Entry, Subject, Trouble


def sort_remade(
    op: Intent, link: Link | None, doubts: Doubts, found: Sequence[str], alike: Sequence[str], *, over: bool
) -> None:
    """Where such a create belongs.

    Args:
        link: as it is stored.
        found: records that are it, as far as can be told; the one that is gone may still be listed.
        alike: records that may be it.
        over: it cannot land any more.
    """
    if link is None:
        doubts.given_up.append(op)
        return
    fresh = [name for name in found if name != link.id_on(op.side)]
    if len(fresh) == 1:
        bound = link.copy()
        bound.on(op.side, fresh[0])
        doubts.found[link.id] = bound
        doubts.intents.append(op)
    elif not over:
        doubts.remaking.append(op)
    elif fresh or alike:
        doubts.unclear_again[link.id] = (op, tuple(subject_id(op.side, name) for name in (fresh or alike)))
    else:
        doubts.given_up.append(op)


def unclear_again(subject: Subject, doubts: Doubts, closed: list[str]) -> Decision:
    """What may be there again already, and cannot be told for sure: a person has to look."""
    if subject.link is None:
        raise ValueError("only what is linked is made again")
    op, candidates = doubts.unclear_again[subject.link.id]
    closed.append(op.id)
    message = f"it may have been created again in {op.side} already: somebody has to look at the candidates"
    entry = Entry(Trouble.DOUBTFUL_CREATE, message, candidates=candidates)
    return Decision(replace(subject, parked=True), Action.PARK, message, link=subject.link, entries=(entry,))
