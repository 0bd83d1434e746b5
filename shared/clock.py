"""Time and identity, injected everywhere so that tests can own them."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; used between retries of reads only."""
        ...


class Ids(Protocol):
    """The only source of new identifiers."""

    def new(self) -> str:
        """A fresh identifier, ``[0-9a-z]{20}``, ordered by time of creation to the second."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RandomIds:
    """Eight hexadecimal digits of time, then 48 random bits: sortable and unguessable enough.

    These name documents and plant keys; they are not secrets.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> str:
        return f"{int(self._clock.now().timestamp()):08x}{secrets.token_hex(6)}"
