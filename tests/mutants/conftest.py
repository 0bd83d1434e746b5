"""Says in the summary who killed which mutant."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", ()):
            if name == "killed":
                terminalreporter.write_line(f"mutant killed: {value}")
