"""What every engine promises about queries."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import pytest

from shared.store.port import Comparison, Create, Data, Put, Store, Where

RUNS = "users/u1/pairs/p1/history"
COMPARE: dict[Comparison, Callable[[bytes, bytes], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTS = ["", "A", "a", "a-b", "a/b", "ab", "é", "\uffee", "😀", "\x00", "漢"]


def fill(store: Store, documents: dict[str, Data], collection: str = RUNS) -> None:
    store.commit([Create(f"{collection}/{identity}", data) for identity, data in documents.items()])


def ids(store: Store, *where: Where, collection: str = RUNS, **options: Any) -> list[str]:
    return [doc.id for doc in store.query(collection, where, **options)]


def test_only_the_collection_itself(store: Store) -> None:
    fill(store, {"a": {"x": 1}, "b": {}})
    fill(store, {"c": {}}, "users/u1/pairs/p2/history")
    fill(store, {"d": {}}, "users/u1/pairs/p1/history/a/history")
    assert {doc.path: doc.data for doc in store.query(RUNS)} == {f"{RUNS}/a": {"x": 1}, f"{RUNS}/b": {}}


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("==", 2, "b"),
        ("==", 2.0, "b"),
        ("==", 9, ""),
        ("==", None, "n"),
        ("<", 2, "a"),
        ("<=", 2, "ab"),
        (">", 2, "cd"),
        (">=", 2, "bcd"),
        (">", 2.5, "cd"),
        (">=", -(2**62), "abcd"),
        ("<", 2**62, "abcd"),
        ("in", [3, 1, 9], "ac"),
        ("in", [2, None, 2], "bn"),
        ("in", [None], "n"),
        ("in", [], ""),
    ],
)
def test_operators_on_numbers(store: Store, op: Comparison, value: Any, expected: str) -> None:
    fill(store, {"a": {"at": 1}, "b": {"at": 2}, "c": {"at": 3}, "d": {"at": 3.5}, "n": {"at": None}, "m": {}})
    assert "".join(ids(store, Where("at", op, value))) == expected
    assert "".join(sorted(ids(store, Where("at", op, value), order="at"))) == expected


def test_operators_on_text_go_by_its_bytes(store: Store) -> None:
    fill(store, {f"d{number}": {"at": text} for number, text in enumerate(TEXTS)} | {"n": {"at": None}, "m": {}})
    for pivot, (op, holds) in itertools.product(TEXTS, COMPARE.items()):
        expected = sorted((text for text in TEXTS if holds(text.encode(), pivot.encode())), key=str.encode)
        found = store.query(RUNS, [Where("at", op, pivot)], order="at")
        assert [doc.data["at"] for doc in found] == expected, (op, pivot)


def test_operators_on_booleans(store: Store) -> None:
    fill(store, {"t": {"run": True}, "f": {"run": False}, "n": {"run": None}, "m": {}})
    assert ids(store, Where("run", "==", True)) == ["t"]
    assert ids(store, Where("run", "==", False)) == ["f"]
    assert ids(store, Where("run", "in", [True, False])) == ["f", "t"]
    assert ids(store, order="run") == ["n", "f", "t"]


def test_contains(store: Store) -> None:
    fill(
        store,
        {"a": {"kinds": ["x", "y", "x"]}, "b": {"kinds": ["y"]}, "c": {"kinds": []}, "d": {}, "e": {"kinds": None}},
    )
    assert ids(store, Where("kinds", "contains", "x")) == ["a"]
    assert ids(store, Where("kinds", "contains", "y")) == ["a", "b"]
    assert ids(store, Where("kinds", "contains", "xy")) == []
    assert ids(store, Where("kinds", "==", "y")) == []


def test_several_conditions(store: Store) -> None:
    fill(
        store,
        {
            f"{number:03}": {"run": f"r{number % 3}", "at": number, "kinds": [f"k{number % 2}"], "link": None}
            for number in range(60)
        },
    )
    where = [Where("run", "==", "r1"), Where("kinds", "contains", "k0"), Where("at", ">=", 10), Where("at", "<", 40)]
    expected = [number for number in range(10, 40) if number % 3 == 1 and number % 2 == 0]
    assert [doc.data["at"] for doc in store.query(RUNS, where, order="at")] == expected
    assert [doc.data["at"] for doc in store.query(RUNS, where)] == expected
    assert [doc.data["at"] for doc in store.query(RUNS, where, order="at", descending=True, limit=2)] == [34, 28]
    in_both = [Where("run", "in", ["r1", "r2"]), Where("at", "in", list(range(0, 60, 5)))]
    assert ids(store, *in_both) == [f"{number:03}" for number in range(0, 60, 5) if number % 3]


def test_order_both_ways_with_ties_and_missing_keys(store: Store) -> None:
    fill(store, {"a": {"at": "2"}, "b": {"at": "1"}, "c": {"at": "2"}, "d": {}, "e": {"at": None}, "f": {"at": "10"}})
    assert ids(store, order="at") == ["e", "b", "f", "a", "c"]
    assert ids(store, order="at", descending=True) == ["c", "a", "f", "b", "e"]
    assert ids(store) == ["a", "b", "c", "d", "e", "f"]
    assert ids(store, descending=True) == ["f", "e", "d", "c", "b", "a"]
    assert ids(store, Where("at", "==", "2"), descending=True, after=["c"]) == ["a"]


def test_ids_go_by_their_bytes(store: Store) -> None:
    names = ["a", "a-b", "a.b", "A", "ab", "é", "\uffee", "😀", "10", "9", "a b"]
    fill(store, {name: {"at": 1} for name in names})
    expected = sorted(names, key=str.encode)
    assert ids(store) == expected
    assert ids(store, order="at") == expected
    assert ids(store, order="at", descending=True) == expected[::-1]
    assert ids(store, after=["a.b"]) == expected[expected.index("a.b") + 1 :]


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 50, None])
def test_limit(store: Store, limit: int | None) -> None:
    fill(store, {f"{number}": {"at": number} for number in range(5)})
    assert ids(store, limit=limit) == list("01234")[:limit]
    assert ids(store, order="at", descending=True, limit=limit) == list("43210")[:limit]
    assert ids(store, Where("at", ">", 0), limit=limit) == list("1234")[:limit]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("page", [1, 2, 3, 7])
@pytest.mark.parametrize(
    "where",
    [[], [Where("run", "==", "r")], [Where("link", "in", [f"l{number}" for number in range(100)])]],
    ids=["all", "equal", "in"],
)
def test_paging_skips_and_repeats_none(store: Store, where: list[Where], page: int, descending: bool) -> None:
    values = [None, None, None, "a", "b", "b", "b", "b", "é", "😀", "😀"]
    fill(
        store,
        {
            f"{(number * 7) % 11:02}": {"at": at, "run": "r", "link": f"l{number * 9}"}
            for number, at in enumerate(values)
        }
        | {"missing": {"run": "r", "link": "l1"}},
    )
    whole = store.query(RUNS, where, order="at", descending=descending)
    assert len(whole) == len(values)
    paged: list[str] = []
    after: list[Any] | None = None
    while found := store.query(RUNS, where, order="at", descending=descending, limit=page, after=after):
        assert len(found) <= page
        paged += [doc.id for doc in found]
        after = [found[-1].data["at"], found[-1].id]
    assert paged == [doc.id for doc in whole]


def test_paging_without_order(store: Store) -> None:
    names = [f"{number:02}" for number in range(11)]
    fill(store, {name: {"at": 1, "run": name} for name in names})
    for where in ([], [Where("at", "==", 1)], [Where("at", ">", 0)], [Where("run", "in", [*names, "x" * 20] * 3)]):
        paged: list[str] = []
        while found := store.query(RUNS, where, limit=3, after=paged[-1:] or None):
            paged += [doc.id for doc in found]
        assert paged == names


def test_a_cursor_needs_no_document(store: Store) -> None:
    fill(store, {"a": {"at": 1}, "b": {"at": 3}})
    assert ids(store, order="at", after=[2, "zzz"]) == ["b"]
    assert ids(store, order="at", after=[3, "a"]) == ["b"]
    assert ids(store, order="at", after=[None, "z"]) == ["a", "b"]
    assert ids(store, order="at", descending=True, after=[3, "b"]) == ["a"]
    assert ids(store, order="at", descending=True, after=[None, "z"]) == []
    assert ids(store, after=["aa"]) == ["b"]


def test_range_on_one_key_and_order_by_another(store: Store) -> None:
    fill(store, {f"{number}": {"at": number, "run": f"{9 - number}"} for number in range(9)} | {"m": {"at": 5}})
    where = Where("at", ">=", 3)
    assert ids(store, where, order="run", limit=3) == ["8", "7", "6"]
    assert ids(store, where, order="run", limit=3, after=["3", "6"]) == ["5", "4", "3"]
    assert ids(store, where, order="run", descending=True, limit=2) == ["3", "4"]


def test_in_with_a_hundred_values(store: Store) -> None:
    fill(store, {f"{number:03}": {"link": f"l{number}", "at": number % 7} for number in range(150)})
    wanted = [f"l{number}" for number in range(149, 49, -1)]
    in_list = Where("link", "in", wanted)
    expected = list(range(50, 150))
    assert ids(store, in_list) == [f"{number:03}" for number in expected]
    assert ids(store, in_list, limit=40) == [f"{number:03}" for number in expected[:40]]
    by_at = [f"{number:03}" for number in sorted(expected, key=lambda number: (number % 7, number))]
    assert ids(store, in_list, order="at") == by_at
    assert ids(store, in_list, order="at", limit=33, after=[int(by_at[9]) % 7, by_at[9]]) == by_at[10:43]
    assert ids(store, in_list, order="at", descending=True, limit=5) == by_at[:-6:-1]


def test_what_is_asked_follows_what_is_written(store: Store) -> None:
    """A replaced or removed document must not be found by what it held before."""
    path = f"{RUNS}/a"
    store.commit([Put(path, {"run": "old", "kinds": ["old"], "at": 1})])
    store.commit([Put(path, {"run": "new", "kinds": ["new"]})])
    assert ids(store, Where("run", "==", "old")) == ids(store, Where("kinds", "contains", "old")) == []
    assert ids(store, order="at") == []
    assert ids(store, Where("run", "==", "new")) == ids(store, Where("kinds", "contains", "new")) == ["a"]


GROUP = [
    "users/a/links/x",
    "users/a-/links/x",
    "users/a/pairs/p/links/x",
    "users/b/links/w",
    "users/ü/links/y",
    "links/z",
]


def by_segments(path: str) -> list[bytes]:
    return [segment.encode() for segment in path.split("/")]


def test_a_group_is_found_wherever_it_is(store: Store) -> None:
    store.commit([Create(path, {"state": "live", "n": path}) for path in GROUP])
    store.commit([Create("users/a/history/links", {}), Create("users/links", {}), Create("users/a/links/x/runs/r", {})])
    expected = sorted(GROUP, key=by_segments)
    assert [doc.path for doc in store.query_group("links")] == expected
    assert [doc.data["n"] for doc in store.query_group("links", [Where("state", "==", "live")])] == expected
    assert [doc.path for doc in store.query_group("links", order="state")] == expected
    assert [doc.path for doc in store.query_group("links", limit=2)] == expected[:2]
    assert store.query_group("backlog") == []


@pytest.mark.parametrize("order", [None, "state"])
def test_paging_through_a_group(store: Store, order: str | None) -> None:
    store.commit([Create(path, {"state": "live" if "a" in path else "dead"}) for path in GROUP])
    whole = [doc.path for doc in store.query_group("links", order=order)]
    assert sorted(whole) == sorted(GROUP)
    paged: list[str] = []
    after: list[Any] | None = None
    while found := store.query_group("links", order=order, limit=2, after=after):
        paged += [doc.path for doc in found]
        after = [found[-1].path] if order is None else [found[-1].data["state"], found[-1].path]
    assert paged == whole


def test_due_users_of_all(store: Store) -> None:
    """The dispatcher's query."""
    for number in range(9):
        store.commit([Create(f"users/u{number}/pairs/p", {"next_due_at": f"2026-11-22T0{number}" if number else None})])
    due = store.query_group("pairs", [Where("next_due_at", "<=", "2026-11-22T04")], order="next_due_at", limit=3)
    assert [doc.path for doc in due] == [f"users/u{number}/pairs/p" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ([Where("notes", "==", 1)], {}),
        ([], {"order": "notes"}),
        ([Where("at", "<", None)], {}),
        ([Where("at", "==", ["a"])], {}),
        ([Where("at", "in", "text")], {}),
        ([Where("at", "in", [["a"]])], {}),
        ([Where("kinds", "contains", None)], {}),
        ([Where("kinds", "contains", "a"), Where("kinds", "contains", "b")], {}),
        ([Where("at", "==", float("nan"))], {}),
        ([Where("at", "==", "\ud800")], {}),
        ([], {"limit": -1}),
        ([], {"after": []}),
        ([], {"after": ["a", "b"]}),
        ([], {"after": [1]}),
        ([], {"after": [""]}),
        ([], {"after": ["a/b"]}),
        ([], {"order": "at", "after": ["a"]}),
        ([], {"order": "at", "after": [{}, "a"]}),
    ],
    ids=repr,
)
def test_what_cannot_be_asked(store: Store, where: list[Where], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        store.query(RUNS, where, **options)


@pytest.mark.parametrize("collection", ["", "users/u", "users//pairs", "__x__", "users/u/"])
def test_what_is_no_collection(store: Store, collection: str) -> None:
    with pytest.raises(ValueError):
        store.query(collection)


@pytest.mark.parametrize("group", ["", "users/u/links", "..", "__x__"])
def test_what_is_no_group(store: Store, group: str) -> None:
    with pytest.raises(ValueError):
        store.query_group(group)
