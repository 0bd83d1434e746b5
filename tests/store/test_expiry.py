"""What Firestore needs to let documents expire by itself."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from google.cloud import firestore

from shared.store.firestore import FirestoreStore
from shared.store.firestore_wire import EXPIRY, NONCE
from shared.store.port import Create

END = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_an_end_is_also_stored_as_a_time_and_never_seen(firestore_project: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "states/ends": {"expires_at": END.isoformat()},
        "states/never": {"expires_at": None},
        "states/in-words": {"expires_at": "tomorrow"},
        "users/u": {"expires_at": END.isoformat(), "name": "not a key of this collection"},
    }
    with closing(FirestoreStore(firestore_project)) as store:
        store.commit([Create(path, data) for path, data in given.items()])
        assert {path: doc.data for path, doc in store.get_all(given).items()} == given
    with closing(firestore.Client(firestore_project)) as client:
        stored = {path: client.document(path).get().to_dict() or {} for path in given}
    assert stored["states/ends"][EXPIRY] == END
    assert [path for path, data in stored.items() if EXPIRY in data] == ["states/ends"]
    assert all(NONCE in data for data in stored.values())
