"""Every failure, sorted by what the caller does next.

::

    SyncError
    ├── FatalError               stop the run; a person has to act before the next one can succeed
    │   ├── GrantLost            sign in again (revoked, expired, wrong password, session killed)
    │   ├── ScopeMissing         grant again, with contacts ticked
    │   ├── BadAddress           the Sugar address is wrong, unreachable by name, or not a Sugar
    │   ├── BadSettings          a setting or configuration value is out of range
    │   ├── BadPlan              a stored plan that is unknown, expired, finished, or not one for this
    │   └── ProtocolError        an answer that is not what the API promises (HTML, truncated JSON, ...)
    ├── RetriableError           nothing is wrong with any contact; the same again, later
    │   ├── RateLimited          429; wait ``retry_after`` seconds or more
    │   ├── Unavailable          5xx on a read, network trouble, time-outs of reads
    │   ├── OutOfTime            the call would not fit into the lease any more; nothing was sent
    │   ├── CursorExpired        the change feed must start over with a full listing
    │   ├── Conflict             a precondition of a store commit failed; nothing was written
    │   ├── CommitUnknown        a store commit whose outcome is unknown; read the head again
    │   └── LeaseLost            somebody else holds the lease, or a later epoch exists
    ├── ContactError             this contact only: to the backlog, others go on
    │   ├── Rejected             the API refused the contact, in its own words
    │   ├── Forbidden            no right to write this contact
    │   ├── StaleVersion         changed since it was read; stays dirty, is read again (no backlog)
    │   └── Vanished             not there any more; stays dirty, is read again (no backlog)
    └── AmbiguousError           a write may or may not have happened: its intent stays open

Messages name the field or the call and what would be right. They never carry a contact's values,
a token or a password; an API's own words about a contact go into ``detail``, which is stored in the
user's backlog and never logged.
"""

from __future__ import annotations


class SyncError(Exception):
    """Base of the tree. ``message`` is safe to log; ``detail`` is for the user's eyes only."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class FatalError(SyncError):
    """The run stops cleanly; it cannot succeed before somebody has acted."""


class GrantLost(FatalError):
    """The side named in the message does not accept our grant any more."""


class ScopeMissing(FatalError):
    """The grant lives but does not cover contacts."""


class BadAddress(FatalError):
    """The configured address does not lead to the service."""


class BadSettings(FatalError):
    """A value out of range; ``field`` names it, the message says what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class BadPlan(FatalError):
    """A stored plan cannot be used for what was asked; ``field`` names what is wrong with the request.

    ``unknown``: there is none of that name; else it is there, but in no state for it.
    """

    def __init__(self, field: str, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.unknown = unknown


class ProtocolError(FatalError):
    """An answer that cannot be what the API promises; ``call`` names the call.

    Raised for reads only. The same answer to a write is an :class:`AmbiguousError`.
    """

    def __init__(self, call: str, message: str) -> None:
        super().__init__(f"{call}: {message}")
        self.call = call


class RetriableError(SyncError):
    """Later, the same again. Never quarantines a contact by itself."""

    def __init__(self, message: str, *, retry_after: float | None = None, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after
        """Seconds to wait at least, when the other end said so."""


class RateLimited(RetriableError):
    """A quota is used up for now."""


class Unavailable(RetriableError):
    """The other end, or the way to it, is down; for a write: proven that nothing was sent."""


class OutOfTime(RetriableError):
    """Not sent: the call's time-out does not fit inside the lease."""


class CursorExpired(RetriableError):
    """The feed's cursor is no longer accepted: list everything again."""


class Conflict(RetriableError):
    """A commit's precondition did not hold; nothing of it was written. ``path`` if it is known."""

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class CommitUnknown(RetriableError):
    """The store did not say whether the commit happened."""


class LeaseLost(RetriableError):
    """Another worker is (or was) the writer; whatever this one holds in memory is void."""


class ContactError(SyncError):
    """One contact's trouble. ``field`` is a canonical field name where one is to blame."""

    def __init__(self, message: str, *, field: str | None = None, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.field = field


class Rejected(ContactError):
    """The API refused it; ``detail`` holds the API's words."""


class Forbidden(ContactError):
    """The user may not write this contact."""


class StaleVersion(ContactError):
    """The optimistic lock caught a change since the read."""


class Vanished(ContactError):
    """The contact was not there any more."""


class AmbiguousError(SyncError):
    """The outcome of a write is unknown: it may have happened, may yet happen, or never will."""
