"""Small worlds at rest, and what a side was sent since then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.names import SideName
from shared.sync.link import Link
from shared.sync.words import OrderTold
from tests import older
from tests.simulators.wire import Call, Request
from tests.sync.scenarios import BOTH, person
from tests.world import User, World

ON: dict[str, bool] = {"update": True, "create": True, "delete": True}
OFF: dict[str, bool] = {"update": False, "create": False, "delete": False}


def only(**off: bool) -> dict[str, bool]:
    """All switches of a direction on, but for these."""
    return {**ON, **off}


def settle(user: User) -> None:
    """Lets both feeds' delays pass, and syncs until nothing waits."""
    user.world.clock.advance(60)
    user.sync()
    user.world.clock.advance(600)


def linked(w: World, user: User | None = None, /, **fields: Any) -> tuple[User, Link]:
    """A user with (at least) one contact on both sides, at rest; by default Ada Byron, Countess."""
    user = user or w.user(**BOTH)
    ada = {"first_name": "Ada", "last_name": "Byron", "email": ["ada@x.org"], "title": "Countess"}
    record = w.sugar.add(by=user.sugar_user, **{**ada, **fields})
    settle(user)
    return user, link_of(user, record)


def link_of(user: User, record: str) -> Link:
    """The link of this record, of whichever side."""
    (link,) = [link for link in user.links() if record in (link.sugar_id, link.google_id)]
    return link


def many(w: World, user: User, count: int, **fields: Any) -> list[Link]:
    """So many contacts on both sides, at rest, in the order of their numbers."""
    ids = [
        w.sugar.add(by=user.sugar_user, first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], **fields)
        for n in range(count)
    ]
    settle(user)
    links = {link.sugar_id: link for link in user.links()}
    return [links[record] for record in ids]


def whole_plan(user: User) -> OrderTold:
    """A plan, part by part, until it is complete."""
    order = user.engine.preview().order
    for _ in range(9):
        if order is not None and not order.complete:
            order = user.engine.preview(plan=order.id).order
    assert order is not None
    assert order.complete
    return order


def carried_out_in_parts(user: User) -> None:
    """A plan of few parts, made and carried out to the letter."""
    told = user.engine.run(plan=whole_plan(user).id).order
    for _ in range(9):
        if told is not None and told.state == "started":
            told = user.engine.run().order
    assert told is not None
    assert (told.state, told.left_out) == ("done", 0)


def titled(title: str) -> list[dict[str, str]]:
    """The organizations of a Google contact with this title."""
    return [{"title": title}] if title else []


def title_in_google(user: User, link: Link) -> str:
    """The title that Google shows."""
    found = user.account.person(link.google_id).get("organizations") or [{}]
    return str(found[0].get("title", ""))


def troubles(user: User) -> list[str]:
    """The classes of the open entries, sorted."""
    return sorted(doc.data["class"] for doc in user.backlog())


def entry(user: User) -> dict[str, Any]:
    """The only open entry."""
    (doc,) = user.backlog()
    return dict(doc.data)


@dataclass
class Sent:
    """The writes that a side was sent."""

    calls: dict[SideName, list[Call]] = field(default_factory=lambda: {side: [] for side in SideName})

    @property
    def sugar(self) -> int:
        return len(self.calls[SideName.SUGAR])

    @property
    def google(self) -> int:
        return len(self.calls[SideName.GOOGLE])


@contextmanager
def watched(w: World) -> Iterator[Sent]:
    """The writes on the wire inside the block; filled in when it ends."""
    sent = Sent()
    begins = {SideName.SUGAR: len(w.sugar_wire.log), SideName.GOOGLE: len(w.people_wire.log)}
    yield sent
    sent.calls[SideName.SUGAR] = [c for c in w.sugar_wire.log[begins[SideName.SUGAR] :] if _writes_sugar(c.request)]
    sent.calls[SideName.GOOGLE] = [c for c in w.people_wire.log[begins[SideName.GOOGLE] :] if _writes_google(c.request)]


def _writes_sugar(request: Request) -> bool:
    if older.method_of(request):
        return older.writes(request)
    if request.path.endswith("/bulk"):
        items = json.loads(request.body)["requests"]
        return any(_changes(str(item.get("method", "GET")), item["url"].partition("?")[0]) for item in items)
    return _changes(request.method, request.path)


def _changes(method: str, path: str) -> bool:
    quiet = path.endswith("/filter") or "/oauth2/" in path
    return method.upper() in ("POST", "PUT", "PATCH", "DELETE") and not quiet


def _writes_google(request: Request) -> bool:
    return request.path.startswith("/v1/") and request.headers.get("x-http-method-override", request.method) != "GET"


__all__ = [
    "BOTH",
    "OFF",
    "ON",
    "Sent",
    "entry",
    "link_of",
    "linked",
    "many",
    "only",
    "person",
    "settle",
    "title_in_google",
    "titled",
    "troubles",
    "watched",
]
