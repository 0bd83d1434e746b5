"""History tells how each link came to its base."""

from __future__ import annotations

from typing import Any

from shared.names import SideName
from shared.sync.link import LinkState
from tests.prove.machine.fields import FIELDS, same, tag_of
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.windows import Claim


def check_history(scene: Scene) -> None:
    """What was last told of a field is the base; nobody is told of twice in a run.

    A blank base needs no row: both users may clear a field alike.
    """
    rows = scene.story.user.history()
    names = [(row["run"], row["link"]) for row in rows]
    scene.story.claim(len(names) == len(set(names)), Claim.HISTORY, "two rows of one contact and run")
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        for field in row["fields"]:
            told[row["link"], field["name"]] = field
    for link in scene.links:
        if link.state is not LinkState.LIVE or not scene.there(link):
            continue
        tag = tag_of(SideName.SUGAR, scene.records[SideName.SUGAR][link.sugar_id])
        for name in FIELDS:
            canonical = "primary_city" if name == "city" else name
            last, base = told.get((link.id, canonical)), link.base.get(canonical, "")
            if last is not None and base:
                agree = same(name, last["after"]) == same(name, base)
                what = f"{tag} {name}: base {base!r}, last told {last}"
                scene.story.claim(agree, Claim.HISTORY, what, tag)
