"""One fixture, ``secrets``: empty secrets of each engine in turn; ``server`` is the one behind Secret Manager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.account.secret_folder import SecretFolder
from shared.account.secret_manager import SecretManager
from shared.account.secrets import Secrets
from tests.cloud.hurry import hurried
from tests.cloud.memory import MemorySecrets
from tests.cloud.secret_manager import PROJECT, SecretManagerServer

RING = "ring"


@pytest.fixture
def server() -> Iterator[SecretManagerServer]:
    with SecretManagerServer() as running:
        running.create(RING)
        yield running


@pytest.fixture
def manager(server: SecretManagerServer) -> Iterator[SecretManager]:
    with closing(SecretManager(PROJECT, endpoint=server.endpoint)) as made:
        yield made


@pytest.fixture
def hasty(server: SecretManagerServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretManager]:
    """Gives up soon: for failures that stay."""
    hurried(monkeypatch)
    with closing(SecretManager(PROJECT, endpoint=server.endpoint)) as made:
        yield made


@pytest.fixture(params=["memory", "folder", "manager"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    """Without any version."""
    if request.param == "memory":
        return MemorySecrets()
    if request.param == "folder":
        return SecretFolder(tmp_path / "secrets")
    made: Secrets = request.getfixturevalue("manager")
    return made
