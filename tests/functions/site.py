"""Browsers in front of a running installation: they sign in through the simulated Google, and keep their cookies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from shared.account.sign_in import uid_of
from shared.account.users import User as Account
from shared.store.port import Doc, Put
from shared.sync.head import Head, Lease
from shared.sync.paths import Paths
from tests.functions.stage import ORIGIN, Answer, Stage, client, stage
from tests.simulators.wire import SimClock
from tests.world import PASSWORD, World

JANE = "jane@example.com"


@dataclass
class Browser:
    """One browser."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)
    origin: str | None = ORIGIN
    """What it sends along with changes; ``None``: nothing."""
    email: str = ""
    """Who has signed in."""

    # -- calling -------------------------------------------------------------------------------------

    def get(self, function: str, path: str = "", /, **query: Any) -> Answer:
        return self.call("GET", function, path, query=query)

    def put(self, function: str, body: Any, path: str = "", /, **query: Any) -> Answer:
        return self.call("PUT", function, path, json=body, query=query)

    def patch(self, function: str, /, **body: Any) -> Answer:
        return self.call("PATCH", function, json=body)

    def post(self, function: str, path: str = "", body: Any = None, /) -> Answer:
        return self.call("POST", function, path, json=body)

    def delete(self, function: str, body: Any = None, /, **query: Any) -> Answer:
        return self.call("DELETE", function, json=body, query=query)

    def call(
        self,
        method: str,
        function: str,
        path: str = "",
        *,
        json: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request as a browser does, and takes the cookies that come with the answer."""
        sent = dict(headers or {})
        if self.origin is not None and method not in ("GET", "HEAD"):
            sent.setdefault("Origin", self.origin)
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        address = f"/{function}{path}" + (f"?{urlencode(query)}" if query else "")
        answer = client(function).open(address, method=method, json=json, headers=sent)
        for header in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        found = Answer(answer.status_code, answer.get_json(silent=True), answer.headers)
        self.site.bodies.append(answer.get_data())
        return found

    # -- signing in ----------------------------------------------------------------------------------

    def sign_in(self, email: str = JANE, **query: Any) -> str:
        """Goes to Google and comes back; where in the UI it ends up.

        Every round that the functions ask for is made, as a browser follows redirects.
        """
        self.email = email
        self.site.world.people.account(email)
        self.site.world.people.consent.email = email
        place = self.get("oauth_start", **query)
        for _ in range(4):
            assert place.status == 302, (place.status, place.json)
            where = place.headers["Location"]
            if where.startswith("/"):
                return where
            place = self.come_back(self.at_google(where))
        raise AssertionError("the browser is sent round and round")

    def at_google(self, url: str) -> str:
        """What the user does at Google; where Google sends the browser back to."""
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def come_back(self, url: str) -> Answer:
        """Follows Google's way back."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ORIGIN}/oauth_callback", url
        return self.get("oauth_callback", **dict(parse_qsl(parts.query)))

    @property
    def uid(self) -> str:
        return uid_of(self.site.world.people.account(self.email).subject)

    # -- Sugar ---------------------------------------------------------------------------------------

    def login(self, name: str = "jane", **other: Any) -> dict[str, Any]:
        """What connecting Sugar takes; the user is made in Sugar if there is none."""
        users = self.site.world.sugar.state.users.values()
        if not any(user.user_name == name for user in users):
            self.site.world.sugar.add_user(name, PASSWORD)
        address = self.site.world.sugar_wire.url
        return {"address": address, "user_name": name, "password": PASSWORD, **other}

    def connect(self, name: str = "jane", **other: Any) -> Answer:
        return self.put("sugar", self.login(name, **other))


@dataclass
class Site:
    """One installation, and what can be seen of it from inside."""

    stage: Stage
    bodies: list[bytes] = field(default_factory=list)
    """Of every answer."""

    @property
    def world(self) -> World:
        return self.stage.world

    @property
    def clock(self) -> SimClock:
        return self.stage.clock

    def browser(self) -> Browser:
        """One without cookies."""
        return Browser(self)

    def jane(self, *, connected: bool = True, email: str = JANE) -> Browser:
        """One that is signed in, with Sugar connected."""
        made = self.browser()
        assert made.sign_in(email) == "/ui"
        if connected:
            assert made.connect(email.partition("@")[0]).ok
        self.clock.advance(1)
        return made

    # -- what is stored ------------------------------------------------------------------------------

    def account(self, browser: Browser) -> Account:
        found = self.stage.services.users.load(browser.uid)
        assert found is not None
        return found

    def paths(self, browser: Browser) -> Paths:
        paths = self.account(browser).paths
        assert paths is not None
        return paths

    def head(self, paths: Paths) -> Head:
        doc = self.world.store.inner.get(paths.head)
        return Head.load(doc.data) if doc else Head()

    def inbox(self, browser: Browser) -> list[Doc]:
        return self.world.store.inner.query(f"users/{browser.uid}/inbox")

    def hold(self, browser: Browser, seconds: float = 300.0) -> None:
        """A run of this user is under way, for so long."""
        paths = self.paths(browser)
        head = self.head(paths)
        head.lease = Lease(owner="run", until=(self.clock.now() + timedelta(seconds=seconds)).isoformat())
        self.world.store.inner.commit([Put(paths.head, head.data())])

    @contextmanager
    def untouched(self, *, secrets: bool = True) -> Iterator[None]:
        """Neither the store nor, with ``secrets``, a key is asked for inside; nor either side."""
        watched, keys = self.stage.watched, self.world.secrets
        watched.reset()
        before = len(getattr(keys, "asked", ()))
        calls = len(self.world.sugar_wire.log) + len(self.world.people_wire.log)
        yield
        assert watched.paths == []
        assert watched.queries == 0
        assert not secrets or len(getattr(keys, "asked", ())) == before
        assert len(self.world.sugar_wire.log) + len(self.world.people_wire.log) == calls


@contextmanager
def site(**how: Any) -> Iterator[Site]:
    """A fresh installation; ``how`` as for :func:`tests.functions.stage.stage`."""
    with stage(**how) as made:
        yield Site(made)
