"""How one contact stands, and what decides it."""

from __future__ import annotations

from typing import Literal

import msgspec

Decides = Literal["in step", "turn", "filter", "switch", "entry", "never", "deleted", "plan", "waiting"]


class Because(msgspec.Struct, kw_only=True):
    """How one contact stands, and what decides it."""

    name: str
    contact: str | None
    """The link's id; ``null``: it is on one side only, as far as the sync knows."""
    sugar_id: str
    google_id: str
    decides: Decides
    """``in step``: nothing is to be done; ``turn``: the next run does it; ``filter``: it is outside the scope, or a
    label keeps it out; ``switch``: a direction's switch; ``entry``: it waits in the
    backlog; ``never``: it is put aside there; ``deleted``: on one side, and it does not come back by itself;
    ``plan``: it waits for a person to approve the plan that regular syncs make;
    ``waiting``: for something that passes by itself."""
    sentence: str
    setting: str | None = None
    """Where to go: the setting's name, like ``from_sugar.create``."""
    entry: str | None = None
    """Where to go: the entry of the backlog."""
    fields: list[str] = []
    """The fields that it is about, if it is not about the contact as a whole."""
