"""Everything that is stored about a user, as one JSON text: written page by page, so that memory stays small.

Only the tokens are left out: they are no data of the user but keys to other services.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shared.account.grants import grants_path
from shared.account.users import User
from shared.store.port import Doc, Store, Where
from shared.sync.paths import COLLECTIONS, Paths

if TYPE_CHECKING:
    from shared.store.bucket import Bucket

PAGE = 50
"""Documents that are held at a time."""


def export(store: Store, user: User, now: datetime, bucket: Bucket | None = None) -> Iterator[bytes]:
    """The text, in pieces. What changes while it is written may be in it or not.

    Raises:
        RetriableError, FatalError: in the middle; what was given until then is no JSON.
    """
    head: dict[str, Any] = {"exported_at": now.isoformat(), "user": _shown(user)}
    head["connections"] = connections(store, user.uid)
    yield msgspec.json.encode(head)[:-1]
    yield b',"inbox":'
    yield from _listed(docs(store, f"users/{user.uid}/inbox"))
    yield b',"claims":'
    yield from _listed(claims(store, user))
    yield b',"pairs":['
    for n, doc in enumerate(docs(store, f"users/{user.uid}/pairs")):
        yield (b"," if n else b"") + _told(doc)[:-1]
        paths = Paths(user.uid, doc.id)
        for name in COLLECTIONS:
            yield f',"{name}":'.encode()
            yield from _listed(docs(store, paths.collection(name)))
        if bucket is not None:
            yield b',"archived":'
            yield from _listed(_archived(store, paths, bucket))
        yield b"}"
    yield b"]}"


def docs(store: Store, collection: str, *, page: int = PAGE) -> Iterator[Doc]:
    """All documents of a collection, by id."""
    after: list[Any] | None = None
    while found := store.query(collection, limit=page, after=after):
        yield from found
        after = [found[-1].id]


def _archived(store: Store, paths: Paths, bucket: Bucket) -> Iterator[Doc]:
    """History rows that lie in the archive."""
    from shared.sync.archived import rows_of

    for doc in docs(store, paths.collection("archive")):
        if doc.data["kept"]:
            yield from (Doc(paths.history(row.id), row.data, "") for row in rows_of(doc, bucket))


def claims(store: Store, user: User) -> Iterator[Doc]:
    """The user's claims, for every pair that was ever connected."""
    for pair, instance in sorted(user.instances.items()):
        head = Paths(user.uid, pair).head
        where = [Where("by", "==", head)]
        after: list[Any] | None = None
        while found := store.query(f"instances/{instance}/emails", where, limit=PAGE, after=after):
            yield from found
            after = [found[-1].id]


def connections(store: Store, uid: str) -> dict[str, Any]:
    """What is connected, without the tokens."""
    doc = store.get(grants_path(uid))
    grants = doc.data if doc else {}
    return {
        side: {name: value for name, value in grant.items() if name != "tokens"} if grant else None
        for side, grant in grants.items()
    }


def _shown(user: User) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(user)
    return {name: value for name, value in shown.items() if name not in ("version", "erasing", "given_back")}


def _listed(found: Iterator[Doc]) -> Iterator[bytes]:
    yield b"["
    for n, doc in enumerate(found):
        yield (b"," if n else b"") + _told(doc)
    yield b"]"


def _told(doc: Doc) -> bytes:
    return msgspec.json.encode({"document": doc.id, "data": doc.data})
