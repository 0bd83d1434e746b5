"""Very many contacts with one email: nobody is doubled because not all of them could be read."""

from __future__ import annotations

import pytest

from tests.sync.scenarios import BOTH, person
from tests.world import world


@pytest.mark.long
def test_a_crowd_behind_one_email_is_asked_about_and_not_created_again() -> None:
    with world() as w:
        user = w.user(**BOTH)
        w.sugar.add(first_name="Ada", last_name="Byron", email=["office@x.org"])
        w.sugar.add(first_name="Someone", last_name="Else", email=["else@x.org"])
        for n in range(350):
            user.account.add(person(f"F{n}", f"L{n}", "office@x.org"))
        w.clock.advance(60)
        user.sync()
        assert len(user.account.people()) == 351
        classes = {doc.data["class"] for doc in user.backlog()}
        assert classes == {"ambiguous match"}
        assert len(user.backlog()) == 351
