"""What people do meanwhile, at random, and what has to be true of it in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared.names import SideName
from shared.sync.link import LinkState
from tests.sync.scenarios import person
from tests.sync.stage import titled
from tests.world import User, World

MOST_DELETES = 5
"""Below what the guard lets pass, tries that failed included."""


@dataclass
class Known:
    """One contact of the story; its family name tells it apart."""

    name: str
    edits: dict[SideName, str] = field(default_factory=dict)
    """The last title that somebody gave it, by side."""
    deleted: bool = False


class People:
    """A person who works in Sugar and in Google while the workers do."""

    def __init__(self, world: World, user: User, random: Random) -> None:
        self._world = world
        self._user = user
        self._random = random
        self._n = 0
        self.known: list[Known] = []

    def add(self, side: SideName | None = None) -> None:
        """A new contact, on either side."""
        self._n += 1
        name = f"Person{self._n:03d}"
        mail = f"{name.lower()}@x.org"
        if side is None:
            side = self._random.choice(list(SideName))
        if side is SideName.SUGAR:
            self._world.sugar.add(first_name="Ada", last_name=name, email=[mail], phone_work="650 253 0000")
        else:
            self._user.account.add(person("Ada", name, mail))
        self.known.append(Known(name))

    def act(self) -> None:
        """Adds, edits, or deletes something."""
        what = self._random.random()
        alive = [each for each in self.known if not each.deleted]
        if what < 0.25 or not alive:
            return self.add()
        each = self._random.choice(alive)
        deleted = sum(each.deleted for each in self.known)
        if what < 0.32 and deleted < MOST_DELETES:
            return self._delete(each)
        self.edit(each)

    def edit(self, each: Known) -> None:
        """A new title, on a side where the contact is."""
        here = [side for side in SideName if self._at(side, each.name)]
        if not here:
            return
        side = self._random.choice(here)
        self._n += 1
        title = f"Title{self._n:04d}"
        (record,) = self._at(side, each.name)
        if side is SideName.SUGAR:
            self._world.sugar.edit(record, title=title)
        else:
            self._user.account.edit(record, organizations=titled(title))
        each.edits[side] = title

    def _delete(self, each: Known) -> None:
        for side in SideName:
            if found := self._at(side, each.name):
                if side is SideName.SUGAR:
                    self._world.sugar.remove(found[0])
                else:
                    self._user.account.remove(found[0])
                each.deleted = True
                return

    def _at(self, side: SideName, name: str) -> list[str]:
        return [record for record, (family, _) in self.side(side).items() if family == name]

    def side(self, side: SideName) -> dict[str, tuple[str, str]]:
        """Family name and title by record."""
        if side is SideName.SUGAR:
            found = self._world.sugar.contacts(fields=["last_name", "title"])
            return {record: (str(row["last_name"]), str(row["title"] or "")) for record, row in found.items()}
        return {each["resourceName"]: _shown(each) for each in self._user.account.people()}

    # -- in the end ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Nothing is lost, nothing doubled, both sides agree, and links pair them one to one."""
        sides = {side: self.side(side) for side in SideName}
        told = json.dumps(self._user.history(), default=str)
        asked = {record for doc in self._user.backlog() for record in doc.data["ids"].values() if record}
        for each in self.known:
            found = {side: [row for row in sides[side].values() if row[0] == each.name] for side in SideName}
            ids = {record for side in SideName for record in self._at(side, each.name)}
            assert all(len(rows) <= 1 for rows in found.values()), f"{each.name} is doubled: {found}"
            if each.deleted:
                assert not ids or ids & asked, f"{each.name} was deleted, and is still there: {found}"
                continue
            assert all(len(rows) == 1 for rows in found.values()), f"{each.name} is lost: {found}"
            (sugar,), (google,) = found[SideName.SUGAR], found[SideName.GOOGLE]
            assert sugar == google, f"the sides differ: {sugar}, {google}"
            for title in each.edits.values():
                assert title == sugar[1] or title in told, f"the edit {title} of {each.name} is lost; it reads {sugar}"
        self._links(sides)

    def _links(self, sides: dict[SideName, dict[str, Any]]) -> None:
        live = [link for link in self._user.links() if link.state is LinkState.LIVE and not link.gone]
        for side in SideName:
            ids = [link.id_on(side) for link in live]
            assert len(ids) == len(set(ids)), f"two links name one record in {side}"
        wanted = {each.name for each in self.known if not each.deleted}
        paired = [
            (sides[SideName.SUGAR][link.sugar_id][0], sides[SideName.GOOGLE][link.google_id][0])
            for link in live
            if link.sugar_id in sides[SideName.SUGAR] and link.google_id in sides[SideName.GOOGLE]
        ]
        assert all(one == other for one, other in paired)
        assert wanted <= {one for one, _ in paired}, "a contact has no link"


def _shown(each: dict[str, Any]) -> tuple[str, str]:
    names, organizations = each.get("names") or [{}], each.get("organizations") or [{}]
    return str(names[0].get("familyName", "")), str(organizations[0].get("title", ""))
