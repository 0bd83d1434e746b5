"""Every route there is: headers, cookies, origins, sizes, methods, and addresses that are written oddly."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from shared.account.sign_in import uid_of
from shared.web.function import HEADERS, MOST_BODY
from shared.web.route import Access, Route
from tests.examples import BODIES
from tests.openapi import routes
from tests.site.browser import Answer, Browser
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


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with running(each=1) as made:
        yield made


@pytest.fixture(scope="module")
def uid(site: Running) -> str:
    """Of somebody who has signed in."""
    site.jane().close()
    return uid_of(site.town.account.subject)


@pytest.fixture
def nobody(site: Running) -> Iterator[Browser]:
    """Somebody who has not signed in."""
    site.clock.advance(301)  # rates are another test's matter
    with closing(site.browser()) as browser:
        yield browser


@pytest.fixture
def jane(site: Running, uid: str, nobody: Browser) -> Browser:
    """That somebody, just signed in."""
    name, _, value = site.services.sessions.begin(uid).partition(";")[0].partition("=")
    nobody.cookies[name] = value
    return nobody


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


# -- addresses ---------------------------------------------------------------------------------------

ODD = [
    "/",
    "/nothing",
    "/STATUS",
    "/./status",
    "/../status",
    "/nothing/../status",
    "/status%00",
    "/status%0a",
    "/status;a=b",
    "/status/x",
    "/status//x",
    "/status/..",
    "/status/../account/export",
    "/status/%2e%2e/account/export",
    "/status%2f..%2faccount%2fexport",
    "/history/a%2fb",
    "/history/..%2f..%2f..%2fusers",
    "/history/..",
    "/history/.",
    "/history/%2e%2e",
    "/history/%00",
    "/history/%ff%fe",
    "/history/__x__",
    "/history/%0a",
    "/history/a%0db",
    "/history/" + "a" * 301,
    "/history/" + "a" * 5000,
    "/history/" + "%C3%A4" * 300,
    "/backlog/" + "../" * 300 + "users",
    "/robots.txt",
    "/status/robots.txt",
    "/status/favicon.ico",
    "/favicon.ico",
    "/main.py",
    "/functions/status/main.py",
    "/openapi.yaml",
]


@pytest.mark.parametrize("path", ODD, ids=lambda path: path[:40])
def test_addresses_that_lead_nowhere(path: str, site: Running, jane: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in jane.cookies.items())
    status, headers, content = raw(site, f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n")
    assert status == 404
    for name, value in HEADERS.items():
        assert headers.get(name.lower()) == value, name
    # The second one where no function is named.
    assert headers["content-type"] in ("application/problem+json", "text/plain; charset=utf-8")
    assert "uid" not in content


@pytest.mark.parametrize(
    "path",
    ["/status/", "//status", "/%2fstatus", "/%73tatus", "/status?x=" + "a" * 5000, "http://other.example/status"],
)
def test_addresses_that_are_well_meant(path: str, site: Running, jane: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in jane.cookies.items())
    status, _, _ = raw(site, f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n")
    assert status == 200


@pytest.mark.parametrize(
    "head",
    [
        "GET /status HTTP/1.1\r\nCookie: " + "a=b; " * 60_000 + "\r\n",
        "GET /" + "a" * 300_000 + " HTTP/1.1\r\n",
        "POST /sync HTTP/1.1\r\nContent-Length: 99999999\r\n",
        "POST /sync HTTP/1.1\r\nContent-Length: -1\r\n",
        "POST /sync HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "POST /sync HTTP/1.1\r\nTransfer-Encoding: gzip\r\n",
        "GET /status\r\n",
        "\x00\x01\x02\r\n",
        "GET /status HTTP/1.1\r\nX-Forwarded-For: " + "(" * 1000 + "\r\n",
        "GET /status HTTP/1.1\r\nCookie: session=\x80\xff; ;;=;\x22\r\n",
        "GET /status HTTP/1.1\r\nCookie: session=1.x; session=2.y; session=\r\n",
        "GET /status HTTP/1.1\r\nX-Cloud-Trace-Context: ;;;;\r\n",
    ],
    ids=lambda head: head[:24].encode("unicode_escape").decode(),
)
def test_heads_that_no_browser_sends(head: str, site: Running, nobody: Browser) -> None:
    status, _, _ = raw(site, head)
    assert 400 <= status < 500 or status == 501
    assert nobody.get("/status").status == 401, "it goes on"


def raw(site: Running, head: str) -> tuple[int, dict[str, str], str]:
    """What is answered to these very bytes."""
    host, _, port = site.url.partition("://")[2].partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as wire:
        got = b""
        try:
            wire.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1"))
            while part := wire.recv(65536):
                got += part
        except ConnectionError:
            # Nobody reads on what is too long; the answer may be lost with it.
            got = got or b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    first, _, rest = got.decode("latin-1").partition("\r\n")
    names, _, content = rest.partition("\r\n\r\n")
    headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in names.split("\r\n") if line}
    return int(first.split(" ")[1]), headers, content


# -- cookies -----------------------------------------------------------------------------------------


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
