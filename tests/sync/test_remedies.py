"""Every class of entry, resolved by each of its actions, between the simulators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.names import SideName
from shared.people.fields import KEY_NAME
from shared.sync.link import LinkState
from shared.sync.plan.model import Trouble
from shared.sync.remedies import ACTIONS, actions, choices, keeps
from tests.simulators.sugar.errors import SugarError
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import (
    BOTH,
    entry,
    linked,
    person,
    settle,
    title_in_google,
    titled,
    troubles,
    watched,
)
from tests.sync.test_backlog import SCENES
from tests.sync.test_gone import leave_out
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


@case("restore", Trouble.DELETED_AND_EDITED, Trouble.MERGED, Trouble.HELD_DELETE)
def restore(w: World, user: User, trouble: Trouble) -> None:
    names = entries_of(user, trouble)
    answer(user, trouble, "restore")
    assert user.backlog() == []
    links = {link.id: link for link in user.links()}
    for name in names:
        link = links[name]
        assert link.state is LinkState.LIVE
        native, shown = w.sugar.get(link.sugar_id), user.account.person(link.google_id)
        assert native["last_name"] == shown["names"][0]["familyName"]
        assert native["title"] == title_in_google(user, link)
        keys = [each["value"] for each in shown.get("clientData", ()) if each["key"] == KEY_NAME]
        assert link.id in keys
    assert len(w.sugar.contacts()) == len(user.account.people())
    assert len([row for row in user.history() if "revive" in row["kinds"]]) == len(names)


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


WRITTEN = (Trouble.CANNOT_HOLD, Trouble.REJECTED, Trouble.FORBIDDEN)
"""Classes of what one side did not take."""


@pytest.mark.parametrize("trouble", [*WRITTEN, Trouble.CONFLICT, Trouble.LOOP, Trouble.HELD_CLEARING])
def test_every_value_that_is_offered_can_be_kept(trouble: Trouble) -> None:
    for whose in ("sugar", "google", "both"):
        with world() as w:
            user = scene(w, trouble)
            offered = {one for doc in user.backlog() for one in keeps(doc.data)["title"]}
            assert offered == {"sugar", "google", "both"} - ({"google"} if trouble in WRITTEN else set())
            answer(user, trouble, "keep", answers={"title": whose})
            # Sugar was to take Google's value, and did not: written once more, it comes straight back.
            assert (user.backlog() == []) == (whose in offered)


def test_of_several_fields_the_one_that_was_named_is_not_offered_again() -> None:
    with world() as w:
        user, link = linked(w)
        user.account.edit(
            link.google_id,
            organizations=titled("x" * 300),
            biographies=[{"value": "fits"}],
        )
        settle(user)
        assert keeps(entry(user)) == {"title": ["sugar", "both"]}

        def refuse(contact: dict[str, Any]) -> None:
            if contact.get("title") == "Forbidden word":
                raise SugarError("invalid_parameter", "The title is on the list of forbidden words")

        w.sugar.hooks.before_save.append(refuse)
        user.account.edit(link.google_id, organizations=[{"title": "Forbidden word", "department": "Poetry"}])
        user.wish(kind="release", entries=[user.backlog()[0].id])
        rest(user)
        # Which of them it was, Sugar does not say: any of them may yet be taken.
        assert all(len(possible) == 3 for possible in keeps(entry(user)).values())
        assert len(keeps(entry(user))) > 1


def test_of_a_contact_that_was_not_created_there_is_no_value_to_be_kept() -> None:
    with world() as w:

        def refuse(contact: dict[str, Any]) -> None:
            raise SugarError("invalid_parameter", "Not on a Sunday")

        user = w.user(**BOTH)
        w.sugar.hooks.before_save.append(refuse)
        user.account.add(person("Ada", "Byron", "ada@x.org", organizations=titled("Countess")))
        rest(user)
        (doc,) = user.backlog()
        assert doc.data["class"] == "rejected"
        assert doc.data["entries"][0]["fields"]
        assert actions(doc.data) == ["mend", "release", "never"]


def test_nobody_is_made_again_who_was_entered_anew() -> None:
    with world() as w:
        user = scene(w, Trouble.DELETED_AND_EDITED)
        (doc,) = user.backlog()
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        user.wish(kind="release", entries=[doc.id], action="restore")
        rest(user)
        assert len(user.account.people()) == 1
        (again,) = [each for each in user.backlog() if each.id == doc.id]
        assert (again.data["attempts"], again.data["class"]) == (2, "deleted and edited")
        assert "same email" in again.data["entries"][0]["message"]


def test_nor_where_that_one_is_not_found_once() -> None:
    with world() as w:
        user = scene(w, Trouble.DELETED_AND_EDITED)
        (doc,) = user.backlog()
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        user.wish(kind="release", entries=[doc.id], action="restore")
        leave_out(w, SideName.GOOGLE, times=None)
        assert user.run().counts == {"wait": 1}
        w.people_wire.heal()
        rest(user)
        assert len(user.account.people()) == 1
        assert troubles(user).count("deleted and edited") == 1


def test_an_edit_after_the_decision_is_not_deleted() -> None:
    with world() as w:
        user = scene(w, Trouble.DELETED_AND_EDITED)
        (doc,) = user.backlog()
        record = doc.data["ids"]["sugar"]
        w.sugar.edit(record, title="Edited again")
        user.wish(kind="release", entries=[doc.id], action="delete_both")
        rest(user)
        assert record in w.sugar.contacts()
        told = entry(user)
        assert told["attempts"] == 2
        assert "edited again since you decided" in told["entries"][0]["message"]
        user.wish(kind="release", entries=[doc.id], action="delete_both")
        rest(user)
        assert record not in w.sugar.contacts()


@pytest.mark.parametrize("what", ["gone", "linked"])
def test_a_candidate_that_cannot_be_chosen_any_more_brings_the_entry_back(what: str) -> None:
    with world() as w:
        user = scene(w, Trouble.AMBIGUOUS)
        doc = next(doc for doc in user.backlog() if doc.data["ids"]["sugar"])
        chosen, other = choices(doc.data)
        if what == "gone":
            user.account.remove(chosen[2:].replace(":", "/"))
        else:
            w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
            settle(user)
            twin = next(d for d in user.backlog() if d.data["ids"]["sugar"] and d.id != doc.id)
            user.wish(kind="release", entries=[twin.id], action="choose", candidates=(chosen,))
            rest(user)
        user.wish(kind="release", entries=[doc.id], action="choose", candidates=(chosen,))
        rest(user)
        (again,) = [each for each in user.backlog() if each.id == doc.id]
        assert again.data["attempts"] >= 2
        assert "that was chosen" in again.data["entries"][0]["message"]
        assert len(user.links()) == (what == "linked")
        assert other


def test_a_mended_value_that_is_not_right_either_writes_nothing_and_comes_back() -> None:
    with world() as w:
        user = scene(w, Trouble.CANNOT_HOLD)
        (doc,) = user.backlog()
        with watched(w) as sent:
            user.wish(
                kind="release", entries=[doc.id], action="mend", values={"title": "y" * 200}, side="google", key="k"
            )
            rest(user)
        assert sent.sugar == sent.google == 0
        told = entry(user)
        assert (told["attempts"], told["entries"][0]["problems"][0]["field"]) == (2, "title")


def test_a_contact_without_link_is_mended_before_it_is_created() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron", "ada@x.org", organizations=titled("x" * 300)))
        rest(user)
        (doc,) = user.backlog()
        user.wish(
            kind="release", entries=[doc.id], action="mend", values={"title": "Countess"}, side="google", key="k-mended"
        )
        rest(user)
        (record,) = w.sugar.contacts().values()
        assert (record["title"], user.backlog()) == ("Countess", [])
        assert {row["link"] for row in user.history()} == {"k-mended"}
        fixed_point(user)


def test_an_edit_after_the_mending_was_asked_for_is_not_overwritten() -> None:
    with world() as w:
        user = scene(w, Trouble.CANNOT_HOLD)
        (doc,) = user.backlog()
        user.account.edit(doc.data["ids"]["google"], organizations=titled("By hand"))
        user.wish(kind="release", entries=[doc.id], action="mend", values={"title": "Mended"}, side="google", key="k")
        rest(user)
        (link,) = user.links()
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == "By hand"
