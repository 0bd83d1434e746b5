"""The demo's world, its people in it, and what the user did: everything that the final check is held against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.store.port import Doc
from shared.sync.plan.model import Trouble
from shared.sync.report import Report, Status
from tests import older
from tests.demo.cast import Json, Person, load
from tests.demo.screen import Screen
from tests.simulators.wire import Call, Request
from tests.world import User, World

SIDES = ("sugar", "google")


class Stopped(Exception):
    """The sync did not go on; the message says why."""


@dataclass(frozen=True)
class Edit:
    """A value that the user entered on one side, and what has to have become of it."""

    person: Person
    side: str
    value: str
    lives: bool
    """Stands on both sides in the end; else it lost a conflict and stands in the history."""
    instead_of: str = ""
    """With ``lives``: the former value, which must be gone from both sides."""


@dataclass
class Batch:
    """One run as measured from outside."""

    report: Report
    calls: dict[str, int]
    documents: int
    forced: int = 0
    """Calls among them that emails force: the older dialect takes those of one contact at a time."""


@dataclass
class Promise:
    """One thing that was checked."""

    text: str
    found: str
    wrong: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """Where the story takes place."""

    world: World
    user: User
    screen: Screen
    cast: list[Person] = field(default_factory=load)
    edits: list[Edit] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    before: dict[str, Json] = field(default_factory=dict)
    """Google contacts as they were at first, by id."""
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    """Sugar's contacts and addresses that declined to be mailed, as entered."""
    expected: list[tuple[Trouble, Person]] = field(default_factory=list)
    """What the backlog has to hold in the end."""

    def __post_init__(self) -> None:
        self._by_id = {person.id: person for person in self.cast}
        self._history: list[Json] = []
        self._read_at = -1
        self._nameless = {person.email: person for person in self.cast if person.role == "no name"}

    # -- the two sides ---------------------------------------------------------------------------------

    def enter(self) -> None:
        """Everybody is entered, on their sides."""
        for person in self.cast:
            if person.sugar is not None:
                person.sugar_id = self.world.sugar.add(**person.sugar)
            if person.google is not None:
                person.google_id = self.user.account.add(person.google, person.labels)
                self.before[person.google_id] = self.user.account.person(person.google_id)
        # Where contacts share an address they share its opt-out, too: what counts is what Sugar then holds.
        self.opted_out = {
            (record["id"], each["email_address"])
            for record in self.sugar().values()
            for each in record["email"]
            if each["opt_out"]
        }

    def sugar(self) -> dict[str, Json]:
        """All that Sugar holds, from its own state."""
        return self.world.sugar.contacts()

    def google(self) -> dict[str, Json]:
        """All that Google holds, from its own state."""
        return {str(person["resourceName"]): person for person in self.user.account.people()}

    def meet(self) -> None:
        """Learns the ids of what the sync made, by the notes."""
        for record in self.sugar().values():
            if person := self.who(record):
                person.sugar_id = record["id"]
        for record in self.google().values():
            if person := self.who(record):
                person.google_id = record["resourceName"]

    def who(self, record: Json) -> Person | None:
        """Whose record this is, without asking the product: the notes say it, and where there are none the email."""
        text = json.dumps([record.get(name) for name in ("description", "biographies")])
        ident = text.partition("openstates.org/person/")[2][:36]
        if ident:
            return self._by_id.get(ident)
        return next((self._nameless[email] for email in _emails(record) if email in self._nameless), None)

    def rows_of(self, person: Person) -> list[Json]:
        """The history of a person, oldest first."""
        if self._read_at != self.world.store.written:
            self._history, self._read_at = self.user.history(), self.world.store.written
        return [
            row
            for row in self._history
            if (person.sugar_id and row["ids"]["sugar"] == person.sugar_id)
            or (person.google_id and row["ids"]["google"] == person.google_id)
        ]

    def about(self, doc: Doc) -> Person | None:
        """Whom an entry of the backlog is about."""
        ids = doc.data["ids"]
        return next(
            (
                person
                for person in self.cast
                if (person.sugar_id and person.sugar_id == ids.get("sugar"))
                or (person.google_id and person.google_id == ids.get("google"))
            ),
            None,
        )

    def ever(self, side: str) -> int:
        """How many contacts a side has ever had, the deleted ones included."""
        book = self.user.account.book
        return len(self.world.sugar.contacts(live=False)) if side == "sugar" else len(book.live) + len(book.trash)

    # -- syncing ---------------------------------------------------------------------------------------

    def log(self, side: str) -> list[Call]:
        """All calls that a side got."""
        return self.world.sugar_wire.log if side == "sugar" else self.world.people_wire.log

    def measured(self, run: Any) -> Batch:
        """One run, with the calls it made to either side (token refreshes apart)."""
        marks = {side: len(self.log(side)) for side in SIDES}
        documents = self.world.store.written
        report: Report = run()
        made = {side: _apart(self.log(side)[marks[side] :]) for side in SIDES}
        forced = sum(older.method_of(call.request) == "set_entry" for call in made["sugar"])
        calls = {side: len(log) for side, log in made.items()}
        return Batch(report, calls, self.world.store.written - documents, forced)

    def sync(self, *, pause: float = 60.0, most: int = 40) -> list[Batch]:
        """Batch after batch until a run finds nothing to look at any more.

        Raises:
            Stopped: a run stopped, or it never comes to rest.
        """
        made: list[Batch] = []
        done = idle = 0
        for _ in range(most):
            batch = self.measured(self.user.run)
            if batch.report.status is not Status.DONE:
                raise Stopped(f"the sync stopped ({batch.report.status}): {batch.report.message}")
            made.append(batch)
            done += batch.report.contacts
            self.world.clock.advance(pause)
            if batch.report.writes:
                self.screen.progress(done, batch.report.remaining, told(batch))
            elif batch.report.contacts or batch.report.remaining:
                idle += 1
            else:
                if idle:
                    runs = "one run" if idle == 1 else f"{idle} runs"
                    self.screen.progress(done, 0, f"{runs} that looked, and found nothing to write")
                self.batches += made
                return made
        raise Stopped(f"the sync does not come to rest: {made[-1].report.counts}")

    def promise(self, text: str, found: str, wrong: list[str] | None = None) -> None:
        """Notes what was checked; anything wrong makes the demo fail."""
        self.promises.append(Promise(text, found, wrong or []))


def told(batch: Batch) -> str:
    """What a batch did, for the progress line."""
    counts = batch.report.counts
    marks = {"create": "new", "update": "changed", "delete": "deleted"}
    parts = []
    for side in SIDES:
        writes = [f"{counts[f'{op} {side}']} {mark}" for op, mark in marks.items() if counts.get(f"{op} {side}")]
        parts.append(f"{side.title()} {', '.join(writes) or '-'}")
    calls = "+".join(str(batch.calls[side]) for side in SIDES)
    return f"{parts[0]:28} {parts[1]:30} {calls} calls"


def writes(calls: list[Call]) -> list[str]:
    """Those of the calls that could change a contact."""
    return [call.name for call in calls if any(_mutates(*each) for each in _requests(call.request))]


def _requests(request: Request) -> Iterator[tuple[str, str]]:
    if older.method_of(request):
        yield ("POST" if older.writes(request) else "GET"), request.path
        return
    body = request.json()
    if request.path.endswith("/bulk") and isinstance(body, dict):
        for item in body.get("requests", ()):
            yield item.get("method", "GET"), item.get("url", "").partition("?")[0]
    else:
        yield request.headers.get("x-http-method-override", request.method), request.path


def _mutates(method: str, path: str) -> bool:
    harmless = ("/filter", "/filter/count", "/oauth2/token", "/token", "/duplicateCheck")
    return method != "GET" and not path.endswith(harmless)


def _apart(calls: list[Call]) -> list[Call]:
    signing_in = ("login", "get_user_id")
    return [
        call
        for call in calls
        if "/oauth2/" not in call.request.path
        and call.request.path != "/token"
        and older.method_of(call.request) not in signing_in
    ]


def _emails(record: Json) -> list[str]:
    found = [each.get("email_address", "") for each in record.get("email") or ()]
    return found + [each.get("value", "") for each in record.get("emailAddresses") or ()]
