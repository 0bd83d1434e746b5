"""The way to the API: what ``googleapiclient`` calls as its ``http``, carried by ``requests``.

``httplib2``, its own way, sends a POST again when the server closes the connection without an answer: a duplicate
contact. Here every call is sent once. The single exception is an answer of 401, which proves that nothing was done:
the access token is renewed and the call repeated once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import requests
import urllib3.exceptions as lower
from requests.auth import AuthBase

from shared.people.failures import Answered, NoAnswer, NotDelivered, Unreadable
from shared.side import Gate

DEFAULT_TIMEOUT = 60.0
"""Seconds that one call may take, everything included."""
MAX_ANSWER = 48 * 1024 * 1024
"""Bytes, unpacked: 200 contacts of 128 kB and what JSON puts around them."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """An answer's head, as far as ``googleapiclient`` looks at it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case."""
    reason: str = ""


class Bearer(Protocol):
    """Where access tokens come from."""

    def token(self) -> str:
        """A token that is still valid."""
        ...

    def renewed(self, refused: str) -> str:
        """Another one, after that one was refused."""
        ...


def open_gate(timeout: float) -> None:
    """A gate that is always open."""


def no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in where ``requests`` would otherwise look for credentials in the user's ``.netrc``."""
    return request


class Session(requests.Session):
    """Even when told not to follow redirects, requests reads their bodies, however long, and looks where they lead."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _WithToken(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """Sends calls, each once, bounded in time and size.

    Args:
        bearer: where access tokens come from.
        gate: asked before each call, with the seconds it may take.
        timeout: seconds that one call may take.
        max_answer: bytes of an answer, unpacked.
    """

    def __init__(
        self,
        bearer: Bearer,
        *,
        gate: Gate = open_gate,
        timeout: float = DEFAULT_TIMEOUT,
        max_answer: int = MAX_ANSWER,
    ) -> None:
        self._bearer = bearer
        self._gate = gate
        self._timeout = timeout
        self._max_answer = max_answer
        self._session = Session()
        self.calls = 0
        """How many requests were sent to the API."""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[Response, bytes]:
        """Sends one call and reads its answer; the signature is that of ``httplib2.Http.request``.

        Raises:
            CallFailed: no answer, an error, or one that is too large.
            SyncError: the gate is closed, or there is no valid token; nothing was sent.
        """
        token = self._bearer.token()
        answer = self._send(uri, method, body, headers or {}, token)
        if answer[0].status == 401:
            token = self._bearer.renewed(token)
            answer = self._send(uri, method, body, headers or {}, token)
        response, content = answer
        if response.status >= 300:
            raise Answered(response.status, content, response.headers)
        return response, content

    def close(self) -> None:
        """Closes the connections; named as ``googleapiclient`` expects it."""
        self._session.close()

    def _send(
        self, uri: str, method: str, body: str | bytes | None, headers: Mapping[str, str], token: str
    ) -> tuple[Response, bytes]:
        self._gate(self._timeout)
        self.calls += 1
        sent = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        return fetch(
            self._session,
            method,
            uri,
            data=body.encode() if isinstance(body, str) else body,
            headers=sent,
            auth=_WithToken(token),
            timeout=self._timeout,
            max_answer=self._max_answer,
        )


def fetch(
    session: requests.Session,
    method: str,
    uri: str,
    *,
    data: bytes | None,
    headers: Mapping[str, str],
    auth: AuthBase | None,
    timeout: float,
    max_answer: int,
) -> tuple[Response, bytes]:
    """One request, sent once, redirects not followed.

    The time is split so that connecting, waiting for the answer and reading it stay within ``timeout`` together: the
    body has to be there by half of it, and no single wait is longer than 5/12.

    Raises:
        NotDelivered: proven that nothing was sent.
        NoAnswer: something may have been.
        Unreadable: an answer of success that is too large.
    """
    began = time.monotonic()
    try:
        with session.request(
            method,
            uri,
            data=data,
            headers=dict(headers),
            auth=auth or no_credentials,
            timeout=(timeout / 12, timeout * 5 / 12),
            allow_redirects=False,
            stream=True,
        ) as answer:
            content = bytearray()
            while chunk := answer.raw.read1(_CHUNK, decode_content=True):
                content += chunk
                if len(content) > max_answer:
                    raise Unreadable(f"the answer is larger than {max_answer} bytes")
                if time.monotonic() - began > timeout / 2:
                    raise NoAnswer("the answer did not end in time")
            expected = answer.headers.get("content-length", "")
            if not answer.headers.get("content-encoding") and expected.isdecimal() and len(content) < int(expected):
                raise NoAnswer("the connection was closed within the answer")
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status_code, told), bytes(content)
    except requests.exceptions.ConnectTimeout:
        raise NotDelivered("no connection in time") from None
    except requests.exceptions.ReadTimeout:
        raise NoAnswer("no answer in time") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
        raise NotDelivered("the configured address is no web address") from None
    except requests.exceptions.RequestException as error:
        if _never_connected(error):
            raise NotDelivered("no connection") from None
        raise NoAnswer("the connection broke") from None
    except (lower.HTTPError, OSError, ValueError):
        raise NoAnswer("the connection broke within the answer") from None


def _never_connected(error: requests.exceptions.RequestException) -> bool:
    """Whether the connection itself failed: refused, no such host, no route, a certificate that is not valid."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(reason, lower.ProxyError):
        reason = reason.original_error
    if isinstance(reason, lower.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, (lower.NewConnectionError, lower.ConnectTimeoutError))
