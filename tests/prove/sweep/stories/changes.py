"""Edits, conflicts, deletions; and what a side refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from tests.prove.sweep.story import Act, Story
from tests.simulators.people import person as google
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar import Switches as SugarSwitches
from tests.simulators.sugar.errors import SugarError
from tests.simulators.wire import Request
from tests.sync.scenarios import BOTH, edits, first_sync, person
from tests.sync.stage import many, settle, titled
from tests.world import User, World

Users = Sequence[User]
DAY = 24 * 3600.0


def deletes(world: World) -> User:
    """Some deleted on each side, one on both, one there and edited here."""
    user = world.user(**BOTH)
    links = many(world, user, 13)
    for link in links[:6]:
        world.sugar.remove(link.sugar_id)
    for link in links[5:9]:
        user.account.remove(link.google_id)
    world.sugar.edit(links[8].sugar_id, title="Edited")
    world.clock.advance(300)
    return user


def held(world: World) -> User:
    """A mass deletion that the guard holds, one that Sugar does not show any more, and a conflict: all in question."""
    user = world.user(**BOTH, conflict="ask")
    links = many(world, user, 14)
    for link in links[:11]:
        user.account.remove(link.google_id)
    world.sugar.hide(links[11].sugar_id, user.sugar_user)
    world.sugar.edit(links[12].sugar_id, title="From Sugar")
    user.account.edit(links[12].google_id, organizations=titled("From Google"))
    world.clock.advance(DAY)
    settle(user)
    classes = [doc.data["class"] for doc in user.backlog()]
    assert sorted(set(classes)) == ["conflict", "gone from Sugar", "held: mass deletion"], classes
    return user


def release(_: World, users: Users) -> None:
    """Approves what is held, and answers what was asked."""
    (user,) = users
    asked = [doc.id for doc in user.backlog() if doc.data["class"] == "conflict"]
    user.wish(kind="release", entries=asked, action="keep", answers={"title": "google"})
    user.wish(kind="release", cls="held: mass deletion", action="approve")
    user.wish(kind="release", cls="gone from Sugar", action="approve")


def conflicts(rule: str) -> Callable[[World], User]:
    """The same field changed on both sides, first on the one or on the other, under a rule; and different fields."""

    def prepare(world: World) -> User:
        user = world.user(**BOTH, conflict=rule)
        links = many(world, user, 4, title="Rep")
        world.sugar.edit(links[0].sugar_id, title="First from Sugar")
        user.account.edit(links[1].google_id, organizations=titled("First from Google"))
        world.clock.advance(60)
        user.engine.preview()  # sees the changes, and does nothing about them
        user.account.edit(links[0].google_id, organizations=titled("Last from Google"))
        world.sugar.edit(links[1].sugar_id, title="Last from Sugar")
        world.sugar.edit(links[2].sugar_id, department="Sales")
        user.account.edit(links[2].google_id, phoneNumbers=[{"value": "+1 650 253 0000", "type": "work"}])
        world.clock.advance(60)
        return user

    return prepare


def answer(_: World, users: Users) -> None:
    """Google's value for everything that was asked."""
    (user,) = users
    for doc in user.backlog():
        user.wish(kind="release", entries=[doc.id], action="keep", answers={"title": "google"})


def refused(world: World) -> User:
    """New ones on both sides in bulk; of each bulk one is refused."""
    user = world.user(**BOTH)

    def hook(contact: dict[str, Any]) -> None:
        if contact.get("title") == "Forbidden word":
            raise SugarError("invalid_parameter", "The title is on the list of forbidden words")

    for n in range(6):
        title = "This title is longer than Google takes it" if n == 2 else "Rep"
        world.sugar.add(first_name=f"S{n}", last_name=f"L{n}", email=[f"s{n}@x.org"], title=title)
    for n in range(6):
        title = "Forbidden word" if n == 3 else "Rep"
        user.account.add(person(f"G{n}", f"L{n}", f"g{n}@x.org", organizations=titled(title)))
    world.sugar.hooks.before_save.append(hook)
    world.clock.advance(300)
    return user


def short_titles() -> AbstractContextManager[object]:
    """Google takes 30 characters a value, and does not say so before."""
    return patch.object(google, "FIELD_CHARACTERS", 30)


def batches(world: World, most: int = 5) -> User:
    """Updates in batches on both sides."""
    user = world.user(**BOTH)
    links = many(world, user, 2 * most)
    for link in links[:most]:
        world.sugar.edit(link.sugar_id, title="Edited")
    for link in links[most:]:
        user.account.edit(link.google_id, organizations=titled("Edited"))
    world.clock.advance(300)
    return user


def overtake(world: World, users: Users) -> None:
    """Right before the updates arrive, somebody edits one of those contacts, on either side."""
    (user,) = users
    links = sorted(user.links(), key=lambda link: str(world.sugar.get(link.sugar_id)["last_name"]))

    def in_google(request: Request, _: str) -> None:
        if request.path.endswith(("batchUpdateContacts", ":updateContact")):
            world.people_wire.on_call = None
            user.account.edit(links[2].google_id, nicknames=[{"value": "Nick"}])

    def in_sugar(request: Request, _: str) -> None:
        if request.path.endswith("/bulk") or request.method == "PUT":
            world.sugar_wire.on_call = None
            world.sugar.edit(links[7].sugar_id, department="Sales")

    world.people_wire.on_call = in_google
    world.sugar_wire.on_call = in_sugar


STORIES = (
    Story("first sync", first_sync),
    Story("preview", first_sync, (Act(preview=True), Act(pause=60))),
    Story("edits", edits),
    Story("deletes", deletes, world={"people": PeopleSwitches(missing_in_batch_get="left_out")}),
    Story("release", held, (Act(release),)),
    Story("conflict google", conflicts("google")),
    Story("conflict newest", conflicts("newest")),
    Story("conflict ask", conflicts("ask"), (Act(), Act(answer, pause=400))),
    Story("refused in bulk", refused, patches=short_titles),
    Story("overtaken", batches, (Act(overtake), Act(pause=60))),
    Story("taken for stale", conflicts("google"), world={"sugar": SugarSwitches(timestamp_check="never")}),
)
