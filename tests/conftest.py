"""What all tests share: how hard hypothesis tries, and that a missing tool is never overlooked.

A test that needs a tool which may not be there (the Firestore emulator, Chromium, Terraform) looks for it by itself and
skips with the reason ``"<tool> not found: <what to install>"``, the only reason to skip there is. Each missing tool is
named once in the summary. Where ``CI`` is set everything is there, so any skip fails the session.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

IN_CI = bool(os.environ.get("CI"))

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# The same commit has the same verdict; new examples are looked for everywhere else.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if IN_CI else "default")

_skipped = pytest.StashKey[dict[str, int]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_skipped] = {}
    config.pluginmanager.register(_Skips(config.stash[_skipped]), "skips")


class _Skips:
    """Counts skipped tests (or files) by reason."""

    def __init__(self, reasons: dict[str, int]) -> None:
        self._reasons = reasons

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._count(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._count(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Of a skipped file the other processes' collector alone knows; every one has collected all."""
        for reason, count in getattr(node, "workeroutput", {}).get("skipped files", {}).items():
            self._reasons.setdefault(reason, count)

    def _count(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            reason = reason.removeprefix("Skipped: ")
            self._reasons[reason] = self._reasons.get(reason, 0) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["skipped files"] = session.config.stash[_skipped]
        return
    if IN_CI and session.config.stash[_skipped] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for reason, count in config.stash[_skipped].items():
        line = f"skipped {count}: {reason}"
        terminalreporter.write_line(f"{line} -- nothing may be skipped in CI" if IN_CI else line, yellow=True)
