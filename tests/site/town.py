"""Both simulators with people in them, and the configuration that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.demo.cast import Person, load
from tests.simulators.__main__ import EMAIL, PASSWORD, USER
from tests.simulators.people import PeopleSimulator
from tests.simulators.people.account import Account
from tests.simulators.sugar import SugarSimulator
from tests.simulators.wire import SimClock, Wire


@dataclass(frozen=True)
class Town:
    """One Google and one Sugar, with one person who uses both."""

    clock: SimClock
    sugar: SugarSimulator
    people: PeopleSimulator
    sugar_wire: Wire
    people_wire: Wire
    sugar_user: str
    """Jane's id in Sugar."""

    @property
    def account(self) -> Account:
        """Jane's in Google."""
        return self.people.account(EMAIL)

    @property
    def login(self) -> dict[str, str]:
        """What connecting Jane's Sugar takes."""
        return {"address": self.sugar_wire.url, "user_name": USER, "password": PASSWORD}

    def environment(self) -> dict[str, str]:
        """The variables that make an installation use these two."""
        google = self.people_wire.url
        return {
            "OAUTH_CLIENT_ID": self.people.oauth.client_id,
            "OAUTH_CLIENT_SECRET": self.people.oauth.client_secret,
            "SUGAR_LOOPBACK": "yes",
            "GOOGLE_AUTHORIZE_URL": f"{google}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{google}/token",
            "GOOGLE_REVOKE_URL": f"{google}/revoke",
            "GOOGLE_CERTS_URL": f"{google}/certs",
            "GOOGLE_PEOPLE_URL": f"{google}/",
        }

    def settle(self, cast: list[Person]) -> None:
        """Enters people where they stand, all of Jane's."""
        for person in cast:
            if person.sugar is not None:
                person.sugar_id = self.sugar.add(by=self.sugar_user, **person.sugar)
            if person.google is not None:
                person.google_id = self.account.add(person.google, person.labels)


def inhabitants(each: int) -> list[Person]:
    """So many people who stand on both sides, in Sugar only, in Google only; one name among them is too long."""
    everybody = load()
    both = [person for person in everybody if person.sugar and person.google and not person.role]
    sugar = [person for person in everybody if person.sugar and not person.google and not person.role]
    google = [person for person in everybody if person.google and not person.sugar and not person.role]
    long = next(person for person in everybody if person.role == "long name")
    return [*both[:each], *sugar[:each], *google[:each], long]


@contextmanager
def town(clock: SimClock | None = None, *, each: int = 12) -> Iterator[Town]:
    """A fresh one; by default its clock runs with the machine's."""
    clock = clock or SimClock(datetime.now(UTC), running=True)
    sugar = SugarSimulator(clock, extra_fields=("middle_name", "website"))
    people = PeopleSimulator(clock)
    with Wire(sugar, clock) as sugar_wire, Wire(people, clock) as people_wire:
        made = Town(clock, sugar, people, sugar_wire, people_wire, sugar.add_user(USER, PASSWORD))
        made.people.consent.email = made.account.email
        made.people.consent.ask = True
        made.settle(inhabitants(each))
        yield made


__all__ = ["EMAIL", "PASSWORD", "USER", "Town", "inhabitants", "town"]
