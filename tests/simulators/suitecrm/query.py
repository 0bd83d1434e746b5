"""The argument ``query``: a condition in SQL on the contacts' table, with sub-selects on email addresses only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.simulators.sugar.state import Contact
from tests.simulators.suitecrm.conditions import (
    ANY,
    SIGNS,
    Condition,
    Operand,
    Value,
    among,
    blank,
    both,
    compared,
    either,
    like,
    opposite,
)
from tests.simulators.suitecrm.errors import DatabaseFailure, ServiceError
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.tokens import Token, tokens

Columns = Callable[[str], Operand]
"""By a column's name, how it is read; raises ``DatabaseFailure`` where the server does not know it."""

_ALLOWED = ("email_addr_bean_rel", "email_addresses")
_FORBIDDEN = frozenset({"benchmark", "encode", "sleep", "load_file", "sys_eval", "sys_exec", "user_name"})
_ID, _MODIFIED = "contacts.id", "contacts.date_modified"
_ADDRESSES = ("email_addresses.email_address_caps", "email_addresses.email_address")


def contacts_where(query: str, state: SuiteState) -> Condition:
    """Tests a contact.

    Raises:
        ServiceError: ``no_access``: a sub-select on another table than those of email addresses, a forbidden function.
        DatabaseFailure: a column without ``contacts.`` (it is ambiguous) or unknown; what is no SQL.
    """
    return _Parser(query, state).whole() if query.strip() else ANY


def candidates(condition: Condition, state: SuiteState) -> Iterable[str]:
    """The ids of the contacts that can meet the condition, in their order."""
    if _ID in condition.keys:
        return sorted(state.ids_folded(condition.keys[_ID]))
    if _MODIFIED in condition.since:
        return sorted(state.modified_since(condition.since[_MODIFIED]))
    return state.by_id


def _contact_column(name: str, state: SuiteState) -> Operand:
    table, _, column = name.rpartition(".")
    definition = state.fields.get(column)
    if table != "contacts" or definition is None or not definition.stored:
        raise DatabaseFailure(f"unknown or ambiguous column {name}")
    if definition.type == "datetime":
        return Operand(lambda contact: int(contact[column]), name)
    if definition.type == "bool" or column == "deleted":
        return Operand(lambda contact: int(bool(contact[column])), name)
    return Operand(lambda contact: str(contact[column]), name)


class _Parser:
    """A condition's words from left to right."""

    def __init__(self, query: str, state: SuiteState) -> None:
        self.state = state
        self.words = tokens(query)
        self.at = 0
        self.column: Columns = lambda name: _contact_column(name, state)

    def whole(self) -> Condition:
        condition = self._either()
        if self._next.kind != "end":
            raise DatabaseFailure(f"syntax error at {self._next.value}")
        return condition

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

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._is("or"):
            parts.append(self._both())
        return either(parts)

    def _both(self) -> Condition:
        parts = [self._not()]
        while self._is("and"):
            parts.append(self._not())
        return both(parts)

    def _not(self) -> Condition:
        if self._is("not"):
            return opposite(self._not())
        if self._is("("):
            condition = self._either()
            self._need(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._is("is"):
            wanted = not self._is("not")
            self._need("null")
            return blank(left, wanted)
        negated = self._is("not")
        condition = self._set(left)
        if condition is None:
            sign = self._take()
            if negated or sign.kind != "sign" or sign.value not in SIGNS:
                raise DatabaseFailure(f"syntax error at {sign.value}")
            return compared(left, sign.value, self._operand())
        return opposite(condition) if negated else condition

    def _set(self, left: Operand) -> Condition | None:
        """``IN``, ``LIKE``, ``BETWEEN``; ``None``: something else follows."""
        if self._is("like"):
            return like(left, self._operand())
        if self._is("between"):
            low = self._operand()
            self._need("and")
            return both([compared(left, ">=", low), compared(left, "<=", self._operand())])
        if not self._is("in"):
            return None
        self._need("(")
        if self._is("select"):
            values: list[Value] = [*sorted(self._subselect())]
        else:
            values = [self._constant()]
            while self._is(","):
                values.append(self._constant())
        self._need(")")
        return among(left, values)

    def _operand(self) -> Operand:
        if self._next.kind in ("text", "number"):
            value = self._constant()
            return Operand(lambda _: value, constant=value)
        return self.column(self._name())

    def _constant(self) -> Value:
        token = self._take()
        if token.kind == "number":
            return token.value if "." in token.value else int(token.value)
        if token.kind != "text":
            raise DatabaseFailure(f"syntax error at {token.value}")
        return token.value

    # -- sub-selects on email addresses ----------------------------------------------------------------

    def _subselect(self) -> set[str]:
        """The values that ``SELECT column FROM … WHERE …`` finds."""
        wanted = self._name()
        self._need("from")
        tables: dict[str, str] = {}
        outer, self.column = self.column, lambda name: _email_column(name, tables)
        self._table(tables)
        while self._next.value in ("join", "inner", "left"):
            if not self._is("inner"):
                self._is("left")
            self._need("join")
            self._table(tables)
            self._need("on")
            self._comparison()  # both tables are joined by the address's id, whatever is written
        condition = self._either() if self._is("where") else ANY
        get = self.column(wanted).get
        self.column = outer
        return {str(get(row)) for row in self._email_rows(condition) if condition.test(row)}

    def _table(self, tables: dict[str, str]) -> None:
        name = self._name()
        if name not in _ALLOWED:
            raise ServiceError("no_access")
        self._is("as")
        tables[self._name() if self._next.kind == "name" else name] = name

    def _email_rows(self, condition: Condition) -> Iterator[dict[str, Value]]:
        state = self.state
        known = next((condition.keys[column] for column in _ADDRESSES if column in condition.keys), None)
        for contact_id in state.contacts if known is None else state.ids_with_email(known):
            contact = state.contacts[contact_id]
            if not contact["deleted"]:
                for entry, row in state.rows_of(contact):
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


def _email_column(name: str, tables: dict[str, str]) -> Operand:
    alias, _, column = name.rpartition(".")
    if alias and alias not in tables:
        raise DatabaseFailure(f"unknown table {alias}")
    found = [f"{table}.{column}" for each, table in tables.items() if alias in ("", each)]
    known = [each for each in found if each in _EMAIL_COLUMNS]
    if len(known) != 1:
        raise DatabaseFailure(f"unknown or ambiguous column {name}")
    return Operand(lambda row: row[known[0]], known[0])
