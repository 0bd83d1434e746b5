"""Shared by the tests of this package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.people.caller import Caller, serving


@pytest.fixture
def jane() -> Iterator[Caller]:
    with serving() as caller:
        yield caller
