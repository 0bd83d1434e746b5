"""Secrets in a folder of one machine: ``NAME/VERSION``, one file a version, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from shared.account.secrets import (
    Secret,
    SecretForbidden,
    VersionGone,
    check_data,
    check_name,
    is_version,
)
from shared.errors import SyncError, Unavailable

_PRIVATE = 0o700


class SecretFolder:
    """:class:`~shared.account.secrets.Secrets` in files; processes may share it."""

    def __init__(self, path: Path | str) -> None:
        """
        Args:
            path: made where it is missing, with mode 0700; one that others may enter is refused.
        """
        self._path = Path(path)

    def latest(self, name: str) -> Secret | None:
        folder = self._folder(name)
        try:
            number = _newest(folder)
            return Secret(str(number), (folder / str(number)).read_bytes()) if number else None
        except OSError as error:
            raise _failure(name, error) from error

    def version(self, name: str, version: str) -> bytes:
        file = self._folder(name) / version
        if is_version(version):
            try:
                return file.read_bytes()
            except FileNotFoundError:
                pass
            except OSError as error:
                raise _failure(name, error) from error
        raise VersionGone(f"version {version} of the secret {name} does not exist")

    def add(self, name: str, data: bytes) -> str:
        """
        A version is written beside its place and linked into it, whole and safely on disk: whoever reads at the same
        time sees all of it or nothing, and of two that are made at once the second one takes the next number::

            A  write .a ─▶ link .a → 1
            B      write .b ─▶ link .b → 1 (exists) ─▶ link .b → 2
        """
        folder = self._folder(name)
        try:
            folder.mkdir(mode=_PRIVATE, exist_ok=True)
            draft = folder / f".{secrets.token_hex(8)}"
            try:
                _write(draft, check_data(data))
                number = _newest(folder) + 1
                while not _linked(draft, folder / str(number)):
                    number += 1
            finally:
                draft.unlink(missing_ok=True)
            for changed in (folder, self._path):
                _flush(changed)
        except OSError as error:
            raise _failure(name, error) from error
        return str(number)

    def _folder(self, name: str) -> Path:
        try:
            self._path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            mode = stat.S_IMODE(self._path.stat().st_mode)
        except OSError as error:
            raise _failure(name, error) from error
        if mode & 0o077 and os.name == "posix":
            raise SecretForbidden(f"the folder of the secret {name} is open to others on this machine: chmod 700 it")
        return self._path / check_name(name)


def _newest(folder: Path) -> int:
    """The highest version; 0 if there is none."""
    names = os.listdir(folder) if folder.is_dir() else []
    return max((int(name) for name in names if is_version(name)), default=0)


def _write(file: Path, data: bytes) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _linked(draft: Path, file: Path) -> bool:
    """Whether the file was ours to make."""
    try:
        os.link(draft, file)
    except FileExistsError:
        return False
    return True


def _flush(folder: Path) -> None:
    """Brings names in the folder to the disk; a key that is lost in a power cut takes with it what it sealed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failure(name: str, error: OSError) -> SyncError:
    if isinstance(error, PermissionError):
        return SecretForbidden(f"the secret {name} lies in a folder that this process may not use")
    return Unavailable(f"the secret {name} cannot be reached: {error.strerror}")
