"""The change feed: ``people.connections.list``, page by page.

The sync token comes on the last page only and expires after seven days. With a token every other parameter must be
that of the first call, so a fingerprint of them is kept beside it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from shared.clock import Clock
from shared.contact.normal import clean, is_email
from shared.contact.terms import email_term, name_term, phone_term
from shared.errors import CursorExpired, ProtocolError
from shared.people import persons
from shared.people.client import PeopleClient
from shared.people.fields import LIST_FIELDS, SOURCES
from shared.people.scope import Scope
from shared.side import Cursor, Feed, Key, Native, Page

CALL = "people.connections.list"
MAX_PAGE_SIZE = 1000
MAX_PAGES = 2000
"""Of one listing; an account holds 25,000 contacts, so more is a loop."""
MAX_ROWS = MAX_PAGE_SIZE * 2
MAX_TOKEN = 8000
"""Characters; the tokens seen have some hundred."""


class ConnectionsFeed:
    """Pages of all contacts, or of what changed.

    Args:
        client: makes the calls.
        clock: tells when a listing began.
        region: two letters, for the phones among the index terms.
        scope: which contacts take part.
        page_size: rows a page, 1 to 1000.
    """

    def __init__(self, client: PeopleClient, clock: Clock, *, region: str, scope: Scope, page_size: int) -> None:
        self._client = client
        self._clock = clock
        self._region = region
        self._scope = scope
        self._parameters: dict[str, Any] = {
            "resourceName": "people/me",
            "personFields": LIST_FIELDS,
            "sources": SOURCES,
            "pageSize": page_size,
            "requestSyncToken": True,
        }
        self._fingerprint = hashlib.sha256(json.dumps(self._parameters, sort_keys=True).encode()).hexdigest()[:16]

    def start_full(self) -> Cursor:
        """The cursor of a new listing of all contacts."""
        return {"feed": Feed.FULL.value, "page": "", "params": self._fingerprint}

    def page(self, cursor: Cursor) -> Page:
        """The next page.

        Raises:
            CursorExpired: list everything again.
            ProtocolError: an answer that is none, or a listing that does not end.
        """
        if cursor.get("params") != self._fingerprint:
            raise CursorExpired(f"{CALL}: the parameters of the listing have changed")
        feed = Feed(cursor["feed"])
        began_at = cursor.get("began_at") or self._clock.now().astimezone(UTC).isoformat()
        number = cursor.get("number", 0) + 1
        tokens = {name: cursor[key] for name, key in (("pageToken", "page"), ("syncToken", "sync")) if cursor.get(key)}
        parameters = {**self._parameters, **tokens}
        answer = self._client.listing(
            CALL, lambda service: service.people().connections().list(**parameters), cursor=bool(tokens)
        )
        keys = tuple(self._key(row) for row in _rows(answer))
        following = _token(answer, "nextPageToken")
        if following:
            if following == cursor.get("page") or number >= MAX_PAGES:
                raise ProtocolError(CALL, f"the listing does not end (page {number})")
            went_on = {**cursor, "page": following, "began_at": began_at, "number": number}
            return Page(feed, keys, False, datetime.fromisoformat(began_at), went_on, None)
        sync = _token(answer, "nextSyncToken")
        if not sync:
            raise ProtocolError(CALL, "the last page must have a nextSyncToken")
        delta = {"feed": Feed.DELTA.value, "sync": sync, "page": "", "params": self._fingerprint}
        return Page(feed, keys, True, datetime.fromisoformat(began_at), None, delta)

    def _key(self, row: Any) -> Key:
        person = persons.checked(row, CALL)
        if not persons.version(person):
            raise ProtocolError(CALL, "a person must have an etag")
        if persons.is_tombstone(person):
            return Key(
                person["resourceName"],
                version=persons.version(person),
                deleted=True,
                planted=persons.planted(person),
                previous_ids=persons.previous_names(person),
            )
        return Key(
            person["resourceName"],
            version=persons.version(person),
            in_scope=self._scope.holds(person),
            terms=row_terms(person, self._region),
            planted=persons.planted(person),
            previous_ids=persons.previous_names(person),
        )


def row_terms(person: Native, region: str) -> tuple[str, ...]:
    """The index terms of a listed row: of all its emails and phones, private ones too, and of its name.

    Raises:
        ProtocolError: one of them is no text. Without its term the contact could be created a second time.
    """
    emails = [value for value in _texts(person, "emailAddresses", "value") if is_email(value)]
    found: set[str | None] = {email_term(value) for value in emails}
    found |= {phone_term(value, region) for value in _texts(person, "phoneNumbers", "value")}
    first, last = (_texts(person, "names", member, needed=False)[:1] for member in ("givenName", "familyName"))
    found.add(name_term("".join(first), "".join(last)))
    return tuple(sorted(term for term in found if term))


def _texts(person: Native, people: str, member: str, *, needed: bool = True) -> list[str]:
    values = []
    for entry in person.get(people) or ():
        value = entry.get(member)
        if not isinstance(value, str | None) or (needed and not value):
            raise ProtocolError(CALL, f"{people} of a person must have a {member}, which is a text")
        values.append(clean(value or "").strip())
    return values


def _rows(answer: dict[str, Any]) -> list[Any]:
    rows = answer.get("connections", [])
    if not isinstance(rows, list):
        raise ProtocolError(CALL, "connections must be a list")
    if len(rows) > MAX_ROWS:
        raise ProtocolError(CALL, f"a page must have at most {MAX_PAGE_SIZE} rows")
    return rows


def _token(answer: dict[str, Any], name: str) -> str:
    token = answer.get(name, "")
    # It is stored, and goes into an address.
    if (
        not isinstance(token, str)
        or len(token) > MAX_TOKEN
        or not token.isascii()
        or (token and not token.isprintable())
    ):
        raise ProtocolError(CALL, f"{name} must be a text of at most {MAX_TOKEN} ASCII characters")
    return token
