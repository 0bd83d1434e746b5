"""Both simulators, a store, and the real engine with the real connectors between them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.account import dialects
from shared.account.connect import Connections
from shared.account.dialects import Login
from shared.account.grants import GoogleGrant, Grants, GrantStore, SugarGrant, pair_id
from shared.account.keyring import KeyRing
from shared.account.secrets import Secrets
from shared.account.vault import Vault
from shared.clock import Clock
from shared.errors import SyncError
from shared.names import SideName
from shared.people import oauth
from shared.people.endpoints import GoogleEndpoints, OAuthClient
from shared.side import Gate, Side
from shared.store.codec import size
from shared.store.port import Change, Doc, Put, Store, Version
from shared.store.sqlite import SqliteStore
from shared.sugar.reach import LOOPBACK
from shared.sugar.tokens import Tokens
from shared.sync import inbox
from shared.sync.engine import Engine
from shared.sync.head import Head
from shared.sync.limits import Limits
from shared.sync.link import Link
from shared.sync.paths import Paths
from shared.sync.plain import plain
from shared.sync.queue import READY
from shared.sync.remedies import Remedy
from shared.sync.report import Report, Status
from shared.sync.settings import Settings, parse
from tests import older
from tests.cloud.memory import MemorySecrets
from tests.simulators.people import PeopleSimulator
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar import SugarSimulator
from tests.simulators.sugar import Switches as SugarSwitches
from tests.simulators.suitecrm import SuiteSimulator
from tests.simulators.suitecrm import Switches as SuiteSwitches
from tests.simulators.wire import Call, SimClock, Wire

PLATFORM = "contact-sync"
PASSWORD = "simulated-password"
TOKEN_KEYS = "token-keys"
"""The secret whose keys seal the users' tokens."""


class SerialIds:
    """Ids by number, in order."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._n = 0

    def new(self) -> str:
        self._n += 1
        return f"{self._prefix}{self._n:08d}"


class CountingStore:
    """A store that counts what the engine reads and writes; everything else is the store behind it."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.read = 0
        self.written = 0
        self.commits = 0
        self.largest = 0
        """Bytes of the largest commit."""
        self.largest_document = 0
        self.on_step: Callable[[str], None] = lambda _: None
        """Told before and after every commit; raising there is a crash at that place."""

    def reset(self) -> None:
        self.read = self.written = self.commits = self.largest = self.largest_document = 0

    def get(self, path: str) -> Doc | None:
        self.read += 1
        return self.inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = list(paths)
        self.read += len(wanted)
        return self.inner.get_all(wanted)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        found = self.inner.query(collection, where, **how)
        self.read += len(found)
        return found

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        found = self.inner.query_group(group, where, **how)
        self.read += len(found)
        return found

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        self.on_step("before commit")
        sizes = [size(change) for change in changes]
        self.largest = max(self.largest, sum(sizes))
        self.largest_document = max(self.largest_document, *sizes)
        versions = self.inner.commit(changes)
        self.commits += 1
        self.written += len(changes)
        self.on_step("after commit")
        return versions

    def close(self) -> None:
        self.inner.close()


@dataclass
class User:
    """One user of the product: a Sugar user and a Google account."""

    world: World
    uid: str
    sugar_user: str
    account: Any
    paths: Paths
    engine: Engine
    connections: Connections
    settings: Settings

    def set(self, **changes: Any) -> None:
        """Changes settings as a browser does: the document, and a wish in the inbox."""
        raw = {**plain(self.settings), **changes}
        for name in ("from_sugar", "from_google"):
            if name in changes:
                raw[name] = {**plain(getattr(self.settings, name)), **changes[name]}
        self.settings = parse(raw)
        self.world.store.commit([Put(self.paths.user, {"settings": plain(self.settings)})])
        self.wish(kind="settings")

    def wish(self, **what: Any) -> None:
        """Leaves a document in the inbox."""
        told = {name: what.pop(name) for name in Remedy.__struct_fields__ if what["kind"] == "release" and name in what}
        wish = inbox.Wish(at=self.world.clock.now().isoformat(), remedy=Remedy(**told), **what)
        inbox.post(self.world.store, self.paths, self.world.ids, wish)

    def sign_in_again(self) -> None:
        """What the user does when Sugar has ended the session."""
        world, name = self.world, self.uid.removeprefix("u-")
        fresh = world.sign_in(name)
        vault = GrantStore(world.store, self.uid, world.vault)
        grants = vault.load()
        assert grants.sugar is not None
        grants.sugar.tokens = fresh.tokens
        vault.save(grants)

    def run(self) -> Report:
        return self.engine.run()

    def sync(self, *, most: int = 60, pause: float = 1.0) -> list[Report]:
        """Runs until nothing is waiting; fails if that takes more than ``most`` runs."""
        reports: list[Report] = []
        for _ in range(most):
            reports.append(self.run())
            assert reports[-1].status is Status.DONE, reports[-1]
            self.world.clock.advance(pause)
            waiting = sum(info.count for lane in READY for info in self.head().queue.get(lane.value, ()))
            if not waiting and not reports[-1].writes:
                return reports
        raise AssertionError(f"still {reports[-1].remaining} waiting after {most} runs: {reports[-1]}")

    def head(self) -> Head:
        doc = self.world.store.get(self.paths.head)
        assert doc is not None
        return Head.load(doc.data)

    def links(self) -> list[Link]:
        return [Link.load(doc.data) for doc in self.world.store.query(self.paths.collection("links"))]

    def history(self) -> list[dict[str, Any]]:
        return [doc.data for doc in self.world.store.query(self.paths.collection("history"), order="at")]

    def backlog(self, state: str = "open") -> list[Doc]:
        found = self.world.store.query(self.paths.collection("backlog"))
        return [doc for doc in found if doc.data["state"] == state]


@dataclass
class World:
    """Everything on one machine, with a clock that tests move."""

    clock: SimClock
    sugar: SugarSimulator | SuiteSimulator
    people: PeopleSimulator
    sugar_wire: Wire
    people_wire: Wire
    store: CountingStore
    secrets: Secrets = field(default_factory=MemorySecrets)
    vault: Vault = field(init=False)
    ids: SerialIds = field(default_factory=SerialIds)
    limits: Limits = field(default_factory=Limits)
    users: list[User] = field(default_factory=list)
    on_call: Callable[[float], None] = lambda _: None
    """Told before every call to the outside; raising there is a crash after everything that came before it."""

    def __post_init__(self) -> None:
        self.vault = Vault(KeyRing(self.secrets, TOKEN_KEYS, self.clock))

    def user(self, name: str = "jane", /, **settings: Any) -> User:
        """A new user, both sides connected, with these settings."""
        sugar_user = self.sugar.add_user(name, PASSWORD)
        account = self.people.account(f"{name}@example.com")
        clock: Clock = self.clock
        sugar = self.sign_in(name)
        session = dialects.connection(sugar, lambda _: None, clock, lambda _: None, LOOPBACK)
        me = session.me()
        session.close()
        sugar.user_id, sugar.user_name, sugar.acl = me["id"], me["user_name"], me.get("acl")
        google = GoogleGrant(subject=account.subject, tokens=oauth.Tokens(refresh_token=account.grant()).to_json())
        uid = f"u-{name}"
        GrantStore(self.store, uid, self.vault).save(Grants(sugar=sugar, google=google))
        paths = Paths(uid, pair_id(google, sugar))
        chosen = parse(settings)
        self.store.commit([Put(paths.user, {"settings": plain(chosen)})])
        known = self.people.oauth
        client = OAuthClient(known.client_id, known.client_secret, GoogleEndpoints.all_at(self.people_wire.url))
        connections = Connections(GrantStore(self.store, uid, self.vault), clock, client, LOOPBACK)

        def connect(settings: Settings, gate: Gate, head: Head) -> Mapping[SideName, Side]:
            def watched(seconds: float) -> None:
                self.on_call(seconds)
                gate(seconds)

            return connections(settings, watched, head)

        engine = Engine(self.store, paths, connect, clock, self.ids, instance=sugar.instance, limits=self.limits)
        user = User(self, uid, sugar_user, account, paths, engine, connections, chosen)
        self.users.append(user)
        return user

    def sign_in(self, name: str) -> SugarGrant:
        """As a browser does; whose grant it is, is still blank."""
        login = Login(self.sugar_wire.url, name, PASSWORD, PLATFORM)
        return dialects.sign_in(login.address, login, self.clock, lambda _: None, LOOPBACK)

    @property
    def older(self) -> bool:
        """Whether the Sugar speaks the older dialect."""
        return isinstance(self.sugar, SuiteSimulator)

    @property
    def bulks(self) -> dict[str, Any]:
        """For :meth:`Wire.fault`: the calls that write Sugar's contacts, many at once."""
        return {"matches": older.writes} if self.older else {"path": "/bulk$"}

    def calls(self) -> list[Call]:
        """All calls to both, token refreshes apart."""
        both = [*self.sugar_wire.log, *self.people_wire.log]
        return [call for call in both if "/oauth2/" not in call.request.path and call.request.path != "/token"]

    def close(self) -> None:
        for user in self.users:
            user.connections.close()


@contextmanager
def world(
    *,
    store: Store | None = None,
    secrets: Secrets | None = None,
    sugar: SugarSwitches | SuiteSwitches | None = None,
    people: PeopleSwitches | None = None,
    extra_fields: tuple[str, ...] = ("middle_name", "website"),
    limits: Limits | None = None,
    running: bool = False,
    crm: str = "sugar",
) -> Iterator[World]:
    """A fresh world; on SQLite in a temporary folder unless a store is given.

    Args:
        crm: ``sugar`` (REST v11) or ``suitecrm`` (the older dialect).
    """
    clock = SimClock(running=running)
    sugar_sim = _crm(crm, clock, sugar, extra_fields)
    people_sim = PeopleSimulator(clock, people or PeopleSwitches())
    with tempfile.TemporaryDirectory() as folder, Wire(sugar_sim, clock) as sw, Wire(people_sim, clock) as pw:
        inner = store or SqliteStore(Path(folder) / "documents.sqlite")
        keys = secrets or MemorySecrets()
        made = World(clock, sugar_sim, people_sim, sw, pw, CountingStore(inner), keys, limits=limits or Limits())
        try:
            yield made
        finally:
            made.close()
            if store is None:
                inner.close()


def _crm(
    crm: str, clock: SimClock, switches: SugarSwitches | None, extra_fields: tuple[str, ...]
) -> SugarSimulator | SuiteSimulator:
    if crm == "suitecrm":
        older = switches if isinstance(switches, SuiteSwitches) else None
        return SuiteSimulator(clock, older, extra_fields=extra_fields)
    return SugarSimulator(clock, switches, extra_fields=extra_fields)


__all__ = ["SideName", "SyncError", "Tokens", "User", "World", "world"]
