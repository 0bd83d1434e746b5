"""Fresh reads by resource name: ``people.getBatchGet`` and ``people.get``.

How the API answers for a person that is gone is not known for sure, so every variant is survived: an item with a 404,
an item left out, the whole call a 404, a tombstone as the feed has it. None of them proves a deletion; only the feed's
tombstones do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.errors import ProtocolError, Vanished
from shared.people import persons
from shared.people.client import PeopleClient
from shared.people.fields import READ_FIELDS, SOURCES
from shared.people.scope import Scope
from shared.side import Absent, Native, Record

MANY = 200
"""Names a call."""
CALL = "people.getBatchGet"
_GONE = 5
"""``google.rpc.Code.NOT_FOUND``."""


class Reader:
    """Reads persons.

    Args:
        client: makes the calls.
        scope: which contacts take part.
    """

    def __init__(self, client: PeopleClient, scope: Scope) -> None:
        self._client = client
        self._scope = scope

    def read(self, ids: Sequence[str]) -> dict[str, Record | Absent]:
        """All of these, every name answered.

        Raises:
            ProtocolError: an answer that is none.
            FatalError: no read can succeed.
            RetriableError: not now.
        """
        names = list(dict.fromkeys(ids))
        found: dict[str, Record | Absent] = {}
        for start in range(0, len(names), MANY):
            found.update(self._read(names[start : start + MANY]))
        return found

    def _read(self, names: list[str]) -> dict[str, Record | Absent]:
        found = self._answers(names)
        missing = [name for name in names if name not in found]
        if missing:
            # Left out may be how the API says "gone", or an answer cut short. One of them read alone tells; it may be
            # gone all the same, and then the others are asked about once more.
            again = {missing[0]: self._one(missing[0])}
            if not isinstance(again[missing[0]], Record):
                again.update(self._answers(missing[1:]))
            if any(isinstance(each, Record) for each in again.values()):
                raise ProtocolError(CALL, "the answer leaves out persons that exist")
            found.update(dict.fromkeys(missing, Absent(proven=False)))
        return found

    def _answers(self, names: list[str]) -> dict[str, Record | Absent]:
        """What one call says, without those whom its answer leaves out."""
        if len(names) < 2:
            return {name: self._one(name) for name in names}
        try:
            answer = self._many(names)
        except Vanished:
            # One of them is gone, and the call does not say which.
            middle = len(names) // 2
            return {**self._answers(names[:middle]), **self._answers(names[middle:])}
        found, unclear = _answered(answer, names)
        return {
            **{n: self._record(p, n, CALL) if p is not None else Absent(proven=False) for n, p in found.items()},
            **{name: self._one(name) for name in unclear},
        }

    def _many(self, names: list[str]) -> Native:
        return self._client.read(
            CALL,
            lambda service: service.people().getBatchGet(
                resourceNames=names, personFields=READ_FIELDS, sources=SOURCES
            ),
        )

    def _one(self, name: str) -> Record | Absent:
        call = "people.get"
        try:
            person = self._client.read(
                call,
                lambda service: service.people().get(resourceName=name, personFields=READ_FIELDS, sources=SOURCES),
            )
        except Vanished:
            return Absent(proven=False)
        checked = persons.checked(person, call)
        return Absent(proven=False) if persons.is_tombstone(checked) else self._record(checked, name, call)

    def _record(self, person: Native, name: str, call: str) -> Record:
        """The person as read by that name; what comes without its etag is not the whole of it."""
        record = persons.record(person, self._scope, asked_for=name)
        if not record.version:
            raise ProtocolError(call, "a person must have an etag")
        return record


def _answered(answer: Native, names: Sequence[str]) -> tuple[dict[str, Native | None], list[str]]:
    """The persons by the name asked for (``None``: a 404 or a tombstone), and names whose item says something else."""
    asked = set(names)
    found: dict[str, Native | None] = {}
    unclear: list[str] = []
    given: dict[str, Native] = {}
    for item in _items(answer):
        requested = item.get("requestedResourceName")
        gone = _code(item) in (_GONE, 404)
        if "person" in item and not gone:
            person = persons.checked(item["person"], CALL)
            if given.setdefault(person["resourceName"], person) != person:
                raise ProtocolError(CALL, "the answer shows one person twice, with different contents")
            aliases = (requested, person["resourceName"], *persons.previous_names(person))
            for name in aliases:
                if isinstance(name, str) and name in asked:
                    found[name] = None if persons.is_tombstone(person) else person
            continue
        if isinstance(requested, str) and requested in asked:
            if gone:
                found.setdefault(requested, None)
            else:
                unclear.append(requested)
    return found, [name for name in dict.fromkeys(unclear) if name not in found]


def _items(answer: Native) -> Iterator[Mapping[str, Any]]:
    items = answer.get("responses", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ProtocolError(CALL, "responses must be a list of objects")
    yield from items


def _code(item: Mapping[str, Any]) -> int:
    status = item.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    if code is None:
        code = item.get("httpStatusCode")
    return code if isinstance(code, int) else 0
