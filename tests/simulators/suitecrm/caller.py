"""A bare client of the simulator for tests of the simulator itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from tests.simulators.suitecrm.simulator import SuiteSimulator
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.wire import SimClock, Wire

TIMEOUT = 10
PASSWORD = "secret"
WIDGET = "Contacts0emailAddress"
EMAILS = [{"name": "email_addresses", "value": ["id", "email_address", "primary_address", "opt_out", "invalid_email"]}]


class Caller:
    """Calls one simulator as one user; each answer is taken as it is."""

    def __init__(self, sim: SuiteSimulator, wire: Wire) -> None:
        self.sim = sim
        self.wire = wire
        self.http = requests.Session()
        self.session = ""

    def form(self, form: Mapping[str, Any], path: str | None = None) -> requests.Response:
        url = self.wire.url + (self.sim.path if path is None else path)
        return self.http.post(url, data=form, timeout=TIMEOUT, allow_redirects=False)

    def call(self, method: str, data: Any = None, **widget: Any) -> requests.Response:
        """``data`` as it is; further form fields beside it."""
        form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": json.dumps(data)}
        return self.form({**form, **widget})

    def ok(self, method: str, widget: Mapping[str, Any] | None = None, /, **arguments: Any) -> Any:
        """With the session."""
        answer = self.call(method, {"session": self.session, **arguments}, **(widget or {}))
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def login(self, name: str = "jane", password: str = PASSWORD) -> Any:
        """The answer; signs in if it is one."""
        hashed = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
        auth = {"user_name": name, "password": hashed}
        answer = self.call("login", {"user_auth": auth, "application_name": "test", "name_value_list": []}).json()
        self.session = answer.get("id", self.session)
        return answer

    def set(self, widget: Mapping[str, Any] | None = None, /, **values: Any) -> str:
        """``set_entry`` of a contact; the id."""
        sent = [{"name": name, "value": value} for name, value in values.items()]
        answer = self.ok("set_entry", widget, module_name="Contacts", name_value_list=sent)
        return str(answer["id"])

    def get(self, contact_id: str, *fields: str) -> dict[str, Any]:
        """The values of ``get_entry``, by name."""
        answer = self.ok("get_entry", module_name="Contacts", id=contact_id, select_fields=list(fields))
        return plain(answer["entry_list"][0])

    def emails(self, contact_id: str) -> list[dict[str, Any]]:
        """The linked addresses."""
        arguments = {"select_fields": ["id"], "link_name_to_fields_array": EMAILS}
        answer = self.ok("get_entry", module_name="Contacts", id=contact_id, **arguments)
        (links,) = answer["relationship_list"]
        return [{name: each["value"] for name, each in row.items()} for link in links for row in link["records"]]

    def page(self, query: str = "", **arguments: Any) -> Any:
        return self.ok("get_entry_list", module_name="Contacts", query=query, **{"select_fields": ["id"], **arguments})

    def ids(self, query: str = "", **arguments: Any) -> list[str]:
        return [record["id"] for record in self.page(query, **{"max_results": 1000, **arguments})["entry_list"]]


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record, by name, whether they come as an object or as a list."""
    values = record["name_value_list"]
    return {each["name"]: each["value"] for each in (values.values() if isinstance(values, dict) else values)}


def widget(*addresses: str, primary: int = 0, **flags: list[int]) -> dict[str, Any]:
    """The form fields of the email widget; flags by the numbers of the addresses."""
    form: dict[str, Any] = {f"{WIDGET}{n}": address for n, address in enumerate(addresses)}
    named = {f"{WIDGET}{name}Flag[]": [f"{WIDGET}{n}" for n in numbers] for name, numbers in flags.items()}
    return {"Contacts_email_widget_id": "0", **form, f"{WIDGET}PrimaryFlag": f"{WIDGET}{primary}", **named}


def values(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in fields.items()]


def bulk(jane: Caller, *lists: list[dict[str, Any]], form: dict[str, Any] | None = None) -> Any:
    arguments = {"session": jane.session, "module_name": "Contacts", "name_value_lists": list(lists)}
    return jane.call("set_entries", arguments, **(form or {}))


@contextmanager
def serving(switches: Switches | None = None, *, signed_in: bool = True, **more: Any) -> Iterator[Caller]:
    """A simulator with the user jane, served and called."""
    clock = SimClock()
    sim = SuiteSimulator(clock, switches, **more)
    sim.add_user("jane", PASSWORD)
    with Wire(sim, clock) as wire:
        caller = Caller(sim, wire)
        with caller.http:
            if signed_in:
                caller.login()
            yield caller
            assert not sim.crashes
