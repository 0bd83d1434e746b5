"""What all tests here share: Terraform, and a day of a new user's as store and secrets saw it."""

from __future__ import annotations

import pytest

from tests.infra.seen import Seen, apart
from tests.infra.terraform import everything, files, terraform
from tests.site.story import NewUser

__all__ = ["everything", "files", "terraform"]


@pytest.fixture(scope="session")
def seen() -> Seen:
    """What was asked of store and secrets, by function."""
    noted = Seen()
    with apart(noted) as site:
        user = NewUser(site)
        user.play()
    return noted
