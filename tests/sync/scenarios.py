"""Worlds in which one more run has something to do."""

from __future__ import annotations

from typing import Any

from tests.world import User, World

BOTH: dict[str, Any] = {
    "from_sugar": {"update": True, "create": True, "delete": True},
    "from_google": {"update": True, "create": True, "delete": True},
}


def person(first: str, last: str, *mails: str, **more: Any) -> dict[str, Any]:
    """A Google contact."""
    emails = [{"value": mail} for mail in mails]
    return {"names": [{"givenName": first, "familyName": last}], "emailAddresses": emails, **more}


def first_sync(world: World) -> User:
    """Some on both sides, some on one; one without email on each."""
    user = world.user(**BOTH)
    for n in range(6):
        world.sugar.add(
            first_name=f"F{n}", last_name=f"L{n}", email=[f"p{n}@x.org"], phone_work=f"650 253 {n:04d}", title="Rep"
        )
    world.sugar.add(first_name="Solo", last_name="Sugar")
    for n in range(4, 9):
        phones = [{"value": "+1 650 111 0000", "type": "mobile"}, {"value": "+1 650 333 0000", "type": "pager"}]
        user.account.add(person(f"F{n}", f"L{n}", f"p{n}@x.org", phoneNumbers=phones))
    user.account.add(person("Solo", "Google"))
    world.clock.advance(300)
    return user


def settled(world: World) -> User:
    """After the first sync, at rest."""
    user = first_sync(world)
    user.sync()
    world.clock.advance(600)
    user.sync()
    return user


def edits(world: World) -> User:
    """Edits on either side and on both, of different fields and of the same."""
    user = settled(world)
    links = sorted(user.links(), key=lambda link: str(world.sugar.get(link.sugar_id)["last_name"]))
    world.sugar.edit(links[0].sugar_id, title="Senator")
    user.account.edit(links[1].google_id, organizations=[{"title": "Governor"}])
    world.sugar.edit(links[2].sugar_id, title="Mayor")
    user.account.edit(links[2].google_id, emailAddresses=[{"value": "p2@x.org"}, {"value": "two@x.org"}])
    world.sugar.edit(links[3].sugar_id, title="From Sugar")
    user.account.edit(links[3].google_id, organizations=[{"title": "From Google"}])
    world.sugar.edit(links[4].sugar_id, phone_mobile="")
    world.clock.advance(300)
    return user


def deletes(world: World) -> User:
    """One deleted on each side, one deleted and edited."""
    user = settled(world)
    links = sorted(user.links(), key=lambda link: str(world.sugar.get(link.sugar_id)["last_name"]))
    world.sugar.remove(links[0].sugar_id)
    user.account.remove(links[1].google_id)
    world.sugar.remove(links[2].sugar_id)
    user.account.edit(links[2].google_id, organizations=[{"title": "Edited"}])
    world.clock.advance(300)
    return user


SCENARIOS = {"first sync": first_sync, "edits": edits, "deletes": deletes}
