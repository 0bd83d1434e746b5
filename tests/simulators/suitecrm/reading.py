"""Records by their ids."""

from __future__ import annotations

from typing import Any

from tests.simulators.sugar.state import Contact, User
from tests.simulators.suitecrm.errors import ServiceError
from tests.simulators.suitecrm.render import Json, Renderer, missing, pairs
from tests.simulators.suitecrm.state import SuiteState, utc
from tests.simulators.suitecrm.text import shown


class Reading:
    """Records as one user may read them."""

    def __init__(self, state: SuiteState, user: User) -> None:
        self.state = state
        self.user = user
        self.renderer = Renderer(state, user)

    def records(self, module: str, ids: Any, select_fields: Any, links: Any) -> tuple[list[Json], list[list[Json]]]:
        """The records, and the linked ones of those that exist: the second list is shorter if some are missing.

        Raises:
            ServiceError: ``no_access``, as a whole, if the user may not see one of them.
        """
        names = [str(name) for name in select_fields or ()]
        records: list[Json] = []
        related: list[list[Json]] = []
        for record_id in ids if isinstance(ids, list) else []:
            if module != "Contacts":
                records.append(self._other(module, record_id, names))
                continue
            contact = self.contact(record_id)
            if contact is None:
                records.append(missing(module, record_id))
                continue
            records.append(self.renderer.entry(contact, names))
            if links:
                related.append(self.renderer.links(contact, links))
        return records, related

    def contact(self, contact_id: Any) -> Contact | None:
        """A live contact, if there is one.

        Raises:
            ServiceError: ``no_access``: the user may not see it.
        """
        contact = self.state.contacts.get(str(contact_id))
        if contact is None or contact["deleted"]:
            return None
        if not self.state.visible(contact, self.user):
            raise ServiceError("no_access")
        return contact

    def _other(self, module: str, record_id: Any, names: list[str]) -> Json:
        values = self.other(module, str(record_id))
        if values is None:
            return missing(module, record_id)
        chosen = {name: values[name] for name in (names or values) if name in values}
        return {"id": record_id, "module_name": module, "name_value_list": pairs(chosen)}

    def other(self, module: str, record_id: str) -> Json | None:
        """What the server holds of an account, an email address or a user."""
        if module == "Accounts" and record_id in self.state.accounts:
            return self.renderer.account(record_id)
        if module == "EmailAddresses" and record_id in self.state.rows:
            row = self.state.rows[record_id]
            values = {"email_address": shown(row.address), "email_address_caps": shown(row.caps)}
            return {"id": row.id, **values, "date_modified": utc(row.modified), "deleted": "0"}
        if module == "Users" and record_id in self.state.users:
            user = self.state.users[record_id]
            return {"id": user.id, "user_name": shown(user.user_name), "is_admin": "1" if user.is_admin else "0"}
        return None
