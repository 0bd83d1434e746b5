"""Undo: updates, creates and deletes both ways and merged contacts are taken back; some are edited meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from shared.names import SideName
from shared.sync.limits import Limits
from shared.sync.report import Report
from shared.sync.undo.ask import UndoAsk
from tests.prove.sweep.stories.orders import carry, every_kind
from tests.prove.sweep.story import Act, Story
from tests.sync.stage import many, settle
from tests.world import User, World


def synced(world: World) -> User:
    """Everything that a sync can do has been done, and is at rest."""
    user = every_kind(world)
    for _ in range(3):
        settle(user)
    return user


def _span(user: User) -> UndoAsk:
    """All but the first rows, which made the contacts."""
    first = user.history()[0]["at"]
    since = min(row["at"] for row in user.history() if row["at"] > first)
    return UndoAsk(since=since, until=user.world.clock.now().isoformat())


def taken_back(world: World) -> User:
    """The same, with the plan of an undo of all of it."""
    user = synced(world)
    plan_undo(user)
    return user


def plan_undo(user: User) -> Report:
    """A click on "Undo"; or the rest of that plan, if it was begun."""
    docs = user.world.store.query(user.paths.collection("plans"))
    report = user.engine.preview(plan=docs[0].id) if docs else user.engine.undo(_span(user))
    for _ in range(9):
        if report.order is None or report.order.complete:
            return report
        report = user.engine.preview(plan=report.order.id)
    raise AssertionError(report)


def edit_one(world: World, users: Sequence[User]) -> None:
    """After the plan was made: one that was updated in Google, and one that is to be deleted there."""
    (user,) = users
    names = world.sugar.contacts(live=False)
    links = {names[link.sugar_id]["last_name"]: link for link in user.links() if link.sugar_id in names}
    user.account.edit(links["L0"].google_id, nicknames=[{"value": "Edited since"}])
    user.account.edit(links["Sugar"].google_id, nicknames=[{"value": "Edited since"}])
    world.clock.advance(60)


def in_doubt(world: World) -> User:
    """The first run of the undo has lost all answers of Sugar, and what it made again in Google never arrived."""
    user = taken_back(world)
    world.sugar_wire.fault("cut_after", **world.bulks)
    world.people_wire.fault("cut_before", path="createContact")
    carry(user)
    assert len(user.head().open) == 1
    world.clock.advance(1000)
    return user


def all_created(world: World) -> User:
    """For somebody who leaves: the plan to remove what was created in Google."""
    user = world.user()
    many(world, user, 4, title="Rep")
    settle(user)
    assert user.engine.undo(UndoAsk(created=SideName.GOOGLE)).order is not None
    return user


STORIES = (
    Story("an undo", taken_back, (Act(run_by=carry),)),
    Story("an undo in parts", synced, (Act(run_by=plan_undo), Act(run_by=carry)), world={"limits": Limits(batch=5)}),
    Story("an undo, edited since", taken_back, (Act(edit_one, run_by=carry),)),
    Story("an undo in doubt", in_doubt, (Act(run_by=carry), Act(run_by=carry, pause=60))),
    Story("an undo of all that was created", all_created, (Act(run_by=carry),)),
)
