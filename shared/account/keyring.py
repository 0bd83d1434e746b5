"""Keys in versions: the newest makes, every one checks.

A first key is made where there is none, so that no key passes through anybody's hands. Two processes that do so at once
do no harm, because whatever is made with a key carries its version::

    A  newest? none ─▶ add ka → 1 ─▶ works with 1 ──────────────▶ looks again: 2 ─▶ works with 2
    B      newest? none ─▶ add kb → 2 ─▶ works with 2
    C                                        newest? 2 ─▶ meets something of 1: get(1) ─▶ ka

A rotation is one new version, made here or elsewhere: every process sees it within :data:`LOOK_AGAIN`, and goes on
checking with the old one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.account.secrets import Secret, Secrets, VersionGone, is_version
from shared.clock import Clock
from shared.errors import FatalError, RetriableError, Unavailable

KEY_BYTES = 32
LOOK_AGAIN = timedelta(minutes=5)
"""How long the newest key is taken for the newest."""

_SOON = timedelta(seconds=30)
# After a look that failed; the key that is known does until then.
_MOST_MISSING = 100
# Versions that a process finds missing within LOOK_AGAIN before it asks no more: anybody can write a number into a
# cookie, and each new one is a call.


class Key(NamedTuple):
    """One key. It never shows in a repr."""

    version: str
    data: bytes

    def __repr__(self) -> str:
        return f"Key(version={self.version!r})"


class BadKey(FatalError):
    """A version of the ring is no key."""


class KeyRing:
    """The keys of one secret, cached in the process; threads may share it."""

    def __init__(
        self, secrets: Secrets, name: str, clock: Clock, *, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        """
        Args:
            secrets: where they lie.
            name: of the secret.
            clock: tells when to look for a newer one.
            random: gives so many random bytes.
        """
        self._secrets = secrets
        self._name = name
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._newest: Key | None = None
        self._missing: set[str] = set()
        self._look_at: datetime | None = None

    def current(self) -> Key:
        """The newest key; the first one is made here.

        Raises:
            RetriableError: the secrets cannot be reached, and no key is known yet.
            FatalError: somebody has to see to the secret; the message names it.
        """
        with self._lock:
            return self._look() or self._add()

    def get(self, version: str) -> bytes | None:
        """That version's key; ``None`` if it was destroyed, or never made.

        Raises:
            RetriableError: it cannot be asked for at the moment.
            FatalError: as :meth:`current`.
        """
        with self._lock:
            if version not in self._keys:
                self._find(version)
            key = self._keys.get(version)
            return key.data if key else None

    def rotate(self) -> Key:
        """Makes a new key, which is the newest from now on. Raises as :meth:`current` does."""
        with self._lock:
            return self._add()

    def _look(self) -> Key | None:
        """The newest key, looked for if it is time; ``None`` if there is none."""
        now = self._clock.now()
        if self._newest is not None and self._look_at is not None and now < self._look_at:
            return self._newest
        try:
            found = self._secrets.latest(self._name)
        except RetriableError:
            if self._newest is None:
                raise
            self._look_at = now + _SOON
            return self._newest
        if found is not None:
            self._newest = self._keep(found)
        elif self._newest is None and self._keys:
            # None, though one was met: the newest is told with a delay. Who has met one need not make another.
            self._newest = max(self._keys.values(), key=lambda key: int(key.version))
        self._missing.clear()
        self._look_at = now + LOOK_AGAIN
        return self._newest

    def _find(self, version: str) -> None:
        if not is_version(version) or version in self._missing:
            return
        # First of all the newest: it is probably the one, and then a process makes one call. That it cannot be used
        # says nothing about this one.
        with suppress(FatalError):
            self._look()
        if version in self._keys:
            return
        if len(self._missing) >= _MOST_MISSING:
            raise Unavailable(f"too many unknown versions of the keys {self._name} were asked for; try again later")
        try:
            self._keep(Secret(version, self._secrets.version(self._name, version)))
        except VersionGone:
            self._missing.add(version)

    def _add(self) -> Key:
        data = self._random(KEY_BYTES)
        self._newest = self._keep(Secret(self._secrets.add(self._name, data), data))
        self._look_at = self._clock.now() + LOOK_AGAIN
        return self._newest

    def _keep(self, secret: Secret) -> Key:
        if len(secret.data) != KEY_BYTES:
            raise BadKey(f"version {secret.version} of the keys {self._name} has not {KEY_BYTES} bytes; add a new one")
        key = self._keys[secret.version] = Key(secret.version, secret.data)
        self._missing.discard(secret.version)
        return key
