"""The first listing spreads over runs; nothing is decided before both sides have been seen whole."""

from __future__ import annotations

import pytest

from shared.names import SideName
from shared.sync.limits import Limits
from shared.sync.report import Status
from tests.conftest import IN_CI
from tests.sync.crashes import Crash, Steps, rest
from tests.sync.scenarios import BOTH, person
from tests.world import world


@pytest.mark.long
def test_observing_is_bounded_and_goes_on_in_the_next_run() -> None:
    with world(limits=Limits(observe=20.0)) as w:
        user = w.user(**BOTH)
        for n in range(1_500):
            w.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
        user.account.add(person("F7", "L7", "p7@x.org"))
        w.clock.advance(900)
        w.on_call = lambda _: w.clock.advance(3)
        reports = [user.run()]
        assert reports[0].status is Status.DONE
        assert reports[0].contacts == 0
        while not user.head().side(SideName.SUGAR).listed:
            reports.append(user.run())
            assert reports[-1].seconds < 20.0 + 3 * 12
        assert len(reports) >= 2
        assert sum(report.counts.get("create", 0) for report in reports[:-1]) == 0
        w.on_call = lambda _: None
        following = [user.run() for _ in range(3)]
        assert all(r.counts.get("create", 0) + r.counts.get("link", 0) == 100 for r in following)
        user.sync()
        assert len(user.account.people()) == 1_500


@pytest.mark.long
def test_a_crash_in_the_middle_of_a_listing_forgets_no_contact() -> None:
    for n in range(4, 13, 1 if IN_CI else 3):
        with world() as w:
            user = w.user(**BOTH)
            for k in range(450):
                w.sugar.add(first_name=f"F{k}", last_name=f"L{k}", email=[f"p{k}@x.org"])
            w.clock.advance(900)
            Steps(w, crash_at=n)
            with pytest.raises(Crash):
                user.run()
            Steps.off(w)
            w.clock.advance(400)
            user.sync()
            assert len(user.account.people()) == 450, n


def test_a_weekly_listing_goes_on_though_changes_take_the_time_of_every_run() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(3):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        w.clock.advance(60)
        rest(user)
        w.clock.advance(6 * 86_400)
        user.account.add(person("Zoe", "Zed", "zoe@x.org"))
        w.clock.advance(600)
        user.engine._limits = Limits(observe=0.0)
        rest(user)
        assert not user.head().is_listing
        assert len(w.sugar.contacts()) == 4
