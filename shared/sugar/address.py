"""The address of a Sugar instance, as a user typed it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from shared.errors import BadAddress

HostCheck = Callable[[str], None]
"""Raises ``BadAddress`` for a host (lower case, no port) that must not be called. The place for rules about private
networks and allowed instances."""

_TAILS = ("/rest", "/index.php", "/service", "/portal")
_EXAMPLE = "the address of a Sugar looks like https://example.sugarondemand.com"


def any_host(host: str) -> None:
    """Accepts every host."""


def normalise(typed: str, *, allow_loopback: bool = False, check_host: HostCheck = any_host) -> str:
    """The address in the one form that is stored and called: ``https://host[:port][/folder]``.

    What people copy from their browser is understood: a missing scheme, and a page, query or fragment behind the
    folder in which Sugar lives.

    Args:
        allow_loopback: also accept ``http://`` on this machine, for simulators.
        check_host: asked last.

    Raises:
        BadAddress: says what would be right.
    """
    text = typed.strip()
    if not text:
        raise BadAddress(f"The Sugar address is blank; {_EXAMPLE}")
    if len(text) > 500 or any(character.isspace() or not character.isprintable() for character in text):
        raise BadAddress(f"The Sugar address is too long or has blanks in it; {_EXAMPLE}")
    if "://" not in text:
        text = "https://" + text
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        if ":" not in host:
            # Also says whether every label is there and short enough.
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise BadAddress(f"The Sugar address cannot be read; {_EXAMPLE}") from None
    if not host or "\\" in text or "%" in host:
        raise BadAddress(f"The Sugar address names no host; {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("The Sugar address must not hold a user name or a password")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_loopback and is_loopback(host)):
        raise BadAddress("The Sugar address must begin with https://")
    check_host(host)
    shown = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{shown}{'' if port in (None, default) else f':{port}'}{_folder(parts.path)}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its literal name or number; nothing is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _folder(path: str) -> str:
    """The folder in which Sugar lives: the path up to the first of Sugar's own entry points."""
    parts: list[str] = []
    for part in path.split("/"):
        if "/" + part.lower() in _TAILS:
            break
        if part and part != ".":
            parts.append(part)
    if ".." in parts:
        raise BadAddress(f"The Sugar address has '..' in it; {_EXAMPLE}")
    return "".join("/" + part for part in parts)
