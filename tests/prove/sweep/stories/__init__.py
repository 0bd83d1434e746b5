"""The scenarios of the sweep. Together they pass every place that calls or commits; a test holds them to that."""

from __future__ import annotations

from dataclasses import replace

from tests.prove.sweep.stories import changes, doubts, orders, remedies, scopes, undo
from tests.prove.sweep.story import Story

_MODULES = (changes, scopes, doubts, orders, remedies, undo)
STORIES = {story.name: story for module in _MODULES for story in module.STORIES}


def _older(story: Story) -> Story:
    return replace(story, name=f"{story.name}, older dialect", world={**story.world, "crm": "suitecrm"})


OLDER = {made.name: made for story in STORIES.values() if "sugar" not in story.world for made in [_older(story)]}
"""The same with a Sugar that speaks the older dialect; without those that need a Sugar of a certain kind."""
ALL = {**STORIES, **OLDER}
