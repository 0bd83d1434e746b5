"""The report before a first sync: counts, and who may be the same person though no email says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.stage import Stage, stage
from tests.functions.test_orders import pages, plan
from tests.sync.stage import BOTH, linked, person, watched
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def strangers(s: Stage) -> User:
    """Somebody with all kinds of contacts on both sides, and nothing linked yet."""
    user = s.user("jane", **BOTH)
    sugar, google = s.world.sugar, user.account
    own: dict[str, Any] = {"by": user.sugar_user}
    sugar.add(**own, first_name="Exact", last_name="Match", email=["exact@x.org"])
    google.add(person("Exact", "Match", "exact@x.org"))
    sugar.add(**own, first_name="Two", last_name="Alike", email=["two@x.org"])
    google.add(person("Two", "Alike", "two@x.org"))
    google.add(person("Too", "Alike", "two@x.org"))
    sugar.add(**own, first_name="Ada", last_name="Byron", email=["ada@x.org"], phone_work="650 253 0001")
    google.add(person("A.", "B.", "other@x.org", phoneNumbers=[{"value": "+1 650 253 0001", "type": "mobile"}]))
    acme = [{"name": "ACME"}]
    sugar.add(**own, first_name="Eve", last_name="Adams", email=["eve@x.org"], account_name="Acme")
    google.add(person("Eve", "Adams", "eve@home.org", organizations=acme))
    google.add(person("Bob", "Only Name", "bob@home.org"))
    sugar.add(**own, first_name="Bob", last_name="Only Name", email=["bob@x.org"], account_name="Acme")
    google.add(person("Long", "x" * 400, "long@x.org"))
    sugar.add(**own, first_name="Twin", last_name="One", phone_work="650 253 0009")
    sugar.add(**own, first_name="Twin", last_name="One", phone_mobile="+1 650 253 0009")
    s.clock.advance(300)
    return user


def alike(s: Stage, user: User, order: str, which: str, limit: int = 10) -> list[Any]:
    """All groups of a list."""
    found: list[Any] = []
    cursor = None
    while True:
        page = s.ask(user, "preview", f"/{order}/alike", list=which, limit=limit, cursor=cursor).ok
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def test_counts_and_their_lists(s: Stage) -> None:
    user = strangers(s)
    order = plan(s, user)["id"]
    report = s.ask(user, "preview", f"/{order}/report").ok
    assert (report["first"], report["matches"], report["ambiguous"], report["unheld"]) == (True, 1, 3, 1)
    assert report["creates"] == {"sugar": 3, "google": 5}
    assert report["asks"] == {"ambiguous match": 3, "cannot hold": 1}
    assert report["duplicates"] == {"sugar": 1, "google": 1}
    assert report["evidence"] == 6  # the same name alone counts, until it has been looked at
    assert [item["name"] for item in pages(s, user, order, kind="link")] == ["Exact Match"]
    assert len(pages(s, user, order, class_="ambiguous match")) == report["ambiguous"]
    (unheld,) = pages(s, user, order, class_="cannot hold")
    assert unheld["questions"][0]["problems"][0]["name"] == "last_name"
    for side, count in report["creates"].items():
        assert len(pages(s, user, order, kind=f"create {side}")) == count


def test_evidence_beyond_the_email_is_shown_and_not_acted_on(s: Stage) -> None:
    user = strangers(s)
    order = plan(s, user)["id"]
    with watched(s.world) as sent:
        found = alike(s, user, order, "evidence", limit=2)
    assert (sent.sugar, sent.google) == (0, 0)
    told = {(group["records"][0]["name"], *group["why"]) for group in found}
    assert told == {
        ("Ada Byron", "phone"),
        ("A. B.", "phone"),
        ("Eve Adams", "name and company"),
    }
    eves = [group for group in found if group["records"][0]["name"] == "Eve Adams"]
    assert len(eves) == 2  # from either side
    assert {record["side"] for record in eves[0]["records"]} == {"sugar", "google"}
    assert all(not record["linked"] for group in found for record in group["records"])
    s.ask(user, "sync", json={"plan": order})
    assert len([link for link in user.links() if link.sugar_id and link.google_id]) == 9


def test_duplicates_within_a_side_are_read_afresh(s: Stage) -> None:
    user = strangers(s)
    order = plan(s, user)["id"]
    (google,) = alike(s, user, order, "duplicates google")
    assert (google["why"], {r["name"] for r in google["records"]}) == (["email"], {"Two Alike", "Too Alike"})
    assert google["records"][0]["emails"] == ["two@x.org"]
    (sugar,) = alike(s, user, order, "duplicates sugar")
    assert (sugar["why"], {record["name"] for record in sugar["records"]}) == (["name", "phone"], {"Twin One"})
    s.world.sugar.edit(sugar["records"][0]["id"], phone_work="", phone_mobile="")
    assert alike(s, user, order, "duplicates sugar") == []
    assert s.ask(user, "preview", f"/{order}/report").ok["duplicates"]["sugar"] == 1


def test_once_something_is_linked(s: Stage) -> None:
    user, _ = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.add(by=user.sugar_user, first_name="New", last_name="One", email=["new@x.org"])
    s.clock.advance(300)
    report = s.ask(user, "preview", f"/{plan(s, user)['id']}/report").ok
    assert (report["first"], report["matches"], report["creates"]) == (False, 0, {"sugar": 0, "google": 1})


def test_what_cannot_be_asked(s: Stage) -> None:
    user, bob = s.user("jane", **BOTH), s.user("bob", **BOTH)
    order = plan(s, user)["id"]
    for path in ("report", "alike"):
        assert s.ask(bob, "preview", f"/{order}/{path}").status == 404
        assert s.ask(user, "preview", f"/none/{path}").status == 404
    assert s.ask(user, "preview", f"/{order}/alike", list="all").wrong == ["query.list"]
    assert s.ask(user, "preview", f"/{order}/alike", cursor="x").wrong == ["query.cursor"]
