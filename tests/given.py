"""What the functions of this process use is given back after a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.web import services


@contextmanager
def given_back() -> Iterator[None]:
    """After the block the functions of this process use what they used before it."""
    before = list(services._given)
    try:
        yield
    finally:
        services._given[:] = before
