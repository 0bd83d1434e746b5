"""A browser, as far as the functions can tell: real HTTP, its own cookies, redirects followed one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import requests

MAX_REDIRECTS = 6


@dataclass(frozen=True)
class Answer:
    """One answer, as it came."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes
    cookies: tuple[str, ...]
    """Whole ``Set-Cookie`` values."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ok(self) -> Any:
        """The answer of a call that has to succeed."""
        assert self.status == 200, (self.status, self.body[:500])
        return self.json

    @property
    def problem(self) -> tuple[int, str]:
        """Status and code of an answer that says what is wrong."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body[:500])
        problem = self.json
        assert problem["status"] == self.status
        return self.status, problem["type"].removeprefix("urn:contact-sync:")


@dataclass
class Browser:
    """Somebody in front of a screen."""

    url: str
    """Of the site, which is also the origin."""
    cookies: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    """All of the site's."""
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, json=body)

    def put(self, path: str, body: Any) -> Answer:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, **body: Any) -> Answer:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str, body: Any = None) -> Answer:
        return self.call("DELETE", path, json=body)

    def call(self, method: str, path: str, **how: Any) -> Answer:
        """One request to the site."""
        headers = {**({} if method in ("GET", "HEAD") else {"Origin": self.url}), **how.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._send(method, self.url + path, headers=headers, **how)
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        self.answers.append(answer)
        return answer

    def sign_in(self, **query: Any) -> str:
        """Goes to Google and comes back, as often as it is sent; where on the site that ends."""
        answer = self.get("/oauth_start", **query)
        for _ in range(MAX_REDIRECTS):
            assert answer.status == 302, (answer.status, answer.body)
            there = answer.headers["Location"]
            if there.startswith("/"):
                return there
            answer = self.get(there.removeprefix(self.url)) if there.startswith(self.url) else self._send("GET", there)
        raise AssertionError("sent round and round")

    def _send(self, method: str, url: str, **how: Any) -> Answer:
        answer = self._session.request(method, url, allow_redirects=False, timeout=60, **how)
        self._session.cookies.clear()
        cookies = tuple(answer.raw.headers.getlist("Set-Cookie"))
        return Answer(answer.status_code, answer.headers, answer.content, cookies)
