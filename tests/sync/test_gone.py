"""What is gone from Sugar is answered in bulk."""

from __future__ import annotations

from tests.sync.stage import BOTH, settle, troubles
from tests.world import world


def test_an_approval_says_that_they_were_deleted() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(30):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        settle(user)
        hidden = user.links()[:12]
        for link in hidden:
            w.sugar.hide(link.sugar_id, user.sugar_user)
            user.account.edit(link.google_id, urls=[{"value": "https://example.org", "type": "profile"}])
        settle(user)
        assert troubles(user) == ["gone from Sugar"] * 12
        user.wish(kind="release", cls="gone from Sugar", action="approve")
        settle(user)
        assert troubles(user) == []
        assert len(user.account.people()) == 18
