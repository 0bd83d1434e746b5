"""Undo over HTTP: a field, a row, a contact, a run, a span, all that was created; planned, carried out, at rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.names import SideName
from shared.store.port import Remove
from shared.sync.link import Link, LinkState
from tests.functions.stage import Stage, stage
from tests.functions.test_orders import carry
from tests.sync.stage import BOTH, linked, many, person, settle, title_in_google, titled, watched
from tests.world import User


@pytest.fixture
def s() -> Iterator[Stage]:
    with stage() as made:
        yield made


def plan(s: Stage, user: User, **what: Any) -> Any:
    """The whole plan of an undo: its header, and its contacts."""
    with watched(s.world) as sent:
        answer = s.ask(user, "undo", json=what).ok
        contacts = list(answer["contacts"])
        for _ in range(20):
            if answer["plan"]["complete"]:
                break
            answer = s.ask(user, "preview", json={"plan": answer["plan"]["id"]}).ok
            contacts += answer["contacts"]
    assert (sent.sugar, sent.google) == (0, 0)
    assert answer["plan"]["complete"]
    return {**answer["plan"], "items": contacts}


def undo(s: Stage, user: User, **what: Any) -> Any:
    """Planned and carried out; the plan, with where it stands in the end."""
    made = plan(s, user, **what)
    if not made["waiting"]:
        return made
    return {**made, **carry(s, user, made["id"])[-1]["plan"]}


def rows(s: Stage, user: User, **filters: Any) -> list[Any]:
    """History, the newest first."""
    return list(s.ask(user, "history", **filters).ok["items"])


def at_rest(s: Stage, user: User) -> None:
    """Two more rounds write nothing, and tell nothing."""
    before = len(rows(s, user, limit=100))
    with watched(s.world) as sent:
        for _ in range(2):
            s.clock.advance(600)
            user.sync()
    assert (sent.sugar, sent.google) == (0, 0)
    assert rows(s, user, limit=100)[: -before or None] == []


def changed(s: Stage) -> tuple[User, Link, Any]:
    """A contact whose title came over from Sugar; the row that tells it."""
    user, link = linked(s.world, s.user("jane", **BOTH))
    s.world.sugar.edit(link.sugar_id, title="Duchess", description="Notes")
    s.clock.advance(300)
    s.ask(user, "sync", json={}).ok  # noqa: B018
    assert title_in_google(user, link) == "Duchess"
    return user, link, rows(s, user)[0]


def only(user: User, key: str) -> Link:
    (link,) = [link for link in user.links() if link.id == key]
    return link


def test_one_row(s: Stage) -> None:
    user, link, row = changed(s)
    made = plan(s, user, row=row["id"])
    (contact,) = made["items"]
    assert (contact["action"], contact["writes"], contact["why"]) == ("undo", ["update google"], "undone")
    shown = {field["name"]: (field["to"], field["before"], field["after"]) for field in contact["fields"]}
    assert shown == {"title": ("google", "Duchess", "Countess"), "notes": ("google", "Notes", "")}
    done = carry(s, user, made["id"])[-1]["plan"]
    assert (done["kind"], done["state"], done["done"], done["left_out"]) == ("undo", "done", 1, 0)
    assert title_in_google(user, link) == "Countess"
    assert s.world.sugar.get(link.sugar_id)["title"] == "Duchess"
    told = rows(s, user)[0]
    assert told["kinds"] == ["undo", "update google"]
    assert told["undoes"] == [row["id"]]
    assert only(user, link.id).apart == {
        "title": {"sugar": "Duchess", "google": "Countess"},
        "notes": {"sugar": "Notes", "google": ""},
    }
    at_rest(s, user)


def test_one_field(s: Stage) -> None:
    user, link, row = changed(s)
    undo(s, user, row=row["id"], fields=["title"])
    assert title_in_google(user, link) == "Countess"
    assert user.account.person(link.google_id)["biographies"][0]["value"] == "Notes"
    at_rest(s, user)
    undo(s, user, row=row["id"])
    assert "biographies" not in user.account.person(link.google_id), "the rest of it can be undone later"


def test_edits_after_an_undo_go_their_way(s: Stage) -> None:
    user, link, row = changed(s)
    undo(s, user, row=row["id"])
    s.world.sugar.edit(link.sugar_id, title="Queen")
    settle(user)
    assert title_in_google(user, link) == "Queen"
    assert "title" not in only(user, link.id).apart


def test_what_was_edited_since_stays_and_is_named(s: Stage) -> None:
    user, link, row = changed(s)
    user.account.edit(link.google_id, organizations=titled("Empress"))
    made = plan(s, user, row=row["id"])
    (contact,) = made["items"]
    assert contact["why"] == "undone; edited since"
    assert [f["why"] for f in contact["fields"] if f["name"] == "title"] == ["edited since: it stays"]
    carry(s, user, made["id"])
    assert title_in_google(user, link) == "Empress"
    assert "biographies" not in user.account.person(link.google_id)
    settle(user)
    assert s.world.sugar.get(link.sugar_id)["title"] == "Empress", "an edit that waited beside it is not lost"


def test_what_changes_between_plan_and_undo_is_left_out(s: Stage) -> None:
    user, link, row = changed(s)
    made = plan(s, user, row=row["id"])
    user.account.edit(link.google_id, nicknames=[{"value": "Ada"}])
    done = carry(s, user, made["id"])[-1]["plan"]
    assert (done["done"], done["left_out"]) == (0, 1)
    assert title_in_google(user, link) == "Duchess"


def test_an_undo_is_undone_like_anything_else(s: Stage) -> None:
    user, link, row = changed(s)
    undo(s, user, row=row["id"])
    assert s.ask(user, "undo", json={"row": row["id"]}).wrong == ["row"]
    again = rows(s, user)[0]
    undo(s, user, row=again["id"])
    assert title_in_google(user, link) == "Duchess"
    assert only(user, link.id).apart == {}
    at_rest(s, user)
    assert s.ask(user, "undo", json={"row": again["id"]}).wrong == ["row"]
    undo(s, user, row=row["id"])
    assert title_in_google(user, link) == "Countess", "and once more"


def test_a_contact_created_in_google_goes_and_stays_away(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    undo(s, user, contact=link.id)
    assert not user.account.lives(link.google_id)
    assert s.world.sugar.get(link.sugar_id)["title"] == "Countess"
    then = only(user, link.id)
    assert (then.state, then.deleted_on) == (LinkState.TOMBSTONE, SideName.GOOGLE)
    at_rest(s, user)
    (told,) = s.ask(user, "why", q="ada@x.org").ok["items"]
    assert told["decides"] == "deleted"
    assert told["sentence"] == "an undo removed it again in Google; the pair does not come back by itself"
    undo(s, user, row=rows(s, user)[0]["id"])
    then = only(user, link.id)
    assert (then.state, then.google_id != link.google_id) == (LinkState.LIVE, True)
    assert title_in_google(user, then) == "Countess"
    at_rest(s, user)


def test_a_contact_that_was_edited_is_not_deleted(s: Stage) -> None:
    user, link = linked(s.world, s.user("jane", **BOTH))
    user.account.edit(link.google_id, interests=[{"value": "Engines"}])
    made = undo(s, user, contact=link.id)
    (contact,) = made["items"]
    assert (contact["action"], contact["why"]) == ("nothing", "edited in Google since it was created")
    assert made["left_out"] == 1
    assert user.account.lives(link.google_id)


@pytest.mark.parametrize("side", list(SideName))
def test_a_deleted_contact_comes_back(s: Stage, side: SideName) -> None:
    """Deleted on the other side, and with it here; it comes back here with everything, and stays alone."""
    user, link = linked(s.world, s.user("jane", **BOTH), lead_source="Trade Show", do_not_call=True)
    extra = {"interests": [{"value": "Engines"}], "phoneNumbers": [{"value": "+1 202 555 0199", "type": "yacht"}]}
    user.account.edit(link.google_id, **extra)
    user.account.set_labels(link.google_id, ["Friends of ours"])
    settle(user)
    if side is SideName.GOOGLE:
        before: Any = user.account.person(link.google_id)
        s.world.sugar.remove(link.sugar_id)
    else:
        before = s.world.sugar.get(link.sugar_id)
        user.account.remove(link.google_id)
    settle(user)
    row = rows(s, user)[0]
    assert row["kinds"] == ["delete", f"delete {side}"]
    made = undo(s, user, row=row["id"])
    (contact,) = made["items"]
    assert contact["writes"] == [f"create {side}"]
    assert "its id and its dates are new ones" in contact["lost"]
    then = only(user, link.id)
    assert (then.state, then.deleted_on) == (LinkState.TOMBSTONE, side.other)
    assert then.id_on(side) not in ("", link.id_on(side))
    if side is SideName.GOOGLE:
        after: Any = user.account.person(then.google_id)
        assert user.account.labels(then.google_id) >= {"Friends of ours"}
        for name in (*extra, "names", "emailAddresses", "organizations"):
            assert [_bare(e) for e in after[name]] == [_bare(e) for e in before[name]], name
    else:
        after = s.world.sugar.get(then.sugar_id)
        for name in ("first_name", "last_name", "title", "lead_source", "do_not_call", "email", "assigned_user_id"):
            assert after[name] == before[name], name
    at_rest(s, user)


def _bare(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "metadata"}


def test_a_span_of_time(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    one, two, three = many(s.world, user, 3)
    began = s.clock.now().isoformat()
    s.world.sugar.edit(one.sugar_id, title="A")
    user.account.edit(two.google_id, organizations=titled("B"))
    settle(user)
    s.world.sugar.edit(one.sugar_id, title="C")
    settle(user)
    ended = s.clock.now().isoformat()
    s.world.sugar.edit(three.sugar_id, title="D")
    settle(user)
    made = undo(s, user, **{"from": began, "to": ended})
    assert made["done"] == 2
    assert [title_in_google(user, link) for link in (one, two, three)] == ["", "B", "D"]
    assert s.world.sugar.get(two.sugar_id)["title"] == ""
    at_rest(s, user)
    assert s.ask(user, "undo", json={"from": began, "to": ended}).wrong == ["from"]


def test_a_run(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    links = many(s.world, user, 4)
    for n, link in enumerate(links):
        s.world.sugar.edit(link.sugar_id, title=f"T{n}")
    s.clock.advance(300)
    run = s.ask(user, "sync", json={}).ok["run"]
    assert undo(s, user, run=run)["done"] == 4
    assert [title_in_google(user, link) for link in links] == [""] * 4
    at_rest(s, user)


def test_whoever_leaves_removes_all_that_was_created(s: Stage) -> None:
    user = s.user("jane", **BOTH)
    own = user.account.add(person("Own", "Contact", "own@x.org"))
    links = many(s.world, user, 3)
    s.world.sugar.edit(links[0].sugar_id, title="Changed later")
    user.account.edit(links[1].google_id, interests=[{"value": "Engines"}])
    settle(user)
    kept = user.paths.collection("history")
    s.world.store.commit([Remove(doc.path) for doc in s.world.store.query(kept)])
    made = undo(s, user, created="google")
    assert sorted(item["why"] for item in made["items"]) == [
        "edited in Google since it was created",
        "undone",
        "undone",
    ]
    assert (made["done"], made["left_out"]) == (2, 1)
    assert [user.account.lives(link.google_id) for link in links] == [False, True, False]
    assert user.account.lives(own)
    at_rest(s, user)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "row"),
        ({"row": "none-such"}, "row"),
        ({"contact": "nonesuch"}, "contact"),
        ({"run": "nonesuch"}, "run"),
        ({"row": "a", "run": "b"}, "row"),
        ({"run": "b", "from": "2026-03-01T08:00:00Z"}, "row"),
        ({"from": "2026-03-01T08:00:00Z"}, "row"),
        ({"from": "yesterday", "to": "2026-03-01T08:00:00Z"}, "from"),
        ({"from": "2026-03-02T08:00:00Z", "to": "2026-03-01T08:00:00Z"}, "to"),
        ({"from": "2020-03-01T08:00:00Z", "to": "2020-03-02T08:00:00Z"}, "from"),
        ({"contact": "a", "fields": ["title"]}, "fields"),
        ({"row": "a", "fields": ["shoe"]}, "fields.0"),
        ({"created": "google"}, "created"),
    ],
)
def test_bad_input_is_named(s: Stage, body: dict[str, Any], field: str) -> None:
    user = s.user("jane", **BOTH)
    settle(user)
    assert s.ask(user, "undo", json=body).wrong == [field]
