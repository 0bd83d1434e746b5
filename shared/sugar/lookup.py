"""Reading contacts: by id, by who they are, and by who created them when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.contact.model import Contact
from shared.contact.normal import email_key, name_key
from shared.errors import ProtocolError
from shared.side import Absent, Native, Probe, Record
from shared.sugar import emails, failures, listing
from shared.sugar.failures import Refusal
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.http import TooLarge
from shared.sugar.records import ALWAYS, Scope, asked, instant, is_deleted, record
from shared.sugar.session import SugarSession

READ_CHUNK = 100
"""Ids asked for in one call."""
MOST_PAGES = 300
"""A search whose filter was dropped without a word lists every contact; this many pages are followed."""
MAX_FILTER_BYTES = 60_000

_READ = "read contacts"
_FIND_EMAIL = "find contacts by email"
_FIND_NAME = "find contacts by name"
_CREATED = "find contacts created by the user"
_CLOCK_SLACK = timedelta(seconds=60)
_EMAIL_FILTERS = ("email_addresses.email_address", "email", "email1")
"""The first knows all addresses of a contact, the others, where it is unknown, perhaps only the primary."""
_TEXT_NATIVE = "description"


class SugarLookup:
    """Fresh reads for one user."""

    def __init__(self, session: SugarSession, fields: SugarFieldMap, scope: Scope) -> None:
        self._session = session
        self._scope = scope
        self._map = fields
        self._names_map = fields.for_terms()
        self._email_filter = 0
        self._fields = tuple(
            dict.fromkeys(
                # What makes somebody the same person is always read, whatever is switched off.
                (*ALWAYS, "created_by", "date_entered", *fields.native_names, *self._names_map.native_names)
            )
        )

    # -- by id -----------------------------------------------------------------------------------------

    def read(self, ids: Sequence[str], *, whole: bool = False) -> dict[str, Record | Absent]:
        """All of these, every id answered.

        A contact that is not listed may be deleted for good or not visible any more: that proves nothing.

        Args:
            whole: with everything that a contact could be made again from.
        """
        fields = tuple(dict.fromkeys((*self._fields, *self._map.writable_names))) if whole else self._fields
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Record | Absent] = {}
        real = [each for each in wanted if each]
        for start in range(0, len(real), READ_CHUNK):
            found |= self._chunk(real[start : start + READ_CHUNK], fields)
        return {each: found.get(each, Absent(proven=False)) for each in wanted}

    def _chunk(self, ids: list[str], fields: tuple[str, ...]) -> dict[str, Record | Absent]:
        """Up to ``READ_CHUNK`` ids; what is too large to be answered at once is halved."""
        try:
            return self._listed(ids, fields)
        except TooLarge:
            if len(ids) > 1:
                half = len(ids) // 2
                return self._chunk(ids[:half], fields) | self._chunk(ids[half:], fields)
            # One contact alone exceeds the bound. Without its long text it can be read, and the map says what is
            # missing, so that it waits in the backlog instead of stopping everybody.
            return self._listed(ids, tuple(name for name in fields if name != _TEXT_NATIVE))

    def _listed(self, ids: list[str], fields: tuple[str, ...]) -> dict[str, Record | Absent]:
        found: dict[str, Record | Absent] = {}
        missing = list(ids)
        while missing:
            # A capped page is continued by asking for what it left out.
            clauses = [{"id": {"$in": missing}}]
            got = listing.page(self._session, _READ, clauses, fields, "id:ASC", deleted=True, size=len(missing))
            asked_for = set(missing)
            if any(row["id"] not in asked_for and row["id"] not in found for row in got.rows):
                # The filter was ignored: what is missing from such a listing means nothing.
                return found | {each: self._single(each, fields) for each in missing}
            given: dict[str, Native] = {}
            for row in got.rows:
                if given.setdefault(row["id"], row) != row:
                    raise ProtocolError(_READ, "the answer shows one contact twice, with different contents")
                if is_deleted(row):
                    found[row["id"]] = Absent(proven=True)
                else:
                    found[row["id"]] = self._record(row, _READ, got.asked_at)
            if got.last:
                break
            missing = [each for each in missing if each not in found]
            if not asked_for & found.keys():
                raise ProtocolError(_READ, "a page without any of the contacts asked for that is not the last one")
        return found

    def _single(self, contact_id: str, fields: tuple[str, ...]) -> Record | Absent:
        answer = self._session.read(
            "GET",
            f"/Contacts/{quote(contact_id, safe='')}",
            name=_READ,
            query={"fields": ",".join(fields)},
            accept=(403, 404),
        )
        body = answer.json_or_none()
        if answer.status in (403, 404):
            if failures.label_of(body) not in ("not_found", "not_authorized"):
                raise failures.of_read(answer)
            return Absent(proven=False)
        if not isinstance(body, dict) or body.get("id") != contact_id:
            raise ProtocolError(_READ, "the answer is not the contact that was asked for")
        if is_deleted(body):
            return Absent(proven=True)
        return self._record(body, _READ, answer.asked_at)

    def _record(self, row: Native, call: str, asked_at: datetime) -> Record:
        return record(row, call, in_scope=self._scope.holds(row), asked_at=asked_at)

    # -- by who they are -------------------------------------------------------------------------------

    def find(self, probes: Sequence[Probe]) -> list[Record]:
        """All contacts that the user can see with an email of a probe, or its name where it has no email."""
        keys = {key for probe in probes for email in probe.emails if (key := email_key(email))}
        spelled = dict.fromkeys(
            form for probe in probes for email in probe.emails if email_key(email) for form in (email, email_key(email))
        )
        names = [probe for probe in probes if not any(email_key(email) for email in probe.emails)]
        name_keys = {key for probe in names if (key := name_key(probe.first_name, probe.last_name))}
        found: dict[str, Record] = {}
        for part in _parts(list(spelled)):
            for each in self._by_email(part, keys):
                found[each.id] = each
        clauses = [clause for probe in names for clause in _name_clauses(probe)]
        for part in _parts(clauses):
            # On database columns only: none of these clauses can be dropped, which inside an $or would hide matches.
            for each in self._search(_FIND_NAME, [{"$or": part}], lambda row: self._name(row) in name_keys):
                found[each.id] = each
        return list(found.values())

    def _by_email(self, spelled: list[str], keys: set[str]) -> list[Record]:
        while True:
            # A clause of its own, never inside an $or: were it dropped, every contact would come, instead of none.
            clauses = [{_EMAIL_FILTERS[self._email_filter]: {"$in": spelled}}]
            try:
                return list(self._search(_FIND_EMAIL, clauses, lambda row: bool(self._email_keys(row) & keys)))
            except Refusal as refusal:
                if refusal.status not in (400, 422) or self._email_filter + 1 == len(_EMAIL_FILTERS):
                    raise
                self._email_filter += 1

    def _search(self, call: str, clauses: list[Any], matches: Callable[[Native], bool]) -> Iterator[Record]:
        for got in listing.walk(self._session, call, clauses, self._fields, most_pages=MOST_PAGES):
            for row in got.rows:
                if is_deleted(row):
                    continue
                if wrong := self._names_map.identity(row):
                    # Passed over, it could be the one that is then created a second time.
                    raise ProtocolError(call, f"{wrong} of a record is missing or of a wrong type")
                if matches(row):
                    yield self._record(row, call, got.asked_at)

    def _email_keys(self, row: Native) -> set[str]:
        read = emails.read(row.get("email"))
        return set() if isinstance(read, str) else {email_key(email.address) for email in read}

    def _name(self, row: Native) -> str:
        contact = self._names_map.view(row, {}, None).contact
        return name_key(contact.get("first_name"), contact.get("last_name"))

    # -- by who created them ---------------------------------------------------------------------------

    def created_since(self, since: datetime, probes: Sequence[Probe]) -> list[Record]:
        """Contacts that the user created since then (by our clock), with an email or the last name of a probe."""
        if self._session.http.clock_offset is None:
            self._session.read("GET", "/ping", name="GET ping")
        offset = self._session.http.clock_offset or timedelta()
        earliest = since + offset - _CLOCK_SLACK
        keys = {key for probe in probes for email in probe.emails if (key := email_key(email))}
        last_names = {key for probe in probes for key in self._last_names(probe)}

        def matches(row: Native) -> bool:
            # Who and when are checked where they are told: a filter may have been dropped. What is not told counts,
            # since a copy that is overlooked would be created again.
            entered = instant(row.get("date_entered"))
            if row.get("created_by") not in (None, self._scope.me) or (entered is not None and entered < earliest):
                return False
            seen = self._names_map.view(row, {}, None)
            if any(problem.field == "last_name" for problem in seen.problems):
                return True
            return _last_key(seen.contact.get("last_name")) in last_names or bool(self._email_keys(row) & keys)

        clauses = [{"created_by": {"$equals": self._scope.me}}, {"date_entered": {"$gte": asked(earliest)}}]
        return list(self._search(_CREATED, clauses, matches))

    def _last_names(self, probe: Probe) -> set[str]:
        """The probe's last name in every form in which Sugar may show it."""
        contact = Contact({"first_name": probe.first_name, "last_name": probe.last_name})
        shown = [contact.values, *self._names_map.renderings(contact)]
        keys = {_last_key(values["last_name"]) for values in shown if "last_name" in values}
        return keys - {""}


def _last_key(last_name: str) -> str:
    """A name of nothing but signs (what a database leaves of an emoji) still tells contacts apart here."""
    return name_key("", last_name) or last_name.strip()


def _name_clauses(probe: Probe) -> list[Any]:
    """Filters for one name, one that stands in the wrong field included; what matches is compared again."""
    first, last = probe.first_name.strip(), probe.last_name.strip()
    if first and last:
        return [{"$and": [{"last_name": {"$equals": last}}, {"first_name": {"$equals": first}}]}]
    lone = first or last
    if not lone:
        return []
    return [
        {"$and": [{here: {"$equals": lone}}, {"$or": [{there: {"$empty": ""}}, {there: {"$equals": ""}}]}]}
        for here, there in (("last_name", "first_name"), ("first_name", "last_name"))
    ]


def _parts(items: list[Any]) -> Iterable[list[Any]]:
    """The items in parts that each fit into one request."""
    part: list[Any] = []
    size = 0
    for item in items:
        length = len(json.dumps(item)) + 2
        if part and size + length > MAX_FILTER_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part
