"""What is refused costs nothing: no document, no key, no gRPC; and whoever is nobody gets nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.web.function import MOST_BODY
from shared.web.route import Access, Route
from shared.web.session import IDLE, Signer
from tests.examples import BODIES
from tests.functions.refusals import refusals
from tests.functions.site import Browser, Site, site
from tests.functions.stage import ORIGIN, client
from tests.openapi import routes

ROOT = Path(__file__).parent.parent.parent

CALLS: list[tuple[str, str, str, Any]] = [
    ("GET", "sugar", "", None),
    ("PUT", "sugar", "", {"address": "https://crm.example.com", "user_name": "jane", "password": "x"}),
    ("POST", "sugar", "/test", None),
    ("DELETE", "sugar", "", None),
    ("GET", "settings", "", None),
    ("PATCH", "settings", "", {"region": "DE"}),
    ("DELETE", "settings", "", None),
    ("GET", "labels", "", None),
    ("POST", "labels", "", {"name": "X"}),
    ("GET", "fields", "", None),
    ("POST", "account", "/sign_out_everywhere", None),
    ("GET", "account", "/export", None),
    ("DELETE", "account", "", {"email": "jane@example.com"}),
]
"""Some of what wants a session."""


def _good(name: str, route: Route) -> Any:
    examples = BODIES.get(f"{route.method} /{name}{route.path}")
    return next(iter(examples.values())) if examples else None


GUARDED: list[tuple[str, str, str, Any]] = [
    (route.method, name, re.sub(r"{\w+}", "x1", route.path), _good(name, route))
    for name, route in routes()
    if route.access in (Access.USER, Access.EITHER)
]
"""All that wants a session."""
CHANGES = [call for call in GUARDED if call[0] != "GET"]


def test_nothing_heavy_is_loaded_for_what_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.functions.refusals"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["loaded"] == []
    asked = {(name, method) for name, method, _, _ in told["answers"]}
    assert {("oauth_callback", "GET"), ("settings", "PATCH"), ("sync", "POST")} <= asked
    refused = [answer for answer in told["answers"] if answer[0] != "ui"]  # the page is everybody's
    let_in = [answer for answer in refused if answer[3] not in (302, 401, 403, 404, 405, 413, 422)]
    assert let_in == []
    assert all(status != 302 or name == "oauth_callback" for name, _, _, status in told["answers"])


def test_no_preflight_is_answered_well(web: Site) -> None:
    for method, path, how in refusals("settings"):
        if method == "OPTIONS":
            with web.untouched():
                answer = client("settings").open(f"/settings{path}", method=method, **how)
            assert answer.status_code == 405
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example.com", f"{ORIGIN}.evil.com", ORIGIN + "/"])
def test_changes_come_from_our_own_pages_only(web: Site, jane: Browser, origin: str | None) -> None:
    jane.origin = origin
    before = web.account(jane)
    with web.untouched():
        for method, function, path, body in CHANGES:
            answer = jane.call(method, function, path, json=body)
            assert (answer.status, answer.json["type"]) == (403, "urn:contact-sync:other-origin"), (method, function)
        assert jane.post("account", "/sign_out").status == 403
    assert web.account(jane) == before


@pytest.fixture(scope="module")
def shut() -> Iterator[Site]:
    """An installation with one user, for browsers that are not let in."""
    with site() as web:
        web.jane()
        yield web


def cookies(web: Site) -> dict[str, str]:
    """Cookies that are no session; those that need no key to be told are named so."""
    keys, clock = web.stage.services.session_keys, web.clock
    now = clock.now().timestamp()
    uid = web.stage.services.store.query("users")[0].id
    claims = {"uid": uid, "began": now, "renewed": now}
    return {
        "none: ": "",
        "none: nonsense": "nonsense",
        "none: a number": "1.2",
        "none: long": "1." + "x" * 4000,
        "none: expired": Signer(keys, "session", clock).sign(claims, -1),
        "for another purpose": Signer(keys, "state", clock).sign(claims, 1000),
        "without a user": Signer(keys, "session", clock).sign({"began": now, "renewed": now}, 1000),
        "of nobody": Signer(keys, "session", clock).sign({**claims, "uid": "nobody"}, 1000),
        "begun too long ago": Signer(keys, "session", clock).sign({**claims, "began": now - 8 * 86400}, 1000),
        "changed": changed(Signer(keys, "session", clock).sign(claims, 1000)),
    }


def changed(text: str) -> str:
    return text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]


@pytest.mark.parametrize("call", GUARDED, ids=lambda call: f"{call[0]} {call[1]}{call[2]}")
def test_without_a_session_nobody_is_let_in(shut: Site, call: tuple[str, str, str, Any]) -> None:
    method, function, path, body = call
    secrets: Any = shut.world.secrets
    for kind, cookie in cookies(shut).items():
        browser = shut.browser()
        browser.cookies = {"session": cookie} if cookie else {}
        shut.clock.advance(70)  # rates forget
        watched = shut.stage.watched
        watched.reset()
        asked = len(secrets.asked)
        answer = browser.call(method, function, path, json=body)
        assert (answer.status, answer.json["type"]) == (401, "urn:contact-sync:signed-out"), kind
        assert watched.paths == (["users/nobody"] if kind == "of nobody" else []), kind
        if kind.startswith("none"):
            assert len(secrets.asked) == asked, kind


def test_nobody_touches_anothers_documents(web: Site, jane: Browser) -> None:
    joe = web.jane(email="joe@example.com")
    before = web.account(jane)
    uid = joe.uid
    watched = web.stage.watched
    watched.reset()
    for method, function, path, body in CALLS:
        if function == "account" and method != "GET":
            continue
        assert joe.call(method, function, path, json=body).status in (200, 409, 422), (method, function)
    assert joe.delete("account", {"email": "jane@example.com"}).wrong == ["email"]
    assert joe.delete("account", {"email": "joe@example.com"}).ok["done"]
    foreign = {path for path in watched.paths if not f"{path}/".startswith(f"users/{uid}/")}
    assert {path.partition("/")[0] for path in foreign} <= {"instances"}  # claims, by who made them
    assert web.account(jane) == before
    assert jane.post("sugar", "/test").ok


def test_a_session_that_is_not_used_ends(web: Site, jane: Browser) -> None:
    web.clock.advance(IDLE + 1)
    with web.untouched():
        assert jane.get("settings").status == 401


def test_a_session_in_use_is_renewed(web: Site, jane: Browser) -> None:
    first = jane.cookies["session"]
    assert jane.get("settings").ok
    assert jane.cookies["session"] == first
    web.clock.advance(301)
    assert jane.get("settings").ok
    assert jane.cookies["session"] != first


def test_guessing_cookies_is_slowed_down(web: Site) -> None:
    browser = web.browser()
    statuses = [browser.get("settings").status for _ in range(65)]
    assert statuses == [401] * 60 + [429] * 5


@pytest.mark.parametrize("call", CHANGES, ids=lambda call: f"{call[0]} {call[1]}{call[2]}")
def test_a_body_that_is_too_large_is_not_read(web: Site, call: tuple[str, str, str, Any]) -> None:
    method, function, path, _ = call
    with web.untouched():
        answer = client(function).open(
            f"/{function}{path}", method=method, data=b"x" * (MOST_BODY + 1), headers={"Origin": ORIGIN}
        )
    assert answer.status_code == 413


def test_every_answer_has_the_headers(web: Site, jane: Browser) -> None:
    for answer in (
        jane.get("settings"),
        jane.get("settings", "/x"),
        jane.get("oauth_start"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Strict-Transport-Security"]
