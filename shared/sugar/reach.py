"""Which servers a Sugar address may reach: the guard against being sent into networks that are not the user's.

An address is user input. It is judged three times, each time by :class:`Policy`: when it is typed
(:mod:`shared.sugar.address`), when a connection is about to be made, by its name, and then by **every** number that the
name stands for at that moment. The connection goes to one of these very numbers (:mod:`shared.sugar.connection`), so
that nobody can answer the check with one number and the connection with another.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import BadAddress, BadSettings
from shared.sugar.networks import is_loopback, why_not_public

Resolver = Callable[[str], list[str]]
"""The numeric addresses of a name; raises ``OSError``, or gives none, if there are none."""

EXAMPLE = "the address of a Sugar looks like https://sugar.example.com"

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PATTERN = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INNER = frozenset({"localhost", "localdomain", "local", "internal", "arpa"})
"""Last parts of names that only a machine or a private network gives a meaning to."""


def system_resolver(host: str) -> list[str]:
    """Asks the operating system; numeric addresses stand for themselves."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def refused(what: str) -> BadAddress:
    """The error for a Sugar address that must not be called."""
    return BadAddress(f"address: {what}; {EXAMPLE}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be called.

    Raises:
        BadSettings: one of these is out of range.
    """

    hosts: tuple[str, ...] = ()
    """Names in lower case and ASCII (``xn--...``), or ``*.suffix`` for all names below one; empty: all public ones."""
    ports: tuple[int, ...] = (443, 8443)
    """On which ``https`` may be spoken."""
    allow_loopback: bool = False
    """Also this machine, on every port, and there without encryption, too."""
    resolve: Resolver = system_resolver

    def __post_init__(self) -> None:
        for host in self.hosts:
            if not _PATTERN.fullmatch(host):
                raise BadSettings("hosts", "must be names like sugar.example.com or *.example.com, in lower case")
        if not self.ports or not all(0 < port < 65536 for port in self.ports):
            raise BadSettings("ports", "must be numbers from 1 to 65535")

    def check(self, scheme: str, host: str, port: int) -> None:
        """Judges an address as it is written; nothing is looked up.

        Args:
            host: in lower case, an IPv6 address without brackets.

        Raises:
            BadAddress: it must not be called.
        """
        if self.allow_loopback and scheme in ("http", "https") and (host == "localhost" or is_loopback(host)):
            return
        if scheme != "https":
            raise refused("the Sugar address must begin with https://")
        if ":" in host or _is_dotted(host):
            self._judge(host)
        else:
            _check_name(host)
        if self.hosts and not any(_matches(host, pattern) for pattern in self.hosts):
            raise refused(f"the Sugar address must be one of those allowed here ({', '.join(self.hosts)})")
        if port not in self.ports:
            raise refused(f"the port of the Sugar address must be {' or '.join(map(str, self.ports))}")

    def addresses(self, host: str) -> list[str]:
        """The numbers behind a host, in the order in which to try them.

        Raises:
            BadAddress: one of them is not public.
            OSError: there are none.
        """
        found = self.resolve(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no addresses")
        for address in found:
            self._judge(address)
        return found

    def _judge(self, address: str) -> None:
        if self.allow_loopback and is_loopback(address):
            return
        if reason := why_not_public(address):
            raise refused(f"the Sugar address must lead to the public Internet, this one leads to {reason}")


PUBLIC = Policy()
"""Every public host."""
LOOPBACK = Policy(allow_loopback=True)
"""The same, and this machine: for simulators."""


def _is_dotted(host: str) -> bool:
    return re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", host) is not None


def _check_name(host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise refused("the Sugar address must name a host, of letters, digits and hyphens")
    if _NUMBER.fullmatch(labels[-1]):
        # What resolvers take for a number in another notation: 2130706433, 0x7f.1, 127.1.
        raise refused("the Sugar address must have a name, or a number in its usual form")
    if len(labels) == 1 or labels[-1] in _INNER:
        raise refused("the Sugar address must have a full name that is known on the public Internet")


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
