"""A condition in SQL, as words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.simulators.suitecrm.errors import DatabaseFailure

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>`?[A-Za-z_][\w$]*`?(?:\.`?[A-Za-z_][\w$]*`?)*)
      | (?P<sign><=>|<=|>=|<>|!=|=|<|>|\(|\)|,|\*)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = frozenset(
    {
        "and",
        "or",
        "not",
        "in",
        "like",
        "between",
        "is",
        "null",
        "select",
        "from",
        "join",
        "inner",
        "left",
        "on",
        "where",
        "as",
    }
)


@dataclass(frozen=True)
class Token:
    kind: str
    """``text``, ``number``, ``name``, ``word`` (in lower case), ``sign``, ``end``."""
    value: str


def tokens(sql: str) -> list[Token]:
    """The words of a condition, and an end.

    Raises:
        DatabaseFailure: a character or a quote that means nothing.
    """
    result: list[Token] = []
    at = 0
    text = sql.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise DatabaseFailure(f"syntax error at {at}")
        at = found.end()
        kind = str(found.lastgroup)
        value = found[kind]
        if kind == "text":
            value = _unquoted(value)
        elif kind == "name":
            value = value.replace("`", "")
            if value.lower() in _WORDS:
                kind, value = "word", value.lower()
        result.append(Token(kind, value))
    return [*result, Token("end", "")]


def _unquoted(literal: str) -> str:
    """A quote is escaped by a backslash or doubled; ``\\%`` and ``\\_`` keep their backslash, for LIKE."""
    quote, inner = literal[0], literal[1:-1]
    text = re.sub(r"\\(.)", lambda found: found[0] if found[1] in "%_" else "\0" + found[1], inner, flags=re.DOTALL)
    text = text.replace(quote * 2, quote)
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub("\0(.)", lambda found: escapes.get(found[1], found[1]), text, flags=re.DOTALL)
