"""A day on which much goes wrong: nothing of a contact and no secret in any output, or in what browsers are told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Day:
    """What is left of it."""

    out: str
    error: str
    told: dict[str, Any]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    file = tmp_path_factory.mktemp("day") / "told.json"
    done = subprocess.run(  # noqa: S603 -- nothing in it comes from elsewhere
        [sys.executable, "-W", "error", "-m", "tests.site.talk", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr
    return Day(done.stdout, done.stderr, json.loads(file.read_text(encoding="utf-8")))


def found(words: list[str], text: str) -> list[str]:
    """Which of them stand in the text, by themselves."""
    return [word for word in words if word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)]


def test_much_went_wrong(day: Day) -> None:
    """Else this file shows nothing."""
    assert {400, 401, 403, 404, 409, 422, 500, 502} <= set(day.told["statuses"])
    errors = {line["error"] for line in day.lines if line.get("error")}
    assert {"BadAddress", "GrantLost", "ProtocolError", "Unavailable"} <= errors
    outcomes = {line["outcome"] for line in day.lines if "outcome" in line}
    assert outcomes >= {"done", "later", "blocked"}
    assert len(day.told["secrets"]) > 40
    assert len(day.told["people"]) > 40


def test_no_secret_is_put_out(day: Day) -> None:
    assert day.error == ""
    assert not [secret for secret in day.told["secrets"] if secret in day.out]


def test_nothing_of_a_contact_is_put_out(day: Day) -> None:
    assert not found(day.told["people"], day.out)


def test_what_browsers_are_told_is_wrong_holds_neither(day: Day) -> None:
    for problem in day.told["problems"]:
        assert not [secret for secret in day.told["secrets"] if secret in problem], problem
        assert not found(day.told["people"], problem), problem


def test_every_request_has_one_line(day: Day) -> None:
    requests = [line for line in day.lines if line["message"] == "request"]
    assert len(requests) == day.told["requests"] > 100
    for line in requests:
        assert {"severity", "function", "method", "status", "seconds"} <= set(line)
        assert line["severity"] == "INFO"


def test_every_run_has_one_line(day: Day) -> None:
    runs = [line for line in day.lines if line.get("function") == "sync" and line["status"] == 200]
    assert len({line["run"] for line in runs if line["outcome"] != "skipped"}) > 5
    for line in runs:
        if line["outcome"] != "skipped":
            assert {"uid", "run", "outcome", "error", "counts", "contacts", "remaining", "backlog", "calls"} <= set(
                line
            )


def test_lines_are_what_cloud_logging_reads(day: Day) -> None:
    for line in day.lines:
        assert line["severity"] in ("INFO", "WARNING", "ERROR", "CRITICAL")
        assert datetime.fromisoformat(line["time"]).tzinfo is not None
        assert re.fullmatch("[0-9a-f]{32}", line["logging.googleapis.com/trace"]), line
    failed = [line for line in day.lines if line["message"] == "failed"]
    assert [line["exception"] for line in failed] == ["RuntimeError", "RuntimeError"]
    traces = {line["logging.googleapis.com/trace"] for line in day.lines if line["message"] == "request"}
    assert {line["logging.googleapis.com/trace"] for line in failed} <= traces
