"""Addresses that are written oddly, and requests that no browser sends."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest

from tests.site.browser import Browser
from tests.site.headers import HEADERS
from tests.site.running import Running

ODD = [
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
    "/ui/main.py",
    "/ui/page/app.js",
    "/ui/../main.py",
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
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(content)["status"] == 404
    assert "uid" not in content


@pytest.mark.parametrize(
    "path",
    ["/status/", "//status", "/%2fstatus", "/%73tatus", "/settings?x=" + "a" * 5000, "http://other.example/status"],
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
