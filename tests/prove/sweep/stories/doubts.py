"""Contacts that go by other names; colleagues; doubts of an earlier run, trouble on the way, odd answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from shared.sync import journal, parts
from shared.sync.limits import Limits
from tests.prove.sweep.stories.changes import batches
from tests.prove.sweep.stories.scopes import crowd
from tests.prove.sweep.story import Act, Story
from tests.simulators.people.switches import Switches as PeopleSwitches
from tests.simulators.wire import Reply, Request
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import many, only, settle, titled
from tests.world import User, World

Users = Sequence[User]


def renamed(world: World) -> User:
    """One goes by another name in Google, two linked ones were merged there, and a linked one with a private one."""
    user = world.user(**BOTH)
    links = many(world, user, 5)
    private = user.account.add(person("Private", "One"))
    user.set(from_google=only(create=False))
    settle(user)
    user.account.rename_resource(links[0].google_id)
    world.sugar.edit(links[0].sugar_id, title="Edited")
    user.account.merge(links[1].google_id, links[2].google_id)
    user.account.merge(links[3].google_id, private)
    world.clock.advance(300)
    return user


def other_names(world: World) -> User:
    """One was seen and then merged into a linked one; another comes out of the trash with another name."""
    user = world.user(**{**BOTH, "from_google": only(delete=False)})
    links = many(world, user, 4)
    user.account.remove(links[1].google_id)
    world.sugar.edit(links[1].sugar_id, title="Stays")
    settle(user)
    short_lived = user.account.add(person("Short", "Lived"))
    world.clock.advance(60)
    user.engine.preview()  # sees it, and does nothing about it
    user.account.merge(links[0].google_id, short_lived)
    user.account.restore(links[1].google_id)
    world.clock.advance(60)
    return user


def colleagues(world: World) -> Users:
    """Two users of one instance know the same people, who are not in Sugar yet."""
    users = [world.user("jane", **BOTH), world.user("bob", **BOTH)]
    for user in users:
        for n in range(3):
            user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org"))
        user.account.add(person("Own", user.uid, f"{user.uid}@x.org"))
    world.clock.advance(300)
    return users


def doubts(world: World) -> User:
    """Earlier runs left creates and updates on both sides in doubt, some of which have happened."""
    label = world.people.account("jane@example.com").label("CRM")
    user = world.user(**BOTH)
    links = many(world, user, 4)
    user.set(label=label)
    settle(user)
    for n in range(5):
        world.sugar.add(first_name=f"S{n}", last_name=f"M{n}", email=[f"s{n}@x.org"])
    world.clock.advance(60)
    world.people_wire.fault("cut_before", path="batchCreateContacts")
    user.run()
    for n in range(5):
        user.account.add(person(f"G{n}", f"N{n}", f"g{n}@x.org"))
    user.account.edit(links[2].google_id, organizations=titled("Arrives"))
    world.sugar.edit(links[0].sugar_id, title="Arrives")
    world.sugar.edit(links[1].sugar_id, title="Follows")
    world.clock.advance(60)
    world.sugar_wire.fault("cut_after", **world.bulks)
    world.people_wire.fault("cut_after", path="updateContact")
    user.run()
    assert len(user.head().open) == 2
    world.clock.advance(1000)
    return user


def troubled(world: World) -> User:
    """Edits on both sides; the first run meets a server that is down, the second one a quota that is used up."""
    user = batches(world)
    world.people_wire.fault("status", path="batchGet", reply=Reply(503, {"error": {"code": 503}}))
    world.sugar_wire.fault("status", **world.bulks, reply=Reply(429, {"error": "too_many_requests"}))
    return user


def odd(world: World) -> User:
    """Sugar's answer to a read by ids shows somebody else, too; Google's has an item that says neither yes nor no."""
    user = batches(world, 2)
    stranger = world.sugar.add(last_name="Stranger", assigned_user_id="somebody")

    def more(_: Request, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        return Reply(200, {**reply.body, "records": [*reply.body["records"], {"id": stranger}]}, reply.headers)

    def unclear(_: Request, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        first, *others = reply.body["responses"]
        hidden = {"requestedResourceName": first["requestedResourceName"], "status": {"code": 13}}
        return Reply(200, {"responses": [hidden, *others]}, reply.headers)

    def by_ids(request: Request) -> bool:
        asked = (request.json() or {}).get("filter") or [{}]
        return request.path.endswith("/filter") and "$in" in json.dumps(asked[0].get("id", ""))

    world.sugar_wire.fault("garble", matches=by_ids, garble=more)
    world.people_wire.fault("garble", path="batchGet", garble=unclear)
    return user


@contextmanager
def small_parts() -> Iterator[None]:
    """Commits of few contacts, as if each were large."""
    with patch.object(journal, "_PART", 1500), patch.object(journal, "_PARTS", 1), patch.object(parts, "_ROOM", 5000):
        yield


STORIES = (
    Story("in parts", crowd, patches=small_parts),
    Story("renamed and merged", renamed, world={"people": PeopleSwitches(merge_shows="previous")}),
    Story(
        "other names",
        other_names,
        tuple(Act(pause=60) for _ in range(3)),
        world={"people": PeopleSwitches(merge_shows="previous", restore_keeps_name=False), "limits": Limits(batch=1)},
    ),
    Story("colleagues", colleagues, (Act(), Act(who=1, pause=30))),
    Story("doubts", doubts),
    Story("trouble", troubled, (Act(), Act(pause=130), Act(pause=300))),
    Story("odd answers", odd),
)
