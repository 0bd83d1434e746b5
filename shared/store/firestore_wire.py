"""Documents, queries and versions as Firestore's API writes them.

A stored document has its indexed keys as fields of their own, :data:`~shared.store.codec.BODY`, :data:`NONCE`, and
:data:`EXPIRY` where it has a time at which it ends. These three must be exempt from indexing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1 import types

from shared.errors import Conflict, FatalError
from shared.store import codec
from shared.store.port import Change, Create, Data, Doc, Put, Remove, Version, Where

NONCE = "_v"
"""Name of a stored field that differs with every write: Firestore keeps a document's time of update, which is its
version here, when a write changes nothing."""

EXPIRY = "_ttl"
"""Name of a stored field that repeats ``expires_at`` as a time: Firestore's policies of expiry look at no texts."""

_OPERATORS = {
    "==": types.StructuredQuery.FieldFilter.Operator.EQUAL,
    "<": types.StructuredQuery.FieldFilter.Operator.LESS_THAN,
    "<=": types.StructuredQuery.FieldFilter.Operator.LESS_THAN_OR_EQUAL,
    ">": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN,
    ">=": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN_OR_EQUAL,
    "in": types.StructuredQuery.FieldFilter.Operator.IN,
    "contains": types.StructuredQuery.FieldFilter.Operator.ARRAY_CONTAINS,
}


def name_of(client: firestore.Client, path: str) -> str:
    return f"{client._database_string}/documents{'/' if path else ''}{path}"


def write_of(client: firestore.Client, change: Change, stored: codec.Stored | None) -> types.Write:
    name = name_of(client, change.path)
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


def filter_of(where: Sequence[Where]) -> types.StructuredQuery.Filter:
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


def order_of(order: str | None, descending: bool) -> list[types.StructuredQuery.Order]:
    """Ids go the same way as the order: Firestore has an index for that on its own, and for the other way not."""
    way = types.StructuredQuery.Direction.DESCENDING if descending else types.StructuredQuery.Direction.ASCENDING
    names = ["__name__"] if order is None else [order, "__name__"]
    return [
        types.StructuredQuery.Order(field=types.StructuredQuery.FieldReference(field_path=name), direction=way)
        for name in names
    ]


def cursor_of(client: firestore.Client, order: str | None, after: codec.Cursor) -> list[types.Value]:
    reference = types.Value(reference_value=name_of(client, after.path))
    return [reference] if order is None else [_value(after.value), reference]


def doc_of(document: types.Document) -> Doc:
    raw = types.Document.pb(document)
    keys: Data = {}
    body = b""
    for key, value in raw.fields.items():
        if key == codec.BODY:
            body = value.bytes_value
        elif key not in (NONCE, EXPIRY):
            keys[key] = _plain(value)
    path = raw.name.split("/documents/", 1)[1]
    return Doc(path, codec.decode(keys, body), version_of(raw.update_time))


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


def version_of(time: Any) -> Version:
    return f"{time.seconds}.{time.nanos:09d}"


def _time(version: Version, path: str) -> dict[str, int]:
    seconds, dot, nanos = version.partition(".")
    if not (
        dot and seconds.isascii() and seconds.isdigit() and nanos.isascii() and nanos.isdigit() and len(nanos) == 9
    ):
        # Not one that this engine has given out, so no document can have it.
        raise Conflict("the document is not at the expected version", path=path)
    return {"seconds": int(seconds), "nanos": int(nanos)}
