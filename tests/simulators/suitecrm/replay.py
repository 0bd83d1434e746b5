"""What a real server was asked and answered, asked of the simulator once more.

``recordings.jsonl`` holds the exchanges with ``service/v4_1/rest.php`` of a SuiteCRM 7.14.6 (PHP 8.2, MariaDB 10.11)
that was installed for this purpose, with invented contacts only: one a line, numbered in the order of the recording,
with the form that was sent and status, content type, cookie and body of the answer. Numbers that are missing were
calls of JSON:API, which is not modelled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from tests.simulators.suitecrm.simulator import SuiteSimulator
from tests.simulators.suitecrm.state import Login
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.wire import SimClock, Wire

FILE = Path(__file__).with_name("recordings.jsonl")
FIRST_ROUND = "13:59:02"
ADMIN, SYNC_USER = "1", "53e5121c-da21-73be-52a0-6b02f50f4310"


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    cookie: str
    body: str

    @property
    def parsed(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body


@dataclass(frozen=True)
class Recording:
    n: int
    name: str
    form: dict[str, str]
    answer: Answer


def recordings() -> list[Recording]:
    """All of them, in the order in which they happened: 131 to 134 came before the contact of 128 to 130."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        answer = Answer(raw["status"], raw["content_type"], raw["cookie"], raw["body"])
        found.append(Recording(raw["n"], raw["name"], raw["form"], answer))
    return sorted(found, key=lambda each: 127 + each.n / 1000 if 131 <= each.n <= 134 else each.n)


TIMES = {
    1: FIRST_ROUND,
    15: "13:59:03",
    17: "13:59:05",
    20: "13:59:07",
    22: "13:59:09",
    30: "13:59:10",
    40: "13:59:11",
    61: "13:59:12",
    99: "14:01:18",
    103: "14:01:19",
    105: "14:01:20",
    112: "14:01:21",
    131: "14:06:00",
    135: "14:16:00",
    139: "14:23:42",
}
"""The server's time, as the dates in the answers tell: it passes at these recordings, and stands still in between."""


class Replay:
    """Plays the recordings to one simulator, and does between them what was done without being recorded."""

    def __init__(self) -> None:
        self.clock = SimClock(_at(FIRST_ROUND))
        self.sim = SuiteSimulator(self.clock)
        self._user(ADMIN, "admin", "adminpw", admin=True)
        self.sim.state.row_ids.update(_rows())
        self.before: dict[int, Callable[[], None]] = {
            61: lambda: self._user(SYNC_USER, "sync", "syncpw"),
            99: self._second_round,
            112: lambda: self._edit("7331bba4-8dc5-0702-1efe-6b02f5f51549"),
            131: self._crowd,
            135: lambda: self._emoji("kept"),
            137: lambda: self._emoji("?"),
            139: self._last_round,
            141: lambda: self.sim.remove("cabf4866-5597-74ff-0ffd-6b02fab0e55e"),
        }

    def play(self) -> Iterator[tuple[Recording, Answer]]:
        with Wire(self.sim, self.clock) as wire:
            for recording in recordings():
                if recording.n in TIMES:
                    self.clock.advance((_at(TIMES[recording.n]) - self.clock.now()).total_seconds())
                self.before.get(recording.n, lambda: None)()
                self._login_of(recording)
                self.sim.state.next_ids.extend(_made(recording))
                url = f"{wire.url}/service/v4_1/rest.php"
                got = requests.post(url, data=recording.form, timeout=10, allow_redirects=False)
                cookie = got.headers.get("Set-Cookie", "")
                yield recording, Answer(got.status_code, got.headers["Content-Type"], cookie, got.text)

    # -- what was not recorded -------------------------------------------------------------------------

    def _user(self, user_id: str, name: str, password: str, *, admin: bool = False) -> None:
        self.sim.state.next_ids.append(user_id)
        self.sim.add_user(name, password, admin=admin)

    def _add(self, contact_id: str, last_name: str, *emails: str, **fields: Any) -> None:
        self.sim.state.next_ids.append(contact_id)
        self.sim.add(last_name=last_name, email=list(emails), assigned_user_id="", **fields)
        for address in emails:
            self.sim.state.row(address, moment=self.sim.state.now())

    def _edit(self, contact_id: str) -> None:
        self.sim.edit(contact_id, title="t")

    def _second_round(self) -> None:
        """Contacts that were made through JSON:API, and those that the second round began with."""
        now = self.clock.now()
        self.clock.advance((_at("13:59:15") - now).total_seconds())
        self._add("d32ce9c7-ab27-de67-deac-6b02f58fcb2d", "O'Hopper", first_name="Grace & <i>Co</i>")
        self.sim.remove("d32ce9c7-ab27-de67-deac-6b02f58fcb2d")
        self._add("36db5ea5-7c66-249b-28a5-6b02f55dee57", "", first_name="NoLast")
        self._add("4860bba3-751f-0870-53eb-6b02f58a3d55", "L" * 150)
        self._add("aaaaaaaa-0000-4000-8000-000000000002", "ChosenV8")
        self.clock.advance((now - self.clock.now()).total_seconds())
        self._add("2f87a53f-5214-c40e-b5f1-6b02f50462cb", "NoMail")
        self._add("7331bba4-8dc5-0702-1efe-6b02f5f51549", "Widget", "w1@example.com", "w2@example.com")
        self.clock.advance(1)
        self._add("b7b2ba67-54cc-ccb9-050f-6b02f5e861c1", "Rel", "r1@example.com")
        self.clock.advance(-1)

    def _crowd(self) -> None:
        """5,052 contacts that were made to measure speed, of which five were seen."""
        seen = {
            "100d6093-305c-c040-d4f9-6b02f6d0db22": "14:03:08",
            "10134429-cb21-cb64-a9dd-6b02f6fbe006": "14:03:54",
            "10228d49-f28e-8cc5-0e53-6b02f650074a": "14:03:54",
            "103717f5-cef0-4ae6-be09-6b02f61477a3": "14:05:06",
            "103bb030-da50-5398-483f-6b02f6699df9": "14:03:33",
        }
        now = self.clock.now()
        unseen = 5067 - len(seen) - len(self.sim.contacts(fields=()))
        for at, (contact_id, time) in enumerate(
            [*seen.items(), *((f"ffffffff-{n}", "14:05:07") for n in range(unseen))]
        ):
            self.clock.advance((_at(time) - self.clock.now()).total_seconds())
            self._add(contact_id, f"Crowd {at}")
        self.clock.advance((now - self.clock.now()).total_seconds())

    def _last_round(self) -> None:
        self._add("cabf4866-5597-74ff-0ffd-6b02fab0e55e", "Clear", "clear@example.com", title="")

    def _emoji(self, how: Any) -> None:
        self.sim.switches = Switches(emoji=how)

    def _login_of(self, recording: Recording) -> None:
        """Sessions whose sign-in was not recorded."""
        session = recording.answer.cookie[len("PHPSESSID=") :].split(";")[0]
        signed_in = recording.form["method"] != "login" and session not in self.sim.state.logins
        if session and signed_in and not recording.answer.body.startswith('{"name":"Invalid Session'):
            self.sim.state.logins[session] = Login(ADMIN, self.sim.sessions.network, self.sim.state.now())


def _at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{time}").replace(tzinfo=UTC)


def _made(recording: Recording) -> list[str]:
    """The ids that the server gave in this answer."""
    answer, method = recording.answer.parsed, recording.form["method"]
    if recording.n == 126:
        return ["a03c4ea8-db60-86ec-d54d-6b02f559da65"]  # seen in 127
    if not isinstance(answer, dict):
        return []
    data = json.loads(recording.form["rest_data"])
    if method == "login" and "id" in answer:
        return [answer["id"]]
    if method == "set_entry" and '"name": "id"' not in recording.form["rest_data"]:
        return [answer["id"]]
    if method == "set_entries":
        lists = data["name_value_lists"]
        return [made for made, sent in zip(answer["ids"], lists, strict=True) if all(e["name"] != "id" for e in sent)]
    return []


def _rows() -> dict[str, str]:
    """The ids of addresses as last seen in an answer, by the address in capitals."""
    rows: dict[str, str] = {}

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, dict):
            address = value.get("email_address")
            if isinstance(address, dict) and "id" in value:
                rows[address["value"].replace("&#039;", "'").upper()] = value["id"]["value"]
            for each in value.values():
                walk(each)

    for recording in recordings():
        walk(recording.answer.parsed)
    return rows
