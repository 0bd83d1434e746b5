"""Documents in Firestore.

Speaks to the API's own methods, not to the client's collection and batch objects: those offer no replacing write that
is guarded by the version read before, and they let the library repeat a commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from shared.errors import FatalError, Unavailable
from shared.store import codec
from shared.store import firestore_wire as wire
from shared.store.firestore_errors import QUERY, TRANSIENT, cause_of, commit_error, fatal
from shared.store.port import Change, Doc, Remove, Version, Where

_IN = 30
# Values that one query may ask for at once (Firestore's limit).
_GET = 300


# Paths in one read; keeps the request far below any limit.
class FirestoreStore:
    """:class:`~shared.store.port.Store` in a Firestore database; threads may share it.

    Where a range is asked for on a key that is not the order, and where the order is descending ids, Firestore cannot
    sort: everything that matches is then read, and sorted and cut here.
    """

    def __init__(
        self,
        project: str | None = None,
        database: str = "(default)",
        *,
        timeout: float = 20.0,
        patience: float = 30.0,
    ) -> None:
        """
        Args:
            project: ``None`` takes the one of the environment, as the library finds it.
            database: its name in the project.
            timeout: seconds for one call, with all that it returns.
            patience: seconds over which a failing read is begun again. A commit is never repeated.
        """
        self._project = project
        self._database = database
        self._timeout = timeout
        self._retry = Retry(
            predicate=lambda error: isinstance(error, TRANSIENT), initial=0.1, maximum=2.0, timeout=patience
        )
        self._lock = threading.Lock()
        self._client: firestore.Client | None = None

    def get(self, path: str) -> Doc | None:
        return self.get_all([path]).get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = [codec.check_document(path) for path in dict.fromkeys(paths)]
        if not wanted:
            return {}
        client = self._connected()
        found: dict[str, Doc] = {}
        for at in range(0, len(wanted), _GET):
            request = types.BatchGetDocumentsRequest(
                database=client._database_string,
                documents=[wire.name_of(client, path) for path in wanted[at : at + _GET]],
            )
            docs = self._read("reading documents", client, _service(client).batch_get_documents, request, "found")
            found |= {doc.path: doc for doc in docs}
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
        group = codec.group_of(collection)
        codec.check_query(group, where, order, limit)
        cursor = codec.check_cursor(collection, order, after)
        selector = types.StructuredQuery.CollectionSelector(collection_id=group)
        parent = collection.rpartition("/")[0]
        return self._query(parent, selector, where, order, descending, limit, cursor)

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
        selector = types.StructuredQuery.CollectionSelector(collection_id=group, all_descendants=True)
        return self._query("", selector, where, order, False, limit, cursor)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        encoded = codec.encode_all(changes)
        if not encoded:
            return {}
        client = self._connected()
        request = types.CommitRequest(
            database=client._database_string,
            writes=[wire.write_of(client, change, stored) for change, stored in encoded],
        )
        try:
            # retry=None: the library would send a commit again that may have been carried out, and the second one
            # would fail on the preconditions that the first one has changed.
            answer = _service(client).commit(request, retry=None, timeout=self._timeout, metadata=client._rpc_metadata)
        except (api.GoogleAPIError, GoogleAuthError) as error:
            raise commit_error(error, client, changes) from error
        return {
            change.path: wire.version_of(result.update_time)
            for change, result in zip(changes, types.CommitResponse.pb(answer).write_results, strict=True)
            if not isinstance(change, Remove)
        }

    def close(self) -> None:
        """Gives the connection back; a later use opens a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            transport: Any = _service(client).transport
            transport.close()

    def _connected(self) -> firestore.Client:
        with self._lock:
            if self._client is None:
                try:
                    client = firestore.Client(project=self._project, database=self._database)
                except (GoogleAuthError, OSError) as error:
                    raise FatalError(f"no access to Firestore: {error}") from error
                _service(client)  # opened under the lock: the library's own lazy opening is not safe among threads
                self._client = client
            return self._client

    def _query(
        self,
        parent: str,
        selector: types.StructuredQuery.CollectionSelector,
        where: Sequence[Where],
        order: str | None,
        descending: bool,
        limit: int | None,
        after: codec.Cursor | None,
    ) -> list[Doc]:
        if limit == 0:
            return []
        client = self._connected()
        ranges = {condition.key for condition in where if condition.op in codec.RANGES}
        here = bool(ranges - {order}) or (descending and order is None)
        docs: list[Doc] = []
        parts = list(codec.split_in(where, _IN))
        for part in parts:
            query = types.StructuredQuery(from_=[selector])
            if part:
                query.where = wire.filter_of(part)
            if not here:
                query.order_by = wire.order_of(order, descending)
                if limit is not None:
                    query.limit = limit
                if after is not None:
                    # ``before`` is about the position the cursor stands for: not before, hence after it.
                    query.start_at = types.Cursor(values=wire.cursor_of(client, order, after), before=False)
            request = types.RunQueryRequest(parent=wire.name_of(client, parent), structured_query=query)
            docs += self._read(QUERY, client, _service(client).run_query, request, "document")
        if len(parts) == 1 and not here:
            return docs
        return codec.finish(docs, order, descending=descending, limit=limit, after=after)

    def _read(
        self, what: str, client: firestore.Client, call: Callable[..., Iterable[Any]], request: Any, member: str
    ) -> list[Doc]:
        """All documents that ``call`` answers with; a stream that breaks in its middle is read again from its start."""

        def once() -> list[Doc]:
            # retry=None: the library begins only the call anew, not its stream.
            answers = call(request, retry=None, timeout=self._timeout, metadata=client._rpc_metadata)
            return [wire.doc_of(getattr(answer, member)) for answer in answers if member in answer]

        try:
            docs: list[Doc] = self._retry(once)()
            return docs
        except (api.RetryError, *TRANSIENT) as error:
            raise Unavailable(f"Firestore did not answer {what}: {cause_of(error)}") from error
        except (api.GoogleAPIError, GoogleAuthError) as error:
            raise fatal(what, error) from error


def _service(client: firestore.Client) -> FirestoreClient:
    service: FirestoreClient = client._firestore_api
    return service
