"""What becomes of a linked contact: every row of the table in ``pair``, with the sides exchanged too."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import Op, SideName
from shared.side import Record
from shared.sync.link import Link, LinkState
from shared.sync.plan.model import Action, Decision, Half, Subject, Trouble
from shared.sync.plan.pair import DOUBT, PATIENCE, plan_pair
from shared.sync.settings import Direction, LeavesScope
from tests.sync.plan.make import (
    GOOGLE,
    SUGAR,
    env,
    gone,
    google,
    link,
    missing,
    steps,
    subject,
    sugar,
    there,
)

NAMED: dict[str, Any] = {"first_name": "Ann", "last_name": "Lee"}
MAIL = "ann@x.example"
NO_DELETE: dict[str, Any] = {"from_sugar": Direction(delete=False), "from_google": Direction(delete=False)}


def record(side: SideName, *, in_scope: bool = True, version: str = "v2", **values: Any) -> Record:
    """The contact as that side shows it."""
    if side is SUGAR:
        return sugar("s1", MAIL, version=version, in_scope=in_scope, **{**NAMED, **values})
    return google("people/g1", MAIL, version=version, in_scope=in_scope, **{**NAMED, **values})


def lost(side: SideName, seen: str = "") -> Half:
    return gone("s1" if side is SUGAR else "people/g1", seen)


def base(**more: Any) -> Link:
    return link(NAMED, [MAIL], versions={SUGAR: "v1", GOOGLE: "v1"}, **more)


def pair(side: SideName, mine: Record | Half | None, theirs: Record | Half | None, known: Link, **more: Any) -> Subject:
    """A subject with ``mine`` on that side and ``theirs`` on the other."""
    one, two = (mine, theirs) if side is SUGAR else (theirs, mine)
    return subject(one, two, known, **more)


def plan(given: Subject, *, heirs: tuple[str, ...] = (), **changes: Any) -> Decision:
    before = given.link.data() if given.link else None
    found = plan_pair(env(**changes), given, lambda _subject, _side: heirs)
    assert given.link is None or given.link.data() == before, "the arguments stay as they are"
    return found


both_sides = pytest.mark.parametrize("side", list(SideName))


def test_a_pair_needs_a_link() -> None:
    with pytest.raises(ValueError, match="needs a link"):
        plan(subject(sugar(), google()))


# -- what goes before everything else ----------------------------------------------------------------


@pytest.mark.parametrize("state", list(LinkState))
@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("one", [record(SUGAR, title="new"), lost(SUGAR), missing("s1")])
@pytest.mark.parametrize("two", [record(GOOGLE), lost(GOOGLE), missing("people/g1")])
def test_in_doubt_nothing_is_planned(state: LinkState, parked: bool, one: Any, two: Any) -> None:
    found = plan(subject(one, two, base(state=state, parked=parked), doubt=True))
    assert (found.action, found.wait_seconds, found.steps) == (Action.WAIT, DOUBT, ())


@pytest.mark.parametrize("state", list(LinkState))
@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("one", [lost(SUGAR, "2026-03-02"), missing("s1")])
def test_gone_on_both_sides_closes_the_entry_too(state: LinkState, parked: bool, one: Half) -> None:
    found = plan(subject(one, lost(GOOGLE, "2026-03-01"), base(state=state, parked=parked)))
    assert (found.action, found.steps) == (Action.CLOSE, ())
    assert found.link is not None
    assert (found.link.state, found.link.parked) == (LinkState.TOMBSTONE, False)
    assert found.link.both_gone_at == max(one.seen_at, "2026-03-01")


def test_gone_on_both_sides_is_told_once() -> None:
    known = base(state=LinkState.TOMBSTONE, both_gone_at="2026-03-01")
    assert plan(subject(lost(SUGAR), lost(GOOGLE), known)).action is Action.NOTHING
    known.parked = True
    assert plan(subject(lost(SUGAR), lost(GOOGLE), known)).action is Action.CLOSE
    assert plan(subject(lost(SUGAR), lost(GOOGLE), base(state=LinkState.TOMBSTONE))).action is Action.CLOSE


@pytest.mark.parametrize("state", list(LinkState))
@pytest.mark.parametrize("by", ["link", "entry"])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        (record(SUGAR, title="new"), record(GOOGLE)),
        (record(SUGAR), missing("people/g1")),
        (missing("s1"), record(GOOGLE)),
        (missing("s1"), missing("people/g1")),
        (lost(SUGAR), missing("people/g1")),
        (lost(SUGAR), record(GOOGLE)),
        (record(SUGAR), lost(GOOGLE)),
    ],
)
def test_a_quarantined_contact_is_left_alone(state: LinkState, by: str, one: Any, two: Any) -> None:
    found = plan(subject(one, two, base(state=state, parked=by == "link"), parked=by == "entry"))
    assert (found.action, found.steps, found.entries) == (Action.NOTHING, (), ())
    assert "quarantined" in found.why


@pytest.mark.parametrize("state", list(LinkState))
@pytest.mark.parametrize("one", [record(SUGAR, title="new"), lost(SUGAR), missing("s1")])
def test_what_google_did_not_find_waits_for_proof(state: LinkState, one: Any) -> None:
    found = plan(subject(one, missing("people/g1"), base(state=state)))
    assert (found.action, found.wait_seconds, found.steps) == (Action.WAIT, PATIENCE, ())


@pytest.mark.parametrize("state", [LinkState.LIVE, LinkState.FROZEN])
def test_what_sugar_did_not_find_is_asked_about(state: LinkState) -> None:
    found = plan(subject(missing("s1"), record(GOOGLE, title="new"), base(state=state)))
    assert (found.action, found.steps) == (Action.PARK, ())
    assert [(e.trouble, e.whole) for e in found.entries] == [(Trouble.GONE_FROM_SUGAR, True)]
    assert found.subject.parked


# -- tombstones --------------------------------------------------------------------------------------


@both_sides
@pytest.mark.parametrize("theirs", ["there", "missing", "edited", "out of scope"])
def test_a_tombstone_never_comes_back_by_itself(side: SideName, theirs: str) -> None:
    known = base(state=LinkState.TOMBSTONE, deleted_on=side)
    other = side.other
    shown = record(other, in_scope=theirs != "out of scope", title="new" if theirs == "edited" else "")
    mine = missing("s1") if theirs == "missing" and side is SUGAR else lost(side)
    found = plan(pair(side, mine, shown, known))
    assert (found.action, found.steps, found.entries) == (Action.NOTHING, (), ())


@both_sides
def test_a_tombstone_whose_contact_was_restored_lives_again(side: SideName) -> None:
    known = base(state=LinkState.TOMBSTONE, deleted_on=side, both_gone_at="2026-03-01")
    found = plan(pair(side, record(side, title="new"), record(side.other), known))
    assert found.action is Action.REVIVE
    assert found.link is not None
    assert (found.link.state, found.link.deleted_on, found.link.both_gone_at) == (LinkState.LIVE, None, None)
    assert steps(found) == {side.other: ("title",)}
    assert plan(pair(side, record(side), record(side.other), known)).action is Action.REVIVE


# -- both there --------------------------------------------------------------------------------------


def test_both_agree() -> None:
    found = plan(subject(record(SUGAR), record(GOOGLE), base()))
    assert (found.action, found.why, found.steps, found.asleep) == (Action.NOTHING, "both sides agree", (), False)
    assert found.link is not None
    assert found.link.versions == {SUGAR: "v2", GOOGLE: "v2"}


@both_sides
def test_an_edit_is_an_update(side: SideName) -> None:
    found = plan(pair(side, record(side, title="new"), record(side.other), base()))
    assert (found.action, steps(found)) == (Action.UPDATE, {side.other: ("title",)})
    [step] = found.steps
    assert (step.op, step.version, step.id) == (Op.UPDATE, "v2", "s1" if step.side is SUGAR else "people/g1")
    assert step.before is not None


def test_both_edited_alike_moves_the_base_without_a_write() -> None:
    found = plan(subject(record(SUGAR, title="new"), record(GOOGLE, title="new"), base()))
    assert (found.action, found.steps) == (Action.LINK, ())
    assert found.link is not None
    assert found.link.base["title"] == "new"


@both_sides
def test_what_a_switch_holds_back_sleeps(side: SideName) -> None:
    closed: dict[str, Any] = {f"from_{side}": Direction(update=False)}
    found = plan(pair(side, record(side, title="new"), record(side.other), base()), **closed)
    assert (found.action, found.steps, found.asleep) == (Action.NOTHING, (), True)


def test_a_merge_that_cannot_go_on_parks_the_contact_with_its_link_as_it_was() -> None:
    known = base()
    found = plan(subject(record(SUGAR), record(GOOGLE, title="x" * 101), known))
    assert (found.action, found.steps) == (Action.PARK, ())
    assert [e.trouble for e in found.entries] == [Trouble.CANNOT_HOLD]
    assert found.link == known


# -- scopes ------------------------------------------------------------------------------------------


@both_sides
@pytest.mark.parametrize("rule", list(LeavesScope))
@pytest.mark.parametrize("may_delete", [False, True])
@pytest.mark.parametrize("edited", [False, True])
def test_leaving_the_scope(side: SideName, rule: LeavesScope, may_delete: bool, edited: bool) -> None:
    theirs = record(side.other, title="new" if edited else "")
    switches: dict[str, Any] = {f"from_{side}": Direction(delete=may_delete), "leaves_scope": rule}
    found = plan(pair(side, record(side, in_scope=False, title="theirs"), theirs, base()), **switches)
    assert found.link is not None
    assert found.link.base["title"] == "", "the base waits for it to come back"
    if rule is LeavesScope.DELETE and may_delete and not edited:
        assert [(s.side, s.op, s.version) for s in found.steps] == [(side.other, Op.DELETE, "v2")]
        assert (found.action, found.link.state, found.link.deleted_on) == (Action.DELETE, LinkState.TOMBSTONE, side)
    else:
        assert (found.action, found.steps, found.link.state) == (Action.FREEZE, (), LinkState.FROZEN)


def test_when_both_have_left_nothing_is_deleted() -> None:
    both = subject(record(SUGAR, in_scope=False), record(GOOGLE, in_scope=False), base())
    assert plan(both, leaves_scope=LeavesScope.DELETE).action is Action.FREEZE


@both_sides
def test_a_side_without_any_record_is_no_reason_to_delete(side: SideName) -> None:
    found = plan(pair(side, None, record(side.other), base()), leaves_scope=LeavesScope.DELETE)
    assert (found.action, found.steps) == (Action.FREEZE, ())
    assert plan(subject(None, None, base()), leaves_scope=LeavesScope.DELETE).action is Action.FREEZE


@both_sides
def test_a_frozen_pair_stays_as_it_is(side: SideName) -> None:
    known = base(state=LinkState.FROZEN)
    found = plan(pair(side, record(side, in_scope=False, title="new"), record(side.other), known))
    assert (found.action, found.steps, found.link) == (Action.NOTHING, (), known)


@both_sides
def test_a_frozen_pair_that_is_back_is_merged_with_its_base(side: SideName) -> None:
    known = base(state=LinkState.FROZEN)
    found = plan(pair(side, record(side, title="new"), record(side.other), known))
    assert (found.action, steps(found)) == (Action.UPDATE, {side.other: ("title",)})
    assert found.link is not None
    assert found.link.state is LinkState.LIVE
    found = plan(pair(side, record(side), record(side.other), known))
    assert (found.action, found.steps) == (Action.LINK, ())


# -- deleted on one side -----------------------------------------------------------------------------


@both_sides
@pytest.mark.parametrize("state", [LinkState.LIVE, LinkState.FROZEN])
@pytest.mark.parametrize("theirs", ["in scope", "out of scope", "never there"])
def test_deleted_while_outside_the_scope_deletes_nothing(side: SideName, state: LinkState, theirs: str) -> None:
    shown = None if theirs == "never there" else record(side.other, in_scope=theirs == "in scope", version="v1")
    found = plan(pair(side, lost(side), shown, base(state=state)), heirs=())
    if state is LinkState.LIVE and theirs == "in scope":
        assert found.action is Action.DELETE
        return
    assert (found.action, found.steps) == (Action.TOMBSTONE, ())
    assert found.link is not None
    assert (found.link.state, found.link.deleted_on) == (LinkState.TOMBSTONE, side)


@both_sides
@pytest.mark.parametrize("edited", [False, True])
def test_merged_away_is_asked_about(side: SideName, edited: bool) -> None:
    theirs = record(side.other, title="new" if edited else "")
    found = plan(pair(side, lost(side), theirs, base()), heirs=("g:people:g2",))
    assert (found.action, found.steps) == (Action.PARK, ())
    assert [(e.trouble, e.candidates) for e in found.entries] == [(Trouble.MERGED, ("g:people:g2",))]


EDITS: list[dict[str, Any]] = [{"title": "new"}, {"phone_work": "202-555-0100"}, {"notes": "x"}]


@both_sides
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("switches", [{}, NO_DELETE])
def test_deleted_here_and_edited_there_is_asked_about(
    side: SideName, edit: dict[str, Any], switches: dict[str, Any]
) -> None:
    found = plan(pair(side, lost(side), record(side.other, **edit), base()), **switches)
    assert (found.action, found.steps) == (Action.PARK, ())
    assert [(e.trouble, e.whole) for e in found.entries] == [(Trouble.DELETED_AND_EDITED, True)]


@both_sides
def test_other_emails_are_an_edit_too(side: SideName) -> None:
    known = link(NAMED, ["other@x.example"], versions={SUGAR: "v1", GOOGLE: "v1"})
    gone_here = pair(side, lost(side), record(side.other), known)
    assert plan(gone_here).action is Action.PARK
    assert plan(gone_here, fields_off=("emails",)).action is Action.DELETE


@both_sides
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_deleted_here_and_untouched_there(side: SideName, version: str) -> None:
    gone_here = pair(side, lost(side), record(side.other, version=version), base())
    found = plan(gone_here)
    assert [(s.side, s.op, s.version) for s in found.steps] == [(side.other, Op.DELETE, version)]
    assert found.link is not None
    assert (found.action, found.link.state, found.link.deleted_on) == (Action.DELETE, LinkState.TOMBSTONE, side)
    assert found.deletes
    off = plan(gone_here, **NO_DELETE)
    assert (off.action, off.steps) == (Action.TOMBSTONE, ())
    assert off.link is not None
    assert (off.link.state, off.link.deleted_on) == (LinkState.TOMBSTONE, side)
    assert "switched off" in off.why


def test_the_version_that_the_link_reflects_is_untouched_without_a_look() -> None:
    # A one-way value was never agreed on, and says nothing.
    found = plan(subject(lost(SUGAR), record(GOOGLE, version="v1", title="held back"), base()))
    assert found.action is Action.DELETE


def test_a_version_of_sugar_proves_nothing_as_two_saves_may_share_a_second() -> None:
    found = plan(subject(record(SUGAR, version="v1", title="edited"), lost(GOOGLE), base()))
    assert [e.trouble for e in found.entries] == [Trouble.DELETED_AND_EDITED]


def test_a_value_that_is_none_counts_as_an_edit() -> None:
    found = plan(subject(record(SUGAR, birthday="0000-00-00"), lost(GOOGLE), base()))
    assert [e.trouble for e in found.entries] == [Trouble.DELETED_AND_EDITED]


def test_what_the_other_side_does_not_have_is_no_edit() -> None:
    found = plan(subject(lost(SUGAR), record(GOOGLE, website="https://a.example"), base()), lacks=("website",))
    assert found.action is Action.DELETE


def test_a_rendering_is_no_edit() -> None:
    known = link({"first_name": "Cher"}, [MAIL], versions={})
    shown = sugar("s1", MAIL, last_name="Cher")
    assert plan(subject(there(shown), lost(GOOGLE), known)).action is Action.DELETE
    known = link({**NAMED, "title": "long"}, [MAIL], renderings={SUGAR: {"title": "lo"}})
    assert plan(subject(record(SUGAR, title="lo"), lost(GOOGLE), known)).action is Action.DELETE


def test_emails_that_may_not_be_read_say_nothing() -> None:
    shown = record(SUGAR, native={"_acl": {"fields": {"email": {"read": "no"}}}})
    assert plan(subject(shown, lost(GOOGLE), base())).action is Action.DELETE
