"""The lease and the calls: none is begun that could outlive it, and what is left goes on in the next run."""

from __future__ import annotations

from datetime import timedelta

from shared.sync.report import Status
from tests.simulators.wire import Request
from tests.sync.crashes import fixed_point, rest
from tests.sync.scenarios import BOTH, person
from tests.world import world

BULK_MAY_TAKE = 100
"""Seconds, connecting included."""


def test_no_call_is_begun_that_could_outlive_the_lease() -> None:
    """Bulks take a minute each, so the lease of five minutes ends in the middle of the writes."""
    with world() as w:
        user = w.user(**BOTH)
        for n in range(100):
            user.account.add(person("F", f"L{n}", f"p{n}@x.org"))
        w.clock.advance(300)

        def slow(request: Request, when: str) -> None:
            if when == "after":
                w.clock.advance(60 if request.path.endswith("/bulk") else 10)

        began = w.clock.now()
        w.sugar_wire.on_call = w.people_wire.on_call = slow
        report = user.run()
        w.sugar_wire.on_call = w.people_wire.on_call = None
        bulks = [call.at - began for call in w.calls() if call.request.path.endswith("/bulk")]
        assert report.status is Status.LATER, report
        assert 0 < len(w.sugar.contacts()) < 100, "the lease ended in the middle of the writes"
        assert max(bulks) <= timedelta(seconds=w.limits.lease - BULK_MAY_TAKE), bulks
        rest(user)
        assert len(w.sugar.contacts()) == len(user.account.people()) == 100
        assert user.backlog() == []
        fixed_point(user)
