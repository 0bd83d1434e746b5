"""google.api_core's pauses between repeats pass at once: its clock is moved by what it sleeps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test's end. How often a call is repeated no longer depends on how long one takes here."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep)
    for module in ("retry_base", "retry_unary"):
        monkeypatch.setattr(f"google.api_core.retry.{module}.time", clock)
