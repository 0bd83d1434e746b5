"""Filters: from the JSON of a request to a test of contacts, and to the few contacts worth testing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulators.sugar.emails import primary, truthy
from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.state import Contact, State, User, fold

Test = Callable[[Contact], bool]


@dataclass(frozen=True)
class Filter:
    """A compiled filter. ``ids``, ``since`` and ``from_id`` only narrow the search, ``test`` decides."""

    test: Test
    ids: frozenset[str] | None = None
    """Every match has one of these ids; ``None``: any."""
    since: int | None = None
    """Every match was modified then or later; ``None``: any."""
    from_id: str = ""
    """No match has a smaller id."""


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}
_TEXTUAL: dict[str, Callable[[str, str], bool]] = {
    "$starts": str.startswith,
    "$ends": str.endswith,
    "$contains": lambda value, part: part in value,
}
_EMAIL_FIELDS = ("email", "email1", "email_addresses_primary.email_address")
_RELATED_FLAGS = ("opt_out", "invalid_email", "primary_address")


def all_of(parts: Iterable[Filter]) -> Filter:
    """Every part matches; without parts, everything does."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    ids = [part.ids for part in parts if part.ids is not None]
    since = [part.since for part in parts if part.since is not None]
    tests = [part.test for part in parts]
    return Filter(
        lambda contact: all(test(contact) for test in tests),
        frozenset.intersection(*ids) if ids else None,
        max(since, default=None),
        max((part.from_id for part in parts), default=""),
    )


def any_of(parts: Iterable[Filter]) -> Filter:
    """A part matches."""
    parts = list(parts)
    ids = [part.ids for part in parts if part.ids is not None]
    since = [part.since for part in parts if part.since is not None]
    tests = [part.test for part in parts]
    return Filter(
        lambda contact: any(test(contact) for test in tests),
        frozenset().union(*ids) if len(ids) == len(parts) else None,
        min(since) if len(since) == len(parts) else None,
        min((part.from_id for part in parts), default=""),
    )


class Compiler:
    """Compiles filters as one user means them.

    An unknown field or operator is 422. A clause on a field that the contact's own table does not hold is dropped
    without a word, which may leave a filter that matches everything (facts, Listing, Traps).
    """

    def __init__(self, state: State, user: User) -> None:
        self.state = state
        self.user = user

    def compile(self, raw: Any) -> Filter:
        """The filter of a request.

        Raises:
            SugarError: it is none.
        """
        if raw in (None, "", [], {}):
            return all_of(())
        return all_of(self._clauses(raw))

    def _clauses(self, raw: Any) -> list[Filter]:
        if isinstance(raw, dict):
            raw = [raw]
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            raise SugarError("invalid_parameter", "Did not recognize the definition of the filter")
        found = (self._clause(str(name), value) for each in raw for name, value in each.items())
        return [each for each in found if each is not None]

    def _clause(self, name: str, value: Any) -> Filter | None:
        if name == "$and":
            return all_of(self._clauses(value))
        if name == "$or":
            parts = self._branches(value)
            return any_of(parts) if parts else None
        if name.startswith("$"):
            return self._macro(name)
        if name in _EMAIL_FIELDS or name.partition(".")[0] in ("email_addresses", "accounts"):
            return self._related(name, self._operators(value))
        definition = self.state.fields.get(name)
        if definition is None:
            raise SugarError("invalid_parameter", f"Unable to find field {name} in module Contacts")
        if "read" in self.user.denied.get(name, ()):
            raise SugarError("not_authorized", f"You are not authorized to filter by {name}")
        if not definition.stored:
            return None
        return all_of(self._comparison(name, definition.type, op, operand) for op, operand in self._operators(value))

    def _branches(self, raw: Any) -> list[Filter]:
        if isinstance(raw, dict):
            raw = [{name: value} for name, value in raw.items()]
        if not isinstance(raw, list):
            raise SugarError("invalid_parameter", "Did not recognize the definition of the filter")
        branches = [self._clauses(each) for each in raw]
        return [all_of(each) for each in branches if each]

    @staticmethod
    def _operators(value: Any) -> list[tuple[str, Any]]:
        if isinstance(value, dict):
            return [(str(op), operand) for op, operand in value.items()]
        return [("$equals", value)]

    def _macro(self, name: str) -> Filter:
        me, state = self.user.id, self.state
        if name == "$owner":
            return Filter(lambda contact: contact["assigned_user_id"] == me)
        if name == "$creator":
            return Filter(lambda contact: contact["created_by"] == me)
        sets = {"$favorite": state.favorites[me], "$following": state.following[me], "$tracker": state.viewed[me]}
        if name not in sets:
            raise SugarError("invalid_parameter", f"Did not recognize the operand: {name}")
        ids = frozenset(sets[name])
        return Filter(lambda contact: contact["id"] in ids, ids)

    # -- own fields ------------------------------------------------------------------------------------

    def _comparison(self, name: str, kind: str, op: str, operand: Any) -> Filter:
        convert = self._converter(kind)
        test = self._test(op, operand, convert, kind)
        matches = Filter(lambda contact: test(convert(contact[name])))
        if name == "id" and op in ("$equals", "$in"):
            ids = operand if isinstance(operand, list) else [operand]
            return Filter(matches.test, frozenset(str(each).lower() for each in ids))
        if name == "id" and op in ("$gt", "$gte"):
            return Filter(matches.test, from_id=str(operand).lower())
        if name == "date_modified" and op in ("$gt", "$gte", "$equals"):
            return Filter(matches.test, since=int(convert(operand)))
        if name == "date_modified" and op in ("$between", "$dateBetween"):
            return Filter(matches.test, since=int(convert(operand[0])))
        return matches

    def _converter(self, kind: str) -> Callable[[Any], Any]:
        if kind == "datetime":
            return self._instant
        if kind == "bool":
            return truthy
        return self._text

    def _instant(self, value: Any) -> int:
        """A filter's date; without an offset it is the user's local time."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        try:
            parsed = datetime.fromisoformat(str(value))
        except ValueError:
            raise SugarError("invalid_parameter", f"Invalid date: {value}") from None
        return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=self.user.zone)).timestamp())

    def _text(self, value: Any) -> str:
        text = "" if value is None else str(value)
        return fold(text) if self.state.switches.text_folds else text

    def _test(self, op: str, operand: Any, convert: Callable[[Any], Any], kind: str) -> Callable[[Any], bool]:
        """A test of converted values."""
        if op in ("$is_null", "$empty"):
            return lambda value: value in ("", None)
        if op in ("$not_null", "$not_empty"):
            return lambda value: value not in ("", None)
        if op in ("$in", "$not_in", "$between", "$dateBetween"):
            if not isinstance(operand, list):
                raise SugarError("invalid_parameter", f"{op} requires an array")
            converted = [convert(each) for each in operand]
            if op == "$in":
                members = frozenset(converted)
                return lambda value: value in members
            if op == "$not_in":
                members = frozenset(converted)
                return lambda value: value not in members
            if len(converted) != 2:
                raise SugarError("invalid_parameter", f"{op} requires two values")
            low, high = converted
            return lambda value: bool(low <= value <= high)
        if isinstance(operand, list | dict):
            raise SugarError("invalid_parameter", f"{op} requires a single value")
        if op in _TEXTUAL and kind != "datetime":
            textual, part = _TEXTUAL[op], convert(operand)
            return lambda value: textual(value, part)
        wanted = convert(operand)
        if op == "$equals":
            return lambda value: bool(value == wanted)
        if op == "$not_equals":
            return lambda value: bool(value != wanted)
        if op in _COMPARE:
            compare = _COMPARE[op]
            return lambda value: compare(value, wanted)
        raise SugarError("invalid_parameter", f"Did not recognize the operand: {op}")

    # -- related fields --------------------------------------------------------------------------------

    def _related(self, name: str, operators: list[tuple[str, Any]]) -> Filter:
        link, _, remote = name.partition(".")
        if link == "accounts" and remote in ("name", "id"):
            return all_of(self._account(remote, op, operand) for op, operand in operators)
        if name in _EMAIL_FIELDS:
            everything = self.state.switches.email_filter == "all" and not remote
            return all_of(self._email(op, operand, everything=everything) for op, operand in operators)
        if remote == "email_address":
            return all_of(self._email(op, operand, everything=True) for op, operand in operators)
        if link == "email_addresses" and remote in _RELATED_FLAGS:
            return all_of(self._email_flag(remote, op, operand) for op, operand in operators)
        raise SugarError("invalid_parameter", f"Unable to find field {name} in module Contacts")

    def _account(self, remote: str, op: str, operand: Any) -> Filter:
        test = self._test(op, operand, self._text, "varchar")
        if remote == "id":
            return Filter(lambda contact: test(self._text(contact["account_id"])))
        return Filter(lambda contact: test(self._text(self.state.account_name(contact))))

    def _email_flag(self, flag: str, op: str, operand: Any) -> Filter:
        test = self._test(op, operand, truthy, "bool")
        return Filter(lambda contact: any(test(each[flag]) for each in contact["email"]))

    def _email(self, op: str, operand: Any, *, everything: bool) -> Filter:
        if op in ("$equals", "$in") and self.state.switches.email_match == "prefix":
            prefixes = tuple(self._text(each) for each in (operand if isinstance(operand, list) else [operand]))
            return self._addresses(lambda address: address.startswith(prefixes), everything)
        narrowed = self._addresses(self._test(op, operand, self._text, "varchar"), everything)
        if op not in ("$equals", "$in"):
            return narrowed
        addresses = operand if isinstance(operand, list) else [operand]
        if not all(addresses):
            return narrowed
        return Filter(narrowed.test, frozenset(self.state.ids_with_email(str(each) for each in addresses)))

    def _addresses(self, test: Callable[[Any], bool], everything: bool) -> Filter:
        if everything:
            return Filter(lambda contact: any(test(self._text(each["email_address"])) for each in contact["email"]))
        return Filter(lambda contact: test(self._text(primary(contact["email"]))))
