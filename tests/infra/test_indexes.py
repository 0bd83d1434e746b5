"""Every query of the code has its index in Terraform, and every index its query.

The emulator asks for no indexes, and the real Firestore refuses a query without: so what the code asks is taken from
its own runs, and from its own filters in every combination; sent through the real client; and read on the wire by the
rules by which Firestore chooses an index.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore_v1.types import StructuredQuery

from shared.local.queue import LocalQueue
from shared.local.site import FUNCTIONS
from shared.store.bucket import Location, S3Bucket
from shared.store.port import INDEXED, Where
from shared.store.sqlite import SqliteStore
from shared.sync import browse
from shared.sync.archived import Archived
from shared.sync.browse import HistoryFilter
from shared.sync.bundle import Bundle
from shared.sync.inbox import Wish, _chosen
from shared.sync.paths import COLLECTIONS, Paths
from shared.sync.retention import Retention
from shared.sync.undo import choose as undo
from shared.sync.undo.ask import UndoAsk
from shared.web.dispatch import Dispatched, Dispatcher
from tests.infra.seen import SHARED, Query, Seen, WatchedStore
from tests.infra.terraform import Applied
from tests.infra.wire import on_the_wire
from tests.simulators.wire import SimClock

Field = StructuredQuery.FieldFilter.Operator
EQUAL, LISTED, HOLDS = Field.EQUAL, Field.IN, Field.ARRAY_CONTAINS
_NOWHERE = S3Bucket(lambda: Location("none", "https://none.invalid", "auto", "none", "none"))
COLLECTION, GROUP = "COLLECTION", "COLLECTION_GROUP"


@dataclass(frozen=True)
class Index:
    """An index: fields with their ways, in order. Those before the last may stand in any order."""

    collection: str
    scope: str
    fields: tuple[tuple[str, str], ...]


def filters(query: StructuredQuery) -> list[tuple[str, int]]:
    """Fields and operators."""
    if "where" not in query:
        return []
    composite = query.where.composite_filter.filters
    found = []
    for one in composite or [query.where]:
        if "unary_filter" in one:
            found.append((one.unary_filter.field.field_path, int(EQUAL)))
        else:
            found.append((one.field_filter.field.field_path, int(one.field_filter.op)))
    return found


def needed(query: StructuredQuery) -> set[Index]:
    """What Firestore answers this query with.

    By name alone: nothing. Equalities alone: an index of each field, merged. With an order, or a range, which is one:
    one index of all fields, that of the order last.
    """
    (selector,) = query.from_
    scope = GROUP if selector.all_descendants else COLLECTION
    orders = [(order.field.field_path, order.direction.name) for order in query.order_by]
    *sorting, (last, way) = orders
    assert last == "__name__", "ids decide ties"
    asked = filters(query)
    same = {field for field, op in asked if op in (EQUAL, LISTED, HOLDS)}
    ranges = {field for field, op in asked if field not in same}
    assert ranges <= {field for field, _ in sorting}, "a range goes by the order"
    assert len(sorting) <= 1
    ways = {field: "CONTAINS" if op == HOLDS else "ASCENDING" for field, op in asked if field in same}
    if not sorting:
        assert way == "ASCENDING" or not ways, "the other way round there is no index by name"
        return {Index(selector.collection_id, scope, ((field, how),)) for field, how in ways.items()}
    ((field, direction),) = sorting
    assert direction == way, "ids go the way of the order, as they lie in the index"
    return {Index(selector.collection_id, scope, (*sorted(ways.items()), (field, direction)))}


# -- what the code asks ------------------------------------------------------------------------------


def asked_by_hand(folder: Path) -> list[Query]:
    """Filters that a caller may combine at will, in every combination."""
    noted = Seen()
    paths = Paths("u", "p")
    time = browse.moment(datetime(2031, 1, 1, tzinfo=UTC))
    values: dict[str, tuple[Any, ...]] = {field.name: (None, time) for field in fields(HistoryFilter)}
    values["ascending"] = (False, True)
    with closing(SqliteStore(folder / "documents.sqlite")) as inner:
        store = WatchedStore(inner, noted, "by hand")
        for chosen in product(*values.values()):
            given = dict(zip(values, chosen, strict=True))
            browse.history(store, paths, HistoryFilter(**given), after=[time, "x"], limit=10)
            Archived(store, paths, _NOWHERE).page(HistoryFilter(**given), after=None, limit=10)
        for cls in (None, "rejected"):
            browse.backlog(store, paths, state="open", cls=cls, after=[time, "x"], limit=10)
        for contact, run, since, until in product(("", "x"), ("", "x"), ("", time), ("", time)):
            undo.contacts(store, paths, UndoAsk(contact=contact, run=run, since=since, until=until), [time, "x"])
        for cls in (None, "rejected"):
            _chosen(store, paths, Wish(kind="release", at=time, cls=cls))
        part = Bundle(object="x", since=time, to=time, last="x", rows=1, sha256="x")
        Retention(store, paths, None, SimClock(), lambda _: None, days=1)._until(part)  # only after a crash
        Dispatcher(store, LocalQueue(dict.clear, SimClock()), SimClock())._tidy(
            datetime(2031, 1, 1, tzinfo=UTC), Dispatched()
        )
    return noted.queries


def places() -> Iterator[tuple[str, str]]:
    """Every place in the code that asks the store a question."""
    for folder in (SHARED, FUNCTIONS):
        for file in sorted(folder.rglob("*.py")):
            if file.is_relative_to(SHARED / "store"):
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    for node in ast.walk(function):
                        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                            ("store.query", "store.query_group")
                        ):
                            yield str(file.relative_to(SHARED.parent)), function.name


@pytest.fixture
def asked(seen: Seen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[Index]:
    """Every index that a query of the code needs."""
    found: set[Index] = set()
    with on_the_wire(monkeypatch) as (store, wire):
        for query in [*seen.queries, *asked_by_hand(tmp_path)]:
            ask = store.query_group if query.group else store.query
            ask(query.collection, query.where, **query.how)
        for sent in wire.queries:
            found |= needed(sent)
    return found


@pytest.mark.long
def test_every_place_that_asks_was_seen(seen: Seen, tmp_path: Path) -> None:
    asking = {query.site for query in [*seen.queries, *asked_by_hand(tmp_path)]}
    assert set(places()) == asking


# -- what Terraform makes ----------------------------------------------------------------------------


def single(everything: Applied) -> set[Index]:
    made = set()
    for told in everything.of("google_firestore_field", "indexed").values():
        for index in told["index_config"][0]["indexes"]:
            way = index["order"] or index["array_config"]
            made.add(Index(told["collection"], index["query_scope"], ((told["field"], way),)))
    return made


def composite(everything: Applied) -> set[Index]:
    made = set()
    for told in everything.of("google_firestore_index").values():
        *others, last = [(one["field_path"], one["order"] or one["array_config"]) for one in told["fields"]]
        made.add(Index(told["collection"], told["query_scope"], (*sorted(others), last)))
    return made


def test_every_query_has_its_index_and_every_index_its_query(everything: Applied, asked: set[Index]) -> None:
    together = {index for index in asked if len(index.fields) > 1}
    assert composite(everything) == together
    # A field that is part of an index with others keeps one of its own: its exemption must not touch those.
    parts = {
        Index(index.collection, index.scope, ((field, "CONTAINS" if way == "CONTAINS" else "ASCENDING"),))
        for index in together
        for field, way in index.fields
    }
    assert single(everything) == (asked - together) | parts


def test_nothing_else_is_indexed(everything: Applied, seen: Seen) -> None:
    exempt = everything.of("google_firestore_field", "unindexed")
    assert all(told["field"] == "*" and told["index_config"] == [{"indexes": []}] for told in exempt.values())
    assert set(exempt) == {told["collection"] for told in exempt.values()}
    # The place of the dispatch is written only where more are due than one run takes.
    assert set(exempt) == seen.collections | set(COLLECTIONS) | {"dispatch"}


def test_what_ends_expires(everything: Applied, seen: Seen) -> None:
    expiring = everything.of("google_firestore_field", "expiry")
    assert set(expiring) == {name for name in seen.expiring if "expires_at" in INDEXED.get(name, ())}
    for told in expiring.values():
        assert (told["field"], len(told["ttl_config"])) == ("_ttl", 1)
        assert told["index_config"] == [{"indexes": []}]


# -- the rules themselves ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "how", "indexes"),
    [
        ([], {}, []),
        ([Where("link", "==", "x"), Where("run", "==", "y")], {}, [["link ASCENDING"], ["run ASCENDING"]]),
        ([Where("link", "==", None)], {}, [["link ASCENDING"]]),
        ([Where("at", ">", "x")], {"order": "at", "descending": True}, [["at DESCENDING"]]),
        (
            [Where("run", "==", "y"), Where("kinds", "contains", "x"), Where("at", ">", "x")],
            {"order": "at"},
            [["kinds CONTAINS", "run ASCENDING", "at ASCENDING"]],
        ),
        ([Where("link", "in", [str(n) for n in range(31)])], {"order": "at"}, [["link ASCENDING", "at ASCENDING"]]),
        ([], {"order": "at", "limit": 5}, [["at ASCENDING"]]),
    ],
)
def test_which_index_a_query_takes(
    where: list[Where], how: dict[str, Any], indexes: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_the_wire(monkeypatch) as (store, wire):
        store.query("users/u/pairs/p/history", where, **how)
    found = {index for query in wire.queries for index in needed(query)}
    told = [[f"{field} {way}" for field, way in index.fields] for index in found]
    assert sorted(told) == sorted(indexes)
    assert {index.collection for index in found} <= {"history"}
