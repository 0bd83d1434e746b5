"""What becomes of a text on its way through the older dialect.

A read escapes four characters and leaves ``&`` alone. What is written is cleaned without a word: scripts and tags may
go, entities are decoded, characters beyond the BMP become question marks, a text that is too long is cut. None of that
is an edit. Source of fact: recordings of a SuiteCRM 7.14.6.
"""

from __future__ import annotations

import re
from html import unescape

_READ = {"&#039;": "'", "&quot;": '"', "&lt;": "<", "&gt;": ">"}
_ESCAPED = re.compile("|".join(_READ))
_SCRIPT = re.compile(r"<(script|style|iframe|object|embed)\b[^<>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_MARKED = re.compile("[\U00010000-\U0010ffff?]+")
MARKS = ("?", "????")
"""What a character beyond the BMP may become, by the database's character set."""
_SHORTEST_COLUMN = 20
"""Characters; nothing is cut to less."""
_SIGNS = re.compile(r"[\W_]+")


def decoded(text: str) -> str:
    """The text that a read shows; exactly the four escapes of a read are undone."""
    return _ESCAPED.sub(lambda found: _READ[found[0]], text)


def marked(text: str, mark: str) -> str:
    """The text with this mark in place of each character beyond the BMP."""
    return _BEYOND_BMP.sub(mark, text)


def cleaned(text: str) -> str:
    """What the server may keep of a text: entities decoded, scripts and tags gone."""
    return _TAG.sub("", _SCRIPT.sub("", unescape(text)))


def is_rendering(sent: str, shown: str) -> bool:
    """Whether ``shown`` can be what became of ``sent``, so that it is no edit: cleaned, cut, marked with ``?``, or
    written in other case, signs or white space, as hooks of an instance do."""
    was, now = _skeleton(sent), _skeleton(shown)
    return was == now or (len(shown) >= _SHORTEST_COLUMN and was.startswith(now))


def _skeleton(text: str) -> str:
    """Letters and digits alone, of what may be kept."""
    return _SIGNS.sub("", _MARKED.sub("", cleaned(cleaned(text)))).casefold()
