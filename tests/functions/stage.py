"""The functions as functions-framework serves them, between both simulators; browsers and the queue speak to them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shared.account.users import User as Account
from shared.account.users import Users
from shared.store.port import Change, Doc, Store, Version
from shared.sync.plain import plain
from shared.sync.settings import parse
from shared.web.config import read
from shared.web.platform import OneToken
from shared.web.services import Services, give
from shared.web.tasks import Tasks
from tests.given import given_back
from tests.simulators.wire import SimClock
from tests.world import CountingStore, User, World, world

ORIGIN = "http://127.0.0.1:8080"
TOKEN = "the-token-of-the-queue"
FUNCTIONS = Path(__file__).parent.parent.parent / "functions"

_apps: dict[str, Any] = {}


def client(name: str) -> Any:
    """A client of one function, as the framework serves it."""
    from functions_framework import create_app

    if name not in _apps:
        before = sys.modules.pop("main", None)
        try:
            _apps[name] = create_app("handler", str(FUNCTIONS / name / "main.py"))  # type: ignore[no-untyped-call]
        finally:
            sys.modules.pop("main", None)
            if before is not None:
                sys.modules["main"] = before
    return _apps[name].test_client(use_cookies=False)


class Watched:
    """A store that remembers what it was asked for; everything else is the store behind it."""

    def __init__(self, inner: CountingStore) -> None:
        self._inner = inner
        self.paths: list[str] = []
        """Of documents read and written, and of collections queried."""
        self.queries = 0

    def reset(self) -> None:
        self._inner.reset()
        self.paths.clear()
        self.queries = 0

    def get(self, path: str) -> Doc | None:
        self.paths.append(path)
        return self._inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = list(paths)
        self.paths += wanted
        return self._inner.get_all(wanted)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        self.paths.append(collection)
        self.queries += 1
        return self._inner.query(collection, where, **how)

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        found = self._inner.query_group(group, where, **how)
        self.paths += [doc.path for doc in found]
        self.queries += 1
        return found

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        self.paths += [change.path for change in changes]
        return self._inner.commit(changes)

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any
    headers: Mapping[str, str]

    @property
    def ok(self) -> Any:
        assert self.status == 200, (self.status, self.json)
        return self.json

    @property
    def wrong(self) -> list[str]:
        """The fields that a 422 names."""
        assert self.status == 422, (self.status, self.json)
        return [error["field"] for error in self.json["errors"]]


@dataclass
class Stage:
    """One installation of the product."""

    world: World
    services: Services
    watched: Watched
    """What the functions use."""
    users: dict[str, User] = field(default_factory=dict)

    @property
    def clock(self) -> SimClock:
        return self.world.clock

    @property
    def store(self) -> CountingStore:
        return self.world.store

    def user(self, name: str = "jane", /, **settings: Any) -> User:
        """A user with both sides connected, as sign-in and connecting leave it."""
        user = self.world.user(name, **settings)
        doc = self.store.get(user.paths.user)
        assert doc is not None
        sugar = self.world.sugar_wire.url.split("://", 1)[-1]
        account = Account(
            uid=user.uid,
            version=doc.version,
            subject=user.account.subject,
            email=f"{name}@example.com",
            pair=user.paths.pair,
            instance=sugar,
            settings=plain(parse(settings)),
            created_at=self.clock.now().isoformat(),
        )
        self.store.commit([Users.change(account)])
        self.users[name] = user
        return user

    def change(self, user: User, **values: Any) -> None:
        """Changes the user's document, and leaves no wish."""
        account = self.services.users.load(user.uid)
        assert account is not None
        for name, value in values.items():
            setattr(account, name, value)
        self.services.users.save(account)

    def ask(
        self,
        user: User | None,
        function: str,
        path: str = "",
        /,
        *,
        method: str = "",
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """What a browser of this user is answered; POST where there is a body, GET else."""
        sent = {"Origin": ORIGIN}
        if user is not None:
            sent["Cookie"] = self.services.sessions.begin(user.uid).partition(";")[0]
        return self._call(function, path, method or ("GET" if json is None else "POST"), json, sent, headers, query)

    def task(self, function: str, body: Any, **headers: str) -> Answer:
        """What the queue is answered."""
        return self._call(function, "", "POST", body, {"Authorization": f"Bearer {TOKEN}"}, headers, {})

    def _call(
        self,
        function: str,
        path: str,
        method: str,
        json: Any,
        sent: dict[str, str],
        more: Mapping[str, str] | None,
        query: Mapping[str, Any],
    ) -> Answer:
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        address = f"/{function}{path}" + (f"?{urlencode(given)}" if given else "")
        answer = client(function).open(address, method=method, json=json, headers={**sent, **(more or {})})
        return Answer(answer.status_code, answer.get_json(silent=True), answer.headers)


@contextmanager
def stage(
    *, store: Store | None = None, tasks: Tasks | None = None, environment: Mapping[str, str] | None = None, **how: Any
) -> Iterator[Stage]:
    """A fresh installation, ``environment`` besides what it needs; ``how`` as for :func:`tests.world.world`."""
    with world(store=store, **how) as w:
        google = w.people_wire.url
        known = w.people.oauth
        config = read(
            {
                "PUBLIC_URL": ORIGIN,
                "OAUTH_CLIENT_ID": known.client_id,
                "OAUTH_CLIENT_SECRET": known.client_secret,
                "SUGAR_LOOPBACK": "yes",
                "GOOGLE_AUTHORIZE_URL": f"{google}/o/oauth2/v2/auth",
                "GOOGLE_TOKEN_URL": f"{google}/token",
                "GOOGLE_REVOKE_URL": f"{google}/revoke",
                "GOOGLE_CERTS_URL": f"{google}/certs",
                "GOOGLE_PEOPLE_URL": f"{google}/",
                **(environment or {}),
            }
        )
        services = Services(config, clock=w.clock, ids=w.ids, platform=OneToken(TOKEN), tasks=tasks)
        watched = Watched(w.store)
        services.__dict__.update(store=watched, secrets=w.secrets, vault=w.vault)
        with given_back():
            give(services)
            yield Stage(w, services, watched)
