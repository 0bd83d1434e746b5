"""What every engine promises about commits and reads by path."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from shared.errors import Conflict
from shared.store.codec import encode, size
from shared.store.port import MAX_COMMIT, MAX_DOCUMENT, Change, Create, Data, Put, Remove, Store, Where

USER = "users/u1"
LINK = "users/u1/pairs/p1/links/l1"


def noise(length: int) -> str:
    """Text that does not get shorter than three quarters when it is compressed."""
    return random.Random(length).randbytes(length // 2).hex()  # noqa: S311


def put(store: Store, path: str, data: Data) -> str:
    return store.commit([Put(path, data)])[path]


def test_nothing_is_there_at_first(store: Store) -> None:
    assert store.get(USER) is None
    assert store.get_all([USER, LINK]) == {}
    assert store.get_all([]) == {}
    assert store.query("users") == []
    assert store.query_group("links") == []


def test_what_was_written_is_read(store: Store) -> None:
    data = {"sugar_id": "s1", "state": "live", "emails": ["a@x.org", "b@x.org"], "base": {"last": "Müller"}}
    versions = store.commit([Create(LINK, data), Put(USER, {})])
    assert set(versions) == {LINK, USER}
    doc = store.get(LINK)
    assert doc is not None
    assert (doc.path, doc.id, doc.data, doc.version) == (LINK, "l1", data, versions[LINK])
    empty = store.get(USER)
    assert empty is not None
    assert empty.data == {}


def test_get_all_gives_those_that_exist(store: Store) -> None:
    paths = [f"users/u{number}" for number in range(700)]
    for at in range(0, 700, 100):
        store.commit([Create(path, {"n": path}) for path in paths[at : at + 100]])
    found = store.get_all([*paths, "users/nobody", paths[0]])
    assert {path: doc.data["n"] for path, doc in found.items()} == {path: path for path in paths}


def test_what_is_read_belongs_to_the_caller(store: Store) -> None:
    put(store, LINK, {"emails": ["a@x.org"], "base": {"n": [1]}})
    doc = store.get(LINK)
    assert doc is not None
    doc.data["emails"].append("b@x.org")
    doc.data["base"]["n"].append(2)
    again = store.get(LINK)
    assert again is not None
    assert again.data == {"emails": ["a@x.org"], "base": {"n": [1]}}


def test_an_empty_commit_is_none(store: Store) -> None:
    assert store.commit([]) == {}


FAIL: list[tuple[str, Callable[[str, str], list[Change]]]] = [
    ("create what exists", lambda old, new: [Create(USER, {})]),
    ("put at an older version", lambda old, new: [Put(USER, {}, old)]),
    ("put at a version nobody gave out", lambda old, new: [Put(USER, {}, "no such version")]),
    ("put at a version what is missing", lambda old, new: [Put("users/gone", {}, new)]),
    ("remove at an older version", lambda old, new: [Remove(USER, old)]),
    ("remove at a version what is missing", lambda old, new: [Remove("users/gone", new)]),
]
HOLD: list[tuple[str, Callable[[str], list[Change]]]] = [
    ("create what is missing", lambda new: [Create("users/new", {})]),
    ("put at the version", lambda new: [Put(USER, {"a": 2}, new)]),
    ("put whatever is there", lambda new: [Put(USER, {"a": 2})]),
    ("put where nothing is", lambda new: [Put("users/new", {})]),
    ("remove at the version", lambda new: [Remove(USER, new)]),
    ("remove whatever is there", lambda new: [Remove(USER)]),
    ("remove where nothing is", lambda new: [Remove("users/gone")]),
]


@pytest.mark.parametrize("changes", [case for _, case in FAIL], ids=[name for name, _ in FAIL])
def test_one_failing_precondition_undoes_all(store: Store, changes: Callable[[str, str], list[Change]]) -> None:
    old = put(store, USER, {"a": 0})
    new = put(store, USER, {"a": 1})
    put(store, "users/stays", {"a": 1})
    failing = changes(old, new)
    with pytest.raises(Conflict) as raised:
        store.commit([Create("users/before", {}), Remove("users/stays"), *failing, Put("users/after", {})])
    assert raised.value.path in (None, failing[0].path)
    assert {path: (doc.data, doc.version) for path, doc in everything(store).items()} == {
        USER: ({"a": 1}, new),
        "users/stays": ({"a": 1}, store.get_all(["users/stays"])["users/stays"].version),
    }


@pytest.mark.parametrize("changes", [case for _, case in HOLD], ids=[name for name, _ in HOLD])
def test_a_precondition_that_holds(store: Store, changes: Callable[[str], list[Change]]) -> None:
    put(store, USER, {"a": 0})
    new = put(store, USER, {"a": 1, "next_due_at": "2026"})
    change = changes(new)[0]
    versions = store.commit([change])
    doc = store.get(change.path)
    if isinstance(change, Remove):
        assert versions == {}
        assert doc is None
    else:
        assert doc is not None
        assert doc.data == change.data  # replaced, not merged
        assert versions == {change.path: doc.version}


def everything(store: Store) -> dict[str, Any]:
    return {doc.path: doc for doc in store.query("users")}


def test_the_conflict_names_the_only_guarded_document(store: Store) -> None:
    put(store, USER, {})
    with pytest.raises(Conflict) as raised:
        store.commit([Put("users/other", {}), Create(USER, {})])
    assert raised.value.path == USER


def test_the_version_changes_with_every_write(store: Store) -> None:
    seen = [put(store, USER, {"same": True}) for _ in range(5)]
    seen.append(store.commit([Put(USER, {"same": True}, seen[-1])])[USER])
    store.commit([Remove(USER)])
    seen.append(store.commit([Create(USER, {"same": True})])[USER])
    store.commit([Remove(USER, seen[-1])])
    seen.append(put(store, USER, {"same": True}))
    assert len(set(seen)) == len(seen)
    for old in seen[:-1]:
        with pytest.raises(Conflict):
            store.commit([Put(USER, {}, old)])


def test_no_write_leaves_the_version_alone(store: Store) -> None:
    version = put(store, USER, {})
    put(store, "users/other", {})
    with pytest.raises(Conflict):
        store.commit([Put(USER, {}), Create("users/other", {})])
    doc = store.get(USER)
    assert doc is not None
    assert doc.version == version


@pytest.mark.parametrize("guarded", ["create", "put", "remove"])
def test_a_race_has_one_winner(store: Store, guarded: str) -> None:
    racers = 20
    version = "" if guarded == "create" else put(store, USER, {"winner": None})
    changes: dict[str, Callable[[int], Change]] = {
        "create": lambda racer: Create(USER, {"winner": racer}),
        "put": lambda racer: Put(USER, {"winner": racer}, version),
        "remove": lambda racer: Remove(USER, version),
    }
    ready = Barrier(racers)

    def race(racer: int) -> bool:
        ready.wait()
        try:
            store.commit([changes[guarded](racer), Create(f"users/trace{racer}", {})])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(racers) as pool:
        won = list(pool.map(race, range(racers)))
    assert won.count(True) == 1
    winner = won.index(True)
    doc = store.get(USER)
    assert (None if doc is None else doc.data) == (None if guarded == "remove" else {"winner": winner})
    traces = store.get_all(f"users/trace{racer}" for racer in range(racers))
    assert list(traces) == [f"users/trace{winner}"]


def test_increments_by_version_lose_none(store: Store) -> None:
    put(store, USER, {"n": 0})

    def add(_: int) -> int:
        for attempt in range(200):
            doc = store.get(USER)
            assert doc is not None
            try:
                store.commit([Put(USER, {"n": doc.data["n"] + 1}, doc.version)])
            except Conflict:
                continue
            return attempt
        raise AssertionError("never won")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert everything(store)[USER].data == {"n": 12}


JSON = {
    "nested": [[], [[1, [None, True]]], {}, {"a": {"b": [{}]}}],
    "none": None,
    "numbers": [0, -1, 2**31, 2**53 + 1, -(2**63), 2**64, 2**70, 0.1, -1.5e300, 1e-300, 1.0],
    "empty": {"dict": {}, "list": [], "text": ""},
    "keys": {"with.dot": 1, "with/slash": 2, "with space": 3, "ключ": 4, "": 5, "__name__": 6, "`": 7, "body": 8},
    "text": [
        "O’Brien \"quoted\" 'single' \\ back",
        "line\r\nline\u2028\u0000\t",
        "e\u0301 é ñ 漢字 👩\u200d👩\u200d👧 🇩🇪",
    ],
    "body": "not the stored one",
    "_v": "nor this",
    "__v__": [1],
    "with.dot": {"x": 1},
    "": "empty key",
    "🙂": "🙃",
}


def test_json_comes_back_equal(store: Store) -> None:
    put(store, LINK, {**JSON, "emails": ["\u0000", "", "é@x.org", "😀"], "state": None, "sugar_id": ""})
    doc = store.get(LINK)
    assert doc is not None
    assert doc.data == {**JSON, "emails": ["\u0000", "", "é@x.org", "😀"], "state": None, "sugar_id": ""}
    numbers = doc.data["numbers"]
    assert [type(number) for number in numbers] == [type(number) for number in JSON["numbers"]]  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [True, False, 1, 1.0, 0, -(2**63), 2**63 - 1, 0.1, "", "1", None, [], ["1"]])
def test_an_indexed_value_keeps_its_type(store: Store, value: Any) -> None:
    put(store, USER, {"next_due_at": value})
    doc = store.get(USER)
    assert doc is not None
    assert doc.data == {"next_due_at": value}
    assert type(doc.data["next_due_at"]) is type(value)


@pytest.mark.parametrize(
    "identity", ["a b", "ü", "😀", "a.b", "a-b", "...", "_", "__", "a__", "x" * 1500, "%2F", "'", '"']
)
def test_ids_of_many_kinds(store: Store, identity: str) -> None:
    path = f"users/{identity}/pairs/{identity}"
    put(store, path, {"a": 1})
    doc = store.get(path)
    assert doc is not None
    assert (doc.path, doc.id) == (path, identity)
    assert [found.path for found in store.query(f"users/{identity}/pairs")] == [path]


MALFORMED = [
    "",
    "users",
    "users/u/pairs",
    "users//pairs/p",
    "/users/u",
    "users/u/",
    "users/.",
    "users/..",
    "users/__x__",
    "users/____",
    "__x__/u",
    "users/\x00",
    "users/a\x1fb",
    f"users/{'x' * 1501}",
    f"users/{'ü' * 751}",
    "/".join(["x" * 1400] * 4),
    "users/\ud800",
]


@pytest.mark.parametrize("path", MALFORMED)
def test_a_malformed_path_is_refused(store: Store, path: str) -> None:
    for change in (Create(path, {}), Put(path, {}), Remove(path)):
        with pytest.raises(ValueError):
            store.commit([Put(USER, {}), change])
    with pytest.raises(ValueError):
        store.get(path)
    assert store.get(USER) is None


@pytest.mark.parametrize(
    "data",
    [
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": (1, 2)},
        {"a": {1: 2}},
        {"a": "\ud800"},
        {"a": b"bytes"},
        {"a": object()},
        {"next_due_at": float("nan")},
        {"next_due_at": 2**63},
        {"next_due_at": {}},
        {"next_due_at": [1]},
        {"next_due_at": [["a"]]},
        {"next_due_at": "\ud800"},
        {"next_due_at": "x" * 1501},
    ],
    ids=lambda data: re.sub(" at 0x[0-9a-f]+", "", repr(data)),
)
def test_what_would_come_back_changed_is_refused(store: Store, data: Data) -> None:
    with pytest.raises(ValueError, match=USER) as raised:
        store.commit([Put("users/other", {}), Put(USER, data)])
    assert "xxx" not in str(raised.value)
    assert everything(store) == {}


def test_a_path_occurs_once(store: Store) -> None:
    for second in (Create(USER, {}), Put(USER, {}), Remove(USER)):
        with pytest.raises(ValueError, match="twice"):
            store.commit([Put(USER, {}), second])
    assert everything(store) == {}


def test_large_documents(store: Store) -> None:
    documents = {f"users/u{number}": {"notes": noise(1_750_000 + number)} for number in range(3)}
    changes = [Put(path, data) for path, data in documents.items()]
    assert all(850_000 < size(change) < MAX_DOCUMENT for change in changes)
    assert sum(map(size, changes)) < MAX_COMMIT
    store.commit(changes)
    assert {path: doc.data for path, doc in store.get_all(documents).items()} == documents
    assert {path: doc.data for path, doc in everything(store).items()} == documents


def test_long_text_that_compresses_well(store: Store) -> None:
    data = {"notes": "Lorem ipsum — dolor 🙂\n" * 200_000}
    put(store, LINK, data)
    doc = store.get(LINK)
    assert doc is not None
    assert doc.data == data


def test_too_large_a_document(store: Store) -> None:
    with pytest.raises(ValueError, match=f"{USER}: .* bytes"):
        store.commit([Put("users/other", {}), Put(USER, {"notes": noise(2_200_000)})])
    assert everything(store) == {}


def test_too_large_a_commit(store: Store) -> None:
    changes = [Put(f"users/u{number}", {"notes": noise(1_700_000 + number)}) for number in range(4)]
    assert all(size(change) < MAX_DOCUMENT for change in changes)
    with pytest.raises(ValueError, match="a commit may take"):
        store.commit(changes)
    assert everything(store) == {}


@pytest.mark.long
def test_a_commit_of_the_largest_size_and_many_changes(store: Store) -> None:
    """Many small changes: what each costs beside its content must be counted, or the engine refuses the message."""
    changes: list[Change] = [Put(f"users/{number}", {"next_due_at": number}) for number in range(20_000)]
    fits = MAX_COMMIT // max(map(size, changes))
    assert fits > 5_000
    assert len(store.commit(changes[:fits])) == fits
    removals: list[Change] = [Remove(change.path) for change in changes[:fits]]
    assert store.commit(removals) == {}
    assert store.query("users", [Where("next_due_at", ">=", 0)], order="next_due_at", limit=1) == []


def test_size_is_that_of_the_stored_form() -> None:
    data = {"sugar_id": "s1", "notes": noise(10_000)}
    body = encode(LINK, data).body
    assert len(body) <= size(Put(LINK, data)) <= len(body) + len(LINK) + 300
    assert encode(LINK, {"sugar_id": "s1"}).body == b""
    assert size(Remove(LINK)) < 300


def test_a_closed_store_opens_again(store: Store) -> None:
    version = put(store, USER, {"a": 1})
    store.close()
    store.close()
    doc = store.get(USER)
    assert doc is not None
    assert doc.version == version
