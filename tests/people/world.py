"""A Google account behind HTTP, and the side that talks to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shared.contact.model import Contact
from shared.names import Op
from shared.people.client import PeopleClient
from shared.people.fieldmap import PeopleFieldMap
from shared.people.oauth import CONTACTS_SCOPE, Tokens, TokenSource
from shared.people.scope import Scope
from shared.people.side import PeopleSide
from shared.people.transport import Transport
from shared.side import Key, Outcome, Page, Record, Write
from tests.people.contacts import field_map
from tests.simulators.people import PeopleSimulator, Switches
from tests.simulators.wire import Call, SimClock, Wire


class World:
    """One user's Google, simulated, and everything needed to reach it."""

    def __init__(self, **switches: Any) -> None:
        self.clock = SimClock()
        self.simulator = PeopleSimulator(self.clock, replace(Switches(), **{"feed_delay": 0.0, **switches}))
        self.account = self.simulator.account()
        self.wire = Wire(self.simulator, self.clock)
        self.saved: list[Tokens] = []
        self.tokens = Tokens(self.account.grant(), scopes=(CONTACTS_SCOPE,))
        self.gates: list[float] = []
        self.source: TokenSource
        self.client: PeopleClient
        self.side: PeopleSide

    def start(self) -> World:
        self.wire.start()
        self.connect()
        return self

    def connect(
        self,
        *,
        scope: str = "",
        label: str = "",
        leaving_deletes: bool = False,
        fieldmap: PeopleFieldMap | None = None,
        page_size: int = 1000,
        timeout: float = 60.0,
        max_answer: int = 10_000_000,
    ) -> PeopleSide:
        """A new side, as a new run makes it."""
        if hasattr(self, "client"):
            self.client.close()
        self.source = TokenSource(
            self.tokens,
            client_id=self.simulator.oauth.client_id,
            client_secret=self.simulator.oauth.client_secret,
            clock=self.clock,
            save=self._save,
            token_url=f"{self.wire.url}/token",
            gate=self.gates.append,
        )
        self.transport = Transport(self.source, gate=self.gates.append, timeout=timeout, max_answer=max_answer)
        self.client = PeopleClient(self.transport, endpoint=self.wire.url)
        fieldmap = fieldmap or field_map(memberships=(scope, label))
        self.side = PeopleSide(
            self.client,
            fieldmap,
            self.clock,
            region="US",
            scope=Scope(scope),
            label=label,
            leaving_deletes=leaving_deletes,
            page_size=page_size,
        )
        return self.side

    def _save(self, tokens: Tokens) -> None:
        self.saved.append(tokens)
        self.tokens = tokens

    def close(self) -> None:
        self.client.close()
        self.wire.stop()

    # -- looking -------------------------------------------------------------------------------------

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """The API's methods called inside the block, token refreshes apart; filled when it ends."""
        names: list[str] = []
        with self.wire.counted() as made:
            yield names
        names += [name_of(call) for call in made if call.request.path != "/token"]

    def listing(self) -> tuple[list[Key], Page]:
        """A full listing to its end; its keys and its last page."""
        cursor = self.side.start_full()
        keys: list[Key] = []
        while True:
            page = self.side.page(cursor)
            keys += page.keys
            if page.cursor is None:
                return keys, page
            cursor = page.cursor

    def record(self, name: str) -> Record:
        found = self.side.read([name])[name]
        assert isinstance(found, Record)
        return found

    @property
    def size(self) -> int:
        """How many contacts live."""
        return len(self.account.people())

    # -- writing -------------------------------------------------------------------------------------

    def create(self, *targets: Contact) -> list[Outcome]:
        return self.side.apply(self.creates(*targets))

    def creates(self, *targets: Contact) -> list[Write]:
        return [
            Write(f"i{n}", Op.CREATE, self.side.fields.create(target, f"key{n}"), key=f"key{n}")
            for n, target in enumerate(targets)
        ]

    def update(self, name: str, target: Contact, changed: Sequence[str], *, intent: str = "", key: str = "k") -> Write:
        record = self.record(name)
        memo = self.side.fields.view(record.native, {}, None).memo
        payload = self.side.fields.update(record.native, memo, target, changed, key)
        return Write(
            intent or f"u-{name}", Op.UPDATE, payload, id=name, version=record.version, before=record.native, key=key
        )

    @staticmethod
    def delete(name: str) -> Write:
        return Write(f"d-{name}", Op.DELETE, {}, id=name)


def name_of(call: Call) -> str:
    """What was called, without the names of contacts."""
    path = call.request.path.removeprefix("/v1/")
    last = path.rpartition(":")[2] if ":" in path else path
    return last if last in ("people/me/connections", "contactGroups") or ":" in path else "get"
