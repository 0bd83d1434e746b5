"""The configuration: one table, and what is wrong with it is said by variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import BadSettings, FatalError
from shared.web.config import VARIABLES, listen_at, read
from shared.web.services import CLIENT_SECRET, Services

NEEDED = {"OAUTH_CLIENT_ID": "id"}


def checked(given: dict[str, str]) -> None:
    """As at start."""
    listen_at(given)
    Services(read(given)).check()


def test_only_the_oauth_client_has_to_be_named() -> None:
    assert [variable.name for variable in VARIABLES if variable.default is None] == ["OAUTH_CLIENT_ID"]
    config = read(NEEDED)
    assert (config.public_url, config.secure) == ("http://127.0.0.1:8080", False)
    assert config.google_people_url == "https://people.googleapis.com/"
    assert config.platform_audience == config.public_url


def test_blank_is_as_good_as_not_set() -> None:
    blank = {variable.name: "  " for variable in VARIABLES}
    assert read({**blank, **NEEDED}) == read(NEEDED)
    with pytest.raises(BadSettings, match=r"^OAUTH_CLIENT_ID: must be set"):
        read(blank)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "contacts.example.com"),
        ("PUBLIC_URL", "http://contacts.example.com"),
        ("PUBLIC_URL", "https://contacts.example.com/app"),
        ("PUBLIC_URL", "https://me@contacts.example.com"),
        ("PUBLIC_URL", "https://contacts.example.com?x"),
        ("PUBLIC_URL", "http://127.0.0.1:port"),
        ("PUBLIC_URL", "http://127.0.0.1.example.com"),
        ("PUBLIC_URL", "http://[::1"),
        ("PUBLIC_URL", "https://"),
        ("STORE", "contacts.sqlite"),
        ("STORE", "sqlite:"),
        ("STORE", "firestore:"),
        ("STORE", "firestore:Project"),
        ("SECRETS", "var/secrets"),
        ("SECRETS", "google:"),
        ("TASKS", "queue"),
        ("TASKS", "projects/p/queues/q"),
        ("SUGAR_LOOPBACK", "maybe"),
        ("SUGAR_HOSTS", "https://sugar.example.com"),
        ("SUGAR_HOSTS", "sugar.example.com, *"),
        ("SYNC_URL", "http://x.org/sync"),
        ("GOOGLE_TOKEN_URL", "http://tokens.example.com"),
        ("GOOGLE_PEOPLE_URL", "people"),
        ("GOOGLE_CERTS_URL", "ftp://example.com"),
        ("LISTEN", "8080"),
        ("LISTEN", ":8080"),
        ("LISTEN", "localhost:http"),
        ("LISTEN", "localhost:65536"),
    ],
)
def test_what_cannot_be_is_named(name: str, value: str, tmp_path: Path) -> None:
    given = {"SECRETS": f"folder:{tmp_path}/secrets", "OAUTH_CLIENT_SECRET": "s", **NEEDED, name: value}
    with pytest.raises(BadSettings, match=f"^{name}: must be ") as caught:
        checked(given)
    assert caught.value.field == name


def test_a_queue_needs_the_account_that_its_tasks_call_as() -> None:
    queue = {**NEEDED, "TASKS": "projects/p/locations/l/queues/q"}
    with pytest.raises(BadSettings, match=r"^PLATFORM_ACCOUNT: "):
        read(queue)
    assert read({**queue, "PLATFORM_ACCOUNT": "a@p"}).tasks == "projects/p/locations/l/queues/q"


def test_tasks_go_to_sync_unless_it_is_deployed_apart_for_them() -> None:
    config = read({**NEEDED, "PUBLIC_URL": "https://x.org", "PLATFORM_AUDIENCE": "those-who-call"})
    assert (config.tasks_url, config.tasks_audience) == ("https://x.org/sync", "those-who-call")
    apart = read({**NEEDED, "PUBLIC_URL": "https://x.org", "SYNC_URL": "https://x.org/sync-worker"})
    assert apart.tasks_url == apart.tasks_audience == "https://x.org/sync-worker"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("127.0.0.1", 8080)),
        ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:8", ("localhost", 8)),
    ],
)
def test_where_it_listens(text: str, address: tuple[str, int]) -> None:
    assert listen_at({"LISTEN": text}) == address


def services(folder: Path, **more: str) -> Services:
    kept = {"STORE": f"sqlite:{folder}/var/contacts.sqlite", "SECRETS": f"folder:{folder}/secrets"}
    return Services(read({**NEEDED, **kept, **more}))


def test_the_client_secret_may_lie_among_the_secrets(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=f"^OAUTH_CLIENT_SECRET: .*{CLIENT_SECRET}"):
        services(tmp_path).check()
    services(tmp_path).secrets.add(CLIENT_SECRET, b"from the folder\n")
    made = services(tmp_path)
    made.check()
    assert made.oauth_client.client_secret == "from the folder"
    made.store.close()


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets").chmod(0o755)
    with pytest.raises(FatalError, match="chmod 700"):
        services(tmp_path, OAUTH_CLIENT_SECRET="s").check()


def test_a_store_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(FatalError):
        services(tmp_path, OAUTH_CLIENT_SECRET="s").check()
