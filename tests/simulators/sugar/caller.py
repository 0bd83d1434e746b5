"""A bare client of the simulator for tests of the simulator itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.simulators.sugar.simulator import SugarSimulator
from tests.simulators.sugar.switches import Switches
from tests.simulators.wire import SimClock, Wire

TIMEOUT = 10
PASSWORD = "secret"


class Caller:
    """Calls one simulator as one user; each answer is taken as it is."""

    def __init__(self, sim: SugarSimulator, wire: Wire, platform: str = "sync") -> None:
        self.sim = sim
        self.wire = wire
        self.platform = platform
        self.http = requests.Session()

    def call(
        self, method: str, path: str, body: Any = None, *, version: str | None = "v11_10", **headers: str | None
    ) -> requests.Response:
        """Underscores in names of headers are hyphens; ``None`` leaves one out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.wire.url}/rest/{version}/{path}" if version else f"{self.wire.url}/rest/{path}"
        return self.http.request(method, url, json=body, headers=named, timeout=TIMEOUT, allow_redirects=False)

    def token(self, **body: Any) -> requests.Response:
        base = {"client_id": "sugar", "client_secret": "", "platform": self.platform}
        return self.call("POST", "oauth2/token", {**base, **body})

    def sign_in(self, name: str = "jane", password: str = PASSWORD) -> dict[str, Any]:
        """Signs in, and uses the access token from now on."""
        answer = self.token(grant_type="password", username=name, password=password)
        assert answer.status_code == 200, answer.text
        grant: dict[str, Any] = answer.json()
        self.http.headers["OAuth-Token"] = grant["access_token"]
        return grant

    def ok(self, method: str, path: str, body: Any = None, **headers: str | None) -> Any:
        answer = self.call(method, path, body, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status: int, label: str, method: str, path: str, body: Any = None, **headers: str | None) -> None:
        """Asserts that the call is refused so, with an error as all errors are."""
        answer = self.call(method, path, body, **headers)
        assert (answer.status_code, answer.json()["error"]) == (status, label)
        assert isinstance(answer.json()["error_message"], str)

    def filter(self, *clauses: Any, **arguments: Any) -> list[str]:
        """The ids of one page, by id."""
        body = {"order_by": "id:ASC", "fields": "id", "max_num": 200, "filter": list(clauses), **arguments}
        return [record["id"] for record in self.ok("POST", "Contacts/filter", body)["records"]]

    def bulk(self, *items: tuple[str, str, Any], headers: Any = None) -> list[dict[str, Any]]:
        """Items as method, path, body."""
        rows: list[dict[str, Any]] = [{"method": method, "url": f"/v11_10/{path}"} for method, path, _ in items]
        for row, (_, _, body) in zip(rows, items, strict=True):
            if body is not None:
                row["data"] = json.dumps(body)
            if headers is not None:
                row["headers"] = headers
        answers: list[dict[str, Any]] = self.ok("POST", "bulk", {"requests": rows})
        return answers


@contextmanager
def serving(switches: Switches | None = None, *, signed_in: bool = True, **more: Any) -> Iterator[Caller]:
    """A simulator with the user jane, served and called."""
    clock = SimClock()
    sim = SugarSimulator(clock, switches, **more)
    sim.add_user("jane", PASSWORD)
    with Wire(sim, clock) as wire:
        caller = Caller(sim, wire)
        with caller.http:
            if signed_in:
                caller.sign_in()
            yield caller
            assert not sim.crashes
