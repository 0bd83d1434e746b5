"""The change feed: full listings and deltas, as pages of keys.

A delta walks along the keyset (date_modified, id), tombstones included, and starts where the one before ended. That
alone would miss two kinds of change, both because dates are whole seconds taken at the *start* of a save:

- a tie: another contact saved later in the second that the delta had already passed;
- a slow save: dated before the delta's end, visible after it.

So a delta's end is never later than two seconds before the server's clock, and once per overlap period the next delta
starts again at the server time of the last such rescan, minus the overlap. What it shows twice, the reader knows by its
version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from shared.clock import Clock
from shared.contact.terms import terms
from shared.errors import CursorExpired, ProtocolError
from shared.side import Cursor, Feed, Key, Native, Page
from shared.sugar import listing
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.listing import Rows
from shared.sugar.records import Scope, instant, is_deleted, modified

OVERLAP_SECONDS = 300.0
_FULL = "list contacts in scope"
_DELTA = "list changed contacts"
_TIES = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Full:
    """Where a full listing is. ``server_began``: server time of its first page."""

    began_at: datetime | None = None
    server_began: datetime | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Delta:
    """Where a delta is, or where the next one starts (``began_at`` is ``None``)."""

    modified: datetime
    id: str
    scanned_server: datetime
    """Server time of the last rescan."""
    scanned_clock: datetime
    """The same by our clock, which tells when the next rescan is due."""
    began_at: datetime | None = None

    def __post_init__(self) -> None:
        # Sugar's dates have whole seconds, and are asked for as such. A position within a second, which a server time
        # less the time that a call took is, would take what is dated that very second for out of order, for ever.
        object.__setattr__(self, "modified", self.modified.replace(microsecond=0))


class Lists(Protocol):
    """How a dialect asks for the rows. Every row has what :mod:`shared.sugar.records` reads."""

    def full(self, after: str, call: str) -> Rows:
        """What lies in scope behind this id (blank: from the first one on), in the order of ids."""
        ...

    def delta(self, since: datetime, after: str, call: str) -> Rows:
        """What was modified since, tombstones included, in the order of date and id; of those that share the very
        second, only what lies behind the id."""
        ...

    def version(self, row: Native, call: str) -> str:
        """What tells two states of a record apart; as that of a :class:`shared.side.Record`."""
        ...


class SugarFeed:
    """Reads pages for one user.

    Args:
        overlap: seconds; see the module.
        region: in which phone numbers without country code are read, for index terms.
    """

    def __init__(
        self,
        lists: Lists,
        fields: SugarFieldMap,
        scope: Scope,
        clock: Clock,
        *,
        region: str,
        overlap: float = OVERLAP_SECONDS,
    ) -> None:
        self._lists = lists
        self._scope = scope
        self._clock = clock
        self._region = region
        self._overlap = timedelta(seconds=overlap)
        # Terms find the same person again: switched-off fields take part.
        self._terms_map = fields.for_terms()

    def start_full(self) -> Cursor:
        """A new full listing."""
        return _encoded(Feed.FULL, _Full())

    def page(self, cursor: Cursor) -> Page:
        """The next page.

        Raises:
            CursorExpired: the cursor is none of ours, or lies in the server's future.
            ProtocolError: the answer is not what was asked for.
        """
        match _decoded(cursor):
            case _Full() as full:
                return self._full(full)
            case delta:
                return self._delta(delta)

    # -- full ------------------------------------------------------------------------------------------

    def _full(self, at: _Full) -> Page:
        began = at.began_at or self._clock.now()
        found = self._lists.full(at.after, _FULL)
        listing.check_ids(found, at.after, _FULL)
        server_began = at.server_began or found.asked_at
        # The filter may have been dropped: what counts is what the row says.
        keys = tuple(key for key in self._keys(found, _FULL) if key.in_scope and not key.deleted)
        if found.last:
            start = _Delta(server_began - self._overlap, "", server_began, began)
            return Page(Feed.FULL, keys, True, began, None, _encoded(Feed.DELTA, start))
        go_on = _Full(began, server_began, str(found.rows[-1]["id"]))
        return Page(Feed.FULL, keys, False, began, _encoded(Feed.FULL, go_on), None)

    # -- delta -----------------------------------------------------------------------------------------

    def _delta(self, at: _Delta) -> Page:
        now = self._clock.now()
        began = at.began_at or now
        first = at.began_at is None
        rescan = first and now - at.scanned_clock >= self._overlap
        if rescan and at.scanned_server - self._overlap < at.modified:
            at = replace(at, modified=at.scanned_server - self._overlap, id="")
        found = self._lists.delta(at.modified, at.id, _DELTA)
        if first and max(at.modified, at.scanned_server) - self._overlap > found.asked_at:
            # The server's clock was ahead when the delta before this one ended, or has been put back since.
            raise CursorExpired(f"{_DELTA}: the position lies in the future of Sugar's clock")
        ends = self._checked_end(found, at)
        if rescan:
            ends = replace(ends, scanned_server=found.asked_at, scanned_clock=now)
        keys = tuple(self._keys(found, _DELTA))
        if not found.last:
            return Page(Feed.DELTA, keys, False, began, _encoded(Feed.DELTA, replace(ends, began_at=began)), None)
        newest = found.asked_at - _TIES
        if ends.modified > newest:
            ends = replace(ends, modified=newest, id="")
        return Page(Feed.DELTA, keys, True, began, None, _encoded(Feed.DELTA, replace(ends, began_at=None)))

    def _checked_end(self, found: Rows, at: _Delta) -> _Delta:
        """Where the page ends.

        Raises:
            ProtocolError: it does not go on behind ``at`` in order, so that rows would be missed or come for ever.
        """
        end = at
        for row in found.rows:
            moment, current = modified(row, _DELTA), str(row["id"])
            tied = moment == end.modified and end.id and not listing.in_order(end.id, current)
            if moment < end.modified or tied:
                raise ProtocolError(_DELTA, "the rows do not come in the order that was asked for")
            end = replace(end, modified=moment, id=current)
        if not found.last and not found.rows:
            raise ProtocolError(_DELTA, "an empty page that is not the last one")
        return end

    # -- keys ------------------------------------------------------------------------------------------

    def _keys(self, found: Rows, call: str) -> Sequence[Key]:
        keys = []
        for row in found.rows:
            version = self._lists.version(row, call)
            if is_deleted(row):
                keys.append(Key(row["id"], version, deleted=True, in_scope=False))
                continue
            contact = self._terms_map.view(row, {}, None).contact
            in_scope = self._scope.holds(row)
            keys.append(Key(row["id"], version, in_scope=in_scope, terms=terms(contact, self._region)))
        return keys


def _encoded(feed: Feed, at: _Full | _Delta) -> Cursor:
    cursor: Cursor = {"feed": feed.value}
    for name in at.__dataclass_fields__:
        value = getattr(at, name)
        cursor[name] = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    return cursor


def _decoded(cursor: Cursor) -> _Full | _Delta:
    kinds: dict[str, type[_Full] | type[_Delta]] = {Feed.FULL.value: _Full, Feed.DELTA.value: _Delta}
    kind = kinds.get(str(cursor.get("feed")))
    if kind is None:
        raise CursorExpired("The Sugar cursor is of an unknown form; list all contacts again")
    values: dict[str, Any] = {}
    optional = {"began_at", "server_began"} if kind is _Full else {"began_at"}
    for name in kind.__dataclass_fields__:
        raw = cursor.get(name)
        value = raw if name in ("after", "id") else instant(raw)
        if not (isinstance(value, str | datetime) or (raw is None and name in optional)):
            raise CursorExpired(f"The Sugar cursor has no valid {name}; list all contacts again")
        values[name] = value
    return kind(**values)
