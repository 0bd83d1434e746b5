"""Where an address may lead, by its name and by every number behind it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from shared.errors import BadAddress, BadSettings
from shared.sugar.address import normalise
from shared.sugar.networks import is_loopback, why_not_public
from shared.sugar.reach import LOOPBACK, PUBLIC, Policy, system_resolver

PUBLIC_V4 = "93.184.215.14"
PUBLIC_V6 = "2606:4700::1111"


def judged(typed: str, answers: list[str], policy: Policy = PUBLIC) -> list[str]:
    """The whole way from what is typed to the numbers that may be connected to."""
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return answers or [host]

    policy = replace(policy, resolve=resolve)
    parts = urlsplit(normalise(typed, policy))
    host = parts.hostname or ""
    policy.check(parts.scheme, host, parts.port or 443)
    numbers = policy.addresses(host)
    assert asked == [host]
    return numbers


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("crm.example.com", [PUBLIC_V4]),
        ("crm.example.com", [PUBLIC_V4, PUBLIC_V6]),
        ("https://crm.example.com:8443/sugar", [PUBLIC_V4]),
        ("mycompany.sugarondemand.com", ["52.25.0.1", "54.70.0.1"]),
        ("192.168.0.1.example.com", [PUBLIC_V4]),
        ("127-0-0-1.example.com", [PUBLIC_V4]),
        ("0x7f.example.com", [PUBLIC_V4]),
        ("https://bücher.example", [PUBLIC_V4]),
        # IPv4 as a network without IPv4 sees it.
        ("crm.example.com", ["64:ff9b::5db8:d70e"]),
        ("https://93.184.215.14", []),
        ("https://[2606:4700::1111]", []),
        # Right beside what is refused.
        ("https://172.32.0.1", []),
        ("https://100.128.0.1", []),
        ("https://198.20.0.1", []),
        ("https://223.255.255.255", []),
        ("https://168.63.129.17", []),
        ("https://[2001:200::1]", []),
        ("https://[2003::1]", []),
    ],
)
def test_what_may_be_called(typed: str, answers: list[str]) -> None:
    assert judged(typed, answers) == (answers or [urlsplit(typed).netloc.strip("[]")])


REFUSED = [
    # Numbers as they are.
    ("https://127.0.0.1", [], "the machine itself"),
    ("https://127.255.255.254", [], "the machine itself"),
    ("https://0.0.0.0", [], "reserved"),
    ("https://10.0.0.5", [], "private network"),
    ("https://172.16.0.1", [], "private network"),
    ("https://172.31.255.255", [], "private network"),
    ("https://192.168.1.1", [], "private network"),
    ("https://100.64.0.1", [], "provider's inner network"),
    ("https://169.254.0.1", [], "local link"),
    ("https://169.254.169.254/latest/meta-data", [], "metadata"),
    ("https://168.63.129.16", [], "metadata"),
    ("https://100.100.100.200", [], "metadata"),
    ("https://192.0.0.192", [], "metadata"),
    ("https://192.0.0.8", [], "reserved"),
    ("https://192.0.2.1", [], "documentation"),
    ("https://198.51.100.7", [], "documentation"),
    ("https://203.0.113.9", [], "documentation"),
    ("https://192.88.99.1", [], "tunnel"),
    ("https://198.18.0.1", [], "reserved"),
    ("https://198.19.255.255", [], "reserved"),
    ("https://224.0.0.251", [], "multicast"),
    ("https://240.0.0.1", [], "reserved"),
    ("https://255.255.255.255", [], "reserved"),
    ("https://[::]", [], "reserved"),
    ("https://[::1]", [], "the machine itself"),
    ("https://[::ffff:127.0.0.1]", [], "IPv6 clothes"),
    ("https://[::ffff:a9fe:a9fe]", [], "IPv6 clothes"),
    ("https://[::ffff:93.184.215.14]", [], "IPv6 clothes"),
    ("https://[::127.0.0.1]", [], "IPv6 clothes"),
    ("https://[64:ff9b::127.0.0.1]", [], "the machine itself"),
    ("https://[64:ff9b::a9fe:a9fe]", [], "metadata"),
    ("https://[64:ff9b::10.0.0.1]", [], "private network"),
    ("https://[64:ff9b:1::5db8:d70e]", [], "reserved"),
    ("https://[100::1]", [], "reserved"),
    ("https://[fc00::1]", [], "private network"),
    ("https://[fd12:3456::1]", [], "private network"),
    ("https://[fd00:ec2::254]", [], "metadata"),
    ("https://[fd20:ce::254]", [], "metadata"),
    ("https://[fe80::1]", [], "local link"),
    ("https://[fec0::1]", [], "private network"),
    ("https://[ff02::1]", [], "multicast"),
    ("https://[2001::1]", [], "tunnel"),  # Teredo
    ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]", [], "tunnel"),
    ("https://[2001:2::1]", [], "reserved"),
    ("https://[2001:db8::1]", [], "documentation"),
    ("https://[2002:7f00:1::1]", [], "tunnel"),  # 6to4 around 127.0.0.1
    ("https://[2002:5db8:d70e::1]", [], "tunnel"),
    ("https://[3fff::1]", [], "documentation"),
    ("https://[5f00::1]", [], "reserved"),
    # Numbers in other notations, which many resolvers understand.
    ("https://2130706433", [], "usual form"),
    ("https://0x7f000001", [], "usual form"),
    ("https://017700000001", [], "usual form"),
    ("https://0x7f.1", [], "usual form"),
    ("https://127.1", [], "usual form"),
    ("https://127.0.1", [], "usual form"),
    ("https://0177.0.0.1", [], "usual form"),
    ("https://127.0.0.0x1", [], "usual form"),
    ("https://1.2.3.4.5", [], "usual form"),
    ("https://127.0.0.01", [], "no address"),
    ("https://256.1.1.1", [], "no address"),
    # Names that mean something only inside.
    ("https://localhost", [], "full name"),
    ("https://LOCALHOST:8443", [], "full name"),
    ("https://sub.localhost", [], "full name"),
    ("https://localhost.localdomain", [], "full name"),
    ("https://intranet", [], "full name"),
    ("https://metadata", [], "full name"),
    ("https://metadata.google.internal", [], "full name"),
    ("https://instance-data.ec2.internal", [], "full name"),
    ("https://printer.local", [], "full name"),
    ("https://router.home.arpa", [], "full name"),
    # Names behind which such numbers stand.
    ("https://localtest.example.com", ["127.0.0.1"], "the machine itself"),
    ("https://inner.example.com", ["10.1.2.3"], "private network"),
    ("https://meta.example.com", ["169.254.169.254"], "metadata"),
    ("https://zero.example.com", ["0.0.0.0"], "reserved"),  # noqa: S104 - an address to refuse
    ("https://v6.example.com", ["::1"], "the machine itself"),
    ("https://mapped.example.com", ["::ffff:10.0.0.1"], "IPv6 clothes"),
    ("https://link.example.com", ["fe80::1%eth0"], "local link"),
    ("https://scoped.example.com", ["2606:4700::1111%eth0"], "local link"),
    ("https://odd.example.com", ["2130706433"], "no address"),
    # One of several is enough.
    ("https://mixed.example.com", [PUBLIC_V4, "10.0.0.1"], "private network"),
    ("https://mixed.example.com", ["127.0.0.1", PUBLIC_V4], "the machine itself"),
    ("https://mixed.example.com", [PUBLIC_V4, PUBLIC_V6, "fd00:ec2::254"], "metadata"),
    # Ports of something else.
    ("https://crm.example.com:22", [PUBLIC_V4], "port"),
    ("https://crm.example.com:80", [PUBLIC_V4], "port"),
    ("https://crm.example.com:0", [PUBLIC_V4], "port"),
    ("https://crm.example.com:6379", [PUBLIC_V4], "port"),
]


@pytest.mark.parametrize(("typed", "answers", "says"), REFUSED)
def test_what_may_not_be_called(typed: str, answers: list[str], says: str) -> None:
    with pytest.raises(BadAddress) as caught:
        judged(typed, answers)
    assert says in caught.value.message
    assert caught.value.message.startswith("address: ")


@pytest.mark.parametrize(
    ("typed", "answers"), [(typed, answers) for typed, answers, says in REFUSED if "itself" not in says]
)
def test_to_allow_loopback_allows_nothing_else(typed: str, answers: list[str]) -> None:
    if urlsplit(typed).hostname == "localhost":
        assert judged(typed, ["127.0.0.1", "::1"], LOOPBACK) == ["127.0.0.1", "::1"]
        return
    with pytest.raises(BadAddress):
        judged(typed, answers, LOOPBACK)


def test_a_name_is_judged_anew_each_time() -> None:
    answers = iter([[PUBLIC_V4], ["169.254.169.254"]])
    policy = Policy(resolve=lambda host: next(answers))
    assert policy.addresses("rebind.example.com") == [PUBLIC_V4]
    with pytest.raises(BadAddress, match="metadata"):
        policy.addresses("rebind.example.com")


def test_names_without_numbers_are_unknown() -> None:
    with pytest.raises(OSError, match="no addresses"):
        Policy(resolve=lambda host: []).addresses("crm.example.com")
    with pytest.raises(OSError):
        PUBLIC.addresses("no-such-host.invalid")


def test_the_system_knows_this_machine() -> None:
    assert set(system_resolver("localhost")) <= {"127.0.0.1", "::1"}
    assert system_resolver("127.0.0.1") == ["127.0.0.1"]
    # What makes other notations worth refusing.
    assert system_resolver("2130706433") == ["127.0.0.1"]


def test_nothing_is_public_that_python_calls_otherwise() -> None:
    samples = [f"{a}.{b}.{c}.7" for a in range(256) for b in (0, 18, 51, 64, 88, 168) for c in (0, 2, 99, 100, 113)]
    samples += [f"{group:x}::7" for group in range(0, 0x10000, 17)]
    samples += [f"2001:{group:x}::7" for group in range(0, 0x1000, 3)]
    public = [address for address in samples if why_not_public(address) is None]
    assert len(public) > 6_000
    assert [address for address in public if not ipaddress.ip_address(address).is_global] == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_undisguised(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "0.0.0.0", "localhost", "", "128.0.0.1"])  # noqa: S104 - no server
def test_this_machine_in_disguise(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize(
    "host", ["", "*", "*.", "*.com", "example", "CRM.example.com", "https://x.y", "x.y:1", "a.*.b"]
)
def test_configured_hosts_that_are_none(host: str) -> None:
    with pytest.raises(BadSettings, match="hosts"):
        Policy(hosts=("crm.example.com", host))


@pytest.mark.parametrize("ports", [(), (0,), (443, 65536), (-1,)])
def test_configured_ports_that_are_none(ports: tuple[int, ...]) -> None:
    with pytest.raises(BadSettings, match="ports"):
        Policy(ports=ports)
