"""The books: counts in the head, one link for a record, nobody forgotten, nobody left hanging."""

from __future__ import annotations

from shared.names import SideName
from shared.sync.link import LinkState, lives
from shared.sync.remedies import APART, NEVER, RELEASED
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.windows import Claim


def check_books(scene: Scene) -> None:
    _counts(scene)
    _links(scene)
    _nobody_forgotten(scene)


def _counts(scene: Scene) -> None:
    story, head = scene.story, scene.story.user.head()
    alive = sum(lives(link) for link in scene.links)
    story.claim(head.links == alive, Claim.BOOKS, f"the head counts {head.links} links, there are {alive}")
    ours = sum(link.state is LinkState.LIVE and not link.parked for link in scene.links)
    out = sum(link.state is LinkState.FROZEN for link in scene.links)
    told = f"the head counts {head.in_sync} links in sync and {head.frozen} frozen, there are {ours} and {out}"
    story.claim((head.in_sync, head.frozen) == (ours, out), Claim.BOOKS, told)
    entries = len(story.user.backlog())
    story.claim(head.backlog == entries, Claim.BOOKS, f"the head counts {head.backlog} entries, there are {entries}")
    aside = {state: len(story.user.backlog(state)) for state in (RELEASED, NEVER, APART)}
    told = f"the head counts {head.answered} entries that are not open, there are {aside}"
    story.claim(head.answered == sum(aside.values()), Claim.BOOKS, told)
    story.claim(not aside[RELEASED], Claim.BOOKS, told)
    story.claim(head.lease is None, Claim.BOOKS, f"the lease was not given back: {head.lease}")
    for side in SideName:
        ids = [link.id_on(side) for link in scene.links if lives(link) and link.id_on(side)]
        twice = {record for record in ids if ids.count(record) > 1}
        story.claim(not twice, Claim.BOOKS, f"two links of one {side} record: {twice}")


def _links(scene: Scene) -> None:
    story = scene.story
    whole = {doc.data["link"] for doc in scene.entries if doc.data["whole"] or doc.data["state"] == NEVER}
    for link in scene.links:
        story.claim(link.parked == (link.id in whole), Claim.BOOKS, f"link {link.id} parked: {link.parked}")
        if link.id in scene.asked:
            continue
        if link.state is LinkState.LIVE:
            there = {side.value: link.id_on(side) in scene.records[side] for side in SideName}
            story.claim(all(there.values()), Claim.BOOKS, f"link {link.id} leads nowhere: {there}")
        elif link.state is LinkState.FROZEN and scene.there(link):
            inside = all(scene.in_scope(side, link.id_on(side)) for side in SideName)
            story.claim(not inside, Claim.BOOKS, f"link {link.id} is frozen, though in scope")


def _nobody_forgotten(scene: Scene) -> None:
    """Who lies in the scope is linked, or waits for a person; or is not to be created on the other side."""
    for side in SideName:
        linked = {link.id_on(side) for link in scene.links}
        if not scene.direction(side).create:
            continue
        for record in scene.records[side]:
            known = record in linked or record in scene.waiting or not scene.in_scope(side, record)
            scene.story.claim(known, Claim.FORGOTTEN, f"{record} in {side}")
