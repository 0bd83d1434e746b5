"""Google's own services by gRPC: which failures pass by themselves, and how a test takes a service's place.

Nothing heavy is imported before the first call: see the measures of a cold start.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from shared.errors import BadSettings, RateLimited, RetriableError, Unavailable

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def plain_channel(endpoint: str) -> Any:
    """A channel to ``host:port``, without TLS and credentials.

    Raises:
        BadSettings: it leads off this machine.
    """
    import grpc  # type: ignore[import-untyped]

    if urlsplit(f"//{endpoint}").hostname not in _LOOPBACK:
        raise BadSettings("endpoint", "must be on this machine (127.0.0.1:PORT): nothing protects the way to it")
    return grpc.insecure_channel(endpoint)


def passing(call: str, error: Exception) -> RetriableError | None:
    """The failure of ``call``, if the same call may succeed later; ``None`` if somebody has to act first."""
    from google.api_core import exceptions as api
    from google.auth.exceptions import GoogleAuthError

    match error:
        case api.ResourceExhausted():
            return RateLimited(f"{call}: the quota is used up for now")
        case RetriableError():
            return error
        case api.RetryError(cause=Exception() as cause):
            return passing(call, cause) or Unavailable(f"{call}: {kind(cause)}")
        case api.MethodNotImplemented():
            return None
        case api.ServerError() | api.Aborted() | api.Cancelled():
            return Unavailable(f"{call}: {kind(error)}")
        case GoogleAuthError() if error.retryable:
            return Unavailable(f"{call}: {kind(error)}")
    return None


def kind(error: Exception) -> str:
    """What happened, in a word; an API's own words may quote what it was sent."""
    return type(error).__name__
