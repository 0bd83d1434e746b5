"""Observing: which contacts may differ.

Every page's keys and the cursor behind it are saved in one commit::

    page 1 ─▶ commit(keys 1, cursor 1) ─▶ page 2 ─▶ commit(keys 2, cursor 2) ─▶ ...
                                     x crash: page 2 is asked again from cursor 1; keys put in twice are read once more

so a cursor never runs ahead of what is in the queue. The first pages of both sides share a commit; a page without news
needs none, its cursor rides along with the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contact.terms import key_term
from shared.errors import CursorExpired
from shared.names import Op, SideName
from shared.side import Feed, Key, Page, Side
from shared.store.port import Change, Store
from shared.sync.doubts import source
from shared.sync.head import Listing, SideState
from shared.sync.index import Index, Row, gone
from shared.sync.journal import Journal
from shared.sync.ledger import Ledger
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.paths import Paths, subject_id
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.recents import Recents

FULL_EVERY: Mapping[SideName, timedelta] = {
    # Google's is the sweep and the absence check as well; sync tokens live 7 days, and it may take a while.
    SideName.GOOGLE: timedelta(days=6),
    # Flags like favourites move no date: only a listing of the scope shows them.
    SideName.SUGAR: timedelta(days=1),
}
_MOST_CHUNKS = 4
"""Of the index, that may wait for the next commit: it has a limit."""
SWEEPS = SideName.GOOGLE
"""The side whose full listing shows every contact, in scope or not, and has every link looked at again, and whatever is
held back."""


class Observer:
    """Pulls both feeds into the queue."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        sides: Mapping[SideName, Side],
        ledger: Ledger,
        queue: Queue,
        index: Index,
        journal: Journal,
        recents: Recents,
        links: Links,
        clock: Clock,
    ) -> None:
        self._store = store
        self._paths = paths
        self._sides = sides
        self._ledger = ledger
        self._queue = queue
        self._index = index
        self._journal = journal
        self._recents = recents
        self._links = links
        self._clock = clock
        self._known: dict[SideName, dict[str, tuple[str, bool]]] = {}
        self._removals: list[Change] = []
        self._ended: set[SideName] = set()
        self.pages = 0
        self.changed: dict[SideName, dict[str, str]] = {side: {} for side in SideName}
        """Versions by id that the feeds reported as changed in this run, sweeps and echoes apart."""
        self.emptied = False
        """A side that has linked contacts was listed to its end and showed none."""
        self.swept = False
        """The sweep's listing came to its end in this run."""

    def run(self, until: datetime) -> None:
        """Pulls until both feeds are at their end or the time is up; what is left goes on in the next run.

        Raises:
            RetriableError, FatalError: from the sides; what was committed stays.
        """
        head = self._ledger.head
        for side in SideName:
            state = head.side(side)
            full_at = datetime.fromisoformat(state.full_at) if state.full_at else None
            if state.full is None and (full_at is None or self._clock.now() - full_at >= FULL_EVERY[side]):
                self.start_full(side)
        listing = [side for side in SideName if self._changes_first(side)]
        news = [self._pull(side) for side in SideName]
        if any(news):
            self._commit()
        # In every run, and then page by page in turn: others wait for a listing's end, however slow either side is.
        for side in listing:
            if self._more(side) and self._pull(side):
                self._commit()
        while any(map(self._more, SideName)) and self._clock.now() < until:
            for side in SideName:
                if self._more(side) and self._pull(side):
                    self._commit()

    def start_full(self, side: SideName, *, everything: bool = False) -> None:
        """Begins a full listing anew; ``everything``: every contact is to be looked at again."""
        state = self._ledger.head.side(side)
        if state.full is not None:
            everything = everything or state.full.everything
            self._removals += self._index.drop_building(side)
        state.full = Listing(cursor=self._sides[side].start_full(), everything=everything, rows=self._index.size(side))

    def _commit(self) -> None:
        removals, self._removals = self._removals, []
        self._ledger.commit([*removals, *self._queue.changes(), *self._index.changes()])

    def changes(self) -> list[Change]:
        """What the next commit has to take along because nothing was committed since."""
        removals, self._removals = self._removals, []
        return [*removals, *self._index.changes()]

    # -- one page ------------------------------------------------------------------------------------

    def _changes_first(self, side: SideName) -> bool:
        """Whether the next page tells of changes, though a full listing is under way."""
        state = self._ledger.head.side(side)
        return state.full is not None and (state.going or state.delta) is not None and side not in self._ended

    def _more(self, side: SideName) -> bool:
        state = self._ledger.head.side(side)
        return state.full is not None or (state.delta is not None and side not in self._ended)

    def _pull(self, side: SideName) -> bool:
        """One page of the delta or, after its end, of the full listing; whether there is anything to save for it."""
        state = self._ledger.head.side(side)
        delta = state.going or state.delta
        self.pages += 1
        try:
            if delta is not None and side not in self._ended:
                return self._delta(side, state, self._sides[side].page(delta))
            if state.full is not None:
                return self._full(side, state, state.full, self._sides[side].page(state.full.cursor))
        except CursorExpired:
            state.delta = state.going = None
            self.start_full(side)
            return True
        return False

    def _delta(self, side: SideName, state: SideState, page: Page) -> bool:
        if page.last:
            state.delta, state.going = page.delta or state.delta, None
            state.complete_at = page.began_at.isoformat()
            self._ended.add(side)
        else:
            state.going = page.cursor
        # A version that was read already may still bring news: which other names the record has answered to since.
        keys = [k for k in page.keys if k.previous_ids or not self._recents.reflected(side, k.id, k.version)]
        if side is SWEEPS:
            self._index.append(side, map(gone, _gone(page.keys)))
        # Also who lies outside the scope may be the same person as one that is about to be created there.
        # In Google also who has neither name nor email, though nobody is found by that: its resource name was told of.
        living = [key for key in keys if not key.deleted]
        self._index.append(side, [_row(key) for key in living if (side is SWEEPS or (key.terms and key.in_scope))])
        keys = self._relevant(side, keys)
        self._watch(side, keys)
        for key in keys:
            echo = self._recents.ours(side, key.id, key.version)
            self._put(side, key, Lane.ECHO if echo else Lane.FEED)
        return bool(keys) or self._index.waiting > _MOST_CHUNKS

    def _relevant(self, side: SideName, keys: list[Key]) -> list[Key]:
        """Leaves out what is neither linked nor in scope: other people's contacts."""
        doubtful = [key for key in keys if key.deleted or not key.in_scope]
        if not doubtful:
            return keys
        ids = {name for key in doubtful for name in self._names(side, key)}
        links = self._links.of(side, ids)
        # A deletion that the link knows already (our own, most often) is no news, and must not alarm the guard.
        keys = [key for key in keys if not (key.deleted and key.id in links and _told(links[key.id], side))]
        known = set(links)
        if self._ledger.head.open:
            # What a create in doubt was made from: found later, the contact would wait for a proof that was let go.
            creates = [op for op in self._journal.load() if op.op is Op.CREATE]
            known.update(source(op)[1] for op in creates)
            # And what it has made, which no stored link names so far: a tombstone has no key of ours any more.
            known.update(*self._ledger.head.found.values(), (op.record for op in creates))
        if self._ledger.head.backlog:
            paths = {self._paths.backlog(subject_id(side, record)): record for record in ids}
            known |= {paths[path] for path in self._store.get_all(paths)}
        watched = self._journal.watched()
        return [
            key
            for key in keys
            if (key.in_scope and not key.deleted)
            or known.intersection(self._names(side, key))
            or watched.intersection(key.planted)
        ]

    def _names(self, side: SideName, key: Key) -> set[str]:
        """What the record may be linked by: a link goes by a former name until its turn has come.

        ::

            A (linked) is B: its key waits ──▶ B is deleted, and its tombstone tells of no former name ──▶ A's turn
        """
        return {key.id, *key.previous_ids, *self._queue.former(side, key.id)}

    def _full(self, side: SideName, state: SideState, listing: Listing, page: Page) -> bool:
        if page.feed is not Feed.FULL:
            raise ValueError("a full listing answered with a page of a delta")
        if listing.began_at is None:
            listing.began_at = page.began_at.isoformat()
        known = self._before(side, state)
        self._watch(side, page.keys)
        self._index.append(side, [_row(key) for key in page.keys if key.in_scope or side is SWEEPS], building=True)
        for key in page.keys:
            before = known.get(key.id)
            # Who comes into the scope by a flag has the version that was dealt with when it left.
            moved = before is None or before[1] is not key.in_scope
            if before == (key.version, key.in_scope) or (
                not moved and self._recents.reflected(side, key.id, key.version)
            ):
                if side is SWEEPS or listing.everything:
                    self._put(side, key, Lane.SWEEP)
            elif key.in_scope or (before is not None and before[1]):
                self._put(side, key, Lane.FEED)
        if page.cursor is not None:
            listing.cursor = page.cursor
        if page.last:
            self._complete(side, state, listing, page, known)
        return True

    def _before(self, side: SideName, state: SideState) -> dict[str, tuple[str, bool]]:
        if side not in self._known:
            self._known[side] = self._index.known(side) if state.generation else {}
        return self._known[side]

    def _complete(
        self, side: SideName, state: SideState, listing: Listing, page: Page, known: Mapping[str, tuple[str, bool]]
    ) -> None:
        """Its last page: what was known and was not listed is absent; the new index takes over."""
        listed = self._index.built(side)
        since = {row.id for row in self._index.late(side) if not row.gone}
        absent = [record for record in known if record not in listed and record not in since]
        for record in absent:
            # Google's listing shows every contact, so absence proves deletion, once a direct read agrees. Sugar's
            # shows the scope only: there it means that something has to be looked at.
            self._put(side, Key(record, deleted=side is SWEEPS), Lane.FEED)
        self.emptied = self.emptied or (not listed and self._ledger.head.links > 0)
        state.contacts = sum(listed.values())
        self._removals += self._index.swap(side)
        began = listing.began_at or page.began_at.isoformat()
        state.full_at, state.complete_at = began, max(began, state.complete_at or "")
        if side is SWEEPS:
            self.swept = True
            # Also who is held back because of somebody on the other side: that one may be gone, or linked, by now.
            self._queue.wake_asleep(Lane.SWEEP)
        state.full = None
        if page.delta is not None and (state.delta is None or side is SWEEPS):
            state.delta, state.going = page.delta, None
        self._ended.add(side)
        self._known.pop(side, None)

    def _watch(self, side: SideName, keys: Iterable[Key]) -> None:
        """Planted keys of open creates are saved with the cursor that showed them."""
        watched = self._journal.watched()
        found = self._ledger.head.found
        for key in keys:
            for planted in key.planted:
                if planted in watched and key.id not in found.get(planted, ()) and not key.deleted:
                    found.setdefault(planted, []).append(key.id)

    def _put(self, side: SideName, key: Key, lane: Lane) -> None:
        if lane is Lane.FEED:
            self.changed[side][key.id] = key.version
        self._queue.add(
            lane,
            [
                Dirty(
                    side=side,
                    id=key.id,
                    seen_at=self._clock.now().isoformat(),
                    version=key.version,
                    deleted=key.deleted,
                    previous=list(key.previous_ids),
                    planted=list(key.planted),
                    lane=lane,
                    epoch=self._ledger.epoch,
                )
            ],
        )


def _told(link: Link, side: SideName) -> bool:
    known = side in link.gone or link.deleted_on is side
    return link.both_gone_at is not None or (link.state is LinkState.TOMBSTONE and known)


def _gone(keys: Iterable[Key]) -> list[str]:
    """The names by which no read finds anybody from now on."""
    living = {key.id for key in keys if not key.deleted}
    ended = [name for key in keys for name in (*key.previous_ids, *([key.id] if key.deleted else ()))]
    return [name for name in dict.fromkeys(ended) if name not in living]


def _row(key: Key) -> Row:
    return Row(key.id, key.version, key.in_scope, [*key.terms, *map(key_term, key.planted)])
