"""What has to be looked at though it seems known: saves of one second, quiet changes, lists that leave one out."""

from __future__ import annotations

import json

from tests.simulators.wire import Reply, Request
from tests.sync.crashes import fixed_point, rest
from tests.sync.scenarios import BOTH
from tests.sync.stage import link_of, linked, settle, title_in_google, titled, troubles
from tests.world import world

DAY = 86_400.0


def test_an_edit_within_the_second_of_our_own_write_arrives() -> None:
    """Sugar's versions are whole seconds: the user's save carries that of ours."""
    with world() as w:
        user, link = linked(w)
        user.account.edit(link.google_id, organizations=titled("Mathematician"))
        w.clock.advance(300)
        user.run()
        ours = w.sugar.get(link.sugar_id)
        assert ours["title"] == "Mathematician"
        w.sugar.edit(link.sugar_id, title="Enchantress")
        assert w.sugar.get(link.sugar_id)["date_modified"] == ours["date_modified"]
        rest(user)
        assert title_in_google(user, link) == "Enchantress"
        fixed_point(user)


def test_an_edit_within_the_second_of_our_own_write_is_no_untouched_contact() -> None:
    """Deleted in Google right after it: a question, and no delete."""
    with world() as w:
        user, link = linked(w)
        user.account.edit(link.google_id, organizations=titled("Mathematician"))
        w.clock.advance(300)
        user.run()
        ours = w.sugar.get(link.sugar_id)
        w.sugar.edit(link.sugar_id, title="Enchantress")
        assert w.sugar.get(link.sugar_id)["date_modified"] == ours["date_modified"]
        user.account.remove(link.google_id)
        rest(user)
        assert [record["title"] for record in w.sugar.contacts().values()] == ["Enchantress"]
        assert troubles(user) == ["deleted and edited"]


def test_an_edit_within_the_second_of_our_read_arrives() -> None:
    """Both edits are the user's: one is read and synced, the other comes right after it."""
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, title="Mathematician")
        user.run()
        assert title_in_google(user, link) == "Mathematician"
        w.sugar.edit(link.sugar_id, title="Enchantress")
        rest(user)
        assert title_in_google(user, link) == "Enchantress"
        fixed_point(user)


def test_a_change_that_moves_no_date_arrives_within_a_week() -> None:
    with world() as w:
        user = w.user(**BOTH)
        account = w.sugar.add_account("Analytical Engines")
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], account_id=account)
        settle(user)
        link = link_of(user, record)
        w.sugar.rename_account(account, "Difference Engines")
        for _ in range(8):
            w.clock.advance(DAY - 1000)
            rest(user)
        (company,) = user.account.person(link.google_id)["organizations"]
        assert company["name"] == "Difference Engines"


def test_one_that_a_complete_list_leaves_out_is_not_deleted() -> None:
    """Absence is a reason to look, and the direct read finds it."""
    with world() as w:
        user, link = linked(w)
        linked(w, user, first_name="Mary", last_name="Somerville", email=["mary@x.org"])

        def without(_: Request, reply: Reply) -> Reply:
            rows = [row for row in reply.body.get("connections", ()) if row["resourceName"] != link.google_id]
            return Reply(reply.status, {**json.loads(json.dumps(reply.body)), "connections": rows}, reply.headers)

        user.account.expire_sync_tokens()
        w.people_wire.fault("garble", path="connections$", garble=without, times=None)
        rest(user)
        w.people_wire.heal()
        rest(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 2
        assert user.backlog() == []
        fixed_point(user)
