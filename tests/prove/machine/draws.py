"""How everything is drawn, so that hypothesis can print it, repeat it and make it smaller."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

from hypothesis import strategies as st

from shared.names import SideName
from shared.sync.settings import ConflictRule, LeavesScope, SugarScope
from tests.prove.machine.deeds import (
    Create,
    Deed,
    Delete,
    EditEmail,
    EditField,
    Favorite,
    Hide,
    Merge,
    Protect,
    Reassign,
    Relabel,
    Rename,
    Restore,
    Show,
)
from tests.prove.machine.deeds.make import SCOPE_LABEL, USERS_LABEL
from tests.prove.machine.events import Answer, Choose, Event, Expire, Serve, Wait
from tests.prove.machine.fields import FIELDS
from tests.prove.machine.mishaps import FAULTS, Fault
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar import Switches as SugarSwitches
from tests.simulators.suitecrm import Switches as SuiteSwitches

crm = "sugar"
"""Which Sugar the stories are told with: ``sugar`` (REST v11) or ``suitecrm`` (the older dialect)."""

T = TypeVar("T")


def often(usual: T, *others: T, times: int = 4) -> st.SearchStrategy[T]:
    """``usual`` so many times as often as each of the others."""
    return st.sampled_from([*[usual] * times, *others])


sides = st.sampled_from(list(SideName))
places = st.integers(0, 30)
"""Whose turn it is in a row; goes round."""


def directions() -> st.SearchStrategy[dict[str, bool]]:
    drawn = st.fixed_dictionaries(
        {"update": often(True, False, times=6), "create": often(True, False), "delete": often(True, False, times=2)}
    )
    return st.one_of(st.just({"update": True, "create": True, "delete": True}), drawn)


def _known(scope: SugarScope) -> SugarScope:
    """Favourites are not told in the older dialect."""
    return SugarScope.ALL if crm == "suitecrm" and scope is SugarScope.FAVORITES else scope


SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "from_sugar": directions(),
    "from_google": directions(),
    "conflict": st.sampled_from(list(ConflictRule)),
    "sugar_scope": often(SugarScope.ASSIGNED, SugarScope.ALL, SugarScope.FAVORITES, times=2).map(_known),
    "leaves_scope": often(LeavesScope.KEEP, LeavesScope.DELETE, times=2),
}
"""What of the settings is drawn and changed."""


def sugar_switches() -> st.SearchStrategy[SugarSwitches]:
    """Every open question about Sugar answered anew, apart from answers with which nothing goes on by itself."""
    if crm == "suitecrm":
        own = {name: st.sampled_from(choices) for name, choices in SuiteSwitches.own().items()}
        other = st.fixed_dictionaries(own).map(lambda chosen: SuiteSwitches(**chosen))
        return st.one_of(st.just(SuiteSwitches()), other, other)
    answers = {f.name: st.sampled_from(f.metadata["answers"]) for f in fields(SugarSwitches) if not f.metadata["stops"]}
    drawn = st.fixed_dictionaries(answers).map(lambda chosen: SugarSwitches(**chosen))
    return st.one_of(st.just(SugarSwitches()), drawn, drawn)


def people_switches() -> st.SearchStrategy[PeopleSwitches]:
    answers = {f.name: st.sampled_from(f.metadata["choices"]) for f in fields(PeopleSwitches)}
    drawn = st.fixed_dictionaries(answers).map(lambda chosen: PeopleSwitches(**chosen))
    return st.one_of(st.just(PeopleSwitches()), drawn, drawn)


# -- deeds -------------------------------------------------------------------------------------------


def creates(*, several: bool = True) -> st.SearchStrategy[Create]:
    one = (SideName.SUGAR,), (SideName.GOOGLE,)
    some = st.lists(st.sampled_from(FIELDS[1:]), unique=True, max_size=5).map(tuple)
    return st.builds(
        Create,
        sides=st.sampled_from([*one, *one, tuple(SideName)] if several else [*one]),
        emails=st.sampled_from([1, 1, 1, 0, 2]),
        shared_email=often(False, True),
        common_name=often(False, True),
        filled=some,
        only_sugar=some,
        mine=often(True, False, times=9),
        in_scope=often(True, False),
        labelled=often(False, True),
        private=often(False, True, times=2),
        slow=often(0.0, 20.0),
        at_once=often(True, False, times=9),
        for_colleague=often(False, True),
    )


def edits() -> st.SearchStrategy[Deed]:
    return st.builds(
        EditField,
        side=sides,
        nth=places,
        field=st.sampled_from(FIELDS),
        clear=often(False, True, times=6),
        slow=often(0.0, 15.0, 120.0, times=6),
    )


def email_edits() -> st.SearchStrategy[Deed]:
    what = st.sampled_from(["add", "remove", "replace"])
    return st.builds(EditEmail, side=sides, nth=places, what=what, which=st.integers(0, 2))


def deeds() -> st.SearchStrategy[Deed]:
    """The first ones are the simplest; what stands there twice is drawn twice as often."""
    labels = st.sampled_from([(), (SCOPE_LABEL,), (USERS_LABEL,), (SCOPE_LABEL, USERS_LABEL)])
    deletes = st.builds(Delete, side=sides, nth=places)
    moves = st.one_of(
        st.builds(Relabel, nth=places, labels=labels),
        st.builds(Reassign, nth=places),
        st.builds(Favorite, nth=places),
        st.builds(Protect, nth=places),
        st.builds(Hide, nth=places),
        st.builds(Show, nth=places),
        st.builds(Rename, nth=places),
        st.builds(Merge, keep=places, other=places),
    )
    restores = st.builds(Restore, side=sides, nth=places)
    kinds = [edits(), edits(), email_edits(), creates(), creates(several=False), deletes, restores, moves]
    return st.one_of(*kinds)


def bursts(most: int = 3, least: int = 0) -> st.SearchStrategy[list[Deed]]:
    return st.lists(deeds(), min_size=least, max_size=most)


# -- the rest ----------------------------------------------------------------------------------------

pauses = st.sampled_from([1.0, 30.0, 310.0])
"""Seconds between two runs."""
_ABSENCES = [1.0, 5.0, 61.0, 310.0, 900.0, 1300.0, 7200.0, 90_000.0, 700_000.0]
"""Seconds in which nothing happens."""


def events() -> st.SearchStrategy[Event]:
    waits = st.builds(Wait, seconds=st.sampled_from(_ABSENCES), landing=often(False, True))
    expiries = st.sampled_from(["sync tokens", "Sugar's access", "Google's access", "Sugar's session", "tombstones"])
    saving = st.sampled_from(["as it comes", "in capitals", "phones formatted", "slowly", "very slowly"])
    kept = st.sampled_from(["sugar", "google", "both"])
    answers = st.builds(
        Answer, nth=st.integers(0, 9), everything=often(False, True), action=st.integers(0, 5), wins=kept
    )
    choices = [st.builds(Choose, name=st.just(name), value=values) for name, values in SETTINGS.items()]
    return st.one_of(
        waits, waits, st.builds(Expire, what=expiries), *[answers] * 6, st.builds(Serve, how=saving), *choices
    )


def faults(*, at_writes: bool) -> st.SearchStrategy[Fault]:
    names = st.sampled_from(list(FAULTS))
    skip = st.integers(0, 1) if at_writes else st.integers(0, 7)
    return st.builds(Fault, name=names, side=sides, at_writes=st.just(at_writes), skip=skip)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a story begins."""

    sugar: SugarSwitches
    people: PeopleSwitches
    batch: int
    settings: dict[str, Any]
    labels: str
    """``scope``: one label is the scope; ``written``: written contacts get one; both or none of it."""
    colleague: bool
    extra_fields: bool
    """Sugar has the optional fields."""
    cast: list[Create]
    at_rest: bool
    """The first sync is behind them."""


def setups() -> st.SearchStrategy[Setup]:
    return st.builds(
        Setup,
        sugar=sugar_switches(),
        people=people_switches(),
        batch=often(100, 3, times=2),
        settings=st.fixed_dictionaries(SETTINGS),
        labels=often("", "scope", "written", "scope and written", times=3),
        colleague=often(False, True),
        extra_fields=often(True, False),
        cast=st.lists(creates(), min_size=1, max_size=14),
        at_rest=often(True, False, times=3),
    )
