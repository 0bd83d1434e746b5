"""What really goes over the wire: real sockets on loopback, a resolver that lies as an attacker's would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from shared.account.connect import Connections
from shared.account.grants import GrantStore
from shared.errors import AmbiguousError, BadAddress, Unavailable
from shared.people.endpoints import OAuthClient
from shared.sugar import http
from shared.sugar.connection import GuardedAdapter
from shared.sugar.http import HostUnknown, HttpClient
from shared.sugar.reach import LOOPBACK, Policy, Resolver
from shared.sugar.session import SugarSession, sign_in
from shared.sugar.tokens import Tokens
from shared.sync.head import Head
from shared.sync.settings import Settings
from tests.simulators.wire import Reply, SimClock
from tests.sugar.servers import Seen, answering, certificate, trap
from tests.sugar.world import PLATFORM, World
from tests.world import world as both_sides

NAME = "sugar.example.com"
PUBLIC_V4 = "93.184.215.14"


@contextmanager
def client(address: str, policy: Policy) -> Iterator[HttpClient]:
    found = HttpClient(address, SimClock(), lambda seconds: None, policy=policy)
    try:
        yield found
    finally:
        found.close()


def call(found: HttpClient, *, writes: bool = False) -> object:
    return found.call("POST" if writes else "GET", "/x", name="x", writes=writes, seconds=30).json()


class Dns:
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def local(seen: Seen, dns: Resolver) -> Policy:
    """This machine is allowed, so that what is refused is refused for another reason."""
    return Policy(ports=(seen.port,), allow_loopback=True, resolve=dns)


@pytest.fixture
def sugar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """A server that has a good certificate for :data:`NAME`."""
    pem = certificate(tmp_path, NAME)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(pem))
    with answering(pem) as seen:
        yield seen


# -- nothing is sent to where it must not go -----------------------------------------------------------


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",  # noqa: S104 - an address to call
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.0.0.1.",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "user:pw@127.0.0.1",
        "１２７.0.0.1",
        "127%2e0.0.1",
        "%6cocalhost",
    ],
)
def test_a_server_on_this_machine_never_hears_of_it(host: str, writes: bool) -> None:
    """The address is not normalised here: the last check has to do by itself."""
    with trap() as seen:
        for scheme in ("https", "http"):
            with client(f"{scheme}://{host}:{seen.port}", Policy(ports=(seen.port,))) as c, pytest.raises(BadAddress):
                call(c, writes=writes)
        assert seen.connections == 0


def test_the_trap_would_have_snapped() -> None:
    with trap() as seen:
        with client(f"https://127.0.0.1:{seen.port}", LOOPBACK) as c:
            with pytest.raises(Unavailable):
                call(c)
            with pytest.raises(AmbiguousError):
                call(c, writes=True)
        assert seen.connections == 2


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["127.0.0.1", PUBLIC_V4],
        ["::ffff:127.0.0.1"],
        ["2130706433"],
        ["localhost"],
        ["127.0.0.1", "10.0.0.1"],
    ],
)
def test_a_name_that_leads_to_this_machine(answers: list[str]) -> None:
    dns = Dns(answers)
    with trap() as seen:
        policy = Policy(ports=(seen.port,), resolve=dns)
        with client(f"https://{NAME}:{seen.port}", policy) as c, pytest.raises(BadAddress, match="public Internet"):
            call(c, writes=True)
        assert (dns.asked, seen.connections) == ([NAME], 0)


def test_one_bad_number_spoils_the_good_ones(sugar: Seen) -> None:
    for answers in (["127.0.0.1", "169.254.169.254"], ["169.254.169.254", "127.0.0.1"]):
        policy = local(sugar, Dns(answers))
        with client(f"https://{NAME}:{sugar.port}", policy) as c, pytest.raises(BadAddress, match="metadata"):
            call(c)
    assert sugar.connections == 0


@pytest.mark.parametrize(
    "refuse",
    [
        lambda port: Policy(
            hosts=("crm.example.com", "*.sugar.example.com"), ports=(port,), resolve=Dns(["127.0.0.1"])
        ),
        lambda port: Policy(ports=(port + 1,), resolve=Dns(["127.0.0.1"])),
    ],
    ids=["host", "port"],
)
def test_what_is_not_configured_is_not_even_looked_up(refuse: Callable[[int], Policy]) -> None:
    with trap() as seen:
        policy = refuse(seen.port)
        with client(f"https://{NAME}:{seen.port}", policy) as c, pytest.raises(BadAddress):
            call(c)
        assert isinstance(policy.resolve, Dns)
        assert (policy.resolve.asked, seen.connections) == ([], 0)


def test_http_is_spoken_with_this_machine_only(w: World) -> None:
    port = int(w.wire.url.rpartition(":")[2])
    policy = Policy(ports=(port,), allow_loopback=True, resolve=Dns(["127.0.0.1"]))
    with (
        w.wire.counted() as calls,
        client(f"http://{NAME}:{port}", policy) as c,
        pytest.raises(BadAddress, match="https://"),
    ):
        call(c)
    assert not calls


# -- one look-up, and the connection goes to what it gave -----------------------------------------------


def test_the_number_is_pinned_and_the_name_stays(sugar: Seen) -> None:
    dns = Dns(["127.0.0.1"], ["169.254.169.254"])
    with client(f"https://{NAME}:{sugar.port}", local(sugar, dns)) as c:
        # The operating system knows nobody of this name: a second look-up anywhere would fail.
        assert call(c) == {"a": 1}
        assert call(c, writes=True) == {"a": 1}
    assert dns.asked == [NAME]
    assert (sugar.connections, sugar.names) == (1, [NAME])
    assert all(f"Host: {NAME}:{sugar.port}\r\n" in head for head in sugar.requests)
    assert len(sugar.requests) == 2


def test_every_new_connection_is_judged_anew(sugar: Seen) -> None:
    dns = Dns(["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.1"])
    with client(f"https://{NAME}:{sugar.port}", local(sugar, dns)) as c:
        assert call(c) == {"a": 1}
        c.close()
        for writes in (False, True):
            with pytest.raises(BadAddress, match="public Internet"):
                call(c, writes=writes)
        assert sugar.connections == 1
        assert call(c) == {"a": 1}
    assert (len(dns.asked), sugar.connections) == (4, 2)


def test_the_certificate_is_that_of_the_name(sugar: Seen) -> None:
    policy = local(sugar, Dns(["127.0.0.1"]))
    for host in ("other.example.com", "127.0.0.1"):
        with client(f"https://{host}:{sugar.port}", policy) as c, pytest.raises(BadAddress, match="certificate"):
            call(c, writes=True)
    assert (sugar.connections, sugar.requests) == (2, [])


def test_further_numbers_are_tried(sugar: Seen) -> None:
    dns = Dns(["127.0.0.77", "127.0.0.1"])
    with client(f"https://{NAME}:{sugar.port}", local(sugar, dns)) as c:
        assert call(c) == {"a": 1}
    with client(f"https://{NAME}:1", Policy(ports=(1,), allow_loopback=True, resolve=dns)) as c:
        for writes in (False, True):
            with pytest.raises(Unavailable, match="no connection"):
                call(c, writes=writes)


def test_a_look_up_counts_as_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that went into it is not spent again, so a write is not sent after the caller's lease has ended."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 1e-9)
    with trap() as seen:
        with client(f"https://{NAME}:{seen.port}", local(seen, Dns(["127.0.0.1"]))) as c:
            for writes in (False, True):
                with pytest.raises(Unavailable, match="no connection"):
                    call(c, writes=writes)
        assert seen.connections == 0


def test_names_that_nobody_knows() -> None:
    def down(host: str) -> list[str]:
        raise OSError("the resolver is down")

    for dns in (Dns([]), down):
        with client(f"https://{NAME}", Policy(resolve=dns)) as c:
            for writes in (False, True):
                with pytest.raises(HostUnknown):
                    call(c, writes=writes)


# -- ways around -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["http://127.0.0.1:{}/latest/meta-data", "//127.0.0.1:{}/", "https://127.0.0.1:{}/"])
def test_redirects_lead_nowhere(w: World, status: int, to: str) -> None:
    with trap() as seen:
        reply = Reply(status, {"a": 1}, {"Location": to.format(seen.port)})
        w.wire.fault("status", path="/x", times=2, reply=reply)
        with w.wire.counted() as calls, client(w.wire.url, LOOPBACK) as c:
            for method in ("GET", "POST"):
                assert c.call(method, "/x", name="x", writes=method == "POST", body={"a": 1}).status == status
        assert (len(calls), seen.connections) == (2, 0)


def test_a_sign_in_that_is_sent_on_to_metadata(w: World) -> None:
    reply = Reply(302, b"", {"Location": "http://169.254.169.254/computeMetadata/v1/"})
    w.wire.fault("status", path="oauth2/token", reply=reply)
    with w.wire.counted() as calls, pytest.raises(BadAddress, match="redirects elsewhere"):
        w.sign_in()
    assert len(calls) == 1


def test_proxies_are_neither_looked_for_nor_used(sugar: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up by itself."""
    (tmp_path / ".netrc").write_text(f"machine {NAME} login jane password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with trap() as seen:
        proxy = f"http://127.0.0.1:{seen.port}"
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        with client(f"https://{NAME}:{sugar.port}", local(sugar, Dns(["127.0.0.1"]))) as c:
            assert call(c) == {"a": 1}
        with requests.Session() as session:
            session.mount("https://", GuardedAdapter(LOOPBACK))
            with pytest.raises(ValueError, match="proxy"):
                session.get(f"https://{NAME}:{sugar.port}", proxies={"https": proxy}, timeout=2)
        assert seen.connections == 0
    assert sugar.connections == 1
    assert "authorization" not in sugar.requests[0].lower()


# -- the policy arrives ------------------------------------------------------------------------------------


def test_loopback_is_refused_unless_allowed(w: World) -> None:
    tokens = Tokens("a", "r", w.clock.now(), w.clock.now())
    session = SugarSession(w.wire.url, tokens, w.saved.append, w.clock, w.gate, platform=PLATFORM)
    with w.wire.counted() as calls:
        with pytest.raises(BadAddress, match="https://"):
            session.me()
        with pytest.raises(BadAddress, match="https://"):
            sign_in(w.wire.url, "jane", "pw", platform=PLATFORM, clock=w.clock, gate=w.gate)
    assert not calls


def test_a_stored_address_is_judged_in_every_run() -> None:
    """What was allowed when it was stored need not be any more."""
    with both_sides() as w:
        user = w.user()
        client = OAuthClient(w.people.oauth.client_id, w.people.oauth.client_secret)
        connections = Connections(
            GrantStore(w.store, user.uid, w.vault), w.clock, client, Policy(hosts=("crm.example.com",))
        )
        before = len(w.sugar_wire.log)
        with pytest.raises(BadAddress):
            connections(Settings(), lambda seconds: None, Head())
        assert len(w.sugar_wire.log) == before
        connections.close()
