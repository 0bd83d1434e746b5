"""The scenarios of the sweep. Together they pass every place that calls or commits; a test holds them to that."""

from __future__ import annotations

from tests.prove.sweep.stories import changes, doubts, orders, scopes

STORIES = {story.name: story for story in (*changes.STORIES, *scopes.STORIES, *doubts.STORIES, *orders.STORIES)}
