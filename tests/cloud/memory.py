"""Secrets in memory, and a vault over them: for tests that are about something else."""

from __future__ import annotations

import threading

from shared.account.keyring import KeyRing
from shared.account.secrets import Secret, VersionGone
from shared.account.vault import Vault
from shared.clock import Clock


class MemorySecrets:
    """``shared.account.secrets.Secrets``; counts what it is asked."""

    def __init__(self) -> None:
        self.versions: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def latest(self, name: str) -> Secret | None:
        self.asked.append("latest")
        stored = self.versions.get(name)
        return Secret(str(len(stored)), stored[-1]) if stored else None

    def version(self, name: str, version: str) -> bytes:
        self.asked.append(version)
        stored = self.versions.get(name, [])
        if not 1 <= int(version) <= len(stored):
            raise VersionGone(f"version {version} of the secret {name} does not exist")
        return stored[int(version) - 1]

    def add(self, name: str, data: bytes) -> str:
        self.asked.append("add")
        with self._lock:
            stored = self.versions.setdefault(name, [])
            stored.append(data)
            return str(len(stored))


def memory_vault(clock: Clock) -> Vault:
    """A vault with keys of its own."""
    return Vault(KeyRing(MemorySecrets(), "token-keys", clock))
