"""The backlog: every class of trouble, what its entry tells, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.names import SideName
from shared.sync.backlog import REMEDY
from shared.sync.plan.model import Trouble
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar.errors import SugarError
from tests.simulators.wire import Fault, Reply
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import (
    BOTH,
    entry,
    linked,
    many,
    person,
    settle,
    title_in_google,
    titled,
    troubles,
    watched,
)
from tests.world import User, World, world

DAY = 24 * 3600.0


def too_long(w: World) -> User:
    user, link = linked(w)
    user.account.edit(link.google_id, organizations=titled("x" * 300))
    return user


def unreadable(w: World) -> User:
    user, link = linked(w)
    user.account.edit(link.google_id, emailAddresses=[{"value": "no address"}])
    return user


def ambiguous(w: World) -> User:
    user = w.user(**BOTH)
    w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
    for name in ("Ada", "Augusta"):
        user.account.add(person(name, "Byron", "ada@x.org"))
    return user


def already_linked(w: World) -> User:
    user, _ = linked(w)
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    return user


def outside(w: World) -> User:
    user = w.user(**BOTH)
    w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], assigned_user_id="other")
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    return user


def same_name(w: World) -> User:
    user = w.user(**BOTH)
    w.sugar.add(first_name="Ada", last_name="Byron", account_name="Engines")
    user.account.add(person("Ada", "Byron", organizations=[{"name": "Engines"}]))
    return user


def conflict(w: World) -> User:
    user, link = linked(w, w.user(**BOTH, conflict="ask"))
    w.sugar.edit(link.sugar_id, title="From Sugar")
    user.account.edit(link.google_id, organizations=titled("From Google"))
    return user


def loop(w: World) -> User:
    """Sugar's user and Google's keep changing the title back."""
    user, link = linked(w)
    for _ in range(3):
        w.sugar.edit(link.sugar_id, title="Analyst")
        settle(user)
        user.account.edit(link.google_id, organizations=titled("Countess"))
        settle(user)
    return user


def gone(w: World) -> User:
    user, link = linked(w)
    w.sugar.hide(link.sugar_id, user.sugar_user)
    w.clock.advance(DAY)
    return user


def deleted_and_edited(w: World) -> User:
    user, link = linked(w)
    user.account.remove(link.google_id)
    w.sugar.edit(link.sugar_id, title="Edited")
    return user


def merged(w: World) -> User:
    user = w.user(**BOTH)
    keep, other = many(w, user, 2)
    user.account.merge(keep.google_id, other.google_id)
    return user


def mass_deletion(w: World) -> User:
    user = w.user(**BOTH)
    for link in many(w, user, 12)[:11]:
        user.account.remove(link.google_id)
    return user


def mass_clearing(w: World) -> User:
    user = w.user(**BOTH)
    for link in many(w, user, 12, title="Rep")[:11]:
        user.account.edit(link.google_id, organizations=[])
    return user


def rejected(w: World) -> User:
    user, link = linked(w)

    def refuse(contact: dict[str, Any]) -> None:
        if contact.get("title") == "Forbidden word":
            raise SugarError("invalid_parameter", "The title is on the list of forbidden words")

    w.sugar.hooks.before_save.append(refuse)
    user.account.edit(link.google_id, organizations=titled("Forbidden word"))
    return user


def forbidden(w: World) -> User:
    user, link = linked(w)
    w.sugar.protect(link.sugar_id, user.sugar_user)
    user.account.edit(link.google_id, organizations=titled("Mathematician"))
    return user


def doubtful(w: World) -> User:
    user = w.user(**BOTH)
    settle(user)
    user.account.add(person("Ada", "Byron", "ada@x.org"))
    w.clock.advance(60)
    w.sugar_wire.fault("cut_before", method="POST", path="Contacts$")
    user.run()
    w.sugar.add(first_name="Augusta", last_name="Byron", email=["augusta@x.org"], assigned_user_id="other")
    return user


SCENES: dict[Trouble, Callable[[World], User]] = {
    Trouble.CANNOT_HOLD: too_long,
    Trouble.UNREADABLE: unreadable,
    Trouble.AMBIGUOUS: ambiguous,
    Trouble.ALREADY_LINKED: already_linked,
    Trouble.OUT_OF_SCOPE_MATCH: outside,
    Trouble.SAME_NAME: same_name,
    Trouble.CONFLICT: conflict,
    Trouble.LOOP: loop,
    Trouble.GONE_FROM_SUGAR: gone,
    Trouble.DELETED_AND_EDITED: deleted_and_edited,
    Trouble.MERGED: merged,
    Trouble.HELD_DELETE: mass_deletion,
    Trouble.HELD_CLEARING: mass_clearing,
    Trouble.REJECTED: rejected,
    Trouble.FORBIDDEN: forbidden,
    Trouble.DOUBTFUL_CREATE: doubtful,
}


@pytest.mark.parametrize("trouble", SCENES)
def test_every_class_is_told_with_its_remedy_and_holds_up_nobody(trouble: Trouble) -> None:
    with world() as w:
        user = SCENES[trouble](w)
        rest(user)
        docs = [doc.data for doc in user.backlog() if doc.data["class"] == trouble.value]
        assert docs
        for doc in docs:
            assert doc["attempts"] == 1
            assert doc["at"] == doc["first_at"]
            assert any(doc["ids"].values())
            (told,) = doc["entries"]
            assert told["class"] == trouble.value
            assert told["remedy"] == REMEDY[trouble]
            assert told["message"]
        assert user.run().backlog == len(user.backlog())
        w.sugar.add(by=user.sugar_user, first_name="Grace", last_name="Hopper", email=["grace@x.org"])
        settle(user)
        assert "Grace" in [p["names"][0].get("givenName") for p in user.account.people()]
        before = len(user.backlog())
        fixed_point(user)
        assert len(user.backlog()) == before


def test_no_class_is_without_a_scene_or_a_remedy() -> None:
    assert set(REMEDY) == set(Trouble)
    assert set(SCENES) == set(Trouble)


def test_an_entry_names_the_field_with_both_values_and_says_what_would_be_right() -> None:
    with world() as w:
        user = too_long(w)
        settle(user)
        (told,) = entry(user)["entries"]
        (field,) = told["fields"]
        assert (field["name"], field["sugar"], field["google"], field["base"]) == (
            "title",
            "Countess",
            "x" * 300,
            "Countess",
        )
        (problem,) = told["problems"]
        assert problem["field"] == "title"
        assert "100 characters" in problem["message"]


def test_an_entry_of_a_refused_write_names_its_fields_and_holds_the_apis_own_words() -> None:
    with world() as w:
        user = rejected(w)
        settle(user)
        (told,) = entry(user)["entries"]
        assert "forbidden words" in told["detail"]
        assert [(f["name"], f["sugar"], f["google"]) for f in told["fields"]] == [
            ("title", "Countess", "Forbidden word")
        ]


def test_googles_refusal_holds_its_own_words_and_stops_nobody_else() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 5)
        words = "Invalid title: it must not be that."
        reply = Reply(400, {"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}})
        w.people_wire.faults.append(
            Fault(
                "status",
                matches=lambda request: b"Unlucky" in request.body and request.method != "GET",
                times=None,
                reply=reply,
            )
        )
        for n, link in enumerate(links):
            w.sugar.edit(link.sugar_id, title="Unlucky" if n == 2 else f"T{n}")
        settle(user)
        assert [title_in_google(user, link) for link in links] == ["T0", "T1", "", "T3", "T4"]
        told = entry(user)
        assert told["class"] == "rejected"
        assert words in told["entries"][0]["detail"]
        assert told["ids"]["sugar"] == links[2].sugar_id


def test_repeated_failure_is_counted_and_the_first_time_kept() -> None:
    with world() as w:
        user = rejected(w)
        settle(user)
        first = entry(user)
        for attempts in (2, 3):
            user.wish(kind="release", cls="rejected")
            settle(user)
            again = entry(user)
            assert again["attempts"] == attempts
            assert again["first_at"] == first["first_at"]
            assert again["at"] > first["at"]


def test_an_edit_does_not_release_and_a_release_does() -> None:
    with world() as w:
        user = too_long(w)
        settle(user)
        (link,) = user.links()
        user.account.edit(link.google_id, organizations=titled("Short"))
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert troubles(user) == ["cannot hold"]
        user.wish(kind="release", entries=[user.backlog()[0].id])
        settle(user)
        assert w.sugar.get(link.sugar_id)["title"] == "Short"
        assert user.backlog() == []
        fixed_point(user)


def three(w: World) -> tuple[User, list[Any]]:
    """Three entries: two that cannot be held, one rejected."""
    user = rejected(w)
    settle(user)
    links = many(w, user, 2)
    for link in links:
        user.account.edit(link.google_id, organizations=titled("x" * 300))
    settle(user)
    assert troubles(user) == ["cannot hold", "cannot hold", "rejected"]
    for link in user.links():
        user.account.edit(link.google_id, organizations=titled("Mended"))
    settle(user)
    assert len(user.backlog()) == 3
    return user, links


def mended(w: World) -> int:
    return [record["title"] for record in w.sugar.contacts().values()].count("Mended")


def test_releasing_one_leaves_the_others() -> None:
    with world() as w:
        user, _ = three(w)
        chosen = next(doc for doc in user.backlog() if doc.data["class"] == "cannot hold")
        user.wish(kind="release", entries=[chosen.id])
        settle(user)
        assert troubles(user) == ["cannot hold", "rejected"]
        assert mended(w) == 1


def test_releasing_several_leaves_the_rest() -> None:
    with world() as w:
        user, _ = three(w)
        chosen = [doc.id for doc in user.backlog() if doc.data["class"] == "cannot hold"]
        user.wish(kind="release", entries=chosen)
        settle(user)
        assert troubles(user) == ["rejected"]
        assert mended(w) == 2


def test_releasing_a_class_and_then_all() -> None:
    with world() as w:
        user, _ = three(w)
        user.wish(kind="release", cls="rejected")
        settle(user)
        assert troubles(user) == ["cannot hold", "cannot hold"]
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert mended(w) == 3
        assert user.run().backlog == 0
        fixed_point(user)


def test_releasing_what_is_not_there_or_twice_does_nothing() -> None:
    with world() as w:
        user = too_long(w)
        settle(user)
        (doc,) = user.backlog()
        user.wish(kind="release", entries=["nobody", doc.id])
        user.wish(kind="release", entries=[doc.id])
        user.wish(kind="release", cls="no such class")
        settle(user)
        assert entry(user)["attempts"] == 2
        assert user.run().backlog == 1


@pytest.mark.parametrize("trouble", [Trouble.CANNOT_HOLD, Trouble.REJECTED, Trouble.FORBIDDEN])
def test_gone_on_both_sides_closes_the_entry(trouble: Trouble) -> None:
    with world() as w:
        user = SCENES[trouble](w)
        settle(user)
        (link,) = user.links()
        w.sugar.remove(link.sugar_id)
        user.account.remove(link.google_id)
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert user.backlog() == []
        assert user.run().backlog == 0


@pytest.mark.parametrize("side", list(SideName))
def test_an_entry_about_a_contact_on_one_side_only_closes_when_that_one_goes(side: SideName) -> None:
    with world() as w:
        user = same_name(w)
        settle(user)
        assert troubles(user) == ["same name", "same name"]
        for record in list(w.sugar.contacts()):
            w.sugar.remove(record)
        for each in user.account.people():
            user.account.remove(each["resourceName"])
        settle(user)
        assert user.backlog() == []


def test_quarantined_contacts_are_untouched_while_both_sides_change() -> None:
    with world() as w:
        user = too_long(w)
        settle(user)
        (link,) = user.links()
        before = w.sugar.get(link.sugar_id)["date_modified"]
        with watched(w) as sent:
            for n in range(3):
                user.account.edit(link.google_id, nicknames=[{"value": f"N{n}"}])
                settle(user)
        assert sent.sugar == sent.google == 0
        assert w.sugar.get(link.sugar_id)["date_modified"] == before


def test_trouble_that_passes_quarantines_nobody() -> None:
    with world() as w:
        user, link = linked(w)
        for kind in ("status", "cut_before"):
            w.people_wire.fault(kind, path="updateContact", times=3, reply=Reply(503, {"error": {"code": 503}}))
        w.sugar.edit(link.sugar_id, title="Mathematician")
        rest(user)
        assert title_in_google(user, link) == "Mathematician"
        assert user.backlog() == []


@pytest.mark.parametrize("action", [None, "never", "release"])
@pytest.mark.parametrize("tombstone", [True, False])
def test_an_entry_goes_with_its_contact_to_another_name(action: str | None, tombstone: bool) -> None:
    with world(people=PeopleSwitches(rename_tombstone=tombstone)) as w:
        user = w.user(**BOTH)
        outside = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], assigned_user_id="other")
        name = user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert troubles(user) == ["match outside the scope"]
        if action == "never":
            user.wish(kind="release", entries=[user.backlog()[0].id], action=action)
            settle(user)
        for _ in range(2):
            name = user.account.rename_resource(name)
            settle(user)
        (doc,) = w.store.query(user.paths.collection("backlog"))
        assert doc.data["ids"]["google"] == name
        assert doc.data["state"] == ("never" if action == "never" else "open")
        w.sugar.edit(outside, assigned_user_id=user.sugar_user)
        settle(user)
        if action == "release":
            user.wish(kind="release", entries=[doc.id], action=action)
            settle(user)
        assert len(user.links()) == (action == "release")
        head = user.head()
        assert head.backlog + head.answered == len(w.store.query(user.paths.collection("backlog")))
        fixed_point(user)
