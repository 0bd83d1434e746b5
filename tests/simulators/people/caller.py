"""One user's hands on a served simulator: plain HTTP, and the real googleapiclient."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import requests
from googleapiclient.discovery import build

from tests.simulators.people import PeopleSimulator, Switches
from tests.simulators.people.errors import Json
from tests.simulators.wire import SimClock, Wire

TIMEOUT = 30
FIELDS = "names,emailAddresses,phoneNumbers,addresses,memberships,clientData,metadata"


class Answer(dict[str, str]):
    """Headers and status, as googleapiclient reads them."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__({name.lower(): value for name, value in answer.headers.items()})
        self.status = answer.status_code
        self.reason = answer.reason


class Http:
    """The transport that googleapiclient asks for, on ``requests``: sends each call once."""

    def __init__(self, token: str) -> None:
        self._session = requests.Session()
        self._token = token

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any
    ) -> tuple[Answer, bytes]:
        if isinstance(body, str):
            body = body.encode()
        headers = {**(headers or {}), "authorization": f"Bearer {self._token}"}
        answer = self._session.request(method, uri, data=body, headers=headers, timeout=TIMEOUT)
        return Answer(answer), answer.content

    def close(self) -> None:
        self._session.close()


class Caller:
    """An account, signed in."""

    def __init__(self, sim: PeopleSimulator, clock: SimClock, wire: Wire) -> None:
        self.sim = sim
        self.clock = clock
        self.wire = wire
        self.account = sim.account("jane@example.com")
        self.refresh_token = self.account.grant()
        self.renew()
        self.session = requests.Session()

    def renew(self) -> None:
        """A new access token."""
        self.token = self.sim.access_token(self.account, self.refresh_token)

    def raw(
        self, verb: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any
    ) -> requests.Response:
        """One call, answer as it is."""
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        url = f"{self.wire.url}/v1/{path}"
        return self.session.request(verb, url, params=query, json=body, headers=headers, timeout=TIMEOUT)

    def ok(self, verb: str, path: str, body: Any = None, **query: Any) -> Json:
        """One call that has to succeed."""
        answer = self.raw(verb, path, body, **query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def refused(self, code: int, verb: str, path: str, body: Any = None, **query: Any) -> Json:
        """One call that has to fail with this code; its ``error``."""
        answer = self.raw(verb, path, body, **query)
        assert answer.status_code == code, answer.text
        error: Json = answer.json()["error"]
        assert error["code"] == code
        return error

    def create(self, **person: Any) -> Json:
        """``people:createContact``."""
        return self.ok("POST", "people:createContact", person, personFields=FIELDS)

    def get(self, name: str, fields: str = FIELDS, **query: Any) -> Json:
        """``people.get``."""
        return self.ok("GET", name, personFields=fields, **query)

    def update(self, person: Json, mask: str, **fields: Any) -> Json:
        """``updateContact`` of a person as read, with some fields replaced."""
        body = {**person, **fields}
        path = f"{person['resourceName']}:updateContact"
        return self.ok("PATCH", path, body, updatePersonFields=mask, personFields=FIELDS)

    def list(self, **query: Any) -> Json:
        """One page of the connections."""
        return self.ok("GET", "people/me/connections", **{"personFields": "names,metadata", **query})

    def sync_token(self, **query: Any) -> str:
        """The token of a full listing, once everything written so far shows up."""
        self.settle()
        page = self.list(requestSyncToken="true", pageSize=1000, **query)
        token: str = page["nextSyncToken"]
        return token

    def delta(self, token: str) -> Json:
        """What changed since, as seen at once."""
        return self.list(syncToken=token, pageSize=1000)

    def settle(self) -> None:
        """Lets every write reach the change feed."""
        self.clock.advance(self.account.book.feed_delay)

    def client(self) -> Any:
        """The real googleapiclient."""
        return build(
            "people",
            "v1",
            static_discovery=True,
            client_options={"api_endpoint": self.wire.url},
            http=Http(self.token),
        )


@contextmanager
def serving(**switches: Any) -> Iterator[Caller]:
    """A served simulator with these switches."""
    clock = SimClock()
    sim = PeopleSimulator(clock, dataclasses.replace(Switches(), **switches))
    with Wire(sim, clock) as wire:
        caller = Caller(sim, clock, wire)
        try:
            yield caller
        finally:
            caller.session.close()


def ann(**more: Any) -> Json:
    """A person to enter."""
    return {"names": [{"givenName": "Ann", "familyName": "Lee"}], **more}


def drawn(seed: int) -> Switches:
    """A set of switches."""
    return Switches.draw(Random(seed))  # noqa: S311 - not for secrets
