"""The three kinds of writes: their calls, single and in batches, their bodies and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.errors import AmbiguousError, ProtocolError
from shared.people import persons
from shared.people.client import Answer
from shared.people.elements import entries, stripped
from shared.people.fields import READ_FIELDS, SOURCES
from shared.people.scope import Scope
from shared.side import Done, InDoubt, Native, Outcome, Write


class Operation(Protocol):
    """One kind of write."""

    most: int
    """Contacts a batch."""
    single_call: str
    batch_call: str

    def single(self, service: Any, write: Write) -> Any:
        """The request for one contact."""
        ...

    def batch(self, service: Any, writes: Sequence[Write]) -> Any:
        """The request for several."""
        ...

    def of_single(self, answer: Answer, write: Write) -> Outcome:
        """What the answer says."""
        ...

    def of_batch(self, answer: Answer, writes: Sequence[Write]) -> list[Outcome]:
        """What the answer says, one outcome per write, in order."""
        ...

    def blamed(self, name: str, writes: Sequence[Write]) -> Write | None:
        """The write that a batch's error names."""
        ...


class Deletes:
    """``deleteContact`` takes no etag, and its answer is empty."""

    most = 500
    single_call = "people.deleteContact"
    batch_call = "people.batchDeleteContacts"

    def single(self, service: Any, write: Write) -> Any:
        return service.people().deleteContact(resourceName=write.id)

    def batch(self, service: Any, writes: Sequence[Write]) -> Any:
        return service.people().batchDeleteContacts(body={"resourceNames": [write.id for write in writes]})

    def of_single(self, answer: Answer, write: Write) -> Outcome:
        return Done(None)

    def of_batch(self, answer: Answer, writes: Sequence[Write]) -> list[Outcome]:
        return [Done(None) for _ in writes]

    def blamed(self, name: str, writes: Sequence[Write]) -> Write | None:
        return next((write for write in writes if write.id == name), None)


class Updates:
    """One mask serves every body of a batch, and a masked list that is missing from a body is cleared.

    So each body holds all lists of the union mask: those it changes from its payload, the others from its own fresh
    read, guarded by that read's etag.

    Args:
        scope: which contacts take part.
    """

    most = 200
    single_call = "people.updateContact"
    batch_call = "people.batchUpdateContacts"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def single(self, service: Any, write: Write) -> Any:
        mask = sorted(write.payload)
        return service.people().updateContact(
            resourceName=write.id,
            updatePersonFields=",".join(mask),
            personFields=READ_FIELDS,
            sources=SOURCES,
            body=update_body(write, mask),
        )

    def batch(self, service: Any, writes: Sequence[Write]) -> Any:
        mask = union_mask(writes)
        return service.people().batchUpdateContacts(
            body={
                "contacts": {write.id: update_body(write, mask) for write in writes},
                "updateMask": ",".join(mask),
                "readMask": READ_FIELDS,
                "sources": SOURCES,
            }
        )

    def of_single(self, answer: Answer, write: Write) -> Outcome:
        return self._outcome(self.single_call, answer, write)

    def of_batch(self, answer: Answer, writes: Sequence[Write]) -> list[Outcome]:
        results = answer.get("updateResult")
        found = _by_name(results) if isinstance(results, dict) else {}
        return [self._outcome(self.batch_call, found.get(write.id), write) for write in writes]

    def blamed(self, name: str, writes: Sequence[Write]) -> Write | None:
        return next((write for write in writes if write.id == name), None)

    def _outcome(self, call: str, person: Any, write: Write) -> Outcome:
        return _done(call, person, self._scope, asked_for=write.id)


class Creates:
    """Answers come in no reliable order: each is matched by the key planted inside it.

    Args:
        scope: which contacts take part.
    """

    most = 200
    single_call = "people.createContact"
    batch_call = "people.batchCreateContacts"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def single(self, service: Any, write: Write) -> Any:
        return service.people().createContact(personFields=READ_FIELDS, sources=SOURCES, body=write.payload)

    def batch(self, service: Any, writes: Sequence[Write]) -> Any:
        return service.people().batchCreateContacts(
            body={
                "contacts": [{"contactPerson": write.payload} for write in writes],
                "readMask": READ_FIELDS,
                "sources": SOURCES,
            }
        )

    def of_single(self, answer: Answer, write: Write) -> Outcome:
        return self._outcome(self.single_call, [answer], write)

    def of_batch(self, answer: Answer, writes: Sequence[Write]) -> list[Outcome]:
        items = answer.get("createdPeople")
        persons_made = [item.get("person") for item in _objects(items)]
        return [self._outcome(self.batch_call, persons_made, write) for write in writes]

    def blamed(self, name: str, writes: Sequence[Write]) -> Write | None:
        return writes[int(name)] if name.isdecimal() and len(name) < 6 and int(name) < len(writes) else None

    def _outcome(self, call: str, made: Sequence[Any], write: Write) -> Outcome:
        carrying = [person for person in made if write.key in _keys(person)]
        if len(carrying) != 1:
            return InDoubt(AmbiguousError(f"{call}: the answer does not show exactly one contact with our key"))
        return _done(call, carrying[0], self._scope, asked_for="")


def union_mask(writes: Sequence[Write]) -> list[str]:
    """The lists that any of the writes changes."""
    return sorted({people for write in writes for people in write.payload})


def update_body(write: Write, mask: Sequence[str]) -> Native:
    """The person to send: every list of the mask, and the etag by which Google tells that it has not moved."""
    before = write.before or {}
    body: Native = {}
    for people in mask:
        if people in write.payload:
            body[people] = write.payload[people]
        else:
            body[people] = [stripped(people, entry) for entry in entries(before, people)]
    own = persons.source(before)
    source = {"type": "CONTACT", **({"id": own["id"]} if isinstance(own.get("id"), str) else {})}
    version = write.version or persons.version(before)
    # The two kinds of etag are not interchangeable: a source's starts with "#", a person's with "%". Reports differ on
    # which one an update has to carry, and both stand in the same read: both are sent.
    if version.startswith("%"):
        body["etag"] = version
    else:
        source["etag"] = version
        if isinstance(before.get("etag"), str):
            body["etag"] = before["etag"]
    body["metadata"] = {"sources": [source]}
    return body


def _done(call: str, person: Any, scope: Scope, *, asked_for: str) -> Outcome:
    try:
        record = persons.record(persons.checked(person, call), scope, asked_for=asked_for)
    except ProtocolError as error:
        return InDoubt(AmbiguousError(error.message))
    if not record.version:
        return InDoubt(AmbiguousError(f"{call}: the answer holds no etag"))
    return Done(record)


def _by_name(results: Mapping[str, Any]) -> dict[str, Any]:
    """The persons of an update's answer by every name they go by."""
    found: dict[str, Any] = {}
    for name, item in results.items():
        if isinstance(item, dict) and isinstance(item.get("person"), dict):
            for alias in (name, item.get("requestedResourceName")):
                if isinstance(alias, str):
                    found.setdefault(alias, item["person"])
    return found


def _objects(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _keys(person: Any) -> tuple[str, ...]:
    planted = person.get("clientData") if isinstance(person, dict) else None
    return persons.planted({"clientData": _objects(planted)})
