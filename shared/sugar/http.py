"""One HTTP call to Sugar: bounded in time and size, never redirected, never repeated, never to where it must not go.

What can go wrong below the level of an HTTP answer is sorted here, by whether the call only reads or also writes:

===============================================  =================  ==================
what happened                                    a read             a write
===============================================  =================  ==================
no connection                                    ``Unavailable``    ``Unavailable`` (nothing was sent)
host unknown                                     ``HostUnknown``    ``HostUnknown`` (nothing was sent)
certificate not valid                            ``BadAddress``     ``BadAddress`` (nothing was sent)
refused by the policy                            ``BadAddress``     ``BadAddress`` (nothing was sent)
cut, or timed out, after the request went out    ``Unavailable``    ``AmbiguousError``
answer too large                                 ``TooLarge``       ``AmbiguousError``
answer cannot be decompressed                    ``ProtocolError``  ``AmbiguousError``
===============================================  =================  ==================
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3.exceptions

from shared.clock import Clock
from shared.errors import AmbiguousError, BadAddress, ProtocolError, SyncError, Unavailable
from shared.side import Gate
from shared.sugar.connection import GuardedAdapter
from shared.sugar.reach import PUBLIC, Policy

MAX_ANSWER_BYTES = 32 * 1024 * 1024
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""Time-out of a call that reads."""
WRITE_SECONDS = 60.0
"""Time-out of a single write."""
BULK_SECONDS = 90.0
"""Time-out of a bulk of writes, whose size adapts so that it takes a fraction of this."""
USER_AGENT = "sugar-contact-sync/1"
"""Sugar can refuse clients that do not name themselves (403 ``client_not_allowed``)."""

_CHUNK = 64 * 1024
_YEARS = range(1970, 9000)
"""In which a server's clock may stand, right or wrong."""


class _Session(requests.Session):
    """Even when told not to follow redirects, requests reads their bodies, however long, and looks where they lead."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class HostUnknown(Unavailable):
    """The name of the host could not be resolved."""


class TooLarge(ProtocolError):
    """The answer exceeds the bound; the same question about fewer contacts may be answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whatever its status."""

    call: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    asked_at: datetime
    """Server time, to be on the safe side early rather than late, at which the server began to answer."""
    seconds: float
    """How long the call took, by the injected clock."""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body)

    def json_or_none(self) -> Any:
        """The body as JSON, ``None`` if it is none."""
        try:
            return self.json()
        except (ValueError, RecursionError):
            return None


class HttpClient:
    """Calls to one instance. Not thread-safe; the connection is opened by the first call.

    Args:
        address: from :func:`shared.sugar.address.normalise`.
        gate: asked before every call with all the seconds that the call may take.
        policy: asked before every new connection.
        version: the REST version, part of every address.
        root: what every path is below, in place of ``/rest/<version>``.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        gate: Gate,
        *,
        policy: Policy = PUBLIC,
        version: str = "v11",
        root: str | None = None,
    ) -> None:
        self.address = address
        self.version = version
        self.root = f"/rest/{version}" if root is None else root
        self.calls = 0
        """Calls that were sent, or tried to be."""
        self.clock_offset: timedelta | None = None
        """Server time minus our time, from the last answer that told."""
        self._clock = clock
        self._gate = gate
        self._policy = policy
        self._session: requests.Session | None = None

    def call(
        self,
        method: str,
        path: str,
        *,
        name: str,
        writes: bool = False,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        form: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """Sends one request below the root and reads its answer to the end.

        Args:
            name: how messages call it; never holds an id or a value.
            writes: whether it can have an effect, which decides what a failure means (see the module).
            body: JSON.
            form: in place of JSON; in this order.
            seconds: for the answer; connecting may take ``CONNECT_SECONDS`` more.
        """
        self._gate(CONNECT_SECONDS + seconds)
        self.calls += 1
        began = self._clock.now()
        deadline = time.monotonic() + CONNECT_SECONDS + seconds
        try:
            response = self._open().request(
                method,
                f"{self.address}{self.root}{path}",
                params=query,
                data=list(form) if form is not None else None if body is None else json.dumps(body).encode(),
                headers={**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})},
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _sorted(error, name, writes) from None
        try:
            content = self._read(response, name, writes, deadline)
        except urllib3.exceptions.DecodeError:
            message = "the answer is compressed in a way that cannot be read"
            raise AmbiguousError(f"{name}: {message}") if writes else ProtocolError(name, message) from None
        except (urllib3.exceptions.HTTPError, requests.RequestException, OSError):
            raise _unknown(name, writes, "the connection was cut in the middle of the answer") from None
        finally:
            response.close()
        took = self._clock.now() - began
        dated = _date(response.headers.get("Date"))
        if dated is not None:
            self.clock_offset = dated - self._clock.now()
        asked_at = (dated or self._clock.now()) - took
        return Answer(name, response.status_code, response.headers, content, asked_at, took.total_seconds())

    def close(self) -> None:
        """Closes the connection; the next call opens one again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> requests.Session:
        if self._session is None:
            session = _Session()
            # The environment could name a proxy or a .netrc, and so send tokens where nobody meant them to go.
            session.trust_env = False
            # A cookie would bind calls to a session that has ended, or that another user has begun.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
            session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
            for scheme in ("https://", "http://"):
                session.mount(scheme, GuardedAdapter(self._policy))
            self._session = session
        return self._session

    def _read(self, response: requests.Response, name: str, writes: bool, deadline: float) -> bytes:
        """The whole body. Reads what has arrived instead of waiting for full chunks, so that an answer that trickles
        meets the deadline (by the machine's own clock, like the time-outs of sockets)."""
        content = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                message = f"the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB"
                self.close()
                raise _unknown(name, writes, message) if writes else TooLarge(name, message)
            if time.monotonic() > deadline:
                self.close()
                raise _unknown(name, writes, "the answer did not end in time")
        return bytes(content)


def _sorted(error: Exception, name: str, writes: bool) -> SyncError:
    """What a failure without an answer means. The messages of the libraries are not passed on: they hold addresses,
    and, for a bad header, its value."""
    chain = _chain(error)
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in chain):
        return HostUnknown(f"{name}: the host of the Sugar address is not known")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        return BadAddress(f"{name}: the certificate of the Sugar address is not valid")
    never_connected = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(error, requests.ConnectTimeout) or any(isinstance(cause, never_connected) for cause in chain):
        return Unavailable(f"{name}: no connection to the Sugar server")
    if isinstance(error, requests.Timeout):
        return _unknown(name, writes, "no answer in time")
    if isinstance(error, ValueError):
        # InvalidURL, InvalidHeader and the like: requests refused before it opened a connection.
        return BadAddress(f"{name}: the request could not be built for this Sugar address")
    return _unknown(name, writes, "the connection was cut before an answer came")


def _unknown(name: str, writes: bool, what: str) -> SyncError:
    return AmbiguousError(f"{name}: {what}") if writes else Unavailable(f"{name}: {what}")


def _chain(error: BaseException) -> list[BaseException]:
    """The error with everything that it wraps."""
    found: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found


def _date(header: str | None) -> datetime | None:
    """The time that a header tells; ``None`` if it tells none, or one so far off that no calculation holds it."""
    try:
        dated = parsedate_to_datetime(header) if header else None
        if dated is None or dated.tzinfo is None or dated.year not in _YEARS:
            return None
        return dated.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
