"""The inbox: what people want of a run. Browsers only ever create documents here; the next run drains them.

So nobody's click is lost, and no document is written by two.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from shared.clock import Ids
from shared.names import SideName
from shared.store.port import Change, Create, Data, Doc, Put, Remove, Store, Where
from shared.sync.head import Head
from shared.sync.link import Link, in_sync
from shared.sync.paths import Paths
from shared.sync.plain import plain
from shared.sync.plan.model import Trouble
from shared.sync.queue import Dirty, Lane, Queue
from shared.sync.remedies import APART, NEVER, OPEN, RELEASED, Remedy, actions, asked
from shared.sync.settings import Settings, parse

_log = logging.getLogger(__name__)
_MOST = 100


class Wish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One document of the inbox."""

    kind: Literal["settings", "release", "look", "stop"]
    at: str
    pair: str = ""
    """Of which pair it speaks; blank: of whichever is connected."""
    entries: list[str] = []
    """``release``: backlog ids; empty: all of ``cls``, or all."""
    asked: list[str] = []
    """``release``: what each of the entries asked when it was answered; empty: whatever they ask."""
    cls: str | None = None
    remedy: Remedy = Remedy()
    """``release``: what is to be done about them."""
    side: SideName | None = None
    record: str = ""
    """``look``: this record is to be looked at."""
    plan: str = ""
    """``stop``: this stored plan is not to be carried out any further."""


def post(store: Store, paths: Paths, ids: Ids, wish: Wish) -> str:
    """Leaves a wish for this pair; its id."""
    change = posting(paths, ids, wish)
    store.commit([change])
    return change.path.rpartition("/")[2]


def posting(paths: Paths, ids: Ids, wish: Wish) -> Create:
    """What leaves a wish for this pair, to be committed with what it belongs to."""
    return Create(f"{paths.inbox}/{ids.new()}", {**plain(wish), "pair": paths.pair})


class Drained(msgspec.Struct, kw_only=True):
    """What draining came to."""

    settings: Settings
    changes: list[Change]
    relist: bool = False
    """The scope or the fields changed: both sides are to be listed again, every contact is to be looked at."""
    read: int = 0
    stops: list[str] = []
    """The stored plans that are to be stopped."""


def drain(store: Store, paths: Paths, head: Head, queue: Queue) -> Drained:
    """Carries out the wishes on the head and the queue; the changes go into the next commit, all in one.

    Raises:
        BadSettings: the settings document holds a value out of range.
    """
    docs = store.query(paths.inbox, order="at", limit=_MOST)
    wishes = [wish for doc in docs if (wish := _wish(doc)) is not None and wish.pair in ("", paths.pair)]
    changes: list[Change] = [Remove(doc.path) for doc in docs]
    read = len(docs)
    old = parse(head.settings)
    settings, relist = old, False
    if not head.settings or any(wish.kind == "settings" for wish in wishes):
        user = store.get(paths.user)
        read += 1
        settings = parse(user.data.get("settings", {}) if user else {})
        if head.settings and settings != old:
            relist = _relist(old, settings)
            if _wakes(old, settings):
                queue.wake_asleep()
        head.settings = plain(settings)
    made: dict[str, Data] = {}
    for wish in wishes:
        if wish.kind == "look" and wish.side is not None:
            queue.add(Lane.RELEASED, [Dirty(side=wish.side, id=wish.record, seen_at=wish.at, lane=Lane.RELEASED)])
        elif wish.kind == "release":
            read += _release(store, paths, head, queue, wish, made)
    changes += [Put(path, data) for path, data in made.items()]
    stops = [wish.plan for wish in wishes if wish.kind == "stop"]
    return Drained(settings=settings, changes=changes, relist=relist, read=read, stops=stops)


def _wish(doc: Doc) -> Wish | None:
    """The wish inside; one that is none (written by another version, say) is removed with the others, and logged."""
    try:
        return msgspec.convert(doc.data, Wish)
    except msgspec.ValidationError as error:
        _log.warning("inbox document %s is no wish: %s", doc.id, error)
        return None


def _release(store: Store, paths: Paths, head: Head, queue: Queue, wish: Wish, made: dict[str, Data]) -> int:
    """Releases what the wish names; how many documents were read.

    Args:
        made: what the wishes drained so far have made of the documents, by path; an entry that several of them name is
            released once, with all that they say of it.
    """
    docs = _chosen(store, paths, wish)
    meant = dict(zip((paths.backlog(entry) for entry in wish.entries), wish.asked, strict=False))
    links = store.get_all([paths.link(doc.data["link"]) for doc in docs if doc.data.get("link")])
    remedy = wish.remedy
    for doc in docs:
        if remedy.action not in actions(doc.data):
            continue  # it was let go before
        question = asked(doc.data)
        if meant.get(doc.path, question) != question:
            continue  # it asks something else by now, which nobody has answered
        before = made.get(doc.path)
        if before is None and doc.data["state"] == OPEN:
            head.backlog = max(0, head.backlog - 1)
            head.answered += 1
        never = remedy.action == "never"
        told = {"remedy": plain(_joined(before, remedy))} if not never else {}
        made[doc.path] = {**doc.data, "state": NEVER if never else RELEASED, **told}
        if doc.data["state"] == APART:
            made[doc.path].pop("different")
        name = doc.data.get("link")
        found = links.get(paths.link(name)) if name else None
        if found is not None:
            link = Link.load(made.get(found.path, found.data))
            counted = in_sync(link)
            link.parked = never
            head.in_sync = max(0, head.in_sync + in_sync(link) - counted)
            link.held = _left(link.held, remedy)
            link.writes = {name: told for name, told in link.writes.items() if name not in link.looping}
            link.looping = _left(link.looping, remedy)
            made[found.path] = link.data()
        if never:
            continue
        approved = remedy.action == "approve"
        for side in SideName:
            if record := doc.data["ids"].get(side.value):
                # What only a person can know: that the contact which Sugar does not show any more was deleted.
                gone = approved and doc.data["class"] == Trouble.GONE_FROM_SUGAR.value and side is SideName.SUGAR
                key = Dirty(
                    side=side,
                    id=record,
                    seen_at=doc.data["at"],
                    deleted=gone,
                    lane=Lane.RELEASED,
                    tries=1,
                    exempt=approved and doc.data["class"] != Trouble.HELD_CLEARING.value,
                )
                queue.add(Lane.RELEASED, [key])
    return len(docs) + len(links)


def _left(fields: Sequence[str], remedy: Remedy) -> list[str]:
    """The fields that go on waiting: an answer lets go only those that it is about."""
    return [field for field in fields if remedy.action == "keep" and field not in remedy.answers]


def _joined(before: Data | None, remedy: Remedy) -> Remedy:
    """The remedy, with what an earlier wish has answered already."""
    answers = msgspec.convert((before or {}).get("remedy", {}), Remedy).answers
    return msgspec.structs.replace(remedy, answers={**answers, **remedy.answers})


def _chosen(store: Store, paths: Paths, wish: Wish) -> Sequence[Doc]:
    if wish.entries:
        return list(store.get_all([paths.backlog(entry) for entry in wish.entries]).values())
    where = [Where("state", "==", OPEN)]
    if wish.cls is not None:
        where.append(Where("class", "==", wish.cls))
    return store.query(paths.collection("backlog"), where, limit=_MOST * 10)


_SWITCHES = ("from_sugar", "from_google", "conflict", "leaves_scope", "opt_in_label")
_SHAPE = ("sugar_scope", "google_scope", "never_label", "region", "fields_off", "custom_fields")


def _differ(old: Settings, new: Settings, names: Sequence[str]) -> bool:
    one: dict[str, Any] = msgspec.structs.asdict(old)
    two: dict[str, Any] = msgspec.structs.asdict(new)
    return any(one[name] != two[name] for name in names)


def _wakes(old: Settings, new: Settings) -> bool:
    """Whether what was held back has to be decided again."""
    return _differ(old, new, (*_SWITCHES, *_SHAPE))


def _relist(old: Settings, new: Settings) -> bool:
    """Whether who takes part, or what is compared, has changed."""
    return _differ(old, new, _SHAPE)
