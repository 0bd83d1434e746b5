"""What is claimed, and the windows that the APIs leave open: where, and how far, a claim is given up.

A window is opened by the story (for one contact, when the very thing has happened that it is about), and it matters
only if a claim about that contact then fails: that is counted, and nothing further is claimed about the contact. A
claim that fails without an open window is a violation.
"""

from __future__ import annotations

from enum import Enum, StrEnum


class Claim(StrEnum):
    """The invariants, by what is said of one that is broken."""

    ESCAPED = "an exception escaped"
    NO_REST = "no rest"
    NOT_FIXED = "no fixed point"
    PING_PONG = "written again and again"
    LOST = "contact lost"
    DOUBLE = "contact doubled"
    RESURRECTED = "contact resurrected"
    FORGOTTEN = "contact forgotten"
    LOST_EDIT = "edit lost"
    DIVERGED = "sides differ"
    CHANGED = "changed by nobody"
    SWITCH = "written though switched off"
    QUARANTINE = "quarantined contact written"
    BATCH = "too many contacts in a run"
    BOOKS = "books do not add up"
    HISTORY = "history is wrong"
    PRIVATE = "private data touched"
    STRANGER = "another user's data touched"
    STALE = "a stale worker wrote"
    PREVIEW = "preview is not what sync does"
    UNDO = "undo does not bring back what was"


class Window(Enum):
    """A row of the table "Windows that the APIs leave open" in ``docs/reliability.md``; the value begins its line."""

    DELETE = "a delete carries no etag"
    SLOW_SAVE = "Sugar is still saving an edit of a contact that is deleted there"
    UPDATE = "Sugar's update may not compare `X-Timestamp`"
    SIGN_IN = "a crash between Sugar's token rotation and our save"
    LATE_CREATE = "a Sugar create that lands more than Q after it was sent"
    UNSEEN_COPY = "a user deletes the copy that we made in Google before the feed has shown its key"
    BOTH_SIDES = "a contact that a user creates on both sides within the feed's delay"
    UNTOLD = "an update in doubt whose contact goes out of the user's sight"


GIVES_UP: dict[Window, frozenset[Claim]] = {
    Window.DELETE: frozenset([Claim.LOST_EDIT, Claim.LOST]),
    Window.SLOW_SAVE: frozenset([Claim.LOST_EDIT]),
    Window.UPDATE: frozenset([Claim.LOST_EDIT, Claim.CHANGED]),
    Window.SIGN_IN: frozenset(),
    Window.LATE_CREATE: frozenset([Claim.DOUBLE, Claim.RESURRECTED]),
    Window.UNSEEN_COPY: frozenset([Claim.RESURRECTED, Claim.DOUBLE]),
    Window.BOTH_SIDES: frozenset([Claim.DOUBLE, Claim.RESURRECTED]),
    Window.UNTOLD: frozenset([Claim.HISTORY]),
}
"""Which claims about a contact a window may cost."""


class Violation(AssertionError):
    """A claim does not hold."""

    def __init__(self, claim: Claim, what: str) -> None:
        super().__init__(f"{claim}: {what}")
        self.claim = claim
