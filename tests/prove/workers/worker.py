"""A worker: ``python -m tests.prove.workers.worker SETUP``, SETUP as JSON (see :class:`Setup`).

Reads commands from its standard input, a line each: ``step`` (one run, stopping at every step), ``go`` (on to the next
step), ``free N`` (so many runs without a stop). Says what it does on its standard output, a JSON object a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from shared.account.connect import Connections
from shared.account.grants import GrantStore, paths_of
from shared.account.keyring import KeyRing
from shared.account.secret_folder import SecretFolder
from shared.account.vault import Vault
from shared.names import SideName
from shared.people.endpoints import GoogleEndpoints, OAuthClient
from shared.side import Gate, Side
from shared.store.firestore import FirestoreStore
from shared.store.port import Change, Doc, Remove, Store, Version
from shared.store.sqlite import SqliteStore
from shared.sugar.reach import LOOPBACK
from shared.sync.engine import Engine
from shared.sync.head import Head
from shared.sync.settings import Settings
from tests.prove.workers.clock import SharedClock
from tests.world import TOKEN_KEYS, SerialIds


class Setup(msgspec.Struct, kw_only=True):
    """Where everything is."""

    name: str
    """Unlike that of all other workers, dead ones included: ids begin with it."""
    uid: str
    clock: str
    secrets: str
    sqlite: str = ""
    firestore: str = ""
    """The project; the emulator stands in the environment."""
    people_url: str
    client_id: str
    client_secret: str


class Talk:
    """What the worker says, and where it waits."""

    def __init__(self) -> None:
        self.stops = False

    def say(self, **message: Any) -> None:
        print(json.dumps(message), flush=True)

    def step(self, name: str, epoch: int) -> None:
        """Says where it is and waits; not in free runs."""
        if not self.stops:
            return
        self.say(at=name, epoch=epoch)
        if sys.stdin.readline().strip() != "go":
            sys.exit(1)


class Watched:
    """A store that stops before and after every commit of the head; everything else is the store behind it."""

    def __init__(self, inner: Store, head: str, talk: Talk) -> None:
        self._inner = inner
        self._head = head
        self._talk = talk
        self.epoch = 0
        """Of the last commit of the head that was tried."""

    def get(self, path: str) -> Doc | None:
        return self._inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        return self._inner.get_all(paths)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        return self._inner.query(collection, where, **how)

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        return self._inner.query_group(group, where, **how)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        data = next((each.data for each in changes if each.path == self._head and not isinstance(each, Remove)), None)
        if data is None:
            return self._inner.commit(changes)
        self.epoch = int(data["epoch"])
        self._talk.step("before commit", self.epoch)
        versions = self._inner.commit(changes)
        self._talk.step("after commit", self.epoch)
        return versions

    def close(self) -> None:
        self._inner.close()


def main(setup: Setup) -> None:
    clock = SharedClock(Path(setup.clock))
    talk = Talk()
    inner: Store = SqliteStore(setup.sqlite) if setup.sqlite else FirestoreStore(setup.firestore)
    vault = Vault(KeyRing(SecretFolder(setup.secrets), TOKEN_KEYS, clock))
    grants = GrantStore(inner, setup.uid, vault)
    loaded = grants.load()
    paths = paths_of(setup.uid, loaded)
    store = Watched(inner, paths.head, talk)
    client = OAuthClient(setup.client_id, setup.client_secret, GoogleEndpoints.all_at(setup.people_url))
    connections = Connections(grants, clock, client, LOOPBACK)

    def connect(settings: Settings, gate: Gate, head: Head) -> Mapping[SideName, Side]:
        def stopping(seconds: float) -> None:
            talk.step("before call", store.epoch)
            gate(seconds)

        return connections(settings, stopping, head)

    instance = loaded.sugar.instance if loaded.sugar else ""
    engine = Engine(store, paths, connect, clock, SerialIds(setup.name), instance=instance)
    talk.say(ready=setup.name)
    for line in sys.stdin:
        command, _, count = line.strip().partition(" ")
        talk.stops = command == "step"
        for _ in range(int(count or 1)):
            report = engine.run()
            talk.say(done=report.status.value, message=report.message, writes=report.writes, epoch=store.epoch)
    connections.close()
    store.close()


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Setup))
