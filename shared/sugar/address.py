"""The address of a Sugar instance, as a user typed it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

from shared.sugar.reach import PUBLIC, Policy, refused

_TAILS = ("/rest", "/index.php", "/service", "/portal")
_FOLDER = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_LOOKALIKES = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Scripts with letters that look like Latin ones."""


def normalise(typed: str, policy: Policy = PUBLIC) -> str:
    """The address in the one form that is stored and called: ``https://host[:port][/folder]``.

    What people copy from their browser is understood: a missing scheme, and a page, query or fragment behind the
    folder in which Sugar lives; of these nothing is kept. Whatever could be read in two ways is refused. Nothing is
    looked up: where the name leads is judged whenever a connection is made.

    Raises:
        BadAddress: it cannot be an address, or the policy refuses it; says what would be right.
    """
    text = typed.strip(" \t\r\n")
    if not text:
        raise refused("the Sugar address is blank")
    if len(text) > 500 or any(character.isspace() or not character.isprintable() for character in text):
        raise refused("the Sugar address is too long, or has blanks or invisible characters in it")
    if "://" not in text:
        text = "https://" + text
    if "\\" in text:
        raise refused("the Sugar address must not have a backslash in it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise refused("the Sugar address cannot be read") from None
    if "@" in parts.netloc:
        raise refused("the Sugar address must not hold a user name or a password")
    if parts.scheme not in ("https", "http"):
        raise refused("the Sugar address must begin with https://")
    host = _host(parts.netloc)
    default = 443 if parts.scheme == "https" else 80
    port = default if port is None else port
    policy.check(parts.scheme, host, port)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{'' if port == default else f':{port}'}{_folder(parts.path)}"


def _host(netloc: str) -> str:
    """The host in ASCII and lower case, an IPv6 address without brackets in its shortest form."""
    if "%" in netloc:
        raise refused("the host of the Sugar address must not have a '%' in it")
    if netloc.startswith("["):
        try:
            return str(ipaddress.IPv6Address(netloc[1:].partition("]")[0]))
        except ValueError:
            raise refused("the Sugar address cannot be read") from None
    typed = netloc.partition(":")[0]
    if not typed:
        raise refused("the Sugar address names no host")
    if typed.endswith("."):
        raise refused("the host of the Sugar address must not have a dot at its end")
    host = typed.lower()
    try:
        # Also says whether every label is there and short enough.
        plain = host.encode("idna").decode("ascii")
        shown = plain.encode("ascii").decode("idna")
    except UnicodeError:
        raise refused("the Sugar address cannot be read") from None
    if not typed.isascii() and (shown != host or unicodedata.normalize("NFKC", typed) != typed or _mixed(host)):
        raise refused("the host of the Sugar address has characters that stand for others; type it in plain ones")
    return plain


def _mixed(host: str) -> bool:
    """Whether one label has Latin letters and letters that look like them."""
    for label in host.split("."):
        scripts = {unicodedata.name(character, "").split(" ")[0] for character in label}
        if "LATIN" in scripts and not scripts.isdisjoint(_LOOKALIKES):
            return True
    return False


def _folder(path: str) -> str:
    """The folder in which Sugar lives: the path up to the first of Sugar's own entry points."""
    parts: list[str] = []
    for part in path.split("/"):
        if "/" + part.lower() in _TAILS:
            break
        if part:
            parts.append(part)
    if not all(_FOLDER.fullmatch(part) for part in parts):
        raise refused("the folder of the Sugar address must be of letters, digits, '.', '_', '~' and '-', without '..'")
    return "".join("/" + part for part in parts)
