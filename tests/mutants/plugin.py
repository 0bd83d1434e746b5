"""A pytest plugin: ``-p tests.mutants.plugin --mutant NAME`` runs the tests against a mutant.

The summary says in one line who killed it. Whatever keeps it from being applied ends the session as a wrong usage of
pytest (exit code 4), which no failing test does.
"""

from __future__ import annotations

import hypothesis
import pytest

from tests.mutants.catalogue import CONTROLS, MUTANTS
from tests.mutants.install import Finder, TooLate, install
from tests.mutants.mutant import DoesNotApply, Mutant

KILLED, SURVIVED, UNUSED = "killed by", "survived", "never imported"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutant", metavar="NAME", help="run the tests against this wrong variant of the product")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    name = early_config.known_args_namespace.mutant
    if name is None:
        return
    known = {mutant.name: mutant for mutant in (*MUTANTS, *CONTROLS)}
    if name not in known:
        raise pytest.UsageError(f"no mutant {name!r}; there are: {', '.join(sorted(known))}")
    try:
        finder = install(known[name])
    except (DoesNotApply, TooLate) as error:
        raise pytest.UsageError(str(error)) from None
    early_config.pluginmanager.register(_Watch(known[name], finder), "mutant")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Any example that fails will do: looking for the smallest one takes minutes."""
    if config.getoption("--mutant") is not None:
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("hunt", hypothesis.settings.get_profile("ci"), phases=phases)
        hypothesis.settings.load_profile("hunt")


class _Watch:
    """Notes the first test that fails."""

    def __init__(self, mutant: Mutant, finder: Finder) -> None:
        self._mutant = mutant
        self._finder = finder
        self._killer = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A fixture that fails is trouble with the test, not its verdict.
        if report.failed and report.when == "call" and not self._killer:
            self._killer = report.nodeid

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._killer:
            verdict = f"{KILLED} {self._killer}"
        elif self._finder.loaded == set(self._mutant.modules):
            verdict = SURVIVED
        else:
            verdict = UNUSED
        terminalreporter.write_line(f"mutant {self._mutant.name}: {verdict}")
