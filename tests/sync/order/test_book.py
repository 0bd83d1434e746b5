"""An order in the store: parts, progress, what it has looked at, and its end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contact.fields import FIELDS
from shared.errors import BadPlan
from shared.names import SideName
from shared.store.codec import size
from shared.store.port import MAX_COMMIT
from shared.store.sqlite import SqliteStore
from shared.sync.head import Head
from shared.sync.order.book import Book
from shared.sync.order.drop import drop_orders
from shared.sync.order.model import Item, ItemState, Order, Progress
from shared.sync.paths import Paths
from shared.sync.view import PlannedContact, PlannedField
from shared.sync.words import SHORT

PATHS = Paths("u", "p")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "documents.sqlite")
    yield made
    made.close()


def order(name: str = "o1") -> Order:
    return Order(id=name, made_at=NOW.isoformat(), expires_at=(NOW + timedelta(hours=1)).isoformat())


def item(n: int, fields: list[PlannedField] | None = None) -> Item:
    shown = PlannedContact(
        key=f"k{n}",
        linked=False,
        name=f"F{n}",
        action="create",
        writes=["create google"],
        why="new in Sugar",
        sugar_id=f"s{n}",
        google_id="",
        fields=fields or [],
        questions=[],
    )
    ids = {SideName.SUGAR: f"s{n}"}
    return Item(
        key=f"k{n}",
        linked=False,
        source=SideName.SUGAR,
        ids=ids,
        versions=dict(ids),
        action="create",
        ops=[f"create google:{n}"],
        shown=shown,
    )


def filled(store: SqliteStore, count: int, name: str = "o1") -> Book:
    """A book with so many items, all of it stored."""
    book = Book(store, PATHS, order(name))
    for n in range(count):
        book.add(item(n), Progress(ItemState.WAITING), [(SideName.SUGAR, f"s{n}")])
    save(store, book)
    return book


def save(store: SqliteStore, book: Book) -> int:
    """All of it, in as many commits as it takes; how many."""
    commits = 0
    while changes := book.changes():
        store.commit(changes)
        commits += 1
        fresh = Book.load(store, PATHS, book.order.id)
        stored = sum(len(fresh.part(n)) for n in range(len(fresh.order.parts)))
        assert stored == fresh.order.items == fresh.order.counts.get("create", 0)
    return commits


def test_each_commit_is_complete_in_itself(store: SqliteStore) -> None:
    book = Book(store, PATHS, order())
    for n in range(450):
        book.add(item(n), Progress(ItemState.WAITING), [(SideName.SUGAR, f"s{n}")])
    assert book.more
    assert save(store, book) == 3
    again = Book.load(store, PATHS, "o1")
    assert [found.key for _, found in again.waiting()] == [f"k{n}" for n in range(450)]
    assert all(again.seen((SideName.SUGAR, f"s{n}")) for n in range(450))
    assert not again.seen((SideName.GOOGLE, "s1"))
    assert (again.order.waiting, again.order.states) == (450, {"waiting": 450})


def test_a_contact_larger_than_a_document_is_cut(store: SqliteStore) -> None:
    letters = random.Random(1)  # noqa: S311 - no secret: text that does not compress
    long = ["".join(chr(letters.randrange(0x20000, 0x2A000)) for _ in range(SHORT)) for _ in range(4)]
    sides: Any = dict(zip(("sugar", "google", "before", "after"), long, strict=True))
    fields = [
        PlannedField(name=name, label=name, base=long[0], to="google", why="new", loser=long[1], **sides)
        for name in FIELDS
    ]
    book = Book(store, PATHS, order())
    for n in range(3):
        book.add(item(n, fields), Progress(ItemState.WAITING), [])
    changes = book.changes()
    assert sum(map(size, changes)) < MAX_COMMIT
    store.commit(changes)
    shown = Book.load(store, PATHS, "o1").part(0)[0].shown.fields
    assert len(shown) == len(FIELDS)
    assert shown[0].after.endswith("…")
    assert len(shown[0].after) <= 100


def test_many_records_that_were_looked_at(store: SqliteStore) -> None:
    book = filled(store, 1)
    book.look((SideName.GOOGLE, f"people/c{n}") for n in range(12_000))
    save(store, book)
    again = Book.load(store, PATHS, "o1")
    assert again.order.seen == 3
    assert again.seen((SideName.GOOGLE, "people/c11999"))
    assert not again.seen((SideName.GOOGLE, "people/c12000"))


def test_progress_is_counted_once(store: SqliteStore) -> None:
    book = filled(store, 150)
    book.set("k0", 0, Progress(ItemState.DONE))
    book.set("k0", 0, Progress(ItemState.DONE))
    book.set("k120", 1, Progress(ItemState.WAITING, due="2026-03-02T00:15"))
    changes = book.changes()
    assert len(changes) == 3  # two parts' progress, and the header; the items themselves never change
    store.commit(changes)
    again = Book.load(store, PATHS, "o1")
    assert (again.order.waiting, again.order.states) == (149, {"waiting": 149, "done": 1})
    assert len(list(again.waiting("2026-03-02T00:00"))) == 148
    assert len(list(again.waiting("2026-03-02T00:15"))) == 149
    assert again.find(["k0", "k120", "none"]).keys() == {"k0", "k120"}
    assert again.changes() == []


def test_unknown(store: SqliteStore) -> None:
    with pytest.raises(BadPlan) as caught:
        Book.load(store, PATHS, "none")
    assert (caught.value.field, caught.value.unknown) == ("plan", True)


def test_dropped_whole_in_as_many_commits_as_it_takes(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.sync.order.drop._MOST", 4)
    filled(store, 450, "old")
    filled(store, 1, "new")
    filled(store, 1, "running")
    head = Head(plans={"old": "2026-03-01", "new": "2026-03-03", "running": "2026-03-01"}, order="running")
    commits = 0
    while changes := drop_orders(store, PATHS, head, NOW):
        assert len(changes) <= 4
        store.commit(changes)
        commits += 1
    assert commits == 3
    assert set(head.plans) == {"new", "running"}
    assert {doc.id for doc in store.query(PATHS.collection("plans"))} == {"new", "running"}
    assert {doc.id.partition("-")[0] for doc in store.query(PATHS.collection("parts"))} == {"new", "running"}
