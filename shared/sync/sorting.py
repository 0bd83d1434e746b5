"""What became of creates that an earlier run left in doubt, as far as can be told before the batch is read.

A create is in doubt until its key is found, or until a complete feed, begun after it was sent plus the quiet period Q,
has not shown it::

    T1 ──▶ sent ─ ─ ─ ─(lands late, propagates late)─ ─ ─▶ seen in the feed
    │◀──────────────── Q ────────────────▶│
                                          └─ a complete feed begun here has not shown it ──▶ sent again, same key

Where nothing can be planted (Sugar), what this user created since then with the same email or last name is searched.
Where the client chooses the id (the older Sugar dialect), nothing has to be waited for: the record lies under the id
that the intent froze, or the same create is sent again at once, because of two with one id the second fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contact.emails import email_keys
from shared.contact.normal import email_key
from shared.names import Op, SideName
from shared.side import Idempotency, Probe, Record, Side
from shared.sync.doubts import Doubts, Place, source
from shared.sync.head import Head
from shared.sync.journal import Intent, step_of
from shared.sync.link import Link
from shared.sync.links import Links
from shared.sync.paths import subject_id
from shared.sync.patience import hopeless, rests
from shared.sync.plan.model import Env
from shared.sync.settle import happened
from shared.sync.undo.recover import sort_remade


class Sorting:
    """Sorts the open intents of earlier runs."""

    def __init__(
        self, sides: Mapping[SideName, Side], head: Head, links: Links, env: Env, clock: Clock, quiet: timedelta
    ) -> None:
        self._sides = sides
        self._head = head
        self._links = links
        self._env = env
        self._clock = clock
        self._quiet = quiet

    def prepare(self, intents: list[Intent]) -> Doubts:
        """Where each of these belongs, as far as can be told by now."""
        doubts = Doubts(sent=self._head.sent)
        stored = self._links.get({op.key for op in intents})
        creates: list[Intent] = []
        remade: list[tuple[Intent, Link | None]] = []
        for op in intents:
            link = stored.get(op.key)
            if link is not None and op.id in link.intents:
                doubts.closed.append(op.id)
                doubts.removed.update(op.removes)
            elif op.op is Op.CREATE and op.undone is not None:
                remade.append((op, link))
            elif op.op is Op.CREATE and (link is None or not link.id_on(op.side)):
                creates.append(op)
            elif op.op is Op.UPDATE and link is None:
                doubts.unlinked.append(op)
            else:
                doubts.intents.append(op)
        for side in SideName:
            mine = [op for op in creates if op.side is side]
            kind = self._sides[side].idempotency
            if mine and kind is Idempotency.PLANTED_KEY:
                self._by_key(mine, {source(op) for op in creates}, doubts)
            elif mine and kind is Idempotency.CHOSEN_ID:
                self._by_id(side, mine, doubts)
            elif mine:
                self._by_search(side, mine, doubts)
        for op, link in remade:
            self._remade(op, link, doubts)
        doubts.intents += [op for op in doubts.unlinked if op.key in doubts.found]
        doubts.unlinked = [op for op in doubts.unlinked if op.key not in doubts.found]
        doubts.wait_along()
        return doubts

    def _remade(self, op: Intent, link: Link | None, doubts: Doubts) -> None:
        found: list[str] = []
        alike: list[str] = []
        complete = self._head.side(op.side).complete_at
        if self._sides[op.side].idempotency is Idempotency.PLANTED_KEY:
            names = self._head.found.get(op.key, [])
            # Whoever is linked with somebody else has the key from a merge: that is not what was made.
            alike = self._owned(op, names)
            found = [name for name in names if name not in alike]
            over = complete is not None and datetime.fromisoformat(complete) >= self.over(op)
        elif self._sides[op.side].idempotency is Idempotency.CHOSEN_ID and op.record:
            found = [op.record] if isinstance(self._sides[op.side].read([op.record])[op.record], Record) else []
            over = self._clock.now() >= self.over(op)
        else:
            records = self._sides[op.side].created_since(datetime.fromisoformat(op.sent_at), [_probe(op)])
            taken = self._links.of(op.side, [record.id for record in records])
            bound = {link.id_on(op.side) for link in doubts.found.values()}
            free = [record for record in records if record.id not in taken and record.id not in bound]
            found = [record.id for record in free if self.reads_as_sent(op, record)]
            alike = [record.id for record in free if self._alike(op, record)]
            over = self._clock.now() >= self.over(op)
        sort_remade(op, link, doubts, found, alike, over=over)

    def _by_id(self, side: SideName, creates: list[Intent], doubts: Doubts) -> None:
        read = self._sides[side].read([op.record for op in creates])
        for op in creates:
            found = read[op.record]
            if isinstance(found, Record) or found.proven:  # a tombstone under our id: it arrived, and was deleted
                self._bind(op, op.record, doubts)
            else:
                doubts.resend.append(op)

    def _by_key(self, creates: list[Intent], sources: Collection[Place], doubts: Doubts) -> None:
        """Binds what shows the key, unless its user has merged it: into a contact that is linked, into one from which
        a create is in doubt as well, or into what another create has made. Then the key proves nothing.

        Args:
            sources: the records that creates in doubt were made from.
        """
        complete = self._head.side(creates[0].side).complete_at
        shown = Counter(name for op in creates for name in set(self._head.found.get(op.key, ())))
        for op in creates:
            names = self._head.found.get(op.key, [])
            owned = self._owned(op, names)
            owned += [name for name in names if shown[name] > 1 or (op.side, name) in sources]
            if ids := [name for name in names if name not in owned]:
                self._bind(op, ids[0], doubts)
            elif owned:
                doubts.suspects.update({(op.side, name): op for name in owned})
                doubts.unclear.append((op, tuple(subject_id(op.side, name) for name in dict.fromkeys(owned))))
            elif complete is not None and datetime.fromisoformat(complete) >= self.over(op):
                self._never_arrived(op, doubts)
            else:
                doubts.waiting.append(op)

    def _never_arrived(self, op: Intent, doubts: Doubts) -> None:
        """What becomes of a create that was not found in time, and cannot land any more."""
        if hopeless(op, self._head.side(op.side).created_at):
            doubts.unclear.append((op, ()))
        elif self._clock.now() < self.over(op) + rests(op, self._quiet):
            doubts.resting.append(op)
        else:
            doubts.resend.append(op)

    def _owned(self, op: Intent, names: Collection[str]) -> list[str]:
        """Those of these records that another contact is linked with."""
        links = self._links.of(op.side, names)
        return [name for name in names if name in links and links[name].id != op.key]

    def _bind(self, op: Intent, record: str, doubts: Doubts) -> None:
        link = Link.load(op.link or {})
        link.on(op.side, record)
        doubts.found[link.id] = link
        doubts.intents.append(op)

    def _by_search(self, side: SideName, creates: list[Intent], doubts: Doubts) -> None:
        since = min(datetime.fromisoformat(op.sent_at) for op in creates)
        records = self._sides[side].created_since(since, [_probe(op) for op in creates])
        taken = self._links.of(side, [record.id for record in records])
        free = {record.id: record for record in records if record.id not in taken}
        undecided: list[Intent] = []
        for op in creates:
            twins = [record for record in free.values() if self.reads_as_sent(op, record)]
            if len(twins) == 1:
                del free[twins[0].id]
                self._bind(op, twins[0].id, doubts)
            else:
                undecided.append(op)
        for op in undecided:
            alike = [record for record in free.values() if self._alike(op, record)]
            doubts.suspects.update({(side, record.id): op for record in alike})
            if self._clock.now() < self.over(op):
                doubts.waiting.append(op)
            elif alike:
                doubts.unclear.append((op, tuple(subject_id(side, record.id) for record in alike)))
            else:
                self._never_arrived(op, doubts)

    def over(self, op: Intent) -> datetime:
        """When a request of this intent cannot land any more, as far as anybody can tell."""
        return datetime.fromisoformat(op.sent_at) + self._quiet

    def is_ours(self, op: Intent, record: Record) -> bool:
        """Whether a record is the one that this create made: it has the chosen id, carries the key, or reads as sent.

        What pointed to it, a feed's row or a search's, may have named one record and shown another.
        """
        if op.record:
            return op.record == record.id
        return op.key in record.planted or self.reads_as_sent(op, record)

    def reads_as_sent(self, op: Intent, record: Record) -> bool:
        return happened(self._env, Link(id=op.key, sugar_id="", google_id=""), step_of(op), record)

    def _alike(self, op: Intent, record: Record) -> bool:
        contact = self._env.fields[op.side].view(record.native, {}, op.target).contact
        target = op.target
        if email_keys(contact.emails or ()) & email_keys(target.emails or ()):
            return True
        last = target.get("last_name") or target.get("first_name")
        return contact.get("last_name").strip().casefold() == last.strip().casefold()


def _probe(op: Intent) -> Probe:
    target = op.target
    emails = tuple(email_key(email.address) for email in target.emails or ())
    return Probe(emails, target.get("first_name"), target.get("last_name") or target.get("first_name"))
