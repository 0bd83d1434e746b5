"""What all tests here share: Terraform, and a day of a new user's as store and secrets saw it."""

from __future__ import annotations

import pytest

from tests.infra.seen import Seen, apart
from tests.infra.terraform import everything, files, terraform
from tests.site.story import NewUser
from tests.site.town import EMAIL

__all__ = ["everything", "files", "terraform"]


class Stays(NewUser):
    """Stays until history goes into the archive."""

    def leaves(self) -> None:
        b, town = self.browser, self.site.town
        record, contact = next(iter(town.sugar.contacts().items()))
        assert b.get("/why", q=f"{contact['first_name']} {contact['last_name']}").ok["items"]
        assert b.get("/ui").status == 200
        assert b.get("/status", runs=10).ok
        row = self.history()[0]
        for what in ({"row": row["id"]}, {"contact": row["contact"]}, {"run": row["run"]}, {"created": "google"}):
            self.site.clock.advance(61)
            assert b.post("/undo", what).ok["status"] == "done"
        b.patch("/settings", history_days=1)
        self._two_days_later()
        assert self.site.due() == 1
        town.sugar.edit(record, title="Chair")
        self._sync()
        self._two_days_later()
        self._sync()
        assert self.history()
        assert b.get("/account/export").ok["pairs"]
        while not b.delete("/account", {"email": EMAIL}).ok["done"]:
            self.site.clock.advance(61)

    def _two_days_later(self) -> None:
        self.site.clock.advance(2 * 86400)
        assert self.browser.sign_in().startswith("/")

    def _sync(self) -> None:
        for _ in range(4):
            self.site.clock.advance(61)
            assert self.browser.post("/sync", {}).ok["status"] == "done"


@pytest.fixture(scope="session")
def seen() -> Seen:
    """What was asked of store and secrets, by function."""
    noted = Seen()
    with apart(noted) as site:
        Stays(site).play()
    return noted
