"""Creates in doubt, while users merge, delete, restore and answer: nobody is linked twice, and nobody comes back."""

from __future__ import annotations

import pytest

from shared.sync.link import Link
from shared.sync.undo.ask import UndoAsk
from tests.simulators.people.switches import Shows
from tests.sync.cast import SHOWS, classes, dies, linked_once, names, showing, two
from tests.sync.crashes import fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import titled
from tests.world import User, World, world

FAULTS = ["cut_before", "cut_after", "late"]


@pytest.mark.parametrize("shows", SHOWS)
def test_a_copy_in_doubt_that_was_merged_into_a_linked_contact_is_asked_about(shows: Shows) -> None:
    with showing(shows) as w:
        user = w.user(**BOTH)
        linked = user.account.add(person("Ann", "Miller", "ann@x.org"))
        user.sync()
        rest(user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        w.people_wire.fault("cut_after", path="createContact")
        user.run()
        copy = next(p["resourceName"] for p in user.account.people() if p["resourceName"] != linked)
        user.account.merge(linked, copy)
        rest(user)
        assert names(w) == ["Byron", "Miller"]
        assert classes(user)
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
def test_what_was_made_again_in_doubt_and_merged_is_not_linked_twice(shows: Shows) -> None:
    with showing(shows) as w:
        user, ann, ada = two(w)
        w.sugar.edit(next(link.sugar_id for link in user.links() if link.google_id == ann), title="Doctor")
        user.account.remove(ann)
        rest(user)
        (entry,) = user.backlog()
        user.wish(kind="release", entries=[entry.id], action="restore")
        w.people_wire.fault("cut_after", path="createContact")
        user.run()
        assert user.head().open
        copy = next(p["resourceName"] for p in user.account.people() if p["resourceName"] != ada)
        user.account.merge(ada, copy)
        rest(user)
        assert names(w) == ["Byron", "Miller"]
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_the_key_that_an_heir_has_from_a_merge_proves_nothing(shows: Shows, fault: str) -> None:
    with showing(shows) as w:
        user, ann, ada = two(w)
        user.account.merge(ada, ann)
        rest(user)
        (entry,) = user.backlog()
        assert entry.data["class"] == "merged"
        user.wish(kind="release", entries=[entry.id], action="restore")
        w.people_wire.fault(fault, path="createContact")
        user.run()
        assert user.head().open
        user.account.edit(ada, organizations=titled("Countess"))
        rest(user)
        assert names(w) == ["Byron", "Miller"]
        linked_once(user)


def test_one_record_is_what_one_create_has_made() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for _ in range(2):
            user.account.add(person("John", "Smith"))
        user.sync()
        rest(user)
        for link in user.links():
            w.sugar.remove(link.sugar_id)
            user.account.edit(link.google_id, organizations=titled("Rep"))
        rest(user)
        user.wish(kind="release", entries=[doc.id for doc in user.backlog()], action="restore")
        w.sugar_wire.fault("cut_after", path="bulk")
        user.run()
        assert user.head().open
        w.sugar.remove(next(iter(w.sugar.contacts())))
        rest(user)
        linked_once(user)


@pytest.mark.parametrize("mails", [["ada@x.org"], []], ids=["email", "no email"])
def test_what_was_given_up_and_lands_after_all_does_not_bring_back_its_source(mails: list[str]) -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ann", last_name="Miller", email=["ann@x.org"])
        user.sync()
        rest(user)
        source = user.account.add(person("Ada", "Byron", *mails))
        w.clock.advance(60)
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        assert user.head().open
        user.account.remove(source)
        rest(user)
        assert not user.head().open
        w.sugar_wire.land()
        rest(user)
        assert len(user.account.people()) == 1
        assert classes(user) == ["doubtful create"]
        fixed_point(user)


def test_what_lands_after_a_person_has_said_that_none_is_it_is_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron"))
        w.clock.advance(60)
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        assert user.head().open
        w.clock.advance(60)
        w.sugar.add(by=user.sugar_user, first_name="Bob", last_name="Byron", title="x")
        rest(user)
        user.wish(kind="release", entries=[doc.id for doc in user.backlog()], action="different")
        rest(user)
        w.sugar_wire.land()
        rest(user)
        assert len(user.account.people()) == 2
        assert classes(user)
        fixed_point(user)


@pytest.mark.parametrize("known", [True, False], ids=["into linked", "into new"])
@pytest.mark.parametrize("batch", [100, 1])
def test_a_merge_that_the_key_alone_tells_of_deletes_nobody(batch: int, known: bool) -> None:
    with showing("tombstone", batch=batch) as w:
        user = w.user(**BOTH)
        for n in range(12):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        solo = w.sugar.add(first_name="Solo", last_name="Sugar")
        user.sync()
        rest(user)
        (link,) = [link for link in user.links() if link.sugar_id == solo]
        others = [each.google_id for each in user.links() if each.id != link.id]
        target = others[0] if known else user.account.add(person("New", "Name", "new@x.org"))
        user.account.merge(target, link.google_id)
        rest(user)
        assert solo in w.sugar.contacts()
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
@pytest.mark.parametrize("doubt", [False, True], ids=["answered", "in doubt"])
def test_a_merge_into_a_contact_whose_create_was_just_found_is_noticed(shows: Shows, doubt: bool) -> None:
    with showing(shows) as w:
        user = w.user(**BOTH)
        first = user.account.add(person("Ann", "Miller", "ann@x.org"))
        user.sync()
        rest(user)
        second = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        if doubt:
            w.sugar_wire.fault("cut_after", path="Contacts$")
        user.run()
        user.account.merge(second, first)
        w.clock.advance(60)
        user.run()
        rest(user)
        assert classes(user) == ["merged"]
        linked_once(user)


def test_an_undo_makes_nobody_again_while_another_create_is_in_doubt() -> None:
    with world() as w:
        user = w.user(**BOTH)
        there = [user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org")) for n in range(12)]
        user.sync()
        rest(user)
        user.account.remove(there[0])
        rest(user)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault("late", path="Contacts$")
        user.run()
        assert user.head().open
        rows = w.store.query(user.paths.collection("history"))
        (row,) = [doc.id for doc in rows if "delete sugar" in doc.data["kinds"]]
        planned = user.engine.undo(UndoAsk(row=row)).order
        assert planned is not None
        before = len(w.sugar.contacts())
        assert user.engine.run(plan=planned.id).writes == 0
        assert len(w.sugar.contacts()) == before
        w.sugar_wire.land()
        rest(user)
        assert len(w.sugar.contacts()) == 13
        linked_once(user)


@pytest.mark.parametrize("delete", [True, False], ids=["deletes", "keeps"])
def test_a_late_copy_of_a_contact_that_was_deleted_meanwhile_is_asked_about(delete: bool) -> None:
    with world() as w:
        user = w.user(**{**BOTH, "from_google": {"update": True, "create": True, "delete": delete}})
        for n in range(12):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        user.sync()
        rest(user)
        source = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        w.people_wire.fault("late", path="createContact")
        user.run()
        assert user.head().open
        rest(user)
        (link,) = [link for link in user.links() if link.sugar_id == source]
        user.account.remove(link.google_id)
        rest(user)
        w.people_wire.land()
        rest(user)
        assert classes(user) == ["doubtful create"]
        assert (source in w.sugar.contacts()) is not delete
        fixed_point(user)


@pytest.mark.parametrize("together", [True, False], ids=["together", "one after the other"])
@pytest.mark.parametrize("release", [True, False])
def test_who_was_merged_away_does_not_follow_the_other_one_to_a_new_name(together: bool, release: bool) -> None:
    with showing("previous") as w:
        user, ann, ada = two(w)
        user.account.merge(ada, ann)
        if not together:
            rest(user)
        after = user.account.rename_resource(ada)
        rest(user)
        if release:
            user.wish(kind="release")
            rest(user)
        names_now = {w.sugar.get(link.sugar_id)["last_name"]: link.google_id for link in user.links()}
        assert names_now["Byron"] == after
        assert names(w) == ["Byron", "Miller"]
        assert classes(user) == ["merged"]
        linked_once(user)


def beside_a_doubt(w: World, fault: str, *, inside: bool = True) -> tuple[User, Link, str]:
    """Ann is linked, with our key in Google; Ada's create in Sugar is in doubt.

    Args:
        inside: whether Ann is left in scope in Sugar.

    Returns:
        Ann's link, and Ada's name in Google.
    """
    user = w.user(**BOTH)
    user.account.add(person("Ann", "Miller", "ann@x.org"))
    user.sync()
    rest(user)
    (link,) = user.links()
    w.sugar.edit(link.sugar_id, title="Doctor")
    rest(user)  # our key stands in Google now
    source = user.account.add(person("Ada", "Byron", "ada@x.org"))
    if not inside:
        w.sugar.edit(link.sugar_id, assigned_user_id="somebody-else")
    w.clock.advance(60)
    w.sugar_wire.fault(fault, path="Contacts$")
    user.run()
    assert user.head().open
    if fault == "cut_after":
        copy = next(record for record in w.sugar.contacts() if record != link.sugar_id)
        w.sugar.edit(copy, title="Countess")  # so that it does not read as sent
    return user, link, source


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_create_in_doubt_is_settled_though_its_source_has_become_part_of_a_link(fault: str) -> None:
    with showing("both") as w:
        user, link, source = beside_a_doubt(w, fault)
        user.account.merge(source, link.google_id)
        rest(user)
        assert user.head().open == []
        assert user.links()[0].google_id == source
        fixed_point(user)


@pytest.mark.parametrize("shows", SHOWS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("inside", [True, False], ids=["in scope", "out of scope"])
def test_no_link_moves_onto_a_contact_whose_own_create_is_in_doubt(fault: str, shows: Shows, inside: bool) -> None:
    with showing(shows) as w:
        user, link, source = beside_a_doubt(w, fault, inside=inside)
        user.account.merge(source, link.google_id)
        w.clock.advance(60)
        user.run()  # the feed tells of the merge while nothing shows yet whether the create has happened
        w.sugar_wire.land()
        rest(user)
        assert user.head().open == []
        assert link.sugar_id in w.sugar.contacts()
        assert len(w.sugar.contacts()) <= 2
        linked_once(user)


@pytest.mark.parametrize("fault", FAULTS)
def test_nobody_is_linked_with_a_contact_whose_own_create_is_in_doubt(fault: str) -> None:
    with world() as w:
        user = w.user(**{**BOTH, "from_sugar": {**BOTH["from_sugar"], "create": False}})
        older = w.sugar.add(first_name="Ada", last_name="Byron")
        user.sync()
        rest(user)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault(fault, path="Contacts$")
        user.run()
        assert user.head().open
        w.sugar.edit(older, email=["ada@x.org"])
        w.clock.advance(60)
        user.run()
        w.sugar_wire.land()
        rest(user)
        assert user.head().open == []
        assert len(w.sugar.contacts()) == (1 if fault == "cut_before" else 2)
        assert len(user.links()) == 1
        fixed_point(user)


def test_what_a_create_in_doubt_has_made_is_known_to_be_gone_before_the_weekly_listing() -> None:
    """Its tombstone names no key, and no link names it: the run that found it crashed."""
    with world() as w:
        user = w.user(**BOTH)
        rest(user)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.clock.advance(60)
        w.people_wire.fault("cut_after", path="createContact")
        user.run()
        w.clock.advance(60)
        dies(user, lambda step: step == "before commit" and bool(user.head().found))
        (made,) = (p["resourceName"] for p in user.account.people())
        user.account.remove(made)
        w.clock.advance(60)
        rest(user, most=30, pause=300.0)
        assert user.head().remaining == 0
        assert classes(user) == ["deleted and edited"]  # nobody knows any more what the two agreed on
