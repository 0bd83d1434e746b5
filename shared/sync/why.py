"""Why isn't this contact syncing? The contacts that a person means, and what decides how each of them stands.

They are read fresh from both sides and planned like in a run, under the pair's lease, and nothing of it is carried out:
so the answer is what the next run would come to, by the very rules that it goes by.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.clock import Clock, Ids
from shared.contact.normal import email_key, is_email
from shared.contact.terms import email_term, name_term
from shared.names import SideName
from shared.side import Probe, Side
from shared.store.port import Store
from shared.sync.backlog import backlog_id
from shared.sync.because import Because
from shared.sync.claims import Claims
from shared.sync.doubts import Doubts
from shared.sync.explain import explain
from shared.sync.gather import Gatherer
from shared.sync.head import Head
from shared.sync.index import Index
from shared.sync.journal import Journal
from shared.sync.ledger import Ledger
from shared.sync.links import Links
from shared.sync.naming import name_of
from shared.sync.order.errand import Begun, Plain
from shared.sync.paths import Paths
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.guard import Weather, guard
from shared.sync.plan.model import Env, Presence
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.run import Connect
from shared.sync.settings import parse, synced_fields

MOST = 20
"""Contacts of one answer."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PERSON = re.compile(r"people/[A-Za-z0-9_-]{1,64}")
_IN_ADDRESS = re.compile(r"(?:#Contacts/|[?&]record=|/person/)([A-Za-z0-9_-]{1,64})")

Place = tuple[SideName, str]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer."""

    contacts: Sequence[Because]
    more: bool
    """There are more that may be meant."""
    listed: bool
    """Both sides have been listed once; before that, only what is asked for by an id or found in Sugar is known."""


class Looking(Plain):
    """The errand of looking at just these records."""

    dry = True
    fixed = True

    def __init__(self, keys: Sequence[Dirty]) -> None:
        super().__init__()
        self._keys = keys

    def keys(self, queue: Queue, begun: Begun, room: int) -> Iterator[Dirty]:
        del queue, begun, room
        return iter(self._keys)


def why(
    store: Store, paths: Paths, connect: Connect, clock: Clock, ids: Ids, instance: str, ledger: Ledger, text: str
) -> Told:
    """Looks at the contacts meant; neither side is written, and nothing of the sync's own state.

    Args:
        ledger: of a visit.
        text: an email, a name, an id of either side, or the address of its page there.

    Raises:
        FatalError, RetriableError: what a side or the store answers.
    """
    head = ledger.head
    user = store.get(paths.user)
    settings = parse(user.data.get("settings", {}) if user else {})
    sides = connect(settings, ledger.gate, head)
    env = Env(
        settings=settings,
        fields={side: sides[side].fields for side in SideName},
        names=synced_fields(settings),
        listed={side: head.side(side).listed for side in SideName},
        now=clock.now().isoformat(),
    )
    index, links, queue = Index(store, paths, head), Links(store, paths), Queue(store, paths, head)
    linked = links.get([text]).values() if _ID.fullmatch(text) else ()
    own = [(side, record) for link in linked for side in SideName if (record := link.id_on(side))]
    found = list(dict.fromkeys([*own, *places(text, sides, index)]))
    now = clock.now().isoformat()
    keys = [Dirty(side=side, id=record, seen_at=now, lane=Lane.SWEEP) for side, record in found]
    gatherer = Gatherer(store, paths, sides, queue, index, links, ids, env, MOST, Looking(keys), head)
    backlog = head.backlog + head.answered > 0
    batch = gatherer.run(Doubts(), backlog=backlog)
    planned = plan_batch(env, batch.subjects, batch.candidates).decisions
    decisions, _ = guard(env, Claims(store, paths, instance).check(planned, clock.now()), _weather(head, queue, now))
    doubts = {name for op in Journal(store, paths, head).load() for name in (op.key, op.record, *_sources(op.link))}
    told = []
    for decision in decisions:
        subject = decision.subject
        halves = [subject.half(side) for side in SideName]
        if subject.link is None and all(half.presence in (Presence.NONE, Presence.MISSING) for half in halves):
            continue  # nobody has that id
        names = {subject.key, *(half.id for half in halves)} - {""}
        told.append(
            explain(
                env,
                decision,
                name_of(env.fields, subject),
                entry=batch.entries.get(backlog_id(subject)),
                doubt=not names.isdisjoint(doubts),
                plan=bool(head.asking),
            )
        )
    told.sort(key=lambda each: (each.name.casefold(), each.sugar_id, each.google_id))
    return Told(told, len(keys) > sum(map(len, batch.keys.values())), all(env.listed.values()))


def _weather(head: Head, queue: Queue, now: str) -> Weather:
    done: Counter[str] = Counter()
    for _, kind, count in head.removals:
        done[kind] += count
    alarm = head.alarm_until is not None and head.alarm_until > now
    return Weather(links=head.links, done=done, pending=queue.deletions(), alarm=alarm)


def _sources(link: Mapping[str, object] | None) -> list[str]:
    return [str(link.get(f"{side.value}_id", "")) for side in SideName] if link else []


def places(text: str, sides: Mapping[SideName, Side], index: Index) -> list[Place]:
    """The records that a person may mean by an email, a name, an id, or the address of its page in Sugar or Google.

    What is found by an id may not exist; whoever reads it finds out.
    """
    text = " ".join(text.split())
    found: dict[Place, None] = {}
    if is_email(text):
        terms, probes = {email_term(text)}, [Probe((email_key(text),), "", "")]
    else:
        found.update(dict.fromkeys(_by_id(text)))
        names = _names(text)
        terms = {term for first, last in names if (term := name_term(first, last))}
        probes = [Probe((), first, last) for first, last in names]
    for side in SideName:
        found.update(dict.fromkeys((side, record) for record in sorted(index.find(side, terms))))
        found.update(dict.fromkeys((side, record.id) for record in sides[side].find(probes)))
    return list(found)


def _by_id(text: str) -> Iterator[Place]:
    if _PERSON.fullmatch(text):
        yield SideName.GOOGLE, text
        return
    inside = _IN_ADDRESS.search(text)
    name = inside.group(1) if inside else text
    if not _ID.fullmatch(name) or not any(map(str.isdigit, name)):
        return
    yield SideName.SUGAR, name
    if "-" not in name:
        yield SideName.GOOGLE, f"people/{name}"


def _names(text: str) -> list[tuple[str, str]]:
    """How the words may be given and family names."""
    last, comma, first = text.partition(",")
    if comma:
        return [(first.strip(), last.strip())]
    words = text.split(" ")
    if len(words) == 1:
        return [("", text)]
    return list(dict.fromkeys([(" ".join(words[:-1]), words[-1]), (words[0], " ".join(words[1:]))]))
