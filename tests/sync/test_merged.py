"""Contacts that users merge while something else is under way: a plan, a create in doubt, a question."""

from __future__ import annotations

import pytest

from shared.sync.report import Status
from tests.simulators.people.switches import Shows, Switches
from tests.simulators.wire import Call
from tests.sync.cast import SHOWS, classes, linked_once, names, showing, two
from tests.sync.crashes import Crash, Steps, fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import titled
from tests.world import User, World, world


def crashes_after_the_write(w: World, user: User, *, plan: str = "") -> None:
    """A run that dies between a write and the commit that tells of it; then its lease is over."""

    def at(step: str) -> None:
        if step == "before commit" and any(map(_writes, [*w.sugar_wire.log[sugar:], *w.people_wire.log[people:]])):
            raise Crash(step)

    sugar, people = len(w.sugar_wire.log), len(w.people_wire.log)
    w.store.on_step = at
    with pytest.raises(Crash):
        user.engine.run(plan=plan)
    Steps.off(w)
    w.clock.advance(330)


def _writes(call: Call) -> bool:
    return call.request.path.endswith((":createContact", ":updateContact", "/Contacts")) or call.request.method == "PUT"


@pytest.mark.parametrize("shows", SHOWS)
def test_who_is_merged_into_a_contact_of_a_plan_is_looked_at_as_well(shows: Shows) -> None:
    """The plan knows its own contacts alone; the other one's only news is a name on that one's key::

    merged ──▶ planned, as a read shows it ──▶ carried out, crash before T2 ──▶ the feed shows it, Ann is taken in
    """
    with world(people=Switches(merge_shows=shows, feed_delay=10.0)) as w:
        user, ann, ada = two(w)
        w.sugar.edit(next(link.sugar_id for link in user.links() if link.google_id == ann), phone_home="650 253 0001")
        user.account.merge(ann, ada)
        order = user.engine.preview().order
        assert order is not None
        crashes_after_the_write(w, user, plan=order.id)
        rest(user)
        assert names(w) == ["Byron", "Miller"]
        assert classes(user) == ["merged"]
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
def test_the_new_name_of_one_who_took_another_in_is_followed_though_a_plan_is_about_that_one_alone(
    shows: Shows,
) -> None:
    """Ann is deleted in Sugar alone. One key tells that Ada took her in, and of Ada's new name; Ann's end is news."""
    with showing(shows) as w:
        user, ann, ada = two(w)
        user.set(from_sugar={"delete": False}, from_google={"update": False})
        w.sugar.remove(next(link.sugar_id for link in user.links() if link.google_id == ann))
        w.clock.advance(60)
        rest(user)
        w.clock.advance(600)
        rest(user)
        user.account.merge(ada, ann)
        after = user.account.rename_resource(ada)
        w.clock.advance(60)
        order = user.engine.preview().order
        assert order is not None
        user.engine.run(plan=order.id)
        rest(user)
        assert after in [link.google_id for link in user.links()]
        assert names(w) == ["Byron"]
        linked_once(user)


@pytest.mark.parametrize("shows", SHOWS)
@pytest.mark.parametrize("answered", [False, True], ids=["open", "answered"])
def test_the_question_about_who_is_merged_into_a_linked_contact_is_closed(answered: bool, shows: Shows) -> None:
    with world(people=Switches(merge_shows=shows)) as w:
        user, _, ada = two(w)
        duplicate = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        rest(user)
        assert classes(user) == ["already linked"]
        w.sugar.hide(next(link.sugar_id for link in user.links() if link.google_id == ada))
        user.account.merge(ada, duplicate)
        if answered:
            user.wish(kind="release", entries=[doc.id for doc in user.backlog()], action="different")
        rest(user)
        rest(user)
        assert classes(user) == ["gone from Sugar"]
        assert user.backlog("released") == user.backlog("different") == []
        assert (user.head().backlog, user.head().answered) == (1, 0)


def test_a_create_that_is_found_takes_the_update_along_that_followed_it() -> None:
    """Neither has told its result: the update is of a link that was never stored."""
    with world() as w:
        user = w.user(**BOTH)
        made = user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        crashes_after_the_write(w, user)
        user.account.edit(made, organizations=titled("Countess"))
        w.clock.advance(60)
        order = user.engine.preview().order
        assert order is not None
        crashes_after_the_write(w, user, plan=order.id)
        rest(user)
        (record,) = w.sugar.contacts().values()
        assert record["title"] == "Countess"
        told = [field["name"] for row in user.history() for field in row["fields"] if field["to"] == "sugar"]
        assert "title" in told
        linked_once(user)


def test_a_contact_with_an_update_and_a_create_in_doubt_is_one() -> None:
    """The update was to go along with a link that was not stored; its match is gone since, so a copy is made."""
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        match = user.account.add(person("Ada", "Byron", "ada@x.org", organizations=titled("Countess")))
        w.clock.advance(60)
        crashes_after_the_write(w, user)
        user.account.remove(match)
        w.clock.advance(60)
        order = user.engine.preview().order
        assert order is not None
        crashes_after_the_write(w, user, plan=order.id)
        assert user.run().status is Status.DONE
        rest(user)
        assert len(user.account.people()) == len(w.sugar.contacts()) == 1
        linked_once(user)


def test_an_update_in_doubt_is_told_although_its_record_was_out_of_sight_meanwhile() -> None:
    with world() as w:
        user, ann, _ = two(w)
        record = next(link.sugar_id for link in user.links() if link.google_id == ann)
        user.account.edit(ann, organizations=titled("Doctor"))
        w.clock.advance(60)
        crashes_after_the_write(w, user)
        w.sugar.hide(record)
        user.run()
        w.sugar.show(record)
        rest(user)
        assert w.sugar.get(record)["title"] == "Doctor"
        (row,) = [row for row in user.history() if "update sugar" in row["kinds"]]
        assert [(field["name"], field["after"]) for field in row["fields"]] == [("title", "Doctor")]
        fixed_point(user)
