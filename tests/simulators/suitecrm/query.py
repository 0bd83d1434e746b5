"""The argument ``query``: a condition in SQL on the contacts' table, with sub-selects on email addresses only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.simulators.sugar.state import Contact, fold
from tests.simulators.suitecrm.errors import DatabaseFailure, ServiceError
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.tokens import Token, tokens

Value = str | int | None
Get = Callable[[Any], Value]
"""A column's value in a row."""
Test = Callable[[Any], bool]
Columns = Callable[[str], Get]
"""By a column's name, how it is read; raises ``DatabaseFailure`` where the server does not know it."""

_ALLOWED = ("email_addr_bean_rel", "email_addresses")
_FORBIDDEN = frozenset({"benchmark", "encode", "sleep", "load_file", "sys_eval", "sys_exec", "user_name"})
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<=>": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def contacts_where(query: str, state: SuiteState) -> Test:
    """Tests a contact.

    Raises:
        ServiceError: ``no_access``: a sub-select on another table than those of email addresses, a forbidden function.
        DatabaseFailure: a column without ``contacts.`` (it is ambiguous) or unknown; what is no SQL.
    """
    if not query.strip():
        return lambda _: True
    return _Parser(query, state).whole()


def _contact_column(name: str, state: SuiteState) -> Get:
    table, _, column = name.rpartition(".")
    definition = state.fields.get(column)
    if table != "contacts" or definition is None or not definition.stored:
        raise DatabaseFailure(f"unknown or ambiguous column {name}")
    if definition.type == "datetime":
        return lambda contact: int(contact[column])
    if definition.type == "bool" or column == "deleted":
        return lambda contact: int(bool(contact[column]))
    return lambda contact: str(contact[column])


class _Parser:
    """A condition's words from left to right."""

    def __init__(self, query: str, state: SuiteState) -> None:
        self.state = state
        self.words = tokens(query)
        self.at = 0
        self.column: Columns = lambda name: _contact_column(name, state)

    def whole(self) -> Test:
        test = self._either()
        if self._next.kind != "end":
            raise DatabaseFailure(f"syntax error at {self._next.value}")
        return test

    # -- words -----------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self.words[self.at]

    def _take(self) -> Token:
        self.at += 1
        return self.words[self.at - 1]

    def _is(self, value: str) -> bool:
        """Takes the word or sign if it is the next one."""
        if self._next.kind in ("word", "sign") and self._next.value == value:
            self.at += 1
            return True
        return False

    def _need(self, value: str) -> None:
        if not self._is(value):
            raise DatabaseFailure(f"syntax error at {self._next.value}, {value} is missing")

    def _name(self) -> str:
        token = self._take()
        if token.kind != "name":
            raise DatabaseFailure(f"syntax error at {token.value}")
        if token.value.lower().rpartition(".")[2] == "user_hash":
            raise ServiceError("no_access")
        if self._next.value == "(":
            raise ServiceError("no_access") if token.value.lower() in _FORBIDDEN else DatabaseFailure(token.value)
        return token.value

    # -- conditions ------------------------------------------------------------------------------------

    def _either(self) -> Test:
        tests = [self._both()]
        while self._is("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._not()]
        while self._is("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _not(self) -> Test:
        if self._is("not"):
            test = self._not()
            return lambda row: not test(row)
        if self._is("("):
            test = self._either()
            self._need(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        left = self._operand()
        if self._is("is"):
            wanted = not self._is("not")
            self._need("null")
            return lambda row: (left(row) in (None, "")) == wanted
        negated = self._is("not")
        test = self._set(left)
        if test is None:
            sign = self._take()
            if negated or sign.kind != "sign" or sign.value not in _SIGNS:
                raise DatabaseFailure(f"syntax error at {sign.value}")
            return _compared(left, sign.value, self._operand())
        return (lambda row: not test(row)) if negated else test

    def _set(self, left: Get) -> Test | None:
        """``IN``, ``LIKE``, ``BETWEEN``; ``None``: something else follows."""
        if self._is("like"):
            pattern = self._operand()
            return lambda row: _like(str(pattern(row)), left(row))
        if self._is("between"):
            low = self._operand()
            self._need("and")
            high = self._operand()
            above, below = _compared(left, ">=", low), _compared(left, "<=", high)
            return lambda row: above(row) and below(row)
        if not self._is("in"):
            return None
        self._need("(")
        if self._is("select"):
            found = self._subselect()
            self._need(")")
            return lambda row: left(row) in found
        values = [self._constant()]
        while self._is(","):
            values.append(self._constant())
        self._need(")")
        return _among(left, values)

    def _operand(self) -> Get:
        if self._next.kind in ("text", "number"):
            value = self._constant()
            return lambda _: value
        return self.column(self._name())

    def _constant(self) -> Value:
        token = self._take()
        if token.kind == "number":
            return token.value if "." in token.value else int(token.value)
        if token.kind != "text":
            raise DatabaseFailure(f"syntax error at {token.value}")
        return token.value

    # -- sub-selects on email addresses ----------------------------------------------------------------

    def _subselect(self) -> frozenset[Value]:
        """The values that ``SELECT column FROM … WHERE …`` finds."""
        wanted = self._name()
        self._need("from")
        tables: dict[str, str] = {}
        self._table(tables)
        while self._is("join") or (self._is("inner") and self._is("join")) or (self._is("left") and self._is("join")):
            self._table(tables)
            self._need("on")
            outer, self.column = self.column, lambda name: _email_column(name, tables)
            self._comparison()  # both tables are joined by the address's id, whatever is written
            self.column = outer
        test: Test = lambda _: True  # noqa: E731 - replaced below
        outer, self.column = self.column, lambda name: _email_column(name, tables)
        if self._is("where"):
            test = self._either()
        get = self.column(wanted)
        self.column = outer
        return frozenset(get(row) for row in self._email_rows() if test(row))

    def _table(self, tables: dict[str, str]) -> None:
        name = self._name()
        if name not in _ALLOWED:
            raise ServiceError("no_access")
        self._is("as")
        tables[self._name() if self._next.kind == "name" else name] = name

    def _email_rows(self) -> Iterator[dict[str, Value]]:
        for contact in self.state.contacts.values():
            if contact["deleted"]:
                continue
            for entry, row in self.state.rows_of(contact):
                yield _email_row(contact, entry, row.id, row.caps)


def _email_row(contact: Contact, entry: dict[str, Any], row_id: str, caps: str) -> dict[str, Value]:
    return {
        "email_addr_bean_rel.bean_id": contact["id"],
        "email_addr_bean_rel.bean_module": "Contacts",
        "email_addr_bean_rel.email_address_id": row_id,
        "email_addr_bean_rel.primary_address": int(entry["primary_address"]),
        "email_addr_bean_rel.reply_to_address": int(entry["reply_to_address"]),
        "email_addr_bean_rel.deleted": 0,
        "email_addresses.id": row_id,
        "email_addresses.email_address": entry["email_address"],
        "email_addresses.email_address_caps": caps,
        "email_addresses.invalid_email": int(entry["invalid_email"]),
        "email_addresses.opt_out": int(entry["opt_out"]),
        "email_addresses.deleted": 0,
    }


_NOTHING: dict[str, Any] = {"primary_address": 0, "reply_to_address": 0, "invalid_email": 0, "opt_out": 0}
_EMAIL_COLUMNS = frozenset(_email_row({"id": ""}, {**_NOTHING, "email_address": ""}, "", ""))


def _email_column(name: str, tables: dict[str, str]) -> Get:
    alias, _, column = name.rpartition(".")
    if alias and alias not in tables:
        raise DatabaseFailure(f"unknown table {alias}")
    found = [f"{table}.{column}" for each, table in tables.items() if alias in ("", each)]
    known = [each for each in found if each in _EMAIL_COLUMNS]
    if len(known) != 1:
        raise DatabaseFailure(f"unknown or ambiguous column {name}")
    return lambda row: row[known[0]]


# -- values ----------------------------------------------------------------------------------------------


def _compared(left: Get, sign: str, right: Get) -> Test:
    compare = _SIGNS[sign]

    def test(row: Any) -> bool:
        a, b = _alike(left(row), right(row))
        return a is not None and b is not None and compare(a, b)

    return test


def _among(left: Get, values: list[Value]) -> Test:
    texts = {fold(str(value)) for value in values}
    numbers = {value if isinstance(value, int) else _number(str(value)) for value in values}

    def test(row: Any) -> bool:
        value = left(row)
        return value in numbers if isinstance(value, int) else fold(str(value)) in texts

    return test


def _alike(a: Value, b: Value) -> tuple[Value, Value]:
    """Two values as the database compares them: text without case and accents, dates and numbers as numbers."""
    if isinstance(a, int) and isinstance(b, str):
        return a, _number(b)
    if isinstance(b, int) and isinstance(a, str):
        return _number(a), b
    return _same(a), _same(b)


def _same(value: Value) -> Value:
    return fold(value) if isinstance(value, str) else value


def _number(text: str) -> int | None:
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
