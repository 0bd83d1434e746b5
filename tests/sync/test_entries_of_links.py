"""Entries of contacts that become part of a link are closed with them."""

from __future__ import annotations

import pytest

from tests.sync.stage import BOTH, linked, person, settle, troubles
from tests.world import world


@pytest.mark.parametrize("both", [False, True])
def test_releasing_one_half_of_a_pair_that_is_certain_now_links_it_and_closes_both_entries(both: bool) -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], account_name="E")
        known = user.account.add(person("Ada", "Byron", organizations=[{"name": "E"}]))
        settle(user)
        assert troubles(user) == ["same name", "same name"]
        user.account.edit(known, emailAddresses=[{"value": "ada@x.org"}])
        settle(user)
        user.wish(kind="release", entries=[doc.id for doc in user.backlog() if both or doc.data["ids"]["sugar"]])
        settle(user)
        assert len(user.links()) == 1
        assert user.backlog() == user.backlog("released") == []
        assert user.head().backlog == 0


def test_a_duplicate_that_the_user_keeps_in_a_merge_takes_its_entry_along() -> None:
    with world() as w:
        user, link = linked(w)
        duplicate = user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        assert troubles(user) == ["already linked"]
        user.account.merge(duplicate, link.google_id)
        settle(user)
        settle(user)
        assert troubles(user) == []
        assert [link.google_id for link in user.links()] == [duplicate]
