"""Who is the same person, and who is not: decided in the page, with what comes of it on both sides."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.site.browser import Browser
from tests.site.running import Running
from tests.ui.chrome import Screen


def named(first: str, last: str, **more: Any) -> dict[str, Any]:
    return {"names": [{"givenName": first, "familyName": last}], **more}


def in_google(site: Running, last: str) -> list[str]:
    names = [person["names"][0] for person in site.town.account.people() if person.get("names")]
    return sorted(name.get("givenName", "") for name in names if name.get("familyName") == last)


def in_sugar(site: Running, last: str) -> list[str]:
    return sorted(record["first_name"] for record in site.town.sugar.contacts().values() if record["last_name"] == last)


def synced(site: Running, browser: Browser) -> None:
    site.clock.advance(301)
    assert browser.post("/sync", {}).ok["status"] == "done"


def sync_now(site: Running, screen: Screen) -> None:
    site.clock.advance(61)
    screen.press("Sync Now")
    screen.page.locator("#progress").get_by_role("button", name="Close").click()


def entry_with(screen: Screen, title: str, words: str) -> Locator:
    """The opened entry of that group in which these words stand."""
    group = screen.page.get_by_role("region", name=title)
    group.wait_for()
    for summary in group.get_by_text("What to do").all():
        summary.click()
    screen.idle()
    return group.locator("ul.list > li").filter(has_text=words)


def test_one_of_two_candidates_is_chosen(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    email = [{"email_address": "office@example.org", "primary_address": True}]
    mine = town.sugar.add(by=town.sugar_user, first_name="Mo", last_name="Twofold", email=email)
    mail = [{"value": "office@example.org"}]
    town.account.add(named("Maud", "Twofold", emailAddresses=mail))
    jobs = [{"name": "Mills & Co", "title": "Weaver", "type": "work"}]
    chosen = town.account.add(named("Morris", "Twofold", emailAddresses=mail, organizations=jobs))
    site.clock.advance(60)

    # The plan names both, and so does the backlog.
    jane.open("preview")
    jane.press("Preview", within="#panel")
    planned = page.locator("ul.list > li").filter(has=page.get_by_role("heading", name="Mo Twofold", exact=True))
    expect(planned).to_contain_text("Maud Twofold · office@example.org (Google)")
    jane.press("Discard this plan")
    jane.sees("The plan is discarded.")
    synced(site, browser)
    jane.open("backlog")
    entry = entry_with(jane, "It may be several contacts", "Morris Twofold · office@example.org · Mills & Co (Google)")
    entry = entry.filter(has=page.get_by_role("heading", name="Mo Twofold", exact=True))
    entry.locator("summary", has_text="It is one of these").click()
    candidate = entry.get_by_role("listitem").filter(has=page.get_by_role("button", name="Morris Twofold"))
    expect(candidate.get_by_role("link", name="Open in Google Contacts")).to_have_attribute(
        "href", f"https://contacts.google.com/person/{chosen.removeprefix('people/')}"
    )
    expect(entry.get_by_role("link", name="Open in Sugar").first).to_have_attribute(
        "href", f"{town.login['address']}/#Contacts/{mine}"
    )
    jane.picture("choose")
    candidate.get_by_role("button", name="Morris Twofold").click()
    jane.sees("the next run takes it up first")
    sync_now(site, jane)

    # They have become one, and nobody was made twice.
    (row,) = [one for one in browser.get("/history").ok["items"] if "link" in one["kinds"] and one["sugar_id"] == mine]
    assert row["google_id"] == chosen
    assert town.sugar.contacts()[mine]["title"] == "Weaver"
    assert len(in_sugar(site, "Twofold")) == 1
    assert len(in_google(site, "Twofold")) == 2


def test_who_looks_alike_is_somebody_else(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    town.sugar.add(by=town.sugar_user, first_name="Bo", last_name="Namesake", phone_work="+1 202 555 0111")
    phones = [{"value": "(202) 555-0111", "type": "work"}]
    town.account.add(named("Bo", "Namesake", phoneNumbers=phones))
    synced(site, browser)
    assert (in_sugar(site, "Namesake"), in_google(site, "Namesake")) == (["Bo"], ["Bo"])
    jane.open("backlog")
    for _ in range(2):  # each of them has an entry
        entry = entry_with(jane, "Same name, no common email", "Bo Namesake").first
        expect(entry).to_contain_text("Who looks alike:")
        entry.get_by_role("button", name="Somebody else").click()
        page.get_by_role("dialog").get_by_role("button", name="Somebody else").click()
        jane.sees("the next run takes it up first")
        sync_now(site, jane)
        page.reload()
    synced(site, browser)
    assert (in_sugar(site, "Namesake"), in_google(site, "Namesake")) == (["Bo", "Bo"], ["Bo", "Bo"])
    assert "Bo Namesake" not in {one["name"] for one in browser.get("/backlog").ok["items"]}
