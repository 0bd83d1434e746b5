"""A day on which much goes wrong, as a process: ``python -m tests.site.talk FILE``.

Its output is the installation's own. What must not stand in there goes into the file, with what browsers were told.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shared.web.log import to_stdout
from tests import older
from tests.demo.cast import Person
from tests.simulators.wire import Call, Reply, Wire
from tests.site.browser import Browser
from tests.site.running import Running, running
from tests.site.town import PASSWORD, inhabitants

GUESS = "correct-horse-battery"
WORDS = "Anneliese Musterfrau, anneliese@musterfrau.example, +49 170 5550123"
"""What both sides say of a contact in their answers when something is wrong."""
EACH = 3
NOWHERE = b"there is no such function"
"""What is told where no function is named: nobody logs that."""


def personal(people: Iterable[Person]) -> list[str]:
    """Names, emails and phones of these people."""
    found = set(WORDS.split(", ")) | {"Anneliese", "Musterfrau", "1705550123"}
    for each in people:
        row = each.row
        found |= {row["name"], row["email"], each.email, row["family_name"]}
        for office in row["offices"]:
            phone = office.get("voice", "")
            found |= {phone, re.sub("[^0-9]", "", phone)}
    return sorted(text for text in found if len(text) > 4)


def secrets_in(calls: Iterable[Call]) -> set[str]:
    """Tokens, codes, verifiers and passwords that went over the wire."""
    found = set()
    for call in calls:
        headers = call.request.headers
        found |= {headers.get("oauth-token", ""), headers.get("authorization", "").removeprefix("Bearer ")}
        sent = call.request.json()
        form = {**call.request.query, **(sent if isinstance(sent, dict) else {})}
        if b"=" in call.request.body and sent is None:
            form |= call.request.form()
        names = (
            "password",
            "refresh_token",
            "access_token",
            "code",
            "code_verifier",
            "client_secret",
            "token",
            "state",
        )
        found |= {str(form.get(name, "")) for name in (*names, "nonce", "code_challenge")}
        if older.method_of(call.request):
            arguments = older.arguments_of(call.request)
            found |= {str(arguments.get("session", "")), str(arguments.get("user_auth", {}).get("password", ""))}
    return {text for text in found if len(text) > 7}


class Day:
    """What one user meets."""

    def __init__(self, site: Running) -> None:
        self.site = site
        self.browser = site.browser()
        self.by_queue = 0
        """Calls that no browser made."""

    def due(self) -> None:
        """One look of the scheduler, and the tasks that it makes."""
        self.by_queue += 1 + self.site.due()

    def go(self) -> None:
        self.wrong_ways_in()
        self.wrong_sugars()
        self.mistakes()
        self.trouble_on_the_wire()
        self.lost_grants()
        self.broken_inside()

    def wrong_ways_in(self) -> None:
        b, consent = self.browser, self.site.town.people.consent
        for cookie in (GUESS, f"1.{GUESS}", self.site.services.sessions.begin("nobody").partition(";")[0][8:]):
            b.cookies["session"] = cookie
            b.get("/status")
        b.cookies.clear()
        consent.deny = True
        assert b.sign_in() == "/ui?problem=denied"
        consent.deny = False
        consent.untick = frozenset({"https://www.googleapis.com/auth/contacts"})
        assert b.sign_in() == "/ui?problem=contacts-not-granted"
        consent.untick = frozenset()
        b.get("/oauth_callback", code=GUESS, state=GUESS)
        with self.spoiled(self.site.town.people_wire, kind="status", path="/token", reply=Reply(500, WORDS.encode())):
            assert b.sign_in() == "/ui?problem=try-again"
        self.site.clock.advance(400)
        assert b.sign_in() == "/ui"

    def wrong_sugars(self) -> None:
        b, login = self.browser, self.site.town.login
        for wrong in (
            {"password": GUESS},
            {"address": f"https://jane:{GUESS}@sugar.example.com"},
            {"address": "http://127.0.0.1:1"},
            {"address": "https://10.0.0.1"},
            {"platform": f"{GUESS} {GUESS}"},
            {"pasword": GUESS},
        ):
            assert b.put("/sugar", {**login, **wrong}).status >= 400
            self.site.clock.advance(301)
        for spoil in self.faults():
            with self.spoiled(self.site.town.sugar_wire, **spoil):
                b.put("/sugar", login)
            self.site.clock.advance(301)
        assert b.put("/sugar", login).status == 200

    def mistakes(self) -> None:
        b = self.browser
        for path in ("/history/", "/backlog/", "/", "/account/", "/status/"):
            b.get(f"{path}{WORDS}")
        b.get("/history", cursor=GUESS)
        b.get("/history", anything=WORDS)
        b.patch("/settings", region=WORDS, anything=GUESS)
        b.patch("/settings", conflict=GUESS)
        b.post("/backlog_release", {"entries": [WORDS], "answers": {"anything": GUESS}})
        b.post("/labels", {"name": WORDS[:100]})
        b.call(
            "PUT", "/sugar", data=f'{{"password": "{GUESS}", '.encode(), headers={"Content-Type": "application/json"}
        )
        b.call("POST", "/sync", json={}, headers={"Origin": f"https://{GUESS}.example"})
        b.call("POST", "/dispatch", headers={"Authorization": f"Bearer {GUESS}"})
        b.call("GET", "/status", headers={"X-Cloud-Trace-Context": GUESS, "User-Agent": GUESS, "Referer": GUESS})

    def trouble_on_the_wire(self) -> None:
        b, town = self.browser, self.site.town
        b.patch("/settings", from_google={"create": True}, sync_regularly=True)
        for wire in (town.sugar_wire, town.people_wire):
            for spoil in self.faults():
                for skip in (0, 2):
                    with self.spoiled(wire, **spoil, skip=skip):
                        b.post("/preview", {})
                        b.post("/sync", {})
                        b.get("/fields", refresh="true")
                        b.get("/labels")
                        b.post("/sugar/test")
                    self.site.clock.advance(700)
                    # Some of it costs a grant.
                    assert b.sign_in() == "/ui"
                    assert b.put("/sugar", town.login).status == 200
        self.due()
        for _ in range(4):
            b.post("/sync", {})
            self.site.clock.advance(61)
        assert b.get("/history").ok["items"]
        assert b.get("/backlog").ok["items"]

    def lost_grants(self) -> None:
        b, town = self.browser, self.site.town
        town.sugar.revoke()
        assert b.post("/sync", {}).ok["status"] == "blocked"
        b.post("/sugar/test")
        assert b.put("/sugar", town.login).status == 200
        for token in list(town.people.oauth.grants):
            town.people.oauth.kill(token)
        self.site.clock.advance(4000)
        assert b.post("/sync", {}).ok["status"] == "blocked"
        b.get("/labels")
        assert b.sign_in() == "/ui"
        self.due()

    def broken_inside(self) -> None:
        """Whatever nobody thought of: the error's own text may hold anything."""
        services = self.site.services

        class Broken:
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError(f"{WORDS} {GUESS}")

        store = services.__dict__["store"]
        services.users._store = services.__dict__["store"] = Broken()
        assert self.browser.get("/status").problem == (500, "internal")
        assert self.browser.get("/history").problem == (500, "internal")
        services.users._store = services.__dict__["store"] = store

    # -- spoiling ------------------------------------------------------------------------------------

    @staticmethod
    def faults() -> list[dict[str, Any]]:
        error = {"error": {"code": 400, "message": WORDS, "status": "INVALID_ARGUMENT"}, "error_message": WORDS}
        return [
            {"kind": "status", "reply": Reply(400, error)},
            {"kind": "status", "reply": Reply(401, {"error": WORDS, "error_message": WORDS})},
            {"kind": "status", "reply": Reply(403, error)},
            {"kind": "status", "reply": Reply(404, error)},
            {"kind": "status", "reply": Reply(500, {"error": WORDS})},
            {"kind": "garble", "garble": lambda _, __: Reply(200, f"<html>{WORDS}</html>".encode())},
            {"kind": "garble", "garble": lambda _, __: Reply(200, {"records": [WORDS], "access_token": 7})},
            {"kind": "cut_after"},
        ]

    def spoiled(self, wire: Wire, **fault: Any) -> Any:
        class Spoiled:
            def __enter__(self) -> None:
                wire.fault(**{"times": 2, **fault})

            def __exit__(self, *_: object) -> None:
                wire.heal()

        return Spoiled()


def cookies(browser: Browser) -> set[str]:
    """Every value that a cookie has had."""
    lines = [line for answer in browser.answers for line in answer.cookies]
    return {line.partition("=")[2].partition(";")[0] for line in lines} - {""}


def keys(folder: Path) -> set[str]:
    """The keys, as they might be written."""
    found = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return {text for key in found for text in (key.hex(), repr(key)[2:-1])}


def main() -> None:
    to_stdout()
    with running(each=EACH) as site:
        day = Day(site)
        day.go()
        answers = [answer for browser in site.browsers for answer in browser.answers]
        secrets = secrets_in([*site.town.sugar_wire.log, *site.town.people_wire.log])
        secrets |= {value for browser in site.browsers for value in cookies(browser)}
        secrets |= keys(Path(site.services.config.secrets.partition(":")[2]))
        secrets |= {site.token(), PASSWORD, GUESS, site.town.people.oauth.client_secret}
        secrets |= {*site.town.people.oauth.grants, *site.town.people.oauth.access}
        people = [*personal(inhabitants(EACH)), site.email, *site.town.people.accounts]
    told = {
        "secrets": sorted(secrets),
        "people": sorted(set(people)),
        "requests": len([each for each in answers if NOWHERE not in each.body]) + day.by_queue,
        "problems": [answer.body.decode() for answer in answers if answer.status >= 400],
        "statuses": sorted({answer.status for answer in answers}),
    }
    Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
