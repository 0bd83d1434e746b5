"""Reading: at most 100 contacts, fresh from both sides, with their links and whoever may be the same person.

The truth is read here and nowhere else: feeds and index only say where to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from shared.clock import Ids
from shared.side import Absent, Record, Side, SideName
from shared.store.port import Store
from shared.sync.backlog import answer_of, backlog_id, different, moves_first, moving, quarantines
from shared.sync.batch import Batch, Moved
from shared.sync.candidates import CandidateSearch
from shared.sync.copies import reads_as_sent
from shared.sync.doubts import Doubts
from shared.sync.index import Index
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.order.errand import Begun, Errand
from shared.sync.paths import Paths, subject_id
from shared.sync.plan.model import Env, Half, Presence, Subject
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.reading import Reader
from shared.sync.remedies import NEVER
from shared.sync.settings import ConflictRule

_SLICE = 100
_MOST_KEYS = 1000
_EXEMPT = ("approve", "delete_both")
"""Remedies that the guard does not ask about again."""


@dataclass
class _Group:
    """One contact on its way to become a subject."""

    link: Link | None
    ids: dict[SideName, str]
    keys: list[Dirty] = field(default_factory=list)
    merged_into: dict[SideName, str] = field(default_factory=dict)
    """The linked record that answers for this one now."""
    doubt: bool = False
    """What it has become is spoken for by a write of an earlier run that may yet happen."""

    def seen(self, side: SideName) -> str:
        """When its change there was first seen; an echo is our own write and counts only where nothing else does."""
        mine = [key for key in self.keys if key.side is side]
        return min((key.seen_at for key in mine if key.lane is not Lane.ECHO), default="")


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
    ) -> None:
        """
        Args:
            most: contacts of one batch, recovery and sweep included.
        """
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
        self._renamed(groups, batch, doubts)
        self._restored(groups, batch, doubts)
        names = self._errand.names()
        for group in groups:
            subject = self._subject(group, doubts, names)
            batch.subjects.append(subject)
            batch.keys[subject.key] = group.keys
        if backlog:
            self._answered(batch)
        search = CandidateSearch(self._sides, self._reader, self._index, self._links, self._env, self._most)
        search.run(batch)
        if backlog:
            self._parked(batch)
        return batch

    # -- which contacts ------------------------------------------------------------------------------

    def _groups(self, batch: Batch, doubts: Doubts) -> list[_Group]:
        by_link: dict[str, _Group] = {}
        loose: dict[tuple[SideName, str], _Group] = {}
        found = doubts.found
        for doubt in {**self._links.get([d for d in doubts.links if d not in found]), **found}.values():
            by_link[doubt.id] = _Group(doubt, {side: doubt.id_on(side) for side in SideName})
        # A create that was found has no stored link yet, but its two records are spoken for.
        unstored = {(side, link.id_on(side)): link for link in found.values() for side in SideName}
        wanted = doubts.wanted
        for side in SideName:
            names = [record for where, record in wanted if where is side]
            owners = self._links.of(side, names)
            for record in names:
                if (owner := owners.get(record)) is None:
                    loose[side, record] = _Group(None, {side: record})
                else:
                    by_link.setdefault(owner.id, _Group(owner, {each: owner.id_on(each) for each in SideName}))
        begun = Begun(list(by_link), [*loose, *unstored])
        ready = self._errand.keys(self._queue, begun, self._most - len(by_link) - len(loose))
        taken = 0
        while len(by_link) + len(loose) < self._most and taken < _MOST_KEYS + self._most:
            part = list(islice(ready, _SLICE))
            if not part:
                break
            taken += len(part)
            linked = self._linked(part)
            for name, made in unstored.items():
                linked[name] = [made, *linked.get(name, ())]
            for key in part:
                links = linked.get((key.side, key.id), [])
                link = links[0] if links else None
                # The first is taken however many were merged into it: else it would wait for ever.
                first = not (by_link or loose)
                if len(by_link) + len(loose) + len(links) <= self._most or first:
                    for merged in links[1:]:
                        by_link.setdefault(merged.id, _Group(merged, {side: merged.id_on(side) for side in SideName}))
                elif links[1:]:
                    continue
                if link is not None and link.id in by_link:
                    by_link[link.id].keys.append(key)
                elif (key.side, key.id) in loose:
                    loose[key.side, key.id].keys.append(key)
                elif link is not None and not self._errand.fixed and _reflected(key, link):
                    batch.reflected.append(key)
                elif len(by_link) + len(loose) >= self._most and not first:
                    continue
                elif link is not None:
                    by_link[link.id] = _Group(link, {side: link.id_on(side) for side in SideName}, [key])
                else:
                    loose[key.side, key.id] = _Group(None, {key.side: key.id}, [key])
        return [*by_link.values(), *loose.values()]

    def _linked(self, keys: Iterable[Dirty]) -> dict[tuple[SideName, str], list[Link]]:
        """The links of these keys, by record id or by an earlier id of the same record.

        Several, where linked records became one: the first is the one that stays.
        """
        found: dict[tuple[SideName, str], list[Link]] = {}
        keys = list(keys)
        for side in SideName:
            mine = [key for key in keys if key.side is side]
            links = self._links.of(side, [record for key in mine for record in (key.id, *key.previous)])
            for key in mine:
                known = [links[record] for record in (key.id, *key.previous) if record in links]
                if known:
                    found[side, key.id] = list({link.id: link for link in known}.values())
        return found

    def _renamed(self, groups: list[_Group], batch: Batch, doubts: Doubts) -> None:
        """Records that answer by another name than the one they were read by.

        The link follows, unless that name has a link of its own: then the user merged the two, and this one is gone.
        It stays gone whatever the other one is called later. Of two that come to one new name together, the first is
        the one whose key stands first: a merge adds the other's to it.
        Nor while a create from that name is in doubt, for if it did happen, that is a link of its own::

            create from B ──▶ in doubt
                   the user merges A (linked) into B; the link follows from A to B
            the create is found, or sent again ──▶ B is linked twice
        """
        for side in SideName:
            moved: list[tuple[_Group, Record]] = []
            for group in groups:
                read = self._reader.pool[side].get(group.ids.get(side, ""))
                if isinstance(read, Record) and read.id != group.ids[side]:
                    moved.append((group, read))
            moved.sort(key=_place_of_key)
            owners = self._links.of(side, [read.id for _, read in moved])
            for group, read in moved:
                self._reader.pool[side][read.id] = read
                twin = next((g for g in groups if g is not group and g.ids.get(side) == read.id), None)
                owner = twin.link if twin is not None and twin.link is not None else owners.get(read.id)
                if group.link is None:
                    if twin is not None:
                        twin.keys += group.keys
                        groups.remove(group)
                        continue
                    group.link = owner
                    group.ids = {side: read.id} if owner is None else {each: owner.id_on(each) for each in SideName}
                    if owner is not None:
                        batch.stored[owner.id] = owner.copy()
                        self._reader.read({each: [record] for each, record in group.ids.items()})
                elif (owner is not None and owner.id != group.link.id) or side in group.link.gone:
                    group.merged_into[side] = read.id
                elif doubts.speaks_for(side, read):
                    group.doubt = True
                else:
                    group.link.on(side, read.id)
                    group.ids[side] = read.id
                    if twin is not None:
                        group.keys += twin.keys
                        groups.remove(twin)

    def _restored(self, groups: list[_Group], batch: Batch, doubts: Doubts) -> None:
        """A record without link that carries our key, while the link's own is gone, is that contact come back.

        Or it was merged into that one, from which a create may be in doubt: see :meth:`_renamed`.
        """
        planted: dict[str, _Group] = {}
        carriers: dict[str, Record] = {}
        for group in groups:
            record = self._reader.pool[SideName.GOOGLE].get(group.ids.get(SideName.GOOGLE, ""))
            if group.link is None and isinstance(record, Record):
                planted.update({key: group for key in record.planted})
                carriers.update({key: record for key in record.planted})
        if not planted:
            return
        links = self._links.get(planted)
        self._reader.read({side: [link.id_on(side) for link in links.values()] for side in SideName})
        for link in links.values():
            group = planted[link.id]
            read = self._reader.pool[SideName.GOOGLE].get(link.google_id)
            renamed = isinstance(read, Record) and read.id == group.ids[SideName.GOOGLE]
            if group.link is not None or not (renamed or isinstance(read, Absent)):
                continue
            sent = doubts.sent.get(link.id)
            if not renamed and sent is not None and reads_as_sent(self._env, sent, carriers[link.id]):
                batch.orphans.add(carriers[link.id].id)  # a copy of ours may have landed late
                continue
            twin = next((g for g in groups if g.link is not None and g.link.id == link.id), None)
            if doubts.speaks_for(SideName.GOOGLE, carriers[link.id]):
                if twin is not None:
                    twin.doubt = True
                continue
            if twin is not None:
                group.keys += twin.keys
                groups.remove(twin)
            batch.stored.setdefault(link.id, link.copy())
            link.google_id = group.ids[SideName.GOOGLE]
            group.link = link
            group.ids = {side: link.id_on(side) for side in SideName}

    # -- reading -------------------------------------------------------------------------------------

    def _half(self, group: _Group, side: SideName) -> Half:
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
        return Half(Presence.GONE if proven else Presence.MISSING, record_id, None, seen)

    def _subject(
        self,
        group: _Group,
        doubts: Doubts,
        names: Mapping[tuple[SideName, str], str],
    ) -> Subject:
        sugar, google = self._half(group, SideName.SUGAR), self._half(group, SideName.GOOGLE)
        known = next((names[record] for record in group.ids.items() if record in names), None)
        return Subject(
            key=group.link.id if group.link else known or self._ids.new(),
            sugar=sugar,
            google=google,
            link=group.link,
            blocked=doubts.blocked(sugar, google),
            exempt=any(key.exempt for key in group.keys),
            doubt=group.doubt,
        )

    def _answered(self, batch: Batch) -> None:
        """Fetches the entries of the subjects: who is quarantined, and what people want done."""
        mine = {
            self._paths.backlog(backlog_id(s))
            for s in batch.subjects
            if s.link is None or s.link.entry or s.link.parked
        }
        mine |= {self._paths.backlog(name) for s in batch.subjects for name in self._former(batch, s)}
        names = {s.key: [self._paths.backlog(name) for name in _names_before(batch, s)] for s in batch.subjects}
        mine.update(*names.values())
        docs = self._store.get_all(mine) if mine else {}
        batch.entries = {doc.id: doc for doc in docs.values()}
        for n, subject in enumerate(batch.subjects):
            if former := sorted((docs[path] for path in names[subject.key] if path in docs), key=moves_first):
                if backlog_id(subject) in batch.entries:
                    batch.moved[subject.key] = Moved(None, tuple(former))
                else:
                    batch.moved[subject.key] = Moved(former[0], tuple(former[1:]))
                    batch.entries[backlog_id(subject)] = moving(self._paths, former[0], subject)
            entry = batch.entries.get(backlog_id(subject))
            if entry is None:
                continue
            answer = answer_of(entry.data)
            key = subject.key
            if subject.link is None and answer is not None and answer.remedy.key:
                key = answer.remedy.key
                batch.keys[key] = batch.keys.pop(subject.key)
                if subject.key in batch.moved:
                    batch.moved[key] = batch.moved.pop(subject.key)
            batch.subjects[n] = replace(
                subject,
                key=key,
                parked=subject.link is None and quarantines(entry.data),
                released=answer is not None,
                answer=answer,
                exempt=subject.exempt or (answer is not None and answer.remedy.action in _EXEMPT),
                never=entry.data["state"] == NEVER,
                different=different(entry.data),
            )

    def _parked(self, batch: Batch) -> None:
        """Marks which of the candidates are quarantined, and fetches their entries."""
        others = {
            self._paths.backlog(subject_id(c.side, c.record.id)): n
            for n, c in enumerate(batch.candidates)
            if c.link is None
        }
        docs = self._store.get_all(others) if others else {}
        batch.entries |= {doc.id: doc for doc in docs.values()}
        for path, doc in docs.items():
            n = others[path]
            batch.candidates[n] = replace(
                batch.candidates[n],
                parked=quarantines(doc.data),
                never=doc.data["state"] == NEVER,
                different=different(doc.data),
            )

    @staticmethod
    def _former(batch: Batch, subject: Subject) -> list[str]:
        """The ids under which a record that a link has taken on may still stand in the backlog."""
        if subject.link is None:
            return []
        stored = batch.stored.get(subject.link.id)
        return [
            subject_id(side, record)
            for side in SideName
            if (record := subject.half(side).id) and (stored is None or record != stored.id_on(side))
        ]


def _place_of_key(moved: tuple[_Group, Record]) -> int:
    group, read = moved
    key = group.link.id if group.link is not None else ""
    return read.planted.index(key) if key in read.planted else len(read.planted)


def _names_before(batch: Batch, subject: Subject) -> list[str]:
    """The ids under which a contact without link may stand in the backlog from before it was renamed."""
    if subject.link is not None:
        return []
    found: dict[str, None] = {}
    for side in SideName:
        record = subject.half(side).there
        keys = [key for key in batch.keys.get(subject.key, ()) if key.side is side]
        names = [name for key in keys for name in (key.id, *key.previous)]
        names += record.previous_ids if record is not None else ()
        found.update({subject_id(side, name): None for name in names if name != subject.half(side).id})
    return list(found)


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
