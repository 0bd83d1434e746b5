"""What the instance says about itself: the server, its modules, the fields of contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.state import User
from tests.simulators.suitecrm.fields import FIELDS, LINKS, MODULES
from tests.simulators.suitecrm.render import Json, pair
from tests.simulators.suitecrm.state import SuiteState, utc
from tests.simulators.suitecrm.switches import Switches


@dataclass
class Server:
    """The instance's release; without ``suitecrm_version`` it is a Sugar 6.5 CE."""

    version: str = "6.5.25"
    suitecrm_version: str = "7.14.6"

    def info(self, now: int) -> Json:
        """``get_server_info``; needs no session."""
        suite = {"suitecrm_version": self.suitecrm_version} if self.suitecrm_version else {}
        return {"flavor": "CE", "version": self.version, **suite, "gmt_time": utc(now)}


def modules(user: User) -> Json:
    """``get_available_modules``."""
    rights = {
        "edit": user.may_edit,
        "delete": user.may_delete,
        "list": True,
        "view": True,
        "import": user.may_create,
        "export": True,
    }
    acls = [{"action": action, "access": access} for action, access in rights.items()]
    known = [{"module_key": name, "module_label": name, "favorite_enabled": False, "acls": acls} for name in MODULES]
    return {"modules": known}


def module_fields(state: SuiteState, switches: Switches, asked: Any) -> Json:
    """``get_module_fields`` of Contacts."""
    names = [str(name) for name in asked or ()]
    columns = {name: each for name, each in state.fields.items() if each.stored}
    fields = {name: each for name, each in {**columns, **FIELDS}.items() if not names or name in names}
    return {
        "module_name": "Contacts",
        "table_name": "contacts",
        "module_fields": {name: _described(each, switches) for name, each in fields.items()},
        "link_fields": {
            name: {
                "name": name,
                "type": "link",
                "group": "",
                "id_name": "",
                "relationship": relationship,
                "module": module,
                "bean_name": bean,
            }
            for name, (relationship, module, bean) in LINKS.items()
            if not names or name in names
        },
    }


def _described(definition: FieldDef, switches: Switches) -> Json:
    length: Any = "" if definition.len is None else str(definition.len) if switches.len_as_text else definition.len
    options = {}
    if definition.type == "bool":
        options = {value: pair(value, label) for value, label in (("", ""), ("1", "Yes"), ("2", "No"))}
    account = definition.name in ("account_name", "account_id")
    return {
        "name": definition.name,
        "type": definition.type,
        "group": "",
        "id_name": "account_id" if account else "",
        "label": definition.name.replace("_", " ").title() + ":",
        "required": int(definition.required),
        "options": options,
        "related_module": "Accounts" if account else "",
        "calculated": False,
        "len": length,
    }
