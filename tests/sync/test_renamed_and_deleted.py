"""Contacts that got another name in Google and were deleted under it, before either had its turn."""

from __future__ import annotations

import pytest

from tests.simulators.people.switches import Switches
from tests.sync.cast import asked_about, dies
from tests.sync.crashes import rest
from tests.sync.scenarios import BOTH
from tests.sync.stage import linked
from tests.world import world


def test_who_was_renamed_and_deleted_with_an_entry_stops_nobody() -> None:
    with world(people=Switches(rename_tombstone=True)) as w:
        user, old = asked_about(w)
        new = user.account.rename_resource(old)
        w.clock.advance(60)
        dies(user, lambda step: step == "after commit" and bool(user.head().queue.get("feed")))  # observed
        user.account.remove(new)
        rest(user)
        assert not [doc.id for doc in user.backlog() if doc.id.startswith("g")]


@pytest.mark.parametrize("tombstone", [False, True])
def test_who_was_renamed_and_deleted_before_its_turn_is_deleted_in_sugar(tombstone: bool) -> None:
    """The link knows the former name alone, and the tombstone the new one."""
    with world(people=Switches(rename_tombstone=tombstone)) as w:
        user, link = linked(w)
        after = user.account.rename_resource(link.google_id)
        w.clock.advance(60)
        user.engine.preview()
        user.account.remove(after)
        w.clock.advance(60)
        rest(user)
        assert not w.sugar.contacts()


def test_a_deletion_in_doubt_of_who_was_renamed_comes_to_an_end() -> None:
    """Nobody waits for ever for a proof that was let go: it tells of the new name, the link knows the former one."""
    with world() as w:
        user, link = linked(w, w.user(**BOTH, leaves_scope="delete"))
        user.account.rename_resource(link.google_id)
        w.clock.advance(60)
        user.engine.preview()
        w.sugar.edit(link.sugar_id, assigned_user_id="other")
        w.clock.advance(60)
        dies(user, lambda step: step == "before commit" and not user.account.people())
        rest(user)
        assert not user.account.people()
        assert list(w.sugar.contacts()) == [link.sugar_id]
