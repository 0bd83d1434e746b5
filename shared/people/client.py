"""``googleapiclient`` with our own transport underneath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.errors import ProtocolError, Vanished
from shared.people.failures import CallFailed, Unreadable, read_failure, write_failure
from shared.people.service import PEOPLE_URL, service
from shared.people.transport import Transport

Build = Callable[[Any], Any]
"""Makes a request of the service; ``googleapiclient`` has no types."""
Answer = dict[str, Any]


class PeopleClient:
    """Calls of the People API.

    Args:
        transport: sends them.
        endpoint: the API's root address.
    """

    def __init__(self, transport: Transport, *, endpoint: str = PEOPLE_URL) -> None:
        self._transport = transport
        self._endpoint = endpoint if endpoint.endswith("/") else f"{endpoint}/"

    @property
    def calls(self) -> int:
        """How many requests were sent, token refreshes apart."""
        return self._transport.calls

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def read(self, call: str, build: Build, *, cursor: bool = False) -> Answer:
        """A call that changes nothing.

        Args:
            call: what messages name.
            build: makes the request of the service.
            cursor: the call carries a sync or page token.

        Raises:
            Vanished: a definite 404 of the API.
            FatalError: see ``failures.read_failure``.
            RetriableError: see there.
        """
        try:
            return self.attempt(build)
        except CallFailed as failure:
            raise read_failure(call, failure, cursor=cursor) from None

    def listing(self, call: str, build: Build, *, cursor: bool = False) -> Answer:
        """A read that names nobody: no 404 can be about a contact.

        Raises:
            FatalError, RetriableError: see :meth:`read`.
        """
        try:
            return self.read(call, build, cursor=cursor)
        except Vanished:
            raise ProtocolError(call, "HTTP 404") from None

    def write(self, call: str, build: Build) -> Answer:
        """A call that changes something; sent once.

        Raises:
            AmbiguousError: it may have happened.
            SyncError: it has not; see ``failures.write_failure``.
        """
        try:
            return self.attempt(build)
        except CallFailed as failure:
            raise write_failure(call, failure) from None

    def attempt(self, build: Build) -> Answer:
        """The call as it is.

        Raises:
            CallFailed: what went wrong, not sorted yet.
            SyncError: nothing was sent.
        """
        request = build(service())
        request.uri = self._endpoint + request.uri.removeprefix(PEOPLE_URL)
        try:
            answer = request.execute(http=self._transport, num_retries=0)
        except (ValueError, RecursionError):
            raise Unreadable("the answer must be JSON") from None
        # The library hands out what is no JSON as text.
        if not isinstance(answer, dict):
            raise Unreadable("the answer must be a JSON object")
        return answer
