"""How a stored contact reads in an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.state import Contact, State, User

_ALWAYS = ("id", "date_modified")


class Renderer:
    """Renders as one user sees it: dates with its offset, its own flags, without what is denied to it."""

    def __init__(self, state: State, user: User) -> None:
        self.state = state
        self.user = user

    def record(self, contact: Contact, asked: Iterable[str] | None = None) -> dict[str, Any]:
        """The record; with ``asked``, those fields only (``id`` and ``date_modified`` always come)."""
        if contact["deleted"]:
            return self._tombstone(contact, asked)
        return self.plain(contact, asked)

    def _tombstone(self, contact: Contact, asked: Iterable[str] | None) -> dict[str, Any]:
        shape = self.state.switches.tombstone
        if shape == "minimal":
            return {**self.plain(contact, ()), "deleted": True}
        record = self.plain(contact, asked)
        if shape == "full":
            record["deleted"] = True
        return record

    def plain(self, contact: Contact, asked: Iterable[str] | None = None) -> dict[str, Any]:
        """The same without regard to whether the contact is deleted; nothing in it is shared with the state."""
        known = self.state.fields
        names = known if asked is None else [each for each in (*_ALWAYS, *asked) if each in known]
        hidden = {name for name, whats in self.user.denied.items() if "read" in whats}
        result: dict[str, Any] = {}
        for name in names:
            if name not in hidden:
                result[name] = self._value(contact, known[name])
        if asked is None:
            result["team_name"] = [{"id": "1", "name": "Global", "name_2": "", "primary": True}]
            result["locked_fields"] = []
        result["_acl"] = self._acl(contact)
        result["_module"] = "Contacts"
        return result

    def _value(self, contact: Contact, definition: FieldDef) -> Any:
        name, kind = definition.name, definition.type
        if definition.source == "non-db":
            return self._computed(contact, name)
        value = contact.get(name, "")
        if kind == "datetime":
            return self.user.iso(value)
        if kind == "password":
            return True if value else None
        if kind == "bool":
            return bool(value)
        return None if value == "" and self.state.switches.blank_as_null else value

    def _computed(self, contact: Contact, name: str) -> Any:
        state, me = self.state, self.user.id
        if name in ("name", "full_name"):
            return " ".join(filter(None, (contact["first_name"], contact["last_name"])))
        if name == "email":
            return emails.shown(contact["email"], state.switches)
        if name == "email1":
            return emails.primary(contact["email"])
        if name == "account_id":
            return contact["account_id"]
        if name == "account_name":
            return state.account_name(contact)
        if name in ("created_by_name", "assigned_user_name"):
            user = state.users.get(contact[{"created_by_name": "created_by"}.get(name, "assigned_user_id")])
            return user.user_name if user else ""
        flags = {"my_favorite": state.favorites, "following": state.following, "sync_contact": state.sync_flags}
        return contact["id"] in flags[name][me] if name in flags else ""

    def _acl(self, contact: Contact) -> dict[str, Any]:
        fields: dict[str, Any] = {
            name: {what: "no" for what in sorted(whats | ({"create"} if "write" in whats else set()))}
            for name, whats in self.user.denied.items()
        }
        acl: dict[str, Any] = {"fields": fields or ([] if self.state.switches.acl_as_list else {})}
        if contact["id"] in self.state.protected[self.user.id]:
            acl |= {"edit": "no", "delete": "no"}
        return acl
