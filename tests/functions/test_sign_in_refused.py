"""Ways back from Google that are none, and what they cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from itsdangerous import URLSafeSerializer

from shared.web.session import Signer
from shared.web.sign_in import LASTS
from tests.functions.site import Site
from tests.functions.ways import place, query_of, started


def test_a_state_is_good_for_one_use(web: Site) -> None:
    browser = web.browser()
    url = started(browser)
    cookie = browser.cookies["sign-in"]
    assert place(browser, url) == "/ui"
    browser.cookies["sign-in"] = cookie  # as a thief kept it
    with web.world.people_wire.counted() as calls:
        assert place(browser, url) == "/ui?problem=stale"
    assert not calls


def test_used_states_do_not_pile_up(web: Site) -> None:
    for _ in range(3):
        web.browser().sign_in()
        web.clock.advance(3 * LASTS)
    assert len(web.world.store.inner.query("states")) == 1


def test_a_code_from_elsewhere_is_worth_nothing(web: Site) -> None:
    browser, thief = web.browser(), web.browser()
    mine, other = started(browser), started(thief)
    assert place(browser, mine, code=query_of(other)["code"]) == "/ui?problem=stale"  # its verifier is another one
    assert "session" not in browser.cookies


def test_another_browsers_sign_in_is_not_taken(web: Site) -> None:
    """Somebody sends a victim the way back of his own sign-in, so that the victim works in his account."""
    mallory, victim = web.browser(), web.browser()
    url = started(mallory)
    started(victim)
    with web.untouched():
        assert place(victim, url) == "/ui?problem=stale"
        assert place(web.browser(), url) == "/ui?problem=stale"
    assert place(mallory, url) == "/ui"


def tampered(state: str) -> str:
    """Its claims changed, and signed with another key."""
    version, _, signed = state.partition(".")
    _, claims = URLSafeSerializer(b"").loads_unsafe(signed)
    assert isinstance(claims, dict)
    return f"{version}.{URLSafeSerializer(b'mallory', salt='contact-sync state').dumps({**claims, 'then': '/evil'})}"


Forge = Callable[[Site, str], str]
FORGED: dict[str, Forge] = {
    "no state": lambda web, state: "",
    "nonsense": lambda web, state: "nonsense",
    "nothing signed": lambda web, state: "1.",
    "not ascii": lambda web, state: "1.ä",
    "too long": lambda web, state: "1." + "a" * 3000,
    "cut": lambda web, state: state[:40],
    "no version": lambda web, state: state.partition(".")[2],
    "for another purpose": lambda web, state: Signer(web.stage.services.session_keys, "session", web.clock).sign(
        {}, 60
    ),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_state_that_is_none_costs_nothing(web: Site, kind: str) -> None:
    browser = web.browser()
    url = started(browser)
    state = FORGED[kind](web, query_of(url)["state"])
    with web.untouched():
        assert place(browser, url, state=state) == "/ui?problem=stale"
    assert "session" not in browser.cookies


@pytest.mark.parametrize("version", ["", "2", "99", "x"])
def test_a_state_with_another_signature_never_gets_to_the_store(web: Site, version: str) -> None:
    browser = web.browser()
    url = started(browser)
    state = tampered(query_of(url)["state"])
    if version:
        state = f"{version}.{state.partition('.')[2]}"
    with web.untouched(secrets=False):
        assert place(browser, url, state=state) == "/ui?problem=stale"


def test_a_state_that_is_too_old_costs_nothing(web: Site) -> None:
    browser = web.browser()
    url = started(browser)
    web.clock.advance(LASTS + 1)
    with web.untouched():
        assert place(browser, url) == "/ui?problem=stale"


@pytest.mark.parametrize("cookie", ["", "x", "x.y", "a" * 5000])
def test_without_the_cookie_it_costs_nothing(web: Site, cookie: str) -> None:
    browser = web.browser()
    url = started(browser)
    browser.cookies = {"sign-in": cookie} if cookie else {}
    with web.untouched():
        assert place(browser, url) == "/ui?problem=stale"


@pytest.mark.parametrize("error", ["access_denied", "server_error", "x" * 100])
def test_an_error_of_google_costs_nothing(web: Site, error: str) -> None:
    with web.untouched():
        answer = web.browser().get("oauth_callback", error=error, state="whatever")
    assert answer.headers["Location"] == f"/ui?problem={'denied' if error == 'access_denied' else 'failed'}"


def test_what_is_too_long_is_refused(web: Site) -> None:
    with web.untouched():
        assert web.browser().get("oauth_callback", code="x" * 2001, state="y").wrong == ["query.code"]
        assert web.browser().get("oauth_callback", code="x", state="y" * 4001).wrong == ["query.state"]
