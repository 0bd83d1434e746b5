"""History rows as one object of the archive: lines of JSON, compressed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.store.bucket import ObjectSpoilt
from shared.store.port import Doc


class Bundle(msgspec.Struct, kw_only=True):
    """Which rows an object holds. Stored beside the history."""

    object: str
    since: str
    """``at`` of its first row."""
    to: str
    """``at`` of its last row."""
    last: str
    """The id of its last row: with ``to`` the place in the history up to which it goes."""
    rows: int
    sha256: str
    """Of the object's bytes."""
    kept: bool = False
    """It lies in the archive, and the rows are out of the store."""


class Row(msgspec.Struct):
    """One line of an object."""

    id: str
    data: dict[str, Any]


def packed(rows: Sequence[Doc]) -> bytes:
    """The rows as lines of JSON, compressed; equal rows give equal bytes."""
    lines = b"".join(msgspec.json.encode(Row(row.id, row.data), order="deterministic") + b"\n" for row in rows)
    return gzip.compress(lines, mtime=0)


def unpacked(bundle: Bundle, data: bytes | None) -> list[Row]:
    """The rows of an object, oldest first.

    Raises:
        ObjectSpoilt: it is gone, or not what was written.
    """
    if data is None or hashlib.sha256(data).hexdigest() != bundle.sha256:
        raise ObjectSpoilt(f"archive: {bundle.object} is missing, or not what was written there")
    return [msgspec.json.decode(line, type=Row) for line in gzip.decompress(data).splitlines()]
