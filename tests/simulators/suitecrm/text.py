"""What becomes of a text: what of it is stored, how it reads, and how the answer to a write echoes it."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.entities import codepoint2name

_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
_DANGEROUS = re.compile(r"<(script|style|iframe|object|embed)\b[^<>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>|<!--.*?-->", re.DOTALL)
_KEPT = frozenset({"a", "b", "br", "div", "em", "i", "li", "ol", "p", "span", "strong", "u", "ul"})
_EMPTY = re.compile(r"<([a-z][a-z0-9]*)\b[^<>]*></\1>", re.IGNORECASE)

_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)])
_READ = str.maketrans({"'": "&#039;", '"': "&quot;", "<": "&lt;", ">": "&gt;"})
_ECHO = str.maketrans(
    {code: f"&{name};" for code, name in codepoint2name.items()} | {ord("&"): "&amp;", ord("'"): "&#039;"}
)


@lru_cache(maxsize=100_000)
def stored(sent: str) -> str:
    """What is kept: trimmed, without control characters, entities decoded, scripts and unknown or empty tags gone.

    A bare ``<`` stays; lines end as they do in Unix.
    """
    text = sent.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip()
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    if "<" in text:
        text = _purified(text)
    return text


def shown(text: str) -> str:
    """How a read gives it: four characters escaped, ``&`` left alone."""
    return text.translate(_READ)


def echoed(sent: str) -> str:
    """How the answer to ``set_entry`` gives it: cleaned, then escaped once more than a read does, and more of it."""
    text = stored(sent)
    escaped = text.replace("&", "&amp;")
    if "<" in escaped or ">" in escaped:
        escaped = _outside_tags(escaped)
    return escaped.translate(_ECHO)


def _purified(text: str) -> str:
    """As the server's cleaner leaves it: tags are closed in order, and go when they hold nothing."""
    text = _DANGEROUS.sub("", text)
    parts: list[str] = []
    opened: list[str] = []
    at = 0
    for found in _TAG.finditer(text):
        parts.append(text[at : found.start()])
        at = found.end()
        name = (found[2] or "").lower()
        if name not in _KEPT:
            continue
        if name == "br":
            parts.append("<br />")
        elif not found[1]:
            opened.append(name)
            parts.append(found[0])
        elif name in opened:
            while (inner := opened.pop()) != name:
                parts.append(f"</{inner}>")
            parts.append(f"</{name}>")
    parts.append(text[at:])
    parts += [f"</{name}>" for name in reversed(opened)]
    text = "".join(parts)
    while (again := _EMPTY.sub("", text)) != text:
        text = again
    return text


def _outside_tags(text: str) -> str:
    """What is no tag is escaped already by the cleaner, so that the next step escapes it twice."""
    parts: list[str] = []
    at = 0
    for found in _TAG.finditer(text):
        parts += [text[at : found.start()].replace("<", "&lt;").replace(">", "&gt;"), found[0]]
        at = found.end()
    parts.append(text[at:].replace("<", "&lt;").replace(">", "&gt;"))
    return "".join(parts)
