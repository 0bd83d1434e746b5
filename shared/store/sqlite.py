"""Documents in one SQLite file: for one machine, for the demo and for tests.

``documents`` holds the stored form, ``entries`` one row per indexed value (key ``emails``) or element of an indexed
list (key ``emails[]``), so that a query walks an index in order and reads only what it returns.

Paths are stored with U+001F between segments instead of a slash: it sorts before every character that an id can hold,
so text order of paths is their order segment by segment.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from shared.errors import CommitUnknown, Conflict, FatalError, SyncError, Unavailable
from shared.store import codec
from shared.store.port import Change, Create, Data, Doc, Put, Remove, Version, Where

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    path TEXT PRIMARY KEY, collection TEXT NOT NULL, grp TEXT NOT NULL,
    keys TEXT NOT NULL, body BLOB NOT NULL, version INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_collection ON documents (collection, path);
CREATE INDEX IF NOT EXISTS documents_grp ON documents (grp, path);
CREATE TABLE IF NOT EXISTS entries (
    path TEXT NOT NULL, collection TEXT NOT NULL, grp TEXT NOT NULL, key TEXT NOT NULL, value
);
CREATE INDEX IF NOT EXISTS entries_path ON entries (path, key, value);
CREATE INDEX IF NOT EXISTS entries_collection ON entries (collection, key, value, path);
CREATE INDEX IF NOT EXISTS entries_grp ON entries (grp, key, value, path);
CREATE TABLE IF NOT EXISTS counter (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES (1, 0);
"""

_SEPARATOR = "\x1f"
_NULL = float("-inf")
# Stands for None among the indexed values: it sorts first, as None does, equals itself, and no document can hold it.
_MANY = 10_000
# Parameters in one statement; SQLite allows 32,766.
_IN_USE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL_OR_SLOW = frozenset({*_IN_USE, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM})


class SqliteStore:
    """:class:`~shared.store.port.Store` in a file, which threads and processes of one machine may share."""

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 10.0) -> None:
        """
        Args:
            path: of the file; it and its folders are created at the first use, the file readable by its owner only.
            timeout: seconds to wait for another process that is writing.
        """
        self._path = Path(path)
        self._timeout = timeout
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        # Counts closings, so that a connection in use meanwhile is not kept afterwards.
        self._era = 0

    def get(self, path: str) -> Doc | None:
        return self.get_all([path]).get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = [_inside(codec.check_document(path)) for path in dict.fromkeys(paths)]
        found: dict[str, Doc] = {}
        with self._connection() as connection:
            # One snapshot for all parts, as Firestore gives it.
            connection.execute("BEGIN")
            for at in range(0, len(wanted), _MANY):
                part = wanted[at : at + _MANY]
                marks = ",".join("?" * len(part))
                for row in connection.execute(f"{_SELECT} FROM documents d WHERE d.path IN ({marks})", part):
                    doc = _doc(row)
                    found[doc.path] = doc
            connection.execute("COMMIT")
        return found

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[Doc]:
        codec.check_collection(collection)
        codec.check_query(codec.group_of(collection), where, order, limit)
        cursor = codec.check_cursor(collection, order, after)
        return self._query("collection", _inside(collection), where, order, descending, limit, cursor)

    def query_group(
        self,
        group: str,
        where: Sequence[Where] = (),
        *,
        order: str | None = None,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[Doc]:
        codec.check_query(group, where, order, limit)
        cursor = codec.check_cursor(None, order, after)
        return self._query("grp", group, where, order, False, limit, cursor)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        encoded = codec.encode_all(changes)
        if not encoded:
            return {}
        # Writers of this process wait at the lock; polling the file for it would be slower and less fair.
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            written = _write(connection, encoded)
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                if _code(error) in _IN_USE:
                    raise
                raise CommitUnknown(f"the database failed at the end of a commit: {_name(error)}") from error
        return written

    def close(self) -> None:
        """Gives connections back; a later use opens new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._era += 1
        for connection in idle:
            connection.close()

    def _query(
        self,
        scope: str,
        name: str,
        where: Sequence[Where],
        order: str | None,
        descending: bool,
        limit: int | None,
        after: codec.Cursor | None,
    ) -> list[Doc]:
        docs: list[Doc] = []
        parts = list(codec.split_in(where, _MANY))
        with self._connection() as connection:
            connection.execute("BEGIN")
            for part in parts:
                sql, parameters = statement(scope, name, part, order, descending, limit, after)
                docs += map(_doc, connection.execute(sql, parameters))
            connection.execute("COMMIT")
        if len(parts) == 1:
            return docs
        return codec.finish(docs, order, descending=descending, limit=limit, after=after)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one use. What is not committed at its end is rolled back; errors come out as ours."""
        with self._lock:
            era = self._era
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = self._open()
            yield connection
        except BaseException as error:
            # Closing rolls back, even where a rollback would fail; and a connection that failed is not trusted again.
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise _ours(error) from error
            raise
        with self._lock:
            keep = era == self._era
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        self._create()
        connection = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            self._log_ahead(connection)
            # An intent must outlive a power cut, or a create that was sent could be sent again.
            connection.execute("PRAGMA synchronous=FULL")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counter'").fetchone():
                connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _create(self) -> None:
        """Here, because SQLite would follow the umask; its side files take over this one's mode.

        A file that is there is never opened: closing it again would end all locks that this process has on it (so
        POSIX has it), and the last other process to close it would take its log away.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FatalError(f"the database's folder cannot be made: {error}") from error
        try:
            with self._lock:
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise FatalError(f"the database's file cannot be made: {error}") from error

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Of two that switch a new file over at once one is refused without any wait: it tries again."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if _code(error) not in _IN_USE or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return


_SELECT = "SELECT d.path, d.keys, d.body, d.version"


def statement(
    scope: str,
    name: str,
    where: Sequence[Where],
    order: str | None,
    descending: bool,
    limit: int | None,
    after: codec.Cursor | None,
) -> tuple[str, list[Any]]:
    """The SQL of one query and its parameters; ``scope`` is ``collection`` or ``grp``.

    Every key that is asked for, or ordered by, is one row of ``entries`` per document, hence one join.
    """
    conditions: dict[str, list[Where]] = {} if order is None else {order: []}
    for condition in where:
        key = f"{condition.key}[]" if condition.op == "contains" else condition.key
        conditions.setdefault(key, []).append(condition)
    terms: list[str] = []
    parameters: list[Any] = []
    tables: list[str] = []
    for number, (key, asked) in enumerate(conditions.items()):
        alias = f"e{number}"
        tables.append(f"entries {alias}")
        terms.append(f"{alias}.{scope} = ? AND {alias}.key = ?")
        parameters += [name, key]
        if number:
            terms.append(f"{alias}.path = e0.path")
        for condition in asked:
            term, values = _term(f"{alias}.value", condition)
            terms.append(term)
            parameters += values
    first = "e0" if tables else "d"
    if tables:
        # CROSS JOIN fixes that documents come last: only those that match are read.
        source = f"{' JOIN '.join(tables)} CROSS JOIN documents d"
        terms.append("d.path = e0.path")
    else:
        source = "documents d"
        terms.append(f"d.{scope} = ?")
        parameters.append(name)
    if after is not None:
        beyond = "<" if descending else ">"
        if order is None:
            terms.append(f"{first}.path {beyond} ?")
        else:
            terms.append(f"(e0.value, e0.path) {beyond} (?, ?)")
            parameters.append(_sortable(after.value))
        parameters.append(_inside(after.path))
    direction = " DESC" if descending else ""
    ordering = f"{first}.path{direction}" if order is None else f"e0.value{direction}, e0.path{direction}"
    # Nothing but names written in this module enters the text; keys and values are parameters.
    sql = f"{_SELECT} FROM {source} WHERE {' AND '.join(terms)} ORDER BY {ordering} LIMIT ?"
    return sql, [*parameters, -1 if limit is None else limit]


def _term(column: str, condition: Where) -> tuple[str, list[Any]]:
    match condition.op:
        case "in":
            return f"{column} IN ({','.join('?' * len(condition.value))})", list(condition.value)
        case "<" | "<=":
            # Null is the least value, but only equality finds it.
            return f"{column} > ? AND {column} {condition.op} ?", [_NULL, condition.value]
        case ">" | ">=":
            return f"{column} {condition.op} ?", [condition.value]
        case "==" | "contains":
            return f"{column} = ?", [_sortable(condition.value)]


def _sortable(value: Any) -> Any:
    return _NULL if value is None else value


def _write(connection: sqlite3.Connection, encoded: Sequence[tuple[Change, codec.Stored | None]]) -> dict[str, Version]:
    """Checks every precondition and writes. The counter never runs back, so a version never returns to a path."""
    (version,) = connection.execute("UPDATE counter SET value = value + 1 RETURNING value").fetchone()
    written: dict[str, Version] = {}
    for change, stored in encoded:
        path = _inside(change.path)
        row = connection.execute("SELECT version FROM documents WHERE path = ?", [path]).fetchone()
        _assert(change, None if row is None else str(row[0]))
        if row is not None:
            connection.execute("DELETE FROM entries WHERE path = ?", [path])
        if stored is None:
            connection.execute("DELETE FROM documents WHERE path = ?", [path])
            continue
        collection = path.rsplit(_SEPARATOR, 1)[0]
        group = codec.group_of(change.path)
        keys = msgspec.json.encode(stored.keys).decode()
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path)"
            " DO UPDATE SET keys = excluded.keys, body = excluded.body, version = excluded.version",
            [path, collection, group, keys, stored.body, version],
        )
        connection.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
            [(path, collection, group, key, value) for key, value in _entries(stored.keys)],
        )
        written[change.path] = str(version)
    return written


def _assert(change: Change, version: Version | None) -> None:
    match change:
        case Create() if version is not None:
            raise Conflict("the document exists already", path=change.path)
        case Put(version=str(expected)) | Remove(version=str(expected)) if version != expected:
            raise Conflict("the document is not at the expected version", path=change.path)


def _entries(keys: Data) -> Iterator[tuple[str, Any]]:
    for key, value in keys.items():
        if isinstance(value, list):
            for element in dict.fromkeys(value):
                yield f"{key}[]", element
        else:
            yield key, _sortable(value)


def _doc(row: tuple[str, str, bytes, int]) -> Doc:
    path, keys, body, version = row
    return Doc(path.replace(_SEPARATOR, "/"), codec.decode(msgspec.json.decode(keys), body), str(version))


def _inside(path: str) -> str:
    return path.replace("/", _SEPARATOR)


def _code(error: sqlite3.Error) -> int:
    """The primary code; 0 where an error does not come from the database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", type(error).__name__)


def _ours(error: sqlite3.Error) -> SyncError:
    """Whatever reaches this was rolled back, so nothing was written."""
    if _code(error) in _FULL_OR_SLOW:
        return Unavailable(f"the database is locked, full or failing: {_name(error)}")
    return FatalError(f"the database cannot be used: {_name(error)}; check the file and its permissions")
