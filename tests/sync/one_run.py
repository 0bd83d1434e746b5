"""Runs of one user in a process of their own.

``python -m tests.sync.one_run FILE SECRETS UID NOW URL CLIENT SECRET RUNS``; SECRETS is a folder.

Prints one JSON line a run, with the process's peak memory so far.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from pathlib import Path

from shared.account.connect import Connections
from shared.account.grants import GrantStore, paths_of
from shared.account.keyring import KeyRing
from shared.account.secret_folder import SecretFolder
from shared.account.vault import Vault
from shared.clock import RandomIds
from shared.people.endpoints import GoogleEndpoints, OAuthClient
from shared.store.sqlite import SqliteStore
from shared.sugar.reach import LOOPBACK
from shared.sync.engine import Engine
from tests.simulators.wire import SimClock


def peak() -> int:
    """MiB. The kernel's own count where there is one: ``ru_maxrss`` remembers the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(file: str, secrets: str, uid: str, now: str, people_url: str, client_id: str, secret: str, runs: str) -> None:
    clock = SimClock(datetime.fromisoformat(now), running=True)
    store = SqliteStore(file)
    vault = Vault(KeyRing(SecretFolder(secrets), "token-keys", clock))
    grants = GrantStore(store, uid, vault).load()
    paths = paths_of(uid, grants)
    client = OAuthClient(client_id, secret, GoogleEndpoints.all_at(people_url))
    connections = Connections(GrantStore(store, uid, vault), clock, client, LOOPBACK)
    instance = grants.sugar.instance if grants.sugar else ""
    engine = Engine(store, paths, connections, clock, RandomIds(clock), instance=instance)
    for _ in range(int(runs)):
        report = engine.run()
        print(json.dumps({**report.summary(), "pages": report.pages, "peak_mib": peak()}), flush=True)
    connections.close()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
