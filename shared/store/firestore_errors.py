"""What Firestore's errors mean: above all, whether a commit may have happened."""

from __future__ import annotations

import re
from collections.abc import Sequence

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from shared.errors import CommitUnknown, Conflict, FatalError, SyncError, Unavailable
from shared.store.port import Change, Create

QUERY = "a query"
"""How a query is named in errors."""
TRANSIENT = (
    api.ServiceUnavailable,
    api.DeadlineExceeded,
    api.InternalServerError,
    api.ResourceExhausted,
    api.Aborted,
    api.Unknown,
    api.Cancelled,
)
"""After these a read may be begun again."""


def commit_error(error: Exception, client: firestore.Client, changes: Sequence[Change]) -> SyncError:
    """Only answers that prove that nothing was written are definite; everything else may have been carried out."""
    guarded = [change.path for change in changes if isinstance(change, Create) or change.version is not None]
    # Every name of a document holds "databases"; "database" elsewhere means that there is none, or not of this kind.
    words = str(error).replace(client._database_string, "")
    match error:
        case api.Aborted():
            return Conflict("a commit lost against another one")
        case api.AlreadyExists() | api.FailedPrecondition() | api.NotFound() if guarded and "database" not in words:
            return Conflict("a precondition of a commit failed", path=_blamed(words, guarded))
        case api.ResourceExhausted():
            return Unavailable(f"Firestore refused a commit for now: {cause_of(error)}")
        case api.ClientError() if not isinstance(error, api.Cancelled):
            return fatal("a commit", error)
        case GoogleAuthError():
            return fatal("a commit", error)
        case _:
            return CommitUnknown(f"Firestore did not say whether a commit happened: {cause_of(error)}")


def _blamed(words: str, guarded: Sequence[str]) -> str | None:
    """The document whose precondition failed: the only guarded one, or the one that the message names."""
    if len(guarded) == 1:
        return guarded[0]
    named = (path for path in guarded if re.search(rf"/{re.escape(path)}(?=$|[\s\"',}}])", words))
    return next(named, None)


def fatal(what: str, error: Exception) -> FatalError:
    match error:
        case api.Forbidden() | api.Unauthorized():
            advice = "the function's service account needs the role roles/datastore.user"
        case api.NotFound():
            advice = "the project has no such database; terraform creates it"
        case api.FailedPrecondition() if what == QUERY:
            advice = "an index is missing; terraform creates it"
        case GoogleAuthError():
            advice = "the credentials of this environment do not work"
        case _:
            advice = "see the detail"
    # What the API says may quote what was asked for, hence only in the detail.
    return FatalError(f"Firestore refused {what} ({cause_of(error)}): {advice}", detail=str(error))


def cause_of(error: Exception) -> str:
    cause = error.cause if isinstance(error, api.RetryError) and error.cause else error
    return type(cause).__name__
