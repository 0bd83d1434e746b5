"""Deleting an account: nothing is left, whatever happens on the way."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared.store.firestore import FirestoreStore
from shared.store.sqlite import SqliteStore
from shared.sync.paths import COLLECTIONS, Paths
from tests.cloud.memory import memory_vault
from tests.emulator import firestore_emulator, firestore_project
from tests.functions.lives import MAIL, lived, lived_in, mail, mine, raw, sugar_user
from tests.functions.site import Browser, Site, site

__all__ = ["firestore_emulator", "firestore_project"]


class Crash(BaseException):
    """The process is gone."""


def test_deleting_leaves_nothing(tmp_path: Path) -> None:
    with lived_in(tmp_path) as (web, jane, file):
        joe = web.jane(email="joe@example.com")
        web.world.sugar.add(by=sugar_user(web, "joe"), last_name="Joe's", email=mail("j@x.org"))
        assert joe.post("sync", "", {}).ok
        others = {path: body for path, body in raw(file).items() if path not in mine(file, jane.uid)}
        assert any(path.startswith(f"users/{joe.uid}/") for path in others)
        assert jane.delete("account", MAIL).ok == {"done": True, "google": "done", "sugar": "done"}
        assert jane.cookies == {}
        assert raw(file) == others
        tokens = web.world.people.oauth.grants.values()
        assert {grant.account.email for grant in tokens} == {"joe@example.com"}
        assert {user for user, _ in web.world.sugar.state.sessions} == {sugar_user(web, "joe")}
        assert joe.get("labels").ok


def test_whoever_comes_back_is_new(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", region="DE").ok
    old = dict(jane.cookies)
    assert jane.delete("account", MAIL).ok["done"]
    jane.cookies = old
    assert jane.get("settings").status == 401
    web.clock.advance(1)
    again = web.browser()
    assert again.sign_in() == "/ui"
    assert jane.get("settings").status == 401  # a session of the former account
    assert again.get("settings").ok["settings"]["region"] == "US"
    assert again.get("sugar").ok["connected"] is False


@pytest.mark.long
def test_the_same_on_firestore(firestore_project: str) -> None:
    with closing(FirestoreStore(firestore_project)) as store, site(store=store) as web:
        jane = lived(web)
        pairs = [Paths(jane.uid, pair) for pair in web.account(jane).instances]
        told = jane.get("account", "/export").ok
        assert len(told["pairs"]) == 2
        assert told["claims"]
        assert all(pair["history"] for pair in told["pairs"])
        assert jane.delete("account", MAIL).ok == {"done": True, "google": "done", "sugar": "done"}
        places = [paths.collection(name) for paths in pairs for name in COLLECTIONS]
        places += ["users", f"users/{jane.uid}/pairs", f"users/{jane.uid}/inbox", f"users/{jane.uid}/grants"]
        assert [place for place in places if store.query(place)] == []
        instance = web.world.sugar_wire.url.partition("://")[2]
        assert store.query(f"instances/{instance}/emails") == []


@pytest.mark.parametrize("body", [{"email": "joe@example.com"}, {"email": ""}, {"email": 7}, {}, {"email": "x" * 400}])
def test_a_deletion_has_to_be_meant(web: Site, jane: Browser, body: dict[str, Any]) -> None:
    assert jane.delete("account", body).wrong == ["email"]
    assert web.account(jane).erasing is False


def test_the_email_is_compared_as_people_write_it(jane: Browser) -> None:
    assert jane.delete("account", {"email": " Jane@Example.COM "}).ok["done"]


@pytest.mark.parametrize(
    ("trouble", "google", "sugar"),
    [
        ("google", "failed", "done"),
        ("sugar", "done", "failed"),
        ("keys", "failed", "failed"),
        ("ended", "done", "done"),
    ],
)
def test_a_grant_that_cannot_be_given_back_keeps_no_data(tmp_path: Path, trouble: str, google: str, sugar: str) -> None:
    with lived_in(tmp_path) as (web, jane, file):
        if trouble == "google":
            web.world.people_wire.fault("status", path="/revoke", times=None)
        elif trouble == "sugar":
            web.world.sugar.maintenance = True
        elif trouble == "keys":
            web.stage.services.__dict__["vault"] = memory_vault(web.clock)
        else:
            web.world.sugar.revoke()
            for token in list(web.world.people.oauth.grants):
                web.world.people.oauth.kill(token)
        assert jane.delete("account", MAIL).ok == {"done": True, "google": google, "sugar": sugar}
        assert mine(file, jane.uid) == {}


def test_during_a_run_deleting_waits_and_nothing_new_begins(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", sync_regularly=True).ok
    paths = web.paths(jane)
    web.hold(jane)
    answer = jane.delete("account", MAIL)
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:busy")
    for function, path in (("settings", ""), ("sugar", ""), ("labels", ""), ("status", ""), ("account", "/export")):
        answer = jane.get(function, path)
        assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:erasing")
    assert jane.connect("jim").status == 409
    assert jane.post("sync", "", {}).status == 409
    web.clock.advance(301)
    with web.world.sugar_wire.counted() as calls:
        task = web.stage.task("sync", {"uid": jane.uid, "pair": paths.pair})
    assert task.ok["status"] == "skipped"
    assert not calls
    assert web.browser().sign_in() == "/ui?problem=erasing"
    assert jane.delete("account", MAIL).ok["done"]
    assert web.world.store.inner.query("users") == []


def test_a_session_that_ended_meanwhile_can_be_begun_again_to_go_on(web: Site, jane: Browser) -> None:
    web.hold(jane)
    assert jane.delete("account", MAIL).status == 409
    web.clock.advance(8000)
    assert jane.delete("account", MAIL).status == 401
    assert jane.sign_in() == "/ui?problem=erasing"
    assert jane.delete("account", MAIL).ok["done"]


def test_what_takes_longer_than_a_call_goes_on_in_the_next(tmp_path: Path) -> None:
    with lived_in(tmp_path) as (web, jane, file):
        web.world.store.on_step = lambda step: web.clock.advance(6)
        answers = [jane.delete("account", MAIL).ok]
        while not answers[-1]["done"] and len(answers) < 50:
            answers.append(jane.delete("account", MAIL).ok)
        web.world.store.on_step = lambda step: None
        assert len(answers) > 2
        assert answers[-1] == {"done": True, "google": "done", "sugar": "done"}
        assert mine(file, jane.uid) == {}


@pytest.mark.long
def test_a_crash_anywhere_is_made_up_for(tmp_path: Path) -> None:
    """A crash before and after every commit of a deletion; asked again, it goes on to the end."""
    with lived_in(tmp_path) as (web, jane, file):
        moment = Moment(web, jane, file)
        places: list[str] = []
        while (place := crashed(web, jane, len(places) + 1)) is not None:
            places.append(place)
            web.clock.advance(301)  # the lease that was held has run out
            assert jane.delete("account", MAIL).status in (200, 401), places
            assert mine(moment.file, jane.uid) == {}, places
            assert web.world.people.oauth.grants == {}, places
            assert web.world.sugar.state.sessions == {}, places
            moment.restore(len(places))
        assert mine(moment.file, jane.uid) == {}
        moment.close()
    assert places.count("before commit") > 10


class Moment:
    """The whole world at one moment, to come back to."""

    def __init__(self, web: Site, browser: Browser, file: Path) -> None:
        self.file = file
        self._web = web
        self._browser = browser
        self._grants = dict(web.world.people.oauth.grants)
        self._access = dict(web.world.people.oauth.access)
        self._sessions = dict(web.world.sugar.state.sessions)
        self._kept = file.with_name("kept.sqlite")
        self._store: SqliteStore | None = None
        with closing(sqlite3.connect(file)) as living, closing(sqlite3.connect(self._kept)) as kept:
            living.backup(kept)

    def restore(self, number: int) -> None:
        """Back there; the clock goes on."""
        self.close()
        self.file = self._kept.with_name(f"again-{number}.sqlite")
        shutil.copy(self._kept, self.file)
        self._store = SqliteStore(self.file)
        self._web.world.store.inner = self._store
        self._web.world.people.oauth.grants = dict(self._grants)
        self._web.world.people.oauth.access = dict(self._access)
        self._web.world.sugar.state.sessions = dict(self._sessions)
        session = self._web.stage.services.sessions.begin(self._browser.uid)
        self._browser.cookies = {"session": session.partition(";")[0].partition("=")[2]}

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


def crashed(web: Site, jane: Browser, at: int) -> str | None:
    """A deletion whose process ends at this step; where that was, or that it went through."""
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == at:
            raise Crash(name)

    web.world.store.on_step = step
    try:
        jane.delete("account", MAIL)
    except Crash:
        return steps[-1]
    finally:
        web.world.store.on_step = lambda name: None
    return None
