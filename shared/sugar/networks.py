"""Which numeric addresses stand for a server on the public Internet.

IPv4: everything but the tables below. IPv6: nothing but global unicast (2000::/3) without the tables below; NAT64, by
which a network without IPv4 reaches IPv4 servers, counts as the IPv4 address inside, while the older tunnels (6to4,
Teredo) and IPv4 addresses in IPv6 clothes lead nowhere that a Sugar lives and are refused whatever they wrap.

Source: the IANA registries of special-purpose addresses; the addresses under which clouds serve metadata.
"""

from __future__ import annotations

import ipaddress

_PRIVATE = "a private network"
_LOOPBACK = "the machine itself"
_METADATA = "a cloud's metadata"
_DOCUMENTATION = "an address for documentation"
_RESERVED = "a reserved address"
_MULTICAST = "many machines at once (multicast)"
_TUNNEL = "a tunnel"

_V4 = [
    (ipaddress.IPv4Network(network), reason)
    for network, reason in (
        ("169.254.169.254/32", _METADATA),
        ("168.63.129.16/32", _METADATA),  # Azure's, in the middle of public addresses
        ("100.100.100.200/32", _METADATA),  # Alibaba's
        ("192.0.0.192/32", _METADATA),  # Oracle's
        ("0.0.0.0/8", _RESERVED),
        ("10.0.0.0/8", _PRIVATE),
        ("100.64.0.0/10", "a provider's inner network"),
        ("127.0.0.0/8", _LOOPBACK),
        ("169.254.0.0/16", "the local link"),
        ("172.16.0.0/12", _PRIVATE),
        ("192.0.0.0/24", _RESERVED),
        ("192.0.2.0/24", _DOCUMENTATION),
        ("192.88.99.0/24", _TUNNEL),
        ("192.168.0.0/16", _PRIVATE),
        ("198.18.0.0/15", _RESERVED),
        ("198.51.100.0/24", _DOCUMENTATION),
        ("203.0.113.0/24", _DOCUMENTATION),
        ("224.0.0.0/4", _MULTICAST),
        ("240.0.0.0/4", _RESERVED),
    )
]
_V6 = [
    (ipaddress.IPv6Network(network), reason)
    for network, reason in (
        ("fd00:ec2::254/128", _METADATA),  # Amazon's
        ("fd20:ce::254/128", _METADATA),  # Google's
        ("::1/128", _LOOPBACK),
        ("::ffff:0:0/96", "an IPv4 address in IPv6 clothes"),
        ("::/96", "an IPv4 address in IPv6 clothes"),
        ("fc00::/7", _PRIVATE),
        ("fec0::/10", _PRIVATE),
        ("fe80::/10", "the local link"),
        ("ff00::/8", _MULTICAST),
        ("2001::/32", _TUNNEL),
        ("2001::/23", _RESERVED),
        ("2001:db8::/32", _DOCUMENTATION),
        ("2002::/16", _TUNNEL),
        ("3fff::/20", _DOCUMENTATION),
    )
]
_V4_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")
_V6_LOOPBACK = ipaddress.IPv6Address(1)
_UNSPECIFIED = ipaddress.IPv6Address(0)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def why_not_public(address: str) -> str | None:
    """To what an address leads that is not public, in words; ``None`` if it is public.

    Args:
        address: in the one form in which operating systems give it; anything else is not public.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "something that is no address"
    if isinstance(parsed, ipaddress.IPv4Address):
        return _first_v4(parsed)
    if parsed in _NAT64:
        return _first_v4(ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF))
    if parsed == _UNSPECIFIED:
        return _RESERVED
    if parsed.scope_id is not None:
        return "the local link"
    reason = next((reason for network, reason in _V6 if parsed in network), None)
    return reason or (None if parsed in _GLOBAL_V6 else _RESERVED)


def is_loopback(address: str) -> bool:
    """Whether the address is in 127.0.0.0/8 or ::1, undisguised."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed in _V4_LOOPBACK or parsed == _V6_LOOPBACK


def _first_v4(address: ipaddress.IPv4Address) -> str | None:
    return next((reason for network, reason in _V4 if address in network), None)
