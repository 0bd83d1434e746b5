"""Random histories: every engine must end where a dozen lines of dictionary end."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Conflict
from shared.store.firestore import FirestoreStore
from shared.store.port import Change, Create, Data, Put, Remove, Store, Version, Where
from shared.store.sqlite import SqliteStore

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
at = st.none() | text | st.sampled_from(["2026-01", "2026-02", "2026-03"])
datas = st.builds(
    lambda rest, indexed: {**rest, **indexed},
    st.dictionaries(
        text.filter(lambda key: key not in ("link", "run", "at", "kinds", "expires_at")), json_value, max_size=3
    ),
    st.fixed_dictionaries(
        {},
        optional={"at": at, "run": st.sampled_from(["r1", "r2"]), "kinds": st.lists(text, max_size=3)},
    ),
)
ids = st.sampled_from(["a", "a-", "a b", "é", "😀", "z"])
Age = Literal["none", "now", "before"]
steps = st.tuples(st.sampled_from([Create, Put, Remove]), ids, datas, st.sampled_from(["none", "now", "before"]))
histories = st.lists(st.lists(steps, min_size=1, max_size=4, unique_by=lambda step: step[1]), max_size=6)
Step = tuple[type[Change], str, Data, Age]


class Model:
    """The contract, in memory: what is there, and at which of the versions that it has had."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[Data, int]] = {}
        self._count = itertools.count()

    def commit(self, changes: Sequence[tuple[Step, int | None]]) -> bool:
        after = dict(self.documents)
        for (kind, path, data, _), version in changes:
            held = self.documents.get(path, (None, None))[1]
            if (kind is Create and held is not None) or (version is not None and held != version):
                return False
            if kind is Remove:
                after.pop(path, None)
            else:
                after[path] = (data, next(self._count))
        self.documents = after
        return True


def replay(store: Store, history: list[list[Step]]) -> None:
    root = f"users/{uuid.uuid4().hex}/history"
    model = Model()
    versions: dict[str, list[tuple[int, Version]]] = {}  # all that a document ever had, in the model and in the store

    for commit in history:
        expected: list[tuple[Step, int | None]] = []
        changes: list[Change] = []
        for step in commit:
            kind, name, data, age = step
            known = versions.get(name, [])
            which = known[-1:] if age == "now" else known[-2:-1] if age == "before" else []
            mark, version = which[0] if which and kind is not Create else (None, None)
            expected.append((step, mark))
            path = f"{root}/{name}"
            if kind is Create:
                changes.append(Create(path, data))
            elif kind is Put:
                changes.append(Put(path, data, version))
            else:
                changes.append(Remove(path, version))
        if model.commit(expected):
            for path, given_out in store.commit(changes).items():
                name = path.rsplit("/", 1)[1]
                versions.setdefault(name, []).append((model.documents[name][1], given_out))
        else:
            with pytest.raises(Conflict):
                store.commit(changes)
        compare(store, root, model.documents)
    for had in versions.values():
        assert len({version for _, version in had}) == len(had)


def compare(store: Store, root: str, documents: dict[str, tuple[Data, int]]) -> None:
    data = {name: held for name, (held, _) in documents.items()}
    by_id = sorted(data, key=str.encode)
    assert {doc.id: doc.data for doc in store.query(root)} == data
    assert [doc.id for doc in store.query(root)] == by_id
    assert {doc.id: doc.data for doc in store.get_all(f"{root}/{name}" for name in [*data, "none"]).values()} == data

    def rank(name: str) -> tuple[bool, bytes]:
        value = data[name]["at"]
        return value is not None, (value or "").encode()

    by_at = sorted((name for name in by_id if "at" in data[name]), key=rank)
    assert [doc.id for doc in store.query(root, order="at")] == by_at
    assert [doc.id for doc in store.query(root, order="at", descending=True, limit=3)] == by_at[::-1][:3]
    for place, name in enumerate(by_at):
        rest = store.query(root, order="at", after=[data[name]["at"], name])
        assert [doc.id for doc in rest] == by_at[place + 1 :]

    def holds(name: str, key: str, test: Any) -> bool:
        return key in data[name] and test(data[name][key])

    ranged = [name for name in by_at if holds(name, "at", lambda value: value is not None and value >= "2026-02")]
    assert [doc.id for doc in store.query(root, [Where("at", ">=", "2026-02")], order="at")] == ranged
    listed = [name for name in by_id if holds(name, "at", lambda value: value in ("2026-03", None))]
    assert [doc.id for doc in store.query(root, [Where("at", "in", ["2026-03", None])])] == listed
    of_run = [name for name in by_at if holds(name, "run", lambda value: value == "r1")]
    assert [doc.id for doc in store.query(root, [Where("run", "==", "r1")], order="at")] == of_run
    containing = [name for name in by_id if holds(name, "kinds", lambda value: "" in value)]
    assert [doc.id for doc in store.query(root, [Where("kinds", "contains", "")])] == containing


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("model") / "documents.sqlite"
    with closing(SqliteStore(path)) as store:
        yield store


@pytest.fixture
def firestore(firestore_project: str) -> Iterator[Store]:
    with closing(FirestoreStore(firestore_project)) as store:
        yield store


@pytest.mark.long
@settings(deadline=None, max_examples=150)
@given(history=histories)
def test_sqlite_does_as_the_model(sqlite: Store, history: list[list[Step]]) -> None:
    replay(sqlite, history)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_firestore_does_as_the_model(firestore: Store, history: list[list[Step]]) -> None:
    replay(firestore, history)
