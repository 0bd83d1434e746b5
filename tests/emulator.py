"""The Firestore emulator: finding it, starting it, and never leaving it behind.

Outside tests::

    emulator = find()
    if emulator is not None:
        with start(emulator) as running:
            ...  # running.host is what FIRESTORE_EMULATOR_HOST takes

In tests, import the fixtures :func:`firestore_emulator` and :func:`firestore_project` into a ``conftest.py``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MISSING = (
    "Firestore emulator not found: install the Google Cloud SDK with"
    " `gcloud components install cloud-firestore-emulator` and Java 17"
)
HOST_VARIABLE = "FIRESTORE_EMULATOR_HOST"

_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_START_SECONDS = 300.0
_STOP_SECONDS = 10.0
# The shell leads a process group of its own. Its standard input ends when we end, however that comes about, and then it
# ends the whole group; when the emulator ends first, it does the same, so that waiting for it does not go on in vain.
_GUARD = '("$@" </dev/null; kill -TERM 0) & cat >/dev/null; kill -TERM 0'


@dataclass(frozen=True, slots=True)
class Emulator:
    """An installed emulator."""

    java: Path
    jar: Path


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """A started emulator; ``host`` is ``address:port``."""

    host: str


def find() -> Emulator | None:
    """The emulator of the Google Cloud SDK, with a Java to run it, or ``None``."""
    java = _java()
    if java is None:
        return None
    for root in _sdk_roots():
        if (root / _JAR).is_file():
            return Emulator(java, root / _JAR)
    return None


@contextmanager
def start(emulator: Emulator) -> Iterator[RunningEmulator]:
    """An emulator of its own on a free port of the loopback, empty, ended with the block or with this process.

    Raises:
        RuntimeError: it did not start; the message holds what it wrote.
    """
    with tempfile.TemporaryFile() as log:
        host = f"127.0.0.1:{free_port()}"
        process = subprocess.Popen(  # noqa: S603  # nothing in it comes from elsewhere
            ["/bin/sh", "-c", _GUARD, "sh", *_command(emulator, host)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if not _wait_until_ready(host, process):
                log.seek(0)
                raise RuntimeError(f"the Firestore emulator did not start:\n{log.read().decode(errors='replace')}")
            yield RunningEmulator(host)
        finally:
            _stop(process)


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[RunningEmulator]:
    """The session's emulator. Where none is installed, the test is skipped, or fails if ``CI`` is set."""
    emulator = find()
    if emulator is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    with _shared.use(emulator) as running:
        yield running


@pytest.fixture
def firestore_project(firestore_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database: the name of a project nobody else uses, with the environment set for the emulator."""
    monkeypatch.setenv(HOST_VARIABLE, firestore_emulator.host)
    return f"test-{uuid.uuid4().hex[:12]}"


class _Shared:
    """The emulator that runs for fixtures, and how many use it: imported by two conftests, a fixture is two."""

    def __init__(self) -> None:
        self._users = 0
        self._stack = ExitStack()
        self._running: RunningEmulator | None = None

    @contextmanager
    def use(self, emulator: Emulator) -> Iterator[RunningEmulator]:
        if self._running is None:
            self._running = self._stack.enter_context(start(emulator))
        self._users += 1
        try:
            yield self._running
        finally:
            self._users -= 1
            if self._users == 0:
                self._running = None
                self._stack.close()


_shared = _Shared()


def _sdk_roots() -> Iterator[Path]:
    for name in ("CLOUDSDK_ROOT_DIR", "CLOUDSDK_ROOT"):
        if root := os.environ.get(name):
            yield Path(root)
    if gcloud := shutil.which("gcloud"):
        yield Path(gcloud).resolve().parent.parent
    yield Path.home() / "google-cloud-sdk"
    for root in ("/usr/lib/google-cloud-sdk", "/opt/google-cloud-sdk", "/usr/local/google-cloud-sdk"):
        yield Path(root)


def _java() -> Path | None:
    if home := os.environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        if java.is_file():
            return java
    on_path = shutil.which("java")
    return Path(on_path) if on_path else None


def _command(emulator: Emulator, host: str) -> list[str]:
    address, port = host.split(":")
    return [
        str(emulator.java),
        "-Xmx512m",
        "-Duser.language=en",  # it supports no other
        "-cp",
        str(emulator.jar),
        _MAIN,
        "start",
        f"--host={address}",
        f"--port={port}",
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(host: str, process: subprocess.Popen[bytes]) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with opener.open(f"http://{host}/", timeout=1) as answer:
                return b"Ok" in answer.read()
        except (urllib.error.URLError, OSError):
            # Not up yet. This waits for the next look, and returns at once when the process has ended.
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            return False
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=_STOP_SECONDS)
    finally:
        # The shell may be gone while the emulator still ends; this ends what is left, at once.
        _kill_group(process.pid)
        process.wait()


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended
