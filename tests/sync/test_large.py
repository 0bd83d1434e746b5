"""25,000 contacts: bounded memory, documents and commits; every batch moves 100."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.account.secret_folder import SecretFolder
from shared.store.sqlite import SqliteStore
from tests.conftest import IN_CI
from tests.sync.scenarios import BOTH, person
from tests.world import world

COUNT = 25_000 if IN_CI else 5_000


@pytest.mark.long
def test_as_many_contacts_as_google_takes(tmp_path: Path) -> None:
    file = tmp_path / "documents.sqlite"
    store = SqliteStore(file)
    keys = tmp_path / "secrets"
    with world(store=store, secrets=SecretFolder(keys)) as w:
        user = w.user(**BOTH)
        for n in range(COUNT):
            w.sugar.add(
                first_name=f"First{n}", last_name=f"Last{n}", email=[f"somebody.number{n}@example.org"], title="Rep"
            )
        for n in range(COUNT // 5):
            mail = f"somebody.number{n * 5}@example.org"
            user.account.add(person(f"First{n * 5}", f"Last{n * 5}", mail))
        w.clock.advance(900)
        client = w.people.oauth
        now, url = w.clock.now().isoformat(), w.people_wire.url
        arguments = [str(file), str(keys), user.uid, now, url, client.client_id, client.client_secret, "4"]
        made = subprocess.run(  # noqa: S603 - our own module, in a process whose memory is its own
            [sys.executable, "-m", "tests.sync.one_run", *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert made.returncode == 0, made.stderr[-2000:]
        runs = [json.loads(line) for line in made.stdout.splitlines()]
        assert [run["status"] for run in runs] == ["done"] * 4, runs
        assert all(run["contacts"] <= 100 for run in runs)
        assert runs[0]["pages"] >= COUNT // 200
        for run in runs[1:]:
            moved = sum(count for name, count in run["counts"].items() if name in ("create", "link"))
            assert moved == 100, run
        assert runs[-1]["peak_mib"] < 256, runs
        assert largest(store) < 1_000_000
    store.close()


def largest(store: SqliteStore) -> int:
    """Bytes of the largest document."""
    with store._connection() as connection:
        return int(connection.execute("SELECT max(length(body)) FROM documents").fetchone()[0])
