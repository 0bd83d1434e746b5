"""Letting somebody in who comes back from Google: the user's document and the grant, in one commit.

Whoever signs in again with the same account finds everything as it was: settings, links, the connection to Sugar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.account.google import tokens_of
from shared.account.grants import GoogleGrant, Grants, GrantStore
from shared.account.users import User, Users
from shared.clock import Clock
from shared.errors import CommitUnknown, Conflict, FatalError, GrantLost, ScopeMissing
from shared.people import oauth
from shared.people.endpoints import OAuthClient

if TYPE_CHECKING:
    from shared.people.signin import SignedIn

_TRIES = 5


class NotAllowed(FatalError):
    """This account may not sign in here."""


class NotLasting(FatalError):
    """Google gave no refresh token, and none that lives is stored: the user has to be asked for consent."""


def uid_of(subject: str) -> str:
    """The user's id: tells nothing of the account that it is made from."""
    return hashlib.blake2b(subject.encode(), digest_size=10, person=b"contact-sync uid").hexdigest()


class SignIns:
    """Lets users in.

    Args:
        grants_of: the grants of a user by id.
        domains: of emails that may sign in, in lower case; empty: all.
    """

    def __init__(
        self,
        users: Users,
        grants_of: Callable[[str], GrantStore],
        client: OAuthClient,
        clock: Clock,
        *,
        domains: Collection[str],
    ) -> None:
        self._users = users
        self._grants_of = grants_of
        self._client = client
        self._clock = clock
        self._domains = domains

    def connected(self, subject: str) -> bool:
        """Whether a grant of this account is stored, which another one must not cost."""
        grant = self._grants_of(uid_of(subject)).load().google
        return grant is not None and bool(grant.tokens)

    def enter(self, signed: SignedIn) -> User:
        """The user, with the grant stored; one whose data are being deleted is given as it is.

        Raises:
            NotAllowed: by the email's domain, or because Google has not verified it.
            NotLasting: ask for consent.
            RetriableError: nothing was written.
        """
        self._check(signed.email)
        uid = uid_of(signed.subject)
        tokens = signed.tokens if signed.lasting else None
        for left in reversed(range(_TRIES)):
            user = self._users.load(uid) or self._new(uid)
            if user.erasing:
                return user
            store = self._grants_of(uid)
            grants = store.load()
            tokens = tokens or self._living(grants)
            grants.google = GoogleGrant(subject=signed.subject, tokens=tokens.to_json())
            user.subject, user.email = signed.subject, signed.email
            user.granted_at["google"] = self._clock.now().isoformat()
            try:
                self._users.save(user, store.change(grants))
            except (Conflict, CommitUnknown):
                # Settings are being changed, or a run keeps a token. What was written unseen is written once more.
                if not left:
                    raise
            else:
                return user
        raise AssertionError("the last try has returned or raised")

    def _check(self, email: str) -> None:
        name, _, domain = email.rpartition("@")
        if not name or not domain:
            raise NotAllowed("the email of this Google account is not verified")
        if self._domains and domain.lower() not in self._domains:
            raise NotAllowed("accounts of this domain may not sign in here")

    def _new(self, uid: str) -> User:
        now = self._clock.now()
        # Sessions of a former account of the same person have ended with it.
        return User(uid=uid, created_at=now.isoformat(), signed_out_at=now.timestamp())

    def _living(self, grants: Grants) -> oauth.Tokens:
        """The stored tokens, once Google has shown that they live.

        Raises:
            NotLasting: they don't.
        """
        fresh: list[oauth.Tokens] = []
        try:
            source = oauth.TokenSource(
                replace(tokens_of(grants), access_token=""),
                client_id=self._client.client_id,
                client_secret=self._client.client_secret,
                clock=self._clock,
                save=fresh.append,
                token_url=self._client.endpoints.token,
            )
            source.token()
        except (GrantLost, ScopeMissing):
            raise NotLasting("Google gave no lasting grant: it has to be asked for consent") from None
        return fresh[-1]
