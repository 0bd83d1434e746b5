"""What is not confirmed about the API: one field each, with every answer that a client has to survive."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Shows = Literal["tombstone", "previous", "both"]


def _switch(default: T, *others: T) -> T:
    """A field whose first answer is the default; the others are drawn too."""
    chosen: Any = field(default=default, metadata={"choices": (default, *others)})
    return chosen  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Switches:
    """Frozen; make variants with ``dataclasses.replace`` or :meth:`draw`."""

    # -- reading -------------------------------------------------------------------------------------

    feed_delay: float = _switch(10.0, 0.0, 240.0)
    """Seconds until a write reaches sync requests: documented "several minutes", seen 5-15 s."""
    plain_list_lags: bool = _switch(False, True)
    """Whether a list that asks for no sync token lags alike: not said anywhere."""
    expired_token_status: Literal["INVALID_ARGUMENT", "FAILED_PRECONDITION"] = _switch(
        "INVALID_ARGUMENT", "FAILED_PRECONDITION"
    )
    """``status`` beside EXPIRED_SYNC_TOKEN differs between reports."""
    delta_renews_token: bool = _switch(False, True)
    """Tokens expire 7 days after the full sync; whether a delta starts the 7 days anew is not said."""
    paging: Literal["snapshot", "live"] = _switch("snapshot", "live")
    """Whether later pages of a listing show the book as of its first page, or as it is by then."""
    missing_in_batch_get: Literal["status", "status_only", "left_out", "whole_call", "tombstone"] = _switch(
        "status", "status_only", "left_out", "whole_call", "tombstone"
    )
    """What ``people:batchGet`` says of a missing person: an entry with 404 in ``httpStatusCode`` and ``status``, with
    ``status`` alone, no entry, 404 for the whole call, or 200 with the tombstone that the feed shows (of one that
    never lived: as ``status``)."""
    batch_get_shuffled: bool = _switch(False, True)
    """Whether ``responses`` may come in another order than asked."""
    shuffled_fields: bool = _switch(False, True)
    """The items of a field have no guaranteed order: they come back rotated."""
    merge_shows: Shows = _switch("tombstone", "previous", "both")  # noqa: RUF009 -- gives a field, as the others
    """How a merge in the UI shows: the other is deleted and the kept one changed; the kept one has the other among its
    ``previousResourceNames`` and answers for it; or both."""
    renamed_to: Literal["contact", "profile"] = _switch("contact", "profile")
    """What a changed ``resourceName`` looks like: a new ``people/c…``, or ``people/<account id>`` of the profile."""
    rename_tombstone: bool = _switch(False, True)
    """Whether the former name also shows as deleted."""
    restore_keeps_name: bool = _switch(True, False)
    """Whether a contact restored from the trash has its former ``resourceName``."""

    # -- writing -------------------------------------------------------------------------------------

    update_needs_sources: bool = _switch(True, False)
    """The discovery document wants ``metadata.sources`` in an update; public code also sends ``etag`` alone."""
    etag_lag: float = _switch(0.0, 5.0)
    """Seconds after somebody else's change in which an update still meets a stale etag though it was read fresh."""
    unstructured_name_wins: bool = _switch(True, False)
    """What a name is made of when ``unstructuredName`` contradicts the parts sent along with it."""
    source_primary_counts: bool = _switch(False, True)
    """Whether ``sourcePrimary`` in a request decides which item becomes the primary one."""
    batch_error_details: Literal["named", "first", "none"] = _switch("named", "first", "none")
    """Which contacts a refused batch names: all that failed (documented), only the first, nobody. None was recorded."""
    batch_error_status: Literal["invalid_argument", "first"] = _switch("invalid_argument", "first")
    """Status of a refused batch: INVALID_ARGUMENT always, or that of the first failing contact."""
    batch_delete_missing: Literal["refuse", "ignore"] = _switch("refuse", "ignore")
    """Whether one missing contact makes a batch delete a 404, or is passed over."""
    created_shuffled: bool = _switch(False, True)
    """Whether ``createdPeople`` may come in another order than sent."""
    enforces_limits: bool = _switch(True, False)
    """Whether the limits of a contact (128 KB, 1,024 characters a field, 500 fields) are enforced as published."""
    overflow_status: Literal["FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"] = _switch(
        "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"
    )
    """Status of the contact too many (400 or 429); reports agree on MY_CONTACTS_OVERFLOW_COUNT only."""
    unknown_label: Literal["INVALID_ARGUMENT", "NOT_FOUND"] = _switch("INVALID_ARGUMENT", "NOT_FOUND")
    """Status of a contact with a label that does not exist, or not any more (400 or 404)."""

    # -- quota ---------------------------------------------------------------------------------------

    retry_after: int | None = _switch(None, 30)
    """Seconds in the ``Retry-After`` of a 429, if it has one."""

    @classmethod
    def draw(cls, random: Random) -> Switches:
        """Every switch anew, each answer as likely as the others."""
        return cls(**{f.name: random.choice(f.metadata["choices"]) for f in fields(cls)})
