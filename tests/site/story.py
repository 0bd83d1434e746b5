"""A new user's first day, over HTTP only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.wire import Request
from tests.site.browser import Browser
from tests.site.running import Running
from tests.site.town import EMAIL, USER

MOST_RUNS = 30


@dataclass
class NewUser:
    """Plays it, part by part, in order; every part fails where something is not as promised."""

    site: Running
    browser: Browser = field(init=False)
    label: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.browser = self.site.browser()

    def play(self) -> None:
        self.signs_in()
        self.connects_sugar()
        self.chooses_settings()
        self.looks_before()
        self.syncs()
        self.looks_back()
        self.releases()
        self.lets_it_run()
        self.takes_everything_along()
        self.leaves()

    # -- getting in ----------------------------------------------------------------------------------

    def signs_in(self) -> None:
        b = self.browser
        assert b.get("/status").problem == (401, "signed-out")
        assert b.sign_in(then="/settings") == "/settings"
        assert set(b.cookies) == {"session"}
        standing = b.get("/status").ok
        assert (standing["google"]["connected"], standing["google"]["email"]) == (True, EMAIL)
        assert (standing["sugar"]["connected"], standing["last_run"]) == (False, None)
        assert b.post("/sync", {}).problem == (409, "not-connected")

    def connects_sugar(self) -> None:
        b, login = self.browser, self.site.town.login
        wrong = b.put("/sugar", {**login, "password": "guessed"})
        assert (wrong.problem, wrong.json["errors"][0]["field"]) == ((422, "bad-field"), "password")
        account = b.put("/sugar", login).ok["account"]
        assert (account["address"], account["user_name"]) == (login["address"], USER)
        tested = b.post("/sugar/test").ok
        assert (tested["user_name"], tested["may_create"], tested["may_edit"]) == (USER, True, True)

    def chooses_settings(self) -> None:
        b = self.browser
        before = b.get("/settings").ok
        assert before["settings"] == before["defaults"]
        names = [field["name"] for field in b.get("/fields").ok["fields"]]
        assert {"last_name", "emails", "phone_work"} <= set(names)
        self.label = b.post("/labels", {"name": "From Sugar"}).ok["id"]
        assert self.label in [item["id"] for item in b.get("/labels").ok["items"]]
        wrong = b.patch("/settings", region="XX", interval_minutes=3)
        assert (wrong.problem[0], wrong.json["errors"][0]["field"]) == (422, "region")
        after = b.patch("/settings", label=self.label, from_google={"create": True}, version=before["version"]).ok
        assert after["settings"]["from_google"] == {"update": True, "create": True, "delete": False}
        assert after["settings"]["interval_minutes"] == before["settings"]["interval_minutes"]
        assert b.patch("/settings", conflict="google", version=before["version"]).problem == (409, "changed-meanwhile")

    # -- syncing -------------------------------------------------------------------------------------

    def looks_before(self) -> None:
        before = self.both()
        self.site.clock.advance(60)
        preview = self.browser.post("/preview", {}).ok
        assert preview["status"] == "done", preview["message"]
        self.planned = {contact["name"] for contact in preview["contacts"] if contact["writes"]}
        assert self.planned
        assert preview["counts"]["create google"] > 0
        assert self.both() == before

    def syncs(self) -> None:
        """Changes a setting in the middle of the first run, too."""
        other = self.site.browser()
        other.cookies = dict(self.browser.cookies)
        changed: list[Any] = []

        def change() -> None:
            changed.append(other.patch("/settings", interval_minutes=7, fields_off=["birthday"]).ok)

        with self.at_the_first_write(change):
            first = self.browser.post("/sync", {}).ok
        assert first["status"] == "done", first["message"]
        assert changed, "nothing was written"
        assert first["counts"]["create google"] > 0
        self.runs = [first, *self.until_nothing_remains()]
        settings = self.browser.get("/settings").ok["settings"]
        assert (settings["interval_minutes"], settings["fields_off"]) == (7, ["birthday"])
        assert settings["label"] == self.label
        sugar, google = self.both()
        assert len(sugar) == len(google) - 1, "all but the one whose name is too long"
        assert all("birthdate" not in row["fields"] for row in self.history(run=self.runs[-1]["run"]))

    def at_the_first_write(self, call: Callable[[], None]) -> Any:
        return _AtTheFirstWrite(self.site, call)

    def until_nothing_remains(self) -> list[dict[str, Any]]:
        made = []
        for _ in range(MOST_RUNS):
            self.site.clock.advance(61)
            made.append(self.browser.post("/sync", {}).ok)
            assert made[-1]["status"] == "done", made[-1]["message"]
            if not made[-1]["contacts"] and not made[-1]["remaining"]:
                return made
        raise AssertionError(f"still {made[-1]['remaining']} remain")

    def both(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What both sides hold themselves."""
        town = self.site.town
        google = {person["resourceName"]: person for person in town.account.people()}
        return town.sugar.contacts(), google

    # -- looking back --------------------------------------------------------------------------------

    def history(self, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page = self.browser.get("/history", limit=10, **query).ok
        while True:
            rows += page["items"]
            if page["next"] is None:
                return rows
            page = self.browser.get("/history", limit=10, cursor=page["next"], **query).ok

    def looks_back(self) -> None:
        rows = self.history()
        assert len({row["id"] for row in rows}) == len(rows) > 10
        assert self.planned <= {row["name"] for row in rows}
        made = next(row for row in rows if "create google" in row["kinds"])
        whole = self.browser.get(f"/history/{made['id']}").ok
        assert whole["native"]["google"]["before"] is None
        assert whole["native"]["google"]["after"]["resourceName"] == made["google_id"]
        assert self.browser.get("/history/none").problem == (404, "not-found")

    def releases(self) -> None:
        b = self.browser
        (item,) = b.get("/backlog").ok["items"]
        entry = b.get(f"/backlog/{item['id']}").ok
        assert entry["questions"][0]["remedy"]
        assert b.post("/backlog_release", {"entries": ["none"]}).problem == (422, "bad-field")
        name = entry["google_id"]
        self.site.town.account.edit(name, names=[{"givenName": "Fitz", "familyName": "Short"}])
        assert b.post("/backlog_release", {"entries": [item["id"]]}).ok == {"releasing": 1, "next": None}
        self.until_nothing_remains()
        assert b.get("/backlog").ok["items"] == []
        assert "Short" in {record["last_name"] for record in self.both()[0].values()}

    def lets_it_run(self) -> None:
        """The scheduler finds the user, a task is made, and the task syncs."""
        b, town = self.browser, self.site.town
        assert self.site.due() == 0
        b.patch("/settings", sync_regularly=True)
        assert b.get("/status").ok["next_due_at"] is not None
        record, linked = next((r, c) for r, c in town.sugar.contacts().items() if c["first_name"] == "Fitz")
        town.sugar.edit(record, title="Treasurer")
        self.site.clock.advance(60)
        assert self.site.due() == 1
        standing = b.get("/status").ok
        assert standing["last_run"]["status"] == "done"
        assert standing["last_run"]["counts"]["update google"] == 1
        titles = {o.get("title") for person in town.account.people() for o in person.get("organizations", [])}
        assert "Treasurer" in titles
        assert self.site.due() == 0, "not before its time"
        self.site.clock.advance(7 * 60)
        assert self.site.due() == 1
        assert linked["title"] != "Treasurer"

    # -- leaving -------------------------------------------------------------------------------------

    def takes_everything_along(self) -> None:
        answer = self.browser.get("/account/export")
        export = answer.ok
        assert "attachment" in answer.headers["Content-Disposition"]
        assert export["user"]["email"] == EMAIL
        assert set(export["connections"]) == {"google", "sugar"}
        assert not any("tokens" in connection for connection in export["connections"].values())
        (pair,) = export["pairs"]
        assert len(pair["links"]) == len(self.both()[0])
        assert len(pair["history"]) == len(self.history())
        told = answer.body.decode()
        town = self.site.town
        secrets = [*town.people.oauth.grants, *town.people.oauth.access]
        secrets += [s.access for s in town.sugar.state.sessions.values()]
        secrets += [s.refresh for s in town.sugar.state.sessions.values()]
        assert len(secrets) >= 4
        assert not [secret for secret in secrets if secret in told]

    def leaves(self) -> None:
        b, town = self.browser, self.site.town
        before = self.both()
        assert b.delete("/account", {"email": "other@example.com"}).problem == (422, "bad-field")
        while not (answer := b.delete("/account", {"email": EMAIL}).ok)["done"]:
            self.site.clock.advance(61)
        assert (answer["google"], answer["sugar"]) == ("done", "done")
        assert b.cookies == {}
        assert town.people.oauth.grants == {}
        assert town.people.oauth.access == {}
        assert town.sugar.state.sessions == {}
        assert self.both() == before, "contacts stay where they are"
        assert b.get("/status").problem == (401, "signed-out")


class _AtTheFirstWrite:
    """Calls something while Google is about to carry out the first write."""

    def __init__(self, site: Running, call: Callable[[], None]) -> None:
        self._wire = site.town.people_wire
        self._call: Callable[[], None] | None = call

    def __enter__(self) -> None:
        self._wire.on_call = self._on_call

    def __exit__(self, *_: object) -> None:
        self._wire.on_call = None

    def _on_call(self, request: Request, moment: str) -> None:
        if self._call and moment == "before" and "createcontact" in request.path.lower():
            call, self._call = self._call, None
            call()
