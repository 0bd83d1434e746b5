"""What a user has granted: both connections, with their tokens, in one document.

Written at sign-in, and by the holder of the user's lease when a token was renewed. The document's version guards each
write: a renewal that somebody else has overtaken is a :class:`~shared.errors.Conflict` and its tokens are not used.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from shared.errors import GrantLost
from shared.store.port import Create, Put, Store, Version
from shared.sync.paths import Paths
from shared.sync.plain import plain


class SugarGrant(msgspec.Struct, kw_only=True):
    """A signed-in Sugar user."""

    address: str
    """``https://host[/folder]``."""
    platform: str
    user_id: str
    user_name: str
    tokens: dict[str, Any]
    schema: dict[str, Any] = {}
    """The instance's fields, as last asked for."""
    schema_at: str | None = None
    acl: Any = None

    @property
    def instance(self) -> str:
        """The instance's name among claims; safe as a document id."""
        return self.address.split("://", 1)[-1].replace("/", "_")


class GoogleGrant(msgspec.Struct, kw_only=True):
    """A Google account that granted contacts."""

    subject: str
    """Google's stable id of the account."""
    tokens: dict[str, Any]


class Grants(msgspec.Struct, kw_only=True):
    """Both connections."""

    sugar: SugarGrant | None = None
    google: GoogleGrant | None = None


def pair_id(google: GoogleGrant, sugar: SugarGrant) -> str:
    """Links belong to a pair of accounts: another one never acts on them, the same one goes on where it was."""
    text = f"{google.subject}\n{sugar.instance}\n{sugar.user_id}"
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


class GrantStore:
    """The grants document of one user. Holds the version that was read last."""

    def __init__(self, store: Store, uid: str) -> None:
        self._store = store
        self._path = f"users/{uid}/grants/current"
        self._version: Version | None = None

    def load(self) -> Grants:
        """Both grants as stored; blank ones if there are none."""
        doc = self._store.get(self._path)
        if doc is None:
            self._version = None
            return Grants()
        self._version = doc.version
        return msgspec.convert(doc.data, Grants)

    def save(self, grants: Grants) -> None:
        """Stores them, if nobody else did since :meth:`load`.

        Raises:
            Conflict: somebody did; nothing was written.
        """
        data = plain(grants)
        change = Create(self._path, data) if self._version is None else Put(self._path, data, self._version)
        self._version = self._store.commit([change])[self._path]


def paths_of(uid: str, grants: Grants) -> Paths:
    """The documents of the pair that these grants make.

    Raises:
        GrantLost: one of the two is missing.
    """
    if grants.google is None or grants.sugar is None:
        missing = "Google" if grants.google is None else "Sugar"
        raise GrantLost(f"{missing} is not connected: connect it first")
    return Paths(uid, pair_id(grants.google, grants.sugar))
