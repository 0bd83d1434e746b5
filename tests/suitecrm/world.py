"""A simulated SuiteCRM with one user, and our side signed in to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shared.contact.fields import FIELDS
from shared.contact.model import Contact, Email
from shared.names import Op
from shared.side import Key, Page, Record, Write
from shared.sugar.reach import LOOPBACK
from shared.suitecrm import schema
from shared.suitecrm.grant import SuiteTokens
from shared.suitecrm.session import SuiteSession, find, sign_in
from shared.suitecrm.side import SuiteSide
from tests.older import method_of
from tests.simulators.suitecrm import SuiteSimulator, Switches
from tests.simulators.wire import SimClock, Wire

PASSWORD = "secret"


class World:
    """What a test needs of both ends of the wire."""

    def __init__(self, sim: SuiteSimulator, wire: Wire, clock: SimClock) -> None:
        self.sim = sim
        self.wire = wire
        self.clock = clock
        self.me = sim.add_user("jane", PASSWORD)
        self.saved: list[SuiteTokens] = []
        found = find(wire.url, clock, lambda _: None, LOOPBACK)
        assert found is not None
        self.address, self.version = found.address, found.version
        self.session = self.new_session(self.sign_in())
        self._n = 0

    def sign_in(self, password: str = PASSWORD) -> SuiteTokens:
        return sign_in(self.address, "jane", password, clock=self.clock, gate=lambda _: None, policy=LOOPBACK)

    def new_session(self, tokens: SuiteTokens) -> SuiteSession:
        return SuiteSession(self.address, tokens, self.saved.append, self.clock, lambda _: None, policy=LOOPBACK)

    def side(self, *, scope: str = "assigned", synced: Sequence[str] = tuple(FIELDS), **more: Any) -> SuiteSide:
        known = schema.fetch(self.session)
        return SuiteSide(self.session, known, synced, scope=scope, me=self.me, region="US", clock=self.clock, **more)

    def create(self, side: SuiteSide, target: Contact) -> Write:
        self._n += 1
        intent = f"i{self._n}"
        return Write(intent, Op.CREATE, side.fields.create(target, ""), side.choose_id(intent))

    def calls(self, since: int = 0) -> list[str]:
        """The methods that were called."""
        return [method_of(call.request) for call in self.wire.log[since:]]


@contextmanager
def world(switches: Switches | None = None, **more: Any) -> Iterator[World]:
    clock = SimClock()
    sim = SuiteSimulator(clock, switches, **more)
    with Wire(sim, clock) as wire:
        found = World(sim, wire, clock)
        try:
            yield found
        finally:
            found.session.close()
        assert not sim.crashes


def contact(first: str = "Ann", last: str = "Smith", *emails: str, **values: str) -> Contact:
    return Contact({"first_name": first, "last_name": last, **values}, tuple(map(Email, emails)))


def read(side: SuiteSide, contact_id: str) -> Record:
    found = side.read([contact_id])[contact_id]
    assert isinstance(found, Record), found
    return found


def update(side: SuiteSide, record: Record, target: Contact, *changed: str) -> Write:
    payload = side.fields.update(record.native, {}, target, changed, "")
    return Write(f"u-{record.id}", Op.UPDATE, payload, record.id, record.version, record.native)


def delete(record: Record) -> Write:
    return Write(f"d-{record.id}", Op.DELETE, {}, record.id, record.version, record.native)


def listed(side: SuiteSide, cursor: Any) -> tuple[list[Key], Page]:
    """All keys of a listing, and its last page."""
    keys: list[Key] = []
    for _ in range(200):
        page = side.page(cursor)
        keys += page.keys
        if page.last:
            return keys, page
        cursor = page.cursor
    raise AssertionError("the listing does not end")
