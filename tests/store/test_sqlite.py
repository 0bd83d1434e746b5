"""What only the SQLite engine has: a file, other processes, a query plan."""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.errors import CommitUnknown, Conflict, FatalError, Unavailable
from shared.store.codec import Cursor
from shared.store.port import Create, Put, Where
from shared.store.sqlite import SqliteStore, statement


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "documents.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, timeout=0.05)) as made:
        yield made


def test_the_file_is_its_owner_s_alone(store: SqliteStore, path: Path) -> None:
    assert not path.exists()
    store.commit([Put("users/u", {"token": "secret"})])
    files = list(path.parent.iterdir())
    assert path in files
    assert len(files) > 1  # with the log of what was written last
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_it_outlives_the_process(store: SqliteStore, path: Path) -> None:
    version = store.commit([Put("users/u", {"a": 1})])["users/u"]
    with closing(SqliteStore(path)) as other:
        doc = other.get("users/u")
        assert doc is not None
        assert (doc.data, doc.version) == ({"a": 1}, version)
        other.commit([Put("users/u", {"a": 2}, version)])
    with pytest.raises(Conflict):
        store.commit([Put("users/u", {"a": 3}, version)])


def add(path: Path, start: multiprocessing.synchronize.Barrier, times: int) -> None:
    """One process: each step is seen by all others, or is tried again."""
    with closing(SqliteStore(path)) as store:
        start.wait()
        done = 0
        while done < times:
            doc = store.get("users/n")
            try:
                if doc is None:
                    store.commit([Create("users/n", {"n": 1})])
                else:
                    store.commit([Put("users/n", {"n": doc.data["n"] + 1}, doc.version)])
            except Conflict:
                continue
            done += 1


def test_processes_share_the_file(store: SqliteStore, path: Path) -> None:
    """They also race for creating it."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    processes = [context.Process(target=add, args=(path, start, 25)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(600)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    doc = store.get("users/n")
    assert doc is not None
    assert doc.data == {"n": 75}


def test_opening_it_twice_leaves_the_locks_of_the_first_in_place(store: SqliteStore, path: Path) -> None:
    """Else the next process to close the file believes that it is the last one, and takes the log away."""
    store.commit([Put("users/u", {"a": 1})])
    with closing(SqliteStore(path)) as second:
        assert second.get("users/u") is not None
        other = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM counter'); c.close()"
        subprocess.run([sys.executable, "-c", other, path], check=True)  # noqa: S603 - our own code
        assert path.with_name(f"{path.name}-wal").exists()


def test_a_file_that_somebody_else_keeps_locked(store: SqliteStore, path: Path) -> None:
    store.commit([Put("users/u", {"a": 1})])
    store.close()  # opening must not need the lock either
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            store.commit([Put("users/u", {"a": 2})])
        doc = store.get("users/u")  # readers do not wait for writers
        assert doc is not None
        assert doc.data == {"a": 1}
        other.execute("ROLLBACK")
    store.commit([Put("users/u", {"a": 3})])


def test_a_file_that_is_no_database(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("something else, and long enough to be looked at" * 100)
    with pytest.raises(FatalError, match="SQLITE_NOTADB"):
        store.get("users/u")


def test_a_path_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with closing(SqliteStore(tmp_path / "file" / "documents.sqlite")) as store, pytest.raises(FatalError):
        store.get("users/u")


def test_a_disk_that_fails_at_the_end_of_a_commit(store: SqliteStore, path: Path) -> None:
    """The limit on the size of files is a full disk of our own: the commit's last step is what meets it."""
    store.commit([Put("users/u", {"a": 1})])
    log = path.with_name(path.name + "-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 1, hard))
    try:
        with pytest.raises(CommitUnknown):
            store.commit([Put("users/u", {"a": 2})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    doc = store.get("users/u")
    assert doc is not None
    assert doc.data in ({"a": 1}, {"a": 2})
    store.commit([Put("users/u", {"a": 3}, doc.version)])


@pytest.mark.parametrize("scope", ["collection", "grp"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("where", "order"),
    [
        ([], None),
        ([], "at"),
        ([Where("run", "==", "r")], None),
        ([Where("run", "==", "r")], "at"),
        ([Where("at", ">", "2026"), Where("at", "<=", "2027")], "at"),
        ([Where("kinds", "contains", "k"), Where("run", "in", ["r", "s"])], "at"),
    ],
    ids=repr,
)
def test_a_query_reads_only_what_it_returns(
    store: SqliteStore, path: Path, scope: str, descending: bool, where: list[Where], order: str | None
) -> None:
    store.commit([Put("users/u/history/h", {"at": "2026"})])
    after = Cursor("2026" if order else None, "users/u/history/h")
    sql, parameters = statement(scope, "history", where, order, descending, 10, after)
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert not [step for step in plan if step.startswith("SCAN")], plan
    if not where or order in {condition.key for condition in where}:
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
