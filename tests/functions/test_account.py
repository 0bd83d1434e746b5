"""Signing out, and taking everything along."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from shared.account.export import PAGE
from shared.store.port import Put
from shared.sync.paths import COLLECTIONS, Paths
from tests.functions.lives import lived_in, mine
from tests.functions.site import JANE, Browser, Site
from tests.functions.stage import ORIGIN, client

# -- signing out -------------------------------------------------------------------------------------


def test_signing_out(web: Site, jane: Browser) -> None:
    cookie = jane.cookies["session"]
    with web.untouched():
        assert jane.post("account", "/sign_out").status == 204
    assert jane.cookies == {}
    assert jane.get("settings").status == 401
    with web.untouched():
        assert jane.post("account", "/sign_out").status == 204  # again, or late
    jane.cookies["session"] = cookie
    assert jane.get("settings").status == 200  # it is the browser that forgets


def test_signing_out_everywhere(web: Site, jane: Browser) -> None:
    other = web.browser()
    assert other.sign_in() == "/ui"
    joe = web.jane(email="joe@example.com", connected=False)
    kept = dict(jane.cookies)
    assert jane.post("account", "/sign_out_everywhere").status == 204
    assert jane.cookies == {}
    jane.cookies = kept
    assert jane.get("settings").status == 401
    assert other.get("settings").status == 401
    assert joe.get("settings").status == 200
    web.clock.advance(1)
    assert other.sign_in() == "/ui"
    assert other.get("settings").status == 200
    assert other.get("sugar").ok["connected"] is True


# -- taking along ------------------------------------------------------------------------------------


def test_every_place_is_known() -> None:
    """Whoever stores something new below a pair adds it to the list of what is exported and deleted."""
    paths = Paths("u", "p")
    places = {"recents": paths.recents}
    for name, method in inspect.getmembers(Paths, inspect.isfunction):
        if not name.startswith("_") and name not in ("claim", "collection"):
            places[name] = method(paths, *["x"] * (len(inspect.signature(method).parameters) - 1))
    below = {path.removeprefix(f"{paths.head}/").partition("/")[0] for path in places.values()}
    assert below == set(COLLECTIONS)


def test_an_export_holds_everything_but_the_tokens(tmp_path: Path) -> None:
    with lived_in(tmp_path) as (web, jane, file):
        answer = jane.get("account", "/export")
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        told = answer.json
        stored = mine(file, jane.uid)
        assert told["user"]["email"] == JANE
        assert told["connections"]["google"] == {"subject": web.account(jane).subject}
        assert told["connections"]["sugar"]["user_name"] == "jim"
        shown = {f"users/{jane.uid}", f"users/{jane.uid}/grants/current"}
        shown |= {f"users/{jane.uid}/inbox/{item['document']}" for item in told["inbox"]}
        for pair in told["pairs"]:
            head = Paths(jane.uid, pair["document"]).head
            shown.add(head)
            for name in COLLECTIONS:
                shown |= {f"{head}/{name}/{item['document']}" for item in pair[name]}
        claims = {path for path in stored if path.startswith("instances/")}
        assert {path.rpartition("/")[2] for path in claims} == {item["document"] for item in told["claims"]}
        assert shown | claims == set(stored)
        assert claims
        assert len(told["pairs"]) == 2
        filled = {name for pair in told["pairs"] for name in COLLECTIONS if pair[name]}
        assert filled == set(COLLECTIONS) - {"archive"}  # with a bucket only: see test_archive.py
        text = json.dumps(told)
        assert "s0@x.org" in text
        sessions = web.world.sugar.state.sessions.values()
        tokens = [*web.world.people.oauth.grants, *web.world.people.oauth.access]
        tokens += [token for session in sessions for token in (session.access, session.refresh)]
        assert not [token for token in tokens if token in text]
        assert '"tokens"' not in text


def test_an_export_is_made_page_by_page(web: Site, jane: Browser) -> None:
    assert jane.post("sugar", "/test").ok
    paths = web.paths(jane)
    many = 10 * PAGE + 7
    rows = [Put(paths.history(f"h{n:05d}"), {"at": str(n), "text": "x" * 1000}) for n in range(many)]
    for at in range(0, many, 100):
        web.world.store.inner.commit(rows[at : at + 100])
    held: list[int] = []
    query = web.stage.watched.query

    def counted(*args: Any, **how: Any) -> Any:
        found = query(*args, **how)
        held.append(len(found))
        return found

    web.stage.watched.query = counted  # type: ignore[method-assign]
    cookie = {"Cookie": f"session={jane.cookies['session']}", "Origin": ORIGIN}
    answer = client("account").open("/account/export", headers=cookie)
    pieces, grew = [], []
    for piece in answer.response:
        pieces.append(piece)
        grew.append(len(held))
    assert max(held) <= PAGE
    assert len(set(grew)) > 10  # asked for while it is sent
    told = json.loads(b"".join(pieces))
    assert len(told["pairs"][0]["history"]) == many


def test_an_export_for_a_user_who_has_connected_nothing(web: Site) -> None:
    jane = web.jane(connected=False)
    told = jane.get("account", "/export").ok
    assert (told["pairs"], told["inbox"], told["claims"]) == ([], [], [])
