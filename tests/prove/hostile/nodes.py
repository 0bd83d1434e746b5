"""Mutators of single nodes of an answer's JSON, at every depth: ``drop records[].title``, ``number me.id``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.prove.hostile.answer import (
    ASKS,
    BLANKS,
    COPIES,
    DELETES,
    LIES,
    MARK,
    SAME,
    TOMORROW,
    Honest,
    Hope,
    Mutator,
)
from tests.prove.hostile.bodies import GONE, Path, changed, nodes, shape
from tests.prove.hostile.calls import FEEDS, READS, SEARCHES, WRITES
from tests.prove.hostile.lists import hides
from tests.simulators.wire import Reply

_NESTED: Any = {"zq": [[{}]]}

OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "drop": lambda value: GONE,
    "null": lambda value: None,
    "blank": lambda value: "",
    "text": lambda value: MARK,
    "number": lambda value: 7,
    "huge number": lambda value: 10**400,
    "fraction": lambda value: 1.5,
    "infinity": lambda value: float("inf"),
    "true": lambda value: True,
    "false": lambda value: False,
    "list": lambda value: [],
    "object": lambda value: {},
    "nested": lambda value: _NESTED,
    "in a list": lambda value: [value],
    "twice": lambda value: value * 2 if isinstance(value, list) else [value, value],
    "as text": lambda value: str(value),
    "half a character": lambda value: f"{value}\ud800" if isinstance(value, str) else "\ud800",
    "NUL": lambda value: f"{value}\0" if isinstance(value, str) else "\0",
    "long": lambda value: f"{value} {MARK * 35_000}" if isinstance(value, str) else MARK * 35_000,
}
"""By name, what becomes of the node."""

_SAME_IN_KIND = re.compile(r"phone_(?!work)|(alt|primary)_address|_by_|team_|full_name|account|portal|lead|campaign")
"""Fields of Sugar that are read like another one that is tried."""


def shapes(answer: Honest) -> dict[str, list[Path]]:
    """Every different place in the answer, with all its nodes; none if it is no JSON."""
    found: dict[str, list[Path]] = {}
    try:
        tree = answer.json
    except ValueError:
        return found
    for path, _ in nodes(tree):
        name = shape(path)
        if not _SAME_IN_KIND.search(name):
            found.setdefault(name, []).append(path)
    return found


def mutator(operation: str, where: str, *, every: bool = True) -> Mutator:
    """One operation at one place: at every node there is of it, or at the last one only.

    Raises:
        KeyError: no such operation.
    """
    change = OPERATIONS[operation]

    def apply(answer: Honest) -> Reply | None:
        paths = shapes(answer).get(where, [])
        honest = answer.json
        made = changed(honest, paths if every else paths[-1:], change)
        return None if made == honest else answer.with_body(made)

    name = f"{operation} {where}"
    return Mutator(name if every else f"{name} once", apply, lambda kind: expected(kind, operation, where))


def all_of(answer: Honest) -> Iterator[Mutator]:
    """Every operation at every place of the answer."""
    for where in shapes(answer):
        for operation in OPERATIONS:
            yield mutator(operation, where)


_PERSON = re.compile(r"^(responses\[\]\.person|updateResult\.\{\}\.person|createdPeople\[\]\.person)\.?")
_RECORD = re.compile(r"^(records\[\]|\[\]\.contents)\.?")
_LIST = re.compile(r"[a-zA-Z]+")
_ELEMENT = re.compile(r"[a-zA-Z]+\[\]")
"""Without its only element a list is as if it were not there."""
_OPTIONAL = re.compile(
    r"names\[\]\.(givenName|familyName|middleName|honorific\w+)|organizations\[\]\.(name|title|department)"
    r"|addresses\[\]\.\w+|birthdays\[\]\.date(\.\w+)?"
)
"""Texts of a person that need not be there: their absence is how Google says that they are blank."""
_OF_SUGAR = re.compile(r"[a-z_]+")
_OURS = frozenset({"id", "date_modified", "deleted", "assigned_user_id"})
_TEXTS = frozenset({"text", "long", "NUL", "as text"})


_NAMES = ("first_name", "last_name")
_WHO = re.compile(r"first_name|last_name|email|names|emailAddresses")
"""What tells who a contact is."""


_LEAVES_ROWS_OUT = frozenset({("list", "records"), ("drop", "records[]")})
"""How a read of Sugar says that a contact is not there; Google names in its answer what it does not find."""


def expected(kind: str, operation: str, where: str) -> Hope:
    """What may become of it.

    Plausible, and so believed: of a fresh read (or of a write's answer, which is one) a list of a person or a part of a
    name, organization or address that is missing or null, and a text of Sugar that is null or blank, since that is how
    each side says "blank"; and any other text. Nothing else is: a missing field of Sugar, which was asked for by name,
    an element of Google without its value, and whatever is of a wrong type is never taken for a change.

    Of a listing, only what it hides: rows, and of a row its deletion, its scope, our key, and who it is about.
    """
    if where.startswith(_OLDER):
        return _of_older(kind, operation, where)
    if kind in READS and kind.startswith("sugar") and (operation, where) in _LEAVES_ROWS_OUT:
        return hides(kind)
    if kind in READS | WRITES:
        if kind.startswith("google"):
            place = _PERSON.sub("", where)
            hope = _of_person(operation, place)
        else:
            place = _RECORD.sub("", where)
            hope = _of_record(operation, place)
        # Who is read as somebody else is not recognised.
        return replace(hope, copies=True) if not hope.same and _WHO.match(place) else hope
    if kind == "sugar metadata":
        # A field that is not there, or that nobody may write, is not synced until the metadata is read again.
        # Contacts that were made without their names look alike until then.
        return replace(ASKS, blind=True, days=8, copies=_WHO.search(where) is not None)
    if kind in FEEDS | SEARCHES:
        return _of_listing(kind, operation, where)
    return SAME


_OLDER = ("entry_list", "relationship_list", "total_count", "result_count")
"""How the answers of the older dialect's lists begin."""


def _of_older(kind: str, operation: str, where: str) -> Hope:
    """The same for the older dialect: what a value is, stands further inside, and the emails in a list beside."""
    field = re.sub(r"^entry_list\[\]\.name_value_list\.(\w+)(\.value)?$", r"\1", where)
    if where.endswith(".name"):
        return SAME
    if kind in FEEDS | SEARCHES:
        inside = where.startswith("entry_list[].") or where.startswith("relationship_list[].")
        return _of_listing(kind, operation, f"records[].{field}") if inside else hides(kind)
    if where.startswith("relationship_list"):
        return replace(BLANKS, copies=True)
    hope = _of_record(operation, field)
    if field == "deleted":
        hope = DELETES
    return replace(hope, copies=True) if not hope.same and _WHO.match(field) else hope


def _of_listing(kind: str, operation: str, where: str) -> Hope:
    if where in ("records", "connections", "records[]", "connections[]"):
        return hides(kind) if operation in ("drop", "list", "null") else SAME
    if kind in SEARCHES:
        field = _RECORD.sub("", where)
        if field == "last_name" and operation == "half a character" and kind == "sugar find created":
            return ASKS
        wrong = field in _NAMES and operation not in _TEXTS | {"null", "blank"}
        return SAME if wrong else COPIES
    if kind == "sugar full":
        return TOMORROW
    if kind == "google full" and re.match(r"connections\[\]\.(names|emailAddresses)", where):
        return COPIES
    return replace(SAME, days=7 if kind == "google delta" else 1)


def _of_person(operation: str, where: str) -> Hope:
    if operation in ("drop", "null", "list") and _LIST.fullmatch(where):
        return BLANKS
    if operation == "drop" and _ELEMENT.fullmatch(where):
        return BLANKS
    if operation == "twice" and _LIST.fullmatch(where):
        return LIES
    if operation in ("drop", "null", "blank") and _OPTIONAL.fullmatch(where):
        return BLANKS
    return LIES if operation in _TEXTS else ASKS


def _of_record(operation: str, where: str) -> Hope:
    if operation in ("null", "blank", *(["list"] if where == "email" else [])) and _OF_SUGAR.fullmatch(where):
        return BLANKS
    if where == "deleted" and operation == "true":
        return DELETES
    if where in _OURS:
        return LIES
    return LIES if operation in _TEXTS else ASKS
