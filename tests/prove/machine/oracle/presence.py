"""Who lives where: nobody is lost, doubled, or back from the dead."""

from __future__ import annotations

from shared.names import SideName
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.windows import Claim


def check_presence(scene: Scene) -> None:
    for tag in scene.story.memory.made:
        _single(scene, tag)
        _stays_dead(scene, tag)
        _lives(scene, tag)


def _count(scene: Scene, side: SideName, tag: str) -> int:
    return len(scene.by_tag[side].get(tag, ()))


def _single(scene: Scene, tag: str) -> None:
    for side in SideName:
        found = scene.by_tag[side].get(tag, [])
        scene.story.claim(len(found) < 2, Claim.DOUBLE, f"{tag} in {side}: {found}", tag)


def _stays_dead(scene: Scene, tag: str) -> None:
    for side in scene.story.memory.gone[tag]:
        found = scene.by_tag[side].get(tag, [])
        scene.story.claim(not found, Claim.RESURRECTED, f"{tag} in {side}: {found}", tag)


def _lives(scene: Scene, tag: str) -> None:
    """Where the user made it, it is; unless the user deleted it, and what that does to the other side is switched on.

    What came out of the trash may have been deleted by the sync on the way; that it is nowhere doubled is claimed.
    """
    memory = scene.story.memory
    if tag in memory.restored or tag in memory.may_leave:
        return
    gone = memory.gone[tag]
    for side in memory.made[tag] - gone:
        if side.other in gone and side.other in scene.story.deletes_allowed:
            continue
        scene.story.claim(_count(scene, side, tag), Claim.LOST, f"{tag} in {side}", tag)
