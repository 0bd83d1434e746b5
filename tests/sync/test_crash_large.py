"""A crash between two commits of one result: what is too large for one commit is kept in parts."""

from __future__ import annotations

from random import Random

import pytest

from tests.sync.crashes import Crash, Steps, rest
from tests.sync.moments import LONG
from tests.sync.scenarios import BOTH
from tests.world import world

PEOPLE = 18
"""With notes of 100 kB each, in the link and in the history: more than one commit holds."""
_LETTERS = [chr(0x4E00 + n) for n in range(20_000)]


@pytest.mark.long
def test_a_crash_between_two_parts_of_a_result_loses_and_doubles_nobody() -> None:
    """None of them has an email: only what was committed tells that their copies are known."""
    with world() as w:
        user = w.user(**BOTH)
        for n in range(PEOPLE):
            notes = "".join(Random(n).choices(_LETTERS, k=33_000))  # noqa: S311 - text that does not compress
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", description=notes)
        w.clock.advance(300)
        parts = 0

        def crash(name: str) -> None:
            nonlocal parts
            parts += name == "before commit" and user.account.size == PEOPLE
            if parts == 2:
                raise Crash(name)

        w.store.on_step = crash
        with pytest.raises(Crash):
            user.run()
        Steps.off(w)
        assert 0 < len(user.links()) < PEOPLE, "the first part is kept, the last one is not"
        w.clock.advance(LONG)
        rest(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == len(user.links()) == PEOPLE
        assert user.backlog() == []
        told = [kind for row in user.history() for kind in row["kinds"] if kind == "create google"]
        assert len(told) == PEOPLE, "each create is told once"
