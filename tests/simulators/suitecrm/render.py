"""How a stored contact reads in an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.simulators.sugar.state import Contact, User
from tests.simulators.suitecrm.fields import FIELDS
from tests.simulators.suitecrm.state import SuiteState, utc
from tests.simulators.suitecrm.text import shown

Json = dict[str, Any]
Records = list[Json]

MISSING = "Access to this object is denied since it has been deleted or does not exist"


def pair(name: str, value: Any) -> Json:
    return {"name": name, "value": value}


def pairs(values: Json) -> Json:
    return {name: pair(name, value) for name, value in values.items()}


def missing(module: str, record_id: Any) -> Json:
    """What stands for a record that is deleted or never was: its values are a list here, not an object."""
    values = [pair("warning", MISSING), pair("deleted", "1")]
    return {"id": record_id, "module_name": module, "name_value_list": values}


class Renderer:
    """Records as one user reads them."""

    def __init__(self, state: SuiteState, user: User) -> None:
        self.state = state
        self.user = user

    def entry(self, contact: Contact, asked: Iterable[str]) -> Json:
        """One contact; without names of fields, all. What is not set, unknown or computed is left out."""
        names = list(asked) or [*self.state.fields, *FIELDS]
        values: Json = {}
        if "assigned_user_name" in names and (name := self._user_name(contact["assigned_user_id"])):
            values["assigned_user_name"] = shown(name)
        for name, whose in (("modified_by_name", "modified_user_id"), ("created_by_name", "created_by")):
            if name in names:
                values[name] = shown(self._user_name(contact[whose]))
        for name in names:
            if name not in values and (value := self._value(contact, name)) is not None:
                values[name] = value
        return {"id": contact["id"], "module_name": "Contacts", "name_value_list": pairs(values)}

    def links(self, contact: Contact, wanted: Iterable[Any]) -> Records:
        """The linked records of one contact, by link; a link without any is left out, one that is unknown is empty."""
        result: Records = []
        for link in wanted:
            if not isinstance(link, dict) or "name" not in link or not isinstance(link.get("value"), list):
                continue
            known = self.linked(contact, str(link["name"]))
            if known is None:
                result.append({"name": link["name"], "records": []})
            elif known:
                records = [pairs({name: record.get(name, "") for name in link["value"]}) for record in known]
                result.append({"name": link["name"], "records": records})
        return result

    def linked(self, contact: Contact, link: str) -> Records | None:
        """All that is linked, with all its fields; ``None``: there is no such link."""
        known: dict[str, Callable[[Contact], Records]] = {
            "email_addresses": self._emails,
            "accounts": self._accounts,
            "user_sync": self._flagged,
        }
        return known[link](contact) if link in known else None

    def account(self, account_id: str) -> Json:
        return {"id": account_id, "name": shown(self.state.accounts[account_id]), "deleted": "0"}

    # -- parts -----------------------------------------------------------------------------------------

    def _value(self, contact: Contact, name: str) -> Any:
        if name in ("email1", "email2"):
            return self._legacy(contact)[name]
        if name in ("account_id", "account_name"):
            if contact["deleted"] or contact["account_id"] not in self.state.accounts:
                return None
            return contact["account_id"] if name == "account_id" else shown(self.state.account_name(contact))
        definition = self.state.fields.get(name)
        if definition is None or not definition.stored or name not in contact:
            return None
        value = contact[name]
        if definition.type == "datetime":
            return utc(value)
        if isinstance(value, bool):
            return "1" if value else "0"
        return shown(str(value))

    @staticmethod
    def _legacy(contact: Contact) -> dict[str, str]:
        """The primary address and the first of the others, as they stand; not escaped."""
        entries = contact["email"]
        primary = next((each["email_address"] for each in entries if each["primary_address"]), "")
        others = [each["email_address"] for each in entries if not each["primary_address"]]
        return {"email1": primary, "email2": others[0] if others else ""}

    def _emails(self, contact: Contact) -> Records:
        return [
            {
                "id": row.id,
                "email_address": shown(row.address),
                "email_address_caps": shown(row.caps),
                # A field of the link, not of the address: the link is read without its own fields.
                "primary_address": "",
                "opt_out": "1" if entry["opt_out"] else "0",
                "invalid_email": "1" if entry["invalid_email"] else "0",
                "date_modified": utc(row.modified),
                "deleted": "0",
            }
            for entry, row in self.state.rows_of(contact)
        ]

    def _accounts(self, contact: Contact) -> Records:
        linked = contact["account_id"]
        return [self.account(linked)] if linked in self.state.accounts and not contact["deleted"] else []

    def _flagged(self, contact: Contact) -> Records:
        flags = self.state.sync_flags
        users = [user for user in self.state.users.values() if contact["id"] in flags[user.id]]
        return [{"id": user.id, "user_name": user.user_name, "deleted": "0"} for user in users]

    def _user_name(self, user_id: str) -> str:
        user = self.state.users.get(user_id)
        return user.user_name if user else ""
