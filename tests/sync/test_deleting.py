"""Deleting: tombstones both ways, what never comes back by itself, and the guard against mass deletion."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import SideName
from shared.sync.link import LinkState
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.sync.crashes import fixed_point, rest
from tests.sync.stage import (
    BOTH,
    ON,
    entry,
    link_of,
    linked,
    many,
    only,
    person,
    settle,
    title_in_google,
    titled,
    troubles,
    watched,
)
from tests.world import User, World, world

DAY = 24 * 3600.0


def remove(w: World, user: User, side: SideName, link: Any) -> None:
    if side is SideName.SUGAR:
        w.sugar.remove(link.sugar_id)
    else:
        user.account.remove(link.google_id)


def lives(w: World, user: User, side: SideName, link: Any) -> bool:
    return link.sugar_id in w.sugar.contacts() if side is SideName.SUGAR else user.account.lives(link.google_id)


@pytest.mark.parametrize("side", list(SideName))
def test_deleted_here_and_untouched_there_is_deleted_there(side: SideName) -> None:
    with world() as w:
        user, link = linked(w)
        remove(w, user, side, link)
        settle(user)
        assert not lives(w, user, side.other, link)
        assert user.backlog() == []
        (row,) = [row for row in user.history() if "delete" in row["kinds"]]
        assert row["native"][side.other.value]["before"]
        assert row["native"][side.other.value]["after"] is None
        fixed_point(user)


@pytest.mark.parametrize("side", list(SideName))
def test_with_delete_off_the_other_one_stays_and_never_brings_it_back(side: SideName) -> None:
    with world() as w:
        user, link = linked(w, w.user(**{**BOTH, f"from_{side}": only(delete=False)}))
        remove(w, user, side, link)
        with watched(w) as sent:
            settle(user)
            assert link_of(user, link.sugar_id).state is LinkState.TOMBSTONE
            # Neither an edit of what stays, nor a sweep weeks later, nor the switch brings it back or deletes it.
            if side is SideName.SUGAR:
                user.account.edit(link.google_id, organizations=titled("Edited"))
            else:
                w.sugar.edit(link.sugar_id, title="Edited")
            settle(user)
            for _ in range(4):
                w.clock.advance(9 * DAY)
                settle(user)
            user.set(**{f"from_{side}": ON})
            settle(user)
        assert sent.sugar == sent.google == 0
        assert lives(w, user, side.other, link)
        assert not lives(w, user, side, link)
        assert user.backlog() == []


@pytest.mark.parametrize("side", list(SideName))
def test_restored_by_the_user_it_lives_again_and_merges_with_its_base(side: SideName) -> None:
    with world() as w:
        user, link = linked(w, w.user(**{**BOTH, f"from_{side}": only(delete=False)}))
        remove(w, user, side, link)
        settle(user)
        if side is SideName.SUGAR:
            user.account.edit(link.google_id, organizations=titled("Edited"))
            settle(user)
            w.sugar.undelete(link.sugar_id)
        else:
            w.sugar.edit(link.sugar_id, title="Edited")
            settle(user)
            user.account.restore(link.google_id)
        settle(user)
        assert link_of(user, link.sugar_id).state is LinkState.LIVE
        assert title_in_google(user, link) == w.sugar.get(link.sugar_id)["title"] == "Edited"
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        fixed_point(user)


def test_restored_in_google_under_another_name_it_is_the_same_contact() -> None:
    with world(people=PeopleSwitches(restore_keeps_name=False)) as w:
        user, link = linked(w, w.user(**{**BOTH, "from_google": only(delete=False)}))
        user.account.remove(link.google_id)
        settle(user)
        name = user.account.restore(link.google_id)
        settle(user)
        assert link_of(user, link.sugar_id).google_id == name
        assert link_of(user, link.sugar_id).state is LinkState.LIVE
        assert len(w.sugar.contacts()) == 1
        fixed_point(user)


@pytest.mark.parametrize("side", list(SideName))
def test_entered_anew_by_the_user_it_lives_again_and_is_not_doubled(side: SideName) -> None:
    with world() as w:
        user, link = linked(w, w.user(**{**BOTH, f"from_{side}": only(delete=False)}))
        remove(w, user, side, link)
        settle(user)
        if side is SideName.SUGAR:
            w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        else:
            user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 1
        assert [each.state for each in user.links()] == [LinkState.LIVE]
        fixed_point(user)


@pytest.mark.parametrize("side", list(SideName))
def test_deleted_on_both_sides_is_closed_quietly(side: SideName) -> None:
    with world() as w:
        user, link = linked(w)
        remove(w, user, SideName.SUGAR, link)
        remove(w, user, SideName.GOOGLE, link)
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert user.backlog() == []
        assert link_of(user, link.sugar_id).both_gone_at
        fixed_point(user)


@pytest.mark.parametrize("side", list(SideName))
def test_deleted_here_and_edited_there_is_asked_about(side: SideName) -> None:
    with world() as w:
        user, link = linked(w)
        remove(w, user, side, link)
        if side is SideName.SUGAR:
            user.account.edit(link.google_id, organizations=titled("Edited"))
        else:
            w.sugar.edit(link.sugar_id, title="Edited")
        with watched(w) as sent:
            settle(user)
        assert sent.sugar == sent.google == 0
        assert troubles(user) == ["deleted and edited"]
        assert lives(w, user, side.other, link)


def test_deleted_and_edited_closes_when_the_user_deletes_both() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.remove(link.sugar_id)
        user.account.edit(link.google_id, organizations=titled("Edited"))
        settle(user)
        user.account.remove(link.google_id)
        settle(user)
        assert user.backlog() == []
        fixed_point(user)


def test_deleted_and_edited_goes_on_when_the_user_restores_and_releases() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.remove(link.sugar_id)
        user.account.edit(link.google_id, organizations=titled("Edited"))
        settle(user)
        w.sugar.undelete(link.sugar_id)
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert w.sugar.get(link.sugar_id)["title"] == "Edited"
        fixed_point(user)


def test_lost_sight_of_in_sugar_is_asked_about_and_deletes_nothing() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.hide(link.sugar_id, user.sugar_user)
        with watched(w) as sent:
            w.clock.advance(DAY + 60)
            settle(user)
        assert sent.sugar == sent.google == 0
        assert entry(user)["class"] == "gone from Sugar"
        w.sugar.show(link.sugar_id, user.sugar_user)
        w.sugar.edit(link.sugar_id, title="Back")
        user.wish(kind="release", cls="gone from Sugar")
        settle(user)
        assert user.backlog() == []
        assert title_in_google(user, link) == "Back"
        fixed_point(user)


def test_many_lost_sight_of_are_asked_about_each_and_answered_in_bulk() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 15)
        for link in links[:12]:
            w.sugar.hide(link.sugar_id, user.sugar_user)
        w.clock.advance(DAY + 60)
        settle(user)
        assert troubles(user) == ["gone from Sugar"] * 12
        assert len(user.account.people()) == 15
        for link in links[:12]:
            w.sugar.show(link.sugar_id, user.sugar_user)
        user.wish(kind="release", cls="gone from Sugar")
        settle(user)
        assert user.backlog() == []
        assert {link.state for link in user.links()} == {LinkState.LIVE}


@pytest.mark.parametrize("shows", ["tombstone", "previous", "both"])
def test_contacts_merged_in_googles_pages_delete_nothing_in_sugar(shows: Any) -> None:
    with world(people=PeopleSwitches(merge_shows=shows)) as w:
        user = w.user(**BOTH)
        keep, other = many(w, user, 2, title="Rep")
        user.account.merge(keep.google_id, other.google_id)
        settle(user)
        settle(user)
        assert set(w.sugar.contacts()) == {keep.sugar_id, other.sugar_id}
        assert len(user.account.people()) == 1
        assert troubles(user) == ["merged"]
        fixed_point(user)
        w.sugar.edit(other.sugar_id, title="Edited")
        settle(user)
        assert title_in_google(user, keep) == "Rep", "the one merged away no longer speaks for the other"
        w.sugar.remove(other.sugar_id)
        settle(user)
        assert user.backlog() == []
        assert set(w.sugar.contacts()) == {keep.sugar_id}
        fixed_point(user)


# -- the guard ---------------------------------------------------------------------------------------


def test_ten_a_day_pass_and_the_eleventh_waits_also_over_several_runs() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 20)
        for link in links[:6]:
            w.sugar.remove(link.sugar_id)
        settle(user)
        assert len(user.account.people()) == 14
        for link in links[6:10]:
            w.sugar.remove(link.sugar_id)
        settle(user)
        assert len(user.account.people()) == 10
        w.sugar.remove(links[10].sugar_id)
        settle(user)
        assert len(user.account.people()) == 10
        assert troubles(user) == ["held: mass deletion"]
        w.clock.advance(DAY)
        w.sugar.remove(links[11].sugar_id)
        settle(user)
        assert len(user.account.people()) == 9, "a day later one more passes; the held one waits for a person"
        assert troubles(user) == ["held: mass deletion"]


@pytest.mark.parametrize("side", list(SideName))
def test_a_mass_deletion_is_held_while_everything_else_goes_on_and_approval_exempts_exactly_those(
    side: SideName,
) -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 30, title="Rep")
        gone, later, edited = links[:12], links[12], links[13]
        for link in gone:
            remove(w, user, side, link)
        w.sugar.edit(edited.sugar_id, title="Edited")
        settle(user)
        assert all(lives(w, user, side.other, link) for link in gone)
        assert title_in_google(user, edited) == "Edited"
        assert troubles(user) == ["held: mass deletion"] * 12
        held = sorted(user.backlog(), key=lambda doc: str(doc.data["ids"]["sugar"]))
        approved = {doc.data["ids"][side.other.value] for doc in held[:5]}
        user.wish(kind="release", entries=[doc.id for doc in held[:5]], action="approve")
        settle(user)
        dead = {link.id_on(side.other) for link in gone if not lives(w, user, side.other, link)}
        assert dead == approved
        assert troubles(user) == ["held: mass deletion"] * 7
        remove(w, user, side, later)
        settle(user)
        assert lives(w, user, side.other, later), "the approval was for those five only"
        user.wish(kind="release", cls="held: mass deletion", action="approve")
        settle(user)
        assert not any(lives(w, user, side.other, link) for link in [*gone, later])
        assert user.backlog() == []
        fixed_point(user)


def test_released_without_approval_a_mass_deletion_is_held_again() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for link in many(w, user, 15)[:12]:
            w.sugar.remove(link.sugar_id)
        settle(user)
        user.wish(kind="release", cls="held: mass deletion")
        settle(user)
        assert len(user.account.people()) == 15
        assert troubles(user) == ["held: mass deletion"] * 12


def test_a_mass_deletion_larger_than_a_batch_is_held_from_its_first_batch_on() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 120)
        for link in links[:110]:
            user.account.remove(link.google_id)
        settle(user)
        assert len(w.sugar.contacts()) == 120
        assert troubles(user) == ["held: mass deletion"] * 110


def test_restoring_what_was_deleted_by_mistake_and_releasing_goes_on() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 15)[:12]
        for link in links:
            user.account.remove(link.google_id)
        settle(user)
        for link in links:
            user.account.restore(link.google_id)
        user.wish(kind="release")
        settle(user)
        assert user.backlog() == []
        assert len(w.sugar.contacts()) == len(user.account.people()) == 15
        assert {link.state for link in user.links()} == {LinkState.LIVE}
        fixed_point(user)


def test_clearing_the_same_field_everywhere_is_held_and_other_fields_go_on() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 20, title="Rep", department="Sales")
        for n, link in enumerate(links[:14]):
            w.sugar.edit(link.sugar_id, title="", department=f"D{n}")
        settle(user)
        for n, link in enumerate(links[:14]):
            (org,) = user.account.person(link.google_id)["organizations"]
            assert (org["title"], org["department"]) == ("Rep", f"D{n}")
        assert troubles(user) == ["held: mass clearing"] * 14
        assert {doc.data["whole"] for doc in user.backlog()} == {False}
        fixed_point(user)
        first = user.backlog()[0]
        user.wish(kind="release", entries=[first.id], action="approve")
        settle(user)
        assert [title_in_google(user, link) for link in links].count("") == 1
        user.wish(kind="release", action="approve")
        settle(user)
        assert [title_in_google(user, link) for link in links[:14]] == [""] * 14
        assert user.backlog() == []
        fixed_point(user)


def test_clearing_different_fields_passes() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 16, title="Rep", department="Sales")
        for link in links[:8]:
            w.sugar.edit(link.sugar_id, title="")
        for link in links[8:]:
            w.sugar.edit(link.sugar_id, department="")
        settle(user)
        assert user.backlog() == []
        assert [title_in_google(user, link) for link in links[:8]] == [""] * 8


@pytest.mark.parametrize("side", list(SideName))
def test_a_side_that_reads_empty_deletes_nothing(side: SideName) -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 5)
        for link in links:
            remove(w, user, side, link)
        if side is SideName.SUGAR:
            w.sugar.prune()
        else:
            user.account.expire_sync_tokens()
        w.clock.advance(7 * DAY)
        with watched(w) as sent:
            settle(user)
            settle(user)
        assert sent.sugar == sent.google == 0
        assert len(w.sugar.contacts()) + len(user.account.people()) == 5
        assert len(troubles(user)) == 5


def test_who_approved_clearings_has_not_approved_deletions() -> None:
    with world() as w:
        user = w.user(**BOTH)
        links = many(w, user, 30, title="Boss")
        rest(user)
        for link in links[:15]:
            w.sugar.edit(link.sugar_id, title="")
        settle(user)
        assert troubles(user) == ["held: mass clearing"] * 15
        user.wish(kind="release", cls="held: mass clearing", action="approve")
        for link in links[:15]:
            w.sugar.remove(link.sugar_id)
        w.clock.advance(60)
        rest(user)
        assert troubles(user) == ["held: mass deletion"] * 15
        assert len(user.account.people()) == 30
