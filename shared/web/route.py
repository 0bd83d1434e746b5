"""What a function answers to: one :class:`Route` per method and path, typed on both ends.

The routes are the contract: requests are parsed into their types before a handler is called, and the OpenAPI document
is written from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from shared.account.users import User
    from shared.web.services import Services

T = TypeVar("T")


class Access(StrEnum):
    """Who may call."""

    OPEN = "open"
    """Anybody, without a session."""
    USER = "user"
    """A signed-in browser, of the same origin for every change."""
    PLATFORM = "platform"
    """Cloud Scheduler and Cloud Tasks, by an OIDC token."""
    EITHER = "either"
    """A signed-in browser, or the platform."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many calls within so many seconds, counted per user, or per address where nobody is signed in."""

    calls: int
    seconds: float


@dataclass(slots=True)
class Reply:
    """A handler's answer where its plain result does not say enough."""

    body: Any = None
    """A typed answer, bytes sent as they are, an iterator of bytes sent as they come, or ``None``."""
    status: int | None = None
    """``None``: the route's."""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    """Whole ``Set-Cookie`` values."""


@dataclass(slots=True)
class Ask:
    """One request, parsed and let in."""

    services: Services
    route: Route
    args: Mapping[str, str]
    """From the path."""
    query: Any
    body: Any
    headers: Mapping[str, str]
    """Names in lower case."""
    cookies: Mapping[str, str]
    address: str
    """The caller's IP address."""
    user: User | None = None
    """Who is signed in; never ``None`` for :attr:`Access.USER`."""
    began: float = 0.0
    """When the session began, in seconds since the epoch."""
    noted: dict[str, Any] = field(default_factory=dict)
    """For the request's line in the log: ids and counts."""

    @property
    def me(self) -> User:
        """Who is signed in."""
        if self.user is None:
            raise TypeError("nobody is signed in on this route")
        return self.user

    def take(self, kind: type[T]) -> T:
        """The body, which the route has declared to be of this type."""
        if not isinstance(self.body, kind):
            raise TypeError(f"the route declares no body of type {kind.__name__}")
        return self.body

    def asked(self, kind: type[T]) -> T:
        """The query's parameters, which the route has declared to be of this type."""
        if not isinstance(self.query, kind):
            raise TypeError(f"the route declares no query of type {kind.__name__}")
        return self.query


@dataclass(frozen=True)
class Route:
    """One method and path below a function's name."""

    method: str
    call: Callable[[Ask], Any]
    """Gives a value of ``answer``, or a :class:`Reply`."""
    summary: str
    path: str = ""
    """Below the function's name; ``/{entry}`` takes one segment."""
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    answer: Any = None
    """A type; ``None``: nothing (204), or a redirect."""
    status: int = 200
    access: Access = Access.USER
    problems: tuple[int, ...] = ()
    """Statuses from 400 on that are its own; those of every route are not repeated."""
    rate: Rate | None = None
    while_erasing: bool = False
    """Open also to users whose data are being deleted."""

    def __post_init__(self) -> None:
        # The types' own hints are looked up in the module named like theirs, which is ``main`` for every function:
        # now it is still this one, later in the process it may be another.
        for kind in (self.query, self.body, self.answer):
            if kind is not None:
                msgspec.json.Decoder(kind)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]{1,300})", re.escape(self.path)))

    def match(self, path: str) -> Mapping[str, str] | None:
        """The path's arguments, if it is this route's."""
        found = self.pattern.fullmatch(path)
        return found.groupdict() if found else None
