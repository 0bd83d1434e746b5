"""Secrets: one contract, and what is particular to Secret Manager and to a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from shared.account.secret_folder import SecretFolder
from shared.account.secret_manager import SecretManager, crc32c
from shared.account.secrets import (
    MAX_DATA,
    Secret,
    SecretForbidden,
    SecretMissing,
    Secrets,
    VersionDisabled,
    VersionGone,
)
from shared.errors import BadSettings, FatalError, RateLimited, SyncError, Unavailable
from tests.account.conftest import RING
from tests.cloud.secret_manager import PROJECT, SecretManagerServer

Code = grpc.StatusCode
WORDS = "what the service says may quote what it was sent"

# -- the contract ------------------------------------------------------------------------------------


def test_versions_count_up(secrets: Secrets) -> None:
    assert secrets.latest(RING) is None
    assert [secrets.add(RING, data) for data in (b"one", b"two", b"three")] == ["1", "2", "3"]
    assert secrets.latest(RING) == Secret("3", b"three")
    assert [secrets.version(RING, version) for version in "123"] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("version", ["4", "10", "9999999999"])
def test_a_version_that_was_never_made(secrets: Secrets, version: str) -> None:
    secrets.add(RING, b"one")
    with pytest.raises(VersionGone, match=RING):
        secrets.version(RING, version)


def test_any_bytes(secrets: Secrets) -> None:
    data = bytes(range(256)) * (MAX_DATA // 256)
    secrets.add(RING, data)
    assert secrets.latest(RING) == Secret("1", data)


def test_versions_made_at_once_are_different(secrets: Secrets) -> None:
    data = [str(n).encode() for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda each: secrets.add(RING, each), data))
    assert sorted(versions, key=int) == [str(n) for n in range(1, 25)]
    assert [secrets.version(RING, version) for version in versions] == data


def test_a_secret_never_shows() -> None:
    assert "hidden" not in repr(Secret("1", b"hidden"))


# -- both engines ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".", "a b", "ä", "x" * 256, "a\n"])
@pytest.mark.parametrize("call", ["latest", "version", "add"])
def test_names(manager: SecretManager, tmp_path: Path, name: str, call: str) -> None:
    more: dict[str, tuple[Any, ...]] = {"latest": (), "version": ("1",), "add": (b"x",)}
    for engine in (manager, SecretFolder(tmp_path / "secrets")):
        with pytest.raises(ValueError, match="name"):
            getattr(engine, call)(name, *more[call])
    assert [path.name for path in tmp_path.rglob("*")] in ([], ["secrets"])


@pytest.mark.parametrize("version", ["latest", "0", "01", "-1", "", "../ring/1", "1/../1", "1\n", "١", "10000000000"])
def test_versions_are_numbers(
    server: SecretManagerServer, manager: SecretManager, tmp_path: Path, version: str
) -> None:
    for engine in (manager, SecretFolder(tmp_path / "secrets")):
        engine.add(RING, b"one")
        with pytest.raises(VersionGone):
            engine.version(RING, version)
    assert len(server.calls) == 1


@pytest.mark.parametrize("data", [b"", b"x" * (MAX_DATA + 1)])
def test_sizes(manager: SecretManager, tmp_path: Path, data: bytes) -> None:
    for engine in (manager, SecretFolder(tmp_path / "secrets")):
        with pytest.raises(ValueError, match="bytes"):
            engine.add(RING, data)
        assert engine.latest(RING) is None


# -- Secret Manager ----------------------------------------------------------------------------------

CALLS: dict[str, Callable[[SecretManager], object]] = {
    "latest": lambda it: it.latest(RING),
    "version": lambda it: it.version(RING, "1"),
    "add": lambda it: it.add(RING, b"three"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        (Code.UNAVAILABLE, Unavailable, "ServiceUnavailable"),
        (Code.INTERNAL, Unavailable, "InternalServerError"),
        (Code.UNKNOWN, Unavailable, "Unknown"),
        (Code.ABORTED, Unavailable, "Aborted"),
        (Code.DEADLINE_EXCEEDED, Unavailable, "DeadlineExceeded"),
        (Code.RESOURCE_EXHAUSTED, RateLimited, "quota"),
        (Code.PERMISSION_DENIED, SecretForbidden, "roles/secretmanager"),
        (Code.UNAUTHENTICATED, SecretForbidden, "roles/secretmanager"),
        (Code.INVALID_ARGUMENT, FatalError, "InvalidArgument"),
        (Code.UNIMPLEMENTED, FatalError, "MethodNotImplemented"),
    ],
)
def test_failures(
    server: SecretManagerServer,
    hasty: SecretManager,
    call: str,
    code: grpc.StatusCode,
    error: type[SyncError],
    says: str,
) -> None:
    server.create(RING, b"one", b"two")
    server.fault(code, words=WORDS, times=None)
    with pytest.raises(SyncError, match=says) as raised:
        CALLS[call](hasty)
    assert type(raised.value) is error
    assert RING in raised.value.message
    assert WORDS not in raised.value.message
    assert (len(server.calls) > 1) == (error is Unavailable and call != "add")


@pytest.mark.parametrize("call", CALLS)
def test_no_answer(server: SecretManagerServer, call: str) -> None:
    server.create(RING, b"one", b"two")
    with closing(SecretManager(PROJECT, endpoint=server.endpoint, timeout=60, patience=0)) as manager:
        manager.latest(RING)  # what comes then finds an open channel
        server.fault(times=None)
        manager._timeout = 1.0
        before = len(server.calls)
        with pytest.raises(Unavailable, match=f"{RING}.*DeadlineExceeded"):
            CALLS[call](manager)
        assert len(server.calls) == before + 1


@pytest.mark.parametrize("call", ["latest", "version"])
def test_a_read_outlives_a_failure(server: SecretManagerServer, manager: SecretManager, call: str) -> None:
    server.create(RING, b"one")
    server.fault(Code.UNAVAILABLE)
    assert CALLS[call](manager) in (b"one", Secret("1", b"one"))


def test_adding_is_never_repeated_by_itself(server: SecretManagerServer, manager: SecretManager) -> None:
    server.fault(Code.UNAVAILABLE, after=True)
    with pytest.raises(Unavailable):
        manager.add(RING, b"one")
    assert [stored.data for stored in server.secrets[RING]] == [b"one"]
    assert manager.latest(RING) == Secret("1", b"one")


def test_a_missing_secret(server: SecretManagerServer, manager: SecretManager) -> None:
    assert manager.latest("nobody") is None  # the service does not tell it from one without versions
    for call in (lambda: manager.version("nobody", "1"), lambda: manager.add("nobody", b"x")):
        with pytest.raises(SecretMissing, match=r"nobody.*terraform"):
            call()


@pytest.mark.parametrize(("does", "error"), [("disable", VersionDisabled), ("destroy", VersionGone)])
def test_a_version_that_was_switched_off(
    server: SecretManagerServer, manager: SecretManager, does: str, error: type[SyncError]
) -> None:
    server.create(RING, b"one", b"two", b"three")
    getattr(server, does)(RING, 3)
    for call in (lambda: manager.latest(RING), lambda: manager.version(RING, "3")):
        with pytest.raises(SyncError, match=f"{RING}.*version") as raised:
            call()
        assert type(raised.value) is error
    assert manager.version(RING, "2") == b"two"


def test_a_damaged_answer_is_asked_for_again(
    server: SecretManagerServer, manager: SecretManager, hasty: SecretManager
) -> None:
    server.create(RING, b"one")
    server.damaged = 1
    assert manager.latest(RING) == Secret("1", b"one")
    server.damaged = 100
    with pytest.raises(Unavailable, match=f"{RING}.*damaged"):
        hasty.version(RING, "1")


def test_the_checksum() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


def test_one_connection_for_all_threads_and_another_after_closing(
    server: SecretManagerServer, manager: SecretManager
) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _: manager._connected(), range(32)))
    assert len(clients) == 1
    manager.close()
    assert manager.add(RING, b"one") == "1"


def test_nobody_listens() -> None:
    with closing(SecretManager(PROJECT, endpoint="127.0.0.1:1", timeout=0.3, patience=0.3)) as manager:
        for call in CALLS.values():
            with pytest.raises(Unavailable, match=RING):
                call(manager)


@pytest.mark.parametrize("endpoint", ["secretmanager.googleapis.com:443", "10.0.0.1:80", "127.0.0.1.example.com:80"])
def test_only_this_machine_is_spoken_to_without_tls(endpoint: str) -> None:
    with pytest.raises(BadSettings, match="endpoint"):
        SecretManager(PROJECT, endpoint=endpoint).latest(RING)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist.json")
    with pytest.raises(FatalError, match="no access to Secret Manager"):
        SecretManager(PROJECT).latest(RING)


# -- a folder ----------------------------------------------------------------------------------------


def test_nobody_else_can_read_a_folder(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SecretFolder(tmp_path / "secrets").add(RING, b"one")
    finally:
        os.umask(before)
    modes = {str(p.relative_to(tmp_path)): stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*")}
    assert modes == {"secrets": 0o700, "secrets/ring": 0o700, "secrets/ring/1": 0o600}


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o755])
def test_a_folder_that_others_may_enter(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    folder = SecretFolder(tmp_path)
    for call in (lambda: folder.latest(RING), lambda: folder.version(RING, "1"), lambda: folder.add(RING, b"x")):
        with pytest.raises(SecretForbidden, match="chmod 700"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_what_else_lies_in_the_folder_does_not_matter(tmp_path: Path) -> None:
    folder = SecretFolder(tmp_path / "secrets")
    folder.add(RING, b"one")
    for name in (".0123456789abcdef", "README", "02", "7.bak"):
        (tmp_path / "secrets" / RING / name).write_bytes(b"no version")
    assert folder.latest(RING) == Secret("1", b"one")
    assert folder.add(RING, b"two") == "2"


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    folder = SecretFolder(tmp_path / "secrets")
    for data in (b"one", b"two"):
        folder.add(RING, data)
    (tmp_path / "secrets" / RING / "1").unlink()
    assert folder.add(RING, b"three") == "3"
    with pytest.raises(VersionGone):
        folder.version(RING, "1")


def test_a_version_is_whole_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place that counts is taken last: a crash before it leaves nothing that a reader could meet."""
    folder = SecretFolder(tmp_path / "secrets")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", crash)
    with pytest.raises(KeyboardInterrupt):
        folder.add(RING, b"one")
    assert folder.latest(RING) is None
    monkeypatch.undo()
    assert folder.add(RING, b"one") == "1"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match=RING):
        SecretFolder(tmp_path / "file" / "secrets").add(RING, b"x")
