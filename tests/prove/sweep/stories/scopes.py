"""Settings, scopes, labels, and the full listings that they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from shared.account.keyring import KeyRing
from shared.people.side import PeopleSide
from shared.sync.limits import Limits
from tests.prove.sweep.story import Act, Story
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.sugar import Switches as SugarSwitches
from tests.simulators.wire import Request
from tests.sync.scenarios import BOTH, person, settled
from tests.sync.stage import OFF, ON, many, settle, titled
from tests.world import TOKEN_KEYS, User, World

Users = Sequence[User]
DAY = 24 * 3600.0


def switched_off(world: World) -> User:
    """Edits and deletes that the switches hold back."""
    user = world.user(**BOTH)
    links = many(world, user, 8)
    for link in links[:4]:
        user.account.set_labels(link.google_id, ["Sync"])
    user.set(from_sugar=OFF, from_google=OFF)
    settle(user)
    world.sugar.edit(links[0].sugar_id, title="From Sugar")
    user.account.edit(links[1].google_id, organizations=titled("From Google"))
    user.account.edit(links[5].google_id, organizations=titled("From outside"))
    world.sugar.remove(links[2].sugar_id)
    world.sugar.add(first_name="New", last_name="One", email=["new@x.org"])
    settle(user)
    return user


def switch_on(_: World, users: Users) -> None:
    """All directions are on, one label is the scope, and what leaves it is deleted."""
    (user,) = users
    user.set(from_sugar=ON, from_google=ON, google_scope=user.account.label("Sync"), leaves_scope="delete")


def switch_meanwhile(world: World, users: Users) -> None:
    """Once the run has drained the inbox, the user wants it to run regularly."""
    (user,) = users

    def browser(_: Request, __: str) -> None:
        world.sugar_wire.on_call = None
        watching, world.store.on_step = world.store.on_step, lambda _: None  # no step of the run
        user.set(sync_regularly=True, interval_minutes=720)
        world.store.on_step = watching

    world.sugar_wire.on_call = browser


def scoped(world: World) -> User:
    """Contacts with a label; of some it is taken away, others are reassigned in Sugar, and two outside share emails."""
    label = world.people.account("jane@example.com").label("Sync")
    user = world.user(**BOTH, google_scope=label)
    for n in range(5):
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"), ["Sync"])
    settle(user)
    settle(user)
    by_name = {world.sugar.get(link.sugar_id)["last_name"]: link for link in user.links()}
    user.account.set_labels(by_name["L0"].google_id, [])
    user.account.set_labels(by_name["L1"].google_id, [])
    world.sugar.edit(by_name["L2"].sugar_id, assigned_user_id="somebody")
    world.sugar.edit(by_name["L3"].sugar_id, title="Edited")
    world.sugar.add(last_name="Another's", email=["new@x.org", "p4@x.org"], assigned_user_id="somebody")
    user.account.add(person("New", "One", "new@x.org"), ["Sync"])
    world.clock.advance(300)
    return user


def comes_back(world: World, users: Users) -> None:
    """Edited outside the scope, and back in it."""
    (user,) = users
    for link in user.links():
        record = world.sugar.get(link.sugar_id)
        if record["last_name"] == "L0":
            user.account.edit(link.google_id, organizations=titled("Edited outside"))
            user.account.set_labels(link.google_id, ["Sync"])
        if record["last_name"] == "L2":
            world.sugar.edit(link.sugar_id, title="Edited by somebody", assigned_user_id=user.sugar_user)


def labelled(world: World) -> User:
    """A label that written contacts get: new ones with their create, known ones with their next update."""
    label = world.people.account("jane@example.com").label("CRM")
    user = world.user(**BOTH, label=label)
    names = [user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org")) for n in range(4)]
    settle(user)
    user.account.remove(names[3])
    for link in user.links():
        if link.google_id != names[3]:
            world.sugar.edit(link.sugar_id, title="Edited")
    world.sugar.add(first_name="New", last_name="One", email=["new@x.org"])
    world.clock.advance(300)
    return user


def label_gone(world: World) -> User:
    """The label that written contacts get was deleted, and a new one is to carry it."""
    label = world.people.account("jane@example.com").label("CRM")
    user = world.user(**BOTH, label=label)
    user.account.label("Contacts")
    many(world, user, 2)
    user.account.remove_label("CRM")
    settle(user)
    world.sugar.add(first_name="New", last_name="One", email=["new@x.org"])
    world.clock.advance(300)
    return user


def more_of_them(world: World, _: Users) -> None:
    """As many as go in a batch."""
    for n in range(4):
        world.sugar.add(first_name=f"New{n}", last_name="One", email=[f"new{n}@x.org"])


def another_label(_: World, users: Users) -> None:
    """What the run has asked for."""
    (user,) = users
    user.set(label=user.account.label("Contacts"))


def crowd(world: World) -> User:
    """More than a page on either side, some the same."""
    user = world.user(**BOTH)
    for n in range(7):
        world.sugar.add(first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"])
    for n in range(4, 11):
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
    world.clock.advance(300)
    return user


@contextmanager
def small_pages() -> Iterator[None]:
    """Four contacts a page of Google's."""
    with patch.dict(PeopleSide.__init__.__kwdefaults__, {"page_size": 4}):
        yield


def expired(world: World) -> User:
    """The sync token and both access tokens are refused; one was added, one edited, one deleted in Google."""
    user = settled(world)
    links = sorted(user.links(), key=lambda link: str(world.sugar.get(link.sugar_id)["last_name"]))
    user.account.remove(links[0].google_id)
    user.account.edit(links[1].google_id, organizations=titled("Edited"))
    user.account.add(person("New", "One", "new@x.org"))
    world.sugar.edit(links[2].sugar_id, title="Edited")
    world.clock.advance(300)
    user.account.expire_sync_tokens()
    world.people.expire_access_tokens()
    world.sugar.expire_access()
    return user


def weekly(world: World) -> User:
    """A week later: tokens and metadata are out of date, claims are over, the vault's key is another one, and one
    edit moved no date."""
    user = settled(world)
    links = sorted(user.links(), key=lambda link: str(world.sugar.get(link.sugar_id)["last_name"]))
    world.clock.advance(6.5 * DAY)
    world.sugar.edit(links[3].sugar_id, touch=False, title="Quiet")
    user.account.edit(links[4].google_id, organizations=titled("Edited"))
    world.clock.advance(300)
    KeyRing(world.secrets, TOKEN_KEYS, world.clock).rotate()
    return user


_IN_PAGES = {"limits": Limits(observe=0.0, batch=5), "sugar": SugarSwitches(max_num_cap=4)}

STORIES = (
    Story("settings", switched_off, (Act(switch_on), Act(pause=60))),
    Story("settings meanwhile", crowd, (Act(switch_meanwhile),)),
    Story("leaves and returns", scoped, (Act(), Act(comes_back, pause=400))),
    Story("labels", labelled, world={"people": PeopleSwitches(missing_in_batch_get="whole_call")}),
    Story(
        "label gone",
        label_gone,
        (Act(), Act(more_of_them, pause=400), Act(another_label, pause=400)),
        world={"people": PeopleSwitches(unknown_label="NOT_FOUND")},
    ),
    Story("first listing", crowd, tuple(Act(pause=30) for _ in range(5)), world=_IN_PAGES, patches=small_pages),
    Story("expired", expired),
    Story("weekly", weekly),
)
