"""Both simulators on loopback with a running clock, until Ctrl-C: ``python -m tests.simulators [--crm suitecrm]``."""

from __future__ import annotations

import argparse
import threading
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from tests.simulators.people import PeopleSimulator
from tests.simulators.wire import SimClock, Wire

USER, PASSWORD, EMAIL = "jane", "demo-password", "jane@example.com"

_CRMS = {
    "sugar": ("sugar", "SugarSimulator", "REST v11 under /rest"),
    "suitecrm": ("suitecrm", "SuiteSimulator", "/service/v4_1/rest.php, as SuiteCRM 7"),
}


def synthetic(number: int) -> dict[str, str]:
    """An invented contact, in plain parts."""
    first = ("Ann", "Bo", "Chloé", "Dmitri", "Eve", "Fatima", "Gösta", "Hana")[number % 8]
    last = ("Lee", "O’Neill", "Nuñez", "Petrov", "Smith", "Haddad", "Ångström", "Novák")[number // 8 % 8]
    mail = f"contact{number}@example.com"
    return {"first": first, "last": f"{last} {number}", "email": mail, "phone": f"+1202555{number % 10_000:04d}"}


def seed(sugar: Any, people: PeopleSimulator, count: int) -> None:
    """The first half lives in Sugar, the second in Google, a tenth in both."""
    account = people.account(EMAIL)
    for number in range(count):
        contact = synthetic(number)
        if number < count * 0.55:
            emails = [{"email_address": contact["email"], "primary_address": True}]
            names = {"first_name": contact["first"], "last_name": contact["last"]}
            sugar.add(**names, phone_work=contact["phone"], email=emails)
        if number >= count * 0.45:
            person = {
                "names": [{"givenName": contact["first"], "familyName": contact["last"]}],
                "emailAddresses": [{"value": contact["email"], "type": "work"}],
                "phoneNumbers": [{"value": contact["phone"], "type": "work"}],
            }
            account.add(person)


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators", description=__doc__)
    parser.add_argument("--contacts", type=int, default=0, metavar="N", help="so many invented contacts to begin with")
    parser.add_argument("--crm", choices=_CRMS, default="sugar", help="which dialect is spoken (%(default)s)")
    parser.add_argument("--people-port", type=int, default=0, metavar="PORT")
    parser.add_argument("--sugar-port", type=int, default=0, metavar="PORT")
    wanted = parser.parse_args()
    if wanted.contacts < 0:
        parser.error("--contacts: a number from 0 up is wanted")
    clock = SimClock(datetime.now(UTC), running=True)
    people = PeopleSimulator(clock)
    account = people.account(EMAIL)
    # Imported late: nobody who only needs Google has to load Sugar.
    package, name, where = _CRMS[wanted.crm]
    sugar: Any = getattr(import_module(f"tests.simulators.{package}"), name)(clock)
    sugar.add_user(USER, PASSWORD)
    seed(sugar, people, wanted.contacts)
    with Wire(people, clock, port=wanted.people_port) as google, Wire(sugar, clock, port=wanted.sugar_port) as crm:
        print(f"Google: {google.url}  (People API under /v1, OAuth under /o/oauth2/v2/auth, /token, /revoke, /certs)")
        print(f"  account        {account.email}, subject {account.subject}")
        print(f"  client id      {people.oauth.client_id}")
        print(f"  client secret  {people.oauth.client_secret}")
        print(f"  refresh token  {account.grant()}")
        print(f"Sugar:  {crm.url}  ({where})")
        print(f"  user           {USER}")
        print(f"  password       {PASSWORD}")
        print("Ctrl-C ends both; nothing is kept.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
