"""Relationships: set and read. None of them moves a contact's date."""

from __future__ import annotations

from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.state import Contact, User
from tests.simulators.suitecrm.errors import ServiceError
from tests.simulators.suitecrm.reading import Reading
from tests.simulators.suitecrm.render import Json, pairs
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.writing import set_

_SYNC = ("user_sync", "contacts_sync")


class Links:
    """Relationships as one user may use them."""

    def __init__(self, state: SuiteState, user: User) -> None:
        self.state = state
        self.user = user
        self.reading = Reading(state, user)

    def relate(self, module: str, record_id: Any, link: Any, related: Any, delete: Any) -> Json:
        """``set_relationship``: counts calls, not records; what cannot be done is counted as failed."""
        ids = [str(each) for each in (related if isinstance(related, list) else [related])]
        try:
            done = module == "Contacts" and self._relate(str(record_id), str(link), ids, remove=set_(delete))
        except ServiceError:
            done = False
        return {
            "created": int(done and not set_(delete)),
            "failed": int(not done),
            "deleted": int(done and set_(delete)),
        }

    def related(self, module: str, record_id: Any, link: Any, fields: Any) -> Json:
        """``get_relationships``: the linked records; fields of the link itself are left out."""
        names = [str(name) for name in fields or () if name != "primary_address"]
        found: list[Json] = []
        kind = {"email_addresses": "EmailAddresses", "accounts": "Accounts", "user_sync": "Users"}.get(
            str(link), "Contacts"
        )
        if module == "Contacts" and (contact := self.reading.contact(record_id)) is not None:
            found = self.reading.renderer.linked(contact, str(link)) or []
        elif module == "Users" and link in _SYNC:
            found = [self._contact(contact, names) for contact in self._flagged(str(record_id))]
        entries = [
            {
                "id": record["id"],
                "module_name": kind,
                "name_value_list": pairs({name: record[name] for name in names if name in record}),
            }
            for record in found
        ]
        return {"entry_list": entries, "relationship_list": []}

    def modified(self, module: str, related: str, user_id: str, offset: int, most: int, fields: list[str]) -> Json:
        """``get_modified_relationships``: the contacts that the user has flagged; when is not kept here."""
        found = self._flagged(user_id) if (module, related) == ("Users", "Contacts") else []
        page = found[offset : offset + most] if most > 0 else found[offset:]
        entries = [
            {"id": each["id"], "module_name": "contacts", "name_value_list": pairs(self._contact(each, fields))}
            for each in page
        ]
        fine = {"number": 0, "name": "No Error", "description": "No Error"}
        return {"result_count": len(page), "next_offset": offset + len(page), "entry_list": entries, "error": fine}

    # -- parts -----------------------------------------------------------------------------------------

    def _relate(self, contact_id: str, link: str, ids: list[str], *, remove: bool) -> bool:
        contact = self.reading.contact(contact_id)
        if contact is None:
            return False
        if link == "accounts":
            known = [each for each in ids if each in self.state.accounts]
            if remove and contact["account_id"] in known:
                self.state.put({**contact, "account_id": ""})
            elif not remove and known:
                self.state.put({**contact, "account_id": known[-1]})
            return True
        if link in _SYNC:
            for user_id in ids:
                flags = self.state.sync_flags[user_id]
                flags.discard(contact_id) if remove else flags.add(contact_id)
            return True
        if link == "email_addresses":
            self.state.put({**contact, "email": self._emails(contact, ids, remove=remove)})
            return True
        return False

    def _emails(self, contact: Contact, ids: list[str], *, remove: bool) -> list[dict[str, Any]]:
        """A linked address is never primary, whatever is asked, unless there is no other."""
        kept = [entry for entry, row in self.state.rows_of(contact) if not (remove and row.id in ids)]
        added = [] if remove else [self.state.rows[each] for each in ids if each in self.state.rows]
        entries = [*kept, *({"email_address": row.address, "row": row.id} for row in added)]
        rows = {entry["email_address"].lower(): entry.get("row") for entry in entries}
        listed = emails.listed(entries)
        return [{**entry, "row": rows[entry["email_address"].lower()]} for entry in listed]

    def _flagged(self, user_id: str) -> list[Contact]:
        contacts = (
            self.state.contacts[each] for each in sorted(self.state.sync_flags[user_id]) if each in self.state.contacts
        )
        return [contact for contact in contacts if not contact["deleted"] and self.state.visible(contact, self.user)]

    def _contact(self, contact: Contact, names: list[str]) -> Json:
        values = self.reading.renderer.entry(contact, names)["name_value_list"]
        return {"id": contact["id"], **{name: each["value"] for name, each in values.items()}}
