"""No contact's value, no token and no password in a log record, a report or a run's record."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from shared.account.grants import GrantStore
from shared.sync.report import Report
from tests.simulators.wire import Reply
from tests.sync.stage import BOTH, linked, person, settle, titled
from tests.world import PASSWORD, User, World, world

VALUES = ("Zyxwora", "Qwertzbach", "zyx@secret-mail.org", "+1 650 253 4321", "Xylofonist", "6502534321")


def secret_of(w: World, user: User) -> list[str]:
    """Every token that is or was in use."""
    grants = GrantStore(w.store, user.uid, w.vault).load()
    assert grants.sugar is not None
    assert grants.google is not None
    found = [*grants.sugar.tokens.values(), *grants.google.tokens.values()]
    tokens = [text for text in found if isinstance(text, str) and len(text) > 15 and "T" not in text[10:11]]
    headers = [call.request.headers for call in [*w.sugar_wire.log, *w.people_wire.log]]
    tokens += [h["oauth-token"] for h in headers if "oauth-token" in h]
    tokens += [h["authorization"].removeprefix("Bearer ") for h in headers if "authorization" in h]
    return sorted(set(tokens))


def contact(w: World, user: User) -> tuple[str, str]:
    record = w.sugar.add(
        first_name="Zyxwora",
        last_name="Qwertzbach",
        email=["zyx@secret-mail.org"],
        title="Xylofonist",
        phone_work="+1 650 253 4321",
    )
    return record, user.account.add(
        person("Zyxwora", "Other", "zyx2@secret-mail.org", organizations=titled("Xylofonist"))
    )


def check(w: World, user: User, reports: list[Report], caplog: pytest.LogCaptureFixture) -> None:
    runs = w.store.query(user.paths.collection("runs"))
    told: list[Any] = [report.summary() for report in reports]
    told += [doc.data for doc in runs]
    told.append(user.head().last_run)
    text = json.dumps(told, default=str) + "\n".join(_whole(record) for record in caplog.records)
    for value in (*VALUES, PASSWORD, *secret_of(w, user)):
        assert value not in text, value


def _whole(record: logging.LogRecord) -> str:
    return f"{record.name} {record.getMessage()} {record.args!r} {record.exc_info!r} {record.exc_text}"


def test_runs_that_go_well_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with world() as w:
        user = w.user(**BOTH)
        record, name = contact(w, user)
        w.clock.advance(60)
        reports = user.sync()
        w.sugar.edit(record, title="Xylofonist II")
        user.account.edit(name, phoneNumbers=[{"value": "+1 650 253 4321", "type": "work"}])
        w.clock.advance(5000)  # both access tokens are renewed
        reports += user.sync()
        w.sugar.remove(record)
        w.clock.advance(60)
        reports += user.sync()
        check(w, user, reports, caplog)


WORDS = "zyx@secret-mail.org of Zyxwora Qwertzbach is not allowed"
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "reply": Reply(400, {"error": "invalid_parameter", "error_message": WORDS})},
    {"kind": "status", "reply": Reply(422, {"error": "Zyxwora", "error_message": WORDS})},
    {"kind": "status", "reply": Reply(400, {"error": {"code": 400, "message": WORDS, "status": "INVALID_ARGUMENT"}})},
    {"kind": "status", "reply": Reply(403, {"error": {"code": 403, "message": WORDS, "status": "PERMISSION_DENIED"}})},
    {"kind": "status", "reply": Reply(500, {"error": {"code": 500, "message": WORDS}})},
    {"kind": "status", "reply": Reply(429, {"error": {"code": 429, "message": WORDS}})},
    {"kind": "garble", "garble": lambda _, __: Reply(200, f"<html>{WORDS}</html>".encode())},
    {"kind": "garble", "garble": lambda _, __: Reply(200, [WORDS])},
    {"kind": "cut_after"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault["kind"]))
def test_trouble_tells_nothing(fault: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        contact(w, user)
        w.clock.advance(60)
        reports = []
        for wire in (w.sugar_wire, w.people_wire):
            for skip in (0, 1, 2):
                wire.fault(**fault, skip=skip)
                reports.append(user.run())
                wire.heal()
                w.clock.advance(1000)
        check(w, user, reports, caplog)


def test_a_bad_value_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with world() as w:
        user, link = linked(w)
        user.account.edit(link.google_id, organizations=titled("Xylofonist" * 40))
        user.account.add(person("Zyxwora", "Qwertzbach" * 40, "zyx@secret-mail.org"))
        w.clock.advance(60)
        reports = user.sync()
        assert len(user.backlog()) == 2
        check(w, user, reports, caplog)
