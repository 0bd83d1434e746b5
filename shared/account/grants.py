"""What a user has granted: both connections, with their tokens, in one document.

Written at sign-in, and by the holder of the user's lease when a token was renewed. The document's version guards each
write: a renewal that somebody else has overtaken is a :class:`~shared.errors.Conflict` and its tokens are not used.

Tokens are stored sealed, bound to the user and to the account that gave them: in another user's document, or beside
another address, they do not open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.account.vault import SealBroken, Vault
from shared.errors import Conflict, GrantLost
from shared.store.port import Change, Create, Data, Put, Store, Version
from shared.sync.paths import Paths
from shared.sync.plain import plain

NEWER = "v11"
OLDER = "v4_1"
"""Dialects; see :mod:`shared.account.dialects`."""


class SugarGrant(msgspec.Struct, kw_only=True):
    """A signed-in Sugar user."""

    address: str
    """``https://host[/folder]``."""
    platform: str
    user_id: str
    user_name: str
    tokens: dict[str, Any]
    """Blank where the stored ones do not open any more."""
    schema: dict[str, Any] = {}
    """The instance's fields, as last asked for."""
    schema_at: str | None = None
    acl: Any = None
    dialect: str = NEWER
    """Which one is spoken there."""
    version: str = ""
    """What is there, for people."""

    @property
    def instance(self) -> str:
        """The instance's name among claims; safe as a document id."""
        return self.address.split("://", 1)[-1].replace("/", "_")

    @property
    def account(self) -> str:
        """Whose tokens these are."""
        return f"sugar {self.address} {self.user_id}"

    def __repr__(self) -> str:
        return "SugarGrant(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class GoogleGrant(msgspec.Struct, kw_only=True):
    """A Google account that granted contacts."""

    subject: str
    """Google's stable id of the account."""
    tokens: dict[str, Any]
    """Blank where the stored ones do not open any more."""

    @property
    def account(self) -> str:
        """Whose tokens these are."""
        return f"google {self.subject}"

    def __repr__(self) -> str:
        return "GoogleGrant(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Grants(msgspec.Struct, kw_only=True):
    """Both connections."""

    sugar: SugarGrant | None = None
    google: GoogleGrant | None = None

    def each(self) -> Iterator[tuple[str, SugarGrant | GoogleGrant]]:
        """Those that there are, by name."""
        if self.sugar is not None:
            yield "sugar", self.sugar
        if self.google is not None:
            yield "google", self.google


def pair_id(google: GoogleGrant, sugar: SugarGrant) -> str:
    """Links belong to a pair of accounts: another one never acts on them, the same one goes on where it was."""
    text = f"{google.subject}\n{sugar.instance}\n{sugar.user_id}"
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def contact_page(address: str, dialect: str) -> str:
    """The address of a contact's page in Sugar, but for its id, which follows."""
    page = "/index.php?module=Contacts&action=DetailView&record=" if dialect == OLDER else "/#Contacts/"
    return f"{address}{page}"


def grants_path(uid: str) -> str:
    """Where a user's grants lie."""
    return f"users/{uid}/grants/current"


class GrantStore:
    """The grants document of one user. Holds the version that was read last."""

    def __init__(self, store: Store, uid: str, vault: Vault) -> None:
        self._store = store
        self._uid = uid
        self._vault = vault
        self._path = grants_path(uid)
        self._version: Version | None = None
        self._broken: dict[str, str] = {}
        """Sealed tokens that did not open, by account."""
        self._stale = False
        self._known: Data = {}
        """Both sides as the caller knew them when they were last in the store, tokens open."""
        self._theirs: Data = {}
        """Sides as stored that somebody else changed meanwhile, and the caller did not."""

    def load(self) -> Grants:
        """Both grants; blank ones if there are none.

        Tokens that will never open are blank, so that the other side can go on and the user can grant again. They stay
        in the store until then.

        Raises:
            RetriableError: the store or the keys cannot be reached.
            FatalError: somebody has to see to the keys. Better now than after a refresh whose tokens need sealing.
        """
        doc = self._store.get(self._path)
        self._version = doc.version if doc else None
        grants = self._read(doc.data if doc else {})
        self._known, self._theirs = plain(grants), {}
        return grants

    def save(self, grants: Grants, *more: Change) -> None:
        """Stores them, if nobody else did since :meth:`load`, and what belongs to it, all or nothing.

        A side that only somebody else has changed does not count: it stays as it is stored. So a user may sign in to
        Google while a run renews Sugar's tokens, and neither is lost.

        Raises:
            Conflict: somebody did; nothing was written.
            CommitUnknown, Unavailable: as a commit of the store; the keys, too, may be out of reach.
        """
        while True:
            change = self.change(grants)
            try:
                versions = self._store.commit([change, *more])
            except Conflict:
                if not self._stands_aside(grants):
                    raise
            else:
                self._version, self._stale = versions[self._path], False
                self._known = plain(grants)
                return

    def change(self, grants: Grants) -> Create | Put:
        """The write alone, strictly under the version that was read, to be committed with others.

        Raises:
            SyncError: the keys are out of reach.
        """
        data = plain(grants)
        for name, grant in grants.each():
            data[name]["tokens"] = self._sealed(grant, data[name]["tokens"])
        data |= self._theirs
        return Create(self._path, data) if self._version is None else Put(self._path, data, self._version)

    def _stands_aside(self, grants: Grants) -> bool:
        """After a conflict: whether only sides moved that the caller leaves alone; then they are taken over."""
        doc = self._store.get(self._path)
        if doc is None or doc.version == self._version:
            return False
        # Their values are compared, not their texts: whoever saves seals both sides anew.
        wanted, stored = plain(grants), plain(self._read(doc.data))
        mine = {name for name in wanted if wanted[name] != self._known.get(name)}
        moved = {name for name in wanted if stored[name] != self._known.get(name)}
        if not mine or mine & moved:
            return False
        self._version = doc.version
        self._theirs |= {name: doc.data.get(name) for name in moved}
        return True

    def renew_seals(self, grants: Grants) -> None:
        """Saves what :meth:`load` gave once more, if a token in it is sealed under an older key than the newest.

        So that old keys fall out of use. Raises as :meth:`save` does.
        """
        if self._stale:
            self.save(grants)

    def _read(self, data: Data) -> Grants:
        """A document's data, opened; what does not open and whether a seal is old is remembered."""
        self._broken, self._stale = {}, False
        grants = msgspec.convert({name: {**grant, "tokens": {}} for name, grant in data.items() if grant}, Grants)
        for name, grant in grants.each():
            grant.tokens = self._opened(grant, data[name]["tokens"])
        return grants

    def _opened(self, grant: SugarGrant | GoogleGrant, text: str) -> dict[str, Any]:
        try:
            plaintext = self._vault.open(self._uid, grant.account, text)
        except SealBroken:
            self._broken[grant.account] = text
            return {}
        self._stale = self._stale or self._vault.stale(text)
        return msgspec.json.decode(plaintext, type=dict[str, Any])

    def _sealed(self, grant: SugarGrant | GoogleGrant, tokens: dict[str, Any]) -> str:
        if not tokens and grant.account in self._broken:
            return self._broken[grant.account]
        return self._vault.seal(self._uid, grant.account, msgspec.json.encode(tokens))


def paths_of(uid: str, grants: Grants) -> Paths:
    """The documents of the pair that these grants make.

    Raises:
        GrantLost: one of the two is missing.
    """
    if grants.google is None or grants.sugar is None:
        missing = "Google" if grants.google is None else "Sugar"
        raise GrantLost(f"{missing} is not connected: connect it first")
    return Paths(uid, pair_id(grants.google, grants.sugar))
