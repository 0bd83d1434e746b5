"""Every panel: works, can be used by everybody, fits on a phone, and is pictured for people to look at."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.simulators.sugar.errors import SugarError
from tests.site.running import Running, running
from tests.ui.chrome import LOOKS, Screen, axe, violations
from tests.ui.conftest import Window, signed_in

PANELS = {
    "overview": "out of scope",
    "connections": "Your Sugar contacts can be read",
    "settings": "both ways",
    "preview": "See what the next sync would do",
    "history": "This run",
    "backlog": "cannot hold a value",
    "why": "Ask about any contact",
}
"""Each with a text that is there once it is complete."""


def complete(screen: Screen, panel: str) -> None:
    screen.open(panel)
    screen.page.get_by_text(re.compile(re.escape(PANELS[panel]), re.IGNORECASE)).first.wait_for()
    screen.idle()


@pytest.mark.parametrize(
    ("look", "how"),
    [pytest.param(*one, id=one[0], marks=[pytest.mark.long] if n else []) for n, one in enumerate(LOOKS)],
)
def test_it_can_be_used_by_everybody(look: str, how: dict[str, object], window: Window, site: Running) -> None:
    script = axe()
    screen = signed_in(window, site, **how, bypass_csp=True)
    found = []
    for panel in PANELS:
        complete(screen, panel)
        if panel in ("history", "backlog"):
            screen.page.locator("main summary").first.click()
            screen.idle()
        found += [f"{panel}: {one}" for one in violations(screen, script)]
        assert not screen.wide(), f"{panel} is wider than the screen"
        screen.picture(f"{panel}-{look}")
    screen.open("preview")
    screen.press("Preview", within="#panel")
    screen.page.get_by_role("heading", name="Contacts").wait_for()
    screen.idle()
    found += [f"a plan: {one}" for one in violations(screen, script)]
    screen.picture(f"plan-{look}")
    screen.page.context.clear_cookies()
    screen.open()
    screen.page.reload()
    screen.page.get_by_role("link", name="Grant").wait_for()
    found += [f"welcome: {one}" for one in violations(screen, script)]
    screen.picture(f"welcome-{look}")
    assert not found


def test_the_first_load_is_few_requests(jane: Screen) -> None:
    jane.page.goto(f"{jane.url}/")
    jane.heading("Overview")
    jane.idle()
    own = [url.removeprefix(jane.url) for url in jane.requests if not url.startswith("data:")]
    assert own == ["/", "/ui/app.css", "/ui/texts.js", "/ui/app.js", "/status?runs=48", "/ui/overview.js"]


def test_by_keyboard_alone(jane: Screen) -> None:
    page = jane.page
    complete(jane, "overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("navigation").get_by_role("link", name="Settings").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_focused()
    expect(page.get_by_role("navigation").get_by_role("link", name="Settings")).to_have_attribute(
        "aria-current", "page"
    )
    page.get_by_role("button", name="Restore default").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_the_overview_counts(jane: Screen, site: Running) -> None:
    """The numbers of the page are those of the documents."""
    jane.open("overview")
    links = [doc.data for doc in site.services.store.query_group("links")]
    states = Counter("parked" if link["parked"] else link["state"] for link in links)
    standing = site.jane().get("/status").ok
    assert states["live"] > 0
    shown = {
        "in sync": states["live"],
        "waiting": standing["remaining"],
        "in the backlog": sum(doc.data["state"] == "open" for doc in site.services.store.query_group("backlog")),
        "out of scope": states["frozen"],
    }
    told = jane.page.get_by_role("list", name="Contacts").get_by_role("listitem")
    expect(told).to_have_text([f"{count}{label}" for label, count in shown.items()])
    row = jane.page.get_by_role("row", name="Google")
    expect(row).to_contain_text(f"Google{standing['sides']['google']['contacts']}")


def test_settings_say_what_they_will_do_before_they_are_saved(jane: Screen, site: Running) -> None:
    page = jane.page
    complete(jane, "settings")
    page.get_by_label("Sync interval in minutes").fill("3")
    jane.sees("Short intervals load the Sugar server")
    page.get_by_role("group", name="Update from Sugar").get_by_label("Delete").check()
    jane.sees("Contacts deleted in Sugar are deleted in Google.")
    # What was not saved is there again after the page was left.
    page.reload()
    jane.sees("Contacts deleted in Sugar are deleted in Google.")
    expect(page.get_by_label("Sync interval in minutes")).to_have_value("3")
    jane.press("Save")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    jane.press("Save")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    jane.sees("Saved.")
    browser = site.jane()
    settings = browser.get("/settings").ok["settings"]
    assert (settings["interval_minutes"], settings["from_sugar"]["delete"]) == (3, True)
    page.get_by_label("Sync interval in minutes").fill("0")
    jane.press("Save")
    expect(page.get_by_label("Sync interval in minutes")).to_have_attribute("aria-invalid", "true")
    jane.press("Discard changes")
    jane.press("Restore default")
    page.get_by_role("dialog").get_by_role("button", name="Restore default").click()
    jane.sees("The defaults are restored.")
    assert browser.get("/settings").ok["settings"]["interval_minutes"] == 5


def test_a_label_is_created_and_chosen(jane: Screen, site: Running) -> None:
    page = jane.page
    complete(jane, "settings")
    page.locator("summary", has_text="Create a label").click()
    page.get_by_label("Create a label").fill("From Sugar")
    page.locator("details", has_text="Create a label").get_by_role("button", name="Create").click()
    expect(page.get_by_label("Synced contacts group").locator("option:checked")).to_have_text("From Sugar")
    jane.press("Save")
    jane.sees("Saved.")
    assert site.jane().get("/settings").ok["settings"]["label"].startswith("contactGroups/")
    site.jane().delete("/settings")


def test_history_finds_a_contact_and_tells_its_story(window: Window) -> None:
    with running(each=1) as site:
        jane = signed_in(window, site)
        jane.url, page = site.url, jane.page
        complete(jane, "history")
        name = page.locator("ul.list h3").last.inner_text()
        page.get_by_label("Name", exact=True).fill(name)
        jane.press("Search")
        expect(page.locator("ul.list h3")).to_have_count(1)
        page.get_by_role("link", name="This contact's story").click()
        jane.sees("One contact's story")
        page.get_by_text("Whole records before and after").first.click()
        page.locator("pre").first.wait_for()
        page.get_by_label("Name", exact=True).fill("nobody is called that")
        jane.press("Search")
        jane.sees("Nothing was changed, as far as was looked.")


def test_a_run_that_asks_first(jane: Screen, site: Running) -> None:
    browser = site.jane()
    browser.patch("/settings", sync_regularly=True, ask_first=True)
    record, contact = next(iter(site.town.sugar.contacts().items()))
    site.town.sugar.edit(record, title="Treasurer")
    site.clock.advance(301)
    assert site.due() == 1
    complete(jane, "overview")
    jane.sees("A preview of")
    jane.page.get_by_role("link", name="Go there").first.click()
    jane.sees("A regular sync made this preview and waits for you.")
    jane.sees("Treasurer")
    jane.press("Discard this plan")
    jane.sees("The plan is discarded.")
    browser.patch("/settings", sync_regularly=False, ask_first=False)
    assert contact["title"] != "Treasurer"


def test_why_answers_and_leads_on(jane: Screen, site: Running) -> None:
    page = jane.page
    (entry,) = site.jane().get("/backlog").ok["items"]
    complete(jane, "why")
    page.get_by_label("Whole name, email or id").fill(entry["google_id"])
    page.get_by_role("button", name="Why?").click()
    jane.sees("it waits for you in the backlog")
    page.get_by_role("button", name="Go to the backlog").click()
    jane.heading("Backlog")
    jane.sees(entry["name"][:40])


def test_a_contact_is_never_synced_and_let_go_again(jane: Screen, site: Running) -> None:
    page = jane.page
    complete(jane, "backlog")
    page.get_by_text("What to do").first.click()
    jane.press("Never sync", within="#panel")
    page.get_by_role("dialog").get_by_role("button", name="Never sync").click()
    jane.sees("the next run takes it up first")
    site.clock.advance(61)
    jane.press("Sync Now")
    page.locator("#progress").get_by_role("button", name="Close").click()
    page.locator("#panel select").first.select_option("never")
    page.get_by_text("Details").first.click()
    jane.press("Release", within="#panel")
    jane.sees("the next run takes it up first")
    site.clock.advance(61)
    assert site.jane().post("/sync", {}).ok["status"] == "done"


@pytest.mark.long
def test_the_connection_is_tested_given_up_and_made_again(jane: Screen, site: Running) -> None:
    page = jane.page
    complete(jane, "connections")
    jane.press("Test the connection")
    jane.sees("Sugar answers: you are")
    jane.press("Disconnect Sugar")
    page.get_by_role("dialog").get_by_role("button", name="Disconnect Sugar").click()
    jane.sees("Sugar is disconnected.")
    page.get_by_label("Address of Sugar").fill(site.town.login["address"])
    page.get_by_label("User name").fill(site.town.login["user_name"])
    jane.press("Connect Sugar")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Password").fill("guessed")
    jane.press("Connect Sugar")
    expect(page.get_by_label("Password")).to_be_focused()
    jane.connect(site.town.login)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == "contact-sync.json"


@pytest.mark.parametrize("side", ["Google", "Sugar"])
def test_a_connection_that_was_lost_is_made_again(side: str, jane: Screen, site: Running) -> None:
    page, town = jane.page, site.town
    if side == "Google":
        for token in list(town.people.oauth.grants):
            town.people.oauth.kill(token)
    else:
        town.sugar.state.sessions.clear()
    jane.open("overview")
    site.clock.advance(61)
    jane.press("Sync Now")
    jane.sees("It could not go on.")
    page.locator("#progress").get_by_role("link", name="Connections").click()
    jane.heading("Connections")
    page.get_by_text("Access lost").wait_for()
    jane.picture(f"lost-{side.lower()}")
    site.clock.advance(1)
    if side == "Google":
        page.get_by_role("link", name="Grant again").click()
        page.get_by_role("button", name="Allow").click()
        jane.heading("Connections")
    else:
        jane.connect(town.login)
    expect(page.get_by_text("Connected", exact=True)).to_have_count(2)
    site.clock.advance(61)
    jane.press("Sync Now")
    page.locator("#progress").get_by_role("button", name="Close").click()
    expect(page.get_by_text("Access lost")).to_have_count(0)


def test_both_values_of_a_conflict_are_kept(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    browser.patch("/settings", conflict="ask")
    row = next(row for row in browser.get("/history").ok["items"] if "create sugar" in row["kinds"])
    town.sugar.edit(row["sugar_id"], title="Treasurer")
    town.account.edit(row["google_id"], organizations=[{"title": "Auditor", "type": "work"}])
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    jane.open("backlog")
    jane.sees("Both sides changed it")
    entry = page.get_by_role("listitem").filter(has_text=row["name"])
    entry.get_by_text("What to do").click()
    entry.locator("summary", has_text="Decide whose value").click()
    entry.get_by_role("button", name="Decide", exact=True).click()
    jane.sees("Choose a value for at least one field.")
    entry.get_by_role("combobox", name="Title").select_option("both")
    jane.picture("conflict")
    entry.get_by_role("button", name="Decide", exact=True).click()
    jane.sees("the next run takes it up first")
    site.clock.advance(61)
    jane.press("Sync Now")
    page.locator("#progress").get_by_role("button", name="Close").click()
    assert town.sugar.contacts()[row["sugar_id"]]["title"] == "Treasurer"
    assert row["name"] not in {item["name"] for item in browser.get("/backlog").ok["items"]}
    browser.delete("/settings")


def test_a_question_that_has_changed_since_is_shown_anew(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    browser.patch("/settings", conflict="ask")
    row = next(row for row in browser.get("/history").ok["items"] if "create sugar" in row["kinds"])
    town.sugar.edit(row["sugar_id"], title="Warden")
    for seen, title in enumerate(("Provost", "Registrar")):
        town.account.edit(row["google_id"], organizations=[{"title": title, "type": "work"}])
        site.clock.advance(61)
        assert browser.post("/sync", {}).ok["status"] == "done"
        if not seen:
            jane.open("backlog")
            entry = page.get_by_role("listitem").filter(has_text=row["name"])
            entry.get_by_text("What to do").click()
            entry.locator("summary", has_text="Decide whose value").click()
            entry.get_by_role("combobox", name="Title").select_option("sugar")
    entry.get_by_role("button", name="Decide", exact=True).click()
    jane.sees("changed since you looked")
    entry.get_by_role("button", name="Try again").click()
    entry.get_by_text("What to do").click()
    expect(entry.get_by_role("cell", name="Registrar")).to_be_visible()
    entry.locator("summary", has_text="Decide whose value").click()
    entry.get_by_role("combobox", name="Title").select_option("sugar")
    entry.get_by_role("button", name="Decide", exact=True).click()
    jane.sees("the next run takes it up first")
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    assert town.account.person(row["google_id"])["organizations"][0]["title"] == "Warden"
    browser.delete("/settings")


def test_a_value_that_was_refused_is_not_offered_again(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    row = next(row for row in browser.get("/history").ok["items"] if "create google" in row["kinds"])

    def refuse(contact: dict[str, Any]) -> None:
        if contact.get("title") == "Forbidden word":
            raise SugarError("invalid_parameter", "The title is on the list of forbidden words")

    town.sugar.hooks.before_save.append(refuse)
    before = town.sugar.contacts()[row["sugar_id"]]["title"]
    town.account.edit(row["google_id"], organizations=[{"title": "Forbidden word", "type": "work"}])
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    jane.open("backlog")
    entry = page.get_by_role("listitem").filter(has_text=row["name"])
    entry.get_by_text("What to do").click()
    entry.locator("summary", has_text="Decide whose value").click()
    jane.sees("it would come straight back")
    title = entry.get_by_role("combobox", name="Title")
    expect(title.locator("option")).to_have_count(3)
    expect(title).not_to_contain_text("Forbidden word")
    title.select_option("sugar")
    entry.get_by_role("button", name="Decide", exact=True).click()
    jane.sees("the next run takes it up first")
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    town.sugar.hooks.before_save.clear()
    titles = [one.get("title") for one in town.account.person(row["google_id"]).get("organizations", ())]
    assert (titles or [""]) == [before]
    assert row["name"] not in {item["name"] for item in browser.get("/backlog").ok["items"]}


def test_several_entries_are_let_go_at_once(jane: Screen, site: Running) -> None:
    page, town, browser = jane.page, site.town, site.jane()
    browser.patch("/settings", conflict="ask")
    rows = [row for row in browser.get("/history").ok["items"] if "create google" in row["kinds"]][:2]
    for row in rows:
        town.sugar.edit(row["sugar_id"], title="Treasurer")
        town.account.edit(row["google_id"], organizations=[{"title": "Auditor", "type": "work"}])
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    jane.open("backlog")
    jane.sees("Both sides changed it")
    group = page.get_by_role("region", name="Both sides changed it")
    group.get_by_role("button", name="Pick all").click()
    expect(group.get_by_role("status").first).to_have_text("2 picked")
    group.get_by_role("button", name="Release", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    jane.sees("2 contacts are let go")
    browser.patch("/settings", conflict="sugar")
    site.clock.advance(61)
    assert browser.post("/sync", {}).ok["status"] == "done"
    assert not {row["name"] for row in rows} & {item["name"] for item in browser.get("/backlog").ok["items"]}
    browser.delete("/settings")
