"""What all tests share: how hard hypothesis tries, that a missing tool is never overlooked, and what a sample is.

Where ``CI`` is set every test runs, and so it does with ``--whole`` and where a file or a keyword is named. Otherwise
only a quarter is run of the cases of a test with many, of all tests marked as ``long``, and of those that run the whole
engine, a function or a browser; drawn anew each time.

A test that needs a tool which may not be there (the Firestore emulator, Chromium, Terraform) looks for it by itself and
skips with the reason ``"<tool> not found: <what to install>"``, the only reason to skip there is. Each missing tool is
named once in the summary. Where ``CI`` is set everything is there, so any skip fails the session.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import shared

IN_CI = bool(os.environ.get("CI"))

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# The same commit has the same verdict; new examples are looked for everywhere else.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.register_profile("sample", settings.get_profile("default"), max_examples=20)
settings.load_profile("ci" if IN_CI else "sample")

_skipped = pytest.StashKey[dict[str, int]]()
_MANY = 6
"""From so many cases on a sample of them will do."""
_SHARE = 4
_WHOLE_ENGINE = re.compile(r"tests/(sync(?=/test_|/undo|/order)|functions|site|ui)\b")
"""Folders of tests of which each takes a good part of a second; together they would take minutes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every case of every test, as CI does")


def _samples(config: pytest.Config) -> bool:
    option = config.option
    named = option.keyword or option.markexpr or config.args != config.getini("testpaths")
    return not (IN_CI or option.whole or named)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not _samples(config):
        return
    families: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        families[_family(item)].append(item)
    drawn = Random(os.environ.get("PYTEST_XDIST_TESTRUNUID"))  # noqa: S311 - all processes must draw the same
    left_out: list[pytest.Item] = []
    for cases in families.values():
        if len(cases) >= _MANY:
            left_out += drawn.sample(cases, len(cases) - -(-len(cases) // _SHARE))
    config.hook.pytest_deselected(items=left_out)
    gone = set(map(id, left_out))
    items[:] = [item for item in items if id(item) not in gone]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Loads all of the project's modules where the verdict is to be the same each time.

    Hypothesis draws what stands in the modules loaded so far, too, and which ones are depends on the tests before.
    """
    if IN_CI and not session.config.getoption("mutant", None):
        for module in pkgutil.walk_packages(shared.__path__, "shared."):
            importlib.import_module(module.name)


def _family(item: pytest.Item) -> str:
    """What it is drawn from."""
    if item.get_closest_marker("long") is not None:
        return "long"
    folder = _WHOLE_ENGINE.match(item.nodeid)
    return folder[0] if folder is not None else re.sub(r"\[.*", "", item.nodeid, flags=re.DOTALL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as cores: tests wait for servers, browsers and processes of their own."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes seconds; one in four of them runs where not all do")
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
    if _samples(config):
        terminalreporter.write_line('This was a sample; every case of every test: make test ARGS="--whole"')
