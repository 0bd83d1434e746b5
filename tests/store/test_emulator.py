"""Where the emulator is missing, that is said once; where it must be there, it is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import HOST_VARIABLE, MISSING, Emulator, RunningEmulator, find, start

ROOT = Path(__file__).parents[2]


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """The contract suite's smallest part in a process that finds no Java."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("CI", "JAVA_HOME", HOST_VARIABLE)}
    test = "tests/store/test_contract.py"
    return subprocess.run(  # noqa: S603  # nothing in it comes from elsewhere
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test, "-k", "empty_commit or no_write"],
        cwd=ROOT,
        env={**inherited, "PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_missing_is_said_once() -> None:
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(MISSING) == 1


def test_missing_fails_where_nothing_may_be_skipped() -> None:
    done = run(CI="true")
    assert done.returncode == 1, done.stdout + done.stderr
    assert MISSING in done.stdout


def test_without_java_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert find() is None


def test_one_that_does_not_start_says_why(firestore_emulator: RunningEmulator, tmp_path: Path) -> None:
    found = find()
    assert found is not None
    with (
        pytest.raises(RuntimeError, match=r"did not start:\n.*CloudFirestore"),
        start(Emulator(found.java, tmp_path / "none.jar")),
    ):
        pass
