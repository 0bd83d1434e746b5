"""What the server holds beside what the other dialect's simulator holds: rows of email addresses, and sessions."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.state import Contact, State, fold
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.wire import SimClock

Entry = dict[str, Any]
"""One email of a contact, as :mod:`tests.simulators.sugar.emails` stores it."""


def utc(seconds: int) -> str:
    """``Y-m-d H:i:s``, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class EmailRow:
    """A row of ``email_addresses``, shared by all contacts that have the address."""

    id: str
    address: str
    caps: str
    modified: int


@dataclass
class Login:
    """A session, by its id."""

    user_id: str
    network: str
    used: int


class SuiteState(State):
    """A contact's ``email`` holds its addresses; the row of an address is found by its text, as the server does."""

    def __init__(self, clock: SimClock, switches: Switches, fields: dict[str, FieldDef], seed: int) -> None:
        super().__init__(clock, switches, fields, seed)
        self.rows: dict[str, EmailRow] = {}
        """By id."""
        self.next_ids: deque[str] = deque()
        """What the next records are called, for replaying what was recorded; then ids are random again."""
        self.row_ids: dict[str, str] = {}
        """The same for rows of addresses, by their text in capitals."""
        self.by_caps: dict[str, str] = {}
        """The ids of the rows by their text in capitals."""
        self.logins: dict[str, Login] = {}
        self.odd_ids: set[str] = set()
        """Ids with capitals, which the database does not tell from small letters."""
        self.expired_passwords: set[str] = set()
        self.locked_out: set[str] = set()

    def account(self, name: str) -> str:
        """The id of the account with this name; a new one if there is none."""
        if name not in self.account_ids:
            account_id = self.new_id()
            self.accounts[account_id] = name
            self.account_ids[name] = account_id
        return self.account_ids[name]

    def new_id(self) -> str:
        return self.next_ids.popleft() if self.next_ids else super().new_id()

    # -- looking ---------------------------------------------------------------------------------------

    def modified_since(self, moment: int) -> list[str]:
        """The ids of the contacts, deleted or not, that were modified then or later."""
        return [contact_id for _, contact_id in self.by_date[bisect_left(self.by_date, (moment, "")) :]]

    def ids_folded(self, folded: Iterable[str]) -> list[str]:
        """The ids that the database finds equal to these."""
        found = [each for each in folded if each in self.contacts]
        odd = self.odd_ids & self.contacts.keys()
        return [*found, *(each for each in odd if each not in found)]

    def put(self, contact: Contact) -> None:
        super().put(contact)
        if fold(contact["id"]) != contact["id"]:
            self.odd_ids.add(contact["id"])

    # -- rows of addresses -----------------------------------------------------------------------------

    def row(self, address: str, *, moment: int) -> EmailRow:
        """The row that a save finds for an address, by its text in capitals; a new one if there is none."""
        caps = address.upper()
        if caps not in self.by_caps:
            self.add_row(EmailRow(self._row_id(caps), address, caps, moment))
        return self.rows[self.by_caps[caps]]

    def add_row(self, row: EmailRow) -> None:
        """Of several rows of one text, the first is found."""
        self.rows[row.id] = row
        self.by_caps.setdefault(row.caps, row.id)

    def row_shown(self, entry: Entry, contact: Contact) -> EmailRow:
        """The row that a read finds for one of a contact's emails."""
        linked = self.rows.get(str(entry.get("row") or ""))
        if linked is not None and linked.address == entry["email_address"]:
            return linked
        return self.row(entry["email_address"], moment=contact["date_entered"])

    def rows_of(self, contact: Contact) -> list[tuple[Entry, EmailRow]]:
        """A contact's emails in the order in which the server lists them, that of the rows' ids."""
        pairs = [(entry, self.row_shown(entry, contact)) for entry in contact["email"]]
        return sorted(pairs, key=lambda pair: pair[1].id)

    def _row_id(self, caps: str) -> str:
        if caps in self.row_ids:
            return self.row_ids[caps]
        digits = hashlib.sha256(caps.encode()).hexdigest()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))

    # -- a contact's list ------------------------------------------------------------------------------

    def entries(self, wanted: Iterable[Mapping[str, Any]], *, clear: bool) -> list[Entry]:
        """A list as it is stored: valid addresses, each with its row.

        Args:
            wanted: with ``email_address``, ``primary_address``, and flags.
            clear: flags that are not given are off; else an address that is known keeps its own.
        """
        entries = emails.listed(each for each in wanted if _VALID.fullmatch(str(each["email_address"]).strip()))
        for entry in entries:
            known = None if clear else self._flags(entry["email_address"])
            entry.update(known or {})
            entry["row"] = self.row(entry["email_address"], moment=self.now()).id
        return entries

    def refreshed(self, contact: Contact) -> list[Entry] | None:
        """The list as every save stores it again: an address whose row was renamed by hand gets a new row.

        ``None``: nothing of it changes.
        """
        rows = [self.row(entry["email_address"], moment=self.now()) for entry in contact["email"]]
        if rows == [self.row_shown(entry, contact) for entry in contact["email"]]:
            return None
        return [{**entry, "row": row.id} for entry, row in zip(contact["email"], rows, strict=True)]

    def _flags(self, address: str) -> Entry | None:
        for contact_id in sorted(self.ids_with_email([address])):
            for entry in self.contacts[contact_id]["email"]:
                if fold(entry["email_address"]) == fold(address):
                    return {flag: entry[flag] for flag in ("invalid_email", "opt_out")}
        return None

    def _share(self, contact: Contact) -> None:
        """A row takes the spelling and the flags that were written last, for every contact that has it."""
        for entry in contact["email"]:
            row = self.row(entry["email_address"], moment=self.now())
            if row.address != entry["email_address"]:
                row.address, row.modified = entry["email_address"], self.now()
            written = {name: entry[name] for name in ("email_address", "invalid_email", "opt_out")}
            for other_id in sorted(self.by_email[fold(entry["email_address"])] - {contact["id"]}):
                other = self.contacts[other_id]
                email = [
                    {**each, **written} if each["email_address"].upper() == row.caps else each
                    for each in other["email"]
                ]
                if email != other["email"]:
                    self.put({**other, "email": email})


_VALID = re.compile(r"[\w'.+&#!$*=?^`{}~/-]+@(?:\d{1,3}(?:\.\d{1,3}){3}|\w+(?:[.-]*\w+)*(?:\.[\w-]{2,})+)", re.ASCII)
"""What the server takes for an address: no other letters than those of ASCII."""
