"""What people decide about entries of the backlog, each in a way of its own, carried out in the same runs."""

from __future__ import annotations

from collections.abc import Sequence

from shared.sync.remedies import actions, choices
from tests.prove.sweep.story import Act, Story
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import many, settle, titled
from tests.world import User, World

Users = Sequence[User]


def in_question(world: World) -> User:
    """Too long in Google, a conflict, a loser whose value is kept apart, deleted and edited on each side, three with
    one email, two with one name, and one that is not to be synced."""
    user = world.user(**BOTH, conflict="ask")
    links = many(world, user, 6, title="Rep")
    user.account.edit(links[0].google_id, organizations=titled("x" * 300))
    for link in links[1:3]:
        world.sugar.edit(link.sugar_id, title="From Sugar")
        user.account.edit(link.google_id, organizations=titled("From Google"))
    world.sugar.remove(links[3].sugar_id)
    user.account.edit(links[3].google_id, organizations=titled("Edited"))
    user.account.remove(links[4].google_id)
    world.sugar.edit(links[4].sugar_id, title="Edited")
    user.account.edit(links[5].google_id, organizations=titled("y" * 300))
    world.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
    for name in ("Ada", "Augusta"):
        user.account.add(person(name, "Byron", "ada@x.org"))
    world.sugar.add(by=user.sugar_user, first_name="Grace", last_name="Hopper", account_name="Navy")
    user.account.add(person("Grace", "Hopper", organizations=[{"name": "Navy"}]))
    world.clock.advance(300)
    settle(user)
    classes = sorted(doc.data["class"] for doc in user.backlog())
    expected = ["ambiguous match"] * 3 + ["cannot hold"] * 2 + ["conflict"] * 2 + ["deleted and edited"] * 2
    assert classes == [*expected, "same name", "same name"], classes
    return user


def decide(_: World, users: Users) -> None:
    """Every action once at least."""
    (user,) = users
    asked = sorted(user.backlog(), key=lambda doc: (doc.data["class"], doc.data["name"], doc.id))
    long, longer = [doc.id for doc in asked if doc.data["class"] == "cannot hold"]
    user.wish(kind="release", entries=[long], action="mend", values={"title": "Mended"}, side="google", key="k-mended")
    user.wish(kind="release", entries=[longer], action="never")
    one, two = [doc.id for doc in asked if doc.data["class"] == "conflict"]
    user.wish(kind="release", entries=[one], action="keep", answers={"title": "google"})
    user.wish(kind="release", entries=[two], action="keep", answers={"title": "both"})
    both, again = [doc.id for doc in asked if doc.data["class"] == "deleted and edited"]
    user.wish(kind="release", entries=[both], action="delete_both")
    user.wish(kind="release", entries=[again], action="restore")
    sugars = next(doc for doc in asked if doc.data["class"] == "ambiguous match" and doc.data["ids"]["sugar"])
    assert "choose" in actions(sugars.data)
    user.wish(kind="release", entries=[sugars.id], action="choose", candidates=(sorted(choices(sugars.data))[0],))
    user.wish(kind="release", cls="same name", action="different")


STORIES = (Story("remedies", in_question, (Act(decide), Act(pause=60), Act(pause=60))),)
