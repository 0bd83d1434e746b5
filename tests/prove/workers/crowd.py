"""Very many users at the same time, in threads, each with a fence around its documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared.store.port import Change, Doc, Store, Version
from shared.sync.report import Status
from tests.sync.scenarios import BOTH, person
from tests.world import CountingStore, SerialIds, User, World

SHARED = "shared@x.org"
"""An email that a new contact of several colleagues has."""
EYES = 100
"""One of so many users syncs everything that it sees in Sugar, colleagues' contacts included."""
MOST_PHASES = 20


class Fenced:
    """A store in which one user's run may touch its own documents and the claims that colleagues share, no others."""

    def __init__(self, inner: Store, uid: str, trespasses: list[str]) -> None:
        """
        Args:
            trespasses: gets a line for every document that is none of this user's business.
        """
        self._inner = inner
        self._uid = uid
        self._trespasses = trespasses
        self.touched = 0

    def get(self, path: str) -> Doc | None:
        self._look(path)
        return self._inner.get(path)

    def get_all(self, paths: Iterable[str]) -> dict[str, Doc]:
        wanted = list(paths)
        self._look(*wanted)
        return self._inner.get_all(wanted)

    def query(self, collection: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        self._look(f"{collection}/")
        return self._inner.query(collection, where, **how)

    def query_group(self, group: str, where: Sequence[Any] = (), **how: Any) -> list[Doc]:
        self._trespasses.append(f"{self._uid} asked for all {group}")
        return self._inner.query_group(group, where, **how)

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        self._look(*(change.path for change in changes))
        return self._inner.commit(changes)

    def close(self) -> None:
        return

    def _look(self, *paths: str) -> None:
        self.touched += len(paths)
        for path in paths:
            collection, owner, *rest = path.split("/")
            own = collection == "users" and owner == self._uid
            claim = collection == "instances" and rest[:1] == ["emails"]
            if not own and not claim:
                self._trespasses.append(f"{self._uid} touched {path}")


@dataclass
class Crowd:
    """Users of one Sugar, and what their runs touched."""

    world: World
    users: list[User] = field(default_factory=list)
    fences: list[Fenced] = field(default_factory=list)
    trespasses: list[str] = field(default_factory=list)

    def join(self, number: int, random: Random) -> User:
        """One more user, with a few contacts on each side; some are known to colleagues as well."""
        name = f"user{number:03d}"
        world = self.world
        fence = Fenced(world.store.inner, f"u-{name}", self.trespasses)
        common = world.store, world.ids
        world.store, world.ids = CountingStore(fence), SerialIds(name)  # what the user's engine is made with
        try:
            user = world.user(name, **BOTH, sugar_scope="all" if number % EYES == 7 else "assigned")
        finally:
            world.store, world.ids = common
        by = user.sugar_user
        world.sugar.add(by=by, first_name="Both", last_name=f"Both{name}", email=[f"both.{name}@x.org"])
        user.account.add(person("Both", f"Both{name}", f"both.{name}@x.org", organizations=[{"title": name}]))
        world.sugar.add(by=by, first_name="In", last_name=f"Sugar{name}", email=[f"sugar.{name}@x.org"])
        user.account.add(person("In", f"Google{name}", f"google.{name}@x.org"))
        if number % 10 == 3:
            user.account.add(person("Shared", "Customer", SHARED))
        if number % 10 == 4:
            # A colleague's contact, under another name: outside this user's scope.
            colleague = random.choice(self.users).uid.removeprefix("u-")
            user.account.add(person("Known", f"Known{name}", f"sugar.{colleague}@x.org"))
        self.users.append(user)
        self.fences.append(fence)
        return user

    def settle(self, *, threads: int) -> int:
        """Everybody syncs at the same time, again and again with pauses, until nobody has anything to do; how often."""
        for phase in range(1, MOST_PHASES + 1):
            with ThreadPoolExecutor(threads) as pool:
                busy = list(pool.map(_sync, self.users))
            if not any(busy):
                return phase
            self.world.clock.advance(700)
        raise AssertionError(f"no rest: {[user.uid for user, still in zip(self.users, busy, strict=True) if still]}")

    def check(self) -> None:
        """Nobody touched another's documents, and everybody has all contacts once."""
        assert not self.trespasses, self.trespasses[:5]
        assert all(fence.touched for fence in self.fences)
        sugar = [(str(row["last_name"]), row["assigned_user_id"]) for row in self.world.sugar.contacts().values()]
        doubled = {name for name, count in Counter(name for name, _ in sugar).items() if count > 1}
        assert not doubled, f"doubled in Sugar: {doubled}"
        names = {name for name, _ in sugar}
        assert names == {
            *(f"{where}{user.uid.removeprefix('u-')}" for user in self.users for where in ("Both", "Sugar", "Google")),
            *(["Customer"] if len(self.users) > 3 else []),
        }
        for number, user in enumerate(self.users):
            mine = {name for name, owner in sugar if owner == user.sugar_user}
            self._check(user, mine, names if number % EYES == 7 else mine)

    def _check(self, user: User, mine: set[str], wanted: set[str]) -> None:
        name = user.uid.removeprefix("u-")
        google = [each["names"][0]["familyName"] for each in user.account.people()]
        assert len(google) == len(set(google)), f"doubled with {name}: {sorted(google)}"
        assert mine >= {f"Both{name}", f"Sugar{name}", f"Google{name}"}
        # Whom a colleague has already is asked about, and stays where it is.
        asked = {"Customer", f"Known{name}"} & set(google) - wanted
        assert set(google) == wanted | asked, f"{name} has {sorted(google)}"
        assert len(user.backlog()) == len(asked)
        assert len(user.links()) == len(wanted)


def _sync(user: User) -> bool:
    """Runs until nothing is waiting that could be done now; whether there was anything to do."""
    busy = False
    for _ in range(30):
        report = user.run()
        if report.status is Status.LATER:
            return True  # a colleague's claim came in between
        assert report.status is Status.DONE, report.message
        busy = busy or report.writes > 0 or report.remaining > 0
        if not report.writes:
            return busy
    raise AssertionError(f"{user.uid} does not come to rest")
