"""The demo keeps its promises, and its check can fail: each kind of damage is found."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from contextlib import redirect_stderr

import pytest

from shared.store.port import Put
from shared.web.log import JsonLines
from tests import emulator
from tests.demo import checks
from tests.demo.__main__ import MISSING, main, play
from tests.demo.cast import Json, Person
from tests.demo.screen import Screen, clean, cut
from tests.demo.stage import Stage
from tests.site.talk import personal, secrets_in

Records = dict[str, Json]
Damage = Callable[[Stage, Records, Records], None]


def _linked(stage: Stage) -> Person:
    """Somebody whom both sides know, with a private phone in Google."""
    return next(p for p in stage.cast if p.sides and len(p.sides) == 2 and p.private.get("phoneNumbers") and p.sugar)


def _lose_in_sugar(stage: Stage, sugar: Records, google: Records) -> None:
    del sugar[_linked(stage).sugar_id]


def _double_in_google(stage: Stage, sugar: Records, google: Records) -> None:
    google["people/c1"] = google[_linked(stage).google_id]


def _stranger(stage: Stage, sugar: Records, google: Records) -> None:
    sugar["s"] = {"id": "s", "last_name": "Nobody", "email": []}


def _other_phone(stage: Stage, sugar: Records, google: Records) -> None:
    sugar[_linked(stage).sugar_id]["phone_work"] = "+1 202 555 0000"


def _no_email(stage: Stage, sugar: Records, google: Records) -> None:
    google[_linked(stage).google_id]["emailAddresses"] = []


def _other_name(stage: Stage, sugar: Records, google: Records) -> None:
    google[_linked(stage).google_id]["names"][0]["familyName"] = "Other"


def _no_private_phone(stage: Stage, sugar: Records, google: Records) -> None:
    person = _linked(stage)
    secret = [entry["value"] for entry in person.private["phoneNumbers"]]
    phones = google[person.google_id]["phoneNumbers"]
    google[person.google_id]["phoneNumbers"] = [entry for entry in phones if entry["value"] not in secret]


def _no_labels(stage: Stage, sugar: Records, google: Records) -> None:
    labelled = next(p for p in stage.cast if p.labels and p.google_id in google)
    google[labelled.google_id]["memberships"] = []


def _opted_in(stage: Stage, sugar: Records, google: Records) -> None:
    for record in sugar.values():
        for email in record["email"]:
            email["opt_out"] = False


def _lost_edit(stage: Stage, sugar: Records, google: Records) -> None:
    edit = next(edit for edit in stage.edits if edit.lives and edit.side == "google")
    for name in ("organizations", "addresses", "emailAddresses", "biographies"):
        google[edit.person.google_id][name] = []


def _came_back(stage: Stage, sugar: Records, google: Records) -> None:
    gone = next(p for p in stage.cast if p.deleted)
    google["people/c2"] = {"biographies": [{"value": f"openstates.org/person/{gone.id}"}]}


DAMAGES: list[tuple[Damage, str]] = [
    (_lose_in_sugar, "no contact is lost"),
    (_double_in_google, "no contact is doubled"),
    (_stranger, "no contact is doubled"),
    (_came_back, "no contact is doubled"),
    (_other_phone, "both sides agree"),
    (_no_email, "both sides agree"),
    (_other_name, "both sides agree"),
    (_no_private_phone, "private phones"),
    (_no_labels, "private phones"),
    (_opted_in, "opt-outs"),
    (_lost_edit, "every edit"),
]


def _failed(stage: Stage, damage: Damage) -> list[str]:
    """The promises that are found broken after the damage, which is done to copies."""
    before, stage.promises = stage.promises, []
    sugar, google = stage.sugar(), stage.google()
    damage(stage, sugar, google)
    checks.agree(stage, sugar, google)
    checks.everybody(stage, sugar, google)
    checks.private(stage, google)
    checks.flags(stage, sugar)
    checks.edits(stage, sugar, google)
    found = [each.text for each in stage.promises if each.wrong]
    stage.promises = before
    return found


def _nothing_leaks(stage: Stage, screen: str, log: str) -> None:
    """The screen shows contacts on purpose, the log never; neither shows a secret."""
    secrets = secrets_in([*stage.world.sugar_wire.log, *stage.world.people_wire.log])
    assert len(secrets) >= 4
    assert "POST /token" in log, "even what libraries say about single calls"
    assert not [secret for secret in secrets if secret in screen or secret in log]
    assert not [word for word in personal(stage.cast) if word in log]


@pytest.mark.long
def test_every_promise_is_kept_and_every_damage_would_be_found(caplog: pytest.LogCaptureFixture) -> None:
    found: dict[str, list[str]] = {}
    stages: list[Stage] = []

    def meddle(stage: Stage) -> None:
        stages.append(stage)
        found["nothing"] = _failed(stage, lambda *_: None)
        found.update({damage.__name__: _failed(stage, damage) for damage, _ in DAMAGES})

    out = io.StringIO()
    caplog.set_level(logging.DEBUG)
    assert play(out, meddle=meddle) == 0, out.getvalue()
    _nothing_leaks(stages[0], out.getvalue(), "\n".join(JsonLines().format(record) for record in caplog.records))
    assert found.pop("nothing") == []
    missed = [
        each.__name__ for each, promise in DAMAGES if not any(f.startswith(promise) for f in found[each.__name__])
    ]
    assert not missed, found
    printed = out.getvalue()
    assert "All promises kept." in printed
    assert "FAILED" not in printed
    assert "\x1b" not in printed
    assert len(printed.splitlines()) <= 150


@pytest.mark.long
def test_the_same_with_a_sugar_that_speaks_the_older_dialect(caplog: pytest.LogCaptureFixture) -> None:
    stages: list[Stage] = []
    out = io.StringIO()
    caplog.set_level(logging.DEBUG)
    assert play(out, crm="suitecrm", meddle=stages.append) == 0, out.getvalue()
    assert "FAILED" not in out.getvalue()
    _nothing_leaks(stages[0], out.getvalue(), "\n".join(JsonLines().format(record) for record in caplog.records))


@pytest.mark.long
def test_a_broken_world_fails_the_demo() -> None:
    """What happened in the simulators and the store themselves after the last sync: each of it is told."""

    def meddle(stage: Stage) -> None:
        person = _linked(stage)
        phones = stage.user.account.person(person.google_id)["phoneNumbers"]
        secret = person.private["phoneNumbers"][0]["value"]
        stage.user.account.edit(person.google_id, phoneNumbers=[e for e in phones if e["value"] != secret])
        other = next(p for p in stage.cast if len(p.sides) == 2 and p is not person and p.sugar and not p.role)
        assert other.sugar is not None
        stage.world.sugar.remove(other.sugar_id)
        stage.world.sugar.add(**other.sugar)
        stage.world.sugar.add(**other.sugar)
        entry = stage.user.backlog()[0]
        stage.world.store.inner.commit([Put(entry.path, {**entry.data, "state": "released"})])
        for row in stage.world.store.inner.query(stage.user.paths.collection("history")):
            cleaned = [{**item, "loser": None} for item in row.data["fields"]]
            stage.world.store.inner.commit([Put(row.path, {**row.data, "fields": cleaned, "native": {}})])
        stage.world.clock.advance(60)

    out = io.StringIO()
    assert play(out, meddle=meddle) == 1
    printed = out.getvalue()
    assert "NOT all promises were kept." in printed
    broken = {line.removeprefix("FAILED").strip()[:20] for line in printed.splitlines() if line.startswith("FAILED  ")}
    assert broken == {
        text[:20]
        for text in (
            "both sides agree, field by field",
            "no contact is doubled, none came back",
            "private phones, dates, custom fields and labels",
            "every edit is live, or in the history as a loser",
            "what a delete took away is in the history",
            "the backlog holds what needs a person",
            "a further run writes to neither side",
        )
    }


def test_a_sync_that_stops_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(stage: Stage) -> None:
        Stage.enter(stage)
        stage.world.sugar.maintenance = True

    class Broken(Stage):
        enter = refuse

    monkeypatch.setattr("tests.demo.__main__.Stage", Broken)
    out = io.StringIO()
    assert play(out) == 1
    assert "NOT all promises were kept." in out.getvalue()


def test_without_the_emulator_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "find", lambda: None)
    told = io.StringIO()
    with redirect_stderr(told):
        assert main(["--store", "firestore"]) == MISSING
    assert told.getvalue() == emulator.MISSING + "\n"


def test_names_cannot_steer_the_terminal() -> None:
    out = io.StringIO()
    Screen(out).table(("a", "b"), [("\x1b[2J\x07", "x\n\u202ey\u2028z"), ("é’<b>", "12345")], (12, 0))
    assert out.getvalue().splitlines()[1:] == ["\\x1b[2J\\x07   x\\n\\u202ey\\u2028z", "é’<b>         12345"]
    assert clean("\ud800") == "\\ud800"
    assert cut("abcdef", 4) == "abc…"
