"""Nobody reads another's data: every endpoint is asked with another user's ids, in every place that takes a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from shared.store.port import Doc
from shared.sync.paths import COLLECTIONS
from shared.web.route import Access, Route
from tests.examples import BODIES
from tests.functions.site import Browser, Site, site
from tests.openapi import routes
from tests.sync.scenarios import person
from tests.world import PASSWORD

ROUTES = sorted(routes(), key=lambda each: (each[1].method == "DELETE", each[0] == "account", each[0], each[1].path))
"""Those that take something away come last: until then there is something to be asked for."""
KINDS = ("history", "backlog", "links", "runs", "plans", "parts")


@dataclass
class User:
    """One of the two, with something of every kind in the store."""

    browser: Browser
    marks: list[str] = field(default_factory=list)
    """What stands in this user's contacts and in nobody else's."""
    ids: list[str] = field(default_factory=list)
    """What names something of this user's, a few of each kind."""

    @property
    def site(self) -> Site:
        return self.browser.site

    @property
    def uid(self) -> str:
        return self.browser.uid

    @property
    def place(self) -> str:
        return f"users/{self.uid}"

    def documents(self) -> dict[str, Doc]:
        """All of this user's."""
        store, head = self.site.world.store.inner, self.site.paths(self.browser)
        places = [f"users/{self.uid}/{name}" for name in ("pairs", "inbox")]
        places += [head.collection(name) for name in COLLECTIONS]
        found = {doc.path: doc for place in places for doc in store.query(place)}
        user = store.get(head.user)
        assert user is not None
        return {**found, head.user: user}

    def learn(self) -> None:
        """Finds the ids."""
        paths = self.site.paths(self.browser)
        found = [self.uid, paths.pair, paths.head, self.browser.email, f"../{self.uid}", f"../../{self.uid}/x"]
        for name in KINDS:
            docs = self.site.world.store.inner.query(paths.collection(name), limit=2)
            assert docs, name
            found += [docs[0].id, f"../{name}/{docs[0].id}", docs[0].path]
            found += [str(value) for value in docs[0].data.get("ids", {}).values() if value]
        found += [self.site.inbox(self.browser)[0].id]
        for function, query in (("history", {"limit": 1}), ("backlog", {"limit": 1})):
            cursor = self.browser.get(function, **query).ok["next"]
            assert cursor, function
            found.append(cursor)
        self.ids = list(dict.fromkeys(found))

    def session(self) -> None:
        """A fresh one: whatever was asked before may have ended the last."""
        sessions = self.site.stage.services.sessions
        name, _, value = sessions.begin(self.uid).partition(";")[0].partition("=")
        self.browser.cookies = {name: value}


def settle(site: Site, name: str) -> User:
    """Somebody who has synced, with two contacts that Sugar cannot hold, a plan that is not begun, and a wish."""
    sugar_user = site.world.sugar.add_user(name, PASSWORD, sees_all=False)
    user = User(site.jane(email=f"{name}@example.com"))
    user.browser.patch("settings", from_google={"create": True})
    account = site.world.people.account(user.browser.email)
    for n in range(3):
        mark = f"{name}s-friend-{n}"
        site.world.sugar.add(by=sugar_user, first_name=mark, last_name=f"L{n}", email=[f"{mark}@x.org"])
        account.add(person(f"{name}s-other-{n}", "x" * (400 if n else 5), f"{name}s-other-{n}@x.org"))
    for _ in range(4):
        site.clock.advance(61)
        assert user.browser.post("sync", "", {}).ok["status"] == "done"
    site.world.sugar.add(by=sugar_user, first_name=f"{name}s-friend-9", last_name="New", email=[f"{name}9@x.org"])
    site.clock.advance(61)
    assert user.browser.post("preview", "", {}).ok["plan"]["contacts"]
    user.browser.patch("settings", region="DE")
    user.learn()
    user.marks = [f"{name}s-friend", f"{name}s-other", f"{name}@example.com", user.uid]
    return user


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[User, User]]:
    with site() as web:
        yield settle(web, "jane"), settle(web, "joe")


def sent(name: str, route: Route, theirs: list[str]) -> Iterator[dict[str, Any]]:
    """Requests to the route: one as it should be, and one for each place and each of their ids."""
    examples = BODIES.get(f"{route.method} /{name}{route.path}")
    good: Any = next(iter(examples.values())) if examples else None
    for each in theirs:
        if "{" in route.path:
            yield {"path": re.sub(r"{\w+}", quote(each, safe=""), route.path), "json": good}
            yield {"path": re.sub(r"{\w+}", quote(each), route.path), "json": good}
        for place in route.query.__struct_encode_fields__ if route.query else ():
            yield {"path": route.path, "query": {place: each}, "json": good}
        for place in route.body.__struct_encode_fields__ if route.body else ():
            bodies = [{**good, place: value} for value in (each, [each], {each: each})]
            yield from ({"path": route.path, "json": body} for body in bodies if each is theirs[0] or fits(route, body))
    yield {"path": route.path.partition("{")[0], "json": good}


def fits(route: Route, body: Any) -> bool:
    """Whether it comes as far as the handler."""
    assert route.body is not None
    try:
        msgspec.convert(body, route.body)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("name", "route"), ROUTES, ids=[f"{r.method} {n}{r.path}" for n, r in ROUTES])
def test_with_anothers_ids(name: str, route: Route, pair: tuple[User, User]) -> None:
    jane, joe = pair
    before = joe.documents()
    watched = jane.site.stage.watched
    asked = 0
    for request in sent(name, route, joe.ids):
        jane.session()
        jane.site.clock.advance(301)  # rates are another test's matter
        watched.reset()
        answer = jane.browser.call(route.method, name, **request)
        asked += 1
        read = [path for path in watched.paths if path.startswith(joe.place)]
        assert not read, f"{request} reads {read}"
        told = json.dumps(answer.json) + str(dict(answer.headers))
        # Only what was sent comes back, where a message says what is wrong with it.
        shown = [mark for mark in joe.marks if mark in told and mark not in json.dumps(request)]
        assert not shown, f"{request} shows {shown}"
        assert answer.status < 500, request
        if route.access is Access.PLATFORM:
            assert answer.status == 403
    assert asked > 1 or (route.query is None and route.body is None and "{" not in route.path)
    assert joe.documents() == before


def test_what_would_be_noticed(pair: tuple[User, User]) -> None:
    """The store tells of a foreign document that is read, and both users have something to be found."""
    jane, joe = pair
    assert len({path.split("/")[4] for path in joe.documents() if path.count("/") > 3}) > 3
    watched = jane.site.stage.watched
    watched.reset()
    jane.site.stage.services.users.load(joe.uid)
    assert [path for path in watched.paths if path.startswith(joe.place)]
    joe.session()
    shown = json.dumps(joe.browser.get("history").ok)
    assert [mark for mark in joe.marks if mark in shown]
