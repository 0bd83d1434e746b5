"""A simulated Sugar with one user, and our side signed in to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shared.contact.fields import FIELDS
from shared.contact.model import Contact, Email
from shared.names import Op
from shared.side import Key, Page, Record, Write
from shared.sugar import metadata
from shared.sugar.reach import LOOPBACK
from shared.sugar.session import SugarSession, sign_in
from shared.sugar.side import SugarSide
from shared.sugar.tokens import Tokens
from tests.simulators.sugar import SugarSimulator, Switches
from tests.simulators.wire import Call, SimClock, Wire

PLATFORM = "contact-sync"
PASSWORD = "secret"


class World:
    """What a test needs of both ends of the wire."""

    def __init__(self, sim: SugarSimulator, wire: Wire, clock: SimClock) -> None:
        self.sim = sim
        self.wire = wire
        self.clock = clock
        self.me = sim.add_user("jane", PASSWORD)
        self.gated: list[float] = []
        self.saved: list[Tokens] = []
        self.session = self.new_session(self.sign_in())

    def gate(self, seconds: float) -> None:
        self.gated.append(seconds)

    def sign_in(self, password: str = PASSWORD) -> Tokens:
        return sign_in(
            self.wire.url, "jane", password, platform=PLATFORM, clock=self.clock, gate=self.gate, policy=LOOPBACK
        )

    def new_session(self, tokens: Tokens) -> SugarSession:
        return SugarSession(
            self.wire.url, tokens, self.saved.append, self.clock, self.gate, platform=PLATFORM, policy=LOOPBACK
        )

    def side(self, *, scope: str = "assigned", synced: Sequence[str] = tuple(FIELDS), **more: Any) -> SugarSide:
        me = self.session.me()
        schema = metadata.fetch(self.session, me.get("acl"))
        return SugarSide(self.session, schema, synced, scope=scope, me=me["id"], region="US", clock=self.clock, **more)

    def calls(self, calls: Sequence[Call]) -> list[str]:
        """Calls by method and path below the version, ids left out."""
        return [call.name.replace("/rest/v11", "") for call in calls]


@contextmanager
def world(switches: Switches | None = None, **more: Any) -> Iterator[World]:
    clock = SimClock()
    sim = SugarSimulator(clock, switches, **more)
    with Wire(sim, clock) as wire:
        found = World(sim, wire, clock)
        try:
            yield found
        finally:
            found.session.close()
        assert not sim.crashes


def contact(first: str = "Ann", last: str = "Smith", *emails: str, **values: str) -> Contact:
    return Contact({"first_name": first, "last_name": last, **values}, tuple(map(Email, emails)))


def create(side: SugarSide, target: Contact, intent: str = "i") -> Write:
    return Write(intent, Op.CREATE, side.fields.create(target, ""))


def read(side: SugarSide, contact_id: str) -> Record:
    found = side.read([contact_id])[contact_id]
    assert isinstance(found, Record)
    return found


def update(side: SugarSide, record: Record, target: Contact, *changed: str) -> Write:
    payload = side.fields.update(record.native, {}, target, changed, "")
    return Write("u", Op.UPDATE, payload, record.id, record.version, record.native)


def delete(record: Record) -> Write:
    return Write("d", Op.DELETE, {}, record.id, record.version, record.native)


def listed(side: SugarSide, cursor: Any) -> tuple[list[Key], Page]:
    """All keys of a listing, and its last page."""
    keys: list[Key] = []
    for _ in range(200):
        page = side.page(cursor)
        keys += page.keys
        if page.last:
            return keys, page
        cursor = page.cursor
    raise AssertionError("the listing does not end")


def delta_of(side: SugarSide) -> Any:
    """A full listing, and where the first delta starts."""
    _, last = listed(side, side.start_full())
    return last.delta
