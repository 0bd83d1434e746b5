"""One contact: create, read, update, delete, favourite, upsert by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.listing import field_names
from tests.simulators.sugar.render import Renderer
from tests.simulators.sugar.state import Contact, State, User

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ARGUMENTS = ("fields", "view")


class Records:
    """The records as one user may use them. Nothing that is written is validated (facts, Records)."""

    def __init__(self, state: State, user: User) -> None:
        self.state = state
        self.user = user
        self.renderer = Renderer(state, user)

    def find(self, contact_id: str) -> Contact:
        """The live contact.

        Raises:
            SugarError: 404, deleted or not visible.
        """
        contact = self.state.contacts.get(contact_id)
        if contact is None or contact["deleted"] or not self.state.visible(contact, self.user):
            raise SugarError("not_found", f"Could not find record: {contact_id} in module: Contacts")
        return contact

    def get(self, contact_id: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        contact = self.find(contact_id)
        self.state.viewed[self.user.id][contact_id] = self.state.now()
        return self.renderer.record(contact, field_names(arguments.get("fields")))

    def create(self, body: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        body = _object(body)
        if not self.user.may_create:
            raise SugarError("not_authorized")
        changes = self._changes(body)
        if "assigned_user_id" not in changes and self.state.switches.create_assigns_creator:
            changes["assigned_user_id"] = self.user.id
        contact_id = self.state.new_id()
        self._save(contact_id, changes)
        self._flag(contact_id, body)
        return self._answer(contact_id, body, arguments)

    def update(self, contact_id: str, body: Any, arguments: Mapping[str, Any], timestamp: str) -> dict[str, Any]:
        body = _object(body)
        contact = self.find(contact_id)
        if not self.user.may_edit or contact_id in self.state.protected[self.user.id]:
            raise SugarError("not_authorized")
        self._compare(contact, timestamp)
        changes = self._changes(body)
        idle = all(contact.get(name, "") == value for name, value in self.state.fitted(changes).items())
        self._save(contact_id, changes, touch=not idle or self.state.switches.idle_write_moves_date)
        self._flag(contact_id, body)
        return self._answer(contact_id, body, arguments)

    def delete(self, contact_id: str) -> dict[str, Any]:
        self.find(contact_id)
        if not self.user.may_delete or contact_id in self.state.protected[self.user.id]:
            raise SugarError("not_authorized")
        self.state.delete(contact_id, by=self.user.id)
        return {"id": contact_id}

    def favorite(self, contact_id: str, on: bool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Moves no date: the flag is the user's, not the contact's."""
        contact = self.find(contact_id)
        self._set_flag(self.state.favorites[self.user.id], contact_id, on)
        return self.renderer.record(contact, field_names(arguments.get("fields")))

    def upsert(self, key: str, body: Any) -> dict[str, Any]:
        """``PATCH /Contacts/sync_key/:key``, for administrators only."""
        if not self.user.is_admin:
            raise SugarError("not_authorized")
        changes = self._changes(_object(body)) | {"sync_key": key}
        found = (c["id"] for c in self.state.contacts.values() if c.get("sync_key") == key and not c["deleted"])
        contact_id = next(found, None) or self.state.new_id()
        self._save(contact_id, changes)
        return {"record": contact_id}

    # -- parts of a write ------------------------------------------------------------------------------

    def _save(self, contact_id: str, changes: Contact, *, touch: bool = True) -> None:
        slow = self.state.hooks.slow_save
        self.state.save(contact_id, changes, by=self.user.id, touch=touch, slow=slow, wait=True)

    def _compare(self, contact: Contact, timestamp: str) -> None:
        check = self.state.switches.timestamp_check
        if not timestamp or check == "ignored":
            return
        if check == "never":
            raise SugarError("edit_conflict")
        current = self.user.iso(contact["date_modified"])
        same = timestamp == current
        if check == "instant" and not same:
            try:
                same = datetime.fromisoformat(timestamp) == datetime.fromisoformat(current)
            except (TypeError, ValueError):
                same = False
        if not same:
            raise SugarError("edit_conflict")

    def _changes(self, body: Mapping[str, Any]) -> Contact:
        """What of a body is stored; what is unknown, computed or read-only is dropped without a word."""
        changes: Contact = {}
        for name, value in body.items():
            definition = self.state.fields.get(name)
            if definition is None or definition.readonly:
                continue
            if "write" in self.user.denied.get(name, ()):
                raise SugarError("not_authorized", f"You are not authorized to edit the field {name}")
            if name == "email":
                changes["email"] = emails.written(value, self.state.switches)
            elif name == "account_id":
                changes["account_id"] = str(value) if str(value) in self.state.accounts else ""
            elif not definition.stored:
                continue
            elif definition.type == "bool":
                changes[name] = emails.truthy(value)
            elif definition.type == "date":
                changes[name] = self._date(name, value)
            elif value is None or isinstance(value, str | int | float):
                changes[name] = "" if value is None else str(value)
        return changes

    def _date(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
        if self.state.switches.bad_date == "refused":
            raise SugarError("invalid_parameter", f"Invalid parameter: {name}")
        return ""

    def _flag(self, contact_id: str, body: Mapping[str, Any]) -> None:
        state, me = self.state, self.user.id
        for name, flags in (("my_favorite", state.favorites), ("sync_contact", state.sync_flags)):
            if name in body:
                self._set_flag(flags[me], contact_id, emails.truthy(body[name]))

    @staticmethod
    def _set_flag(flags: set[str], contact_id: str, on: bool) -> None:
        if on:
            flags.add(contact_id)
        else:
            flags.discard(contact_id)

    def _answer(self, contact_id: str, body: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
        asked = field_names(body.get("fields") or arguments.get("fields"))
        record = self.renderer.record(self.state.contacts[contact_id], asked)
        if self.state.switches.answer_echoes:
            for name, value in body.items():
                definition = self.state.fields.get(name)
                known = definition is not None and definition.text and definition.stored and not definition.readonly
                if known and name in record and isinstance(value, str) and name not in _ARGUMENTS:
                    record[name] = value
        return record


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise SugarError("invalid_parameter", "The request body must be a JSON object")
    return body
