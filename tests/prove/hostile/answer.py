"""An honest answer about to be changed, what a change of it is called, and what is expected of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.older import method_of
from tests.simulators.wire import Reply, Request

MARK = "zqhostile"
"""Stands in every text that a mutator makes up: no message and no log line may show it."""


@dataclass(frozen=True)
class Hope:
    """What may become of the world once the answers are honest again.

    In every case: nothing raised, a bounded number of calls, no delete, nothing lost, every overwritten value in the
    history, and both feeds alive at once.
    """

    same: bool = True
    """In the end both sides and the backlog are as if nothing had happened. False for answers that could be true: what
    they say may be carried over."""
    asks: bool = False
    """Contacts may wait in the backlog until somebody releases them."""
    blanks: bool = False
    """The answer says in the right form that a value is blank: clearing the other side's is right."""
    deletes: bool = False
    """The answer says in the right form that a contact was deleted."""
    copies: bool = False
    """The answer hides a contact in the right form: it may be created a second time."""
    blind: bool = False
    """What is new may wait as well until then."""
    days: int = 0
    """How long it may take: until the next whole listing of Sugar (1) or of Google (7)."""


SAME = Hope()
ASKS = Hope(asks=True)
TOMORROW = Hope(days=1)
LIES = Hope(same=False, asks=True, days=7)
BLANKS = Hope(same=False, asks=True, days=7, blanks=True)
DELETES = Hope(same=False, asks=True, days=7, deletes=True)
COPIES = Hope(same=False, asks=True, days=7, copies=True)


@dataclass(frozen=True)
class Honest:
    """A call and its honest answer."""

    kind: str
    """See ``calls.kind_of``."""
    request: Request
    reply: Reply

    @property
    def json(self) -> Any:
        """A fresh copy of the body."""
        return json.loads(self.reply.encoded() or b"null")

    @property
    def side(self) -> str:
        return self.kind.split()[0]

    @property
    def older(self) -> bool:
        """Whether Sugar gave it in the older dialect."""
        return bool(method_of(self.request))

    def with_body(self, body: Any, **headers: str) -> Reply:
        """The answer with another body: JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return replace(self.reply, body=raw, headers={**self.reply.headers, **headers})


Change = Callable[[Honest], Reply | None]
"""The hostile answer; ``None`` where there is nothing of the kind to change."""


def _same(_: str) -> Hope:
    return SAME


@dataclass(frozen=True)
class Mutator:
    """One way to spoil an answer."""

    name: str
    change: Change
    hope: Callable[[str], Hope] = _same
    """By the kind of call."""
    effect: bool = True
    """Whether the call is carried out. An error that proves the contrary is never given after the effect: no client
    could survive that."""
    endless: bool = False
    """It invents a listing without an end: the run's own time is what ends it."""
