"""Documents in Firestore.

Speaks to the API's own methods, not to the client's collection and batch objects: those offer no replacing write that
is guarded by the version read before, and they let the library repeat a commit.

A stored document has its indexed keys as fields of their own, :data:`~shared.store.codec.BODY`, :data:`NONCE`, and
:data:`EXPIRY` where it has a time at which it ends. These three must be exempt from indexing.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from shared.errors import CommitUnknown, Conflict, FatalError, SyncError, Unavailable
from shared.store import codec
from shared.store.port import Change, Create, Data, Doc, Put, Remove, Version, Where

NONCE = "_v"
"""Name of a stored field that differs with every write: Firestore keeps a document's time of update, which is its
version here, when a write changes nothing."""

EXPIRY = "_ttl"
"""Name of a stored field that repeats ``expires_at`` as a time: Firestore's policies of expiry look at no texts."""

_IN = 30
# Values that one query may ask for at once (Firestore's limit).
_GET = 300
# Paths in one read; keeps the request far below any limit.
_QUERY = "a query"
_TRANSIENT = (
    api.ServiceUnavailable,
    api.DeadlineExceeded,
    api.InternalServerError,
    api.ResourceExhausted,
    api.Aborted,
    api.Unknown,
    api.Cancelled,
)
_OPERATORS = {
    "==": types.StructuredQuery.FieldFilter.Operator.EQUAL,
    "<": types.StructuredQuery.FieldFilter.Operator.LESS_THAN,
    "<=": types.StructuredQuery.FieldFilter.Operator.LESS_THAN_OR_EQUAL,
    ">": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN,
    ">=": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN_OR_EQUAL,
    "in": types.StructuredQuery.FieldFilter.Operator.IN,
    "contains": types.StructuredQuery.FieldFilter.Operator.ARRAY_CONTAINS,
}


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
            predicate=lambda error: isinstance(error, _TRANSIENT), initial=0.1, maximum=2.0, timeout=patience
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
                documents=[_name(client, path) for path in wanted[at : at + _GET]],
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
            writes=[_write(client, change, stored) for change, stored in encoded],
        )
        try:
            # retry=None: the library would send a commit again that may have been carried out, and the second one
            # would fail on the preconditions that the first one has changed.
            answer = _service(client).commit(request, retry=None, timeout=self._timeout, metadata=client._rpc_metadata)
        except (api.GoogleAPIError, GoogleAuthError) as error:
            raise _commit_error(error, client, changes) from error
        return {
            change.path: _version(result.update_time)
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
                query.where = _filter(part)
            if not here:
                query.order_by = _order(order, descending)
                if limit is not None:
                    query.limit = limit
                if after is not None:
                    # ``before`` is about the position the cursor stands for: not before, hence after it.
                    query.start_at = types.Cursor(values=_cursor(client, order, after), before=False)
            request = types.RunQueryRequest(parent=_name(client, parent), structured_query=query)
            docs += self._read(_QUERY, client, _service(client).run_query, request, "document")
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
            return [_doc(getattr(answer, member)) for answer in answers if member in answer]

        try:
            docs: list[Doc] = self._retry(once)()
            return docs
        except (api.RetryError, *_TRANSIENT) as error:
            raise Unavailable(f"Firestore did not answer {what}: {_cause(error)}") from error
        except (api.GoogleAPIError, GoogleAuthError) as error:
            raise _fatal(what, error) from error


def _service(client: firestore.Client) -> FirestoreClient:
    service: FirestoreClient = client._firestore_api
    return service


def _name(client: firestore.Client, path: str) -> str:
    return f"{client._database_string}/documents{'/' if path else ''}{path}"


def _write(client: firestore.Client, change: Change, stored: codec.Stored | None) -> types.Write:
    name = _name(client, change.path)
    condition: types.Precondition | None = None
    match change:
        case Create():
            condition = types.Precondition(exists=False)
        case Put(version=str(version)) | Remove(version=str(version)):
            condition = types.Precondition(update_time=_time(version, change.path))
    if stored is None:
        return types.Write(delete=name, current_document=condition)
    fields = {key: _value(value) for key, value in stored.keys.items()}
    if stored.body:
        fields[codec.BODY] = types.Value(bytes_value=stored.body)
    fields[NONCE] = types.Value(bytes_value=secrets.token_bytes(8))
    if (ends := _time_in(stored.keys.get("expires_at"))) is not None:
        fields[EXPIRY] = types.Value(timestamp_value=ends)
    # Without an update mask the document is replaced, not merged.
    return types.Write(update=types.Document(name=name, fields=fields), current_document=condition)


def _time_in(value: Any) -> datetime | None:
    """The time that a text names; what names none never ends."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _value(value: Any) -> types.Value:
    match value:
        case None:
            return types.Value(null_value=0)
        case bool():
            return types.Value(boolean_value=value)
        case int():
            return types.Value(integer_value=value)
        case float():
            return types.Value(double_value=value)
        case list():
            return types.Value(array_value=types.ArrayValue(values=[_value(element) for element in value]))
        case _:
            return types.Value(string_value=value)


def _filter(where: Sequence[Where]) -> types.StructuredQuery.Filter:
    filters = [_condition(condition) for condition in where]
    if len(filters) == 1:
        return filters[0]
    both = types.StructuredQuery.CompositeFilter.Operator.AND
    return types.StructuredQuery.Filter(
        composite_filter=types.StructuredQuery.CompositeFilter(op=both, filters=filters)
    )


def _condition(condition: Where) -> types.StructuredQuery.Filter:
    field = types.StructuredQuery.FieldReference(field_path=condition.key)
    if condition.value is None:
        is_null = types.StructuredQuery.UnaryFilter.Operator.IS_NULL
        return types.StructuredQuery.Filter(unary_filter=types.StructuredQuery.UnaryFilter(field=field, op=is_null))
    value = _value(list(condition.value) if condition.op == "in" else condition.value)
    return types.StructuredQuery.Filter(
        field_filter=types.StructuredQuery.FieldFilter(field=field, op=_OPERATORS[condition.op], value=value)
    )


def _order(order: str | None, descending: bool) -> list[types.StructuredQuery.Order]:
    """Ids go the same way as the order: Firestore has an index for that on its own, and for the other way not."""
    way = types.StructuredQuery.Direction.DESCENDING if descending else types.StructuredQuery.Direction.ASCENDING
    names = ["__name__"] if order is None else [order, "__name__"]
    return [
        types.StructuredQuery.Order(field=types.StructuredQuery.FieldReference(field_path=name), direction=way)
        for name in names
    ]


def _cursor(client: firestore.Client, order: str | None, after: codec.Cursor) -> list[types.Value]:
    reference = types.Value(reference_value=_name(client, after.path))
    return [reference] if order is None else [_value(after.value), reference]


def _doc(document: types.Document) -> Doc:
    raw = types.Document.pb(document)
    keys: Data = {}
    body = b""
    for key, value in raw.fields.items():
        if key == codec.BODY:
            body = value.bytes_value
        elif key not in (NONCE, EXPIRY):
            keys[key] = _plain(value)
    path = raw.name.split("/documents/", 1)[1]
    return Doc(path, codec.decode(keys, body), _version(raw.update_time))


def _plain(value: Any) -> Any:
    """What a value of the wire stands for; only what :func:`_value` writes occurs."""
    match kind := value.WhichOneof("value_type"):
        case "null_value":
            return None
        case "array_value":
            return [_plain(element) for element in value.array_value.values]
        case "boolean_value" | "integer_value" | "double_value" | "string_value":
            return getattr(value, kind)
        case _:
            raise FatalError(f"a document holds a {kind}, which this program does not write")


def _version(time: Any) -> Version:
    return f"{time.seconds}.{time.nanos:09d}"


def _time(version: Version, path: str) -> dict[str, int]:
    seconds, dot, nanos = version.partition(".")
    if not (
        dot and seconds.isascii() and seconds.isdigit() and nanos.isascii() and nanos.isdigit() and len(nanos) == 9
    ):
        # Not one that this engine has given out, so no document can have it.
        raise Conflict("the document is not at the expected version", path=path)
    return {"seconds": int(seconds), "nanos": int(nanos)}


def _commit_error(error: Exception, client: firestore.Client, changes: Sequence[Change]) -> SyncError:
    """Only answers that prove that nothing was written are definite; everything else may have been carried out."""
    guarded = [change.path for change in changes if isinstance(change, Create) or change.version is not None]
    # Every name of a document holds "databases"; "database" elsewhere means that there is none, or not of this kind.
    words = str(error).replace(client._database_string, "")
    match error:
        case api.Aborted():
            return Conflict("a commit lost against another one")
        case api.AlreadyExists() | api.FailedPrecondition() | api.NotFound() if guarded and "database" not in words:
            return Conflict("a precondition of a commit failed", path=_blamed(words, guarded))
        case api.ResourceExhausted():
            return Unavailable(f"Firestore refused a commit for now: {_cause(error)}")
        case api.ClientError() if not isinstance(error, api.Cancelled):
            return _fatal("a commit", error)
        case GoogleAuthError():
            return _fatal("a commit", error)
        case _:
            return CommitUnknown(f"Firestore did not say whether a commit happened: {_cause(error)}")


def _blamed(words: str, guarded: Sequence[str]) -> str | None:
    """The document whose precondition failed: the only guarded one, or the one that the message names."""
    if len(guarded) == 1:
        return guarded[0]
    named = (path for path in guarded if re.search(rf"/{re.escape(path)}(?=$|[\s\"',}}])", words))
    return next(named, None)


def _fatal(what: str, error: Exception) -> FatalError:
    match error:
        case api.Forbidden() | api.Unauthorized():
            advice = "the function's service account needs the role roles/datastore.user"
        case api.NotFound():
            advice = "the project has no such database; terraform creates it"
        case api.FailedPrecondition() if what == _QUERY:
            advice = "an index is missing; terraform creates it"
        case GoogleAuthError():
            advice = "the credentials of this environment do not work"
        case _:
            advice = "see the detail"
    # What the API says may quote what was asked for, hence only in the detail.
    return FatalError(f"Firestore refused {what} ({_cause(error)}): {advice}", detail=str(error))


def _cause(error: Exception) -> str:
    cause = error.cause if isinstance(error, api.RetryError) and error.cause else error
    return type(cause).__name__
