"""Another Sugar in place of the one before, the same one again, and none."""

from __future__ import annotations

from typing import Any

import pytest

from shared.account.grants import grants_path
from shared.store.port import Put
from shared.sync.inbox import Wish, post
from shared.sync.remedies import Remedy
from tests.functions.site import Browser, Site
from tests.simulators.wire import Request


def run_out(web: Site, browser: Browser) -> None:
    """A batch, and what is left of it."""
    for _ in range(20):
        report = browser.post("sync", "", {}).ok
        assert report["status"] == "done", report
        web.clock.advance(30)
        if not report["remaining"]:
            return
    raise AssertionError("it does not come to an end")


def in_sugar(web: Site) -> list[str]:
    return sorted(record["last_name"] for record in web.world.sugar.contacts().values())


def in_google(web: Site, browser: Browser) -> list[str]:
    people = web.world.people.account(browser.email).people()
    return sorted(person["names"][0].get("familyName", "") for person in people)


def test_another_sugar_user_is_another_pair(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", sync_regularly=True).ok
    first = web.paths(jane)
    assert web.head(first).next_due_at is not None
    assert jane.connect("jim").ok["account"]["user_name"] == "jim"
    second = web.paths(jane)
    assert second.pair != first.pair
    assert web.head(first).next_due_at is None  # it must not be found due
    assert web.head(second).next_due_at is not None
    assert jane.connect("jane").ok
    assert web.paths(jane) == first
    assert web.head(first).next_due_at is not None
    assert web.head(second).next_due_at is None
    assert set(web.account(jane).instances) == {first.pair, second.pair}


def test_the_session_of_the_former_user_is_ended(web: Site, jane: Browser) -> None:
    web.clock.advance(5400)  # its access token is over: the refresh token has to die, too
    assert jane.connect("jim").ok
    users = {web.world.sugar.users[user].user_name for user, _ in web.world.sugar.state.sessions}
    assert users == {"jim"}


def test_the_same_accounts_go_on_where_they_were(web: Site, jane: Browser) -> None:
    web.world.sugar.add(last_name="Alpha", email=[{"email_address": "a@x.org", "primary_address": True}])
    run_out(web, jane)
    assert in_google(web, jane) == ["Alpha"]
    assert jane.delete("sugar").ok == {"signed_out": True}
    assert jane.post("sync", "", {}).status == 409
    assert jane.connect().ok
    run_out(web, jane)
    assert (in_sugar(web), in_google(web, jane)) == (["Alpha"], ["Alpha"])


def test_clicks_for_one_pair_are_no_clicks_for_the_next(web: Site, jane: Browser) -> None:
    first = web.paths(jane)
    services = web.stage.services
    wish = Wish(kind="release", at=web.clock.now().isoformat(), remedy=Remedy(action="approve"))
    post(services.store, first, services.ids, wish)
    assert jane.connect("jim").ok
    second = web.paths(jane)
    entry = {
        "class": "held: mass deletion",
        "state": "open",
        "at": "x",
        "link": None,
        "ids": {"sugar": "", "google": ""},
    }
    services.store.commit([Put(second.backlog("e1"), entry)])
    assert jane.post("sync", "", {}).ok["status"] == "done"
    doc = services.store.get(second.backlog("e1"))
    assert doc is not None
    assert doc.data["state"] == "open"


@pytest.mark.parametrize("what", ["connect", "disconnect", "test", "refresh"])
def test_during_a_run_sugar_is_left_alone(web: Site, jane: Browser, what: str) -> None:
    web.hold(jane)
    before = web.world.store.inner.get(grants_path(jane.uid))
    with web.world.sugar_wire.counted() as calls:
        answer = {
            "connect": lambda: jane.connect("jim"),
            "disconnect": lambda: jane.delete("sugar"),
            "test": lambda: jane.post("sugar", "/test"),
            "refresh": lambda: jane.get("fields", refresh=1),
        }[what]()
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert not calls
    assert web.world.store.inner.get(grants_path(jane.uid)) == before


def test_two_windows_that_connect_at_once_leave_a_living_session(web: Site) -> None:
    """The later sign-in ends the earlier one, whose answer comes later."""
    jane = web.jane(connected=False)
    other = web.browser()
    other.cookies = dict(jane.cookies)
    other.email = jane.email
    seen: list[int] = []

    def again(request: Request) -> None:
        if request.path.endswith("/me"):
            del web.world.sugar.departed  # type: ignore[union-attr]
            seen.append(other.connect().status)

    web.world.sugar.departed = again  # type: ignore[union-attr] # told outside of the wire's lock
    first = jane.connect().status
    assert seen == [200]
    assert first in (200, 409)
    web.clock.advance(60)
    assert jane.post("sugar", "/test").status == 200


@pytest.mark.parametrize("what", ["connect first", "connect another", "disconnect"])
def test_settings_that_change_meanwhile_are_kept(web: Site, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another window writes the user's document after it was read here, and before it is written."""
    jane = web.jane(connected=what != "connect first")
    other = web.browser()
    other.cookies = dict(jane.cookies)
    get = web.stage.watched.get

    def change(step: str) -> None:
        web.world.store.on_step = lambda _: None
        assert other.patch("settings", interval_minutes=77).ok

    def last_read(path: str) -> Any:
        found = get(path)
        if path == grants_path(jane.uid):  # the commit comes next
            web.world.store.on_step = change
            monkeypatch.undo()
        return found

    monkeypatch.setattr(web.stage.watched, "get", last_read)
    answer = jane.delete("sugar") if what == "disconnect" else jane.connect("jim")
    assert answer.status == 200
    user = web.account(jane)
    assert user.settings["interval_minutes"] == 77
    assert bool(user.pair) is (what != "disconnect")


def test_a_sign_in_to_google_during_a_call_costs_no_session_of_sugar(web: Site, jane: Browser) -> None:
    """Sugar rotates its refresh token; the save of the new one meets another write of the same document."""
    web.clock.advance(5400)

    def google(request: Request, when: str) -> None:
        if when == "after" and request.path.endswith("/oauth2/token"):
            web.world.sugar_wire.on_call = None
            assert web.browser().sign_in(consent=1) == "/ui"

    web.world.sugar_wire.on_call = google
    assert jane.post("sugar", "/test").ok
    web.clock.advance(5400)
    assert jane.post("sugar", "/test").ok
    assert jane.get("labels").ok


# -- letting go --------------------------------------------------------------------------------------


def test_disconnecting(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", sync_regularly=True).ok
    paths = web.paths(jane)
    web.clock.advance(5400)
    assert jane.delete("sugar").ok == {"signed_out": True}
    assert web.world.sugar.state.sessions == {}
    user = web.account(jane)
    assert (user.pair, user.instance, user.instances) == ("", "", {paths.pair: web.world.sugar_wire.url[7:]})
    assert web.head(paths).next_due_at is None
    assert jane.get("sugar").ok == {"connected": False, "account": None}
    assert jane.delete("sugar").ok == {"signed_out": True}
    assert jane.post("sugar", "/test").status == 409
    assert jane.get("settings").ok["settings"]["sync_regularly"] is True


def test_a_sugar_that_cannot_be_told_is_let_go_all_the_same(web: Site, jane: Browser) -> None:
    web.world.sugar.maintenance = True
    assert jane.delete("sugar").ok == {"signed_out": False}
    assert jane.get("sugar").ok["connected"] is False


def test_a_session_that_has_ended_already(web: Site, jane: Browser) -> None:
    web.world.sugar.revoke()
    assert jane.delete("sugar").ok == {"signed_out": True}
