"""A user who has lived here for a while, and all that the database holds of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from shared.names import SideName
from shared.store.sqlite import SqliteStore
from shared.sync.inbox import Wish, post
from tests.functions.site import JANE, Browser, Site, site

MAIL = {"email": JANE}
"""What confirms a deletion."""


def raw(file: Path) -> dict[str, bytes]:
    """All that the database holds, by path, whoever knows of it."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT path, keys, body FROM documents").fetchall()
    return {path.replace("\x1f", "/"): (keys + "\n").encode() + body for path, keys, body in rows}


def mail(address: str) -> list[dict[str, Any]]:
    return [{"email_address": address, "primary_address": True}]


def lived(web: Site) -> Browser:
    """A user with something in every place where anything is stored."""
    jane = web.jane()
    people = web.world.people.account(JANE)
    people.feed_delay = 0.0
    assert jane.patch("settings", from_google={"create": True}, sync_regularly=True).ok
    for n in range(3):
        web.world.sugar.add(last_name=f"Sugar{n}", email=mail(f"s{n}@x.org"))
        people.add({"names": [{"familyName": f"Google{n}"}], "emailAddresses": [{"value": f"g{n}@x.org"}]})
    web.world.sugar.add(last_name="Twin", email=mail("twin@x.org"))
    for _ in range(2):
        people.add({"names": [{"familyName": "Twin"}], "emailAddresses": [{"value": "twin@x.org"}]})
    for _ in range(4):
        assert jane.post("sync", "", {}).ok["status"] == "done"
        web.clock.advance(20)
    web.world.sugar.add(last_name="Late", email=mail("late@x.org"))
    web.clock.advance(20)
    web.world.people_wire.fault("cut_after", path="createContact|batchCreate")  # an intent stays open
    jane.post("sync", "", {})
    web.world.people_wire.heal()
    web.clock.advance(20)
    assert jane.post("preview", "", {}).ok["plan"]
    first = web.paths(jane)
    assert jane.connect("jim").ok
    web.world.sugar.add(by=sugar_user(web, "jim"), last_name="Other", email=mail("o@x.org"))
    jane.post("sync", "", {})
    wish = Wish(kind="look", at=web.clock.now().isoformat(), side=SideName.SUGAR, record="x")
    post(web.stage.services.store, first, web.stage.services.ids, wish)
    web.clock.advance(1)
    return jane


def sugar_user(web: Site, name: str) -> str:
    return next(user.id for user in web.world.sugar.users.values() if user.user_name == name)


@contextmanager
def lived_in(tmp_path: Path) -> Iterator[tuple[Site, Browser, Path]]:
    file = tmp_path / "documents.sqlite"
    store = SqliteStore(file)
    with closing(store), site(store=store) as web:
        yield web, lived(web), file


def mine(file: Path, uid: str) -> dict[str, bytes]:
    """Documents of this user, and claims that name it."""
    return {
        path: body
        for path, body in raw(file).items()
        if path == f"users/{uid}" or path.startswith(f"users/{uid}/") or uid.encode() in body
    }
