"""Where Google is, and as which client we come to it."""

from __future__ import annotations

from dataclasses import dataclass, field

CONTACTS_SCOPE = "https://www.googleapis.com/auth/contacts"
"""The one scope that reads and writes contacts; a user can untick it."""


@dataclass(frozen=True, slots=True)
class GoogleEndpoints:
    """Every address of Google that is called, or that a browser is sent to."""

    authorize: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, no secret
    certs: str = "https://www.googleapis.com/oauth2/v1/certs"
    """The certificates that ID tokens are signed with, as ``{key id: PEM}``."""
    revoke: str = "https://oauth2.googleapis.com/revoke"
    people: str = "https://people.googleapis.com/"
    """The root of the People API, ``/v1`` left out."""

    @classmethod
    def all_at(cls, root: str) -> GoogleEndpoints:
        """All of them on one server, by Google's own paths: what a simulator serves."""
        root = root.rstrip("/")
        return cls(f"{root}/o/oauth2/v2/auth", f"{root}/token", f"{root}/certs", f"{root}/revoke", f"{root}/")


GOOGLE = GoogleEndpoints()


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The customer's own OAuth client, and where Google is."""

    client_id: str
    client_secret: str = field(repr=False)
    endpoints: GoogleEndpoints = GOOGLE
