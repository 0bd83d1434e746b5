"""Key rings: first versions, rotation, races, and what a process asks the secrets for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc  # type: ignore[import-untyped]
import pytest
from google.cloud.secretmanager_v1.types import AddSecretVersionRequest

from shared.account.keyring import KEY_BYTES, BadKey, Key, KeyRing
from shared.account.secret_manager import SecretManager
from shared.account.secrets import Secret, SecretForbidden, SecretMissing, Secrets, VersionDisabled, VersionGone
from shared.errors import Unavailable
from tests.account.conftest import RING
from tests.cloud.memory import MemorySecrets
from tests.cloud.secret_manager import SecretManagerServer
from tests.simulators.wire import SimClock

Code = grpc.StatusCode
ONE, TWO = b"1" * KEY_BYTES, b"2" * KEY_BYTES


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


def test_the_first_key_is_made_at_first_use(secrets: Secrets, clock: SimClock) -> None:
    ring = KeyRing(secrets, RING, clock)
    key = ring.current()
    assert (key.version, len(key.data)) == ("1", KEY_BYTES)
    assert ring.current() == key
    assert KeyRing(secrets, RING, clock).current() == key
    assert KeyRing(secrets, RING, clock).get("1") == key.data


def test_reading_alone_makes_no_key(secrets: Secrets, clock: SimClock) -> None:
    assert KeyRing(secrets, RING, clock).get("1") is None
    assert secrets.latest(RING) is None


def test_a_key_that_was_met_does_until_the_newest_is_told(clock: SimClock) -> None:
    """The newest is told with a delay, and who has no right to make keys must not need it meanwhile."""
    late = Late()
    made = KeyRing(late, RING, clock).current()
    late.told = False
    here = KeyRing(late, RING, clock)
    assert here.get(made.version) == made.data
    assert here.current() == made
    late.told = True
    newer = KeyRing(late, RING, clock).rotate()
    clock.advance(301)
    assert here.current() == newer
    assert late.asked.count("add") == 2


class Late(MemorySecrets):
    """Tells the newest version only when it wants to."""

    told = True

    def latest(self, name: str) -> Secret | None:
        found = super().latest(name)
        return found if self.told else None


def test_a_rotation_is_seen_within_five_minutes(secrets: Secrets, clock: SimClock) -> None:
    here, there = KeyRing(secrets, RING, clock), KeyRing(secrets, RING, clock)
    old = here.current()
    assert there.current() == old
    new = there.rotate()
    assert (new.version, there.current()) == ("2", new)
    clock.advance(299)
    assert here.current() == old
    assert here.get("2") == new.data  # what the other one made is read at once
    clock.advance(2)
    assert here.current() == new
    assert here.get("1") == old.data


class Held(MemorySecrets):
    """Lets nobody go on before all have seen that there is no version."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self._barrier = threading.Barrier(parties)

    def latest(self, name: str) -> None:
        found = super().latest(name)
        self._barrier.wait(10)
        assert found is None


def test_first_keys_made_at_once_are_all_good(clock: SimClock) -> None:
    secrets = Held(8)
    rings = [KeyRing(secrets, RING, clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda ring: ring.current(), rings))
    assert sorted(key.version for key in made) == [str(n) for n in range(1, 9)]
    assert len({key.data for key in made}) == 8
    after = MemorySecrets()
    after.versions = secrets.versions
    late = KeyRing(after, RING, clock)
    assert late.current().version == "8"
    assert [late.get(key.version) for key in made] == [key.data for key in made]


def test_one_process_makes_one_first_key(secrets: Secrets, clock: SimClock) -> None:
    ring = KeyRing(secrets, RING, clock)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: ring.current(), range(32)))) == 1
    latest = secrets.latest(RING)
    assert latest is not None
    assert latest.version == "1"


def test_what_a_process_asks_for(clock: SimClock) -> None:
    secrets = MemorySecrets()
    secrets.versions[RING] = [ONE, TWO]
    ring = KeyRing(secrets, RING, clock)
    for _ in range(100):
        assert ring.get("2") == TWO
        assert ring.current() == Key("2", TWO)
    assert secrets.asked == ["latest"]
    for _ in range(100):
        assert ring.get("1") == ONE
    assert secrets.asked == ["latest", "1"]
    clock.advance(301)
    for _ in range(100):
        ring.current()
    assert secrets.asked == ["latest", "1", "latest"]


def test_numbers_that_anybody_can_write_cost_little(clock: SimClock) -> None:
    secrets = MemorySecrets()
    secrets.versions[RING] = [ONE]
    ring = KeyRing(secrets, RING, clock)
    for text in ("", "0", "01", "-1", "latest", "a", "1 ", "12345678901", "١"):
        assert ring.get(text) is None
    assert secrets.asked == []
    for _ in range(10):
        assert ring.get("7") is None
    assert secrets.asked == ["latest", "7"]
    with pytest.raises(Unavailable, match=RING):
        [ring.get(str(n)) for n in range(1000, 2000)]
    assert len(secrets.asked) <= 110
    assert ring.get("1") == ONE
    clock.advance(301)
    assert ring.current() == Key("1", ONE)
    assert ring.get("5000") is None


def test_a_version_that_was_missing_a_moment_ago_may_come(clock: SimClock) -> None:
    secrets = MemorySecrets()
    ring = KeyRing(secrets, RING, clock)
    ring.current()
    assert ring.get("2") is None
    there = KeyRing(secrets, RING, clock).rotate()
    clock.advance(301)
    assert ring.current() == there
    assert ring.get("2") == there.data


@pytest.mark.parametrize("data", [b"short", b"x" * (KEY_BYTES + 1), b"0" * 64])
def test_what_is_no_key(clock: SimClock, data: bytes) -> None:
    secrets = MemorySecrets()
    secrets.versions[RING] = [ONE, data]
    ring = KeyRing(secrets, RING, clock)
    for call in (ring.current, lambda: ring.get("2")):
        with pytest.raises(BadKey, match=f"version 2 of the keys {RING}") as raised:
            call()
        assert data.decode() not in str(raised.value)
    assert ring.get("1") == ONE


def test_a_key_never_shows() -> None:
    ring = KeyRing(MemorySecrets(), RING, SimClock(), random=lambda _: b"hidden" * 5 + b"..")
    assert "hidden" not in f"{ring.current()} {ring.current()!r} {ring!r} {vars(ring)}"


# -- trouble with Secret Manager ---------------------------------------------------------------------


def test_known_keys_outlive_an_outage(server: SecretManagerServer, hasty: SecretManager, clock: SimClock) -> None:
    ring = KeyRing(hasty, RING, clock)
    key = ring.current()
    clock.advance(301)
    server.fault(Code.UNAVAILABLE, times=None)
    assert ring.current() == key
    calls = len(server.calls)
    assert ring.current() == key
    assert len(server.calls) == calls  # not asked again at once
    server.heal()
    server.create(RING, key.data, TWO)
    clock.advance(31)
    assert ring.current() == Key("2", TWO)


def test_an_outage_at_the_start(server: SecretManagerServer, hasty: SecretManager, clock: SimClock) -> None:
    ring = KeyRing(hasty, RING, clock)
    server.fault(Code.UNAVAILABLE, times=None)
    for call in (ring.current, lambda: ring.get("1")):
        with pytest.raises(Unavailable, match=RING):
            call()
    server.heal()
    assert ring.current().version == "1"


def test_a_first_key_whose_making_gave_no_answer(
    server: SecretManagerServer, manager: SecretManager, clock: SimClock
) -> None:
    ring = KeyRing(manager, RING, clock)
    server.fault(Code.UNAVAILABLE, on=AddSecretVersionRequest, after=True)
    with pytest.raises(Unavailable, match=RING):
        ring.current()
    (made,) = server.secrets[RING]
    assert ring.current() == Key("1", made.data)
    assert len(server.secrets[RING]) == 1


def test_the_newest_is_told_with_a_delay(server: SecretManagerServer, manager: SecretManager, clock: SimClock) -> None:
    server.lagging = True
    ring = KeyRing(manager, RING, clock)
    key = ring.current()
    clock.advance(301)
    assert ring.current() == key  # "there is none" is not believed
    assert len(server.secrets[RING]) == 1
    assert KeyRing(manager, RING, clock).get("1") == key.data


def test_an_old_key_that_is_gone(server: SecretManagerServer, manager: SecretManager, clock: SimClock) -> None:
    server.create(RING, ONE, TWO)
    server.destroy(RING, 1)
    ring = KeyRing(manager, RING, clock)
    assert ring.current() == Key("2", TWO)
    assert ring.get("1") is None
    assert ring.get("1") is None
    assert len(server.calls) == 2


def test_an_old_key_that_is_disabled(server: SecretManagerServer, manager: SecretManager, clock: SimClock) -> None:
    server.create(RING, ONE, TWO)
    server.disable(RING, 1)
    with pytest.raises(VersionDisabled, match="enable it"):
        KeyRing(manager, RING, clock).get("1")


@pytest.fixture(params=[("disable", VersionDisabled), ("destroy", VersionGone)], ids=["disabled", "destroyed"])
def switched_off(request: pytest.FixtureRequest, server: SecretManagerServer) -> type[VersionDisabled | VersionGone]:
    does: str
    error: type[VersionDisabled | VersionGone]
    does, error = request.param
    server.create(RING, ONE, TWO)
    getattr(server, does)(RING, 2)
    return error


def test_nothing_is_made_with_an_older_key_than_the_newest(
    server: SecretManagerServer,
    manager: SecretManager,
    clock: SimClock,
    switched_off: type[VersionDisabled | VersionGone],
) -> None:
    ring = KeyRing(manager, RING, clock)
    with pytest.raises(switched_off, match=RING):
        ring.current()
    assert ring.get("1") == ONE
    assert ring.rotate().version == "3"
    assert ring.current().version == "3"


def test_a_ring_that_terraform_did_not_make(manager: SecretManager, clock: SimClock) -> None:
    with pytest.raises(SecretMissing, match="nobody"):
        KeyRing(manager, "nobody", clock).current()


def test_a_ring_that_may_not_be_read(server: SecretManagerServer, manager: SecretManager, clock: SimClock) -> None:
    server.fault(Code.PERMISSION_DENIED, times=None)
    ring = KeyRing(manager, RING, clock)
    for call in (ring.current, lambda: ring.get("1")):
        with pytest.raises(SecretForbidden, match=RING):
            call()
