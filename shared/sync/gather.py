"""Reading: at most 100 contacts, fresh from both sides, with their links and whoever may be the same person.

The truth is read here and nowhere else: feeds and index only say where to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from shared.clock import Ids
from shared.names import SideName
from shared.side import Record, Side
from shared.store.port import Store
from shared.sync.batch import Batch
from shared.sync.candidates import CandidateSearch
from shared.sync.doubts import Doubts
from shared.sync.entries import Entries
from shared.sync.following import Following
from shared.sync.group import Group
from shared.sync.head import Head
from shared.sync.index import Index
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.order.errand import Begun, Errand
from shared.sync.paths import Paths
from shared.sync.plan.guard import DELETES
from shared.sync.plan.model import Env, Half, Presence, Subject
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.reading import Reader
from shared.sync.settings import ConflictRule
from shared.sync.unfound import Unfound

_SLICE = 100
_MOST_KEYS = 1000


@dataclass(frozen=True, slots=True)
class _Taking:
    """The groups of a batch on its way."""

    batch: Batch
    by_link: dict[str, Group]
    loose: dict[tuple[SideName, str], Group]
    unstored: Mapping[tuple[SideName, str], Link]

    @property
    def size(self) -> int:
        return len(self.by_link) + len(self.loose)


class Gatherer:
    """Makes the batch of one run."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        sides: Mapping[SideName, Side],
        queue: Queue,
        index: Index,
        links: Links,
        ids: Ids,
        env: Env,
        most: int,
        errand: Errand,
        head: Head,
    ) -> None:
        """
        Args:
            most: contacts of one batch, recovery and sweep included.
            head: who was not found of late is brought up to date.
        """
        self._missed = head.unfound
        self._unlisted = _unlisted(head)
        self._most = most
        self._errand = errand
        self._store = store
        self._paths = paths
        self._sides = sides
        self._queue = queue
        self._index = index
        self._links = links
        self._ids = ids
        self._env = env
        self._reader = Reader(sides)

    def run(self, doubts: Doubts, *, backlog: bool) -> Batch:
        """Reads the next batch.

        Args:
            doubts: what earlier runs have left open: it comes first, and is always read.
            backlog: whether the backlog holds anything at all.
        """
        batch = Batch()
        found = doubts.found
        groups = self._groups(batch, doubts)
        batch.stored = {g.link.id: g.link.copy() for g in groups if g.link is not None and g.link.id not in found}
        batch.stored |= self._links.get(found)  # of those that are made again under their link
        self._reader.read({side: [g.ids[side] for g in groups if g.ids.get(side)] for side in SideName})
        unfound = Unfound(self._missed, self._index, self._env.now)
        following = Following(self._reader, self._links, self._env, doubts, unfound)
        following.renamed(groups, batch)
        following.restored(groups, batch)
        names = self._errand.names()
        for group in groups:
            subject = self._subject(group, doubts, names, early=batch.early)
            batch.subjects.append(subject)
            batch.keys[subject.key] = group.keys
        entries = Entries(self._store, self._paths)
        if backlog:
            entries.answered(batch)
        search = CandidateSearch(
            self._sides, self._reader, self._index, self._links, self._queue, self._env, self._most
        )
        search.by_index(batch)
        if backlog:
            entries.parked(batch)
        known = len(batch.candidates)
        search.look_up(batch)
        if backlog:
            entries.parked(batch, known)
        unfound.mark(batch, self._reader.pool, self._env)
        return batch

    # -- which contacts ------------------------------------------------------------------------------

    def _groups(self, batch: Batch, doubts: Doubts) -> list[Group]:
        by_link: dict[str, Group] = {}
        loose: dict[tuple[SideName, str], Group] = {}
        found = doubts.found
        for doubt in {**self._links.get([d for d in doubts.links if d not in found]), **found}.values():
            by_link[doubt.id] = Group(doubt, {side: doubt.id_on(side) for side in SideName})
        # A create that was found has no stored link yet, but its two records are spoken for.
        unstored = {(side, link.id_on(side)): link for link in found.values() for side in SideName}
        wanted = doubts.wanted
        for side in SideName:
            names = [record for where, record in wanted if where is side]
            owners = self._links.of(side, names)
            for record in names:
                if (owner := unstored.get((side, record), owners.get(record))) is None:
                    loose[side, record] = Group(None, {side: record})
                else:
                    by_link.setdefault(owner.id, Group(owner, {each: owner.id_on(each) for each in SideName}))
        begun = Begun(list(by_link), [*loose, *unstored])
        ready = self._errand.keys(self._queue, begun, self._most - len(by_link) - len(loose))
        taking = _Taking(batch, by_link, loose, unstored)
        left = self._take(taking, ready, self._most)
        # Those of who is gone come first (:meth:`Queue.ready`): the next one that is of somebody else ends them.
        first_ones = takewhile(lambda key: key.deleted or key.previous, chain(left, ready))
        gone = (key for key in first_ones if key.deleted)
        # Others wait for these, so some get in whoever fills the batch: else both would wait for ever.
        some = list(islice(gone, max(1, self._most // 2)))
        batch.early = bool([*self._take(taking, iter(some), _MOST_KEYS), *islice(gone, 1)])
        return [*by_link.values(), *loose.values()]

    def _take(self, taking: _Taking, ready: Iterator[Dirty], most: int) -> list[Dirty]:
        """Makes groups of these, up to so many in all.

        Returns:
            Those that were read from ``ready``, and had no room.
        """
        by_link, loose = taking.by_link, taking.loose
        taken = 0
        left: list[Dirty] = []
        while taking.size < most and taken < _MOST_KEYS + self._most:
            part = list(islice(ready, _SLICE))
            if not part:
                break
            taken += len(part)
            linked = self._linked(part)
            for name, made in taking.unstored.items():
                linked[name] = [made, *linked.get(name, ())]
            for key in part:
                links = linked.get((key.side, key.id), [])
                link = links[0] if links else None
                # The first is taken however many were merged into it: else it would wait for ever.
                first = not taking.size
                if taking.size + len(links) <= most or first:
                    for merged in links[1:]:
                        by_link.setdefault(merged.id, Group(merged, {side: merged.id_on(side) for side in SideName}))
                elif links[1:]:
                    left.append(key)
                    continue
                if link is not None and link.id in by_link:
                    by_link[link.id].keys.append(key)
                elif (key.side, key.id) in loose:
                    loose[key.side, key.id].keys.append(key)
                elif link is not None and not self._errand.fixed and _reflected(key, link):
                    taking.batch.reflected.append(key)
                elif taking.size >= most and not first:
                    left.append(key)
                elif link is not None:
                    by_link[link.id] = Group(link, {side: link.id_on(side) for side in SideName}, [key])
                else:
                    loose[key.side, key.id] = Group(None, {key.side: key.id}, [key])
        return left

    def _linked(self, keys: Iterable[Dirty]) -> dict[tuple[SideName, str], list[Link]]:
        """The links of these keys, by record id or by an earlier id of the same record.

        Several, where linked records became one: the first is the one that stays.
        """
        found: dict[tuple[SideName, str], list[Link]] = {}
        keys = list(keys)
        for side in SideName:
            mine = [key for key in keys if key.side is side]
            links = self._links.of(side, [record for key in mine for record in (key.id, *key.previous)])
            names: dict[str, dict[str, None]] = {}
            for key in mine:
                # One record may have several keys, in several lanes; each may know of former names.
                names.setdefault(key.id, {key.id: None}).update(dict.fromkeys(key.previous))
            for record, former in names.items():
                known = [links[name] for name in former if name in links]
                if known:
                    found[side, record] = list({link.id: link for link in known}.values())
        return found

    # -- reading -------------------------------------------------------------------------------------

    def _half(self, group: Group, side: SideName) -> Half:
        record_id = group.ids.get(side, "")
        if not record_id:
            return Half()
        read = self._reader.pool[side][record_id]
        seen = group.seen(side)
        if side in group.merged_into:
            return Half(Presence.GONE, record_id, None, seen, merged_into=group.merged_into[side])
        if not seen and self._env.settings.conflict is ConflictRule.NEWEST:
            seen = self._queue.seen(side, record_id)
        if isinstance(read, Record):
            return Half(Presence.PRESENT, record_id, read, seen)
        deleted = any(key.deleted for key in group.keys if key.side is side)
        dead = group.link is not None and (
            group.link.both_gone_at is not None
            or side in group.link.gone
            or (group.link.state is LinkState.TOMBSTONE and group.link.deleted_on is side)
        )
        proven = read.proven or deleted or dead
        presence = Presence.GONE if proven else Presence.MISSING
        return Half(presence, record_id, None, seen, missed_at=group.missed(side))

    def _is_untold(self, group: Group) -> bool:
        """Whether a read has shown a contact without link by a new name, of which nothing has told yet.

        It may be the one of a link that knows only a name in between::

            A (linked) is B ──▶ the link follows, A's own key waits ──▶ B is C ──▶ A's turn: C is nobody's yet
            the feed tells: C was B ──▶ C is the link's

        The feed, or a listing, is going to tell, and that key goes first.
        """
        side = SideName.GOOGLE
        record = group.ids.get(side, "")
        mine = [key for key in group.keys if key.side is side]
        if group.link is not None or not mine or any(key.id == record for key in mine):
            return False
        # Only a key with former names knows more, and that one goes first; any other may have its turn behind this one.
        own = set(map(id, group.keys))
        more = any(key.previous and id(key) not in own for key in self._queue.of({(side, record)}))
        return more or not self._index.told(side, {record})

    def _subject(
        self,
        group: Group,
        doubts: Doubts,
        names: Mapping[tuple[SideName, str], str],
        *,
        early: bool,
    ) -> Subject:
        sugar, google = self._half(group, SideName.SUGAR), self._half(group, SideName.GOOGLE)
        known = next((names[record] for record in group.ids.items() if record in names), None)
        return Subject(
            key=group.link.id if group.link else known or self._ids.new(),
            sugar=sugar,
            google=google,
            link=group.link,
            blocked=doubts.blocked(sugar, google),
            approved=frozenset({DELETES} if any(key.exempt for key in group.keys) else ()),
            doubt=group.doubt,
            early=group.link is None and (early or not self._unlisted.isdisjoint(group.ids)),
            untold=self._is_untold(group),
        )


def _unlisted(head: Head) -> frozenset[SideName]:
    """The sides whose contacts without link wait for the end of Google's listing.

    Who is new in Google may be one who is gone by a former name; without a feed, who is new in Sugar may be the same as
    one on a page to come.
    """
    if not head.is_listing:
        return frozenset()
    return frozenset(SideName if head.side(SideName.GOOGLE).delta is None else {SideName.GOOGLE})


def _reflected(key: Dirty, link: Link) -> bool:
    """Whether the link reflects this key already, so that there is nothing to read.

    Either both sides were read, and all that was found was settled, in the run that observed the key or in a later one;
    or it shows the very version that the link reflects: Google's etag moves with every change.
    """
    if key.deleted or key.previous or key.tries or link.parked or link.state is not LinkState.LIVE:
        return False
    if key.lane not in (Lane.FEED, Lane.ECHO, Lane.SWEEP):
        return False
    if 0 < key.epoch <= link.epoch:
        return True
    same = bool(key.version) and key.version == link.versions.get(key.side)
    return same and key.side is SideName.GOOGLE and key.lane is not Lane.SWEEP
