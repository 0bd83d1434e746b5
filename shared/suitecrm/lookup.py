"""Reading contacts: by id, and by who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from shared.contact.normal import email_key, name_key
from shared.errors import ProtocolError
from shared.side import Absent, Native, Probe, Record
from shared.sugar import emails, listing
from shared.sugar.http import TooLarge
from shared.sugar.listing import Rows
from shared.sugar.records import Scope, is_deleted, record
from shared.suitecrm import query, rows
from shared.suitecrm.fieldmap import SuiteFieldMap
from shared.suitecrm.lists import fields_of
from shared.suitecrm.session import SuiteSession
from shared.suitecrm.text import MARKS, marked

READ_CHUNK = 100
"""Ids asked for in one call."""
MOST_PAGES = 300
MAX_QUERY = 20_000
"""Characters of a condition; 200 addresses or so. Servers parse conditions themselves, slowly."""

_READ = "read contacts"
_FIND_EMAIL = "find contacts by email"
_FIND_NAME = "find contacts by name"
_LONG_TEXT = "description"


class SuiteLookup:
    """Fresh reads for one user."""

    def __init__(self, session: SuiteSession, fields: SuiteFieldMap, scope: Scope) -> None:
        self._session = session
        self._scope = scope
        self._map = fields
        self._names_map = fields.for_terms()
        # What makes somebody the same person is always read, whatever is switched off.
        self._fields = fields_of(fields, "date_entered", *self._names_map.native_names)

    # -- by id -----------------------------------------------------------------------------------------

    def read(self, ids: Sequence[str], *, whole: bool = False) -> dict[str, Record | Absent]:
        """All of these, every id answered.

        A deleted contact is listed as such. One that is not listed at all may not be visible any more: that proves
        nothing.

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
            # One contact alone exceeds the bound: the map says that its long text is missing, and it waits in the
            # backlog instead of stopping everybody.
            return self._listed(ids, tuple(name for name in fields if name != _LONG_TEXT))

    def _listed(self, ids: list[str], fields: tuple[str, ...]) -> dict[str, Record | Absent]:
        found: dict[str, Record | Absent] = {}
        missing = list(ids)
        while missing:
            # A capped page is continued by asking for what it left out.
            got = rows.page(self._session, _READ, query.ids(missing), fields, deleted=True, size=len(missing))
            for row in got.rows:
                if row["id"] not in missing or row["id"] in found:
                    raise ProtocolError(_READ, "the answer shows a contact that was not asked for, or one twice")
                found[row["id"]] = Absent(proven=True) if is_deleted(row) else self._record(row, _READ, got.asked_at)
            if got.last:
                break
            if not got.rows:
                raise ProtocolError(_READ, "an empty page that is not the last one")
            missing = [each for each in missing if each not in found]
        return found

    def _record(self, row: Native, call: str, asked_at: datetime) -> Record:
        version = rows.version(row, call)
        return record(row, call, in_scope=self._scope.holds(row), asked_at=asked_at, version=version)

    # -- by who they are -------------------------------------------------------------------------------

    def find(self, probes: Sequence[Probe]) -> list[Record]:
        """All contacts that the user can see with an email of a probe, or its name where it has no email."""
        mail = {key for probe in probes for email in probe.emails if (key := email_key(email))}
        found = {each.id: each for each in self.with_addresses(mail)}
        names = [probe for probe in probes if not any(email_key(email) for email in probe.emails)]
        keys = {key for probe in names for key in _name_keys(probe)}
        conditions = [each for probe in names for each in query.names(probe.first_name, probe.last_name)]
        for part in _parts(list(dict.fromkeys(conditions))):
            for each in self._search(_FIND_NAME, f"({' OR '.join(part)})", lambda row: self._name(row) in keys):
                found[each.id] = each
        return list(found.values())

    def with_addresses(self, keys: set[str]) -> Iterator[Record]:
        """All contacts that the user can see with one of these addresses (as ``email_key`` has them)."""
        for part in _parts(sorted(keys)):
            yield from self._search(_FIND_EMAIL, query.addresses(part), lambda row: bool(_email_keys(row) & keys))

    def _search(self, call: str, condition: str, matches: Callable[[Native], bool]) -> Iterator[Record]:
        for got in self._walk(call, condition):
            for row in got.rows:
                if is_deleted(row):
                    continue
                if wrong := self._names_map.identity(row):
                    # Passed over, it could be the one that is then created a second time.
                    raise ProtocolError(call, f"{wrong} of a record is missing or of a wrong type")
                if matches(row):
                    yield self._record(row, call, got.asked_at)

    def _walk(self, call: str, condition: str) -> Iterator[Rows]:
        after = ""
        for _ in range(MOST_PAGES):
            where = f"{condition} AND contacts.id > {query.quoted(after)}" if after else condition
            got = rows.page(self._session, call, where, self._fields)
            listing.check_ids(got, after, call)
            yield got
            if got.last:
                return
            after = str(got.rows[-1]["id"])
        raise ProtocolError(call, f"the listing did not end after {MOST_PAGES} pages")

    def _name(self, row: Native) -> str:
        contact = self._names_map.view(row, {}, None).contact
        return name_key(contact.get("first_name"), contact.get("last_name"))


def _name_keys(probe: Probe) -> set[str]:
    """The probe's name in every form in which the database may hold it."""
    forms = [(probe.first_name, probe.last_name)]
    forms += [(marked(probe.first_name, mark), marked(probe.last_name, mark)) for mark in MARKS]
    return {key for first, last in forms if (key := name_key(first, last))}


def _email_keys(row: Native) -> set[str]:
    read = emails.read(row.get("email"))
    return set() if isinstance(read, str) else {email_key(email.address) for email in read}


def _parts(items: list[str]) -> Iterable[list[str]]:
    """The items in parts that each fit into one condition."""
    part: list[str] = []
    size = 0
    for item in items:
        if part and size + len(item) + 4 > MAX_QUERY:
            yield part
            part, size = [], 0
        part.append(item)
        size += len(item) + 4
    if part:
        yield part
