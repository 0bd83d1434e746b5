"""What a document is when it is stored, and the rules that every engine keeps alike.

Stored form: the keys of :data:`~shared.store.port.INDEXED` each on its own, all others as JSON, compressed, in one
``body``. Sizes are counted on that form, so what fits one engine fits the other. Paths and queries are checked here
too: what Firestore would refuse, or answer differently, is a ``ValueError`` everywhere.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec

from shared.store.port import INDEXED, MAX_COMMIT, MAX_DOCUMENT, Change, Data, Doc, Remove, Where

BODY = "body"
"""Name of the stored field that holds everything not indexed; must be exempt from indexing."""

MAX_ID = 1500
"""Bytes of one segment of a path (Firestore's limit)."""
MAX_PATH = 5 * 1024
"""Bytes of a path; Firestore allows 6 KiB together with the names of project and database."""
MAX_INDEXED = 1500
"""Bytes of an indexed text. Firestore cuts longer ones in its index and then answers queries wrongly."""

RANGES = frozenset({"<", "<=", ">", ">="})

_OVERHEAD = 160
# Bytes a change costs beside its path and values: project and database in the name, precondition, tags, nonce.
_FIELD_OVERHEAD = 16
# Bytes a field or an element of a list costs beside its content.
_INT64 = 1 << 63
_FORBIDDEN = re.compile(r"\.\.?|__.*__", re.DOTALL)
# Below U+0020 nothing is needed in an id; keeping it out leaves U+001F free to separate segments where engines sort.
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored form of a document's data; ``body`` is empty when every key is indexed."""

    keys: Data
    body: bytes

    def size(self, path: str) -> int:
        """Bytes, the path and a fixed allowance for the envelope included."""
        fields = sum(len(key) + _FIELD_OVERHEAD + _value_size(value) for key, value in self.keys.items())
        return len(path.encode()) + _OVERHEAD + fields + len(self.body)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of a query ended: the value it is ordered by (``None`` without order) and the document's path."""

    value: Any
    path: str


def group_of(path: str) -> str:
    """Name of the collection a document or collection path ends in."""
    segments = path.split("/")
    return segments[-1] if len(segments) % 2 else segments[-2]


def check_document(path: str) -> str:
    """Returns ``path`` if it can name a document. Raises ``ValueError``."""
    if _segments(path) % 2:
        raise ValueError("a document's path has an even number of segments: collection/id/...")
    return path


def check_collection(path: str) -> str:
    """Returns ``path`` if it can name a collection. Raises ``ValueError``."""
    if _segments(path) % 2 == 0:
        raise ValueError("a collection's path has an odd number of segments: collection/id/collection/...")
    return path


def encode(path: str, data: Data) -> Stored:
    """The stored form of ``data`` at ``path``.

    Raises:
        ValueError: what would come back is not equal to ``data`` (NaN, tuples, keys that are no text, unpaired
            surrogates), or an indexed value is of a type or length that cannot be queried.
    """
    indexed = INDEXED.get(group_of(path), ())
    keys = {key: data[key] for key in indexed if key in data}
    for key, value in keys.items():
        _check_indexed(key, value)
    rest = {key: value for key, value in data.items() if key not in keys}
    return Stored(keys, _pack(rest) if rest else b"")


def decode(keys: Data, body: bytes) -> Data:
    """The data that was encoded, as fresh objects."""
    return {**keys, **msgspec.json.decode(zlib.decompress(body))} if body else dict(keys)


def size(change: Change) -> int:
    """Bytes of a change as it is stored and sent, its path included. Raises ``ValueError`` as :func:`encode` does."""
    if isinstance(change, Remove):
        return len(change.path.encode()) + _OVERHEAD
    return encode(change.path, change.data).size(change.path)


def encode_all(changes: Sequence[Change]) -> list[tuple[Change, Stored | None]]:
    """Every change with its stored form (``None`` for a removal), checked as one commit.

    Raises:
        ValueError: a path is malformed or occurs twice, a document or the whole commit is too large, or data is not
            JSON. The message names the path, never a value.
    """
    encoded: list[tuple[Change, Stored | None]] = []
    seen: set[str] = set()
    total = 0
    for change in changes:
        path = check_document(change.path)
        if path in seen:
            raise ValueError(f"{path} occurs twice in one commit")
        seen.add(path)
        if isinstance(change, Remove):
            encoded.append((change, None))
            total += size(change)
            continue
        try:
            stored = encode(path, change.data)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None  # the cause may quote what is in the document
        taken = stored.size(path)
        if taken > MAX_DOCUMENT:
            raise ValueError(f"{path}: {taken} bytes, a document may take {MAX_DOCUMENT}")
        total += taken
        encoded.append((change, stored))
    if total > MAX_COMMIT:
        raise ValueError(f"{total} bytes, a commit may take {MAX_COMMIT}")
    return encoded


def check_query(group: str, where: Sequence[Where], order: str | None, limit: int | None) -> None:
    """Refuses what Firestore cannot answer or would answer with silence. Raises ``ValueError``."""
    if _segments(group) != 1:
        raise ValueError("a group is the name of a collection, not a path")
    indexed = INDEXED.get(group, ())
    for key in [condition.key for condition in where] + ([] if order is None else [order]):
        if key not in indexed:
            raise ValueError(f"{key!r} is not indexed in {group!r}: {', '.join(indexed) or 'nothing is'}")
    for condition in where:
        _check_condition(condition)
    if sum(condition.op == "contains" for condition in where) > 1:
        raise ValueError("at most one 'contains' in a query")
    if limit is not None and limit < 0:
        raise ValueError("limit is negative")


def check_cursor(collection: str | None, order: str | None, after: Sequence[Any] | None) -> Cursor | None:
    """The cursor of a query of ``collection``, or of a group (``None``). Raises ``ValueError``."""
    if after is None:
        return None
    if len(after) != (1 if order is None else 2) or not isinstance(after[-1], str):
        raise ValueError("a cursor is [id], or with order [value of order, id]; of a group, a path instead of the id")
    if order is not None:
        _check_scalar(order, after[0])
    path = after[-1] if collection is None else f"{collection}/{after[-1]}"
    return Cursor(after[0] if order is not None else None, check_document(path))


def split_in(where: Sequence[Where], at_most: int) -> Iterator[list[Where]]:
    """The conditions of several queries which together, and without overlap, answer one with long ``in`` lists.

    Each has one ``in`` at most, no longer than ``at_most``; ``None`` is asked for by ``==``.
    """
    choices: list[list[Where]] = []
    together = at_most
    for condition in where:
        if condition.op != "in":
            choices.append([condition])
            continue
        key, values = condition.key, list(dict.fromkeys(condition.value))
        some = [value for value in values if value is not None]
        choice = [Where(key, "in", some[at : at + together]) for at in range(0, len(some), together)]
        if len(some) < len(values):
            choice.append(Where(key, "==", None))
        choices.append(choice)
        together = 1  # Firestore multiplies the lengths of several lists, and allows 30 in all
    for combination in product(*choices):
        yield list(combination)


def finish(
    docs: Sequence[Doc], order: str | None, *, descending: bool, limit: int | None, after: Cursor | None
) -> list[Doc]:
    """Orders and cuts, as both engines do, what several queries found."""
    keyed = [
        (_sort_key(doc.data[order] if order is not None else None, doc.path), doc)
        for doc in docs
        if order is None or order in doc.data
    ]
    keyed.sort(key=lambda pair: pair[0], reverse=descending)
    if after is not None:
        cut = _sort_key(after.value, after.path)
        keyed = [pair for pair in keyed if (pair[0] < cut if descending else pair[0] > cut)]
    return [doc for _, doc in keyed[:limit]]


def _sort_key(value: Any, path: str) -> tuple[int, Any, list[bytes]]:
    """Null, booleans, numbers, text by its bytes; ties by path, segment by segment."""
    ids = [segment.encode() for segment in path.split("/")]
    match value:
        case None:
            return 0, 0, ids
        case bool():
            return 1, value, ids
        case int() | float():
            return 2, value, ids
        case _:
            return 3, str(value).encode(), ids


def _segments(path: str) -> int:
    segments = path.split("/")
    for segment in segments:
        if not segment:
            raise ValueError("a path has no empty segments and no slash at its ends")
        if _FORBIDDEN.fullmatch(segment) or _CONTROL.search(segment):
            raise ValueError(f"{segment!r} cannot be a segment of a path")
        if len(segment.encode()) > MAX_ID:
            raise ValueError(f"a segment of a path is longer than {MAX_ID} bytes")
    if len(path.encode()) > MAX_PATH:
        raise ValueError(f"a path is longer than {MAX_PATH} bytes")
    return len(segments)


def _pack(rest: Data) -> bytes:
    try:
        packed = msgspec.json.encode(rest)
        same = msgspec.json.decode(packed) == rest
    except (TypeError, UnicodeEncodeError, RecursionError, msgspec.MsgspecError) as error:
        raise ValueError(f"not JSON ({type(error).__name__})") from None
    if not same:
        raise ValueError("not JSON: NaN, tuples and keys that are no text would come back changed")
    return zlib.compress(packed, 6)


def _check_indexed(key: str, value: Any) -> None:
    if isinstance(value, list):
        for element in value:
            if not isinstance(element, str):
                raise ValueError(f"indexed key {key!r}: a list may hold text only")
            _check_scalar(key, element)
    else:
        _check_scalar(key, value)


def _check_scalar(key: str, value: Any) -> None:
    match value:
        case None | bool():
            return
        case int():
            if not -_INT64 <= value < _INT64:
                raise ValueError(f"indexed key {key!r}: an integer has at most 64 bits")
        case float():
            if not math.isfinite(value):
                raise ValueError(f"indexed key {key!r}: a number is finite")
        case str():
            if len(_utf8(key, value)) > MAX_INDEXED:
                raise ValueError(f"indexed key {key!r}: text is longer than {MAX_INDEXED} bytes")
        case _:
            raise ValueError(f"indexed key {key!r}: {type(value).__name__} is not text, number, boolean, None or list")


def _check_condition(condition: Where) -> None:
    key, op, value = condition.key, condition.op, condition.value
    if op == "in":
        if not isinstance(value, list | tuple | set | frozenset):
            raise ValueError(f"{key!r} in: expects a list of values")
        for one in value:
            _check_scalar(key, one)
        return
    _check_scalar(key, value)
    if op in RANGES and value is None:
        raise ValueError(f"{key!r} {op} None: null has no order, ask with ==")
    if op == "contains" and not isinstance(value, str):
        raise ValueError(f"{key!r} contains: a list holds text only")


def _utf8(key: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"indexed key {key!r}: text with unpaired surrogates") from None


def _value_size(value: Any) -> int:
    match value:
        case str():
            return len(value.encode())
        case list():
            return sum(len(element.encode()) + _FIELD_OVERHEAD for element in value)
        case _:
            return 8
