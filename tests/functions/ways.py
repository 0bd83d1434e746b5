"""The way through Google, step by step."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.account.grants import grants_path
from tests.functions.site import JANE, Browser, Site


def query_of(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}


def started(browser: Browser, **query: Any) -> str:
    """Where Google sends the browser back to."""
    browser.site.world.people.account(JANE)
    return browser.at_google(browser.get("oauth_start", **query).headers["Location"])


def place(browser: Browser, url: str, **changes: str) -> str:
    """Where the browser ends up that comes back with these parameters."""
    query = {**query_of(url), **changes}
    answer = browser.get("oauth_callback", **{name: value for name, value in query.items() if value})
    assert answer.status == 302, answer
    return str(answer.headers["Location"])


def grants(web: Site, uid: str) -> dict[str, Any]:
    doc = web.world.store.inner.get(grants_path(uid))
    return doc.data if doc else {}
