"""Every class of entry, resolved by each of its actions, between the simulators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.side import SideName
from shared.sync.plan.model import Trouble
from shared.sync.remedies import ACTIONS, actions, choices
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import (
    settle,
    title_in_google,
    troubles,
    watched,
)
from tests.sync.test_backlog import SCENES
from tests.world import User, World, world


def scene(w: World, trouble: Trouble) -> User:
    """A user at rest with entries of that class."""
    user = SCENES[trouble](w)
    if trouble is Trouble.DOUBTFUL_CREATE:
        for record in w.sugar.contacts():
            w.sugar.edit(record, assigned_user_id=user.sugar_user)
    rest(user)
    assert trouble.value in troubles(user)
    return user


def entries_of(user: User, trouble: Trouble) -> list[str]:
    return [doc.id for doc in user.backlog() if doc.data["class"] == trouble.value]


def answer(user: User, trouble: Trouble, action: str, **more: Any) -> None:
    """Has this done about every entry of the class, and lets the world come to rest."""
    for name in entries_of(user, trouble):
        user.wish(kind="release", entries=[name], action=action, **more)
    rest(user)


def sugar(w: World) -> list[str]:
    return sorted(f"{record['first_name']} {record['last_name']}" for record in w.sugar.contacts().values())


def google(user: User) -> list[str]:
    names = [person["names"][0] for person in user.account.people()]
    return sorted(f"{name.get('givenName', '')} {name.get('familyName', '')}" for name in names)


# -- one action after the other ----------------------------------------------------------------------

Case = Callable[[World, User, Trouble], None]
CASES: dict[tuple[str, str], Case] = {}


def case(action: str, *classes: Trouble) -> Callable[[Case], Case]:
    def known(made: Case) -> Case:
        CASES.update({(cls.value, action): made for cls in classes})
        return made

    return known


@case("never", *Trouble)
def never(w: World, user: User, trouble: Trouble) -> None:
    """Both sides and every edit of them are left alone, until it is let go again."""
    names = entries_of(user, trouble)
    for name in names:
        user.wish(kind="release", entries=[name], action="never")
    settle(user)
    assert entries_of(user, trouble) == []
    assert sorted(doc.id for doc in user.backlog("never")) == sorted(names)
    head = user.head()
    assert (head.backlog, head.answered) == (len(user.backlog()), len(names))
    with watched(w) as sent:
        for doc in user.backlog("never"):
            for side in SideName:
                touch(w, user, side, doc.data["ids"][side.value])
        settle(user)
    assert sent.sugar == sent.google == 0
    fixed_point(user)
    for name in names:
        user.wish(kind="release", entries=[name], action="release")
    rest(user)
    assert user.backlog("never") == []
    assert user.head().answered == len(user.backlog("different")) == 0


def touch(w: World, user: User, side: SideName, record: str) -> None:
    """An edit by its user, where the record is there."""
    if side is SideName.SUGAR and record in w.sugar.contacts():
        w.sugar.edit(record, description="edited")
    elif side is SideName.GOOGLE and record and user.account.lives(record):
        user.account.edit(record, biographies=[{"value": "edited"}])


@case("release", *Trouble)
def release(w: World, user: User, trouble: Trouble) -> None:
    """The same failure brings it back, with attempts counted."""
    before = {doc.id: doc.data["attempts"] for doc in user.backlog()}
    answer(user, trouble, "release")
    again = {doc.id: doc.data["attempts"] for doc in user.backlog()}
    passes = {Trouble.HELD_DELETE, Trouble.HELD_CLEARING, Trouble.DOUBTFUL_CREATE, Trouble.LOOP}
    if trouble not in passes:
        assert again.keys() == before.keys()
        assert all(again[name] == before[name] + 1 for name in entries_of(user, trouble))


@case("approve", Trouble.GONE_FROM_SUGAR, Trouble.HELD_DELETE)
def approve_delete(w: World, user: User, trouble: Trouble) -> None:
    names = entries_of(user, trouble)
    before = len(user.account.people()) + len(w.sugar.contacts())
    answer(user, trouble, "approve")
    assert user.backlog() == []
    assert len(user.account.people()) + len(w.sugar.contacts()) == before - len(names)


@case("approve", Trouble.HELD_CLEARING)
def approve_clearing(w: World, user: User, trouble: Trouble) -> None:
    answer(user, trouble, "approve")
    assert user.backlog() == []
    assert [record["title"] for record in w.sugar.contacts().values()].count("Rep") == 1


@case(
    "keep",
    Trouble.CONFLICT,
    Trouble.LOOP,
    Trouble.REJECTED,
    Trouble.FORBIDDEN,
    Trouble.CANNOT_HOLD,
    Trouble.HELD_CLEARING,
)
def keep_sugars(w: World, user: User, trouble: Trouble) -> None:
    titles = {link.id: w.sugar.get(link.sugar_id)["title"] for link in user.links()}
    answer(user, trouble, "keep", answers={"title": "sugar"})
    assert user.backlog() == []
    for link in user.links():
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == titles[link.id]


@case("mend", Trouble.CANNOT_HOLD, Trouble.REJECTED, Trouble.CONFLICT)
def mend_title(w: World, user: User, trouble: Trouble) -> None:
    (link,) = user.links()
    answer(user, trouble, "mend", values={"title": "Mended"}, side="google", key="k-mended")
    if trouble is Trouble.CONFLICT:  # still one, between the mended value and the other
        answer(user, trouble, "keep", answers={"title": "google"})
    assert user.backlog() == []
    assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == "Mended"
    mended = [field for row in user.history() for field in row["fields"] if field["why"] == "mended by you"]
    assert [(field["name"], field["to"], field["after"]) for field in mended] == [("title", "google", "Mended")]


@case("mend", Trouble.UNREADABLE)
def mend_email(w: World, user: User, trouble: Trouble) -> None:
    (link,) = user.links()
    answer(user, trouble, "mend", values={"emails": "ada@x.org, lovelace@x.org"}, side="google")
    assert user.backlog() == []
    mails = {mail["value"] for mail in user.account.person(link.google_id)["emailAddresses"]}
    assert mails == {"ada@x.org", "lovelace@x.org"}
    assert {mail["email_address"] for mail in w.sugar.get(link.sugar_id)["email"]} == mails


@case("choose", Trouble.AMBIGUOUS, Trouble.SAME_NAME, Trouble.DOUBTFUL_CREATE)
def choose(w: World, user: User, trouble: Trouble) -> None:
    doc = next(doc for doc in user.backlog() if doc.data["class"] == trouble.value and choices(doc.data))
    chosen = choices(doc.data)[-1]
    before = len(w.sugar.contacts()), len(user.account.people())
    user.wish(kind="release", entries=[doc.id], action="choose", candidates=(chosen,))
    rest(user)
    (link,) = user.links()
    assert chosen[2:] in (link.sugar_id, link.google_id.replace("/", ":"))
    assert (len(w.sugar.contacts()), len(user.account.people())) == before
    assert doc.id not in [each.id for each in user.backlog()]


@case(
    "different",
    Trouble.AMBIGUOUS,
    Trouble.SAME_NAME,
    Trouble.ALREADY_LINKED,
    Trouble.OUT_OF_SCOPE_MATCH,
    Trouble.DOUBTFUL_CREATE,
)
def different(w: World, user: User, trouble: Trouble) -> None:
    """All are people of their own, and nobody asks again."""
    for _ in range(3):
        for doc in user.backlog():
            user.wish(kind="release", entries=[doc.id], action="different")
        rest(user)
    assert user.backlog() == []
    assert len(w.sugar.contacts()) - (trouble is Trouble.OUT_OF_SCOPE_MATCH) == len(user.account.people())
    for record in w.sugar.contacts():
        w.sugar.edit(record, description="looked at again")
    settle(user)
    assert user.backlog() == []


@case("delete_both", Trouble.DELETED_AND_EDITED, Trouble.MERGED)
def delete_both(w: World, user: User, trouble: Trouble) -> None:
    (doc,) = user.backlog()
    answer(user, trouble, "delete_both")
    assert user.backlog() == []
    assert doc.data["ids"]["sugar"] not in w.sugar.contacts()
    assert not user.account.lives(doc.data["ids"]["google"])


@pytest.mark.parametrize(("cls", "action"), [(cls, action) for cls, had in ACTIONS.items() for action in had])
def test_every_class_is_resolved_by_each_of_its_actions(cls: str, action: str) -> None:
    with world() as w:
        user = scene(w, Trouble(cls))
        assert action in {one for doc in user.backlog() if doc.data["class"] == cls for one in actions(doc.data)}
        CASES[cls, action](w, user, Trouble(cls))
        assert user.head().backlog == len(user.backlog())
        assert user.head().answered == len(user.backlog("never")) + len(user.backlog("different"))
        fixed_point(user)


def test_no_case_is_for_an_action_that_there_is_not() -> None:
    assert set(ACTIONS) == {trouble.value for trouble in Trouble}
    assert {(cls, action) for cls, had in ACTIONS.items() for action in had} == CASES.keys()
