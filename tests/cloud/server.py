"""What both servers share: a gRPC server on loopback, a log of its calls, and faults on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self

import grpc  # type: ignore[import-untyped]

Code = grpc.StatusCode


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code: grpc.StatusCode, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass
class Fault:
    """Applies to the next ``times`` calls (``None``: to all that follow)."""

    code: grpc.StatusCode | None = None
    """``None``: no answer, until the server stops."""
    words: str = "as told"
    times: int | None = 1
    after: bool = False
    """Whether the call is carried out all the same: its answer is what gets lost."""
    on: type | None = None
    """The class of the requests it is for; ``None``: all."""


class GrpcServer:
    """One service; a context manager that starts and stops it.

    Subclasses name the service and its methods: by name, the handler, the request's and the answer's class.
    """

    service: ClassVar[str]

    def __init__(self) -> None:
        self.endpoint = ""
        """``host:port``, once it is started."""
        self.calls: list[Any] = []
        """All requests, in the order in which they came."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: Any = None

    def methods(self) -> Mapping[str, tuple[Callable[[Any], Any], Any, Any]]:
        raise NotImplementedError

    def fault(self, code: grpc.StatusCode | None = None, **how: Any) -> None:
        """Spoils calls to come; faults wait in line."""
        self._faults.append(Fault(code, **how))

    def heal(self) -> None:
        """Forgets all faults."""
        self._faults.clear()

    def __enter__(self) -> Self:
        self._server = grpc.server(ThreadPoolExecutor(32))
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._handler(handle),
                request_deserializer=request.deserialize,
                response_serializer=answer.serialize,
            )
            for name, (handle, request, answer) in self.methods().items()
        }
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(self.service, handlers)])
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.stop(5).wait()  # so that calls that were held end before the connection does

    def _handler(self, handle: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, context: Any) -> Any:
            with self._lock:
                self.calls.append(request)
                fault = self._next_fault(request)
                result: Any = None
                if fault is None or fault.after:
                    try:
                        result = handle(request)
                    except Refused as refused:
                        context.abort(refused.code, refused.words)
            if fault is None:
                return result
            if fault.code is None:
                self._stopping.wait(30)
            context.abort(fault.code or Code.UNAVAILABLE, fault.words)

        return answer

    def _next_fault(self, request: Any) -> Fault | None:
        fault = next((fault for fault in self._faults if fault.on is None or isinstance(request, fault.on)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if not fault.times:
                self._faults.remove(fault)
        return fault


def refuse(code: grpc.StatusCode, words: str) -> NoReturn:
    """Ends a handler with an error."""
    raise Refused(code, words)
