"""What each function asks of the store and of the secrets, seen while a new user plays a whole day.

Every function has services of its own, as in the cloud, where each is a process: nobody profits by what another has
loaded before.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import requests
from flask import Request, Response

from shared.account.secret_folder import SecretFolder
from shared.account.secrets import Secret, Secrets
from shared.local.listener import Listener
from shared.local.site import FUNCTIONS, names
from shared.store.codec import group_of
from shared.store.port import Change, Doc, Remove, Store, Version, Where
from shared.store.sqlite import SqliteStore
from shared.web.cloud_tasks import CloudTasks
from shared.web.config import read
from shared.web.function import Function
from shared.web.services import ARCHIVE_KEY, CLIENT_SECRET, Services
from tests.cloud.bucket import cloud
from tests.cloud.tasks import QUEUE, CloudTasksServer
from tests.given import given_back
from tests.simulators.wire import SimClock
from tests.site.cloud import ACCOUNT, oidc
from tests.site.running import Running, answering
from tests.site.town import town

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SHARED = FUNCTIONS.parent / "shared"
WORKER = "sync-worker"


@dataclass(frozen=True)
class Query:
    """One query, as it was asked."""

    site: tuple[str, str]
    """File below ``shared/``, and the function in it."""
    collection: str
    """A path, or the name of a group."""
    group: bool
    where: tuple[Where, ...]
    how: Mapping[str, Any]


@dataclass
class Seen:
    """All that was asked, by function."""

    queries: list[Query] = field(default_factory=list)
    collections: set[str] = field(default_factory=set)
    """Names of those that something was written to."""
    expiring: set[str] = field(default_factory=set)
    """Of these, those whose documents have an end."""
    read: set[str] = field(default_factory=set)
    wrote: set[str] = field(default_factory=set)
    secrets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By function: secrets that it read."""
    added: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By function: secrets that it added a version to."""
    asked: set[str] = field(default_factory=set)
    """Functions that were called, by whom they let in."""


class WatchedStore:
    """The store of one function."""

    def __init__(self, inner: Store, seen: Seen, function: str) -> None:
        self._inner = inner
        self._seen = seen
        self._function = function

    def get(self, path: str) -> Doc | None:
        self._seen.read.add(self._function)
        return self._inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        self._seen.read.add(self._function)
        return self._inner.get_all(paths)

    def query(self, collection: str, where: Sequence[Where] = (), **how: Any) -> list[Doc]:
        self._note(collection, where, how, group=False)
        return self._inner.query(collection, where, **how)

    def query_group(self, group: str, where: Sequence[Where] = (), **how: Any) -> list[Doc]:
        self._note(group, where, how, group=True)
        return self._inner.query_group(group, where, **how)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        self._seen.wrote.add(self._function)
        for change in changes:
            if not isinstance(change, Remove):
                self._seen.collections.add(group_of(change.path))
                if "expires_at" in change.data:
                    self._seen.expiring.add(group_of(change.path))
        return self._inner.commit(changes)

    def close(self) -> None:
        """The store is everybody's."""

    def _note(self, collection: str, where: Sequence[Where], how: Mapping[str, Any], *, group: bool) -> None:
        self._seen.read.add(self._function)
        self._seen.queries.append(Query(asking(), collection, group, tuple(where), dict(how)))


def asking() -> tuple[str, str]:
    """Which function of the code asks the store just now."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(FUNCTIONS.parent / "shared") or file.is_relative_to(FUNCTIONS):
            return str(file.relative_to(FUNCTIONS.parent)), frame.f_code.co_name
        frame = frame.f_back
    raise AssertionError("asked by none of ours")


class WatchedSecrets:
    """The secrets of one function."""

    def __init__(self, inner: Secrets, seen: Seen, function: str) -> None:
        self._inner = inner
        self._seen = seen
        self._function = function

    def latest(self, name: str) -> Secret | None:
        self._seen.secrets[self._function].add(name)
        return self._inner.latest(name)

    def version(self, name: str, version: str) -> bytes:
        self._seen.secrets[self._function].add(name)
        return self._inner.version(name, version)

    def add(self, name: str, data: bytes) -> str:
        self._seen.added[self._function].add(name)
        return self._inner.add(name, data)


def loaded(folder: str) -> ModuleType:
    """A function's module, as the framework loads it."""
    spec = importlib.util.spec_from_file_location("main", FUNCTIONS / folder / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.pop("main", None)
    sys.modules["main"] = module
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop("main", None)
        if before is not None:
            sys.modules["main"] = before
    return module


class Apart:
    """All functions on one host, each with services of its own; the platform takes the name off the path."""

    def __init__(self, services: Callable[[str], Services], seen: Seen) -> None:
        self._functions: dict[str, Function] = {}
        self._seen = seen
        for name in [*names(), WORKER]:
            folder = name.removesuffix("-worker")
            made = services(name)
            self._functions[name] = Function(folder, loaded(folder).ROUTES, services=lambda made=made: made)  # type: ignore[misc]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name, slash, below = environ["PATH_INFO"].removeprefix("/").partition("/")
        if name not in self._functions:
            return Response("nothing", 404)(environ, start_response)
        request = Request({**environ, "SCRIPT_NAME": f"/{name}", "PATH_INFO": slash + below or "/"})
        response = self._functions[name](request)
        if response.status_code not in (401, 403, 404):
            self._seen.asked.add(name)
        return response(environ, start_response)


@contextmanager
def apart(seen: Seen, *, each: int = 6) -> Iterator[Running]:
    """An installation configured as Terraform configures it, with store and secrets on this machine."""
    clock = SimClock()
    listener = Listener("127.0.0.1", 0)
    url = listener.url
    with (
        given_back(),
        town(clock, each=each) as made,
        cloud() as bucket,
        CloudTasksServer() as queue,
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(Path(folder) / "documents.sqlite")) as store,
    ):
        bucket.make()
        environment = {**made.environment(), **bucket.environment}
        secrets = SecretFolder(Path(folder) / "secrets")
        secrets.add(CLIENT_SECRET, environment.pop("OAUTH_CLIENT_SECRET").encode())
        secrets.add(ARCHIVE_KEY, environment.pop("ARCHIVE_SECRET_KEY").encode())
        by_the_platform = {
            "dispatch": {"TASKS": QUEUE, "SYNC_URL": f"{url}/{WORKER}", "PLATFORM_AUDIENCE": f"{url}/dispatch"},
            WORKER: {"PLATFORM_AUDIENCE": f"{url}/{WORKER}"},
        }
        tasks = CloudTasks(QUEUE, f"{url}/{WORKER}", ACCOUNT, endpoint=queue.endpoint)

        def services(name: str) -> Services:
            more = by_the_platform.get(name)
            account = {} if more is None else {"PLATFORM_ACCOUNT": ACCOUNT, **more}
            config = read({"PUBLIC_URL": url, **environment, **account})
            assert name != "dispatch" or (config.tasks_url, config.tasks_audience) == (f"{url}/{WORKER}",) * 2
            mine = Services(config, clock=clock, tasks=tasks)
            mine.__dict__.update(store=WatchedStore(store, seen, name), secrets=WatchedSecrets(secrets, seen, name))
            return mine

        listener.serve(Apart(services, seen))

        def due() -> int:
            post(f"{url}/dispatch", b"", oidc(f"{url}/dispatch", clock))
            clock.advance(60)
            calls = [task.http_request for task in queue.take(clock.now())]
            for call in calls:
                post(call.url, call.body, oidc(call.oidc_token.audience, clock), call.headers)
            return len(calls)

        site = Running(made, url, services("status"), due, lambda: "")
        try:
            with answering(listener):
                yield site
        finally:
            for browser in site.browsers:
                browser.close()
            tasks.close()


def post(url: str, body: bytes, token: str, headers: Mapping[str, str] | None = None) -> None:
    """One call of the platform."""
    with requests.Session() as session:
        session.trust_env = False
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        answer = session.post(url, data=body, headers=sent, timeout=60)
    assert answer.status_code == 200, answer.text
