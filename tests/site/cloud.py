"""The same installation with the cloud's services: Firestore's emulator, Secret Manager, Cloud Tasks, OIDC tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from shared.account.secret_manager import SecretManager
from shared.local.listener import Listener
from shared.local.site import Site, nothing
from shared.web.cloud_tasks import CloudTasks
from shared.web.config import read
from shared.web.services import SESSION_KEYS, TOKEN_KEYS, Services, give
from tests.cloud.secret_manager import PROJECT, SecretManagerServer
from tests.cloud.tasks import QUEUE, CloudTasksServer
from tests.given import given_back
from tests.simulators.people import keys
from tests.simulators.wire import SimClock
from tests.site.running import Running, answering
from tests.site.town import town

ACCOUNT = "caller@p.iam.gserviceaccount.com"


def oidc(audience: str, clock: SimClock, **claims: Any) -> str:
    """A token of the project's service account, as Google signs it."""
    now = int(clock.now().timestamp())
    whole = {"iss": "https://accounts.google.com", "aud": audience, "iat": now, "exp": now + 3600, "sub": "1"}
    return keys.signed({**whole, "email": ACCOUNT, "email_verified": True, **claims})


class Platform:
    """Cloud Scheduler, and the part of Cloud Tasks that makes the calls."""

    def __init__(self, url: str, tasks: CloudTasksServer, clock: SimClock) -> None:
        self._url = url
        self._tasks = tasks
        self._clock = clock
        self.answers: list[dict[str, Any]] = []
        """Of the tasks that were carried out."""

    def due(self) -> int:
        """One look of the scheduler, then all tasks that are due."""
        assert self._post(f"{self._url}/dispatch", b"", oidc(self._url, self._clock))["failed"] == 0
        self._clock.advance(60)
        calls = [task.http_request for task in self._tasks.take(self._clock.now())]
        for call in calls:
            assert call.oidc_token.service_account_email == ACCOUNT
            self.answers.append(
                self._post(call.url, call.body, oidc(call.oidc_token.audience, self._clock), call.headers)
            )
        return len(calls)

    def _post(self, url: str, body: bytes, token: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False
            sent = {"Authorization": f"Bearer {token}", **(headers or {})}
            answer = session.post(url, data=body, headers=sent, timeout=60)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@contextmanager
def in_the_cloud(project: str, *, each: int = 12) -> Iterator[tuple[Running, Platform]]:
    """An installation in this Firestore project, with all the services it needs."""
    clock = SimClock()
    listener = Listener("127.0.0.1", 0)
    url = listener.url
    with given_back(), town(clock, each=each) as made, SecretManagerServer() as secrets, CloudTasksServer() as tasks:
        for name in (SESSION_KEYS, TOKEN_KEYS):
            secrets.create(name)  # empty, as Terraform leaves them: the first keys are made by the functions
        cloud = {"STORE": f"firestore:{project}", "SECRETS": f"google:{PROJECT}", "TASKS": QUEUE}
        config = read({"PUBLIC_URL": url, "PLATFORM_ACCOUNT": ACCOUNT, **cloud, **made.environment()})
        queue = CloudTasks(QUEUE, config.tasks_url, ACCOUNT, audience=config.tasks_audience, endpoint=tasks.endpoint)
        services = Services(config, clock=clock, tasks=queue)
        manager = SecretManager(PROJECT, endpoint=secrets.endpoint)
        services.__dict__["secrets"] = manager  # the services' own has no address to choose
        give(services)
        listener.serve(Site(nothing))
        platform = Platform(url, tasks, clock)
        site = Running(made, url, services, platform.due, lambda: oidc(url, clock))
        try:
            with answering(listener):
                yield site, platform
        finally:
            for browser in site.browsers:
                browser.close()
            services.store.close()
            queue.close()
            manager.close()
