"""Remedies: what a person can have done about an entry of the backlog, class by class.

Light to import: who only shows them needs neither planner nor engine.

==============  =====================================================================================================
``release``     look again, by the rules
``approve``     what was held goes ahead, for exactly this contact; what is gone from Sugar was deleted
``keep``        of each field named the value of the side named, whoever changed it; or each side keeps its own
==============  =====================================================================================================

An answer holds for what was asked: a field that has changed since goes by the rules, which ask again if they must.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.contact.fields import EMAILS
from shared.sync.words import ActionText, ClassText, KeepText

ACTIONS: Mapping[ClassText, tuple[ActionText, ...]] = {
    "cannot hold": ("release",),
    "unreadable value": ("release",),
    "ambiguous match": ("release",),
    "already linked": ("release",),
    "match outside the scope": ("release",),
    "same name": ("release",),
    "conflict": ("keep", "release"),
    "gone from Sugar": ("approve", "release"),
    "deleted and edited": ("release",),
    "merged": ("release",),
    "held: mass deletion": ("approve", "release"),
    "held: mass clearing": ("approve", "keep", "release"),
    "rejected": ("release",),
    "forbidden": ("release",),
    "doubtful create": ("release",),
}
"""What can be done about an entry of each class, the likeliest first."""


class Remedy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person wants done about an entry."""

    action: ActionText = "release"
    answers: dict[str, KeepText] = {}
    """``keep``: whose value, by field."""


def actions(entry: Mapping[str, Any]) -> list[ActionText]:
    """What can be done about a stored entry now: whatever suits one of its questions."""
    if entry["state"] != "open":
        return []
    asked = {question["class"] for question in entry["entries"]}
    found = [action for cls, possible in ACTIONS.items() if cls in asked for action in possible]
    return sorted(dict.fromkeys(found), key=lambda action: action == "release")


def kept(entry: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The fields whose value can be chosen, each as it was shown: Sugar's and Google's."""
    return {
        change["name"]: (change["sugar"], change["google"])
        for question in entry["entries"]
        if "keep" in ACTIONS[question["class"]]
        for change in question["fields"]
        if change["name"] != EMAILS
    }
