"""Calls of a user's Google, made for a browser: besides runs, and without the lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.account.grants import Grants
from shared.clock import Clock
from shared.errors import GrantLost
from shared.people import oauth
from shared.people.client import PeopleClient
from shared.people.endpoints import OAuthClient
from shared.people.transport import Transport

SECONDS = 30.0
"""That one call may take; a browser waits for it."""


@contextmanager
def people(grants: Grants, client: OAuthClient, clock: Clock) -> Iterator[PeopleClient]:
    """The People API as this user.

    An access token that has to be renewed for it is not kept: the grants may be written by a run just now, and Google's
    refresh tokens stay the same.

    Raises:
        GrantLost: the user has to sign in again.
    """
    source = oauth.TokenSource(
        tokens_of(grants),
        client_id=client.client_id,
        client_secret=client.client_secret,
        clock=clock,
        save=lambda fresh: None,
        token_url=client.endpoints.token,
    )
    calls = PeopleClient(Transport(source, timeout=SECONDS), endpoint=client.endpoints.people)
    try:
        yield calls
    finally:
        calls.close()


def tokens_of(grants: Grants) -> oauth.Tokens:
    """Google's tokens.

    Raises:
        GrantLost: there are none, or none that can be read.
    """
    if grants.google is None or not grants.google.tokens:
        raise GrantLost("Google is not connected: sign in with Google again")
    return oauth.Tokens.from_json(grants.google.tokens)
