"""A Google contact as a canonical one, and canonical changes as People API bodies. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from shared.contact.fields import CUSTOM_PREFIX, EMAILS, field
from shared.contact.model import Contact, Email
from shared.contact.normal import clean, email_key, is_email, normal
from shared.contact.undo import taken_back
from shared.people import restore, scope, slots
from shared.people.dates import read_date, write_date
from shared.people.elements import (
    Entry,
    Malformed,
    entries,
    is_flagged,
    new_entry,
    read_parts,
    rewritten,
    stripped,
    text,
    type_of,
)
from shared.people.fields import (
    BIRTHDAY,
    EMAIL,
    EMAIL_TYPES,
    FAMILIES,
    KEY_NAME,
    MAX_CONTACT_BYTES,
    MAX_EMAILS,
    MAX_NOTES,
    MAX_VALUE,
    MY_CONTACTS,
    NAMES,
    NATIVE_LISTS,
    NOTES,
    WRITABLE,
    Family,
    Slot,
    custom_family,
    list_of,
    native_names,
)
from shared.side import Capability, Memo, Native, Problem, PutBack, Restored, View


class PeopleFieldMap:
    """The Google side's :class:`~shared.side.FieldMap`.

    Args:
        fields: canonical fields that are switched on, ``emails`` and custom ones included.
        custom: the label of the Google custom field by Sugar field name.
        region: two letters, for phone numbers without a country code.
        memberships: labels (resource names) that every contact which we create gets, the scope's included.
    """

    def __init__(
        self, fields: Collection[str], *, custom: Mapping[str, str], region: str, memberships: Sequence[str] = ()
    ) -> None:
        names = native_names(custom)
        self._on = [name for name in names if name in fields]
        self._families = tuple(f for f in (*FAMILIES, custom_family(custom)) if f.slots)
        # All slots of a family hold the same kinds of parts.
        self._kinds = {each.name: [field(name).kind for name in each.slots[0].fields] for each in self._families}
        self._region = region
        self._memberships = tuple(dict.fromkeys(label for label in memberships if label))
        self._capabilities = {
            name: Capability(
                max_length={"notes": MAX_NOTES, "birthday": None}.get(name, MAX_VALUE),
                native=names[name],
            )
            for name in self._on
        }

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """By canonical field name. Google requires none."""
        return self._capabilities

    def without(self, native: Native, fields: Collection[str]) -> Native:
        """See :meth:`shared.side.FieldMap.without`. Which element of a list stands for a slot may have changed with
        time: so the whole list goes."""
        shown = dict(native)
        for name in fields:
            people = NATIVE_LISTS.get(name, "userDefined" if name.startswith(CUSTOM_PREFIX) else "")
            if name in NAMES and isinstance(shown.get("names"), list):
                kept = set(WRITABLE["names"]) & {single.member for single in NAMES.values()} - {NAMES[name].member}
                shown["names"] = [
                    {member: value for member, value in entry.items() if member in kept or member == "metadata"}
                    for entry in shown["names"]
                    if isinstance(entry, dict)
                ]
            else:
                shown.pop(people, None)
        return shown

    # -- reading -------------------------------------------------------------------------------------

    def view(self, native: Native, memo: Memo, other: Contact | None) -> View:
        """The record as a contact; see :meth:`shared.side.FieldMap.view`.

        A list that cannot be read leaves its fields **out** of the contact, so that nobody takes them for deleted,
        and what was remembered of it as it is.
        """
        values: dict[str, str] = {}
        remembered: Memo = {}
        problems: list[Problem] = []
        for family in self._families:
            if not native.get(family.people):
                remembered[family.name] = {"slots": {}, "private": []}
                values.update((name, "") for slot in family.slots for name in slot.fields)
                continue
            try:
                pairing = self._pair(family, native, memo.get(family.name), other)
            except Malformed:
                if family.name in memo:
                    remembered[family.name] = memo[family.name]
                problems += self._unreadable(family.people, [name for slot in family.slots for name in slot.fields])
                continue
            remembered[family.name] = pairing.memo()
            for slot in family.slots:
                values.update(zip(slot.fields, _raw(family, slot, pairing), strict=True))
        for people, names in (
            ("names", tuple(NAMES)),
            ("birthdays", ("birthday",)),
            ("biographies", ("notes",)),
        ):
            try:
                found = entries(native, people)
                values.update({name: self._single(found, name) for name in names})
            except Malformed:
                problems += self._unreadable(people, names)
        emails, wrong = self._emails(native) if EMAILS in self._capabilities else (None, [])
        values = {name: value for name, value in values.items() if name in self._capabilities}
        return View(Contact(values, emails), remembered, tuple(problems + wrong))

    def _unreadable(self, people: str, names: Collection[str]) -> list[Problem]:
        message = (
            "must be a possible date" if people == "birthdays" else f"{people} must be a list of objects holding texts"
        )
        return [Problem(name, message) for name in names if name in self._capabilities]

    @staticmethod
    def _single(found: Sequence[Entry], name: str) -> str:
        if not found:
            return ""
        if name == "birthday":
            return read_date(found[0])
        return text(found[0], NOTES.member if name == "notes" else NAMES[name].member)

    def _emails(self, native: Native) -> tuple[tuple[Email, ...] | None, list[Problem]]:
        try:
            found = [(text(entry, EMAIL.member), entry) for entry in entries(native, EMAIL.people)]
        except Malformed:
            return None, self._unreadable(EMAIL.people, (EMAILS,))
        found.sort(key=lambda pair: not is_flagged(pair[1], "primary"))
        addresses: dict[str, Email] = {}
        problems: list[Problem] = []
        for address, _ in found:
            address = address.strip()
            if is_email(address):
                addresses.setdefault(email_key(address), Email(address))
            elif address:
                problems.append(Problem(EMAILS, "one of the addresses must look like name@example.com"))
        return tuple(addresses.values()), problems

    # -- pairing -------------------------------------------------------------------------------------

    def _pair(
        self, family: Family, native: Native, memo: Mapping[str, Any] | None, other: Contact | None
    ) -> slots.Pairing:
        kinds = self._kinds[family.name]

        form = partial(self._form, family)
        elements = []
        for index, entry in enumerate(entries(native, family.people)):
            raw = read_parts(family, entry)
            kind = type_of(family, entry)
            normalised = form(raw)
            if any(normalised):
                primary = is_flagged(entry, "primary") or is_flagged(entry, "sourcePrimary")
                elements.append(slots.Element(index, raw, normalised, kind, primary))
        wanted: dict[str, slots.Wanted] | None = None
        if other is not None and elements:
            wanted = {
                slot.name: tuple(
                    normal(kind, other.values[name], self._region) if name in other.values else None
                    for name, kind in zip(slot.fields, kinds, strict=True)
                )
                for slot in family.slots
            }
        return slots.pair(family, elements, memo, wanted, form)

    # -- writing -------------------------------------------------------------------------------------

    def check(self, target: Contact, fields: Collection[str]) -> tuple[Problem, ...]:
        """What of these fields Google cannot hold: too long, no valid Unicode, no date, no email address."""
        problems = []
        for name in self._on:
            if name not in fields:
                continue
            limit = self._capabilities[name].max_length
            texts = [e.address for e in target.emails or ()] if name == EMAILS else [target.get(name)]
            if any(clean(value) != value for value in texts):
                problems.append(Problem(name, "must be valid text (Unicode without NUL)"))
            elif limit is not None and any(len(value) > limit for value in texts):
                problems.append(Problem(name, f"must have at most {limit:,} characters"))
            elif name == "birthday" and texts[0] and write_date(texts[0]) is None:
                problems.append(Problem(name, "must be a date like 1999-12-31 (or --12-31, 1999-12, 1999)"))
            elif name == EMAILS and not all(map(is_email, texts)):
                problems.append(Problem(name, "every address must look like name@example.com"))
            elif name == EMAILS and len(texts) > MAX_EMAILS:
                problems.append(Problem(name, f"must be at most {MAX_EMAILS} addresses"))
        return (*problems, *(() if problems else self._check_size(target, fields)))

    def _check_size(self, target: Contact, fields: Collection[str]) -> tuple[Problem, ...]:
        sizes = {name: len(clean(value).encode()) for name, value in target.values.items()}
        sizes[EMAILS] = sum(len(clean(email.address).encode()) for email in target.emails or ())
        ours = [name for name in self._on if name in fields]
        if sum(sizes.values()) <= MAX_CONTACT_BYTES or not ours:
            return ()
        largest = max(ours, key=lambda name: sizes.get(name, 0))
        return (Problem(largest, f"all values of a contact together must fit into {MAX_CONTACT_BYTES // 1000} kB"),)

    def unheld(self, field: str, value: str) -> bool:
        """Never: Google holds every value that :meth:`check` lets pass, also dates without a year."""
        return False

    def renderings(self, contact: Contact) -> tuple[Mapping[str, str], ...]:
        """None: Google keeps the members that we write as they are."""
        return ()

    def create(self, target: Contact, key: str) -> Native:
        """A person with the fields that are switched on, our key, and the labels it is to carry."""
        body = self._changed({}, {}, target, self._on)
        body = {people: found for people, found in body.items() if found}
        body["clientData"] = [{"key": KEY_NAME, "value": key}]
        if self._memberships:
            # Without any memberships Google puts it into myContacts; with some, only into those.
            body["memberships"] = scope.memberships(dict.fromkeys((MY_CONTACTS, *self._memberships)))
        return body

    def update(self, native: Native, memo: Memo, target: Contact, changed: Collection[str], key: str) -> Native:
        """Complete lists for just the People fields that ``changed`` touches, and our key where it is missing.

        Args:
            native: the record as read for the plan.
            memo: of the view that the plan was made from.
            target: the contact as it is to read.
            changed: canonical fields; all others keep what ``native`` has.
            key: our key.
        """
        body = self._changed(native, memo, target, [name for name in self._on if name in changed])
        with suppress(Malformed):
            planted = entries(native, "clientData")
            if not any(entry.get("key") == KEY_NAME and entry.get("value") == key for entry in planted):
                kept = [stripped("clientData", entry) for entry in planted]
                body["clientData"] = [*kept, {"key": KEY_NAME, "value": key}]
        return body

    # -- taking back ---------------------------------------------------------------------------------

    def restore(self, native: Native, key: str) -> Restored:
        """The person made again; see :meth:`shared.side.FieldMap.restore`."""
        return restore.restore(native, key)

    def rewrite(self, native: Native, wanted: Native) -> Native:
        """The lists that differ, labels included, our key left aside."""
        return restore.rewritten(native, wanted)

    def put_back(
        self, native: Native, memo: Memo, before: Native, after: Native, names: Collection[str], *, exact: bool
    ) -> PutBack:
        """List by list where it is untouched since, with the elements' types and order; else field by field."""
        lists = {name: list_of(name, self._families) for name in self._on if name in names}
        back = restore.put_back(lists, native, before, after, exact=exact)
        now, then, written = (self.view(each, memo, None).contact for each in (native, before, after))
        target, changed, edited = taken_back(now, then, written, back.edited, lambda n: field(n).kind, self._region)
        payload = self._changed(native, memo, target, changed)
        record = {people: found for people, found in {**back.record, **payload}.items() if found != []}
        return PutBack(record, (*back.back, *changed), tuple(edited))

    def _changed(self, native: Native, memo: Memo, target: Contact, changed: Collection[str]) -> Native:
        """The lists that these fields stand in; one that cannot be read cannot be written without losses either."""
        body: Native = {}
        names = [name for name in NAMES if name in changed]
        if names:
            with suppress(Malformed):
                body["names"] = _names(native, target, names)
        if EMAILS in changed and target.emails is not None:
            with suppress(Malformed):
                body["emailAddresses"] = _email_entries(native, target.emails)
        for family in self._families:
            touched = [slot for slot in family.slots if not set(slot.fields).isdisjoint(changed)]
            if touched:
                with suppress(Malformed):
                    body[family.people] = self._family(family, touched, native, memo, target, changed)
        if "birthday" in changed:
            when = write_date(target.get("birthday"))
            body[BIRTHDAY.people] = [{BIRTHDAY.member: when}] if when else []
        if "notes" in changed:
            value = target.get("notes")
            body[NOTES.people] = [{NOTES.member: value, "contentType": "TEXT_PLAIN"}] if value else []
        return body

    def _family(
        self,
        family: Family,
        touched: Sequence[Slot],
        native: Native,
        memo: Memo,
        target: Contact,
        changed: Collection[str],
    ) -> list[Entry]:
        found = entries(native, family.people)
        result: list[Entry | None] = [stripped(family.people, entry) for entry in found]
        known = memo.get(family.name)
        pairing = self._pair(family, native, known, target if known is None else None)
        front: list[Entry] = []
        for slot in touched:
            paired = pairing.slots.get(slot.name)
            current = _raw(family, slot, pairing)
            parts = tuple(
                target.get(name) if name in changed else part for name, part in zip(slot.fields, current, strict=True)
            )
            if not any(part.strip() for part in parts):
                parts = tuple("" for _ in parts)
            if paired is None:
                if any(parts):
                    result.append(new_entry(family, slot.types[0], parts))
            elif paired.fresh and any(parts) and not self._extends(family, parts, current):
                # Never agreed on: that one was the user's before we came, and stays.
                front.append(new_entry(family, slot.types[0], parts))
            elif parts != current:
                index = paired.element.index
                result[index] = rewritten(family, found[index], parts)
        return [*front, *(entry for entry in result if entry)]

    def _extends(self, family: Family, parts: Sequence[str], current: Sequence[str]) -> bool:
        return slots.extends(self._form(family, parts), self._form(family, current))

    def _form(self, family: Family, raw: Sequence[str]) -> slots.Parts:
        return tuple([normal(k, part, self._region) for k, part in zip(self._kinds[family.name], raw, strict=True)])


def _raw(family: Family, slot: Slot, pairing: slots.Pairing) -> slots.Parts:
    paired = pairing.slots.get(slot.name)
    return paired.element.raw if paired else tuple("" for _ in family.members)


def _names(native: Native, target: Contact, changed: Collection[str]) -> list[Entry]:
    found = entries(native, "names")
    entry = stripped("names", found[0]) if found else {}
    for single in NAMES.values():
        text(entry, single.member)
    # The server builds it from the parts; the old one would contradict them.
    entry.pop("unstructuredName", None)
    for name in changed:
        if value := target.get(name):
            entry[NAMES[name].member] = value
        else:
            entry.pop(NAMES[name].member, None)
    return [entry] if entry.keys() - {"metadata"} else []


def _email_entries(native: Native, emails: Sequence[Email]) -> list[Entry]:
    """All addresses of the target, in the elements that they have.

    What is no address goes: a record that holds such is not written at all, but to mend it. An address that replaces
    another takes its element over, with type and label.
    """
    wanted = {email_key(email.address): email.address for email in emails}
    result: list[Entry] = []
    leaving: list[Entry] = []
    seen: set[str] = set()
    for found in entries(native, EMAIL.people):
        entry = stripped(EMAIL.people, found)
        address = text(entry, EMAIL.member).strip()
        result.append(entry)
        if is_email(address):
            seen.add(email_key(address))
        if address and (not is_email(address) or email_key(address) not in wanted):
            leaving.append(entry)
    adding = [address for email, address in wanted.items() if email not in seen]
    for entry, address in zip(leaving, adding, strict=False):
        entry[EMAIL.member] = address
    gone = leaving[len(adding) :]
    result = [entry for entry in result if not any(entry is each for each in gone)]
    for address in adding[len(leaving) :]:
        used = [entry.get("type") for entry in result]
        kind = next((kind for kind in EMAIL_TYPES if kind not in used), EMAIL_TYPES[-1])
        result.append({EMAIL.member: address, "type": kind})
    return result
