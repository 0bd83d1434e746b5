"""The counts that the table of costs is made from are what runs really do."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from shared.store.codec import size
from shared.store.port import Change, Doc, Put, Remove, Store, Version
from shared.web.dispatch import Dispatcher
from shared.web.log import JsonLines
from tests.functions.stage import Stage, stage
from tests.infra import costs
from tests.infra.costs import Counts
from tests.sync.scenarios import BOTH
from tests.world import User


class Billed:
    """A store that counts as Firestore bills."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.reset()

    def reset(self) -> None:
        self.reads = self.writes = self.deletes = 0

    def get(self, path: str) -> Doc | None:
        self.reads += 1
        return self._inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = list(paths)
        self.reads += len(wanted)
        return self._inner.get_all(wanted)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        found = self._inner.query(collection, where, **how)
        self.reads += max(1, len(found))
        return found

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        found = self._inner.query_group(group, where, **how)
        self.reads += max(1, len(found))
        return found

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        removed = sum(isinstance(change, Remove) for change in changes)
        self.deletes += removed
        self.writes += len(changes) - removed
        return self._inner.commit(changes)

    def close(self) -> None:
        self._inner.close()


@dataclass
class Bench:
    """One user at rest, with some contacts on both sides."""

    stage: Stage
    user: User
    store: Billed

    def run(self) -> Counts:
        """The next run by the queue."""
        self.stage.clock.advance(301)
        calls = len(self.stage.world.calls())
        self.store.reset()
        answer = self.stage.task("sync", {"uid": self.user.uid, "pair": self.user.paths.pair}).ok
        assert answer["status"] == "done"
        calls = len(self.stage.world.calls()) - calls
        return Counts(self.store.reads, self.store.writes, self.store.deletes, calls)


@contextmanager
def at_rest() -> Iterator[Bench]:
    with stage() as s:
        user = s.user(**{**BOTH, "sync_regularly": True})
        user.engine.attend()
        store = Billed(s.services.store)
        s.services.__dict__["store"] = store
        bench = Bench(s, user, store)
        for n in range(30):
            s.world.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        for _ in range(8):
            bench.run()
        yield bench


def test_a_run_that_finds_nothing_to_do() -> None:
    with at_rest() as bench:
        assert [bench.run() for _ in range(3)] == [costs.IDLE] * 3


def test_a_run_that_carries_a_change_over() -> None:
    with at_rest() as bench:
        contact = next(iter(bench.stage.world.sugar.contacts()))
        bench.stage.world.sugar.edit(contact, title="Treasurer")
        assert bench.run() == costs.CHANGED


def test_a_look_of_the_dispatcher() -> None:
    with at_rest() as bench:
        bench.store.reset()
        Dispatcher(bench.store, _Taken(), bench.stage.clock).run()
        assert (bench.store.reads, bench.store.writes) == (costs.LOOK, 0)
        bench.stage.clock.advance(301)
        bench.store.reset()
        assert Dispatcher(bench.store, _Taken(), bench.stage.clock).run().due == 1
        assert bench.store.reads <= costs.LOOK + costs.DISPATCHED
        assert bench.store.writes == 0


class _Taken:
    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: Any = None) -> bool:
        return True

    def close(self) -> None:
        pass


def test_a_run_s_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with at_rest() as bench, caplog.at_level(logging.INFO):
        bench.run()
    line = next(record for record in reversed(caplog.records) if record.getMessage() == "request")
    assert costs.LINE / 2 < len(JsonLines().format(line)) + len("logging.googleapis.com/trace") + 80 <= costs.LINE


def test_what_a_contact_takes() -> None:
    with at_rest() as bench:
        inner = bench.stage.world.store.inner
        stored = {name: inner.query(bench.user.paths.collection(name)) for name in ("links", "history")}
    assert costs.LINK / 2 < sum(map(with_entries, stored["links"])) / len(stored["links"]) <= costs.LINK
    assert costs.ROW / 2 < sum(map(with_entries, stored["history"])) / len(stored["history"]) <= costs.ROW


def with_entries(doc: Doc) -> int:
    """Bytes of a document with its index entries, by Firestore's rules: in each entry the names of the document and of
    its parent, the values, and 32 bytes."""
    project = len("projects/a-project-of-usual-length/databases/(default)/documents/")
    names = 2 * (project + len(doc.path)) + 32
    kinds = len(doc.data.get("kinds", [""]))
    # Fields alone; then, with the time in two directions, each choice of link, run and kinds.
    entries = 3 if "sugar_id" in doc.data else 4 + kinds + 2 * (3 + 4 * kinds)
    return size(Put(doc.path, doc.data)) + entries * (names + 60)


def test_the_table_adds_up() -> None:
    small, large = costs.month(10, 60), costs.month(25_000, 5)
    assert large.runs == 25_000 * 12 * 24 * 30
    assert small.total < 1, "a handful of users costs next to nothing"
    assert large.total == pytest.approx(large.firestore + large.functions + large.rest)
    runs = large.functions + large.rest
    rarely = costs.month(25_000, 60)
    assert rarely.functions + rarely.rest < runs / 5, "what runs cost goes with their number"
    assert len(costs.table()) == 6
    assert all(len(row) == len(costs.HEAD) for row in costs.table())
