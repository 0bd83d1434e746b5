"""The real Firestore client against a server that finds nothing and keeps the queries that it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.cloud.firestore_v1.types import RunQueryRequest, StructuredQuery

from shared.store.firestore import FirestoreStore
from tests.emulator import HOST_VARIABLE


class Wire:
    """Answers every query with nothing."""

    def __init__(self) -> None:
        self.queries: list[StructuredQuery] = []

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        assert details.method.endswith("/RunQuery")

        def answer(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self.queries.append(RunQueryRequest.deserialize(request).structured_query)
            return iter(())

        return grpc.unary_stream_rpc_method_handler(answer)


@contextmanager
def on_the_wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FirestoreStore, Wire]]:
    """A store, and what it sends."""
    wire = Wire()
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([wire])
    monkeypatch.setenv(HOST_VARIABLE, f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    try:
        with closing(FirestoreStore("p")) as store:
            yield store, wire
    finally:
        server.stop(None).wait()
