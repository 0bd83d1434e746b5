"""Writes to other modules: accounts, and the rows of email addresses that contacts share."""

from __future__ import annotations

from typing import Any

from tests.simulators.sugar.state import User
from tests.simulators.suitecrm.errors import ServiceError
from tests.simulators.suitecrm.render import Json, pairs
from tests.simulators.suitecrm.state import EmailRow, SuiteState
from tests.simulators.suitecrm.text import echoed, stored
from tests.simulators.suitecrm.writing import Values, name_values


class Others:
    """Accounts and email addresses as one user may write them; other modules are read-only here."""

    def __init__(self, state: SuiteState, user: User) -> None:
        self.state = state
        self.user = user

    def entry(self, module: str, sent: Any) -> Json:
        """``set_entry``."""
        values = name_values(sent)
        if module == "Accounts":
            record_id, fields = self._account(values), {"id", "name"}
        elif module == "EmailAddresses":
            record_id, fields = self._address(values), {"id", "email_address", "email_address_caps"}
        else:
            raise ServiceError("no_access")
        told = {
            name: echoed(value) if isinstance(value, str) else value for name, value in values.items() if name in fields
        }
        return {"id": record_id, "entry_list": pairs(told)}

    def _account(self, values: Values) -> str:
        account_id, name = str(values.get("id") or ""), stored(str(values.get("name") or ""))
        if not account_id:
            # Two accounts of one name are no trouble to the server; the one made last is found by its name.
            account_id = self.state.new_id()
        elif account_id not in self.state.accounts:
            return account_id
        self.state.accounts[account_id] = name
        self.state.account_ids[name] = account_id
        return account_id

    def _address(self, values: Values) -> str:
        row_id, address = str(values.get("id") or ""), str(values.get("email_address") or "")
        if not row_id:
            row_id = self.state.new_id()
            caps = str(values.get("email_address_caps") or address.upper())
            self.state.add_row(EmailRow(row_id, address, caps, self.state.now()))
        elif row_id in self.state.rows and address:
            self._rename(self.state.rows[row_id], address)
        return row_id

    def _rename(self, row: EmailRow, address: str) -> None:
        """Every contact with the row has the new address, and no contact's date moves."""
        old = row.address
        row.address, row.modified = address, self.state.now()
        for contact_id in sorted(self.state.ids_with_email([old])):
            contact = self.state.contacts[contact_id]
            email = [
                {**entry, "email_address": address, "row": row.id}
                if entry["email_address"].lower() == old.lower()
                else entry
                for entry in contact["email"]
            ]
            self.state.put({**contact, "email": email})
