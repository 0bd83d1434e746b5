"""Named secrets in versions: one port, two engines.

:class:`~shared.account.secret_manager.SecretManager` in the cloud, :class:`~shared.account.secret_folder.SecretFolder`
on one machine. Versions count up from 1 and are never changed; a new one takes over, the old ones stay readable until
a person destroys them.

Failures name the secret, never its content::

    FatalError
    ├── SecretForbidden      the service account has no right to it
    ├── SecretMissing        there is no secret of that name to hold versions
    ├── VersionDisabled      a person switched the version off, and can switch it on again
    └── VersionGone          destroyed, or never made
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from shared.errors import FatalError

MAX_DATA = 64 * 1024
"""Bytes of one version (Secret Manager's limit)."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


class SecretForbidden(FatalError):
    """This process may not do that with the secret."""


class SecretMissing(FatalError):
    """No such secret."""


class VersionDisabled(FatalError):
    """The version exists and is switched off."""


class VersionGone(FatalError):
    """The version was destroyed, or never existed: what needs it is lost."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One version of a secret. Its content never shows in a repr."""

    version: str
    """A number from 1, as text."""
    data: bytes = field(repr=False)


class Secrets(Protocol):
    """Where secrets lie; threads may share it.

    All calls raise :class:`~shared.errors.RetriableError` where the same may succeed later, and the errors above.
    """

    def latest(self, name: str) -> Secret | None:
        """The version made last; ``None`` if none was made.

        It may lag behind :meth:`add` for minutes. Raises ``VersionDisabled`` and ``VersionGone``, too: an older version
        never stands in for it.
        """
        ...

    def version(self, name: str, version: str) -> bytes:
        """The content of that version, at once after :meth:`add` has answered. Raises ``VersionGone``."""
        ...

    def add(self, name: str, data: bytes) -> str:
        """Makes the next version, and answers with its number.

        After a ``RetriableError`` it may have been made all the same; doing it again makes one more.
        """
        ...


def check_name(name: str) -> str:
    """Returns ``name`` if it can name a secret. Raises ``ValueError``."""
    if not _NAME.fullmatch(name):
        raise ValueError("a secret's name has 1 to 255 letters, digits, hyphens and underscores")
    return name


def check_data(data: bytes) -> bytes:
    """Returns ``data`` if it can be a version. Raises ``ValueError``."""
    if not 0 < len(data) <= MAX_DATA:
        raise ValueError(f"a version of a secret has 1 to {MAX_DATA} bytes")
    return data


def is_version(text: str) -> bool:
    """Whether a version could be called that."""
    return bool(_VERSION.fullmatch(text))
