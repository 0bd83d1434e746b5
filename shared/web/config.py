"""The configuration: environment variables, all checked at start, all in one table.

The table in the README is written from :data:`VARIABLES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable."""

    name: str
    default: str | None
    """``None``: must be set."""
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("PUBLIC_URL", "http://127.0.0.1:8080", "where browsers find it; https, except on loopback"),
    Variable("LISTEN", "127.0.0.1:8080", "`make serve`: host and port; a front on the same machine may bring https"),
    Variable("STORE", "sqlite:var/contacts.sqlite", "`sqlite:FILE`, or `firestore:PROJECT[/DATABASE]`"),
    Variable("SECRETS", "folder:var/secrets", "where keys lie: `folder:FOLDER`, or `google:PROJECT`"),
    Variable("TASKS", "local", "`local`, or `projects/P/locations/L/queues/Q`"),
    Variable("SYNC_URL", "", "where the queue's tasks call `sync`; blank: PUBLIC_URL/sync"),
    Variable("OAUTH_CLIENT_ID", None, "the OAuth client that users sign in with"),
    Variable("OAUTH_CLIENT_SECRET", "", "its secret; blank: the secret `oauth-client-secret` among SECRETS"),
    Variable("SIGN_IN_DOMAINS", "", "email domains that may sign in, with commas; blank: all that Google lets in"),
    Variable("SUGAR_HOSTS", "", "Sugar hosts that may be connected, with commas, `*.x.com` too; blank: any public one"),
    Variable("SUGAR_LOOPBACK", "no", "`yes`: a Sugar on this machine may be connected, by plain http; for tests"),
    Variable("PLATFORM_ACCOUNT", "", "service account of Scheduler and Tasks; blank: their calls are refused"),
    Variable("PLATFORM_AUDIENCE", "", "audience of their OIDC tokens; blank: PUBLIC_URL"),
    Variable("GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth", "Google's consent page"),
    Variable("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token", "Google's tokens"),
    Variable("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com/revoke", "where grants are given back"),
    Variable("GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs", "certificates of Google's ID tokens"),
    Variable("GOOGLE_PEOPLE_URL", "https://people.googleapis.com/", "the People API"),
    Variable("ARCHIVE_BUCKET", "", "where history goes when its time has come; blank: it is only removed then"),
    Variable(
        "ARCHIVE_ENDPOINT",
        "https://storage.googleapis.com",
        "the bucket's S3 interface; `aws`: Amazon's own, by its region",
    ),
    Variable("ARCHIVE_REGION", "auto", "the bucket's region, as requests are signed"),
    Variable("ARCHIVE_ACCESS_KEY", "", "the id of the bucket's HMAC key"),
    Variable("ARCHIVE_SECRET_KEY", "", "its secret; blank: the secret `archive-secret-key` among SECRETS"),
    Variable("FIRESTORE_EMULATOR_HOST", "", "host and port of an emulator, for tests"),
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Config:
    """Made by :func:`read`, which says what is wrong by variable."""

    public_url: str
    """Scheme, host and port: the origin."""
    store: str
    secrets: str
    tasks: str
    sync_url: str
    oauth_client_id: str
    oauth_client_secret: str
    sign_in_domains: tuple[str, ...]
    sugar_hosts: tuple[str, ...]
    sugar_loopback: bool
    platform_account: str
    platform_audience: str
    google_authorize_url: str
    google_token_url: str
    google_revoke_url: str
    google_certs_url: str
    google_people_url: str
    archive_bucket: str
    archive_endpoint: str
    """Blank: Amazon's."""
    archive_region: str
    archive_access_key: str
    archive_secret_key: str

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")

    @property
    def tasks_url(self) -> str:
        """What the queue's tasks call."""
        return self.sync_url or self.address("sync")

    @property
    def tasks_audience(self) -> str:
        """What their tokens are made for: of a ``sync`` deployed apart for them, its own address.

        Google's front end, too, lets a token in only where its audience is the address that it calls.
        """
        return self.sync_url or self.platform_audience

    def address(self, function: str) -> str:
        """Where a function answers."""
        return f"{self.public_url}/{function}"


def read(environment: Mapping[str, str]) -> Config:
    """The configuration.

    Raises:
        BadSettings: names the variable, and says what would be right.
    """
    values = {variable.name: _value(environment, variable.name) for variable in VARIABLES}
    public = _origin(values["PUBLIC_URL"])
    config = Config(
        public_url=public,
        store=_shaped(values, "STORE", r"sqlite:.+|firestore:[a-z][a-z0-9:.-]*(/[a-z0-9()-]+)?"),
        secrets=_shaped(values, "SECRETS", r"folder:.+|google:[a-z0-9][a-z0-9:.-]*"),
        tasks=_shaped(values, "TASKS", r"local|projects/[^/]+/locations/[^/]+/queues/[^/]+"),
        sync_url=_outside(values, "SYNC_URL") if values["SYNC_URL"] else "",
        oauth_client_id=values["OAUTH_CLIENT_ID"],
        oauth_client_secret=values["OAUTH_CLIENT_SECRET"],
        sign_in_domains=tuple(domain.lower() for domain in _list(values["SIGN_IN_DOMAINS"])),
        sugar_hosts=tuple(host.lower() for host in _list(values["SUGAR_HOSTS"])),
        sugar_loopback=_yes(values, "SUGAR_LOOPBACK"),
        platform_account=values["PLATFORM_ACCOUNT"],
        platform_audience=values["PLATFORM_AUDIENCE"] or public,
        google_authorize_url=_outside(values, "GOOGLE_AUTHORIZE_URL"),
        google_token_url=_outside(values, "GOOGLE_TOKEN_URL"),
        google_revoke_url=_outside(values, "GOOGLE_REVOKE_URL"),
        google_certs_url=_outside(values, "GOOGLE_CERTS_URL"),
        google_people_url=_outside(values, "GOOGLE_PEOPLE_URL"),
        archive_bucket=_shaped(values, "ARCHIVE_BUCKET", r"|[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
        archive_endpoint="" if values["ARCHIVE_ENDPOINT"] == "aws" else _outside(values, "ARCHIVE_ENDPOINT"),
        archive_region=_shaped(values, "ARCHIVE_REGION", r"[a-z0-9-]{1,40}"),
        archive_access_key=values["ARCHIVE_ACCESS_KEY"],
        archive_secret_key=values["ARCHIVE_SECRET_KEY"],
    )
    if config.archive_bucket and not config.archive_access_key:
        raise BadSettings("ARCHIVE_ACCESS_KEY", "must be set where ARCHIVE_BUCKET names a bucket")
    if config.tasks != "local" and not config.platform_account:
        raise BadSettings("PLATFORM_ACCOUNT", "must be set where TASKS names a queue: its tasks would be refused")
    return config


def listen_at(environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port where one process serves everything.

    Raises:
        BadSettings: it is none.
    """
    host, _, port = _value(environment, "LISTEN").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadSettings("LISTEN", "must be host and port like 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _value(environment: Mapping[str, str], name: str) -> str:
    variable = next(variable for variable in VARIABLES if variable.name == name)
    value = environment.get(name, "").strip() or variable.default
    if value is None:
        raise BadSettings(name, f"must be set: {variable.meaning}")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value) if _trusted(value) else None
    if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise BadSettings("PUBLIC_URL", "must be an origin like https://contacts.example.com (http on loopback only)")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _outside(values: Mapping[str, str], name: str) -> str:
    if not _trusted(values[name]):
        raise BadSettings(name, "must be an https address (http on loopback only)")
    return values[name]


def _trusted(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _shaped(values: Mapping[str, str], name: str, pattern: str) -> str:
    if not re.fullmatch(pattern, values[name]):
        meaning = next(variable.meaning for variable in VARIABLES if variable.name == name)
        raise BadSettings(name, f"must be {meaning}")
    return values[name]


def _yes(values: Mapping[str, str], name: str) -> bool:
    value = values[name].lower()
    if value not in ("yes", "no"):
        raise BadSettings(name, "must be yes or no")
    return value == "yes"


def _list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
