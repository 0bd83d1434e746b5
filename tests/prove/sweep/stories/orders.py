"""Plans that are stored, and carried out exactly: in batches, with something left out, asked for first, and stopped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from unittest.mock import patch

from shared.sync.limits import Limits
from shared.sync.order import book
from shared.sync.order.model import Order, OrderState
from shared.sync.report import Report
from tests.prove.sweep.story import Act, Story
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import many, settle, titled
from tests.world import User, World

Users = Sequence[User]
_USABLE = (OrderState.BUILDING, OrderState.READY, OrderState.STARTED)


def every_kind(world: World) -> User:
    """Updates, creates and deletes both ways, two that are one, a conflict and a question."""
    user = world.user(**BOTH, conflict="google")
    links = many(world, user, 8, title="Rep")
    for _ in range(3):
        settle(user)
    world.sugar.edit(links[0].sugar_id, title="From Sugar")
    user.account.edit(links[1].google_id, organizations=titled("From Google"))
    world.sugar.edit(links[2].sugar_id, department="Sales")
    user.account.edit(links[2].google_id, biographies=[{"value": "Notes"}])
    world.sugar.edit(links[3].sugar_id, title="Sugar's")
    user.account.edit(links[3].google_id, organizations=titled("Google's"))
    world.sugar.remove(links[4].sugar_id)
    user.account.remove(links[5].google_id)
    world.sugar.add(first_name="New", last_name="Sugar", email=["ns@x.org"])
    user.account.add(person("New", "Google", "ng@x.org"))
    world.sugar.add(first_name="One", last_name="Person", email=["one@x.org"], title="Boss")
    user.account.add(person("One", "Person", "one@x.org", biographies=[{"value": "Private"}]))
    for first in ("Two", "Too"):
        user.account.add(person(first, "Alike", "two@x.org"))
    world.sugar.add(first_name="Two", last_name="Alike", email=["two@x.org"])
    world.clock.advance(300)
    return user


def planned(world: World) -> User:
    """The same, with a plan of all of it."""
    user = every_kind(world)
    plan_all(user)
    return user


def plan_all(user: User) -> Report:
    """Makes a plan, in as many parts as it takes, or makes the rest of one that was begun."""
    docs = user.world.store.query(user.paths.collection("plans"))
    begun = [order for doc in docs if (order := Order.load(doc.data)).state is OrderState.BUILDING]
    report = user.engine.preview(plan=begun[0].id if begun else "")
    for _ in range(9):
        if report.order is None or report.order.complete:
            return report
        report = user.engine.preview(plan=report.order.id)
    raise AssertionError(report)


def latest(user: User) -> Order:
    """The plan that was made last."""
    docs = user.world.store.query(user.paths.collection("plans"))
    return max((Order.load(doc.data) for doc in docs), key=lambda order: order.id)


def carry(user: User) -> Report:
    """A click on "Sync exactly this"; on "Sync now" where that plan is over."""
    order = latest(user)
    return user.engine.run(plan=order.id) if order.state in _USABLE else user.engine.run()


def ask(user: User) -> Report:
    """What the scheduler does."""
    return user.engine.run(scheduled=True)


def change_some(world: World, users: Users) -> None:
    """After the plan was made: one is edited on either side, and one is deleted."""
    (user,) = users
    names = world.sugar.contacts(live=False)
    links = {names[link.sugar_id]["last_name"]: link for link in user.links()}
    world.sugar.edit(links["L0"].sugar_id, department="Edited since")
    user.account.edit(links["L1"].google_id, biographies=[{"value": "Edited since"}])
    user.account.remove(links["L2"].google_id)
    world.clock.advance(60)


def stop(_: World, users: Users) -> None:
    """While a run is under way, so by a wish."""
    (user,) = users
    user.wish(kind="stop", plan=latest(user).id)


def asking(world: World) -> User:
    """The same as :func:`every_kind`; the user wants to be asked first."""
    user = every_kind(world)
    user.set(ask_first=True)
    return user


def small_parts() -> AbstractContextManager[object]:
    """So few contacts in one document that one run's do not fit into one commit."""
    return patch.object(book, "PART", 1)


_FEW = {"limits": Limits(batch=5)}

STORIES = (
    Story("a plan", planned, (Act(run_by=carry), Act(run_by=carry, pause=30)), world=_FEW),
    Story("a plan, changed since", planned, (Act(change_some, run_by=carry),)),
    Story("a plan in parts", every_kind, (Act(run_by=plan_all), Act(run_by=carry)), world=_FEW, patches=small_parts),
    Story("asked first", asking, (Act(run_by=ask), Act(run_by=ask, pause=60), Act(run_by=carry)), world=_FEW),
    Story("a plan, stopped", planned, (Act(run_by=carry), Act(stop)), world=_FEW),
)
