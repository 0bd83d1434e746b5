"""Requests that land after the recovery: beyond the quiet period, with our key or without one."""

from __future__ import annotations

from tests.sync.crashes import fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.world import world


def test_a_google_create_that_lands_after_it_was_sent_again_is_removed() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(6):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        w.people_wire.fault("late", path="batchCreateContacts")
        user.run()
        rest(user)  # long beyond the quiet period: sent again
        assert len(user.account.people()) == 6
        assert w.people_wire.land() == 1
        assert len(user.account.people()) == 12
        rest(user)
        assert len(user.account.people()) == 6
        assert sorted(link.google_id for link in user.links()) == sorted(
            p["resourceName"] for p in user.account.people()
        )
        assert user.backlog() == []
        fixed_point(user)


def test_a_late_copy_that_the_user_has_edited_stays_and_is_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"])
        w.people_wire.fault("late", path="createContact")
        user.run()
        rest(user)
        known = {p["resourceName"] for p in user.account.people()}
        w.people_wire.land()
        (copy,) = {p["resourceName"] for p in user.account.people()} - known
        user.account.edit(copy, nicknames=[{"value": "Countess"}])
        rest(user)
        assert user.account.lives(copy)
        assert [doc.data["class"] for doc in user.backlog()] == ["already linked"]


def test_a_create_whose_source_was_deleted_meanwhile_is_not_sent_again_and_a_late_copy_is_removed() -> None:
    with world() as w:
        user = w.user(**BOTH)
        ids = [w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"]) for n in range(6)]
        w.people_wire.fault("late", path="batchCreateContacts")
        user.run()
        w.sugar.remove(ids[0])
        rest(user)
        assert len(user.account.people()) == 5
        w.people_wire.land()
        rest(user)
        assert len(user.account.people()) == 5
        fixed_point(user)


def test_a_sugar_create_that_lands_after_it_was_sent_again_is_never_deleted_but_asked_about() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        w.clock.advance(60)
        w.sugar_wire.fault("late", method="POST", path="Contacts$")
        user.run()
        rest(user)
        assert len(w.sugar.contacts()) == 1
        w.sugar_wire.land()
        rest(user)
        assert len(w.sugar.contacts()) == 2
        assert [doc.data["class"] for doc in user.backlog()] == ["already linked"]


def test_a_contact_created_in_doubt_and_edited_meanwhile_keeps_the_edit() -> None:
    with world() as w:
        user = w.user(**BOTH, conflict="google")
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="Countess")
        w.people_wire.fault("cut_after", path="createContact")
        user.run()
        w.clock.advance(60)
        w.sugar.edit(record, title="Mathematician")
        rest(user)
        (only,) = user.account.people()
        assert only["organizations"][0]["title"] == "Mathematician"
        assert w.sugar.get(record)["title"] == "Mathematician"
        fixed_point(user)
