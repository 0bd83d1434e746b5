"""Old history in the archive: it is shown, offers no undo, and the overview says where it could not be archived."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from tests.cloud.bucket import cloud
from tests.site.running import running
from tests.ui.conftest import Window, signed_in

DAYS = 40
NOTE = "It lies in the archive and cannot be undone any more."


def test_archived_rows_offer_no_undo(window: Window) -> None:
    with cloud() as bucket, running(each=1, **bucket.environment) as site:

        def later(days: int) -> None:
            site.clock.advance(timedelta(days=days, minutes=1).total_seconds())

        screen = signed_in(window, site)
        screen.url, page = site.url, screen.page
        screen.open("history")
        screen.idle()
        expect(page.get_by_text(NOTE)).to_have_count(0)
        expect(page.get_by_role("link", name="Undo this change of").first).to_be_visible()

        # There is no bucket yet: nothing is lost, and it is said.
        later(DAYS)
        browser = site.jane()
        browser.patch("/settings", history_days=30)
        assert browser.post("/sync", {}).ok["status"] == "done"
        assert "NoSuchBucket" in browser.get("/status").ok["archive_trouble"]
        screen = signed_in(window, site)
        screen.url, page = site.url, screen.page
        screen.open("overview")
        screen.sees("Old history could not be archived and stays: ")
        screen.picture("archive-trouble")

        bucket.make()
        later(1)
        browser = site.jane()
        for _ in range(2):
            assert browser.post("/sync", {}).ok["status"] == "done"
            site.clock.advance(61)
        screen = signed_in(window, site)
        screen.url, page = site.url, screen.page
        screen.open("history")
        screen.sees(NOTE)
        expect(page.get_by_role("link", name="Undo this change of")).to_have_count(0)
        page.get_by_role("link", name="This run").first.click()
        screen.sees("One run")
        expect(page.locator("div.card").get_by_text(NOTE)).to_be_visible()
        expect(page.get_by_role("link", name="Undo this whole run")).to_have_count(0)
        screen.picture("archived")
        screen.open("overview")
        screen.idle()
        expect(page.get_by_text("Old history could not be archived")).to_have_count(0)
