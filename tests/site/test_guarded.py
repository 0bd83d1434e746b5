"""Every route there is: headers, cookies, origins, sizes and methods."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from shared.web.function import MOST_BODY
from shared.web.route import Access, Route
from tests.examples import BODIES
from tests.openapi import routes
from tests.site.browser import Answer, Browser
from tests.site.headers import HEADERS
from tests.site.running import Running, running

ROUTES = [(f"/{name}{route.path}", route) for name, route in routes()]
ADDRESSES = sorted({path for path, _ in ROUTES})


def each(wanted: Callable[[Route], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Runs a test for each route that is wanted."""
    found = [pytest.param(path, route, id=f"{route.method} {path}") for path, route in ROUTES if wanted(route)]
    return pytest.mark.parametrize(("path", "route"), found)


def changes(route: Route) -> bool:
    return route.method != "GET"


def takes_a_body(route: Route) -> bool:
    return route.body is not None


def place(path: str) -> str:
    return re.sub(r"{\w+}", "x1", path)


def body(path: str, route: Route) -> Any:
    """A good one."""
    examples = BODIES.get(f"{route.method} {path}")
    return next(iter(examples.values())) if examples else None


def guarded(answer: Answer) -> None:
    """What every answer has."""
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, name
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "Server" not in answer.headers
    if answer.body:
        assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")
    for cookie in answer.cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")), cookie
        assert "domain" not in cookie.lower()


# -- who is let in -----------------------------------------------------------------------------------


@each()
def test_without_a_session(path: str, route: Route, nobody: Browser) -> None:
    answer = nobody.call(route.method, place(path), json=body(path, route))
    guarded(answer)
    if route.access is Access.OPEN:
        assert answer.status in (204, 302)
    elif route.access is Access.PLATFORM:
        assert answer.problem == (403, "not-the-platform")
    else:
        assert answer.problem == (401, "signed-out")


@each(changes)
@pytest.mark.parametrize("origin", [None, "null", "", "https://{}", "http://{}.evil.example", "http://{}/", "http://a"])
def test_a_change_from_elsewhere(path: str, route: Route, origin: str | None, site: Running, jane: Browser) -> None:
    host = site.url.partition("://")[2]
    sent = None if origin is None else origin.format(host)
    answer = jane.call(route.method, place(path), json=body(path, route), headers={"Origin": sent})
    guarded(answer)
    if route.access is Access.PLATFORM:
        assert answer.problem == (403, "not-the-platform")
    else:
        assert answer.problem == (403, "other-origin")


@each()
def test_a_token_is_no_session(path: str, route: Route, site: Running, nobody: Browser) -> None:
    for token in ("Bearer x", "Bearer ", f"Basic {site.token()}", f"Bearer {site.token()}x", "é"):
        answer = nobody.call(
            route.method, place(path), json=body(path, route), headers={"Authorization": token.encode("latin-1")}
        )
        guarded(answer)
        if route.access is not Access.OPEN:
            assert answer.status in (401, 403)


def test_a_session_opens_nothing_that_is_the_platforms(site: Running, jane: Browser) -> None:
    for path, route in ROUTES:
        if route.access is Access.PLATFORM:
            assert jane.call(route.method, path).problem == (403, "not-the-platform")
            jane.cookies.clear()
            answer = jane.call(route.method, path, headers={"Authorization": f"Bearer {site.token()}"})
            assert answer.status == 200


# -- sizes -------------------------------------------------------------------------------------------


@each(changes)
@pytest.mark.parametrize("way", ["whole", "in pieces"])
def test_a_body_that_is_too_large(path: str, route: Route, way: str, nobody: Browser) -> None:
    large = b'{"name": "' + b"x" * MOST_BODY + b'"}'
    data = iter([large[:1000], large[1000:]]) if way == "in pieces" else large
    answer = nobody.call(route.method, place(path), data=data, headers={"Content-Type": "application/json"})
    guarded(answer)
    assert answer.problem == (413, "too-large")


@each(takes_a_body)
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", {400}),
        (b"{", {400}),
        (b"[" * 60_000, {400, 422}),
        (b"\xff\xfe{}", {400}),
        (b'{"name": "\\ud800"}', {400, 422}),
        (b"[]", {422}),
        (b"null", {422}),
        (b"1e999999", {400, 422}),
        (b'{"limit": ' + b"9" * 5000 + b"}", {400, 422}),
        (b'{"__proto__": {}}', {422}),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else "",
)
def test_a_body_that_is_no_body(path: str, route: Route, sent: bytes, status: set[int], jane: Browser) -> None:
    answer = jane.call(route.method, path, data=sent, headers={"Content-Type": "application/json"})
    guarded(answer)
    assert answer.problem[0] in status


@each(takes_a_body)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_a_body_that_a_form_could_send(path: str, route: Route, kind: str | None, jane: Browser) -> None:
    answer = jane.call(route.method, path, data=json.dumps(body(path, route)), headers={"Content-Type": kind})
    guarded(answer)
    assert answer.problem == (415, "not-json")


# -- methods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST", "GET", "PROPFIND", "X"])
def test_other_methods(path: str, method: str, site: Running, jane: Browser) -> None:
    there = {route.method for other, route in ROUTES if other == path}
    if method in there:
        return
    preflight = (
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"} if method == "OPTIONS" else {}
    )
    answer = jane.call(method, place(path), headers=preflight)
    guarded(answer)
    assert answer.problem == (405, "wrong-method")
    assert set(answer.headers["Allow"].split(", ")) == there


@each(lambda route: not changes(route))
def test_head_is_get_without_the_body(path: str, route: Route, site: Running, jane: Browser) -> None:
    whole, head = jane.get(place(path)), jane.call("HEAD", place(path))
    guarded(head)
    assert (head.status, head.body) == (whole.status, b"")
    assert head.headers.get("Content-Type") == whole.headers.get("Content-Type")


# -- cookies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "others",
    ['{"a": 1}=x', 'prefs={"lang": "de"}', "a=b c", "a[b]=1", "=x", "x", 'a="x', "a=\xfc\xff", 'bad"=;', ";;,;"],
    ids=ascii,
)
@pytest.mark.parametrize("before", [True, False])
def test_cookies_of_others_on_this_host_do_no_harm(others: str, before: bool, jane: Browser) -> None:
    (ours,) = (f"{name}={value}" for name, value in jane.cookies.items())
    jane.cookies.clear()
    cookies = f"{others}; {ours}" if before else f"{ours}; {others}"
    assert jane.call("GET", "/status", headers={"Cookie": cookies.encode("latin-1")}).status == 200


def test_cookies_behind_https() -> None:
    """The session's is bound to this host and to https; on loopback browsers would not take it so."""
    with running(each=1, PUBLIC_URL="https://contacts.example.com") as site:
        browser = site.browser()
        start = browser.get("/oauth_start")
        back = browser._send("GET", start.headers["Location"]).headers["Location"]
        assert back.startswith("https://contacts.example.com/oauth_callback?")
        browser.get(back.removeprefix("https://contacts.example.com"))
        browser.call("POST", "/account/sign_out", headers={"Origin": "https://contacts.example.com"})
        lines = [line for answer in browser.answers for line in answer.cookies]
    assert len(lines) == 4, "sign-in begun, session begun, sign-in ended, session ended"
    for line in lines:
        assert line.startswith("__Host-")
        assert "; Secure" in line
    for answer in browser.answers:
        guarded(answer)


def test_which_routes_set_cookies(site: Running) -> None:
    """All that do are known; any other answer renews the session at most."""
    browser = site.jane()
    setting = set()
    for path, route in ROUTES:
        if (route.method, path) in (("DELETE", "/account"), ("DELETE", "/sugar")):
            continue
        answer = browser.call(route.method, place(path), json=body(path, route))
        guarded(answer)
        setting |= {(route.method, path) for line in answer.cookies if "Max-Age=0" in line or "sign-in" in line}
        assert not [line for line in answer.cookies if "; Secure" in line or line.startswith("__Host-")]
        if not browser.cookies.get("session"):
            browser.sign_in()
        site.clock.advance(301)
    assert setting == {
        ("GET", "/oauth_start"),
        ("POST", "/account/sign_out"),
        ("POST", "/account/sign_out_everywhere"),
    }
