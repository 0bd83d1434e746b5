"""A sync of 250 changes, previewed, carried out exactly, and undone whole: both sides are as they were before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.people.fields import KEY_NAME
from tests.functions.stage import Stage, stage
from tests.functions.test_orders import carry
from tests.functions.test_orders import plan as previewed
from tests.functions.test_undo import at_rest, plan
from tests.sync.stage import BOTH, many, person, settle, titled
from tests.world import User

OWN = ("id", "date_modified", "date_entered", "modified_user_id", "created_by", "created_by_name")
COMPUTED = ("metadata", "formattedType", "canonicalForm")


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def in_google(user: User) -> list[str]:
    """All contacts, ids, etags, dates and our key aside."""
    found = []
    for one in user.account.people():
        shown = {
            name: value for name, value in one.items() if name not in ("resourceName", "etag", "metadata", "photos")
        }
        shown["clientData"] = [e for e in shown.get("clientData", []) if e["key"] != KEY_NAME]
        found.append(json.dumps(_bare(shown), sort_keys=True))
    return sorted(found)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items() if name not in COMPUTED}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def in_sugar(s: Stage) -> list[str]:
    """All contacts, ids and dates aside."""
    shown = [
        {name: value for name, value in one.items() if name not in OWN} for one in s.world.sugar.contacts().values()
    ]
    return sorted(json.dumps(one, sort_keys=True) for one in shown)


def edited(s: Stage, user: User) -> None:
    """250 changes: updates, creates and deletes either way, and contacts that are to be linked and merged."""
    links = many(s.world, user, 210, title="Before", phone_work="+1 202 555 0100")
    for n, link in enumerate(links[:20]):
        phones = [{"value": "+1 202 555 0100", "type": "main"}, {"value": f"+1 202 555 02{n:02}", "type": "yacht"}]
        user.account.edit(link.google_id, phoneNumbers=phones, interests=[{"value": "Chess"}])
        user.account.set_labels(link.google_id, ["Friends of ours"])
    settle(user)
    for n in range(20):
        email = f"both{n}@x.org"
        s.world.sugar.add(by=user.sugar_user, first_name="Both", last_name=f"B{n}", email=[email], title="Known here")
        user.account.add({**person("Both", f"B{n}", email), "nicknames": [{"value": "Bee"}]})
    for n, link in enumerate(links[:80]):
        more = {"phone_work": "+1 202 555 0177"} if n % 2 else {"email": [f"p{n}@x.org", f"new{n}@x.org"]}
        s.world.sugar.edit(link.sugar_id, title=f"After {n}", **more)
    for n, link in enumerate(links[80:160]):
        user.account.edit(
            link.google_id, organizations=titled(f"After {n}"), names=[{"givenName": "New", "familyName": f"L{n}"}]
        )
    for link in links[160:170]:
        s.world.sugar.remove(link.sugar_id)
    for link in links[170:180]:
        user.account.remove(link.google_id)
    for n in range(25):
        s.world.sugar.add(by=user.sugar_user, first_name="From", last_name=f"Sugar{n}", email=[f"s{n}@x.org"])
        user.account.add(person("From", f"Google{n}", f"g{n}@x.org"))
    s.clock.advance(300)


@pytest.mark.long
def test_a_whole_sync_is_undone(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    edited(s, user)
    before = in_google(user), in_sugar(s)
    began = s.clock.now().isoformat()
    made = previewed(s, user)
    assert made["waiting"] == 250
    s.clock.advance(60)
    synced = carry(s, user, made["id"])[-1]["plan"]
    assert (synced["done"], synced["left_out"]) == (250, 0)
    s.clock.advance(60)
    assert (in_google(user), in_sugar(s)) != before
    settle(user)

    taken = plan(s, user, **{"from": began, "to": s.clock.now().isoformat()})
    assert (taken["contacts"], taken["waiting"]) == (250, 250)
    assert {item["action"] for item in taken["items"]} == {"undo"}
    answers = carry(s, user, taken["id"])
    assert all(answer["contacts"] <= 100 for answer in answers)
    assert (answers[-1]["plan"]["done"], answers[-1]["plan"]["left_out"]) == (250, 0)
    assert (in_google(user), in_sugar(s)) == before
    at_rest(s, user)
    assert (in_google(user), in_sugar(s)) == before
