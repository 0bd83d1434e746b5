"""Writes: nothing is validated, and an answer of 200 does not mean that anything was stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.state import Contact, User
from tests.simulators.suitecrm.errors import DatabaseFailure, Fatal, ServiceError
from tests.simulators.suitecrm.fields import FIELDS
from tests.simulators.suitecrm.form import Form, widget_emails
from tests.simulators.suitecrm.render import Json, pairs
from tests.simulators.suitecrm.state import SuiteState, utc
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.suitecrm.text import echoed, shown, stored

_OWN = frozenset({"id", "deleted", "date_entered", "date_modified", "created_by", "modified_user_id"})
"""Columns that the server sets itself."""

Values = dict[str, Any]


def name_values(sent: Any) -> Values:
    """A ``name_value_list``, as a list of ``{name, value}``, or as an object of either.

    Raises:
        Fatal: it is neither.
    """
    if isinstance(sent, Mapping):
        items: Iterator[tuple[Any, Any]] = iter(sent.items())
    elif isinstance(sent, list):
        items = iter(enumerate(sent))
    else:
        raise Fatal("no name_value_list")
    values: Values = {}
    for name, each in items:
        if isinstance(each, Mapping):
            values[str(each.get("name"))] = each.get("value")
        else:
            values[str(name)] = each
    return values


def set_(value: Any) -> bool:
    """Whether PHP takes a value for true."""
    return value not in (None, False, 0, "", "0", [], {})


@dataclass
class Pace:
    """How long a call's records take, and whether PHP ends before it is through; see ``SuiteSimulator.end_at``."""

    seconds_per_record: float = 0.0
    ends_at: int = 0
    """The record at which it ends, from 1; 0: it does not."""
    halfway: bool = False
    """At that record its row is written, its addresses are not."""
    half: bool = field(default=False, init=False)
    """Whether that is now."""
    _begun: int = field(default=0, init=False)

    def begins_record(self) -> bool:
        """Whether PHP ends before this record."""
        self._begun += 1
        self.half = self.halfway and self._begun == self.ends_at
        return self._begun == self.ends_at and not self.halfway

    def end(self) -> Fatal:
        self.ends_at = 0
        return Fatal("the process ended")


class Writing:
    """Contacts as one user may write them, with the form that a call came in."""

    def __init__(self, state: SuiteState, switches: Switches, user: User, form: Form, pace: Pace) -> None:
        self.state = state
        self.switches = switches
        self.user = user
        self.pace = pace
        self.widget = widget_emails(form)

    def entry(self, sent: Any) -> Json:
        """``set_entry``: the id, and what was sent as the server now has it in mind, escaped once too often.

        Raises:
            ServiceError: ``no_access``.
            DatabaseFailure: the id that was chosen exists.
        """
        values = name_values(sent)
        contact_id = self._save(values)
        return {"id": contact_id, "entry_list": pairs(dict(self._echo(contact_id, values)))}

    def entries(self, sent: Any) -> Json:
        """``set_entries``: one after the other until one fails; what was stored stays, and no id is told.

        A record that the user may not write is passed over, and so is its id.
        """
        ids: list[str] = []
        for each in sent if isinstance(sent, list) else []:
            values = name_values(each)
            self._link_account_by_name(values)
            duplicate = self._duplicate(values)
            if duplicate is not None:
                values = {"id": duplicate, "contacts_users_id": self.user.id}
            self.state.clock.advance(self.pace.seconds_per_record)
            try:
                ids.append(self._save(values))
            except ServiceError:
                continue
        return {"ids": ids}

    # -- one save --------------------------------------------------------------------------------------

    def _save(self, values: Values) -> str:
        if self.pace.begins_record():
            raise self.pace.end()
        chosen = str(values.get("id") or "")
        old = self.state.contacts.get(chosen)
        if old is not None and old["deleted"]:
            old = None
        self._check(old, delete=set_(values.get("deleted")))
        if chosen and set_(values.get("new_with_id")):
            if chosen in self.state.contacts:
                raise DatabaseFailure(f"duplicate key {chosen}")
            self._store(chosen, None, values)
        elif not chosen:
            chosen = self.state.new_id()
            self._store(chosen, None, values)
        elif old is not None:
            self._store(chosen, old, values)
        # Else: an UPDATE that finds no row. It succeeds.
        return chosen

    def _check(self, old: Contact | None, *, delete: bool) -> None:
        user = self.user
        allowed = user.may_create if old is None else user.may_edit
        if old is not None:
            protected = old["id"] in self.state.protected[user.id]
            allowed = allowed and self.state.visible(old, user) and not protected
        if not allowed or (delete and not user.may_delete):
            raise ServiceError("no_access")

    def _store(self, contact_id: str, old: Contact | None, values: Values) -> None:
        changes = self._changes(values)
        if old is not None:
            # A save writes every column again, cleaned.
            texts = {name: stored(value) for name, value in old.items() if isinstance(value, str) and value}
            changes = {name: value for name, value in texts.items() if value != old[name]} | changes
        # The row is written before its addresses are: PHP may end in between.
        emails = None if self.pace.half else self._emails(old, values)
        if emails is not None:
            changes["email"] = emails
        slow = self.state.hooks.slow_save
        try:
            self.state.save(contact_id, changes, by=self.user.id, slow=slow, wait=True)
        except SugarError as error:
            raise Fatal("refused by a logic hook") from error
        if self.pace.half:
            raise self.pace.end()
        flagged = values.get("contacts_users_id")
        if flagged in self.state.users:
            self.state.sync_flags[str(flagged)].add(contact_id)
        if set_(values.get("deleted")):
            self.state.delete(contact_id, by=self.user.id)

    def _changes(self, values: Values) -> Contact:
        changes: Contact = {}
        for name, value in values.items():
            definition = self.state.fields.get(name)
            if name == "account_id":
                changes[name] = str(value) if str(value) in self.state.accounts else ""
            elif definition is not None and definition.stored and name not in _OWN:
                changes[name] = _as(definition, value)
        return changes

    def _emails(self, old: Contact | None, values: Values) -> list[dict[str, Any]] | None:
        """The widget's list; else ``email1`` to ``email10``, which count only where there was no address.

        ``None``: the list stays what it is.
        """
        clear = self.switches.unnamed_flags_cleared
        if self.widget is not None:
            return self.state.entries(self.widget, clear=clear)
        if old is not None and old["email"]:
            return self.state.refreshed(old)
        return self.state.entries(self._plain_emails(values), clear=clear)

    @staticmethod
    def _plain_emails(values: Values) -> Iterator[dict[str, Any]]:
        """``email1`` to ``email10``, the first one given is the primary; flags for all, or for each."""
        primary = True
        for name in (f"email{number}" for number in range(1, 11)):
            address = str(values.get(name) or "").strip()
            if address:
                opt_out = values.get(f"{name}_opt_out", values.get("email_opt_out"))
                invalid = values.get(f"{name}_invalid", values.get("invalid_email"))
                flags = {"opt_out": set_(opt_out), "invalid_email": set_(invalid)}
                yield {"email_address": address, "primary_address": primary, **flags}
                primary = False

    # -- what only set_entries does --------------------------------------------------------------------

    def _link_account_by_name(self, values: Values) -> None:
        """Finds or makes the account of that name; a blank name unlinks; a contact that has one keeps it."""
        name = values.get("account_name")
        old = self.state.contacts.get(str(values.get("id") or ""))
        linked = "" if old is None or old["deleted"] else old["account_id"]
        if name is None or values.get("account_id"):
            return
        if name == "":
            values["account_id"] = ""
        elif not linked:
            values["account_id"] = self.state.account(stored(str(name)))

    def _duplicate(self, values: Values) -> str | None:
        """The contact that a create without id is taken for: the same last name and email, the account alike.

        Names are compared with what a read shows, so that a name with a quote is never found.
        """
        sent = {str(values.get(name) or "").strip() for name in ("email1", "email2")} - {""}
        last = str(values.get("last_name") or "").strip()
        if values.get("id") or not sent or not last or not self.switches.bulk_finds_duplicates:
            return None
        account = values.get("account_name")
        for contact_id in sorted(self.state.ids_with_email(sent)):
            contact = self.state.contacts[contact_id]
            addresses = {each["email_address"] for each in contact["email"]}
            alike = not account or shown(self.state.account_name(contact)) == account
            if shown(contact["last_name"]) == last and addresses & sent and alike:
                return contact_id
        return None

    # -- the answer ------------------------------------------------------------------------------------

    def _echo(self, contact_id: str, values: Values) -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            definition = FIELDS.get(name) or self.state.fields.get(name)
            if value is None or definition is None:
                continue
            if not definition.stored and definition.type != "relate" and name not in ("email1", "email2"):
                continue
            if name == "date_modified":
                contact = self.state.contacts.get(contact_id)
                yield name, utc(contact["date_modified"] if contact else self.state.now())
            elif definition.type == "date":
                yield name, _as(definition, value)
            else:
                yield name, echoed(value) if isinstance(value, str) and name != "id" else value


def _as(definition: FieldDef, value: Any) -> Any:
    """A value as its column holds it; a date that is none is blank."""
    if isinstance(value, list | Mapping):
        raise Fatal(f"array to string conversion: {definition.name}")
    if definition.type == "bool":
        return set_(value) and str(value) not in ("off", "false", "no")
    text = "" if value is None else "1" if value is True else "" if value is False else str(value)
    if definition.type != "date":
        return stored(text)
    for form in ("%Y-%m-%d", "%m/%d/%Y"):  # the database's, and the user's
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return ""
