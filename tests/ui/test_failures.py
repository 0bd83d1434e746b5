"""When calls fail, take long, or the session ends, the page says so and what to do; and hostile text stays text."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.site.running import Running
from tests.ui.chrome import Screen
from tests.ui.conftest import Window, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Route

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
CALLS = {
    "settings": "**/settings",
    "history": "**/history?*",
    "backlog": "**/backlog?*",
    "overview": "**/status?runs=*",
    "preview": "**/preview",
    "why": "**/why?*",
}
"""Of each panel, the call that fails."""


def refuse(status: int, code: str, detail: str) -> Any:
    body = {"type": f"urn:contact-sync:{code}", "title": "", "status": status, "detail": detail, "errors": []}

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(body))

    return answer


@pytest.mark.parametrize("panel", CALLS)
def test_a_panel_says_what_went_wrong_and_tries_again(panel: str, jane: Screen) -> None:
    page = jane.page
    page.route(CALLS[panel], refuse(503, "try-again", "Sugar is not available just now"))
    jane.open(panel)
    if panel == "preview":
        jane.press("Preview", within="#panel")
    if panel == "why":
        page.get_by_label("Whole name, email or id").fill("Anybody")
        page.get_by_role("button", name="Why?").click()
    alert = page.get_by_role("alert").filter(has_text="Sugar is not available just now")
    expect(alert).to_contain_text("Nothing was lost.")
    page.unroute(CALLS[panel])
    alert.get_by_role("button", name="Try again").click()
    alert.wait_for(state="detached")


def test_nothing_answers_at_all(jane: Screen) -> None:
    page = jane.page
    jane.open("history")
    jane.sees("This run")
    page.route("**/backlog?*", lambda route: route.abort())
    jane.go("Backlog", "Backlog")
    jane.sees("The service cannot be reached.")
    page.unroute("**/backlog?*")
    jane.press("Try again")
    page.get_by_role("alert").wait_for(state="detached")


@pytest.mark.long
def test_something_takes_long(jane: Screen) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    jane.page.route("**/history?*", hold)
    jane.open("history")
    jane.sees("This takes longer than usual")
    held.pop().continue_()
    jane.sees("This run")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"status": "blocked", "message": "Sugar does not let us in"}, "Mend what is named under Connections"),
        ({"status": "later", "message": "Google is away"}, "It will pass"),
    ],
    ids=["blocked", "later"],
)
def test_a_sync_that_does_not_go_through(report: dict[str, str], said: str, jane: Screen) -> None:
    rest = {"run": "r", "counts": {}, "contacts": 0, "remaining": 3, "backlog": 0, "next_due_at": None, "plan": None}
    jane.page.route("**/sync", lambda route: route.fulfill(json={**rest, **report}))
    jane.open("overview")
    jane.press("Sync Now")
    jane.sees(report["message"])
    jane.sees(said)


def test_a_sync_is_stopped_after_a_batch(jane: Screen) -> None:
    batches: list[int] = []

    def batch(route: Route) -> None:
        batches.append(len(batches))
        done = {"status": "done", "message": "", "run": "r", "counts": {"update google": 2}, "contacts": 100}
        time.sleep(0.5)
        route.fulfill(json={**done, "remaining": 24_900, "backlog": 0, "next_due_at": None, "plan": None})

    jane.page.route("**/sync", batch)
    jane.open("overview")
    jane.press("Sync Now")
    jane.page.locator("#progress").get_by_text("24,900").wait_for()
    jane.press("Stop after this batch")
    jane.sees("Stopped. Done: ")
    count = len(batches)
    jane.press("Close")
    assert len(batches) == count


def test_the_session_ends_and_comes_back_to_the_same_place(jane: Screen) -> None:
    page = jane.page
    jane.open("history")
    jane.sees("This run")
    page.context.clear_cookies()
    page.get_by_role("link", name="This run").first.click()
    jane.sees("Your session has ended.")
    place = page.url
    assert "#history/run=" in place
    page.get_by_role("link", name="Sign in with Google").first.click()
    page.get_by_role("button", name="Allow").click()
    jane.heading("History")
    jane.sees("One run")
    assert page.url == place


@pytest.mark.parametrize(
    ("answer", "untick", "said"), [("Cancel", False, "You cancelled"), ("Allow", True, "not ticked")]
)
def test_a_grant_that_is_none(answer: str, untick: bool, said: str, window: Window) -> None:
    screen = window()
    screen.open("settings")
    screen.page.get_by_role("link", name="Grant").click()
    if untick:
        screen.page.get_by_role("checkbox").uncheck()
    screen.page.get_by_role("button", name=answer).click()
    screen.sees(said)


def test_hostile_text_is_text(window: Window, site: Running) -> None:
    record = next(iter(site.town.sugar.contacts()))
    screen = signed_in(window, site)
    site.town.sugar.edit(record, last_name=SCRIPT[:60], title=SCRIPT, department="javascript:alert(1)")
    page = screen.page
    screen.open("preview")
    screen.press("Preview", within="#panel")
    screen.sees("<script>")
    screen.press("Sync exactly this")
    page.get_by_role("button", name="Yes, carry it out").click()
    page.locator("#progress").get_by_role("button", name="Close").click()
    screen.go("History", "History")
    screen.sees("<script>")
    page.get_by_text("Whole records before and after").first.click()
    page.locator("pre").first.wait_for()
    assert page.locator("main script, main img").count() == 0
    assert page.title() == "History – Sugar Contact Sync"
    screen.picture("hostile-text")


def test_a_plan_of_very_many_contacts_comes_in_pages(jane: Screen) -> None:
    plan = {"id": "p1", "kind": "sync", "state": "ready", "complete": False, "made_at": "2026-03-02T09:00:00Z"}
    plan |= {"expires_at": "2026-03-02T10:00:00Z", "asked": False, "contacts": 25_000, "waiting": 25_000, "done": 0}
    plan |= {"left_out": 0, "counts": {"create": 25_000, "create google": 25_000}}

    def page_of(route: Route) -> None:
        start = int(route.request.url.partition("cursor=")[2] or 0)
        contact = {"linked": False, "action": "create", "writes": ["create google"], "why": "new in Sugar"}
        contact |= {"sugar_id": "", "google_id": "", "fields": [], "questions": [], "state": "waiting", "reason": ""}
        items = [{**contact, "key": f"k{n}", "name": f"Contact {n}"} for n in range(start, start + 50)]
        route.fulfill(json={"plan": plan, "items": items, "next": str(start + 50)})

    jane.page.route("**/preview/p1?*", page_of)
    jane.open("preview/plan=p1")
    jane.sees("Contact 49")
    jane.sees("25,000")
    assert jane.page.locator("ul.list > li").count() == 50
    jane.press("Show more")
    jane.sees("Contact 99")
    assert jane.page.locator("ul.list > li").count() == 100


def _many(count: int) -> Any:
    """Answers of a backlog with so many entries of one class."""
    entry: dict[str, Any] = {
        "class": "conflict",
        "state": "open",
        "at": "2026-03-02T09:00:00Z",
        "first_at": "2026-03-02T09:00:00Z",
    }
    entry |= {"attempts": 1, "whole": False, "contact": None, "sugar_id": "", "google_id": "", "message": "both"}
    entry |= {"actions": ["release", "never"], "fields": [], "keeps": {}}

    def page_of(route: Route) -> None:
        start = int(route.request.url.partition("cursor=")[2] or 0)
        end = min(count, start + 100)
        items = [{**entry, "id": f"e{n}", "name": f"Contact {n}"} for n in range(start, end)]
        route.fulfill(json={"items": items, "next": str(end) if end < count else None})

    return page_of


@pytest.mark.parametrize("fails", [False, True], ids=["all", "trouble on the way"])
def test_all_that_are_picked_are_taken_in_parts(fails: bool, jane: Screen) -> None:
    page = jane.page
    sent: list[list[str]] = []

    def let_go(route: Route) -> None:
        entries = json.loads(route.request.post_data or "")["entries"]
        if fails and sent:
            refuse(503, "try-again", "Not available just now")(route)
            return
        sent.append(entries)
        route.fulfill(json={"releasing": len(entries), "next": None})

    page.route("**/backlog?*", _many(230))
    page.route("**/backlog_release", let_go)
    jane.open("backlog")
    jane.press("Pick all")
    expect(page.get_by_role("region", name="Both sides changed it").get_by_role("status").first).to_have_text(
        "230 picked"
    )
    page.get_by_label("Pick Contact 7", exact=True).uncheck()
    jane.sees("229 picked")
    jane.press("Release", within="#panel")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The next run tries these again (229).")
    dialog.get_by_role("button", name="Release").click()
    if fails:
        jane.sees("Not available just now")
        jane.sees("100 contacts are let go")
        assert [len(part) for part in sent] == [100]
    else:
        jane.sees("229 contacts are let go")
        assert [len(part) for part in sent] == [100, 100, 29]
        assert sorted(one for part in sent for one in part) == sorted(f"e{n}" for n in range(230) if n != 7)
