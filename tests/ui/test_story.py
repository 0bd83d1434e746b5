"""A new user's whole story, by hand: grant, connect, preview, sync, look, undo, resolve."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.site.running import Running, running
from tests.ui.conftest import Window, signed_in


def test_a_new_user_from_the_first_grant_to_the_undo(window: Window, site: Running) -> None:
    screen, town = window(), site.town
    page = screen.page
    page.goto(f"{site.url}/")
    screen.sees("Nothing is written before you say so")
    screen.grant()
    screen.connect(town.login)

    # What would happen is seen before it happens.
    before = town.sugar.contacts(), town.account.people()
    screen.go("Preview", "Preview")
    screen.press("Preview", within="#panel")
    page.get_by_role("button", name="Sync exactly this").wait_for()
    expect(page.get_by_label("In numbers")).to_contain_text("Create in Google")
    assert (town.sugar.contacts(), town.account.people()) == before
    left = page.get_by_role("listitem").filter(has=page.get_by_text("Create in Google")).last
    name = left.get_by_role("heading").inner_text()
    left.get_by_role("checkbox").uncheck()
    screen.sees("One contact is left out.")
    screen.press("Sync exactly this")
    page.get_by_role("button", name="Yes, carry it out").click()
    screen.sees("records were written")
    names = {" ".join((p["names"][0].get("givenName", ""), p["names"][0].get("familyName", ""))) for p in _named(site)}
    assert name not in names
    assert len(town.account.people()) > len(before[1])

    # A change is looked at, and taken back.
    screen.go("History", "History")
    row = page.get_by_role("listitem").filter(has=page.get_by_text("Update in Sugar")).first
    undone = row.get_by_role("heading").inner_text()
    row.get_by_role("link", name="Undo this change of").click()
    page.get_by_role("button", name="Undo exactly this").wait_for()
    screen.sees("What was edited since is named")
    screen.press("Undo exactly this")
    page.get_by_role("button", name="Yes, carry it out").click()
    page.locator("#progress").get_by_text(re.compile("record was|records were")).wait_for()
    page.locator("#progress").get_by_role("button", name="Close").click()
    person = next(c for c in before[0].values() if f"{c['first_name']} {c['last_name']}" == undone)
    after = town.sugar.contacts()[person["id"]]
    assert {k: v for k, v in after.items() if k not in ("date_modified", "modified_user_id")} == {
        k: v for k, v in person.items() if k not in ("date_modified", "modified_user_id")
    }

    # What waits is resolved.
    screen.go("Settings", "Settings")
    page.get_by_role("group", name="Update from Google").get_by_label("Create").check()
    screen.sees("Google contacts without a counterpart are created in Sugar")
    screen.press("Save")
    screen.sees("Saved.")
    site.clock.advance(61)
    screen.press("Sync Now")
    page.locator("#progress").get_by_role("button", name="Close").click()
    screen.go("Backlog", "Backlog")
    page.get_by_text("What to do").first.click()
    page.get_by_text("Mend a value").click()
    page.get_by_label("Last name").fill("Short")
    screen.press("Mend and release")
    screen.sees("the next run takes it up first")
    site.clock.advance(61)
    screen.press("Sync Now")
    page.locator("#progress").get_by_role("button", name="Close").click()
    screen.sees("Nothing waits for you.")
    assert "Short" in {c["last_name"] for c in town.sugar.contacts().values()}
    expect(page.get_by_role("navigation").get_by_role("link", name="Backlog")).to_have_text("Backlog")


def _named(site: Running) -> list[dict[str, list[dict[str, str]]]]:
    return [person for person in site.town.account.people() if person.get("names")]


def test_somebody_leaves(window: Window, site: Running) -> None:
    """Takes back what was created in Google, takes everything along, and deletes it here; contacts stay."""
    screen, town = signed_in(window, site), site.town
    page = screen.page
    screen.open("connections")
    people, records = town.account.people(), town.sugar.contacts()
    screen.press("Remove from Google everything that was created here")
    page.get_by_role("button", name="Undo exactly this").click()
    page.get_by_role("button", name="Yes, carry it out").click()
    page.locator("#progress").get_by_role("button", name="Close").click()
    assert len(town.account.people()) < len(people)
    assert town.sugar.contacts() == records
    screen.go("Connections", "Connections")
    screen.press("Delete my data")
    yes = page.get_by_role("dialog").get_by_role("button", name="Delete my data")
    expect(yes).to_be_disabled()
    page.get_by_label("To confirm, enter").fill(site.email)
    yes.click()
    screen.heading("Your data are deleted.")
    assert town.sugar.contacts() == records
    assert town.people.oauth.grants == {}


@pytest.mark.long
def test_the_report_before_a_first_sync(window: Window) -> None:
    with running(each=1) as site:
        town, screen = site.town, window()
        screen.url = site.url
        for name in ("Ann", "Anne"):
            twin = [{"email_address": "twin@example.org", "primary_address": True}]
            town.sugar.add(by=town.sugar_user, first_name=name, last_name="Twin", email=twin)
        town.sugar.add(by=town.sugar_user, first_name="Bo", last_name="Case", phone_work="+1 202 555 0111")
        phones = [{"value": "(202) 555-0111", "type": "work"}]
        town.account.add({"names": [{"givenName": "Bob", "familyName": "Case"}], "phoneNumbers": phones})
        site.clock.advance(60)  # what was added a moment ago, Google's lists do not show yet
        screen.open()
        screen.grant()
        screen.connect(town.login)
        screen.go("Preview", "Preview")
        screen.press("Preview", within="#panel")
        screen.sees("Before your first sync")
        facts = screen.page.locator("dl.facts")
        expect(facts).to_contain_text("Groups of duplicates within Sugar1")
        expect(facts).to_contain_text("Would be created, though somebody there looks alike1")
        screen.sees("same phone")
        screen.page.get_by_label("Show").first.select_option("duplicates sugar")
        screen.sees("same email")
        screen.sees("twin@example.org")
        screen.picture("first-sync")
