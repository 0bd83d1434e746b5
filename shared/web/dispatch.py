"""Who is due, and one task for each: every minute, page by page.

One run takes so many at most. Where more are due, the next run goes on where this one ended. A lap takes those who were
due when it began; whoever becomes due meanwhile, having been served or not, belongs to the next one. So neither those
who keep failing at the front nor those who come back at the end starve anybody: after two laps at most, everybody who
was due has had a task. With room for four::

    09:00  due: a b c d e f g h i   ──▶ a b c d  │ place: d, of the lap of 09:00
    09:01  due: b e f g h i j k     ──▶ e f g h  │ place: h, of the lap of 09:00      b has failed, j and k are new
    09:02  due: b i j k             ──▶ i│b j k  │ place: k, of the lap of 09:02
            the lap's end after i; the new one goes up to the old place first, then on with those not due before

Once an hour it looks for those, too, whom no run has tidied for long, see :mod:`shared.sync.tidy`: each gets a task of
another kind.

A task is named after the pair and the minute. The same minute's dispatch, doubled or repeated, makes nothing twice; the
next minute's makes new tasks for those who are due still, whatever became of the old ones. Whether a task is worth a
run, still, is seen when it is carried out.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.clock import Clock
from shared.errors import RetriableError
from shared.store.port import Change, Doc, Put, Remove, Store, Where
from shared.sync.limits import TIDY_EVERY, TIDY_LATE
from shared.web.tasks import Task, Tasks, enqueue_all, task_name

_log = logging.getLogger(__name__)

PAGE = 400
"""Users of one query: so that it comes to less than one for 300 users, also with the looks past the end of a lap."""
MOST = 6_000
"""Users of one run: what a queue takes in seconds, and starts within the minute."""
SPREAD = 50.0
"""Seconds over which the tasks of one run begin. What is left of the minute lets the last ones end before the next
look, which would find them due still."""
PLACE = "dispatch/current"
"""The document that says where the next run goes on; missing where the last one came to the end."""


TIDY = 30
"""The minute of each hour at which those are looked for whom no run has tidied."""


class Dispatched(msgspec.Struct, kw_only=True):
    """One run of the dispatcher, in counts."""

    due: int = 0
    """Users found due."""
    enqueued: int = 0
    """New tasks."""
    existed: int = 0
    """Tasks that another dispatch of this minute has made."""
    failed: int = 0
    """Not enqueued: they stay due, and a later run finds them again."""
    queries: int = 0
    more: bool = False
    """Whether it ended before all who are due were seen; the next run goes on there."""
    late_seconds: float = 0.0
    """How long the one who was due first has been waiting, of those found."""
    untidied: int = 0
    """Pairs whose history and plans past their time are to be removed without a run."""


class _Place(msgspec.Struct, frozen=True):
    """The last one taken."""

    due: str
    path: str
    lap: str
    """When the lap began: it takes those who were due then."""

    @property
    def key(self) -> tuple[str, list[str]]:
        """Places compare as the store orders documents."""
        return self.due, self.path.split("/")


class _Stretch(msgspec.Struct, frozen=True):
    """A part of a lap."""

    lap: str
    until: str
    """Due by then."""
    since: str | None = None
    """And not due by then."""
    after: _Place | None = None
    end: _Place | None = None
    """The last one of it."""


def _stretches(now: str, start: _Place | None) -> list[_Stretch]:
    """All who are due, each once: the rest of the lap, then a new lap without those."""
    if start is None:
        return [_Stretch(now, now)]
    return [
        _Stretch(start.lap, start.lap, after=start),
        _Stretch(now, min(start.due, now), end=start),
        _Stretch(now, now, since=start.lap),
    ]


class Dispatcher:
    """Finds who is due and enqueues them; holds nothing between runs."""

    def __init__(self, store: Store, tasks: Tasks, clock: Clock, *, page: int = PAGE, most: int = MOST) -> None:
        """
        Args:
            page: users of one query.
            most: users of one run.
        """
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._page = page
        self._most = most

    def run(self) -> Dispatched:
        """Enqueues one task for each user who is due, or for so many as one run takes.

        Raises:
            RetriableError: nothing could be enqueued, or the store does not answer.
            FatalError: the queue is missing, or may not be used.
        """
        now = self._clock.now()
        done = Dispatched()
        start = place = self._load()
        for docs, last in self._pages(now.isoformat(), start, done):
            done.due += len(docs)
            done.late_seconds = max(done.late_seconds, _late(docs[0], now))
            result = enqueue_all(self._tasks, (_task(doc, now) for doc in docs))
            done.enqueued += result.made
            done.existed += result.existed
            if result.trouble is not None and not done.enqueued and not done.existed:
                raise result.trouble
            if result.stopped:
                done.more = True
                break
            place = last
        done.failed = done.due - done.enqueued - done.existed
        self._save(start, place if done.more else None)
        if now.minute == TIDY:
            self._tidy(now, done)
        return done

    def _tidy(self, now: datetime, done: Dispatched) -> None:
        """A task for each pair that no run has tidied for long. Whoever is missed is found an hour later."""
        where = [Where("retired_at", "<=", (now - TIDY_EVERY - TIDY_LATE).isoformat())]
        after: list[str] | None = None
        while done.untidied < self._most:
            docs = self._find(where, "retired_at", self._page, after)
            done.queries += 1
            done.untidied += len(docs)
            result = enqueue_all(self._tasks, (_tidying(doc, now) for doc in docs))
            if len(docs) < self._page or result.trouble is not None:
                return
            after = [docs[-1].data["retired_at"], docs[-1].path]

    def _pages(self, now: str, start: _Place | None, done: Dispatched) -> Iterator[tuple[list[Doc], _Place]]:
        """All who are due, with the place where each page ends; ``more`` is set where it is cut."""
        for stretch in _stretches(now, start):
            after, full = stretch.after, True
            while full:
                limit = min(self._page, self._most - done.due)
                if limit <= 0:
                    done.more = True
                    return
                docs = self._query(stretch, after, limit)
                done.queries += 1
                full = len(docs) == limit
                places = [_Place(doc.data["next_due_at"], doc.path, stretch.lap) for doc in docs]
                if (end := stretch.end) is not None and places and places[-1].key > end.key:
                    places = [place for place in places if place.key <= end.key]
                    full = False
                if places:
                    after = places[-1]
                    yield docs[: len(places)], after

    def _query(self, stretch: _Stretch, after: _Place | None, limit: int) -> list[Doc]:
        where = [Where("next_due_at", "<=", stretch.until)]
        if stretch.since is not None:
            where.append(Where("next_due_at", ">", stretch.since))
        cursor = None if after is None else [after.due, after.path]
        return self._find(where, "next_due_at", limit, cursor)

    def _find(self, where: Sequence[Where], order: str, limit: int, after: list[str] | None) -> list[Doc]:
        return self._store.query_group("pairs", where, order=order, limit=limit, after=after)

    def _load(self) -> _Place | None:
        doc = self._store.get(PLACE)
        try:
            return msgspec.convert(doc.data, _Place) if doc else None
        except msgspec.ValidationError:
            return None

    def _save(self, old: _Place | None, new: _Place | None) -> None:
        """Two dispatches at once may both write: whichever is last, nobody is passed over for good."""
        if old == new:
            return
        change: Change = Remove(PLACE) if new is None else Put(PLACE, msgspec.structs.asdict(new))
        try:
            self._store.commit([change])
        except RetriableError as error:
            # The tasks are made; the next run merely begins where this one did.
            _log.warning("the place of the dispatch was not saved", extra={"error": type(error).__name__})


def _task(doc: Doc, now: datetime) -> Task:
    _, uid, _, pair = doc.path.split("/")
    name = task_name("sync", uid, pair, now.strftime("%Y-%m-%dT%H:%M"))
    return Task(name, {"uid": uid, "pair": pair}, now + timedelta(seconds=_offset(uid)))


def _tidying(doc: Doc, now: datetime) -> Task:
    _, uid, _, pair = doc.path.split("/")
    name = task_name("tidy", uid, pair, now.strftime("%Y-%m-%dT%H:%M"))
    return Task(name, {"uid": uid, "pair": pair, "tidy": True}, now + timedelta(seconds=_offset(uid)))


def _offset(uid: str) -> float:
    """Seconds after the look at which this user's task begins: the same each time, so that intervals stay even."""
    digest = hashlib.blake2b(uid.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * SPREAD


def _late(doc: Doc, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(doc.data["next_due_at"])).total_seconds())


__all__: Sequence[str] = ("MOST", "PAGE", "PLACE", "SPREAD", "TIDY", "Dispatched", "Dispatcher")
