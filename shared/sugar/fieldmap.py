"""Sugar's field map: native records to canonical contacts, canonical changes to native payloads. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from shared.contact.fields import CUSTOM_PREFIX, EMAILS, PHONE_SLOTS, Kind
from shared.contact.fields import field as canonical_field
from shared.contact.model import Contact, Email
from shared.contact.normal import is_date, is_email
from shared.contact.undo import taken_back
from shared.side import Capability, Memo, Native, Problem, PutBack, Restored, View
from shared.sugar import emails, restore
from shared.sugar.metadata import NativeField, Schema
from shared.sugar.records import Scope
from shared.sugar.table import NATIVE, SECRET_TYPES, TEXT_TYPES, Row, row_of

MAX_TEXT = 250_000
"""Characters of one value that are still synced. A record that is stored with its before-images must stay small."""

_EMAIL_LENGTH = 255
_GIVEN_AND_FAMILY = ("first_name", "last_name")
_NAME_PARTS = frozenset({"prefix", "first_name", "middle_name", "last_name", "suffix"})
_COMPUTED_NAMES = frozenset({"name", "full_name"})
_COMPUTED_EMAILS = frozenset({"email1", "email2", "email_addresses", "email_addresses_primary", "invalid_email"})
_MISSING: Any = object()
_PARTIAL_DATE = re.compile(r"--[0-9]{2}-[0-9]{2}|[0-9]{4}(-[0-9]{2})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


class SugarFieldMap:
    """The map of one user and one instance.

    Args:
        schema: the instance's own fields; a field that it does not have does not exist on this side.
        synced: canonical fields that are switched on, custom ones included.
        scope: what a new contact is written with.
    """

    def __init__(self, schema: Schema, synced: Collection[str], scope: Scope) -> None:
        self._schema = schema
        self._scope = scope
        self._rows: dict[str, Row] = {}
        capabilities: dict[str, Capability] = {}
        for name in synced:
            row = row_of(name)
            native = schema.fields.get(row.native) if row else None
            if row is None or native is None or not native.can_read or native.type in SECRET_TYPES:
                continue
            self._rows[name] = row
            capabilities[name] = _capability(row, native)
        self._capabilities = MappingProxyType(capabilities)

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """By canonical field name."""
        return self._capabilities

    @property
    def native_names(self) -> tuple[str, ...]:
        """The native fields that records are asked for."""
        return tuple(row.native for row in self._rows.values())

    def is_stored(self, native: str) -> bool:
        """Whether the database holds the field, so that a filter on it counts."""
        found = self._schema.fields.get(native)
        return found is not None and found.stored

    def for_terms(self) -> SugarFieldMap:
        """A map of only what index terms are made from, whatever is switched off."""
        return SugarFieldMap(self._schema, (*_GIVEN_AND_FAMILY, EMAILS, *PHONE_SLOTS), self._scope)

    def without(self, native: Native, fields: Collection[str]) -> Native:
        """See :meth:`shared.side.FieldMap.without`: the field, and what Sugar computes from it."""
        gone: set[str] = set()
        for name in fields:
            row = row_of(name)
            gone |= {row.native} if row else set()
            gone |= _COMPUTED_EMAILS if name == EMAILS else _COMPUTED_NAMES if name in _NAME_PARTS else set()
        return {name: value for name, value in native.items() if name not in gone}

    # -- reading ---------------------------------------------------------------------------------------

    def view(self, native: Native, memo: Memo, other: Contact | None) -> View:
        """The record as a contact.

        A value that is none is a problem, and absent from the contact: nothing is ever merged from it. So is a field
        that Sugar left out; one that the user may not read in this record is absent without a problem.
        """
        values: dict[str, str] = {}
        addresses: tuple[Email, ...] | None = None
        problems: list[Problem] = []
        denied = _unreadable(native)
        for name, row in self._rows.items():
            if row.native in denied:
                continue
            if row.native not in native:
                problems.append(Problem(name, f"Sugar's answer has no {row.native}; it must be readable to be synced"))
                continue
            raw = native[row.native]
            if name == EMAILS:
                read = emails.read(raw)
                if not isinstance(read, str) and any(_SURROGATE.search(email.address) for email in read):
                    read = "Sugar gave an email address that is not valid Unicode"
                if isinstance(read, str):
                    problems.append(Problem(name, read))
                else:
                    addresses = read
                continue
            text, wrong = _text(name, raw)
            if wrong:
                problems.append(Problem(name, f"{row.native} in Sugar {wrong}"))
            else:
                values[name] = text
        return View(Contact(values, addresses), {}, tuple(problems))

    def identity(self, native: Native) -> str:
        """What hinders telling who the record is: the native name of a name or of the emails; blank if nothing does.

        It is asked for and missing, or of a wrong type. What the user may not read in this record hinders nobody.
        """
        denied = _unreadable(native)
        for name in (*_GIVEN_AND_FAMILY, EMAILS):
            row = self._rows.get(name)
            if row is None or row.native in denied:
                continue
            raw = native.get(row.native, _MISSING)
            wrong = isinstance(emails.read(raw), str) if name == EMAILS else not isinstance(raw, str | None)
            if raw is _MISSING or wrong:
                return row.native
        return ""

    # -- what Sugar can hold ---------------------------------------------------------------------------

    def check(self, target: Contact, fields: Collection[str]) -> tuple[Problem, ...]:
        """What of these fields Sugar cannot hold. Sugar itself would not say: it cuts, keeps or drops silently."""
        problems: list[Problem] = []
        shown = self._named(target)
        for name in self._rows:
            capability = self._capabilities[name]
            if name not in fields or not capability.writable:
                continue
            if name == EMAILS:
                problems += _email_problems(target.emails or (), capability.required)
                continue
            value = shown.get(name)
            if name in _GIVEN_AND_FAMILY and not value and target.get(name):
                value = target.get(name)  # a lone given name, judged by where it stood
            limit = capability.max_length
            if limit is not None and len(value) > limit:
                problems.append(Problem(name, f"Sugar holds {limit} characters here; this has {len(value)}"))
            if _SURROGATE.search(value):
                problems.append(Problem(name, "the text is not valid Unicode (half of a character)"))
            if name == "birthday" and value and not is_date(value):
                problems.append(Problem(name, "Sugar needs a full date like 1970-12-31"))
            if capability.required and not value.strip() and name not in _GIVEN_AND_FAMILY:
                problems.append(Problem(name, "Sugar requires a value here"))
        touched = any(name in fields for name in _GIVEN_AND_FAMILY)
        if touched and "last_name" in self._rows and not shown.get("last_name").strip():
            problems.append(Problem("last_name", "Sugar requires a last name"))
        return tuple(problems)

    def unheld(self, field: str, value: str) -> bool:
        """A birthday without year, month or day: Sugar has no form for it."""
        return field == "birthday" and not is_date(value) and _PARTIAL_DATE.fullmatch(value) is not None

    def renderings(self, contact: Contact) -> tuple[Mapping[str, str], ...]:
        """How Sugar may show parts of the contact.

        ============================  =========================================================================
        a lone given name             as last name, which Sugar requires
        a character beyond the BMP    ``?``, or one ``?`` for each of its four bytes, by the database's character
                                      set (seen in this family of systems)
        ============================  =========================================================================
        """
        found: list[Mapping[str, str]] = []
        shown = self._named(contact)
        lone = {name: shown.get(name) for name in _GIVEN_AND_FAMILY}
        lone_given = shown is not contact
        if lone_given:
            found.append(lone)
        beyond = {n: v for n, v in contact.values.items() if not v.isascii() and _BEYOND_BMP.search(v)}
        for mark in ("?", "????"):
            for name, value in beyond.items():
                if lone_given and name in lone:
                    found.append({key: _BEYOND_BMP.sub(mark, text) for key, text in lone.items()})
                else:
                    found.append({name: _BEYOND_BMP.sub(mark, value)})
        return tuple(found)

    # -- writing ---------------------------------------------------------------------------------------

    def create(self, target: Contact, key: str) -> Native:
        """The payload of a new contact: what is not blank, and what makes it lie inside the scope. Sugar has no place
        for a key."""
        shown = self._named(target)
        payload = self._scope.mark()
        for name, row in self._rows.items():
            if not self._capabilities[name].writable:
                continue
            if name == EMAILS:
                if target.emails:
                    payload[row.native] = emails.write(target.emails, None)
            elif (value := shown.get(name)) and not self.unheld(name, value):
                payload[row.native] = value
        return payload

    def update(self, native: Native, memo: Memo, target: Contact, changed: Collection[str], key: str) -> Native:
        """Only the native fields of ``changed``; of the two names both where one moves the other."""
        shown = self._named(target)
        names = set(changed)
        if names & set(_GIVEN_AND_FAMILY):
            names |= {
                name
                for name in _GIVEN_AND_FAMILY
                if name in target.values and (native.get(NATIVE[name]) or "") != shown.get(name)
            }
        payload: Native = {}
        for name, row in self._rows.items():
            if name not in names or not self._capabilities[name].writable:
                continue
            if name == EMAILS:
                payload[row.native] = emails.write(target.emails or (), native.get(row.native))
            elif not self.unheld(name, value := shown.get(name)):
                payload[row.native] = value
        return payload

    # -- taking back -----------------------------------------------------------------------------------

    @property
    def writable_names(self) -> tuple[str, ...]:
        """The native fields that a deleted contact comes back with, synced or not."""
        return restore.writable(self._schema)

    def restore(self, native: Native, key: str) -> Restored:
        """The contact made again; its owner and its flags are those that it had."""
        return restore.restore(self._schema, native)

    def rewrite(self, native: Native, wanted: Native) -> Native:
        """The native fields that differ, of those that both records show."""
        return restore.rewritten(self._schema, native, wanted)

    def put_back(
        self, native: Native, memo: Memo, before: Native, after: Native, names: Collection[str], *, exact: bool
    ) -> PutBack:
        """Native field by native field; the emails, where they were edited since, address by address.

        An answer that was read later says nothing else of the fields that were written: ``exact`` is of no account.
        """
        record, back, by_value = dict(native), [], []
        for name, row in self._rows.items():
            if name not in names:
                continue
            # One of the two names moves the other: see renderings.
            natives = [NATIVE[n] for n in _GIVEN_AND_FAMILY] if name in _GIVEN_AND_FAMILY else [row.native]
            if restore.all_alike(natives, native, after) and (exact or name != EMAILS):
                record |= {n: before[n] for n in natives if n in before}
                back.append(name)
            else:
                by_value.append(name)
        now, then, written = (self.view(each, memo, None).contact for each in (native, before, after))
        # The region plays no part: what is not alike to the letter here was edited, but for the emails.
        target, changed, edited = taken_back(now, then, written, by_value, lambda n: canonical_field(n).kind, "US")
        if changed:
            record |= self.update(native, memo, target, changed, "")
        return PutBack(record, (*back, *changed), tuple(edited))

    def _named(self, contact: Contact) -> Contact:
        """The contact with a lone given name as last name."""
        first, last = (contact.get(name) for name in _GIVEN_AND_FAMILY)
        if first.strip() and not last.strip() and "last_name" in self._rows:
            return contact.with_values({"first_name": "", "last_name": first})
        return contact


def _capability(row: Row, native: NativeField) -> Capability:
    writable = (
        not row.read_only and not native.readonly and native.can_write and (native.stored or row.native == "email")
    )
    if row.canonical.startswith(CUSTOM_PREFIX):
        writable = writable and native.type in TEXT_TYPES
    length = row.length if row.canonical == EMAILS else native.length or row.length
    return Capability(
        writable=writable,
        max_length=length,
        required=row.canonical == "last_name" or native.required,
        native=row.native,
    )


def _unreadable(native: Native) -> set[str]:
    """Fields whose reading this record's own access rules deny. ``_acl.fields`` is an object, or ``[]`` for nothing."""
    acl = native.get("_acl")
    fields = acl.get("fields") if isinstance(acl, dict) else None
    if not isinstance(fields, dict):
        return set()
    return {name for name, rights in fields.items() if isinstance(rights, dict) and rights.get("read") == "no"}


def _text(name: str, raw: Any) -> tuple[str, str]:
    """A single value as text, or what is wrong with it."""
    if raw is None or raw == "":
        return "", ""
    if not isinstance(raw, str):
        if not name.startswith(CUSTOM_PREFIX):
            return "", f"must be text, and is {_JSON_NAMES.get(type(raw), 'something else')}"
        # Custom fields may be flags, numbers or lists of options; they are shown, never written.
        if isinstance(raw, list) and all(isinstance(each, str) for each in raw):
            return ", ".join(raw), ""
        if isinstance(raw, bool):
            return ("1" if raw else "0"), ""
        if isinstance(raw, int | float):
            return str(raw), ""
        return "", f"must be text, and is {_JSON_NAMES.get(type(raw), 'something else')}"
    if len(raw) > MAX_TEXT:
        return "", f"has {len(raw)} characters; up to {MAX_TEXT} are synced"
    if not raw.isascii() and _SURROGATE.search(raw):
        return "", "is not valid Unicode (half of a character)"
    if raw and canonical_field(name).kind is Kind.DATE and not is_date(raw):
        return "", "must be a full date like 1970-12-31"
    return raw, ""


_JSON_NAMES = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


def _email_problems(found: Collection[Email], required: bool) -> list[Problem]:
    problems = []
    if required and not any(email.address.strip() for email in found):
        problems.append(Problem(EMAILS, "Sugar requires an email address"))
    for n, email in enumerate(found, 1):
        if not email.address.strip():
            continue
        if len(email.address) > _EMAIL_LENGTH:
            message = f"Sugar holds {_EMAIL_LENGTH} characters; this has {len(email.address)}"
        elif not is_email(email.address):
            message = "must look like name@example.com"
        else:
            continue
        problems.append(Problem(EMAILS, f"email {n} of {len(found)}: {message}"))
    return problems
