"""Records that go by another name than the one they are read by: renamed, merged, or come back."""

from __future__ import annotations

from collections.abc import Iterable

from shared.names import SideName
from shared.side import Absent, Record
from shared.sync.batch import Batch
from shared.sync.copies import may_be
from shared.sync.doubts import Doubts
from shared.sync.group import Group
from shared.sync.link import Link, LinkState
from shared.sync.links import Links
from shared.sync.plan.model import Env
from shared.sync.reading import Reader
from shared.sync.unfound import Unfound


class Following:
    """Lets links follow their records, once these have been read."""

    def __init__(self, reader: Reader, links: Links, env: Env, doubts: Doubts, unfound: Unfound) -> None:
        self._unfound = unfound
        self._reader = reader
        self._links = links
        self._env = env
        self._doubts = doubts

    def renamed(self, groups: list[Group], batch: Batch) -> None:
        """Records that answer by another name than the one they were read by.

        The link follows, unless that name has a link of its own: then the user merged the two, and this one is gone.
        It stays gone whatever the other one is called later. Of two that come to one new name, together or one after
        the other, the first is the one whose key stands first: a merge adds the other's to it.
        Nor while a create from that name is in doubt, for if it did happen, that is a link of its own::

            create from B ──▶ in doubt
                   the user merges A (linked) into B; the link follows from A to B
            the create is found, or sent again ──▶ B is linked twice
        """
        for side in SideName:
            moved: list[tuple[Group, Record]] = []
            for group in groups:
                read = self._reader.pool[side].get(group.ids.get(side, ""))
                if isinstance(read, Record) and read.id != group.ids[side]:
                    moved.append((group, read))
            moved.sort(key=lambda one: _place_of_key(one[0].link, one[1]))
            owners = self._links.of(side, [name for _, read in moved for name in (read.id, *read.previous_ids)])
            rivals = self._links.get({key for _, read in moved for key in read.planted})
            self._reader.read({side: [link.id_on(side) for link in rivals.values()]})
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
                elif (owner is not None and owner.id != group.link.id) or self._is_anothers(
                    group.link, side, read, [*owners.values(), *rivals.values()]
                ):
                    group.merged_into[side] = read.id
                elif self._doubts.speaks_for(side, read):
                    group.doubt = True
                else:
                    group.link.on(side, read.id)
                    group.ids[side] = read.id
                    if twin is not None:
                        group.keys += twin.keys
                        groups.remove(twin)

    def _is_anothers(self, link: Link, side: SideName, read: Record, known: Iterable[Link]) -> bool:
        """Whether a record is the one of another of these links, which has not followed it yet to this name.

        Where this one's key was never planted, the keys do not tell.
        """
        others = [
            other
            for other in known
            if other.id != link.id and side not in other.gone and self._answers(side, other.id_on(side), read)
        ]
        mine = _place_of_key(link, read)
        told = link.id in read.planted
        return any(side in link.gone or (told and _place_of_key(other, read) < mine) for other in others)

    def _answers(self, side: SideName, name: str, read: Record) -> bool:
        """Whether this record is what that name stands for now."""
        found = self._reader.pool[side].get(name)
        return name in read.previous_ids or (isinstance(found, Record) and found.id == read.id)

    def restored(self, groups: list[Group], batch: Batch) -> None:
        """A record without link that carries our key, while the link's own is gone, is that contact come back.

        Or it was merged into that one, from which a create may be in doubt: see :meth:`renamed`. One that still reads
        as it was sent may be a copy that has landed late, and one beside the link's own record is such a copy.
        """
        carriers: dict[str, list[tuple[Group, Record]]] = {}
        for group in groups:
            record = self._reader.pool[SideName.GOOGLE].get(group.ids.get(SideName.GOOGLE, ""))
            if group.link is None and isinstance(record, Record):
                for key in record.planted:
                    carriers.setdefault(key, []).append((group, record))
        if not carriers:
            return
        links = self._links.get(carriers)
        self._reader.read({side: [link.id_on(side) for link in links.values()] for side in SideName})
        for link in links.values():
            for group, record in carriers[link.id]:
                if group.link is None and group in groups:
                    self._come_back(link, group, record, groups, batch)

    def _come_back(self, link: Link, group: Group, record: Record, groups: list[Group], batch: Batch) -> None:
        read = self._reader.pool[SideName.GOOGLE].get(link.google_id)
        renamed = isinstance(read, Record) and read.id == record.id
        if not (renamed or isinstance(read, Absent)):
            if isinstance(read, Record) and read.id == link.google_id:
                batch.beside[record.id] = link
            return
        twin = next((g for g in groups if g.link is not None and g.link.id == link.id), None)
        if not renamed and isinstance(read, Absent) and self._may_show(link, read, twin):
            group.doubt = True
            return
        sent = self._doubts.sent.get(link.id)
        if not renamed and sent is not None and may_be(self._env, sent, SideName.GOOGLE, record):
            batch.orphans.add(record.id)
            return
        if self._doubts.speaks_for(SideName.GOOGLE, record):
            if twin is not None:
                twin.doubt = True
            return
        if twin is not None:
            group.keys += twin.keys
            groups.remove(twin)
        batch.stored.setdefault(link.id, link.copy())
        link.google_id = record.id
        group.link = link
        group.ids = {side: link.id_on(side) for side in SideName}

    def _may_show(self, link: Link, read: Absent, twin: Group | None) -> bool:
        """Whether a link's own record may be there, though not found: then another one with its key is a copy."""
        side = SideName.GOOGLE
        keys = twin.keys if twin is not None else ()
        proven = read.proven or side in link.gone or any(key.deleted for key in keys if key.side is side)
        dead = link.state is LinkState.TOMBSTONE and link.deleted_on is side
        if proven or dead or not link.google_id or self._unfound.gone(side, link.google_id):
            return False
        return self._unfound.may_show(side, link.google_id)


def _place_of_key(link: Link | None, read: Record) -> int:
    key = link.id if link is not None else ""
    return read.planted.index(key) if key in read.planted else len(read.planted)
