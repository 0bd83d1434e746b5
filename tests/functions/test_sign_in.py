"""Signing in through the simulated Google: what it leaves behind, and what ends it early."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.account.grants import grants_path
from shared.account.sign_in import uid_of
from shared.people.endpoints import CONTACTS_SCOPE
from shared.store.port import Remove
from shared.web.session import LONGEST
from shared.web.sign_in import LASTS
from tests.cloud.memory import memory_vault
from tests.functions.site import JANE, Browser, Site, site
from tests.functions.ways import grants, place, query_of, started
from tests.simulators.people import keys
from tests.simulators.wire import Reply, Request

# -- going there -------------------------------------------------------------------------------------


def test_google_is_asked_for_who_it_is_and_the_contacts(web: Site) -> None:
    browser = web.browser()
    answer = browser.get("oauth_start", hint=JANE)
    url = answer.headers["Location"]
    query = query_of(url)
    assert url.startswith(web.world.people_wire.url)
    assert set(query["scope"].split()) == {"openid", "email", CONTACTS_SCOPE}
    assert (query["code_challenge_method"], query["access_type"], query["prompt"]) == (
        "S256",
        "offline",
        "select_account",
    )
    assert query["login_hint"] == JANE
    assert query_of(browser.get("oauth_start", consent=1).headers["Location"])["prompt"] == "consent"


def test_the_cookie_of_a_sign_in(web: Site) -> None:
    header = web.browser().get("oauth_start").headers["Set-Cookie"]
    assert header.startswith("sign-in=")
    for mark in ("HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={LASTS}"):
        assert f"; {mark}" in header
    assert "Secure" not in header  # loopback


def test_the_verifier_and_the_cookie_stay_here(web: Site) -> None:
    browser = web.browser()
    url = browser.get("oauth_start").headers["Location"]
    nonce, _, verifier = browser.cookies["sign-in"].partition(".")
    assert verifier not in url
    assert query_of(url)["nonce"] == nonce


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("then", "https://evil.example.com/"),
        ("then", "//evil.example.com/"),
        ("then", "/\\evil.example.com"),
        ("then", "settings"),
        ("then", "/a b"),
        ("then", "/" + "a" * 200),
        ("then", "/\r\nSet-Cookie:x=1"),
        ("hint", "x" * 321),
        ("consent", "perhaps"),
        ("next", "/"),
    ],
)
def test_a_start_that_is_none(web: Site, field: str, value: str) -> None:
    with web.untouched():
        answer = web.browser().get("oauth_start", **{field: value})
    assert answer.wrong == [f"query.{field}"]


def test_starting_often_is_slowed_down(web: Site) -> None:
    browser = web.browser()
    statuses = [browser.get("oauth_start").status for _ in range(25)]
    assert statuses == [302] * 20 + [429] * 5
    web.clock.advance(61)
    assert browser.get("oauth_start").status == 302


# -- coming back -------------------------------------------------------------------------------------


def test_a_first_sign_in(web: Site) -> None:
    browser = web.browser()
    assert browser.sign_in() == "/ui"
    user = web.account(browser)
    assert (user.email, user.pair, user.settings, user.erasing) == (JANE, "", {}, False)
    assert user.subject == web.world.people.account(JANE).subject
    assert user.uid == uid_of(user.subject)
    assert JANE not in user.uid
    assert set(browser.cookies) == {"session"}  # that of the sign-in has served
    assert browser.get("settings").ok["settings"]["sync_regularly"] is False


def test_tokens_are_stored_sealed(web: Site) -> None:
    browser = web.browser()
    browser.sign_in()
    stored = json.dumps(grants(web, browser.uid))
    living = [*web.world.people.oauth.grants, *web.world.people.oauth.access]
    assert living
    assert not [token for token in living if token in stored]


def test_it_goes_on_where_it_was_asked_to(web: Site) -> None:
    assert web.browser().sign_in(then="/history?page=2#top") == "/history?page=2#top"


def test_over_https_the_cookies_are_host_cookies() -> None:
    with site(environment={"PUBLIC_URL": "https://contacts.example.com"}) as web:
        header = web.browser().get("oauth_start").headers["Set-Cookie"]
        assert header.startswith("__Host-sign-in=")
        assert "; Secure" in header


def test_signing_in_again_keeps_everything(web: Site, jane: Browser) -> None:
    assert jane.patch("settings", interval_minutes=17).ok
    before = web.account(jane)
    again = web.browser()
    assert again.sign_in() == "/ui"
    after = web.account(again)
    assert (after.settings, after.pair, after.instances) == (before.settings, before.pair, before.instances)
    assert again.post("sugar", "/test").ok["user_name"] == "jane"
    assert jane.get("settings").status == 200  # the other browser stays signed in


def test_a_renamed_account_is_the_same_user(web: Site, jane: Browser) -> None:
    account = web.world.people.account(JANE)
    account.email = "jane.doe@example.com"
    web.world.people.accounts["jane.doe@example.com"] = account
    again = web.browser()
    assert again.sign_in("jane.doe@example.com") == "/ui"
    assert web.account(again).email == "jane.doe@example.com"
    assert web.account(again).pair == web.account(jane).pair


def test_who_cancels_comes_back_as_he_went(web: Site) -> None:
    browser = web.browser()
    web.world.people.consent.deny = True
    assert browser.sign_in() == "/ui?problem=denied"
    assert "session" not in browser.cookies
    assert web.world.store.inner.query("users") == []


def test_contacts_that_were_not_ticked_are_offered_again(web: Site) -> None:
    browser = web.browser()
    web.world.people.consent.untick = frozenset({CONTACTS_SCOPE})
    assert browser.sign_in() == "/ui?problem=contacts-not-granted"
    assert "session" not in browser.cookies
    assert web.world.store.inner.query("users") == []
    assert web.world.people.oauth.grants == {}  # what was granted is of no use, and was given back
    web.world.people.consent.untick = frozenset()
    assert browser.sign_in() == "/ui"


def test_unticking_later_costs_no_living_grant(web: Site, jane: Browser) -> None:
    before = grants(web, jane.uid)
    web.world.people.consent.untick = frozenset({CONTACTS_SCOPE})
    assert web.browser().sign_in(consent=1) == "/ui?problem=contacts-not-granted"
    assert grants(web, jane.uid) == before
    assert jane.get("labels").status == 200


def test_without_a_refresh_token_the_stored_one_goes_on(web: Site, jane: Browser) -> None:
    before = set(web.world.people.oauth.grants)
    assert web.browser().sign_in() == "/ui"  # Google knows the user, and gives no further one
    assert set(web.world.people.oauth.grants) == before
    web.clock.advance(4000)
    assert jane.get("labels").status == 200


@pytest.mark.parametrize("how", ["revoked", "erased", "unreadable"])
def test_without_a_refresh_token_that_lives_consent_is_asked_for_by_itself(web: Site, how: str) -> None:
    jane = web.jane(connected=False)
    oauth = web.world.people.oauth
    if how == "revoked":
        for token in list(oauth.grants):
            oauth.kill(token)
        oauth.grant(web.world.people.account(JANE), [CONTACTS_SCOPE])  # Google believes that we have one
    elif how == "erased":
        web.world.store.inner.commit([Remove(grants_path(jane.uid)), Remove(f"users/{jane.uid}")])
    else:
        web.stage.services.__dict__["vault"] = memory_vault(web.clock)  # with other keys
    browser = web.browser()
    with web.world.people_wire.counted() as calls:
        assert browser.sign_in() == "/ui"
    rounds = [call for call in calls if call.request.path.endswith("/auth")]
    assert [call.request.query["prompt"] for call in rounds] == ["select_account", "consent"]
    assert rounds[1].request.query["login_hint"] == JANE
    web.clock.advance(4000)
    assert browser.get("labels").status == 200


def test_an_account_that_gets_nothing_lasting(web: Site) -> None:
    def refuse(request: Request, reply: Reply) -> Reply:
        reply.body.pop("refresh_token", None)
        return reply

    web.world.people_wire.fault("garble", path="/token", times=None, garble=refuse)
    browser = web.browser()
    assert browser.sign_in() == "/ui?problem=no-lasting-grant"
    assert "session" not in browser.cookies
    assert web.world.store.inner.query("users") == []


@pytest.mark.parametrize(
    ("domains", "email", "where"),
    [
        ("", "jane@anywhere.org", "/ui"),
        ("example.com", JANE, "/ui"),
        ("other.org, EXAMPLE.com", "jane@Example.com", "/ui"),
        ("example.com", "jane@example.com.evil.org", "/ui?problem=not-allowed"),
        ("example.com", "jane@sub.example.com", "/ui?problem=not-allowed"),
        ("example.com", "example.com@gmail.com", "/ui?problem=not-allowed"),
    ],
)
def test_domains_that_may_sign_in(domains: str, email: str, where: str) -> None:
    with site(environment={"SIGN_IN_DOMAINS": domains}) as web:
        browser = web.browser()
        assert browser.sign_in(email) == where
        assert ("session" in browser.cookies) is (where == "/ui")
        assert bool(web.world.store.inner.query("users")) is (where == "/ui")
        assert bool(web.world.people.oauth.grants) is (where == "/ui")  # what is of no use is given back


def test_an_email_that_is_not_verified(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = keys.signed
    monkeypatch.setattr(keys, "signed", lambda claims: signed({**claims, "email_verified": False}))
    assert web.browser().sign_in() == "/ui?problem=not-allowed"


# -- trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fault", "where"),
    [
        ("/certs", {"kind": "status"}, "try-again"),
        ("/certs", {"kind": "cut_before"}, "try-again"),
        ("/token", {"kind": "status"}, "try-again"),
        ("/token", {"kind": "cut_after"}, "stale"),
        ("/token", {"kind": "status", "reply": Reply(401, {"error": "invalid_client"})}, "misconfigured"),
        ("/token", {"kind": "status", "reply": Reply(400, {"error": "redirect_uri_mismatch"})}, "misconfigured"),
        ("/token", {"kind": "status", "reply": Reply(200, b"<html>")}, "failed"),
        ("/token", {"kind": "status", "reply": Reply(200, {"access_token": "a", "id_token": "x.y.z"})}, "failed"),
    ],
)
def test_trouble_at_google_leaves_nothing_behind(web: Site, path: str, fault: dict[str, Any], where: str) -> None:
    browser = web.browser()
    web.world.people_wire.fault(path=path, **fault)
    assert browser.sign_in() == f"/ui?problem={where}"
    assert "session" not in browser.cookies
    assert web.world.store.inner.query("users") == []
    web.world.people_wire.heal()
    assert browser.sign_in() == "/ui"


def test_a_sign_in_while_settings_change_loses_neither(
    web: Site, jane: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another window writes the user's document after it was read here, and before it is written."""
    other = web.browser()
    other.cookies = dict(jane.cookies)
    get = web.stage.watched.get

    def change(step: str) -> None:
        web.world.store.on_step = lambda _: None
        assert other.patch("settings", interval_minutes=33).ok

    def last_read(path: str) -> Any:
        found = get(path)
        if path == grants_path(jane.uid):  # the commit comes next
            monkeypatch.undo()
            web.world.store.on_step = change
        return found

    monkeypatch.setattr(web.stage.watched, "get", last_read)
    before = grants(web, jane.uid)["google"]
    assert web.browser().sign_in(consent=1) == "/ui"
    assert web.account(jane).settings["interval_minutes"] == 33
    assert grants(web, jane.uid)["google"] != before


def test_a_session_of_seven_days(web: Site, jane: Browser) -> None:
    for _ in range(int(LONGEST / 3600)):
        web.clock.advance(3599)
        assert jane.get("settings").status == 200  # in use, it is renewed
    web.clock.advance(3600)
    assert jane.get("settings").status == 401


def test_no_answer_holds_a_token(web: Site, jane: Browser) -> None:
    assert jane.post("sugar", "/test").ok
    jane.get("account", "/export")
    session = next(iter(web.world.sugar.state.sessions.values()))
    tokens = [*web.world.people.oauth.grants, *web.world.people.oauth.access, session.access, session.refresh]
    said = b"".join(web.bodies)
    assert not [token for token in tokens if token.encode() in said]


def test_two_ways_back_at_once(web: Site) -> None:
    """The browser sends the same way back twice; the second one is answered while the first is at Google."""
    browser = web.browser()
    url = started(browser)
    twin = web.browser()
    twin.cookies = dict(browser.cookies)
    seen: list[str] = []

    def again(request: Request, when: str) -> None:
        if when == "before" and request.path == "/token":
            web.world.people_wire.on_call = None
            seen.append(place(twin, url))

    web.world.people_wire.on_call = again
    assert place(browser, url) == "/ui"
    assert seen == ["/ui?problem=stale"]
    assert len(web.world.store.inner.query("users")) == 1


def test_the_address_of_the_way_back(web: Site) -> None:
    url = web.browser().get("oauth_start").headers["Location"]
    assert query_of(url)["redirect_uri"] == "http://127.0.0.1:8080/oauth_callback"
    assert urlencode({"x": query_of(url)["redirect_uri"]}) in url.replace("redirect_uri", "x")
