"""Conditions on rows: how the database compares, and where it can look instead of reading every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulators.sugar.state import fold

Value = str | int | None
Test = Callable[[Any], bool]

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<=>": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


@dataclass(frozen=True)
class Operand:
    """A column or a constant."""

    get: Callable[[Any], Value]
    column: str = ""
    constant: Value = None


@dataclass(frozen=True)
class Condition:
    """A test of a row; ``keys`` and ``since`` hold for every row that passes it."""

    test: Test
    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    """By column, its possible values, folded."""
    since: dict[str, int] = field(default_factory=dict)
    """By column, its least value."""


ANY = Condition(lambda _: True)


def both(parts: Sequence[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    keys: dict[str, frozenset[str]] = {}
    since: dict[str, int] = {}
    for part in parts:
        keys |= {column: keys.get(column, values) & values for column, values in part.keys.items()}
        since |= {column: max(since.get(column, least), least) for column, least in part.since.items()}
    return Condition(lambda row: all(part.test(row) for part in parts), keys, since)


def either(parts: Sequence[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    keys = {
        column: frozenset().union(*(part.keys[column] for part in parts))
        for column in parts[0].keys
        if all(column in part.keys for part in parts)
    }
    since = {
        column: min(part.since[column] for part in parts)
        for column in parts[0].since
        if all(column in part.since for part in parts)
    }
    return Condition(lambda row: any(part.test(row) for part in parts), keys, since)


def opposite(part: Condition) -> Condition:
    return Condition(lambda row: not part.test(row))


def compared(left: Operand, sign: str, right: Operand) -> Condition:
    compare = SIGNS[sign]
    wanted = right.constant
    if left.column and isinstance(wanted, str):
        text, number = fold(wanted), _number(wanted)

        def quick(row: Any) -> bool:
            value = left.get(row)
            return compare(value, number) if isinstance(value, int) else compare(fold(str(value)), text)

        keys = {left.column: frozenset({text})} if sign == "=" else {}
        return Condition(quick, keys, {left.column: number} if sign in ("=", ">", ">=") else {})

    def test(row: Any) -> bool:
        a, b = _alike(left.get(row), right.get(row))
        return a is not None and b is not None and compare(a, b)

    return Condition(test)


def among(left: Operand, values: Sequence[Value]) -> Condition:
    texts = frozenset(fold(str(value)) for value in values)
    numbers = {value if isinstance(value, int) else _number(str(value)) for value in values}

    def test(row: Any) -> bool:
        value = left.get(row)
        return value in numbers if isinstance(value, int) else fold(str(value)) in texts

    return Condition(test, {left.column: texts})


def like(left: Operand, pattern: Operand) -> Condition:
    return Condition(lambda row: _like(str(pattern.get(row)), left.get(row)))


def blank(left: Operand, wanted: bool) -> Condition:
    """``IS NULL``: blank texts and no text are not told apart here."""
    return Condition(lambda row: (left.get(row) in (None, "")) == wanted)


# -- values ----------------------------------------------------------------------------------------------


def _alike(a: Value, b: Value) -> tuple[Value, Value]:
    """Two values as the database compares them: text without case and accents, dates and numbers as numbers."""
    if isinstance(a, int) and isinstance(b, str):
        return a, _number(b)
    if isinstance(b, int) and isinstance(a, str):
        return _number(a), b
    return _same(a), _same(b)


def _same(value: Value) -> Value:
    return fold(value) if isinstance(value, str) else value


def _number(text: str) -> int:
    """A date as seconds since 1970; else the number that the text begins with, as the database reads it."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    found = re.match(r"\s*(-?\d+)", text)
    return int(found[1]) if found else 0


def _like(pattern: str, value: Value) -> bool:
    parts = re.findall(r"\\.|%|_|[^\\%_]+|\\", pattern, flags=re.DOTALL)
    meaning = {"%": ".*", "_": "."}
    expression = "".join(meaning.get(part) or re.escape(fold(part[1:] if part[0] == "\\" else part)) for part in parts)
    return re.fullmatch(expression, fold(str(value)), flags=re.DOTALL) is not None
