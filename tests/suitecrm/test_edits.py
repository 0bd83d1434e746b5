"""Edits in the moment of our own write: a read after it shows them, and they must not be lost."""

from __future__ import annotations

import pytest

from tests import older
from tests.simulators.wire import Request
from tests.sync.crashes import fixed_point
from tests.sync.stage import linked, settle, title_in_google, titled
from tests.world import world


@pytest.mark.parametrize("edit", ["Edited in Sugar", ""])
def test_an_edit_right_after_our_write_arrives(edit: str) -> None:
    with world(crm="suitecrm") as w:
        user, link = linked(w)
        user.account.edit(link.google_id, organizations=titled("From Google"))
        w.clock.advance(60)

        def meanwhile(request: Request, when: str) -> None:
            if older.writes(request) and when == "after":
                w.sugar_wire.on_call = None
                w.clock.advance(3)
                w.sugar.edit(link.sugar_id, title=edit)

        w.sugar_wire.on_call = meanwhile
        user.run()
        settle(user)
        assert w.sugar.get(link.sugar_id)["title"] == title_in_google(user, link) == edit
        fixed_point(user)
