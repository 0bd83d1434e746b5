"""What a function pays for when it is loaded: the clients of gRPC and the cipher come with their first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"cryptography", "google.api_core", "google.auth", "google.protobuf", "grpc", "requests", "sqlite3"}


@pytest.mark.parametrize(
    "module",
    [
        "shared.account.google_api",
        "shared.account.grants",
        "shared.account.keyring",
        "shared.account.secret_folder",
        "shared.account.secret_manager",
        "shared.account.secrets",
        "shared.account.vault",
        "shared.web.cloud_tasks",
        "shared.web.tasks",
    ],
)
def test_nothing_heavy_is_imported(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {HEAVY!r}))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert made.stdout.split() == []
